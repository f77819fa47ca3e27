//! Refusals of drafts as problems with a code of their own, where somebody can do something about it.

use actors::AskError;
use domain::problem::Problem;
use domain::wording_draft::WordingDraftRefusal;

/// As whoever asked is told.
pub(super) fn told(error: AskError<WordingDraftRefusal>) -> Problem {
    let AskError::Refused(refusal) = &error else {
        return error.into();
    };
    let detail = refusal.to_string();
    match refusal {
        WordingDraftRefusal::OwnRequest => Problem::refused("draft-own-request", detail),
        WordingDraftRefusal::NotDrafted(_) => Problem::refused("draft-not-drafted", detail),
        WordingDraftRefusal::Decided(_) => Problem::refused("draft-decided", detail),
        WordingDraftRefusal::Unknown
        | WordingDraftRefusal::NoInstruction
        | WordingDraftRefusal::NoReason
        | WordingDraftRefusal::TooLong => error.into(),
    }
}
