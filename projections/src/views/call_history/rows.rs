//! Queries of the view of calls: one call, or the calls that match a filter.

use super::four_state;
use crate::database::{ReadDb, Select};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::call::FourState;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId, EventId, FlowId, NumberId};
use domain::personal::Personal;
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;

/// Most calls in one response.
pub const CALLS_MAX: usize = 500;

/// One call, from its permit to its disposition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRow {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub attempt: u64,
    pub flow: FlowId,
    pub flow_version: u64,
    /// The call state: INIT, CONVERSATION, MANUAL, END or ERROR.
    pub state: FourState,
    /// The dialed number, sealed. `callee_event`, the call's stream and `CALLEE_POINTER` are needed to open
    /// it.
    #[serde(skip)]
    pub callee: Personal<String>,
    #[serde(skip)]
    pub callee_event: EventId,
    /// The caller number shown to the callee.
    pub caller: Option<String>,
    /// The trunks, one per leg.
    pub trunks: Vec<String>,
    /// The SIP Call-IDs, one per leg.
    pub sip_call_ids: Vec<String>,
    pub permitted_at: Timestamp,
    pub dialing_at: Option<Timestamp>,
    pub ringing_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// The current disposition: that of the last correction, or else of `call.ended`.
    pub disposition: Option<Disposition>,
    pub outcome: Option<Outcome>,
    /// The disposition in `call.ended`.
    pub recorded_disposition: Option<Disposition>,
    pub recorded_outcome: Option<Outcome>,
    /// When the call was last corrected.
    pub corrected_at: Option<Timestamp>,
    /// Why the call ended, as stored in `call.ended`.
    pub reason: Option<String>,
    pub talk_ms: Option<u64>,
    pub sip_code: Option<u64>,
    pub q850: Option<u64>,
    pub late_answer: bool,
    pub recording_sha256: Option<String>,
    /// Position of the call's first event; `last_position` is that of its last event.
    pub first_position: Position,
    pub last_position: Position,
}

const COLUMNS: &str = "select call, campaign, customer, number, attempt, flow, flow_version, state, callee,
    callee_event, caller, trunks, sip_call_ids, permitted_at, dialing_at, ringing_at, answered_at, ended_at,
    disposition, outcome, recorded_disposition, recorded_outcome, corrected_at, reason, talk_ms,
    sip_code, q850, late_answer, recording_sha256, first_pos, last_pos
    from call_history";

/// Most customers of one filter.
pub const CUSTOMERS_MAX: usize = 1_000;

/// Selects calls; all given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    /// Only calls of these customers; at most `CUSTOMERS_MAX`.
    pub customers: Option<Vec<CustomerId>>,
    pub number: Option<NumberId>,
    pub state: Option<FourState>,
    pub disposition: Option<Disposition>,
    pub outcome: Option<Outcome>,
    /// Range of the permit's time: first inclusive, last exclusive.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Only calls with a leg on this trunk.
    pub trunk: Option<String>,
    /// Range of the talk time, both inclusive; a call without talk matches neither bound.
    pub talk_ms_min: Option<u64>,
    pub talk_ms_max: Option<u64>,
    /// Returns the oldest calls first instead of the newest.
    pub oldest_first: bool,
}

/// Returns one call by its id; `None` if there is none.
pub async fn get(db: &dyn ReadDb, call: CallId) -> Result<Option<CallRow>, ProjectionError> {
    let (sql, values) = Select::new(COLUMNS)
        .when("call =", Some(Val::text(call)))
        .limited("call", 1);
    let mut rows = db.query(&sql, values).await?;
    rows.pop().map(read_row).transpose()
}

/// Returns the calls that match, in the order of the filter, after the row with the `first_position`
/// `before`; at most `limit` (≤ `CALLS_MAX`).
pub async fn list(
    db: &dyn ReadDb,
    filter: &CallFilter,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<CallRow>, ProjectionError> {
    let (behind, order) = match filter.oldest_first {
        false => ("first_pos <", "first_pos desc"),
        true => ("first_pos >", "first_pos"),
    };
    let (sql, values) = Select::new(COLUMNS)
        .when("campaign =", filter.campaign.as_ref().map(Val::text))
        .when("customer =", filter.customer.as_ref().map(Val::text))
        .when("number =", filter.number.as_ref().map(Val::text))
        .when("state =", filter.state.map(|state| Val::text(state.code())))
        .when(
            "disposition =",
            filter.disposition.map(|one| Val::text(one.code())),
        )
        .when("outcome =", filter.outcome.map(|one| Val::text(one.code())))
        .when("permitted_at >=", filter.from.map(Val::at))
        .when("permitted_at <", filter.until.map(Val::at))
        // `like` is not used: on SQLite it ignores case and refuses a long pattern.
        .when_in(
            "replace(' ' || trunks || ' ',",
            filter
                .trunk
                .as_deref()
                .map(|trunk| Val::Text(format!(" {trunk} "))),
            ", '') <> ' ' || trunks || ' '",
        )
        .when("talk_ms >=", filter.talk_ms_min.map(Val::count))
        .when("talk_ms <=", filter.talk_ms_max.map(Val::count))
        .when(behind, before.map(Val::position))
        .when_one_of(
            "customer",
            filter
                .customers
                .as_ref()
                .map(|customers| customers.iter().take(CUSTOMERS_MAX).map(Val::text).collect()),
        )
        .limited(order, limit.min(CALLS_MAX));
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn read_row(mut row: Row) -> Result<CallRow, ProjectionError> {
    Ok(CallRow {
        call: row.parse()?,
        campaign: row.parse()?,
        customer: row.parse()?,
        number: row.parse()?,
        attempt: row.count()?,
        flow: row.parse()?,
        flow_version: row.count()?,
        state: four_state(&row.text()?)?,
        callee: row.personal()?,
        callee_event: row.parse()?,
        caller: row.maybe_text()?,
        trunks: words(&row.text()?),
        sip_call_ids: words(&row.text()?),
        permitted_at: row.at()?,
        dialing_at: row.maybe_at()?,
        ringing_at: row.maybe_at()?,
        answered_at: row.maybe_at()?,
        ended_at: row.maybe_at()?,
        disposition: row.maybe_text()?.as_deref().and_then(Disposition::from_code),
        outcome: row.maybe_text()?.as_deref().and_then(Outcome::from_code),
        recorded_disposition: row.maybe_text()?.as_deref().and_then(Disposition::from_code),
        recorded_outcome: row.maybe_text()?.as_deref().and_then(Outcome::from_code),
        corrected_at: row.maybe_at()?,
        reason: row.maybe_text()?,
        talk_ms: row.maybe_count()?,
        sip_code: row.maybe_count()?,
        q850: row.maybe_count()?,
        late_answer: row.flag()?,
        recording_sha256: row.maybe_text()?,
        first_position: row.position()?,
        last_position: row.position()?,
    })
}
