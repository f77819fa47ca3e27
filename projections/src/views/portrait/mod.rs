//! The view of customer profiles (客户画像): values learned from a customer's calls, each with the call that it
//! came from (CUS-7).
//!
//! When they answer: the hours of the day, in Beijing. Buying preference 购买偏好: what calls offered, and how
//! the customer reacted. Communication style 沟通风格: speech or keypresses, length, interruptions. Decision
//! cycle 决策周期: from the first call to the one that converted. A correction of an outcome changes what depends
//! on it. Nothing is kept of an erased customer.

mod profile;
mod profile_calls;

pub use profile::{HourOfDay, Portrait, SourcedValue, get};
pub use profile_calls::{CALLS_NAMED_MAX, Manner, OfferTaken, Style};

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::calendar::{BEIJING_MICROS, HOUR_MICROS};
use domain::call::Finding;
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::disposition::Outcome;
use domain::summary::SummaryEvent;
use domain::time::Timestamp;
use domain::transfer_reason::TransferReason;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "portrait";

/// The view of customer profiles.
pub struct Portraits;

static TABLES: [Table; 3] = [
    Table {
        name: "portrait",
        ddl: &[
            "create table portrait (customer text primary key, calls bigint not null,
            answered bigint not null, talk_ms bigint not null, engaged bigint not null,
            conversions bigint not null, declines bigint not null, first_call text, first_call_at bigint,
            last_call text, last_call_at bigint, last_answered_call text, last_answered_at bigint,
            longest_call text, longest_ms bigint not null, last_outcome text, last_outcome_call text,
            converted_call text, converted_at bigint, pos bigint not null)",
        ],
        key_columns: 1,
    },
    Table {
        name: "portrait_hour",
        ddl: &[
            "create table portrait_hour (customer text not null, hour bigint not null,
            calls bigint not null, answered bigint not null, last_answered_call text, pos bigint not null,
            primary key (customer, hour))",
        ],
        key_columns: 2,
    },
    profile_calls::TABLE,
];
static ROWS: &Table = &TABLES[0];
static HOURS: &Table = &TABLES[1];
static TALKS: &Table = &TABLES[2];

/// Columns of `portrait`, by index after the key.
#[derive(Clone, Copy)]
enum Column {
    Calls = 1,
    Answered = 2,
    TalkMs = 3,
    Engaged = 4,
    Conversions = 5,
    Declines = 6,
    FirstCall = 7,
    FirstCallAt = 8,
    LastCall = 9,
    LastCallAt = 10,
    LastAnsweredCall = 11,
    LastAnsweredAt = 12,
    LongestCall = 13,
    LongestMs = 14,
    LastOutcome = 15,
    LastOutcomeCall = 16,
    ConvertedCall = 17,
    ConvertedAt = 18,
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 2,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[
        CallEvent::DIALING,
        CallEvent::ANSWERED,
        CallEvent::KEYPRESSED,
        CallEvent::TRANSFER_REQUESTED,
        CallEvent::ENDED,
        CallEvent::CORRECTED,
        CustomerEvent::ERASED,
        SummaryEvent::RECORDED,
    ]),
};

impl View for Portraits {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        if let Some(customer) = &event.envelope.customer {
            keys.push((ROWS, vec![Val::text(customer)]));
        }
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let Some(customer) = &event.envelope.customer else {
            return Ok(());
        };
        let customer = Val::text(customer);
        if event.envelope.kind == SummaryEvent::RECORDED {
            return profile_calls::keep(tx, event, customer);
        }
        match event.event()? {
            AnyEvent::Customer(CustomerEvent::Erased { .. }) => {
                tx.exec(
                    "delete from portrait_hour where customer = $1",
                    std::slice::from_ref(&customer),
                )?;
                profile_calls::forget(tx, &customer)?;
                tx.write_rows(ROWS, &[], &[vec![customer]])
            }
            AnyEvent::Call(fact) => {
                if let CallEvent::Corrected { after, .. } = fact {
                    profile_calls::correct(tx, event, &customer, *after)?;
                }
                let mut sitting = PortraitWriter::begin(tx, event, customer)?;
                sitting.take(fact)?;
                sitting.finish()
            }
            _ => Ok(()),
        }
    }
}

