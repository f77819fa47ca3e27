//! One row per call, from its permit to its disposition; the events behind it stand in the call's stream.
//!
//! The callee stays sealed, with the id of the event that sealed it, so that a permitted reply can open it.

mod rows;

pub use rows::{CALLS_MAX, CallFilter, CallRow, get, list};

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, Handles, View, ViewEvent, erased_column, sealed_columns};
use domain::call::FourState;
use domain::call::event::CallEvent;
use domain::calling_plan::FlowRef;
use domain::compliance::CustomerGrant;
use domain::customer::event::CustomerEvent;
use domain::disposition::Outcome;
use domain::ids::CallId;
use domain::personal::Personal;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "call_history";

/// JSON pointer of the callee inside its event's data: part of what its seal is bound to.
pub const CALLEE_POINTER: &str = "/callee";

/// See the file's description.
pub struct CallHistory;

const TABLES: &[Table] = &[Table {
    name: "call_history",
    // sip_call_ids and trunks: one per leg, in order, joined by a blank, which neither can hold.
    ddl: &[
        "create table call_history (call text primary key, campaign text not null, customer text not null,
        number text not null, attempt bigint not null, flow text not null, flow_version bigint not null,
        state text not null, callee text not null, callee_event text not null, caller text,
        trunks text not null, sip_call_ids text not null, permitted_at bigint not null, dialing_at bigint,
        ringing_at bigint, answered_at bigint, ended_at bigint, disposition text, outcome text,
        recorded_disposition text, recorded_outcome text, corrected_at bigint,
        reason text, talk_ms bigint, sip_code bigint, q850 bigint, late_answer bigint not null,
        recording_sha256 text, first_pos bigint not null, last_pos bigint not null)",
        "create index call_history_campaign on call_history (campaign, first_pos)",
        "create index call_history_customer on call_history (customer, first_pos)",
        "create index call_history_recent on call_history (first_pos)",
    ],
    key_columns: 1,
}];

const KINDS: &[&str] = &[
    "call.permitted",
    "call.dialing",
    "call.ringing",
    "call.leg_failed",
    "call.answered",
    "call.notice_played",
    "call.node_entered",
    "call.keypressed",
    "call.transfer_requested",
    "call.cancel_requested",
    "call.hangup_requested",
    "call.ended",
    "call.late_answered",
    "call.corrected",
    "customer.erased",
];

impl View for CallHistory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn handles(&self) -> Handles {
        Handles::Kinds(KINDS)
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let fact = match event.event()? {
            AnyEvent::Call(fact) => fact,
            AnyEvent::Customer(CustomerEvent::Erased { .. }) => return erased(tx, event),
            _ => return Ok(()),
        };
        let key = [Val::text(event.call()?), Val::position(event.position)];
        step_state(tx, fact, &key)?;
        apply_fact(tx, event, fact, key)
    }
}

/// `key` is the call and the event's position: `$1` and `$2` of every statement.
fn apply_fact(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    fact: &CallEvent,
    key: [Val; 2],
) -> Result<(), ProjectionError> {
    match fact {
        CallEvent::Permitted {
            attempt,
            callee,
            customer_grant,
            flow,
            ..
        } => permitted(tx, event, (customer_grant, *attempt), (callee, flow)),
        CallEvent::Dialing {
            trunk,
            sip_call_id,
            caller,
            ..
        } => update(
            tx,
            "dialing_at = coalesce(dialing_at, $3), caller = $4,
             trunks = case when trunks = '' then $5 else trunks || ' ' || $5 end,
             sip_call_ids = case when sip_call_ids = '' then $6 else sip_call_ids || ' ' || $6 end",
            key,
            vec![
                Val::at(event.at()),
                Val::maybe_text(caller.as_ref()),
                Val::text(trunk),
                Val::text(sip_call_id),
            ],
        ),
        CallEvent::Ringing { .. } => {
            let set = "ringing_at = coalesce(ringing_at, $3)";
            update(tx, set, key, vec![Val::at(event.at())])
        }
        CallEvent::Answered { .. } => {
            let set = "answered_at = coalesce(answered_at, $3)";
            update(tx, set, key, vec![Val::at(event.at())])
        }
        CallEvent::Ended { .. } => ended(tx, event, fact, key),
        CallEvent::LateAnswered { .. } => update(tx, "late_answer = 1", key, Vec::new()),
        CallEvent::Corrected { after, .. } => update(
            tx,
            "disposition = $3, outcome = $4, corrected_at = $5",
            key,
            vec![
                Val::text(after.disposition.code()),
                Val::maybe_text(after.outcome.map(Outcome::code)),
                Val::at(event.at()),
            ],
        ),
        _ => update(tx, "last_pos = $2", key, Vec::new()),
    }
}

/// The numbers that were dialed for a person give way to their lookup hashes; everything counted stays.
fn erased(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let customer = Val::text(event.envelope.stream.id());
    let calls = tx.query(
        "select call, callee from call_history where customer = $1 order by call",
        &[customer],
    )?;
    for mut row in calls {
        let call: CallId = row.parse()?;
        let callee = erased_column(&row.personal()?)?;
        tx.exec(
            "update call_history set callee = $2, last_pos = $3 where call = $1",
            &[Val::text(call), Val::Text(callee), Val::position(event.position)],
        )?;
    }
    Ok(())
}

