//! Refusals of drafts as problems; those that a user can act on have a code of their own.

use actors::AskError;
use domain::problem::Problem;
use domain::wording_draft::WordingDraftRefusal;

/// Returns the problem for an error of a wording draft.
pub(super) fn draft_problem(error: AskError<WordingDraftRefusal>) -> Problem {
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
