//! Replays a call step by step: what was heard, understood, decided and said, with scores, with its own flow
//! version and with another. What was understood is on record, so the replay needs no recognizer, no model
//! and no network.

mod course;
mod coverage;
mod played_words;
mod refusals;
mod replay_inputs;
mod response;
mod steps;
mod texts;
mod variants;
mod version_comparison;
mod what_if;

#[cfg(test)]
mod tests;

pub use coverage::{COVERED_CALLS_MAX, CoverageResponse, coverage};
pub use refusals::{MINED_CALLS_MAX, RefusalReasonResponse, RefusalsResponse, refusals};
pub use replay_inputs::{Conversation, conversation, of_bundle};
pub use response::{
    CalleeWordsForm, FlowDecisionResponse, HeardSpeechResponse, IntentCandidateResponse, PlayedTextResponse,
    ReplayResponse, ReplayStepResponse, ReplayUnderstandingResponse,
};
pub use texts::Texts;
pub use variants::{VariantArmResponse, VariantVerdict, VariantsResponse, VariedText, variants};
pub use version_comparison::{ComparisonVersion, ReplayDifference, ReplaySide};
pub use what_if::{Examples, Parting, WHAT_IF_CALLS_MAX, WhatIfResponse, what_if};

use course::Course;
use domain::problem::Problem;

/// Replays a conversation with the flow version that it ran and, if `against` is given, with another
/// version or model. `words`: the form in which the callee's words are shown.
pub fn replay(
    conversation: &Conversation,
    against: Option<&ComparisonVersion<'_>>,
    words: CalleeWordsForm,
) -> Result<ReplayResponse, Problem> {
    let course = Course::of(conversation);
    let steps = steps::build_steps(conversation, &course, words);
    let mut differences = course.differences(conversation, &steps);
    let agrees = differences.is_empty();
    if let Some(against) = against {
        differences.extend(version_comparison::run(conversation, &course, against).differences());
    }
    Ok(ReplayResponse {
        call: conversation.call,
        flow: conversation.named(),
        against: against.map(|against| against.name.clone()),
        agrees,
        steps: steps.shown,
        differences,
        outcome: conversation.outcome(),
        clear: words == CalleeWordsForm::Clear,
    })
}
