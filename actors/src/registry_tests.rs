//! The registry alone: which entities are lent, hosted, removed.

use crate::entity::{Entity, EntityState};
use crate::hosting::{EntityRuntime, Hosting};
use crate::inline_execution::InlineRequest;
use crate::lifespan::{FRESH_MS, Lifespan};
use crate::mailbox::Mailbox;
use crate::registry::{Generation, Registry, ReserveError, ServeLocation};
use crate::testing::counter::{Counter, CounterCommand, cause, living};
use crate::testing::{Fakes, on_one_thread};
use domain::decider::Decider as _;
use domain::time::Timestamp;
use std::sync::Arc;

const LIFESPAN: Lifespan = Lifespan {
    idle_ms: 15_000,
    settled_ms: 5_000,
    crowd_min: 9,
    live_max: 1,
};

/// A lifespan in which no entity leaves by time alone and four are a crowd.
const FOUR_ARE_A_CROWD: Lifespan = Lifespan {
    idle_ms: 60_000,
    settled_ms: 60_000,
    crowd_min: 4,
    live_max: 99,
};

type CounterRead = InlineRequest<Counter, EntityState<Counter>>;

/// Reserves for a read. The flag is true if the entity was resting.
fn reserve(
    registry: &Registry<Counter>,
    fakes: &Fakes,
    id: &str,
) -> Result<(ServeLocation<Counter, CounterRead>, bool), ReserveError> {
    let hosting = Hosting::start(EntityRuntime::Local, &fakes.environment.tasks);
    let mut has_rested = false;
    let begin = |resting: Option<Box<Entity<Counter>>>| {
        has_rested = resting.is_some();
        let environment = Arc::new(fakes.environment.clone());
        let new_entity = || Box::new(Entity::new(id.to_owned(), &environment, Counter::decide));
        let mut entity = resting.unwrap_or_else(new_entity);
        Arc::new(InlineRequest::new(Box::pin(async move {
            let loaded = entity.read().await;
            (entity, loaded)
        })))
    };
    let host = || Mailbox::new(hosting.host());
    let reserved = registry.reserve(&id.to_owned(), Timestamp::EPOCH, begin, host)?;
    Ok((reserved, has_rested))
}

/// Reserves an entity that no other caller has.
fn lend(registry: &Registry<Counter>, fakes: &Fakes, id: &str) -> (Arc<CounterRead>, Generation, bool) {
    match reserve(registry, fakes, id) {
        Ok((ServeLocation::Here(serving, generation), has_rested)) => (serving, generation, has_rested),
        Ok((ServeLocation::There(..), _)) => panic!("{id} has a host"),
        Err(error) => panic!("{id} cannot be lent: {error:?}"),
    }
}

fn is_hosted(registry: &Registry<Counter>, fakes: &Fakes, id: &str) -> bool {
    matches!(
        reserve(registry, fakes, id),
        Ok((ServeLocation::There(..), false))
    )
}

#[test]
fn an_entity_is_lent_to_its_asker_and_rests_between_two_requests() {
    on_one_thread(async {
        let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
        let id = "one".to_owned();
        for turn in 0..3 {
            let (serving, generation, has_rested) = lend(&registry, &fakes, "one");
            assert_eq!(has_rested, turn > 0);
            assert!(serving.answered().await.unwrap().is_ok());
            registry.give_back(&id, generation, &*serving);
            assert_eq!(registry.live_count(), 1);
        }
    });
}

#[test]
fn a_second_asker_gets_a_host_to_which_the_first_request_moves() {
    on_one_thread(async {
        let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
        let (first, generation, _) = lend(&registry, &fakes, "one");
        assert!(is_hosted(&registry, &fakes, "one"));
        assert!(first.answered().await.unwrap().is_ok());
        // The first caller has nothing to give back: the host has the entity, or will have it.
        registry.give_back(&"one".to_owned(), generation, &*first);
        assert!(is_hosted(&registry, &fakes, "one"));
        assert_eq!(registry.live_count(), 1);
    });
}

