//! Tests of flow versions: rollback, publication after a rollback, and approval by a second person.

use super::command::FlowCommand;
use super::event::FlowEvent;
use super::{Flow, FlowRefusal, FlowState, tests};
use crate::decider::{Context, Decider};
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::time::Timestamp;
use serde_json::{Value, json};
use values::ids::FlowId;

fn small() -> FlowId {
    "small".parse().unwrap()
}

/// Returns the small flow with this timeout.
fn waiting(timeout_ms: u32) -> Value {
    let mut definition = tests::small();
    definition["nodes"]["ask"]["ask_keypress"]["timeout_ms"] = json!(timeout_ms);
    definition
}

fn behind() -> Box<FourEyes> {
    Box::new(FourEyes::Nobody {
        nobody: ApprovalExemption::NobodyElse,
    })
}

#[derive(Default)]
struct FlowFixture(FlowState);

impl FlowFixture {
    fn ask(&mut self, command: FlowCommand) -> Result<Vec<FlowEvent>, FlowRefusal> {
        let now = Timestamp::EPOCH;
        let events = Flow::decide(&self.0, command, Context { now })?;
        for event in &events {
            Flow::evolve(&mut self.0, event, now);
        }
        Ok(events)
    }

    fn publish(&mut self, timeout_ms: u32) -> Result<usize, FlowRefusal> {
        let definition = waiting(timeout_ms);
        let command = FlowCommand::Publish {
            flow: small(),
            definition,
        };
        self.ask(command).map(|events| events.len())
    }

    fn publish_behind(&mut self, timeout_ms: u32) -> Result<usize, FlowRefusal> {
        let command = FlowCommand::PublishBehind {
            flow: small(),
            definition: waiting(timeout_ms),
            four_eyes: behind(),
        };
        self.ask(command).map(|events| events.len())
    }

    fn back(&mut self, to: Option<u32>) -> Result<usize, FlowRefusal> {
        let command = FlowCommand::RollBack {
            flow: small(),
            to,
            reason: None,
            four_eyes: None,
        };
        self.ask(command).map(|events| events.len())
    }

    fn current(&self) -> u32 {
        self.0.current().map_or(0, |one| one.flow_ref.version)
    }
}

#[test]
fn a_flow_goes_back_one_version_or_to_one_that_is_named_and_forward_again() {
    let mut story = FlowFixture::default();
    assert_eq!(story.back(None), Err(FlowRefusal::NotPublished { flow: small() }));
    for timeout_ms in [5_000, 6_000, 7_000] {
        assert_eq!(story.publish(timeout_ms), Ok(1));
    }
    for (to, events, current) in [
        (None, 1, 2),
        (None, 1, 1),
        (Some(1), 0, 1),
        (Some(3), 1, 3),
        (Some(2), 1, 2),
    ] {
        assert_eq!((story.back(to), story.current()), (Ok(events), current), "{to:?}");
    }
    assert_eq!(story.publish(6_000), Ok(0), "it is the current content");
    assert_eq!(story.publish(7_000), Ok(1), "it is not");
    assert_eq!(story.current(), 4, "no number is given twice");
    assert_eq!(story.back(Some(1)), Ok(1));
    assert_eq!(story.back(None), Err(FlowRefusal::NothingBefore { version: 1 }));
    let unknown = story.back(Some(9)).unwrap_err();
    assert!(unknown.to_string().contains("@1, @2, @3, @4"), "{unknown}");
}

#[test]
fn once_one_version_was_approved_each_needs_an_approval() {
    let mut story = FlowFixture::default();
    assert_eq!(story.publish(5_000), Ok(1));
    assert_eq!(
        story.publish_behind(5_000),
        Ok(1),
        "the same words, now stood behind"
    );
    assert_eq!(story.publish(5_000), Ok(0), "nothing new is said");
    let refused = FlowRefusal::NeedsApproval { flow: small() };
    assert_eq!(story.publish(6_000), Err(refused.clone()));
    assert_eq!(story.back(Some(1)), Err(refused));
    assert_eq!(story.publish_behind(6_000), Ok(1));
    let command = FlowCommand::RollBack {
        flow: small(),
        to: None,
        reason: Some("complaints".to_owned()),
        four_eyes: Some(behind()),
    };
    assert_eq!(story.ask(command).unwrap().len(), 1);
    assert_eq!(story.current(), 2);
}
