//! A call that was asked for and waits to be dialed, found by the id that follows from its enrolment.

use crate::database::ReadDb;
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::{CallId, EnrolmentId};

/// One row by the index of what was asked for: an id that nobody was given costs no more than one that is
/// known.
const ASKED: &str = "select campaign, customer from worklist_enrolment
    where asked_call = $1 and state = 'waiting' limit 1";

/// The enrolment of which a call is the next one: the rows name whom to ask, and that person's stream
/// decides.
pub async fn asked_for(db: &dyn ReadDb, call: CallId) -> Result<Option<EnrolmentId>, ProjectionError> {
    let rows = db.query(ASKED, vec![Val::text(call)]).await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(EnrolmentId {
        campaign: row.parse()?,
        customer: row.parse()?,
    }))
}
