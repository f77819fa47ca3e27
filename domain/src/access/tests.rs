//! Tests of the access decider: given events, when attempts are refused, then one event now or later.

use super::*;

#[test]
fn one_event_a_minute_however_many_attempts() {
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let command = || AccessCommand::Refuse {
        facts: RefusedFacts {
            count: 7,
            since: now,
            route: "GET /api/v1/campaigns".to_owned(),
            code: "key-unknown".to_owned(),
        },
    };
    let mut state = AccessState::default();
    let first = Access::decide(&state, command(), Context { now }).unwrap();
    Access::evolve(&mut state, &first[0], now);
    let again_at = now.plus_ms(RECORDED_EVERY_MS);
    let soon = Context {
        now: now.plus_ms(RECORDED_EVERY_MS - 1),
    };
    let too_soon = AccessRefusal::TooSoon { again_at };
    assert_eq!(Access::decide(&state, command(), soon), Err(too_soon));
    assert!(Access::decide(&state, command(), Context { now: again_at }).is_ok());
}
