//! Tests of the routing decider: the winner, and refused candidates.

use super::*;
use crate::record::sample_values::{campaign, customer};
use values::routing_score::CandidateKind;

fn candidate(id: &str, skill: u32) -> RoutingCandidate {
    RoutingCandidate {
        id: id.to_owned(),
        kind: CandidateKind::Agent,
        industries: vec!["retail".to_owned()],
        regions: Vec::new(),
        history: 500,
        skill,
        line_quality: 700,
    }
}

fn score(candidates: Vec<RoutingCandidate>, weights: Weights) -> RoutingCommand {
    RoutingCommand::Score {
        campaign: campaign(),
        person: customer(),
        customer: RoutingCustomer {
            rfm: 800,
            industry: Some("retail".to_owned()),
            region: Some("浙江".to_owned()),
        },
        candidates,
        weights,
    }
}

fn when(state: &RoutingState, command: RoutingCommand) -> Result<RoutingEvent, RoutingRefusal> {
    let context = Context {
        now: Timestamp::EPOCH,
    };
    let events = Routing::decide(state, command, context)?;
    assert_eq!(events.len(), 1);
    Ok(events.into_iter().next().unwrap())
}

#[test]
fn the_highest_wins_of_equals_the_first_and_the_weights_stand_beside_it() {
    let state = RoutingState::default();
    for (skills, wins) in [([700, 700, 300], "a"), ([700, 701, 300], "b"), ([0, 0, 1], "c")] {
        let pairs = ["a", "b", "c"].into_iter().zip(skills);
        let named = pairs.map(|(id, skill)| candidate(id, skill)).collect();
        let RoutingEvent::Scored {
            weights,
            candidates,
            chosen,
            ..
        } = when(&state, score(named, Weights::PRINTED)).unwrap();
        assert_eq!((chosen.as_str(), weights), (wins, Weights::PRINTED));
        let ids: Vec<&str> = candidates.iter().map(|one| one.candidate.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c"], "in the order in which they were named");
        assert!(candidates.iter().all(|one| one.industry_fits && !one.region_fits));
    }
}

#[test]
fn what_is_no_list_of_candidates_is_refused() {
    let state = RoutingState::default();
    let many = |count: usize| -> Vec<_> { (0..count).map(|nth| candidate(&nth.to_string(), 1)).collect() };
    let light = Weights {
        rfm: 399,
        ..Weights::PRINTED
    };
    let refused = |candidates, weights| when(&state, score(candidates, weights)).unwrap_err();
    assert_eq!(
        refused(Vec::new(), Weights::PRINTED),
        RoutingRefusal::NoCandidates
    );
    assert_eq!(
        refused(many(CANDIDATES_OF_A_CALL_MAX + 1), Weights::PRINTED),
        RoutingRefusal::TooMany
    );
    assert!(when(&state, score(many(CANDIDATES_OF_A_CALL_MAX), Weights::PRINTED)).is_ok());
    for id in ["", "a b", "张三"] {
        assert_eq!(
            refused(vec![candidate(id, 1)], Weights::PRINTED),
            RoutingRefusal::Id
        );
    }
    let twice = vec![candidate("a", 1), candidate("a", 2)];
    assert_eq!(
        refused(twice, Weights::PRINTED),
        RoutingRefusal::Twice("a".to_owned())
    );
    assert!(matches!(refused(many(1), light), RoutingRefusal::Weights(_)));
}

#[test]
fn a_call_is_scored_again_so_often_and_no_more() {
    let mut state = RoutingState::default();
    let once = || score(vec![candidate("a", 1)], Weights::PRINTED);
    for _ in 0..SCORINGS_MAX {
        let event = when(&state, once()).unwrap();
        Routing::evolve(&mut state, &event, Timestamp::EPOCH);
    }
    assert_eq!(state.scorings().len(), SCORINGS_MAX);
    assert_eq!(when(&state, once()), Err(RoutingRefusal::Full));
}
