//! The event of the seller message, compared with its golden file. The message is no attendance.

use super::command::CallCommand;
use super::event::CallEvent;
use super::test_support::{and, check as check_call, up_to_answer};
use super::{SellerMessageFact, TurnFact};
use crate::record::golden_support::check;
use values::seller::Seller;

fn told() -> SellerMessageFact {
    SellerMessageFact {
        leg: 1,
        seller: Seller {
            name: "Example Bank".to_owned(),
            number: "+12025550100".to_owned(),
        },
        text: "Hello. This was a call from Example Bank.".to_owned(),
        begun_after_ms: 2_000,
        played_ms: 4_200,
        whole_ms: 9_800,
    }
}

#[test]
fn that_the_seller_was_named_is_written_as_its_golden_file() {
    check("call", CallEvent::SellerMessagePlayed(told()));
}

#[test]
fn a_seller_is_named_to_who_answered_also_once_the_end_is_asked_for() {
    let tell = || CallCommand::NoteTurn(TurnFact::SellerMessagePlayed(told()));
    let dropped = CallEvent::HangupRequested {
        leg: 1,
        reason: super::event::EndReason::NoAgent,
    };
    check_call(
        &and(up_to_answer(), dropped),
        tell(),
        Ok(vec![CallEvent::SellerMessagePlayed(told())]),
    );
}