fn permitted(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    (grant, attempt): (&CustomerGrant, u32),
    (callee, flow): (&Personal<String>, &FlowRef),
) -> Result<(), ProjectionError> {
    let (callee, _) = sealed_columns(callee)?;
    tx.exec(
        "insert into call_history (call, first_pos, campaign, customer, number, attempt, flow, flow_version,
         state, callee, callee_event, permitted_at, trunks, sip_call_ids, late_answer, last_pos)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '', 0, $2)",
        &[
            Val::text(event.call()?),
            Val::position(event.position),
            Val::text(&grant.campaign),
            Val::text(&grant.customer),
            Val::text(&grant.number),
            Val::count(attempt),
            Val::text(&flow.flow),
            Val::count(flow.version),
            Val::text(FourState::Init.code()),
            Val::Text(callee),
            Val::text(event.envelope.id),
            Val::at(event.at()),
        ],
    )?;
    Ok(())
}

fn ended(tx: &mut dyn Tx, event: &ViewEvent, fact: &CallEvent, key: [Val; 2]) -> Result<(), ProjectionError> {
    let CallEvent::Ended {
        disposition,
        outcome,
        talk_ms,
        reason,
        sip_code,
        q850,
        late_answer,
        recording_sha256,
        ..
    } = fact
    else {
        return Ok(());
    };
    update(
        tx,
        "ended_at = $3, disposition = $4, outcome = $5, recorded_disposition = $4, recorded_outcome = $5,
         talk_ms = $6, reason = $7, sip_code = $8, q850 = $9, late_answer = $10, recording_sha256 = $11",
        key,
        vec![
            Val::at(event.at()),
            Val::text(disposition.code()),
            Val::maybe_text(outcome.map(Outcome::code)),
            Val::count(*talk_ms),
            Val::Text(crate::view::code_of(reason)),
            Val::maybe_count(*sip_code),
            Val::maybe_count(*q850),
            Val::Int(i64::from(*late_answer)),
            Val::maybe_text(recording_sha256.as_ref()),
        ],
    )
}

/// Moves the four-state view (CAL-1) where the event is a signal to it.
fn step_state(tx: &mut dyn Tx, fact: &CallEvent, [call, _]: &[Val; 2]) -> Result<(), ProjectionError> {
    if domain::call::FourSignal::of(fact).is_none() {
        return Ok(());
    }
    let rows = tx.query(
        "select state from call_history where call = $1",
        std::slice::from_ref(call),
    )?;
    for mut row in rows {
        let after = four_state(&row.text()?)?.after_event(fact);
        tx.exec(
            "update call_history set state = $2 where call = $1",
            &[call.clone(), Val::text(after.code())],
        )?;
    }
    Ok(())
}

fn four_state(code: &str) -> Result<FourState, ProjectionError> {
    let mut all = FourState::ALL.iter();
    all.find(|state| state.code() == code)
        .copied()
        .ok_or_else(|| ProjectionError::Fault(format!("there is no state {code}")))
}

