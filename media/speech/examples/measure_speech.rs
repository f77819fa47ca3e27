//! Measures the time that listening and speaking take on this machine, and prints it as one JSON line:
//! `cargo run --release -p speech --features testing --example measure_speech`.
//!
//! Only our own code is measured: a frame through detector, session and turn; the time from the end of speech
//! to the final text of the embedded recognizer (its comparison included); the time from a double's final
//! text to ours; a cached prompt.

use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    HeardFrame, RecognitionEvent, RecognitionSession, Recognizer, RecognizerOptions, UtteranceSegmenter,
};
use domain::ports::speech::{Prompt, Synthesizer};
use domain::turn::{BargeIn, ExpectedAnswer, Turn, TurnRules};
use media::audio::voice_activity::VoiceActivity;
use serde_json::json;
use speech::recognition::session::EngineRecognizer;
use speech::recognition::spec::RecognizerKind;
use speech::recognition::template::{TemplateEngine, Vocabulary};
use speech::recognition::{RecognizerPorts, recognizer};
use speech::simulated_synthesizer::SimulatedSynthesizer;
use speech::spliced_synthesizer::SplicedSynthesizer;
use speech::testing::double::{DoubleBehavior, EngineDouble};
use speech::testing::sounds::{frames, silence, voice};
use speech::testing::{SuiteClock, SuiteIds, SuiteTasks};
use std::error::Error;
use std::sync::Arc;

/// Number of utterances of each kind.
const ROUNDS: usize = 40;
/// Number of phrases in the vocabulary.
const PHRASES: u64 = 12;
/// Number of examples of each phrase.
const EXAMPLES: u64 = 3;

/// Returns the measured microseconds in ascending order.
fn sorted(mut all: Vec<u64>) -> Vec<u64> {
    all.sort_unstable();
    all
}

fn share(sorted: &[u64], hundredths: usize) -> u64 {
    let index = sorted.len() * hundredths / 100;
    sorted
        .get(index.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0)
}

fn now_us() -> i64 {
    SuiteClock.now().micros()
}

fn since_us(from: i64) -> u64 {
    u64::try_from(now_us() - from).unwrap_or(0)
}

fn vocabulary() -> Result<Vocabulary, Box<dyn Error>> {
    let mut vocabulary = Vocabulary::default();
    for phrase in 0..PHRASES {
        for example in 0..EXAMPLES {
            let sound = voice(500 + 40 * phrase + 15 * example);
            vocabulary.add(&format!("phrase {phrase}"), &sound)?;
        }
    }
    Ok(vocabulary.sealed())
}

/// Gives one utterance to the recognizer. Returns the microseconds from the frame that ended it to its
/// text, and adds those of each `push` to `pushes`.
async fn utterance(
    listening: &mut Box<dyn RecognitionSession>,
    audio: &[HeardFrame],
    pushes: &mut Vec<u64>,
) -> u64 {
    let mut ended = now_us();
    let mut seen = false;
    for frame in audio {
        let from = now_us();
        listening.push(frame);
        pushes.push(since_us(from));
        // Let the runtime's other tasks run, as they do every 20 ms of a call.
        tokio::task::yield_now().await;
        if !seen {
            ended = now_us();
        }
        let mut polled = std::pin::pin!(listening.next());
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        if let std::task::Poll::Ready(Some(event)) = polled.as_mut().poll(&mut context) {
            match event {
                RecognitionEvent::SpeechEnded { .. } => seen = true,
                RecognitionEvent::Final(_) => return since_us(ended),
                RecognitionEvent::SpeechStarted { .. }
                | RecognitionEvent::StillSpeaking { .. }
                | RecognitionEvent::Partial { .. }
                | RecognitionEvent::Failed { .. } => {}
            }
        }
        if seen {
            break;
        }
    }
    loop {
        match listening.next().await {
            Some(RecognitionEvent::Final(_)) | None => return since_us(ended),
            Some(_) => {}
        }
    }
}

