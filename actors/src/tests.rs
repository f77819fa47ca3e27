//! Entities over a fake store: repeats, races, deaths, bounds, and what survives them.

use crate::error::AskError;
use crate::hosting::{EntityRuntime, Hosting};
use crate::lifespan::Lifespan;
use crate::mailbox::MAILBOX_COMMANDS_MAX;
use crate::registry::RESTARTS_MAX;
use crate::system::Entities;
use crate::testing::counter::{Counter, CounterCommand, PANICS_LEFT, ZeroRefusal, cause, living, person};
use crate::testing::{AppendFault, Fakes, on_one_thread, settle};
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::stored_event::{Cause, Position, RequestFacts, RequestMark, StreamVersion};
use std::sync::atomic::Ordering;

fn counters(fakes: &Fakes) -> Entities<Counter> {
    let hosting = Hosting::start(EntityRuntime::Local, &fakes.environment.tasks);
    Entities::start(&fakes.environment, &hosting)
}

fn one() -> String {
    "one".to_owned()
}

#[test]
fn a_command_is_decided_stored_sealed_and_answered() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        let answer = entities
            .ask(&one(), CounterCommand::AddTwice(3), cause("a"))
            .await
            .unwrap();
        assert_eq!((answer.state.total, answer.events.len()), (6, 2));
        assert_eq!((answer.version, answer.position), (StreamVersion(2), Position(2)));
        assert!(!answer.repeated);
        let stored = fakes.store.envelopes();
        assert_eq!(stored[1].stream_version, StreamVersion(2));
        assert!(stored[0].data.get().contains("sealed"), "{}", stored[0].data);
        assert!(!stored[0].data.get().contains("plus 3"));
    });
}

#[test]
fn a_refusal_and_an_empty_decision_write_nothing() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        let refused = entities.ask(&one(), CounterCommand::Add(0), cause("a")).await;
        assert_eq!(refused.unwrap_err(), AskError::Refused(ZeroRefusal));
        let answer = entities
            .ask(&one(), CounterCommand::Nothing, cause("b"))
            .await
            .unwrap();
        assert_eq!((answer.events.len(), answer.position), (0, Position(0)));
        assert_eq!(fakes.store.appends_count(), 0);
    });
}

#[test]
fn a_repeated_command_is_answered_as_the_first_time_also_after_a_reload() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        entities
            .ask(&one(), CounterCommand::AddTwice(3), cause("a"))
            .await
            .unwrap();
        entities
            .ask(&one(), CounterCommand::Add(1), cause("b"))
            .await
            .unwrap();
        for asked in [&entities, &counters(&fakes)] {
            let again = asked
                .ask(&one(), CounterCommand::AddTwice(3), cause("a"))
                .await
                .unwrap();
            assert!(again.repeated);
            assert_eq!(
                (again.events.len(), again.state.total, again.position),
                (2, 7, Position(2))
            );
        }
        assert_eq!(fakes.store.kinds().len(), 3);
    });
}

/// Returns the same command as the others, by a request with this body.
fn asked_with(text: &str, body: &str, fakes: &Fakes) -> Cause {
    let hash = fakes.environment.vault.hash(body);
    cause(text).requested(RequestFacts {
        mark: RequestMark::of(&hash),
        traceparent: None,
        expected: None,
    })
}

#[test]
fn a_command_that_comes_again_with_another_body_is_not_answered_as_the_first() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        let add = |number| CounterCommand::Add(number);
        let first = entities.ask(&one(), add(3), asked_with("a", "3", &fakes)).await;
        assert!(!first.unwrap().repeated);
        entities.ask(&one(), add(5), cause("b")).await.unwrap();
        let two = "two".to_owned();
        for asked in [&entities, &counters(&fakes)] {
            let same = asked.ask(&one(), add(3), asked_with("a", "3", &fakes)).await;
            let same = same.unwrap();
            let then = (same.repeated, same.state.total, same.version, same.position);
            assert_eq!(
                then,
                (true, 3, StreamVersion(1), Position(1)),
                "as the first time"
            );
            let other = asked.ask(&one(), add(4), asked_with("a", "4", &fakes)).await;
            assert_eq!(other.unwrap_err(), AskError::AnotherRequest);
            let elsewhere = asked.ask(&two, add(4), asked_with("a", "4", &fakes)).await;
            assert_eq!(
                elsewhere.unwrap_err(),
                AskError::AnotherRequest,
                "of another entity"
            );
            let state = asked.state(&two).await.unwrap();
            assert_eq!((state.version, state.state.total), (StreamVersion(0), 0));
        }
        assert_eq!(fakes.store.kinds().len(), 2);
    });
}

