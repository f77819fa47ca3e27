//! Replies about person requests: one, and all.

use super::placed_ids_of;
use crate::installation::Installation;
use domain::case::Deadline;
use domain::ids::{CustomerId, EventId, PersonRequestId};
use domain::person_request::{AnswerKind, PersonRequestEvent, PersonRequestState, Wish};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One request of a person about their own data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonRequestResponse {
    pub id: PersonRequestId,
    pub customer: CustomerId,
    pub wish: Wish,
    pub wish_zh: &'static str,
    #[schemars(example = &"hotline")]
    pub channel: Option<String>,
    pub note: Option<String>,
    pub received_at: Timestamp,
    pub deadline: Deadline,
    pub answered: Option<PersonRequestAnswerResponse>,
    /// True if it was not answered by its deadline.
    pub overdue: bool,
}

/// The answer to a person request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonRequestAnswerResponse {
    pub answer: AnswerKind,
    pub note: String,
    /// Id of the event that carried out the answer.
    pub done_by: Option<EventId>,
    pub at: Timestamp,
}

/// A page of person requests.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PersonRequestsResponse {
    pub items: Vec<PersonRequestResponse>,
}

/// Returns a person request for the API; `None` if it was never received. `now` decides whether it is
/// overdue.
pub fn describe(
    id: PersonRequestId,
    state: &PersonRequestState,
    now: Timestamp,
) -> Option<PersonRequestResponse> {
    let received = state.received()?;
    let answered = state.answered().map(|answered| PersonRequestAnswerResponse {
        answer: answered.answer,
        note: answered.note.clone(),
        done_by: answered.done_by,
        at: answered.at,
    });
    Some(PersonRequestResponse {
        id,
        customer: received.customer.clone(),
        wish: received.wish,
        wish_zh: received.wish.labels().0,
        channel: received.channel.clone(),
        note: received.note.clone(),
        received_at: received.received_at,
        deadline: received.deadline.clone(),
        answered,
        overdue: state.is_overdue(now),
    })
}

/// Returns one person request. Fails with `Missing` if it does not exist.
pub async fn request(
    installation: &Installation,
    id: PersonRequestId,
) -> Result<PersonRequestResponse, Problem> {
    let state = installation.entities.person_requests.state(&id).await?.state;
    describe(id, &state, installation.now()).ok_or_else(|| Problem::missing("this request"))
}

/// Returns all person requests in log order, each with the position at which it was received. With `open`,
/// only those not answered.
pub async fn requests(
    installation: &Installation,
    open: bool,
) -> Result<Vec<(Position, PersonRequestResponse)>, Problem> {
    let mut found = Vec::new();
    for (position, id) in placed_ids_of::<PersonRequestId>(installation, PersonRequestEvent::RECEIVED).await?
    {
        let shown = request(installation, id).await?;
        if !(open && shown.answered.is_some()) {
            found.push((position, shown));
        }
    }
    Ok(found)
}
