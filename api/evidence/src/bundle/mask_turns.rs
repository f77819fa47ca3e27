//! Masks the spoken turns of a call: confidence and path stay, the words do not.

use domain::call::event::CallEvent;
use domain::call::{HeardFact, SellerMessageFact, SensitiveWordFact, UnderstandingFact};
use domain::personal::Personal;
use domain::seller::Seller;
use domain::spoken_turn::{EncoderShare, SpokenReading};

/// Replaces the names of recognizers and models.
const ENGINE: &str = "engine-1";

pub(super) fn mask_heard_words(fact: &HeardFact) -> HeardFact {
    let HeardFact {
        leg,
        node,
        text: _,
        confidence_permille,
        engine: _,
        begins_ms,
        ends_ms,
    } = fact;
    HeardFact {
        leg: *leg,
        node: node.clone(),
        text: Personal::Erased { hash: None },
        confidence_permille: *confidence_permille,
        engine: ENGINE.to_owned(),
        begins_ms: *begins_ms,
        ends_ms: *ends_ms,
    }
}

/// Returns the fact about an understood utterance without its slot values. The intents stay: they belong to
/// the flow, which the bundle contains.
pub(super) fn mask_meaning(fact: &UnderstandingFact) -> UnderstandingFact {
    let UnderstandingFact {
        node,
        intent,
        reading,
        slots,
        interest,
        opt_out,
        model,
        emotion,
        encoder,
    } = fact;
    let SpokenReading {
        certainty,
        read_by,
        candidates,
        accept_permille,
        confirm_permille,
        knowledge,
        picked,
    } = reading;
    let erased = |name: &String| (name.clone(), Personal::Erased { hash: None });
    UnderstandingFact {
        node: node.clone(),
        intent: intent.clone(),
        reading: SpokenReading {
            certainty: *certainty,
            read_by: *read_by,
            candidates: candidates.clone(),
            accept_permille: *accept_permille,
            confirm_permille: *confirm_permille,
            // Ids of approved answers and intents; they are not words of the callee.
            knowledge: knowledge.clone(),
            picked: picked.clone(),
        },
        slots: slots.keys().map(erased).collect(),
        interest: interest.clone(),
        opt_out: *opt_out,
        model: model.as_ref().map(|_| ENGINE.to_owned()),
        emotion: emotion.clone(),
        encoder: encoder.as_deref().map(|share| {
            Box::new(EncoderShare {
                model: ENGINE.to_owned(),
                ..share.clone()
            })
        }),
    }
}

pub(super) fn mask_sensitive_word(fact: &SensitiveWordFact) -> SensitiveWordFact {
    let SensitiveWordFact {
        leg,
        node,
        list: _,
        word: _,
    } = fact;
    SensitiveWordFact {
        leg: *leg,
        node: node.clone(),
        list: "list-1".to_owned(),
        word: Personal::Erased { hash: None },
    }
}

/// Returns the event that the seller's message was played, with replacements: the seller's name and number
/// would identify the institution.
pub(super) fn mask_seller(fact: &SellerMessageFact) -> CallEvent {
    CallEvent::SellerMessagePlayed(SellerMessageFact {
        seller: Seller {
            name: "masked".to_owned(),
            number: "+12025550100".to_owned(),
        },
        text: "masked".to_owned(),
        ..fact.clone()
    })
}
