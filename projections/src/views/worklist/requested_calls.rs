//! Finds a requested call that waits to be dialed, by the id that follows from its enrolment.

use crate::database::ReadDb;
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::{CallId, EnrolmentId};

/// Finds one row by the index of requested calls; an unknown id costs no more than a known one.
const ASKED: &str = "select campaign, customer from worklist_enrolment
    where asked_call = $1 and state = 'waiting' limit 1";

/// Returns the enrolment for which this call is the next one, as requested. The rows may lag; the
/// customer's stream decides.
pub async fn find_requested_enrolment(
    db: &dyn ReadDb,
    call: CallId,
) -> Result<Option<EnrolmentId>, ProjectionError> {
    let rows = db.query(ASKED, vec![Val::text(call)]).await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(EnrolmentId {
        campaign: row.parse()?,
        customer: row.parse()?,
    }))
}
