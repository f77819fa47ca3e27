//! Audio of somebody else's, heard by what calls listen with, at the pace at which it was spoken.
//!
//! Engines are made for calls: their queues hold three seconds, and some count time by the clock. So audio
//! comes to them as a call's would, and a recording of ten seconds takes ten seconds.

use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FRAME_MS, FRAME_SAMPLES, FailureClass, HeardFrame, ListeningOrder, RecognitionEvent,
    Recognizer,
};
use domain::ports::speech::Clip;
use domain::problem::{Kind, Problem};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest audio of one request: an utterance or a few, not a call.
pub const HEARD_MS_MAX: u64 = 60_000;

/// Silence behind the audio, so that an utterance that is cut off there has an end.
const TAIL_MS: u64 = 700;

/// What an engine may take beyond its own bound until it says that it is done.
const GRACE_MS: u64 = 2_000;

/// How to listen.
#[derive(Debug, Clone, Default)]
pub struct HearingOrder {
    /// BCP 47; default: `zh-CN`.
    pub language: Option<String>,
    pub dialect: Option<String>,
}

/// What was heard, with who heard it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecognizedShown {
    /// All utterances as one text; empty where nothing was made out.
    #[schemars(example = &"我想办三期")]
    pub text: String,
    pub utterances: Vec<UtteranceShown>,
    /// Kind of engine.
    #[schemars(example = &"vosk")]
    pub engine: String,
    /// Digest of its configuration.
    #[schemars(example = &"9f86d081884c7d65")]
    pub configuration: String,
    /// It knows a closed vocabulary of synthetic voices alone: for rehearsals, never for people.
    pub rehearsal_only: bool,
    pub audio_ms: u64,
    /// From the first frame to the engine's last word.
    pub took_ms: u64,
}

/// One utterance.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UtteranceShown {
    #[schemars(example = &"我想办三期")]
    pub text: String,
    /// 0 to 1, where the engine says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_ratio: Option<f64>,
    pub begin_ms: u64,
    pub end_ms: u64,
}

pub(super) fn missing() -> Problem {
    Problem::new(
        Kind::Unavailable,
        "recognizer-missing",
        "this server has no speech recognizer: start it with --recognizer SPEC",
    )
}

pub(super) async fn recognize(
    recognizer: &dyn Recognizer,
    clock: &dyn Clock,
    clip: &Clip,
    order: HearingOrder,
) -> Result<RecognizedShown, Problem> {
    let audio_ms = clip.duration_ms();
    if audio_ms > HEARD_MS_MAX {
        return Err(Problem::new(
            Kind::TooLarge,
            "audio-too-long",
            format!("{audio_ms} ms of audio exceed the limit of {HEARD_MS_MAX} ms per request"),
        ));
    }
    let listening = ListeningOrder {
        language: order.language.unwrap_or_else(|| "zh-CN".to_owned()),
        dialect: order.dialect,
        ..ListeningOrder::default()
    };
    let opened = recognizer.open(&listening);
    let mut listening = opened.map_err(|why| Problem::invalid("audio-invalid", why.to_string()))?;
    let frames = frames_of(clip);
    let total_ms = frames.len() as u64 * FRAME_MS;
    let begun = clock.now();
    let latest = begun.plus_ms(total_ms + FINAL_MS_MAX + GRACE_MS);
    let mut waiting = frames.into_iter().peekable();
    let mut utterances = Vec::new();
    loop {
        let due = waiting.peek().map(|frame| begun.plus_ms(frame.at_ms));
        tokio::select! {
            biased;
            event = listening.next() => match event {
                None => break,
                Some(RecognitionEvent::Final(heard)) if heard.text.is_empty() => {}
                Some(RecognitionEvent::Final(heard)) => utterances.push(UtteranceShown {
                    text: heard.text,
                    confidence_ratio: heard.confidence_ratio,
                    begin_ms: heard.begin_ms.min(audio_ms),
                    end_ms: heard.end_ms.min(audio_ms),
                }),
                Some(RecognitionEvent::Failed { class, .. }) => return Err(failed(class)),
                Some(
                    RecognitionEvent::SpeechStarted { .. }
                    | RecognitionEvent::StillSpeaking { .. }
                    | RecognitionEvent::Partial { .. }
                    | RecognitionEvent::SpeechEnded { .. },
                ) => {}
            },
            () = clock.wait_until(due.unwrap_or(latest)) => match waiting.next() {
                Some(frame) => {
                    listening.push(&frame);
                    if waiting.peek().is_none() {
                        listening.finish();
                    }
                }
                None => return Err(failed(FailureClass::Late)),
            },
        }
    }
    let facts = recognizer.facts();
    let texts: Vec<&str> = utterances.iter().map(|one| one.text.as_str()).collect();
    Ok(RecognizedShown {
        text: texts.join(" "),
        utterances,
        engine: facts.name.to_owned(),
        configuration: facts.configuration,
        rehearsal_only: facts.rehearsal_only,
        audio_ms,
        took_ms: clock.now().ms_since(begun),
    })
}

/// The audio in frames of a call, with silence behind it.
fn frames_of(clip: &Clip) -> Vec<HeardFrame> {
    let tail = usize::try_from(TAIL_MS / FRAME_MS).unwrap_or_default();
    let silent = [[0_i16; FRAME_SAMPLES]];
    let spoken = clip.samples.chunks(FRAME_SAMPLES).map(|chunk| {
        let mut samples = [0; FRAME_SAMPLES];
        for (sample, heard) in samples.iter_mut().zip(chunk) {
            *sample = *heard;
        }
        samples
    });
    let all = spoken.chain(silent.into_iter().cycle().take(tail));
    let framed = all.enumerate().map(|(index, samples)| HeardFrame {
        at_ms: index as u64 * FRAME_MS,
        lost_before: 0,
        samples,
    });
    framed.collect()
}

fn failed(class: FailureClass) -> Problem {
    Problem::new(
        Kind::Unavailable,
        "recognition-failed",
        format!("the recognizer failed: {}", class.name()),
    )
}
