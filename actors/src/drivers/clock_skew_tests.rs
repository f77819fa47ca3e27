//! No dial is granted while the clock is off by more than two seconds; dialing resumes when it is right
//! again.

use crate::testing::line::{FakeLine, ringing};
use crate::testing::on_one_thread;
use crate::testing::settle;
use crate::testing::test_system::{TestSystem, count, no_flow};
use domain::installation::{ClockDoubt, ClockDoubtCause, ClockOffset};
use std::sync::Arc;

/// Moves of the clock within which a campaign would long have dialed.
const WATCHED_MOVES: usize = 20;

fn measure(world: &TestSystem, offset_ms: i64) {
    let offset = ClockOffset {
        offset_ms,
        round_trip_ms: 1,
        source: "ntp:127.0.0.1:123".to_owned(),
        uncertainty_ms: 1,
    };
    let environment = &world.fakes.environment;
    environment.skew.measured(offset, environment.clock.now());
}

const fn wall_moved() -> ClockDoubt {
    ClockDoubt {
        cause: ClockDoubtCause::WallMoved,
        apart_ms: 21_600_000,
    }
}

async fn let_time_pass(world: &TestSystem) {
    for _ in 0..WATCHED_MOVES {
        settle().await;
        world.fakes.clock.advance_to_next();
    }
}

/// Grants of a campaign that begins under this clock offset, and grants after the clock was corrected.
fn grants_under(offset_ms: i64) -> (usize, usize) {
    on_one_thread(async {
        let world = TestSystem::new(vec![FakeLine::new("ringing", Box::new(|_| vec![ringing()]))]);
        measure(&world, offset_ms);
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 1, no_flow()).await;
        let_time_pass(&world).await;
        let before = count(&world.fakes.store.kinds(), "customer.dial_granted");
        measure(&world, 0);
        let_time_pass(&world).await;
        (before, count(&world.fakes.store.kinds(), "customer.dial_granted"))
    })
}

#[test]
fn two_seconds_off_dials_and_a_millisecond_more_in_either_direction_does_not() {
    for offset_ms in [2_000, -2_000] {
        assert!(grants_under(offset_ms).0 > 0, "{offset_ms}");
    }
    for offset_ms in [2_001, -2_001] {
        let (under, after) = grants_under(offset_ms);
        assert_eq!(under, 0, "{offset_ms}");
        assert!(after > 0, "dialing goes on when the clock is right again");
    }
}

#[test]
fn a_doubt_that_comes_between_the_leave_and_the_dial_prevents_the_dial_too() {
    for kind in [
        "campaign.dials_granted",
        "customer.dial_granted",
        "number.dial_granted",
        "call.permitted",
    ] {
        on_one_thread(async {
            let line = FakeLine::new("ringing", Box::new(|_| vec![ringing()]));
            let world = TestSystem::new(vec![Arc::clone(&line)]);
            let skew = Arc::clone(&world.fakes.environment.skew);
            let doubted = Arc::clone(&skew);
            world
                .fakes
                .store
                .run_when_stored(kind, move || doubted.doubt(wall_moved()));
            let _drivers = world.start_drivers().await;
            world.run_campaign(1, 1, no_flow()).await;
            let_time_pass(&world).await;
            assert_eq!(line.dialed_count(), 0, "doubted at {kind}");
            let given_back = world.count("customer.dial_released");
            assert_eq!(
                given_back,
                world.count("customer.dial_granted"),
                "doubted at {kind}"
            );
            skew.believe();
            world.until("a dial", |log| count(log, "call.dialing") > 0).await;
        });
    }
}

#[test]
fn a_doubted_wall_clock_stops_dialing_until_it_is_believed_again() {
    on_one_thread(async {
        let world = TestSystem::new(vec![FakeLine::new("ringing", Box::new(|_| vec![ringing()]))]);
        let skew = &world.fakes.environment.skew;
        skew.doubt(wall_moved());
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 1, no_flow()).await;
        let_time_pass(&world).await;
        assert_eq!(count(&world.fakes.store.kinds(), "customer.dial_granted"), 0);
        skew.believe();
        let_time_pass(&world).await;
        assert!(count(&world.fakes.store.kinds(), "customer.dial_granted") > 0);
    });
}
