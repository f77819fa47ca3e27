//! Health of the speech engines: notes the results seen in calls, finds the engines a campaign needs, and
//! probes failed ones.

use super::driver_context::DriverContext;
use crate::engine_circuits::OpenCircuit;
use crate::timers::wake_at;
use domain::call::{EngineKind, TurnFact};
use domain::calling_plan::CampaignFacts;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FRAME_MS, FRAME_SAMPLES, HeardFrame, RecognitionEvent, RecognizerOptions,
};
use domain::ports::speech::{Prompt, SpeechError, Urgency};
use domain::time::Timestamp;
use std::sync::Arc;

/// Time between two probes of a failed engine, in milliseconds: an engine that works again is used within
/// this time.
const PROBE_MS: u64 = 10_000;
/// Silence after the bundled clip of a probe, in milliseconds: our detector ends an utterance after half a
/// second of silence.
const PROBE_SILENCE_MS: u64 = 1_000;
/// Timeout of the speech that a probe synthesizes, in milliseconds.
const PROBE_VOICE_MS_MAX: u64 = 10_000;
/// Text that a probe asks the synthesizer to speak. It is not a text of a campaign.
const PROBE_TEXT: &str = "您好。";
/// The language of the bundled clip and of `PROBE_TEXT`, also if campaigns use another one.
const PROBE_LANGUAGE: &str = "zh-CN";

/// Records the success or failure of a speech engine that a fact of a call's turn shows.
pub(crate) fn note(kit: &DriverContext, fact: &TurnFact) {
    let engines = &kit.environment.engines;
    match fact {
        TurnFact::EngineFailed(failed) => {
            engines.note_failure(failed.engine_kind, &failed.engine, &failed.class, kit.now());
        }
        TurnFact::Heard(_) => engines.note_success(EngineKind::Recognizer),
        TurnFact::Understood(_)
        | TurnFact::Decided(_)
        | TurnFact::Said(_)
        | TurnFact::BargedIn(_)
        | TurnFact::SilenceTimedOut(_)
        | TurnFact::SensitiveWordMatched(_)
        | TurnFact::AssistantAsked(_)
        | TurnFact::AssistantAnswered(_)
        | TurnFact::OfferChosen(_)
        | TurnFact::ModelChosen(_)
        | TurnFact::SellerMessagePlayed(_) => {}
    }
}

/// Records a failed synthesis as a failure of the synthesizer, unless only a bundled clip is missing.
pub(crate) fn note_voice_failed(kit: &DriverContext, error: &SpeechError) {
    if !matches!(error, SpeechError::NotBundled) {
        let engine = kit.ports.synthesizer.name();
        let engines = &kit.environment.engines;
        engines.note_failure(EngineKind::Synthesizer, engine, &error.to_string(), kit.now());
    }
}

/// Records a successful synthesis as a success of the synthesizer, if the prompt has personal values.
/// Others may come from a cache, which says nothing about the engine.
pub(crate) fn note_voice(kit: &DriverContext, prompt: &Prompt) {
    if prompt.personal {
        kit.environment.engines.note_success(EngineKind::Synthesizer);
    }
}

/// Returns an engine that the campaign's flow needs and that does not respond; `None` if all respond, and
/// for campaigns with agents.
pub(crate) async fn down_for(kit: &DriverContext, facts: &CampaignFacts) -> Option<OpenCircuit> {
    let engines = &kit.environment.engines;
    // Agents talk in these calls; at most the seller's message is synthesized.
    if engines.open().is_empty() || facts.plan.dialing_mode().needs_agents() {
        return None;
    }
    let loaded = kit.state(&kit.system.flows, &facts.flow.flow).await.ok()?;
    let definition = loaded.state.version(facts.flow.version)?.definition.as_ref()?;
    let needed: &[EngineKind] = match definition.listens() {
        true => &[EngineKind::Recognizer, EngineKind::Synthesizer],
        false => &[EngineKind::Synthesizer],
    };
    engines.first_open_of(needed)
}

/// Runs until the process stops: while an engine's circuit is open, probes the engine every `PROBE_MS`.
/// Customers' calls are never used as probes.
pub(crate) async fn probe(kit: Arc<DriverContext>) {
    let stop = kit.environment.tasks.stop_signal();
    loop {
        while !kit.environment.engines.open().is_empty() {
            let at = Some(kit.now().plus_ms(PROBE_MS));
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = wake_at(kit.environment.clock.as_ref(), at) => {}
            }
            for open in kit.environment.engines.open() {
                probe_one(&kit, &open).await;
            }
        }
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = kit.environment.engines.opened() => {}
        }
    }
}

