//! The events of a chosen offer and model, compared with their golden files. Each is chosen once, before
//! anything is said.

use super::command::CallCommand;
use super::event::CallEvent;
use super::test_support::{and, check as check_call, up_to_answer};
use super::{CallRefusal, SilenceFact, TurnFact};
use crate::attribute::TagLevel;
use crate::offering::{
    KnownTag, ModelChosenFact, ModelReason, OfferAnswer, OfferCandidate, OfferChosenFact, OfferReason,
};
use crate::personal::Personal;
use crate::record::golden_support::{at, check};
use std::collections::BTreeMap;

fn offer() -> OfferChosenFact {
    OfferChosenFact {
        offer: "premium".to_owned(),
        reason: OfferReason::HighestScore,
        candidates: vec![
            OfferCandidate {
                offer: "premium".to_owned(),
                answer: OfferAnswer::Holds,
                by: vec!["balance".to_owned(), "tag".to_owned()],
                missing: vec!["balance".to_owned()],
                score: Some(90),
                scored_by: vec![1],
            },
            OfferCandidate {
                offer: "standard".to_owned(),
                answer: OfferAnswer::Holds,
                by: Vec::new(),
                missing: Vec::new(),
                score: Some(0),
                scored_by: Vec::new(),
            },
        ],
        as_of: at(),
        known: BTreeMap::from([("orders_count".to_owned(), Personal::open("3".to_owned()))]),
        tags: vec![KnownTag {
            level: TagLevel::Business,
            tag: Personal::open("高净值".to_owned()),
        }],
    }
}

fn model() -> ModelChosenFact {
    ModelChosenFact {
        model: serde_json::from_value(serde_json::json!({
            "model": "zh_outbound", "version": 2, "digest": "a".repeat(64),
        }))
        .unwrap(),
        reason: ModelReason::Tier,
        tier: Some(0),
        by: Some("rfm_grade".to_owned()),
    }
}

#[test]
fn what_was_chosen_is_written_as_its_golden_file() {
    check("call", CallEvent::OfferChosen(Box::new(offer())));
    check("call", CallEvent::ModelChosen(model()));
}

#[test]
fn they_are_chosen_once_and_before_anything_is_said() {
    let offered = || TurnFact::OfferChosen(Box::new(offer()));
    let modelled = || TurnFact::ModelChosen(model());
    let silence = || {
        TurnFact::SilenceTimedOut(SilenceFact {
            node: "greeting".to_owned(),
            silence_ms: 3_000,
        })
    };
    let note = |fact| CallCommand::NoteTurn(fact);
    let answered = up_to_answer();
    check_call(&answered, note(offered()), Ok(vec![offered().into()]));
    let with_offer = and(answered.clone(), offered().into());
    check_call(&with_offer, note(modelled()), Ok(vec![modelled().into()]));
    check_call(&with_offer, note(offered()), Err(CallRefusal::ChosenTooLate));
    let with_both = and(with_offer, modelled().into());
    check_call(&with_both, note(modelled()), Err(CallRefusal::ChosenTooLate));
    let talked = and(answered, silence().into());
    check_call(&talked, note(offered()), Err(CallRefusal::ChosenTooLate));
    check_call(&talked, note(modelled()), Err(CallRefusal::ChosenTooLate));
    check_call(&[], note(offered()), Err(CallRefusal::NotPermitted));
}
