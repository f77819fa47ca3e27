//! Tests of the routing weights decider: one version per change, the sum, and a reason.

use super::*;

const MATCHED: Weights = Weights {
    version: 0,
    rfm: 300,
    robot_match: 400,
    agent_skill: 200,
    line_quality: 100,
};

fn when(
    state: &mut RoutingWeightsState,
    to: Weights,
    reason: &str,
) -> Result<Vec<RoutingWeightsEvent>, RoutingWeightsRefusal> {
    let reason = reason.to_owned();
    let context = Context {
        now: Timestamp::EPOCH,
    };
    let events = RoutingWeights::decide(state, RoutingWeightsCommand::Change { to, reason }, context)?;
    for event in &events {
        RoutingWeights::evolve(state, event, Timestamp::EPOCH);
    }
    Ok(events)
}

fn changed(before: Weights, after: Weights) -> RoutingWeightsEvent {
    RoutingWeightsEvent::Changed {
        before,
        after,
        reason: "matches count more".to_owned(),
    }
}

#[test]
fn weights_are_those_printed_until_a_change_which_is_the_next_version() {
    let mut state = RoutingWeightsState::default();
    assert_eq!(state.weights(), Weights::PRINTED);
    let second = Weights {
        version: 2,
        ..MATCHED
    };
    let why = "matches count more";
    assert_eq!(
        when(&mut state, MATCHED, why),
        Ok(vec![changed(Weights::PRINTED, second)])
    );
    assert_eq!(when(&mut state, MATCHED, why), Ok(vec![]), "so already");
    let third = Weights {
        version: 3,
        ..Weights::PRINTED
    };
    assert_eq!(
        when(&mut state, Weights::PRINTED, why),
        Ok(vec![changed(second, third)]),
        "back is a version too"
    );
    assert_eq!(state.weights(), third);
}

#[test]
fn weights_add_up_to_the_whole_and_a_change_has_a_reason() {
    let mut state = RoutingWeightsState::default();
    for rfm in [299, 301, u32::MAX] {
        let refused = when(&mut state, Weights { rfm, ..MATCHED }, "why");
        assert!(
            matches!(refused, Err(RoutingWeightsRefusal::Weights(_))),
            "{rfm}: {refused:?}"
        );
    }
    assert_eq!(
        when(&mut state, MATCHED, " "),
        Err(RoutingWeightsRefusal::NoReason)
    );
    let long = "x".repeat(REASON_BYTES_MAX + 1);
    assert_eq!(
        when(&mut state, MATCHED, &long),
        Err(RoutingWeightsRefusal::TooLong)
    );
    assert!(when(&mut state, MATCHED, &"x".repeat(REASON_BYTES_MAX)).is_ok());
}
