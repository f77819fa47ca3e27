//! `flow simulate --audio`: rehearses a flow in audio. Seeded callers speak over a line to the embedded
//! recognizer.

use super::offline_commands::listener;
use super::source::Source;
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::rehearsing::{
    CallerAudio, RecognitionCounts, Rehearsal, SoundFault, TransmittedSpeech, rehearse_in_sound, sayable,
};
use domain::flow::FlowDefinition;
use serde_json::{Value, json};
use speech::rehearsal_sound::RehearsalSound;

/// The callers' voices and the recognizer, as the rehearsal uses them.
struct Voices(RehearsalSound);

impl CallerAudio for Voices {
    fn heard(&mut self, caller: u64, text: &str) -> Result<TransmittedSpeech, SoundFault> {
        let made = self.0.heard(caller, text);
        let made = made.map_err(|error| SoundFault(error.to_string()))?;
        Ok(TransmittedSpeech {
            made_out: made.text,
            spoken_ms: made.spoken_ms,
        })
    }

    fn said_ms(&mut self, text: &str) -> Result<u64, SoundFault> {
        self.0
            .said_ms(text)
            .map_err(|error| SoundFault(error.to_string()))
    }
}

pub(super) async fn simulate(
    source: &Source<'_>,
    flow: &str,
    callers: u64,
    seed: u64,
) -> Result<(), Failure> {
    let definition = source.sound(flow).await?;
    let listener = listener(&definition.lang)?;
    let phrases = sayable(&definition);
    let sound = RehearsalSound::of(&phrases, &definition.lang);
    // There is no fallback to text: the user asked for audio and gets an error if none can be made.
    let sound = sound.map_err(|error| Failure::unavailable(error.to_string()))?;
    let digest = sound.digest().to_owned();
    let (found, accounts) = rehearse_in_sound(&definition, &listener, callers, seed, &mut Voices(sound));
    if let Some(fault) = &accounts.fault {
        return Err(Failure::unavailable(fault.to_string()));
    }
    let heard = json!({
        "recognizer": "template",
        "vocabulary": digest,
        "phrases": phrases.len(),
        "is_synthetic": true,
        "utterances": accounts.utterances,
        "misheard_count": accounts.misheard,
        "unheard_count": accounts.unheard,
        "misheard": mishearings(&accounts),
    });
    show(source, &definition, &found, seed, &heard)?;
    if found.stuck == 0 {
        return Ok(());
    }
    let stuck = found.stuck;
    Err(Failure::found(format_localized!(
        "{stuck} 通对话没有结束",
        "{stuck} conversations did not end"
    )))
}

fn mishearings(accounts: &RecognitionCounts) -> Vec<Value> {
    let mut all: Vec<_> = accounts.mishearings.iter().collect();
    // The most frequent first; those with equal counts in the order of the texts.
    all.sort_by_key(|one| std::cmp::Reverse(*one.1));
    let shown = |((said, made_out), count): (&(String, String), &u64)| json!({ "said": said, "made_out": made_out, "count": count });
    all.into_iter().map(shown).collect()
}

fn show(
    source: &Source<'_>,
    definition: &FlowDefinition,
    found: &Rehearsal,
    seed: u64,
    heard: &Value,
) -> Result<(), Failure> {
    if source.asking.wants_json() {
        let mut value = found.value(definition, seed);
        if let Some(members) = value.as_object_mut() {
            members.insert("audio".to_owned(), heard.clone());
        }
        return output::json(&value);
    }
    let count = |member: &str| heard.get(member).and_then(Value::as_u64).unwrap_or_default();
    output::line(&format_localized!(
        "{} 通：走完 {}，卡住 {}；说话 {} 句，听错 {}，未听出 {}；合成音",
        "{} calls: completed {}, stuck {}; said {}, misheard {}, unheard {}; synthetic voices",
        found.callers,
        found.completed,
        found.stuck,
        count("utterances"),
        count("misheard_count"),
        count("unheard_count"),
    ))?;
    let empty = Vec::new();
    let all = heard.get("misheard").and_then(Value::as_array).unwrap_or(&empty);
    for one in all {
        let text = |member: &str| one.get(member).and_then(Value::as_str).unwrap_or_default();
        let times = one.get("count").and_then(Value::as_u64).unwrap_or_default();
        output::line(&format!("{times} × {} → {}", text("said"), text("made_out")))?;
    }
    Ok(())
}
