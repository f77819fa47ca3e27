//! What strangers may see of a spoken turn: how sure it was and where it led, and not a word of it.

use domain::call::event::CallEvent;
use domain::call::{HeardFact, SellerMessageFact, SensitiveWordFact, UnderstoodFact};
use domain::personal::Personal;
use domain::seller::Seller;
use domain::spoken_turn::{EncoderShare, SpokenReading};

/// Stands for the recognizer and the model of an installation.
const ENGINE: &str = "engine-1";

pub(super) fn masked_words(fact: &HeardFact) -> HeardFact {
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

/// The intents are the flow's, which the bundle holds.
pub(super) fn masked_meaning(fact: &UnderstoodFact) -> UnderstoodFact {
    let UnderstoodFact {
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
    UnderstoodFact {
        node: node.clone(),
        intent: intent.clone(),
        reading: SpokenReading {
            certainty: *certainty,
            read_by: *read_by,
            candidates: candidates.clone(),
            accept_permille: *accept_permille,
            confirm_permille: *confirm_permille,
            // Ids of approved answers and intents: nobody said them.
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

pub(super) fn masked_word(fact: &SensitiveWordFact) -> SensitiveWordFact {
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

/// An institution by name and number is one a stranger would recognize.
pub(super) fn masked_seller(fact: &SellerMessageFact) -> CallEvent {
    CallEvent::SellerMessagePlayed(SellerMessageFact {
        seller: Seller {
            name: "masked".to_owned(),
            number: "+12025550100".to_owned(),
        },
        text: "masked".to_owned(),
        ..fact.clone()
    })
}
