//! What evaluations on synthetic voices say, for people and for programs.

use crate::kit::failure::Failure;
use crate::kit::output;
use serde::Serialize;
use speech::evaluation::emotion::{EmotionEvaluation, evaluated};

/// What is said where there are no voices.
pub(super) const NO_ESPEAK: &str = "espeak-ng is not installed, or does not speak: apt-get install espeak-ng";

pub(super) fn emotion(json: bool) -> Result<(), Failure> {
    let Some(found) = evaluated() else {
        return Err(Failure::unavailable(NO_ESPEAK.to_owned()));
    };
    if json {
        as_json(&found)?;
    } else {
        in_words(&found)?;
    }
    if found.holds() {
        return Ok(());
    }
    Err(Failure::found(
        "the measure does not keep what it promises".to_owned(),
    ))
}

pub(super) fn as_json(value: &impl Serialize) -> Result<(), Failure> {
    let value = serde_json::to_value(value).map_err(|error| Failure::fault(error.to_string()))?;
    output::json(&value)
}

fn in_words(found: &EmotionEvaluation) -> Result<(), Failure> {
    for axis in &found.axes {
        let steps: Vec<String> = axis
            .steps
            .iter()
            .map(|step| format!("{} → {}", step.value, step.score_permille_mean))
            .collect();
        let kept = if axis.is_monotone {
            "单调 monotone"
        } else {
            "不单调 NOT monotone"
        };
        output::line(&format!("{}: {} ({kept})", axis.axis, steps.join(", ")))?;
    }
    output::line(&format!(
        "平静话语误判 calm called raised: {} / {}; 激动话语判出 excited called raised: {:.3} / {}; \
         合成音 synthetic voices",
        found.false_raised_count, found.calm_count, found.raised_ratio, found.excited_count
    ))
}