async fn embedded(pushes: &mut Vec<u64>) -> Result<Vec<u64>, Box<dyn Error>> {
    let engine = Arc::new(TemplateEngine::new(Arc::new(vocabulary()?)));
    let recognizer = EngineRecognizer::new(engine, Arc::new(SuiteClock), Arc::new(SuiteTasks::default()));
    let mut listening = recognizer.open(&RecognizerOptions::default())?;
    let mut finals = Vec::new();
    let mut from_ms = 0;
    for _ in 0..ROUNDS {
        let audio = frames(&[silence(600), voice(900), silence(700)].concat(), from_ms);
        from_ms += audio.len() as u64 * 20;
        finals.push(utterance(&mut listening, &audio, pushes).await);
    }
    Ok(finals)
}

/// Returns the microseconds from the last frame to the text, for each utterance over the network. The double
/// itself waits for 400 ms of audio, which are pushed before.
async fn over_the_network(kind: RecognizerKind) -> Result<Vec<u64>, Box<dyn Error>> {
    let double = EngineDouble::start(kind, DoubleBehavior::Answers, &["是的"]).await?;
    let ports = RecognizerPorts {
        clock: Arc::new(SuiteClock),
        tasks: Arc::new(SuiteTasks::default()),
        ids: Arc::new(SuiteIds::default()),
    };
    let made = recognizer(&double.parsed_spec()?, ports, &|name| {
        Some(format!("{name}-value"))
    })?;
    let mut finals = Vec::new();
    for _ in 0..ROUNDS / 4 {
        let mut listening = made.open(&RecognizerOptions::default())?;
        let audio = frames(&[silence(200), voice(900), silence(520)].concat(), 0);
        for frame in &audio {
            listening.push(frame);
        }
        let from = now_us();
        loop {
            match listening.next().await {
                Some(RecognitionEvent::Final(_)) => break,
                Some(RecognitionEvent::Failed { class, .. }) => return Err(class.name().into()),
                Some(_) => {}
                None => return Err("it ended".into()),
            }
        }
        finals.push(since_us(from));
    }
    Ok(finals)
}

async fn cached_prompt() -> Result<Vec<u64>, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let synthesizer = SplicedSynthesizer::from_directory(dir.path(), Arc::new(SimulatedSynthesizer))?;
    let prompt = Prompt {
        text: "您好，这里是示例银行。".to_owned(),
        language: "zh-CN".to_owned(),
        personal: false,
        ..Prompt::default()
    };
    let bundled = speech::clips::BundledSynthesizer::new();
    let spoken = speech::clips::bundled_texts().next().unwrap_or("").to_owned();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let from = now_us();
        synthesizer.speak(&prompt).await?;
        bundled
            .speak(&Prompt {
                text: spoken.clone(),
                ..prompt.clone()
            })
            .await?;
        times.push(since_us(from));
    }
    Ok(times)
}

fn detector_us() -> f64 {
    let audio = frames(&[silence(2_000), voice(4_000), silence(4_000)].concat(), 0);
    let rules = TurnRules {
        expected: ExpectedAnswer::Open,
        barge_in: BargeIn::Allowed,
        hears_partials: true,
        cuts: UtteranceSegmenter::Engines,
    };
    let (mut detector, mut turn) = (VoiceActivity::new(None), Turn::new(rules));
    let from = now_us();
    for frame in &audio {
        std::hint::black_box(detector.push(frame.at_ms, &frame.samples));
        std::hint::black_box(turn.elapsed(frame.at_ms));
    }
    let frames = f64::from(u32::try_from(audio.len()).unwrap_or(1));
    f64::from(u32::try_from(since_us(from)).unwrap_or(0)) / frames
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut pushes = Vec::new();
    let finals = sorted(embedded(&mut pushes).await?);
    let pushes = sorted(pushes);
    let network = sorted(over_the_network(RecognizerKind::Vosk).await?);
    let prompts = sorted(cached_prompt().await?);
    let line = json!({
        "detector_us_per_frame": (detector_us() * 100.0).round() / 100.0,
        "push_us": {"p50": share(&pushes, 50), "p99": share(&pushes, 99)},
        "speech_end_to_final_us": {"p50": share(&finals, 50), "p99": share(&finals, 99), "n": finals.len()},
        "vosk_double_whole_utterance_us": {"p50": share(&network, 50), "n": network.len()},
        "cached_prompt_us": {"p50": share(&prompts, 50), "p99": share(&prompts, 99)},
        "met": share(&finals, 99) <= 30_000 && share(&prompts, 99) <= 20_000,
    });
    std::io::Write::write_all(&mut std::io::stdout(), format!("{line}\n").as_bytes())?;
    Ok(())
}
