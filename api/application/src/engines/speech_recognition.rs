//! Speech recognition as a service for other systems: audio is recognized by the engine that calls use, in
//! real time.
//!
//! Engines are built for calls: their queues hold three seconds, and some measure time by the clock. So the
//! audio is fed to them as in a call, and a recording of ten seconds takes ten seconds.

use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FRAME_MS, FRAME_SAMPLES, FailureClass, HeardFrame, RecognitionEvent, Recognizer,
    RecognizerOptions,
};
use domain::ports::speech::Clip;
use domain::problem::{Problem, ProblemKind};
use schemars::JsonSchema;
use serde::Serialize;

/// Longest audio of one request, in milliseconds: a few utterances, not a call.
pub const HEARD_MS_MAX: u64 = 60_000;

/// Silence added after the audio, in milliseconds, so that the engine recognizes the end of the last
/// utterance.
const TAIL_MS: u64 = 700;

/// Time that an engine may take beyond its own limit to report the end, in milliseconds.
const GRACE_MS: u64 = 2_000;

/// Options of a request to recognize speech.
#[derive(Debug, Clone, Default)]
pub struct SpeechRecognitionRequest {
    /// Language (BCP 47). Default: `zh-CN`.
    pub language: Option<String>,
    pub dialect: Option<String>,
}

/// The recognized text, with the engine that produced it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SpeechRecognitionResponse {
    /// All utterances as one text. Empty if nothing was recognized.
    #[schemars(example = &"我想办三期")]
    pub text: String,
    pub utterances: Vec<UtteranceResponse>,
    /// Kind of engine that recognized the speech.
    #[schemars(example = &"vosk")]
    pub engine: String,
    /// Digest of the engine's configuration.
    #[schemars(example = &"9f86d081884c7d65")]
    pub configuration: String,
    /// True if the engine knows only a closed vocabulary of synthetic voices: for rehearsals, never for
    /// people.
    pub rehearsal_only: bool,
    pub audio_ms: u64,
    /// Time from the first frame to the engine's last result, in milliseconds.
    pub took_ms: u64,
}

/// One recognized utterance.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UtteranceResponse {
    #[schemars(example = &"我想办三期")]
    pub text: String,
    /// Confidence from 0 to 1, if the engine reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_ratio: Option<f64>,
    pub begin_ms: u64,
    pub end_ms: u64,
}

/// Returns the problem `recognizer-missing`: this server was started without a recognizer.
pub(super) fn missing() -> Problem {
    Problem::new(
        ProblemKind::Unavailable,
        "recognizer-missing",
        "this server has no speech recognizer: start it with --recognizer SPEC",
    )
}

pub(super) async fn recognize(
    recognizer: &dyn Recognizer,
    clock: &dyn Clock,
    clip: &Clip,
    order: SpeechRecognitionRequest,
) -> Result<SpeechRecognitionResponse, Problem> {
    let audio_ms = clip.duration_ms();
    if audio_ms > HEARD_MS_MAX {
        return Err(Problem::new(
            ProblemKind::TooLarge,
            "audio-too-long",
            format!("{audio_ms} ms of audio exceed the limit of {HEARD_MS_MAX} ms per request"),
        ));
    }
    let listening = RecognizerOptions {
        language: order.language.unwrap_or_else(|| "zh-CN".to_owned()),
        dialect: order.dialect,
        ..RecognizerOptions::default()
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
                Some(RecognitionEvent::Final(heard)) => utterances.push(UtteranceResponse {
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
    Ok(SpeechRecognitionResponse {
        text: texts.join(" "),
        utterances,
        engine: facts.name.to_owned(),
        configuration: facts.configuration,
        rehearsal_only: facts.rehearsal_only,
        audio_ms,
        took_ms: clock.now().ms_since(begun),
    })
}

/// Splits the audio into frames as in a call, followed by `TAIL_MS` of silence.
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
        ProblemKind::Unavailable,
        "recognition-failed",
        format!("the recognizer failed: {}", class.name()),
    )
}
