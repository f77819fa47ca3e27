//! Calls that were asked for and wait to be dialed, found by the ids that follow from their enrolments.

use crate::database::ReadDb;
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::{CallId, EnrolmentId};

/// By campaign, as the index of due enrolments has them.
const ASKED: &str = "select e.campaign, e.customer from worklist_campaign c join worklist_enrolment e
    on e.campaign = c.campaign and e.state = 'waiting' and e.in_list = 0
    order by e.campaign, e.due_at, e.customer limit $1";

/// Most of them that are looked through: each is a line of the worklist that somebody asked for by hand.
const ASKED_MAX: usize = 100_000;

/// Attempts of one enrolment that are tried: caps stop far earlier.
const ATTEMPTS_MAX: u32 = 32;

/// The enrolment of which a call is one: the rows name whom to ask, and that person's stream decides.
pub async fn asked_for(db: &dyn ReadDb, call: CallId) -> Result<Option<EnrolmentId>, ProjectionError> {
    let rows = db.query(ASKED, vec![Val::count(ASKED_MAX)]).await?;
    for mut row in rows {
        let id = EnrolmentId {
            campaign: row.parse()?,
            customer: row.parse()?,
        };
        if (1..=ATTEMPTS_MAX).any(|attempt| CallId::derive(&id, attempt) == call) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
