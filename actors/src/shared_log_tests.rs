//! Entities on a log that another process writes too: their state in memory may be behind their stream.

use crate::error::AskError;
use crate::hosting::{EntityRuntime, Hosting};
use crate::system::Entities;
use crate::testing::counter::{Counter, CounterCommand, ZeroRefusal, cause};
use crate::testing::{AppendFault, Fakes, on_one_thread};
use domain::actor::{Actor, SignInMethod};
use domain::stored_event::{Cause, Position, StreamVersion};

fn one() -> String {
    "one".to_owned()
}

/// The entities of two processes on one log. The first holds a state in memory from before the other wrote.
async fn first_is_behind(fakes: &Fakes) -> Entities<Counter> {
    two_processes(fakes).await.0
}

async fn two_processes(fakes: &Fakes) -> (Entities<Counter>, Entities<Counter>) {
    let process = || {
        let hosting = Hosting::start(EntityRuntime::Local, &fakes.environment.tasks);
        Entities::<Counter>::start(&fakes.environment, &hosting)
    };
    let (first, second) = (process(), process());
    assert_eq!(first.state(&one()).await.unwrap().state.total, 0);
    second
        .ask(&one(), CounterCommand::Add(3), cause("other"))
        .await
        .unwrap();
    (first, second)
}

fn shared() -> Fakes {
    let fakes = Fakes::new();
    fakes.store.share();
    fakes
}

#[test]
fn a_read_sees_what_another_process_wrote() {
    on_one_thread(async {
        let fakes = shared();
        let loaded = first_is_behind(&fakes).await.state(&one()).await.unwrap();
        assert_eq!((loaded.state.total, loaded.version), (3, StreamVersion(1)));
    });
}

#[test]
fn a_log_of_one_process_is_not_read_again() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let first = first_is_behind(&fakes).await;
        let reads = fakes.store.reads_count();
        assert_eq!(first.state(&one()).await.unwrap().state.total, 0);
        let refused = first.ask(&one(), CounterCommand::Double, cause("a")).await;
        assert_eq!(refused.unwrap_err(), AskError::Refused(ZeroRefusal));
        assert_eq!(fakes.store.reads_count(), reads);
    });
}

#[test]
fn a_refusal_and_an_empty_decision_are_decided_again_when_the_stream_has_moved() {
    for command in [CounterCommand::Double, CounterCommand::DoubleIfAny] {
        on_one_thread(async {
            let fakes = shared();
            let first = first_is_behind(&fakes).await;
            let answer = first.ask(&one(), command, cause("a")).await.unwrap();
            assert_eq!((answer.state.total, answer.version), (6, StreamVersion(2)));
        });
    }
}

#[test]
fn a_refusal_that_still_holds_costs_one_read() {
    on_one_thread(async {
        let fakes = shared();
        let first = first_is_behind(&fakes).await;
        let reads = fakes.store.reads_count();
        let refused = first.ask(&one(), CounterCommand::Add(0), cause("a")).await;
        assert_eq!(refused.unwrap_err(), AskError::Refused(ZeroRefusal));
        assert_eq!(fakes.store.reads_count(), reads + 1);
    });
}

#[test]
fn a_write_from_an_older_state_is_decided_again() {
    on_one_thread(async {
        let fakes = shared();
        let first = first_is_behind(&fakes).await;
        let answer = first
            .ask(&one(), CounterCommand::Add(4), cause("a"))
            .await
            .unwrap();
        assert_eq!((answer.state.total, answer.version), (7, StreamVersion(2)));
    });
}

#[test]
fn a_command_that_another_process_has_answered_is_a_repeat_and_the_state_is_the_streams() {
    on_one_thread(async {
        let fakes = shared();
        let (first, second) = two_processes(&fakes).await;
        second
            .ask(&one(), CounterCommand::Add(5), cause("asked twice"))
            .await
            .unwrap();
        // The first process would store it as the stream's first event; the store returns where it is stored.
        let again = first
            .ask(&one(), CounterCommand::Add(5), cause("asked twice"))
            .await
            .unwrap();
        assert!(again.repeated);
        assert_eq!(
            (again.state.total, again.version, again.position),
            (8, StreamVersion(2), Position(2))
        );
        let next = first.ask(&one(), CounterCommand::Add(1), cause("a")).await;
        assert_eq!(next.unwrap().state.total, 9);
        assert_eq!(fakes.store.envelopes().len(), 3);
    });
}

#[test]
fn a_caller_hears_that_nothing_is_left_to_do_only_when_what_others_stored_is_confirmed() {
    on_one_thread(async {
        let fakes = shared();
        let (first, _second) = two_processes(&fakes).await;
        let by_person = |text| Cause {
            by: Some(Actor::new("wang", SignInMethod::Session)),
            ..cause(text)
        };
        fakes.store.fail_next(AppendFault::LostUnavailable);
        let refused = first.ask(&one(), CounterCommand::Nothing, by_person("a")).await;
        assert_eq!(refused.unwrap_err(), AskError::Unavailable);
        let answer = first.ask(&one(), CounterCommand::Nothing, by_person("b")).await;
        assert_eq!(answer.unwrap().version, StreamVersion(1));
        assert_eq!(fakes.store.envelopes().len(), 1, "a confirmation appends nothing");
        // A driver acts only after an append of its own.
        fakes.store.fail_next(AppendFault::LostUnavailable);
        assert!(
            first
                .ask(&one(), CounterCommand::Nothing, cause("c"))
                .await
                .is_ok()
        );
    });
}

/// The store refuses a part of a batch that it has.
#[test]
fn what_another_stored_in_one_batch_is_confirmed_as_one() {
    on_one_thread(async {
        let fakes = shared();
        let (first, second) = two_processes(&fakes).await;
        let twice = CounterCommand::AddTwice(2);
        second.ask(&one(), twice.clone(), cause("twice")).await.unwrap();
        let by_person = Cause {
            by: Some(Actor::new("wang", SignInMethod::Session)),
            ..cause("a")
        };
        let answer = first.ask(&one(), CounterCommand::Nothing, by_person).await;
        assert_eq!(answer.unwrap().version, StreamVersion(3));
        let again = first.ask(&one(), twice, cause("twice")).await;
        assert!(again.unwrap().repeated);
        assert_eq!(fakes.store.envelopes().len(), 3);
    });
}
