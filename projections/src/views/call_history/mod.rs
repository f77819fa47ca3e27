//! The view of calls: one row per call, from its permit to its disposition. The events behind a row are in
//! the call's stream.
//!
//! The callee stays sealed, with the id of the event that sealed it, so that a permitted response can open
//! it.

mod group_counts;
mod period_counts;
mod rows;

pub use group_counts::{CallCounts, SUMMED_CALLS_MAX, counts_by_group};
pub use period_counts::{DispositionCounts, dispositions};
pub use rows::{CALLS_MAX, CUSTOMERS_MAX, CallFilter, CallRow, get, list};

use crate::cells::{Cells, blank, columns};
use crate::database::{RowAction, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{
    AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent, code_of, erased_column, sealed_columns,
};
use domain::call::FourState;
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::disposition::Outcome;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "call_history";

/// JSON pointer of the callee in the data of its event; the seal is bound to it.
pub const CALLEE_POINTER: &str = "/callee";

/// The view of calls.
pub struct CallHistory;

const CALLS: Table = Table {
    name: "call_history",
    // sip_call_ids and trunks have one entry per leg, in order, separated by a blank, which neither can
    // contain.
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
};

const TABLES: &[Table] = &[CALLS];

columns! {
    enum Column {
        Call, Campaign, Customer, Number, Attempt, Flow, FlowVersion, State, Callee, CalleeEvent, Caller,
        Trunks, SipCallIds, PermittedAt, DialingAt, RingingAt, AnsweredAt, EndedAt, Disposition, Outcome,
        RecordedDisposition, RecordedOutcome, CorrectedAt, Reason, TalkMs, SipCode, Q850, LateAnswer,
        RecordingSha256, FirstPos, LastPos,
    }
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 3,
    tables: TABLES,
    handles: HandledKinds::Kinds(&[
        CallEvent::PERMITTED,
        CallEvent::DIALING,
        CallEvent::RINGING,
        CallEvent::LEG_FAILED,
        CallEvent::ANSWERED,
        CallEvent::NOTICE_PLAYED,
        CallEvent::NODE_ENTERED,
        CallEvent::KEYPRESSED,
        CallEvent::TRANSFER_REQUESTED,
        CallEvent::CANCEL_REQUESTED,
        CallEvent::HANGUP_REQUESTED,
        CallEvent::ENDED,
        CallEvent::LATE_ANSWERED,
        CallEvent::CORRECTED,
        CustomerEvent::ERASED,
    ]),
};

impl View for CallHistory {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let fact = match event.event()? {
            AnyEvent::Call(fact) => fact,
            AnyEvent::Customer(CustomerEvent::Erased { .. }) => return erased(tx, event),
            _ => return Ok(()),
        };
        if let CallEvent::Permitted { .. } = fact {
            return tx.append_row(&CALLS, permitted(event, fact)?);
        }
        tx.edit(&CALLS, &[Val::text(event.call()?)], &mut |row| {
            let mut cells = Cells(row);
            step_state(&mut cells, fact)?;
            apply_fact(&mut cells, event, fact);
            cells.set(Column::LastPos, Val::position(event.position));
            Ok(RowAction::Write)
        })?;
        Ok(())
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        let of_call = event.envelope.stream.aggregate() == "call";
        if of_call && event.envelope.kind != CallEvent::PERMITTED {
            keys.push((&CALLS, vec![Val::text(event.envelope.stream.id())]));
        }
    }
}

fn apply_fact(cells: &mut Cells<'_>, event: &ViewEvent, fact: &CallEvent) {
    let at = Val::at(event.at());
    match fact {
        CallEvent::Dialing {
            trunk,
            sip_call_id,
            caller,
            ..
        } => {
            cells.set_first(Column::DialingAt, at);
            cells.set(Column::Caller, Val::maybe_text(caller.as_ref()));
            add_word(cells, Column::Trunks, trunk);
            add_word(cells, Column::SipCallIds, sip_call_id);
        }
        CallEvent::Ringing { .. } => cells.set_first(Column::RingingAt, at),
        CallEvent::Answered { .. } => cells.set_first(Column::AnsweredAt, at),
        CallEvent::Ended { .. } => ended(cells, at, fact),
        CallEvent::LateAnswered { .. } => cells.set(Column::LateAnswer, Val::Int(1)),
        CallEvent::Corrected { after, .. } => {
            cells.set(Column::Disposition, Val::text(after.disposition.code()));
            cells.set(Column::Outcome, Val::maybe_text(after.outcome.map(Outcome::code)));
            cells.set(Column::CorrectedAt, at);
        }
        _ => {}
    }
}