#[test]
fn what_an_asker_left_gets_a_host_and_what_was_given_back_does_not() {
    on_one_thread(async {
        let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
        let (id, hosting) = (
            "one".to_owned(),
            Hosting::start(EntityRuntime::Local, &fakes.environment.tasks),
        );
        let (serving, generation, _) = lend(&registry, &fakes, "one");
        serving.answered().await;
        registry.give_back(&id, generation, &*serving);
        registry.leave(&id, generation, || Mailbox::new(hosting.host()));
        let (_, generation, has_rested) = lend(&registry, &fakes, "one");
        assert!(has_rested, "it was not hosted");
        registry.leave(&id, generation, || Mailbox::new(hosting.host()));
        assert!(is_hosted(&registry, &fakes, "one"));
    });
}

#[test]
fn what_is_lent_counts_against_the_room_and_what_rests_makes_it() {
    on_one_thread(async {
        let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
        let (serving, generation, _) = lend(&registry, &fakes, "one");
        let refused = reserve(&registry, &fakes, "other").err();
        assert_eq!(refused, Some(ReserveError::Busy));
        registry.passivate(Timestamp::EPOCH.plus_ms(LIFESPAN.idle_ms));
        assert_eq!(registry.live_count(), 1, "what is lent is not idle");
        serving.answered().await;
        registry.give_back(&"one".to_owned(), generation, &*serving);
        lend(&registry, &fakes, "other");
        assert_eq!(registry.live_count(), 1);
    });
}

#[test]
fn a_late_report_of_a_death_ends_no_later_life() {
    on_one_thread(async {
        let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
        let (id, now) = ("one".to_owned(), Timestamp::EPOCH);
        let (_, first, _) = lend(&registry, &fakes, "one");
        registry.bury(&id, first, now);
        assert_eq!(registry.live_count(), 0);
        let (late, second, has_rested) = lend(&registry, &fakes, "one");
        assert!(!has_rested && first != second);
        registry.bury(&id, first, now);
        assert_eq!(registry.live_count(), 1);
        // An entity of an earlier life is not taken back either.
        late.answered().await;
        registry.give_back(&id, first, &*late);
        assert!(is_hosted(&registry, &fakes, "one"), "it is lent still");
    });
}

#[test]
fn of_a_crowd_those_leave_that_are_settled_and_not_fresh() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = living(&fakes, FOUR_ARE_A_CROWD);
        let ask = async |id: &str, amount| {
            let id = id.to_owned();
            let asked = entities.ask(&id, CounterCommand::Add(amount), cause(&id));
            asked.await.unwrap();
            entities.live_count()
        };
        // A counter with an odd total has work in progress.
        assert_eq!(ask("settled", 2).await, 1);
        assert_eq!(ask("under way", 1).await, 2);
        fakes.clock.advance_ms(FRESH_MS);
        assert_eq!(ask("fresh", 2).await, 3);
        assert_eq!(ask("fresh too", 2).await, 4);
        assert_eq!(ask("fifth", 2).await, 4, "one that was settled left");
        // Three of four cannot leave yet: the next look is at twice as many.
        fakes.clock.advance_ms(FRESH_MS);
        assert_eq!(ask("sixth", 2).await, 5);
        assert_eq!(ask("seventh", 2).await, 6);
        assert_eq!(
            ask("eighth", 2).await,
            4,
            "one under way and three that are fresh"
        );
    });
}

#[test]
fn a_crowd_that_comes_at_once_does_not_stay() {
    on_one_thread(async {
        let fakes = Fakes::new();
        let entities = living(&fakes, FOUR_ARE_A_CROWD);
        for nth in 0..40 {
            let id = format!("{nth}");
            // Every tenth is odd, so it has work in progress.
            let amount = if nth % 10 == 0 { 1 } else { 2 };
            let asked = entities.ask(&id, CounterCommand::Add(amount), cause(&id));
            asked.await.unwrap();
            let live = entities.live_count();
            // The next look is at twice the four with work in progress and fewer than a crowd of others.
            assert!(live <= 2 * (4 + 3), "{live} live after {nth}");
        }
    });
}