fn update(tx: &mut dyn Tx, set: &str, key: [Val; 2], values: Vec<Val>) -> Result<(), ProjectionError> {
    let mut all = Vec::from(key);
    all.extend(values);
    let last = if set.starts_with("last_pos") {
        ""
    } else {
        ", last_pos = $2"
    };
    tx.exec(
        &format!("update call_history set {set}{last} where call = $1"),
        &all,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Story, call, campaign, customer, dialog, sealed, ten};
    use domain::disposition::Disposition;
    use domain::stored_event::Position;

    const SUCCESS: (Option<Outcome>, u64) = (Some(Outcome::Success), 4_000);

    async fn row(story: &Story, id: CallId) -> CallRow {
        let (db, _runner) = story.shown_by(CallHistory).await;
        get(db.as_ref(), id).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn an_erased_persons_calls_keep_everything_but_the_number() {
        let mut story = Story::new();
        story.whole_call("T", 2).whole_call("T", 3);
        let before = row(&story, call("T", 2, 1)).await;
        story.customer(
            2,
            CustomerEvent::Erased {
                numbers_count: 1,
                enrolments_count: 1,
            },
        );
        let after = row(&story, call("T", 2, 1)).await;
        let Personal::Sealed(sealed_before) = &before.callee else {
            panic!("{before:?}");
        };
        let hash = sealed_before.hash.clone();
        assert_eq!(after.callee, Personal::Erased { hash });
        assert_eq!(
            (after.disposition, after.ended_at),
            (before.disposition, before.ended_at)
        );
        let bystander = row(&story, call("T", 3, 1)).await;
        assert!(matches!(bystander.callee, Personal::Sealed(_)));
    }

    #[tokio::test]
    async fn a_call_is_one_row_from_permit_to_disposition() {
        let mut story = Story::new();
        let id = call("T", 2, 1);
        story.permitted("T", 2, 1);
        let fresh = row(&story, id).await;
        assert_eq!(
            (fresh.state, fresh.callee),
            (FourState::Init, sealed("callee", true))
        );
        assert_eq!(fresh.callee_event, story.events[0].envelope().unwrap().id);
        story
            .dialing(id, 1, "first")
            .dialing(id, 2, "second")
            .answered(id, 2);
        assert_eq!(row(&story, id).await.state, FourState::Conversation);
        story.ended(id, Disposition::Answered, SUCCESS);
        let done = row(&story, id).await;
        assert_eq!(done.state, FourState::End);
        assert_eq!(done.trunks, ["first", "second"]);
        assert_eq!(done.sip_call_ids, ["sip-1", "sip-2"]);
        assert_eq!(
            (done.campaign, done.customer, done.attempt),
            (campaign("T"), customer(2), 1)
        );
        assert_eq!(
            (done.disposition, done.outcome),
            (Some(Disposition::Answered), Some(Outcome::Success))
        );
        assert_eq!(
            (done.talk_ms, done.reason.as_deref()),
            (Some(4_000), Some("flow_ended"))
        );
        assert_eq!(done.recording_sha256, Some("ab".repeat(32)));
        assert_eq!(done.dialing_at, Some(ten().plus_ms(1_000)), "the first leg's");
        assert_eq!(
            (done.answered_at, done.ended_at),
            (Some(ten().plus_ms(3_000)), Some(ten().plus_ms(4_000)))
        );
        assert_eq!(
            (done.first_position, done.last_position),
            (Position(1), Position(5))
        );
    }

    #[tokio::test]
    async fn a_call_without_an_answer_ends_in_error_and_a_transferred_one_in_manual() {
        let mut story = Story::new();
        story.whole_call("T", 1);
        assert_eq!(row(&story, call("T", 1, 1)).await.state, FourState::Error);
        let id = call("T", 2, 1);
        story.permitted("T", 2, 1).dialing(id, 1, "first").answered(id, 1);
        let node = "transfer".to_owned();
        story.call(id, CallEvent::TransferRequested { node });
        story.ended(id, Disposition::Answered, (Some(Outcome::Callback), 4_000));
        assert_eq!(row(&story, id).await.state, FourState::Manual);
    }

    #[tokio::test]
    async fn a_late_answer_is_a_flag_and_the_last_position() {
        let mut story = Story::new();
        let id = call("T", 1, 1);
        story
            .permitted("T", 1, 1)
            .dialing(id, 1, "first")
            .ended(id, Disposition::TrunkTimeout, (None, 0));
        assert!(!row(&story, id).await.late_answer);
        let dialog = dialog();
        story.call(id, CallEvent::LateAnswered { leg: 1, dialog });
        let late = row(&story, id).await;
        assert_eq!((late.late_answer, late.last_position), (true, story.head()));
        assert_eq!((late.state, late.answered_at), (FourState::Error, None));
    }

    #[tokio::test]
    async fn a_corrected_call_shows_what_is_known_now_beside_what_was_recorded() {
        let mut story = Story::new();
        story.whole_call("T", 2);
        let id = call("T", 2, 1);
        story.corrected(
            id,
            (Disposition::Answered, Some(Outcome::Success)),
            (Disposition::Machine, None),
        );
        let corrected = row(&story, id).await;
        assert_eq!(
            (corrected.disposition, corrected.outcome),
            (Some(Disposition::Machine), None)
        );
        assert_eq!(
            (corrected.recorded_disposition, corrected.recorded_outcome),
            (Some(Disposition::Answered), Some(Outcome::Success))
        );
        assert_eq!(corrected.last_position, story.head());
        assert!(corrected.corrected_at > corrected.ended_at);
        assert_eq!(corrected.state, FourState::End, "a correction is no signal");
    }

    #[tokio::test]
    async fn pages_run_from_the_newest_on_and_filters_join() {
        let mut story = Story::new();
        for of in 0..6 {
            story.whole_call("T", of);
        }
        story.whole_call("U", 7);
        let (db, _runner) = story.shown_by(CallHistory).await;
        let filter = CallFilter {
            campaign: Some(campaign("T")),
            disposition: Some(Disposition::Answered),
            ..CallFilter::default()
        };
        let first = list(db.as_ref(), &filter, None, 2).await.unwrap();
        let customers = |rows: &[CallRow]| rows.iter().map(|row| row.customer.clone()).collect::<Vec<_>>();
        assert_eq!(customers(&first), [customer(4), customer(2)]);
        let second = list(db.as_ref(), &filter, Some(first[1].first_position), 2)
            .await
            .unwrap();
        assert_eq!(customers(&second), [customer(0)]);
        let all = list(db.as_ref(), &CallFilter::default(), None, usize::MAX)
            .await
            .unwrap();
        assert_eq!(all.len(), 7);
        assert_eq!(get(db.as_ref(), call("T", 9, 9)).await.unwrap(), None);
    }
}