/// A customer's row while an event changes it; it is written if it changed.
struct PortraitWriter<'a> {
    tx: &'a mut dyn Tx,
    customer: Val,
    call: Val,
    at: Timestamp,
    pos: Val,
    row: Vec<Val>,
    is_changed: bool,
}

impl<'a> PortraitWriter<'a> {
    fn begin(tx: &'a mut dyn Tx, event: &ViewEvent, customer: Val) -> Result<Self, ProjectionError> {
        let row = match tx.row(ROWS, std::slice::from_ref(&customer))? {
            Some(row) => row,
            None => blank(customer.clone()),
        };
        Ok(Self {
            tx,
            customer,
            call: Val::text(event.call()?),
            at: event.at(),
            pos: Val::position(event.position),
            row,
            is_changed: false,
        })
    }

    fn set(&mut self, column: Column, value: Val) {
        if let Some(cell) = self.row.get_mut(column as usize) {
            *cell = value;
            self.is_changed = true;
        }
    }

    fn get(&self, column: Column) -> i64 {
        match self.row.get(column as usize) {
            Some(Val::Int(value)) => *value,
            Some(_) | None => 0,
        }
    }

    fn add(&mut self, column: Column, more: i64) {
        let sum = self.get(column).saturating_add(more);
        self.set(column, Val::Int(sum));
    }