/// Appends a word to a cell with words that are separated by blanks.
fn add_word(cells: &mut Cells<'_>, column: Column, word: &str) {
    let words = cells.text(column);
    let words = if words.is_empty() {
        word.to_owned()
    } else {
        format!("{words} {word}")
    };
    cells.set(column, Val::Text(words));
}

/// Replaces the dialed numbers of an erased customer's calls by their lookup hashes; everything else stays.
fn erased(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let customer = Val::text(event.envelope.stream.id());
    let calls = tx.query(
        "select call, callee from call_history where customer = $1 order by call",
        &[customer],
    )?;
    for mut row in calls {
        let call = Val::Text(row.text()?);
        let callee = erased_column(&row.personal()?)?;
        tx.edit(&CALLS, &[call], &mut |row| {
            let mut cells = Cells(row);
            cells.set(Column::Callee, Val::text(&callee));
            cells.set(Column::LastPos, Val::position(event.position));
            Ok(RowAction::Write)
        })?;
    }
    Ok(())
}

fn permitted(event: &ViewEvent, fact: &CallEvent) -> Result<Vec<Val>, ProjectionError> {
    let CallEvent::Permitted {
        attempt,
        callee,
        customer_grant: grant,
        flow,
        ..
    } = fact
    else {
        return Err(ProjectionError::Fault("a call is not permitted here".to_owned()));
    };
    let (callee, _) = sealed_columns(callee)?;
    let mut row = blank::<Column>();
    let mut cells = Cells(&mut row);
    cells.set(Column::Call, Val::text(event.call()?));
    cells.set(Column::Campaign, Val::text(&grant.campaign));
    cells.set(Column::Customer, Val::text(&grant.customer));
    cells.set(Column::Number, Val::text(&grant.number));
    cells.set(Column::Attempt, Val::count(*attempt));
    cells.set(Column::Flow, Val::text(&flow.flow));
    cells.set(Column::FlowVersion, Val::count(flow.version));
    cells.set(Column::State, Val::text(FourState::Init.code()));
    cells.set(Column::Callee, Val::Text(callee));
    cells.set(Column::CalleeEvent, Val::text(event.envelope.id));
    cells.set(Column::Trunks, Val::text(""));
    cells.set(Column::SipCallIds, Val::text(""));
    cells.set(Column::PermittedAt, Val::at(event.at()));
    cells.set(Column::LateAnswer, Val::Int(0));
    cells.set(Column::FirstPos, Val::position(event.position));
    cells.set(Column::LastPos, Val::position(event.position));
    Ok(row)
}

fn ended(cells: &mut Cells<'_>, at: Val, fact: &CallEvent) {
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
        return;
    };
    let disposition = Val::text(disposition.code());
    let outcome = Val::maybe_text(outcome.map(Outcome::code));
    cells.set(Column::EndedAt, at);
    cells.set(Column::Disposition, disposition.clone());
    cells.set(Column::Outcome, outcome.clone());
    cells.set(Column::RecordedDisposition, disposition);
    cells.set(Column::RecordedOutcome, outcome);
    cells.set(Column::TalkMs, Val::count(*talk_ms));
    cells.set(Column::Reason, Val::Text(code_of(reason)));
    cells.set(Column::SipCode, Val::maybe_count(*sip_code));
    cells.set(Column::Q850, Val::maybe_count(*q850));
    cells.set(Column::LateAnswer, Val::Int(i64::from(*late_answer)));
    cells.set(
        Column::RecordingSha256,
        Val::maybe_text(recording_sha256.as_ref()),
    );
}

