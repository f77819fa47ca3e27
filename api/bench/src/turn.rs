//! `ledgerline-bench turn`: our own code between the end of a callee's words and the first packet of the
//! reply, with the embedded parts: recognizer of templates, understanding, step, prompt, codec.
//!
//! The silence that ends a turn is not code, and is not included; nor is the network.

use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, Times};
use actors::Supervisor;
use application::rehearsing::{Listener, find_shipped_flow};
use domain::flow::{CALLBACK_PROMISE, FlowDefinition, FlowInput, FlowRun, GOODBYE, MENU, RECORDING_NOTICE};
use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FRAME_MS, FRAME_SAMPLES, HeardFrame, RecognitionEvent, RecognitionSession, Recognizer, RecognizerOptions,
    Utterance,
};
use domain::ports::speech::{Clip, Prompt, Synthesizer};
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use domain::time::Timestamp;
use futures_util::FutureExt;
use host::clock::{SystemClock, SystemIds};
use media::codec::Codec;
use speech::clips::{BundledSynthesizer, write_clip};
use speech::recognition::spec::RecognizerSpec;
use speech::recognition::{RecognizerPorts, recognizer};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Own code from the end of speech to the first packet of the reply, with the embedded parts
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Turns to measure
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(3..=100_000))]
    turns: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The frames of silence after an utterance: the detector waits for 300 ms.
const TAIL_FRAMES: usize = 40;

/// The time between two frames in milliseconds: many times faster than speech, and slow enough for the
/// engine's task.
const FRAME_PACE_MS: u64 = 1;

/// What is said, by the clips that are delivered with the program.
const SAID: [&str; 3] = [RECORDING_NOTICE, MENU, CALLBACK_PROMISE];

/// One turn's parts, in nanoseconds.
struct Turn {
    recognized: u64,
    understood: u64,
    first_packet: u64,
}

