//! Replays spoken turns. The recorded meaning comes with the words, so no recognizer is needed. A slot with
//! an unreadable value gets one that leads where the call went.

use crate::bundle::recorded_path::{RecordedStep, RecordedUtterance};
use crate::bundle::walk::{WalkState, words};
use crate::bundle::walk_decide::bounds_of;
use domain::flow::{FlowDefinition, FlowInput, FlowRun, UnderstandingResult};
use std::collections::BTreeMap;

/// Value for a slot for which the flow has no options or conditions.
const ANY: &str = "1";

/// Most values tried for a slot with an unreadable value.
const VALUES_TRIED_MAX: usize = 20;

/// Gives one recorded input to the flow and returns the state afterwards. Fails, with what the flow does
/// instead, if it does not lead to the recorded step.
pub(super) fn apply_recorded_input(
    run: &FlowRun,
    input: FlowInput<'_>,
    rest: &[RecordedStep],
) -> Result<WalkState, String> {
    let step = WalkState::after(run, &[input]);
    if step.explains(rest) {
        Ok(step)
    } else {
        Err(words(&step.entered))
    }
}

/// Gives an utterance to the flow and returns the state afterwards with the slots that were filled. Tries
/// values for slots that cannot be read. Fails if none leads to the recorded step.
pub(super) fn apply_utterance(
    run: &FlowRun,
    flow: &FlowDefinition,
    spoken: &RecordedUtterance,
    rest: &[RecordedStep],
) -> Result<(WalkState, BTreeMap<String, String>), String> {
    let tries = if spoken.unread.is_empty() {
        1
    } else {
        VALUES_TRIED_MAX
    };
    let mut instead = None;
    for place in 0..tries {
        let mut slots = spoken.understood.slots.clone();
        for name in &spoken.unread {
            slots.insert(name.clone(), value_of(flow, name, place));
        }
        let understood = UnderstandingResult {
            slots: slots.clone(),
            ..spoken.understood.clone()
        };
        match apply_recorded_input(run, FlowInput::Spoken(&understood), rest) {
            Ok(step) => return Ok((step, slots)),
            Err(other) => {
                instead.get_or_insert(other);
            }
        }
    }
    Err(instead.unwrap_or_else(|| "listens".to_owned()))
}

/// Returns the value number `place` to try for a slot: its options in turn, then one that it does not
/// accept; without options: `ANY`, then the bounds of the flow's decisions, then numbers.
fn value_of(flow: &FlowDefinition, name: &str, place: usize) -> String {
    let options = flow.dialogue().slots.get(name).map(|slot| &slot.options);
    let options = options.filter(|options| !options.is_empty());
    if let Some(options) = options {
        return options.get(place).map_or_else(String::new, Clone::clone);
    }
    let Some(place) = place.checked_sub(1) else {
        return ANY.to_owned();
    };
    let bounds = bounds_of(flow, name);
    match bounds.get(place) {
        Some(value) => value.clone(),
        None => (place - bounds.len() + 2).to_string(),
    }
}
