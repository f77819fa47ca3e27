//! Decides the commands of a wording draft: it is asked for once, written once and decided once by a user.

use super::command::{DraftAdoption, DraftGenerationRequest, WordingDraftCommand};
use super::event::WordingDraftEvent;
use super::refusal::WordingDraftRefusal;
use super::state::{DraftOutcome, DraftReview, DraftStatus, RequestedDraft, WordingDraftState};
use super::{INSTRUCTION_BYTES_MAX, PROMPT_BYTES_MAX, REASON_BYTES_MAX};
use values::ids::UserId;

type DecideResult = Result<Vec<WordingDraftEvent>, WordingDraftRefusal>;

pub(super) fn decide(state: &WordingDraftState, command: WordingDraftCommand) -> DecideResult {
    match command {
        WordingDraftCommand::Ask(asking) => ask(state, *asking),
        WordingDraftCommand::Keep { text, cost } => written(state, WordingDraftEvent::Drafted { text, cost }),
        WordingDraftCommand::Fail { no_draft, cost } => {
            let failed = WordingDraftEvent::Failed {
                failure: no_draft.failure.name().to_owned(),
                detail: no_draft.detail,
                output: no_draft.output,
                cost,
            };
            written(state, failed)
        }
        WordingDraftCommand::Adopt(adopting) => adopt(state, *adopting),
        WordingDraftCommand::Reject { by, reason } => reject(state, by, reason),
    }
}

fn ask(state: &WordingDraftState, asking: DraftGenerationRequest) -> DecideResult {
    if state.asked().is_some() {
        return Ok(Vec::new());
    }
    let DraftGenerationRequest { task, by, sent } = asking;
    if task.instruction.trim().is_empty() {
        return Err(WordingDraftRefusal::NoInstruction);
    }
    if task.instruction.len() > INSTRUCTION_BYTES_MAX || sent.prompt.len() > PROMPT_BYTES_MAX {
        return Err(WordingDraftRefusal::TooLong);
    }
    Ok(vec![WordingDraftEvent::Asked {
        task: Box::new(task),
        asked_by: by,
        model: sent.model,
        prompt: sent.prompt,
        prompt_sha256: sent.prompt_sha256,
    }])
}

/// Stores the first result of the request. No event for later results, so that a written text is never
/// replaced; refused for an unknown draft.
fn written(state: &WordingDraftState, event: WordingDraftEvent) -> DecideResult {
    state.asked().ok_or(WordingDraftRefusal::Unknown)?;
    if state.outcome().is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![event])
}

fn adopt(state: &WordingDraftState, adopting: DraftAdoption) -> DecideResult {
    let asked = drafted(state)?;
    let DraftAdoption {
        by,
        exemption,
        from_version,
        content_hash,
    } = adopting;
    match state.decided() {
        Some(DraftReview::Adopted(adopted)) if adopted.content_hash == content_hash => {
            return Ok(Vec::new());
        }
        Some(DraftReview::Adopted(_)) => {
            return Err(WordingDraftRefusal::Decided(DraftStatus::Adopted));
        }
        Some(DraftReview::Rejected(_)) => {
            return Err(WordingDraftRefusal::Decided(DraftStatus::Rejected));
        }
        None => {}
    }
    let is_own = by.is_none() || by == asked.by;
    if is_own && exemption.is_none() {
        return Err(WordingDraftRefusal::OwnRequest);
    }
    Ok(vec![WordingDraftEvent::Adopted {
        from_version,
        content_hash,
        adopted_by: by,
        nobody: exemption.filter(|_| is_own),
    }])
}

/// Rejects the draft; the user who asked for it may do so too. No event if it was rejected before. Refused
/// without a reason, without a text, and if it was adopted.
fn reject(state: &WordingDraftState, by: Option<UserId>, reason: String) -> DecideResult {
    drafted(state)?;
    if reason.trim().is_empty() {
        return Err(WordingDraftRefusal::NoReason);
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(WordingDraftRefusal::TooLong);
    }
    match state.decided() {
        Some(DraftReview::Rejected(_)) => Ok(Vec::new()),
        Some(DraftReview::Adopted(_)) => Err(WordingDraftRefusal::Decided(DraftStatus::Adopted)),
        None => Ok(vec![WordingDraftEvent::Rejected {
            rejected_by: by,
            reason,
        }]),
    }
}

/// Returns the request of a draft that has a text; refused if it has none.
fn drafted(state: &WordingDraftState) -> Result<&RequestedDraft, WordingDraftRefusal> {
    let asked = state.asked().ok_or(WordingDraftRefusal::Unknown)?;
    match state.outcome() {
        Some(DraftOutcome::Drafted { .. }) => Ok(asked),
        Some(DraftOutcome::Failed { .. }) => Err(WordingDraftRefusal::NotDrafted(DraftStatus::Failed)),
        None => Err(WordingDraftRefusal::NotDrafted(DraftStatus::Asked)),
    }
}
