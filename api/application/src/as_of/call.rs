//! A call at a past moment, on both time axes: what was known at a position or instant, and what was true
//! at an instant.
//!
//! Known: replayed from the call's own stream up to the moment. True: the same, but every correction
//! applies to the event that it corrects, so it counts from the end of the call and not from its discovery.

use crate::as_of::moment::{KNOWN_THEN, PastMomentInfo, ResolvedMoment};
use crate::calls::{CallResponse, FindingResponse, describe, describe_finding};
use domain::call::FourState;
use domain::call::event::CallEvent;
use domain::call::{Call, CallState};
use domain::decider::Decider;
use domain::ids::{CallId, EventId};
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, read_event};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// An event of a call with its envelope and position.
struct EventRecord {
    position: Position,
    recorded_at: Timestamp,
    envelope: Envelope,
    event: CallEvent,
}

fn decode_record(stored: &StoredEvent) -> Result<EventRecord, Problem> {
    let envelope = stored
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    let event = read_event::<Call>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
    Ok(EventRecord {
        position: stored.position,
        recorded_at: stored.recorded_at,
        envelope,
        event,
    })
}

fn fold<'a>(events: impl Iterator<Item = &'a EventRecord>) -> CallState {
    let mut state = CallState::default();
    for record in events {
        Call::evolve(&mut state, &record.event, record.envelope.at);
    }
    state
}

/// A correction of a call's finding.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CorrectionResponse {
    id: EventId,
    /// Id of the event that held the previous finding.
    corrects: EventId,
    position: String,
    at: Timestamp,
    recorded_at: Timestamp,
    before: FindingResponse,
    after: FindingResponse,
    reason: String,
    by: Option<String>,
}

/// Returns the corrections of a call's finding among its stored events, oldest first.
pub fn corrections(stored: &[StoredEvent]) -> Result<Vec<CorrectionResponse>, Problem> {
    let records: Vec<EventRecord> = stored.iter().map(decode_record).collect::<Result<_, _>>()?;
    Ok(describe_corrections(&records))
}

fn describe_corrections(known: &[EventRecord]) -> Vec<CorrectionResponse> {
    let mut shown = Vec::new();
    for record in known {
        let CallEvent::Corrected {
            corrects,
            before,
            after,
            reason,
            by,
        } = &record.event
        else {
            continue;
        };
        shown.push(CorrectionResponse {
            id: record.envelope.id,
            corrects: *corrects,
            position: record.position.to_string(),
            at: record.envelope.at,
            recorded_at: record.recorded_at,
            before: describe_finding(*before),
            after: describe_finding(*after),
            reason: reason.clone(),
            by: by.clone(),
        });
    }
    shown
}

/// Returns the call as it was known at the moment, with `true_then` if the moment has an instant
/// `valid_at`. Fails with `Missing` if the call did not exist then. The callee's number stays sealed and is
/// not included.
pub fn describe_at(
    call: CallId,
    stored: &[StoredEvent],
    then: &ResolvedMoment,
) -> Result<CallResponse, Problem> {
    let known: Vec<EventRecord> = stored
        .iter()
        .filter(|event| then.knows(event))
        .map(decode_record)
        .collect::<Result<_, _>>()?;
    let Some(last) = known.last() else {
        return Err(Problem::missing("this call, at the time asked for,"));
    };
    // The call is shown as known; what was true is added in `true_then`.
    let (label_zh, label_en) = KNOWN_THEN;
    let around = PastMomentInfo {
        events: Some(known.len() as u64),
        last_position: Some(last.position.to_string()),
        last_recorded_at: Some(last.recorded_at),
        label_zh,
        label_en,
        ..then.describe()
    };
    Ok(CallResponse {
        known: Some(around),
        corrections: Some(describe_corrections(&known)),
        true_then: then.valid_at().map(|valid_at| describe_truth(&known, valid_at)),
        ..describe(call, &fold(known.iter()))
    })
}

/// What was true of a call at an instant, by what is known.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallAtInstant {
    valid_at: Timestamp,
    label_zh: &'static str,
    label_en: &'static str,
    existed: bool,
    state: Option<FourState>,
    #[schemars(example = &"greeting")]
    node: Option<String>,
    answered: bool,
    ended_at: Option<Timestamp>,
    finding: Option<FindingResponse>,
}

/// Returns what had happened in the call by `valid_at`, according to the events known. Corrections count
/// from the end of the call.
fn describe_truth(known: &[EventRecord], valid_at: Timestamp) -> CallAtInstant {
    let happened = |record: &&EventRecord| record.envelope.at <= valid_at;
    let is_correction = |record: &&EventRecord| matches!(record.event, CallEvent::Corrected { .. });
    let is_end = |record: &&EventRecord| matches!(record.event, CallEvent::Ended { .. });
    let ended = known.iter().filter(happened).any(|record| is_end(&record));
    let events = known.iter().filter(|record| {
        if is_correction(record) {
            ended
        } else {
            happened(record)
        }
    });
    let state = fold(events);
    CallAtInstant {
        valid_at,
        label_zh: "当时事实",
        label_en: "true then",
        existed: state.permitted().is_some(),
        state: state.permitted().map(|_| state.four_state()),
        node: state.node().map(str::to_owned),
        answered: state.answered_at().is_some(),
        ended_at: state.ended().map(|ended| ended.at),
        finding: state.finding().map(describe_finding),
    }
}
