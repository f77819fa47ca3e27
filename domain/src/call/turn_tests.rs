//! Facts of a turn in the call decider: an offer and a model are chosen once and before the conversation, and
//! the seller message is recorded also after the end was requested.

use super::command::CallCommand;
use super::event::{CallEvent, EndReason};
use super::test_support::{and, check, start, up_to_answer};
use super::{CallRefusal, SellerMessageFact, SilenceFact, TurnFact};
use crate::offering::{ModelChosenFact, ModelReason, OfferChosenFact, OfferReason};
use std::collections::BTreeMap;
use values::seller::Seller;

fn offer_chosen() -> TurnFact {
    TurnFact::OfferChosen(Box::new(OfferChosenFact {
        offer: "premium".to_owned(),
        reason: OfferReason::HighestScore,
        candidates: Vec::new(),
        as_of: start(),
        known: BTreeMap::new(),
        tags: Vec::new(),
    }))
}

fn model_chosen() -> TurnFact {
    TurnFact::ModelChosen(ModelChosenFact {
        model: None,
        reason: ModelReason::NoTier,
        tier: None,
        by: None,
    })
}

fn silence() -> TurnFact {
    TurnFact::SilenceTimedOut(SilenceFact {
        node: "greeting".to_owned(),
        silence_ms: 3_000,
    })
}

fn seller_message_played() -> TurnFact {
    TurnFact::SellerMessagePlayed(SellerMessageFact {
        leg: 1,
        seller: Seller {
            name: "Example Bank".to_owned(),
            number: "+12025550100".to_owned(),
        },
        text: "Hello. This was a call from Example Bank.".to_owned(),
        begun_after_ms: 2_000,
        played_ms: 4_200,
        whole_ms: 9_800,
    })
}

#[test]
fn offer_and_model_are_chosen_once_and_before_the_conversation() {
    let note = CallCommand::NoteTurn;
    let answered = up_to_answer();
    check(&answered, note(offer_chosen()), Ok(vec![offer_chosen().into()]));
    let with_offer = and(answered.clone(), offer_chosen().into());
    check(&with_offer, note(model_chosen()), Ok(vec![model_chosen().into()]));
    check(&with_offer, note(offer_chosen()), Err(CallRefusal::ChosenTooLate));
    let with_both = and(with_offer, model_chosen().into());
    check(&with_both, note(model_chosen()), Err(CallRefusal::ChosenTooLate));
    let begun = and(answered, silence().into());
    check(&begun, note(offer_chosen()), Err(CallRefusal::ChosenTooLate));
    check(&begun, note(model_chosen()), Err(CallRefusal::ChosenTooLate));
    check(&[], note(offer_chosen()), Err(CallRefusal::NotPermitted));
}

#[test]
fn the_seller_message_is_recorded_also_after_a_requested_hang_up() {
    let dropped = CallEvent::HangupRequested {
        leg: 1,
        reason: EndReason::NoAgent,
    };
    check(
        &and(up_to_answer(), dropped),
        CallCommand::NoteTurn(seller_message_played()),
        Ok(vec![seller_message_played().into()]),
    );
}