async fn probe_one(kit: &DriverContext, open: &OpenCircuit) {
    let answered = match open.engine_kind {
        EngineKind::Recognizer => recognizer_answers(kit).await,
        EngineKind::Synthesizer => voice_answers(kit).await,
    };
    let engines = &kit.environment.engines;
    match answered {
        Ok(()) => engines.note_success(open.engine_kind),
        Err(reason) => engines.note_failure(open.engine_kind, &open.engine, &reason, kit.now()),
    }
}

async fn voice_answers(kit: &DriverContext) -> Result<(), String> {
    let prompt = Prompt {
        text: PROBE_TEXT.to_owned(),
        language: PROBE_LANGUAGE.to_owned(),
        // Prompts with personal values are never taken from a cache.
        personal: true,
        urgency: Urgency::Ahead,
        ..Prompt::default()
    };
    let until = kit.now().plus_ms(PROBE_VOICE_MS_MAX);
    tokio::select! {
        biased;
        () = kit.environment.clock.wait_until(until) => Err("it took too long".to_owned()),
        spoken = kit.ports.synthesizer.speak(&prompt) => {
            spoken.map(|_clip| ()).map_err(|error| error.to_string())
        }
    }
}

/// Plays the bundled clip to the recognizer in real time and waits for a final text, which may be empty, or
/// the end of the session: an engine of another language than the clip's ends without a text. Otherwise
/// returns why it failed.
async fn recognizer_answers(kit: &DriverContext) -> Result<(), String> {
    let Some(hearing) = &kit.ports.hearing else {
        return Ok(());
    };
    let order = RecognizerOptions {
        language: PROBE_LANGUAGE.to_owned(),
        ..RecognizerOptions::default()
    };
    let opened = hearing.recognizer.open(&order);
    let mut listening = opened.map_err(|error| error.to_string())?;
    let clock = kit.environment.clock.as_ref();
    let began = kit.now();
    let until = began.plus_ms(hearing.probe.duration_ms() + PROBE_SILENCE_MS + FINAL_MS_MAX);
    let mut frames = frames_of(&hearing.probe.samples);
    let mut next_at = Some(began);
    loop {
        tokio::select! {
            biased;
            () = clock.wait_until(until) => return Err("it took too long".to_owned()),
            event = listening.next() => match event {
                Some(RecognitionEvent::Final(_)) => return Ok(()),
                Some(RecognitionEvent::Failed { class, .. }) => return Err(class.name().to_owned()),
                Some(_) => {}
                // The whole clip was accepted, and the session ended normally.
                None if next_at.is_none() => return Ok(()),
                None => return Err("it ended before the clip did".to_owned()),
            },
            () = wake_at(clock, next_at), if next_at.is_some() => {
                next_at = feed(listening.as_mut(), &mut frames, began);
            }
        }
    }
}

/// Gives the next frame to the recognizer. Returns the time at which the following one is due; `None` after
/// the last.
fn feed(
    listening: &mut dyn domain::ports::recognizer::RecognitionSession,
    frames: &mut impl Iterator<Item = HeardFrame>,
    began: Timestamp,
) -> Option<Timestamp> {
    let Some(frame) = frames.next() else {
        listening.finish();
        return None;
    };
    listening.push(&frame);
    Some(began.plus_ms(frame.at_ms + FRAME_MS))
}

/// Returns a clip's frames as a leg delivers them, followed by `PROBE_SILENCE_MS` of silence.
fn frames_of(samples: &[i16]) -> impl Iterator<Item = HeardFrame> {
    let silent = usize::try_from(PROBE_SILENCE_MS / FRAME_MS).unwrap_or(0);
    let spoken = samples.chunks(FRAME_SAMPLES).map(|samples| {
        let mut frame = [0; FRAME_SAMPLES];
        for (kept, sample) in frame.iter_mut().zip(samples) {
            *kept = *sample;
        }
        frame
    });
    let frames = spoken.chain(std::iter::repeat_n([0; FRAME_SAMPLES], silent));
    frames.zip(0_u64..).map(|(samples, number)| HeardFrame {
        at_ms: number * FRAME_MS,
        lost_before: 0,
        samples,
    })
}
