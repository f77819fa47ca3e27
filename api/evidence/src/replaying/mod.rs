//! Replays a call step by step: what was heard, understood, decided and said, with scores, with its own flow
//! version and with another. What was understood is on record, so the replay needs no recognizer, no model
//! and no network.

mod course;
mod coverage;
mod gathered;
mod other;
mod played;
mod refusals;
mod shown;
mod steps;
mod texts;
mod variants;
mod what_if;

#[cfg(test)]
mod tests;

pub use coverage::{COVERED_CALLS_MAX, CoverageShown, coverage};
pub use gathered::{Conversation, conversation, of_bundle};
pub use other::{Against, Difference, Side};
pub use refusals::{MINED_CALLS_MAX, ReasonShown, RefusalsShown, refusals};
pub use shown::{
    CandidateShown, DecidedShown, HeardShown, ReplayShown, SaidShown, StepShown, UnderstoodShown, Words,
};
pub use texts::Texts;
pub use variants::{ArmShown, VariantVerdict, VariantsShown, VariedText, variants};
pub use what_if::{Examples, Parting, WHAT_IF_CALLS_MAX, WhatIfShown, what_if};

use course::Course;
use domain::problem::Problem;

/// Replays a conversation with its own version and, if one is given, with another.
pub fn replay(
    conversation: &Conversation,
    against: Option<&Against<'_>>,
    words: Words,
) -> Result<ReplayShown, Problem> {
    let course = Course::of(conversation);
    let steps = steps::shown(conversation, &course, words);
    let mut differences = course.differences(conversation, &steps);
    let agrees = differences.is_empty();
    if let Some(against) = against {
        differences.extend(other::run(conversation, &course, against).differences());
    }
    Ok(ReplayShown {
        call: conversation.call,
        flow: conversation.named(),
        against: against.map(|against| against.name.clone()),
        agrees,
        steps: steps.shown,
        differences,
        outcome: conversation.outcome(),
        clear: words == Words::Clear,
    })
}