/// Updates the call state (one of the states of CAL-1) if the event changes it.
fn step_state(cells: &mut Cells<'_>, fact: &CallEvent) -> Result<(), ProjectionError> {
    if domain::call::FourSignal::of(fact).is_some() {
        let after = four_state(cells.text(Column::State))?.after_event(fact);
        cells.set(Column::State, Val::text(after.code()));
    }
    Ok(())
}

fn four_state(code: &str) -> Result<FourState, ProjectionError> {
    let mut all = FourState::ALL.iter();
    all.find(|state| state.code() == code)
        .copied()
        .ok_or_else(|| ProjectionError::Fault(format!("there is no state {code}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::names;
    use crate::testing::{TestHistory, call, campaign, columns_of, customer, dialog, sealed, ten};
    use domain::disposition::Disposition;
    use domain::ids::CallId;
    use domain::personal::Personal;
    use domain::stored_event::Position;

    const SUCCESS: Option<Outcome> = Some(Outcome::Success);

    async fn row(story: &TestHistory, id: CallId) -> CallRow {
        let (db, _runner) = story.shown_by(CallHistory).await;
        get(db.as_ref(), id).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn columns_stand_as_named() {
        let (db, _runner) = TestHistory::new().shown_by(CallHistory).await;
        assert_eq!(columns_of(db.as_ref(), &CALLS).await, names::<Column>());
    }

    #[tokio::test]
    async fn an_erased_persons_calls_keep_everything_but_the_number() {
        let mut story = TestHistory::new();
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
        let mut story = TestHistory::new();
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
        story.ended(id, Disposition::Answered, SUCCESS, 4_000);
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
        let mut story = TestHistory::new();
        story.whole_call("T", 1);
        assert_eq!(row(&story, call("T", 1, 1)).await.state, FourState::Error);
        let id = call("T", 2, 1);
        story.permitted("T", 2, 1).dialing(id, 1, "first").answered(id, 1);
        let node = "transfer".to_owned();
        story.call(id, CallEvent::TransferRequested { node, reason: None });
        story.ended(id, Disposition::Answered, Some(Outcome::Callback), 4_000);
        assert_eq!(row(&story, id).await.state, FourState::Manual);
    }

    #[tokio::test]
    async fn a_late_answer_is_a_flag_and_the_last_position() {
        let mut story = TestHistory::new();
        let id = call("T", 1, 1);
        story
            .permitted("T", 1, 1)
            .dialing(id, 1, "first")
            .ended(id, Disposition::TrunkTimeout, None, 0);
        assert!(!row(&story, id).await.late_answer);
        let dialog = dialog();
        story.call(id, CallEvent::LateAnswered { leg: 1, dialog });
        let late = row(&story, id).await;
        assert_eq!((late.late_answer, late.last_position), (true, story.head()));
        assert_eq!((late.state, late.answered_at), (FourState::Error, None));
    }

    #[tokio::test]
    async fn a_corrected_call_shows_what_is_known_now_beside_what_was_recorded() {
        let mut story = TestHistory::new();
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
        let mut story = TestHistory::new();
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
        let oldest = CallFilter {
            oldest_first: true,
            ..filter
        };
        let first = list(db.as_ref(), &oldest, None, 2).await.unwrap();
        assert_eq!(customers(&first), [customer(0), customer(2)]);
        let second = list(db.as_ref(), &oldest, Some(first[1].first_position), 2)
            .await
            .unwrap();
        assert_eq!(customers(&second), [customer(4)]);
        let all = list(db.as_ref(), &CallFilter::default(), None, usize::MAX)
            .await
            .unwrap();
        assert_eq!(all.len(), 7);
        assert_eq!(get(db.as_ref(), call("T", 9, 9)).await.unwrap(), None);
        // The last name is longer than SQLite allows a pattern to be.
        for (trunk, count) in [("first", 7), ("First", 0), ("fir", 0), (&"f".repeat(50_001), 0)] {
            let on = CallFilter {
                trunk: Some(trunk.to_owned()),
                ..CallFilter::default()
            };
            let found = list(db.as_ref(), &on, None, 9).await.unwrap();
            assert_eq!(found.len(), count, "{}", trunk.len());
        }
    }
}
