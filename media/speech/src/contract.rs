//! The test suite that every synthesizer must pass; each implementation runs all of it.

use super::clips;
use domain::flow::{MENU, RECORDING_NOTICE};
use domain::ports::speech::{Prompt, SpeechError, Synthesizer};

/// A text without a bundled clip.
const UNBUNDLED_TEXT: &str = "这句话没有预录，编号七三五一。";

fn prompt(text: &str) -> Prompt {
    Prompt {
        text: text.to_owned(),
        language: "zh-CN".to_owned(),
        personal: false,
        ..Prompt::default()
    }
}

/// Runs the whole suite.
pub(super) async fn run_contract(synthesizer: &dyn Synthesizer) {
    assert!(!synthesizer.name().is_empty());
    every_bundled_text_is_spoken(synthesizer).await;
    the_same_prompt_is_the_same_clip(synthesizer).await;
    other_texts_are_spoken_exactly_when_promised(synthesizer).await;
    nothing_to_say_is_an_error(synthesizer).await;
    a_personal_prompt_sounds_like_any_other(synthesizer).await;
}

async fn every_bundled_text_is_spoken(synthesizer: &dyn Synthesizer) {
    for text in clips::bundled_texts() {
        let clip = synthesizer.speak(&prompt(text)).await.expect(text);
        let duration_ms = clip.duration_ms();
        assert!(
            (300..15_000).contains(&duration_ms),
            "{text} takes {duration_ms} ms"
        );
    }
}

async fn the_same_prompt_is_the_same_clip(synthesizer: &dyn Synthesizer) {
    let first = synthesizer.speak(&prompt(RECORDING_NOTICE)).await;
    let second = synthesizer.speak(&prompt(RECORDING_NOTICE)).await;
    assert_eq!(
        first.expect("spoken").samples,
        second.expect("spoken again").samples
    );
}

async fn other_texts_are_spoken_exactly_when_promised(synthesizer: &dyn Synthesizer) {
    let spoken = synthesizer.speak(&prompt(UNBUNDLED_TEXT)).await;
    if synthesizer.speaks_any_text() {
        assert!(spoken.expect("any text is spoken").duration_ms() > 300);
    } else {
        assert_eq!(
            spoken.map(|clip| clip.duration_ms()),
            Err(SpeechError::NotBundled)
        );
    }
}

async fn nothing_to_say_is_an_error(synthesizer: &dyn Synthesizer) {
    for empty in ["", " \n"] {
        assert!(synthesizer.speak(&prompt(empty)).await.is_err());
    }
}

async fn a_personal_prompt_sounds_like_any_other(synthesizer: &dyn Synthesizer) {
    let mut personal = prompt(MENU);
    let open = synthesizer.speak(&personal).await.expect("spoken");
    personal.personal = true;
    let spoken = synthesizer.speak(&personal).await.expect("spoken for one person");
    assert_eq!(spoken.samples, open.samples);
}
