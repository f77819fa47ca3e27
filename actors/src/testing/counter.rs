//! The smallest decider: it counts, seals a note, refuses zero, and panics on request.

use super::Fakes;
use crate::hosting::{EntityRuntime, Hosting};
use crate::lifespan::Lifespan;
use crate::system::Entities;
use domain::decider::{Context, Decider, EventData, Scope, UnreadableEvent, read_current};
use domain::ids::{CommandId, CustomerId};
use domain::personal::Personal;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    /// The number of panics that commands on this thread will still cause; each test has its own.
    pub(crate) static PANICS_LEFT: AtomicUsize = const { AtomicUsize::new(0) };
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub(crate) enum CounterEvent {
    #[serde(rename = "counter.added")]
    Added { amount: u64, note: Personal<String> },
}

#[derive(Debug, Clone)]
pub(crate) enum CounterCommand {
    Add(u64),
    /// Two events in one batch.
    AddTwice(u64),
    Nothing,
    /// Refused while the total is zero.
    Double,
    /// Does nothing while the total is zero.
    DoubleIfAny,
    PanicIfSet,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct CounterState {
    pub(crate) total: u64,
    pub(crate) last_note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("zero cannot be added")]
pub(crate) struct ZeroRefusal;

pub(crate) struct Counter;

pub(crate) fn person() -> CustomerId {
    "00112233445566778899aabbccddeeff"
        .parse()
        .expect("32 hexadecimal digits")
}

pub(crate) fn cause(text: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(text))
}

/// Returns counters that live as long as `lifespan` says.
pub(crate) fn living(fakes: &Fakes, lifespan: Lifespan) -> Entities<Counter> {
    let hosting = Hosting::start(EntityRuntime::Local, &fakes.environment.tasks);
    Entities::start_with(&fakes.environment, &hosting, lifespan, Counter::decide)
}

fn added(amount: u64) -> CounterEvent {
    CounterEvent::Added {
        amount,
        note: Personal::open(format!("plus {amount}")),
    }
}

impl EventData for CounterEvent {
    fn kind(&self) -> &'static str {
        "counter.added"
    }
    fn version(&self) -> u16 {
        1
    }
    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        let Self::Added { note, .. } = self;
        vec![("/note".to_owned(), note)]
    }
    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}

impl Decider for Counter {
    type Id = String;
    type Command = CounterCommand;
    type Event = CounterEvent;
    type State = CounterState;
    type Refusal = ZeroRefusal;
    const AGGREGATE: &'static str = "counter";

    fn command_kind(_: &CounterCommand) -> &'static str {
        "add"
    }

    fn decide(
        state: &CounterState,
        command: CounterCommand,
        _: Context,
    ) -> Result<Vec<CounterEvent>, ZeroRefusal> {
        match command {
            CounterCommand::Add(0) | CounterCommand::AddTwice(0) => Err(ZeroRefusal),
            CounterCommand::Add(amount) => Ok(vec![added(amount)]),
            CounterCommand::AddTwice(amount) => Ok(vec![added(amount), added(amount)]),
            CounterCommand::Nothing => Ok(Vec::new()),
            CounterCommand::Double if state.total == 0 => Err(ZeroRefusal),
            CounterCommand::DoubleIfAny if state.total == 0 => Ok(Vec::new()),
            CounterCommand::Double | CounterCommand::DoubleIfAny => Ok(vec![added(state.total)]),
            CounterCommand::PanicIfSet => {
                let must_panic = PANICS_LEFT.with(|left| {
                    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                        .is_ok()
                });
                assert!(!must_panic, "the test made the counter panic");
                Ok(vec![added(1)])
            }
        }
    }

    fn is_underway(state: &CounterState) -> bool {
        !state.total.is_multiple_of(2)
    }

    fn evolve(state: &mut CounterState, event: &CounterEvent, _: Timestamp) {
        let CounterEvent::Added { amount, note } = event;
        state.total += amount;
        state.last_note = note.value().cloned();
    }

    fn scope(_: &String, _: &CounterState, _: &CounterEvent) -> Scope {
        Scope {
            campaign: None,
            customer: Some(person()),
        }
    }
}