#[test]
fn a_request_that_comes_again_after_many_others_is_answered_as_the_first_time() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        let double = || CounterCommand::DoubleIfAny;
        entities
            .ask(&one(), CounterCommand::Add(3), cause("before"))
            .await
            .unwrap();
        let first = entities
            .ask(&one(), double(), asked_with("a", "x", &fakes))
            .await
            .unwrap();
        for number in 0..70 {
            let more = cause(&format!("{number}"));
            entities.ask(&one(), CounterCommand::Add(1), more).await.unwrap();
        }
        let mut stale = asked_with("a", "x", &fakes);
        stale.request.expected = Some(StreamVersion(1));
        for again in [asked_with("a", "x", &fakes), stale] {
            let again = entities.ask(&one(), double(), again).await.unwrap();
            let then = (again.repeated, again.position, again.state.total);
            assert_eq!(then, (true, first.position, 6));
        }
        // Requests that would be refused, or lead to other events, today.
        let refused = entities
            .ask(&one(), CounterCommand::Add(0), asked_with("a", "x", &fakes))
            .await;
        assert_eq!(refused.unwrap().position, first.position);
        let more = entities
            .ask(&one(), CounterCommand::AddTwice(1), asked_with("a", "x", &fakes))
            .await;
        assert_eq!(more.unwrap().position, first.position);
        let other = entities
            .ask(&one(), CounterCommand::AddTwice(1), asked_with("a", "y", &fakes))
            .await;
        assert_eq!(other.unwrap_err(), AskError::AnotherRequest);
        assert_eq!(fakes.store.kinds().len(), 72);
    });
}

#[test]
fn the_sixty_fourth_last_command_is_remembered_and_the_sixty_fifth_is_not() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        for number in 0..65 {
            entities
                .ask(&one(), CounterCommand::Add(1), cause(&format!("{number}")))
                .await
                .unwrap();
        }
        assert!(
            entities
                .ask(&one(), CounterCommand::Add(1), cause("1"))
                .await
                .unwrap()
                .repeated
        );
        // The store still recognizes the event ids, so even then no event is written or counted twice.
        let oldest = entities
            .ask(&one(), CounterCommand::Add(1), cause("0"))
            .await
            .unwrap();
        assert_eq!(
            (oldest.repeated, oldest.position, oldest.state.total),
            (true, Position(1), 65)
        );
        assert_eq!(fakes.store.kinds().len(), 65);
    });
}

#[test]
fn a_lost_race_reloads_once_and_decides_again() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let (mine, other) = (counters(&fakes), counters(&fakes));
        mine.ask(&one(), CounterCommand::Add(1), cause("a"))
            .await
            .unwrap();
        other
            .ask(&one(), CounterCommand::Add(10), cause("b"))
            .await
            .unwrap();
        let answer = mine
            .ask(&one(), CounterCommand::Add(100), cause("c"))
            .await
            .unwrap();
        assert_eq!((answer.state.total, answer.version), (111, StreamVersion(3)));
    });
}

#[test]
fn an_unclear_append_that_was_stored_is_not_stored_twice() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        fakes.store.fail_next(AppendFault::StoredUnavailable);
        let answer = entities
            .ask(&one(), CounterCommand::Add(5), cause("a"))
            .await
            .unwrap();
        assert_eq!((answer.state.total, answer.position), (5, Position(1)));
        assert_eq!((fakes.store.kinds().len(), fakes.store.appends_count()), (1, 2));
        // For a caller the two tries are one append.
        assert_eq!(fakes.environment.latencies.append.read().count, 1);
    });
}

#[test]
fn after_a_failed_append_the_state_is_read_again() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        entities
            .ask(&one(), CounterCommand::Add(1), cause("a"))
            .await
            .unwrap();
        let reads = fakes.store.reads_count();
        fakes.store.fail_next(AppendFault::StoredUnavailable);
        fakes.store.fail_next(AppendFault::LostUnavailable);
        let lost = entities.ask(&one(), CounterCommand::Add(5), cause("b")).await;
        assert_eq!(lost.unwrap_err(), AskError::Unavailable);
        let again = entities
            .ask(&one(), CounterCommand::Add(5), cause("b"))
            .await
            .unwrap();
        assert!(
            again.repeated,
            "it had been stored, although the answer was unclear"
        );
        assert_eq!(again.state.total, 6);
        // One read for the state, and one for the command's events.
        assert_eq!(fakes.store.reads_count(), reads + 2);
    });
}

#[test]
fn an_entity_that_panics_comes_back_and_answers_the_same_ask() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        entities
            .ask(&one(), CounterCommand::Add(1), cause("a"))
            .await
            .unwrap();
        PANICS_LEFT.with(|left| left.store(1, Ordering::Relaxed));
        let answer = entities
            .ask(&one(), CounterCommand::PanicIfSet, cause("b"))
            .await
            .unwrap();
        assert_eq!((answer.state.total, answer.version), (2, StreamVersion(2)));
    });
}

