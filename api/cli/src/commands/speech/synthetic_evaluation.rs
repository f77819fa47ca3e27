//! Prints evaluations on synthetic voices, for people and for programs.

use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use serde::Serialize;
use speech::evaluation::emotion::{EmotionEvaluation, evaluate_emotion};
use speech::evaluation::voices::{self, VoicesEvaluation};

/// Error text if there are no synthetic voices.
pub(super) const NO_ESPEAK: &str = "espeak-ng is not installed, or does not speak: apt-get install espeak-ng";

pub(super) fn emotion(json: bool) -> Result<(), Failure> {
    let Some(found) = evaluate_emotion() else {
        return Err(Failure::unavailable(NO_ESPEAK.to_owned()));
    };
    if json {
        print_json(&found)?;
    } else {
        in_words(&found)?;
    }
    if found.holds() {
        return Ok(());
    }
    Err(Failure::found(
        "the emotion measure is below its required quality".to_owned(),
    ))
}

pub(super) fn voices(json: bool) -> Result<(), Failure> {
    let Some(found) = voices::evaluate_voices() else {
        return Err(Failure::unavailable(format!("SKIPPED: {NO_ESPEAK}")));
    };
    if json {
        print_json(&found)?;
    } else {
        voices_in_words(&found)?;
    }
    if found.holds() {
        return Ok(());
    }
    Err(Failure::found(
        "the voiceprint is below its required quality".to_owned(),
    ))
}

fn voices_in_words(found: &VoicesEvaluation) -> Result<(), Failure> {
    output::line(&format_localized!(
        "等错误率：{:.3}（≤ {}），本人 {}，他人 {}，说话人 {}",
        "equal-error rate: {:.3} (≤ {}), genuine {}, impostor {}, speakers {}",
        found.equal_error_ratio,
        found.equal_error_ratio_max,
        found.genuine_count,
        found.impostor_count,
        found.speakers
    ))?;
    output::line(&format_localized!(
        "阈值 {}：误认 {}，误拒 {}；本人最远 {}，他人最近 {}；合成语音：仅作提示，不作身份认证",
        "threshold {}: false accepts {}, false rejects {}; genuine up to {}, impostor from {}; \
         synthetic voices: a hint, not an authentication",
        found.threshold_milli,
        found.false_alike_count,
        found.false_unlike_count,
        found.genuine_milli_max,
        found.impostor_milli_min
    ))
}

pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
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
        let kept = match axis.is_monotone {
            true => localized("单调", "monotone"),
            false => localized("不单调", "NOT monotone"),
        };
        output::line(&format!("{}: {} ({kept})", axis.axis, steps.join(", ")))?;
    }
    output::line(&format_localized!(
        "平静话语误判为激动：{} / {}；激动话语判出：{:.3} / {}；合成语音",
        "calm called raised: {} / {}; excited called raised: {:.3} / {}; synthetic voices",
        found.false_raised_count,
        found.calm_count,
        found.raised_ratio,
        found.excited_count
    ))
}