pub(crate) async fn run(args: &Args) -> Result<(), Problem> {
    let directory = tempfile::tempdir()?;
    let voice = BundledSynthesizer::new();
    for text in SAID {
        let clip = spoken(&voice, text).await?;
        let wav = write_clip(&clip).map_err(|fault| Problem::fault(fault.to_string()))?;
        std::fs::write(directory.path().join(format!("{text}.wav")), wav)?;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
    let engine = embedded(directory.path(), &clock, &tasks)?;
    let text = find_shipped_flow("card_instalment_spoken").unwrap_or_default();
    let flow = FlowDefinition::from_yaml(text).map_err(|fault| Problem::fault(fault.to_string()))?;
    let flow = Arc::new(flow);
    let listener = Listener::shared(&flow.lang).map_err(|fault| Problem::fault(fault.to_string()))?;
    let (mut all, mut parts) = (Times::default(), BTreeMap::<&str, Times>::new());
    for number in 0..args.turns as usize {
        let said = SAID.get(number % SAID.len()).copied().unwrap_or(GOODBYE);
        let clip = spoken(&voice, said).await?;
        let (said, recognized) = heard(engine.as_ref(), clock.as_ref(), &clip).await?;
        let turn = answered(&flow, &listener, &voice, &said, recognized).await?;
        all.add(turn.recognized + turn.understood + turn.first_packet);
        for (part, nanos) in [
            ("recognizer, from the end of speech", turn.recognized),
            ("understanding and step", turn.understood),
            ("prompt and first packet", turn.first_packet),
        ] {
            parts.entry(part).or_default().add(nanos);
        }
    }
    tasks.stop().await;
    let mut report = Report::default();
    report.fact("turns", args.turns);
    report.row("end of speech to first packet", "all", &all, 1);
    for (part, times) in &parts {
        report.row("of that", part, times, 1);
    }
    report.value("own code, p50 ms", all.p50_us() / 1_000.0, None);
    report.value(
        "own code, p99 ms",
        all.p99_us() / 1_000.0,
        Some(Target::AtMost(30.0)),
    );
    report.show(args.json)
}

fn embedded(
    directory: &Path,
    clock: &Arc<dyn Clock>,
    tasks: &Arc<Supervisor>,
) -> Result<Arc<dyn Recognizer>, Problem> {
    let ids = SystemIds::checked().map_err(|error| Problem::fault(error.to_string()))?;
    let ports = RecognizerPorts {
        clock: Arc::clone(clock),
        tasks: Arc::clone(tasks) as Arc<dyn Tasks>,
        ids: Arc::new(ids),
    };
    let spec = RecognizerSpec::Template(directory.to_owned());
    recognizer(&spec, ports, &|_| None).map_err(|error| Problem::fault(error.to_string()))
}

async fn spoken(voice: &BundledSynthesizer, text: &str) -> Result<Arc<Clip>, Problem> {
    let prompt = Prompt {
        text: text.to_owned(),
        language: "zh-CN".to_owned(),
        personal: false,
        ..Prompt::default()
    };
    let clip = voice.speak(&prompt).await;
    clip.map_err(|error| Problem::fault(error.to_string()))
}

/// Sends a clip to the recognizer. Returns what was recognized, and the nanoseconds from the frame in which
/// the end of speech was detected until its text arrived.
async fn heard(engine: &dyn Recognizer, clock: &dyn Clock, clip: &Clip) -> Result<(Utterance, u64), Problem> {
    let order = RecognizerOptions {
        language: "zh-CN".to_owned(),
        ..RecognizerOptions::default()
    };
    let opened = engine.open(&order);
    let mut listening = opened.map_err(|error| Problem::fault(error.to_string()))?;
    let silence = std::iter::repeat_n(0, TAIL_FRAMES * FRAME_SAMPLES);
    let samples: Vec<i16> = clip.samples.iter().copied().chain(silence).collect();
    for (index, chunk) in samples.chunks(FRAME_SAMPLES).enumerate() {
        let mut frame = [0; FRAME_SAMPLES];
        for (sample, said) in frame.iter_mut().zip(chunk) {
            *sample = *said;
        }
        let watch = Stopwatch::start();
        listening.push(&HeardFrame {
            at_ms: index as u64 * FRAME_MS,
            lost_before: 0,
            samples: frame,
        });
        // The engine's task handles the frame before the next one arrives, as it would within 20 ms.
        clock.wait_until(clock.now().plus_ms(FRAME_PACE_MS)).await;
        while let Some(event) = listening.next().now_or_never().flatten() {
            if matches!(event, RecognitionEvent::SpeechEnded { .. }) {
                return text_of(listening.as_mut(), watch).await;
            }
        }
    }
    Err(Problem::fault("no end of speech was detected"))
}

async fn text_of(
    listening: &mut dyn RecognitionSession,
    watch: Stopwatch,
) -> Result<(Utterance, u64), Problem> {
    loop {
        match listening.next().await {
            Some(RecognitionEvent::Final(said)) => return Ok((said, watch.nanos())),
            Some(RecognitionEvent::Failed { .. }) | None => {
                return Err(Problem::fault("the recognizer failed"));
            }
            Some(
                RecognitionEvent::SpeechStarted { .. }
                | RecognitionEvent::StillSpeaking { .. }
                | RecognitionEvent::Partial { .. }
                | RecognitionEvent::SpeechEnded { .. },
            ) => {}
        }
    }
}

/// Runs the reply to what was recognized, at the node of a shipped flow that asks for the term, and returns
/// the times of its parts.
async fn answered(
    flow: &Arc<FlowDefinition>,
    listener: &Listener,
    voice: &BundledSynthesizer,
    said: &Utterance,
    recognized: u64,
) -> Result<Turn, Problem> {
    let (mut run, _) = FlowRun::begin(flow, &BTreeMap::new());
    for input in [
        FlowInput::Played,
        FlowInput::Played,
        FlowInput::Keypress('1'),
        FlowInput::Played,
    ] {
        run.step(input);
    }
    let watch = Stopwatch::start();
    let understood = listener.understand(&said.text, &run, Timestamp::EPOCH);
    black_box(run.step(FlowInput::Spoken(&understood)));
    let understood = watch.nanos();
    let watch = Stopwatch::start();
    // A cached prompt, as those of a flow are after they were said once.
    let clip = spoken(voice, GOODBYE).await?;
    let first: Vec<i16> = clip.samples.iter().copied().take(FRAME_SAMPLES).collect();
    let mut packet = [0; FRAME_SAMPLES];
    black_box(Codec::Pcma.encode(&first, &mut packet));
    black_box(packet);
    Ok(Turn {
        recognized,
        understood,
        first_packet: watch.nanos(),
    })
}