#[test]
fn an_entity_that_keeps_dying_is_given_up_until_the_window_has_passed() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        PANICS_LEFT.with(|left| left.store(RESTARTS_MAX, Ordering::Relaxed));
        for number in 0..RESTARTS_MAX.div_ceil(2) {
            let died = entities
                .ask(&one(), CounterCommand::PanicIfSet, cause(&format!("{number}")))
                .await;
            assert_eq!(died.unwrap_err(), AskError::Fault);
        }
        let given_up = entities.ask(&one(), CounterCommand::Add(1), cause("x")).await;
        assert_eq!(given_up.unwrap_err(), AskError::Fault);
        let healthy = entities
            .ask(&"two".to_owned(), CounterCommand::Add(1), cause("x"))
            .await;
        assert!(healthy.is_ok(), "the budget is per entity");
        fakes.clock.advance_ms(60_000);
        assert!(
            entities
                .ask(&one(), CounterCommand::Add(1), cause("y"))
                .await
                .is_ok()
        );
    });
}

#[test]
fn a_mailbox_takes_exactly_its_bound_and_then_says_busy() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        fakes.store.hold_appends();
        for number in 0..MAILBOX_COMMANDS_MAX {
            let asking = entities.clone();
            let ask = async move {
                let answer = asking
                    .ask(&one(), CounterCommand::Add(1), cause(&format!("{number}")))
                    .await;
                assert!(answer.is_ok());
            };
            fakes.tasks.spawn("asker", Box::pin(ask));
        }
        settle().await;
        let refused = entities
            .ask(&one(), CounterCommand::Add(1), cause("one too many"))
            .await;
        assert_eq!(refused.unwrap_err(), AskError::Busy);
        fakes.store.release_appends();
        settle().await;
        settle().await;
        assert_eq!(fakes.store.kinds().len(), MAILBOX_COMMANDS_MAX);
        assert!(
            entities
                .ask(&one(), CounterCommand::Add(1), cause("now"))
                .await
                .is_ok()
        );
        assert_eq!(fakes.tasks.panicked_count(), 0);
    });
}

#[test]
fn what_an_asker_began_is_stored_though_it_goes_away() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        fakes.store.hold_appends();
        let id = one();
        let asked = entities.ask(&id, CounterCommand::Add(3), cause("a"));
        tokio::select! {
            biased;
            _ = asked => panic!("appends are held"),
            () = settle() => {}
        }
        fakes.store.release_appends();
        settle().await;
        assert_eq!(fakes.store.kinds().len(), 1);
        let reads = fakes.store.reads_count();
        let again = entities.ask(&one(), CounterCommand::Add(3), cause("a")).await;
        assert!(again.unwrap().repeated);
        // The command's events are read; the state would be read too if the entity had not survived.
        assert_eq!(fakes.store.reads_count(), reads + 1);
        assert_eq!(fakes.tasks.panicked_count(), 0);
    });
}

#[test]
fn no_request_waits_for_an_asker_that_is_not_run() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        fakes.store.hold_appends();
        let id = one();
        let mut stalled = Box::pin(entities.ask(&id, CounterCommand::Add(1), cause("stalled")));
        tokio::select! {
            biased;
            _ = &mut stalled => panic!("appends are held"),
            () = settle() => {}
        }
        fakes.store.release_appends();
        // From here on the first caller is not polled, as in a `select!` that does something else.
        let second = entities.ask(&id, CounterCommand::Add(10), cause("b")).await;
        assert_eq!(second.unwrap().version, StreamVersion(2));
        let first = stalled.await.unwrap();
        assert_eq!((first.version, first.repeated), (StreamVersion(1), false));
        assert_eq!(entities.state(&id).await.unwrap().state.total, 11);
    });
}

#[test]
fn a_death_while_others_wait_is_counted_once_and_all_are_answered() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        fakes.store.hold_appends();
        PANICS_LEFT.with(|left| left.store(1, Ordering::Relaxed));
        for (number, command) in [
            CounterCommand::Add(1),
            CounterCommand::PanicIfSet,
            CounterCommand::Add(1),
        ]
        .into_iter()
        .enumerate()
        {
            let asking = entities.clone();
            let ask = async move {
                let answer = asking.ask(&one(), command, cause(&format!("{number}"))).await;
                assert!(answer.is_ok());
            };
            fakes.tasks.spawn("asker", Box::pin(ask));
        }
        settle().await;
        fakes.store.release_appends();
        settle().await;
        settle().await;
        assert_eq!(fakes.store.kinds().len(), 3);
        assert_eq!(fakes.tasks.panicked_count(), 0);
    });
}

