//! Tries every sequence of a few commands and checks the guarantees of a call after each.

use super::command::CallCommand;
use super::event::{CallEvent, EndReason};
use super::test_support::{
    answer, at, cancel, customer_grant, dial, end, failure, keypress, number_grant, permit_with, ring,
};
use super::{Call, CallState};
use crate::decider::{Context, Decider};

/// The longest sequence, in commands that wrote an event.
const DEPTH: usize = 10;

/// Milliseconds between two commands. At the seventh command a grant has just expired.
const STEP_MS: u64 = 300;

fn commands() -> Vec<CallCommand> {
    let fail = |leg, code| CallCommand::FailLeg {
        leg,
        failure: failure(code),
    };
    vec![
        permit_with(customer_grant(), number_grant()),
        dial(1),
        dial(2),
        ring(1),
        fail(1, 503),
        fail(1, 486),
        fail(2, 503),
        dial(3),
        ring(2),
        keypress('1'),
        answer(1),
        answer(2),
        cancel(1, EndReason::RingTimeout),
        cancel(1, EndReason::OptedOut),
        end(EndReason::Crash),
        CallCommand::Withdraw {
            reason: EndReason::GrantExpired,
        },
    ]
}

#[derive(Clone, Default)]
struct CallRun {
    state: CallState,
    history: Vec<CallEvent>,
}

impl CallRun {
    fn ask(&mut self, command: CallCommand, millis: u64) {
        let context = Context { now: at(millis) };
        let events = Call::decide(&self.state, command, context).unwrap_or_default();
        for event in events {
            Call::evolve(&mut self.state, &event, at(millis));
            self.history.push(event);
        }
    }

    fn count(&self, wanted: impl Fn(&CallEvent) -> bool) -> usize {
        self.history.iter().filter(|event| wanted(event)).count()
    }

    fn check(&self) {
        let history = &self.history;
        let ended = |event: &CallEvent| matches!(event, CallEvent::Ended { .. });
        let answered = |event: &CallEvent| matches!(event, CallEvent::Answered { .. });
        assert!(self.count(ended) <= 1, "ended twice: {history:?}");
        assert!(self.count(answered) <= 1, "answered twice: {history:?}");
        for wanted in 1..=3 {
            let dialed =
                |event: &CallEvent| matches!(event, CallEvent::Dialing { leg, .. } if *leg == wanted);
            assert!(self.count(dialed) <= 1, "leg {wanted} dialed twice: {history:?}");
        }
        let begun = history
            .first()
            .is_none_or(|first| matches!(first, CallEvent::Permitted { .. }));
        assert!(begun, "something came before the permit: {history:?}");
        let after_end = history.iter().skip_while(|event| !ended(event)).skip(1);
        for event in after_end {
            assert!(
                matches!(event, CallEvent::LateAnswered { .. }),
                "after the end: {history:?}"
            );
        }
        self.check_second_leg();
    }

    fn check_second_leg(&self) {
        let is_second = |event: &CallEvent| matches!(event, CallEvent::Dialing { leg: 2, .. });
        let Some(second) = self.history.iter().position(is_second) else {
            return;
        };
        let before = &self.history[..second];
        let failed = before
            .iter()
            .any(|event| matches!(event, CallEvent::LegFailed { leg: 1, failure } if failure.definite));
        let given_up = before.iter().any(|event| {
            matches!(
                event,
                CallEvent::CancelRequested {
                    reason: EndReason::OptedOut,
                    ..
                }
            )
        });
        assert!(failed && !given_up, "a second leg without leave: {before:?}");
    }
}

fn explore(world: &CallRun, depth: usize, seen: &mut u64) {
    *seen += 1;
    world.check();
    let millis = (DEPTH - depth) as u64 * STEP_MS;
    // Whatever happened before, a permitted call can be ended, exactly once.
    let mut closed = world.clone();
    closed.ask(end(EndReason::Crash), millis);
    closed.check();
    assert_eq!(closed.state.is_ended(), closed.state.permitted().is_some());
    if depth == 0 {
        return;
    }
    for command in commands() {
        let mut next = world.clone();
        next.ask(command, millis);
        if next.history.len() > world.history.len() {
            explore(&next, depth - 1, seen);
        }
    }
}

#[test]
fn no_sequence_of_commands_breaks_a_promise_of_the_call() {
    let mut seen = 0;
    explore(&CallRun::default(), DEPTH, &mut seen);
    assert!(seen > 1_000, "only {seen} histories were reached");
}