    fn take(&mut self, fact: &CallEvent) -> Result<(), ProjectionError> {
        match fact {
            CallEvent::Dialing { leg: 1, .. } => self.dialed(),
            CallEvent::Answered { .. } => self.answered(),
            CallEvent::Keypressed { .. } => {
                self.add(Column::Engaged, 1);
                Ok(())
            }
            CallEvent::TransferRequested { reason, .. } if TransferReason::is_request(*reason) => {
                self.add(Column::Engaged, 1);
                Ok(())
            }
            CallEvent::Ended { outcome, talk_ms, .. } => {
                self.ended(*outcome, i64::try_from(*talk_ms).unwrap_or(i64::MAX));
                Ok(())
            }
            CallEvent::Corrected { before, after, .. } => {
                self.corrected(*before, *after);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn dialed(&mut self) -> Result<(), ProjectionError> {
        self.add(Column::Calls, 1);
        if self.get(Column::Calls) == 1 {
            self.set(Column::FirstCall, self.call.clone());
            self.set(Column::FirstCallAt, Val::at(self.at));
        }
        self.set(Column::LastCall, self.call.clone());
        self.set(Column::LastCallAt, Val::at(self.at));
        self.hour(1, 0)
    }

    fn answered(&mut self) -> Result<(), ProjectionError> {
        self.add(Column::Answered, 1);
        self.set(Column::LastAnsweredCall, self.call.clone());
        self.set(Column::LastAnsweredAt, Val::at(self.at));
        self.hour(0, 1)
    }

    fn ended(&mut self, outcome: Option<Outcome>, talk_ms: i64) {
        self.add(Column::TalkMs, talk_ms);
        if talk_ms > self.get(Column::LongestMs) {
            self.set(Column::LongestMs, Val::Int(talk_ms));
            self.set(Column::LongestCall, self.call.clone());
        }
        self.outcome(outcome, 1);
    }

    fn corrected(&mut self, before: Finding, after: Finding) {
        self.outcome(before.outcome, -1);
        self.outcome(after.outcome, 1);
    }

    /// Adds `more` (1 or -1) to the count of an outcome. If the last call that converted loses its success,
    /// the call and time of the conversion are cleared.
    fn outcome(&mut self, outcome: Option<Outcome>, more: i64) {
        let Some(outcome) = outcome else { return };
        let of_this_call = self.row.get(Column::ConvertedCall as usize) == Some(&self.call);
        match outcome {
            Outcome::Success => self.add(Column::Conversions, more),
            Outcome::Declined => self.add(Column::Declines, more),
            _ => {}
        }
        if more > 0 {
            self.set(Column::LastOutcome, Val::text(outcome.code()));
            self.set(Column::LastOutcomeCall, self.call.clone());
            if outcome == Outcome::Success {
                self.set(Column::ConvertedCall, self.call.clone());
                self.set(Column::ConvertedAt, Val::at(self.at));
            }
        } else if outcome == Outcome::Success && of_this_call {
            self.set(Column::ConvertedCall, Val::Null);
            self.set(Column::ConvertedAt, Val::Null);
        }
    }

    /// Adds calls and answers to the counts of this event's hour of the day in Beijing.
    fn hour(&mut self, calls: i64, answered: i64) -> Result<(), ProjectionError> {
        let local = self.at.micros().saturating_add(BEIJING_MICROS);
        let hour = Val::Int(local.div_euclid(HOUR_MICROS).rem_euclid(24));
        let key = [self.customer.clone(), hour];
        let found = self.tx.row(HOURS, &key)?;
        let (had_calls, had_answered, last) = match found.as_deref() {
            Some([_, _, Val::Int(calls), Val::Int(answered), last, _]) => (*calls, *answered, last.clone()),
            Some(_) | None => (0, 0, Val::Null),
        };
        let last = if answered > 0 { self.call.clone() } else { last };
        let mut row = key.to_vec();
        row.extend([
            Val::Int(had_calls.saturating_add(calls)),
            Val::Int(had_answered.saturating_add(answered)),
            last,
            self.pos.clone(),
        ]);
        self.tx.put(HOURS, row)
    }

    fn finish(mut self) -> Result<(), ProjectionError> {
        if !self.is_changed {
            return Ok(());
        }
        if let Some(pos) = self.row.last_mut() {
            *pos = self.pos.clone();
        }
        self.tx.put(ROWS, self.row)
    }
}

/// Returns the row of a customer without calls.
fn blank(customer: Val) -> Vec<Val> {
    let mut row = vec![customer];
    row.resize(Column::FirstCall as usize, Val::Int(0));
    row.resize(Column::LongestMs as usize, Val::Null);
    row.push(Val::Int(0));
    row.resize(Column::ConvertedAt as usize + 1, Val::Null);
    row.push(Val::Int(0));
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, call, customer};
    use domain::disposition::Disposition;
    use domain::ids::{CallId, StreamId};

    async fn shown(story: &TestHistory, of: u32) -> Option<Portrait> {
        let (db, _runner) = story.shown_by(Portraits).await;
        get(db.as_ref(), &customer(of)).await.unwrap()
    }

    fn two_calls() -> TestHistory {
        let mut story = TestHistory::new();
        let (first, second) = (call("T", 1, 1), call("T", 1, 2));
        story
            .permitted("T", 1, 1)
            .dialing(first, 1, "first")
            .dialing(first, 2, "second");
        story.ended(first, Disposition::Busy, None, 0);
        story
            .permitted("T", 1, 2)
            .dialing(second, 1, "first")
            .answered(second, 1);
        story.ended(second, Disposition::Answered, Some(Outcome::Success), 9_000);
        story
    }

    #[tokio::test]
    async fn each_value_names_the_call_it_came_from() {
        let portrait = shown(&two_calls(), 1).await.unwrap();
        let second = call("T", 1, 2);
        assert_eq!(
            (portrait.calls, portrait.answered, portrait.conversions),
            (2, 1, 1),
            "a leg is no call"
        );
        assert_eq!(portrait.first_call_at.unwrap().call, call("T", 1, 1));
        assert_eq!(portrait.last_answered_at.unwrap().call, second);
        let longest = portrait.longest_talk_ms.unwrap();
        assert_eq!((longest.value, longest.call), (9_000, second));
        assert_eq!(portrait.last_outcome.unwrap().value, "success");
        assert_eq!(portrait.converted_at.unwrap().call, second);
        assert!(portrait.decision_ms.is_some_and(|ms| ms > 0));
        assert_eq!(portrait.hours.len(), 1);
        let hour = &portrait.hours[0];
        assert_eq!(
            (hour.hour, hour.calls, hour.answered, hour.last_answered_call),
            (10, 2, 1, Some(second))
        );
    }

    /// Appends the golden summary for this call.
    fn summed_up(story: &mut TestHistory, of: CallId) {
        summed_up_with(story, of, |_| {});
    }

    fn summed_up_with(story: &mut TestHistory, of: CallId, change: impl FnOnce(&mut serde_json::Value)) {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/events/summary/summary.recorded.v1.json"
        );
        let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let stream = format!("summary-{of}");
        record["stream"] = stream.clone().into();
        record["customer"] = customer(1).to_string().into();
        change(&mut record);
        let stream = StreamId::from_stored(stream);
        story.tell_record(&stream, serde_json::to_vec(&record).unwrap());
    }

    #[tokio::test]
    async fn what_was_talked_about_and_how_names_its_calls_and_follows_a_correction() {
        let mut story = two_calls();
        let second = call("T", 1, 2);
        summed_up(&mut story, second);
        let portrait = shown(&story, 1).await.unwrap();
        let offer = portrait.buying.first().unwrap();
        assert_eq!(
            (
                offer.flow.as_str(),
                offer.high,
                offer.conversions,
                offer.named.as_slice()
            ),
            ("card_instalment_spoken", 1, 1, [second].as_slice())
        );
        let style = portrait.style.unwrap();
        assert_eq!(
            (style.manner, style.utterances, style.keys, style.named),
            (Manner::Speaks, 3, 0, vec![second])
        );
        story.corrected(
            second,
            (Disposition::Answered, Some(Outcome::Success)),
            (Disposition::Answered, Some(Outcome::Declined)),
        );
        let portrait = shown(&story, 1).await.unwrap();
        assert_eq!(portrait.buying.first().map(|offer| offer.conversions), Some(0));
    }

    #[tokio::test]
    async fn a_summary_that_comes_after_its_calls_correction_does_not_undo_it() {
        let mut story = two_calls();
        let second = call("T", 1, 2);
        story.corrected(
            second,
            (Disposition::Answered, Some(Outcome::Success)),
            (Disposition::Answered, Some(Outcome::Declined)),
        );
        let portrait = shown(&story, 1).await.unwrap();
        assert_eq!((portrait.buying.len(), portrait.style), (0, None));
        summed_up(&mut story, second);
        let portrait = shown(&story, 1).await.unwrap();
        let offer_counts = portrait
            .buying
            .first()
            .map(|offer| (offer.calls, offer.conversions));
        assert_eq!(offer_counts, Some((1, 0)));
    }

    #[tokio::test]
    async fn a_correction_takes_a_conversion_back() {
        let mut story = two_calls();
        let (success, declined) = (Some(Outcome::Success), Some(Outcome::Declined));
        story.corrected(
            call("T", 1, 2),
            (Disposition::Answered, success),
            (Disposition::Answered, declined),
        );
        let portrait = shown(&story, 1).await.unwrap();
        assert_eq!((portrait.conversions, portrait.declines), (0, 1));
        assert_eq!((portrait.converted_at, portrait.decision_ms), (None, None));
        assert_eq!(portrait.last_outcome.unwrap().value, "declined");
    }

    #[tokio::test]
    async fn of_an_erased_person_nothing_is_left() {
        let mut story = two_calls();
        summed_up(&mut story, call("T", 1, 2));
        story.customer(
            1,
            CustomerEvent::Erased {
                numbers_count: 1,
                enrolments_count: 1,
            },
        );
        // A pending summary comes after its customer was erased, without words.
        summed_up_with(&mut story, call("T", 1, 1), |record| {
            record["data"]["text"] = serde_json::json!({ "erased": true });
        });
        assert_eq!(shown(&story, 1).await, None);
        let (db, _runner) = story.shown_by(Portraits).await;
        for table in &TABLES {
            let sql = format!("select customer from {}", table.name);
            assert!(
                db.query(&sql, Vec::new()).await.unwrap().is_empty(),
                "{}",
                table.name
            );
        }
    }
}