#[test]
fn an_idle_entity_leaves_memory_at_its_time_and_loads_again() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let lifespan = Lifespan {
            idle_ms: 15_000,
            settled_ms: 15_000,
            crowd_min: 99,
            live_max: 1,
        };
        let entities = living(&fakes, lifespan);
        settle().await;
        fakes.clock.advance_ms(1);
        entities
            .ask(&one(), CounterCommand::Add(1), cause("a"))
            .await
            .unwrap();
        fakes.clock.advance_ms(14_999);
        settle().await;
        assert_eq!(
            entities.live_count(),
            1,
            "idle for one millisecond less than its time"
        );
        fakes.clock.advance_ms(15_000);
        settle().await;
        assert_eq!(entities.live_count(), 0);
        assert_eq!(entities.state(&one()).await.unwrap().state.total, 1);
    });
}

#[test]
fn no_task_wakes_for_an_aggregate_without_living_entities() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = counters(&fakes);
        settle().await;
        assert!(!fakes.clock.advance_to_next(), "no task waits for a time");
        let id = one();
        let add = || entities.ask(&id, CounterCommand::Add(1), cause("a"));
        add().await.unwrap();
        for _ in 0..2 {
            settle().await;
            let mut looks = 0;
            while fakes.clock.advance_to_next() {
                settle().await;
                looks += 1;
            }
            assert!(looks > 0, "it was looked at");
            assert_eq!(entities.live_count(), 0);
            assert!(add().await.unwrap().repeated);
        }
    });
}

#[test]
fn an_entity_that_was_only_read_is_not_read_again_when_it_is_asked() {
    on_one_thread(async {
        let (fakes, id) = (Fakes::new(), one());
        let first = counters(&fakes);
        first.ask(&id, CounterCommand::Add(1), cause("a")).await.unwrap();
        let entities = counters(&fakes);
        let before = fakes.store.reads_count();
        assert_eq!(entities.state(&id).await.unwrap().state.total, 1);
        assert_eq!(
            (entities.live_count(), fakes.store.reads_count()),
            (1, before + 1)
        );
        let asked = entities.ask(&id, CounterCommand::Add(2), cause("b"));
        assert_eq!(asked.await.unwrap().version, StreamVersion(2));
        assert_eq!(entities.state(&id).await.unwrap().state.total, 3);
        assert_eq!(
            (entities.live_count(), fakes.store.reads_count()),
            (1, before + 1)
        );
        // Its repeat is recognized from what was read.
        let again = entities.ask(&id, CounterCommand::Add(1), cause("a"));
        assert!(again.await.unwrap().repeated);
    });
}

#[test]
fn an_entity_with_nothing_under_way_leaves_memory_first() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let lifespan = Lifespan {
            idle_ms: 60_000,
            settled_ms: 5_000,
            crowd_min: 99,
            live_max: 9,
        };
        let entities = living(&fakes, lifespan);
        settle().await;
        for (id, amount) in [("odd", 1), ("even", 2)] {
            let counter = id.to_owned();
            let asked = entities.ask(&counter, CounterCommand::Add(amount), cause(id));
            asked.await.unwrap();
        }
        settle().await;
        fakes.clock.advance_ms(15_000);
        settle().await;
        assert_eq!(entities.live_count(), 1);
        let reads = fakes.store.reads_count();
        assert_eq!(entities.state(&"odd".to_owned()).await.unwrap().state.total, 1);
        assert_eq!(fakes.store.reads_count(), reads, "it stayed");
        assert_eq!(entities.state(&"even".to_owned()).await.unwrap().state.total, 2);
    });
}

#[test]
fn a_full_house_makes_room_among_the_idle() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let lifespan = Lifespan {
            idle_ms: 60_000,
            settled_ms: 60_000,
            crowd_min: 99,
            live_max: 2,
        };
        let entities = living(&fakes, lifespan);
        for id in ["a", "b", "c"] {
            entities
                .ask(&id.to_owned(), CounterCommand::Add(1), cause(id))
                .await
                .unwrap();
        }
        assert_eq!(entities.live_count(), 1);
    });
}

#[test]
fn a_destroyed_key_leaves_the_person_erased_and_the_entity_readable() {
    on_one_thread(async {
        let fakes = Fakes::new();
        counters(&fakes)
            .ask(&one(), CounterCommand::Add(4), cause("a"))
            .await
            .unwrap();
        let open = counters(&fakes).state(&one()).await.unwrap();
        assert_eq!(open.state.last_note.as_deref(), Some("plus 4"));
        let now = fakes.environment.clock.now();
        fakes.vault.destroy(&person(), now).await.unwrap();
        let erased = counters(&fakes).state(&one()).await.unwrap();
        assert_eq!((erased.state.total, erased.state.last_note.as_deref()), (4, None));
    });
}
