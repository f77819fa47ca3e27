//! `ledgerline speech eval`: evaluates a recognizer with recordings with known words.

use super::attested_set::{Recording, read};
use super::synthetic_evaluation::print_json;
use crate::kit::failure::Failure;
use crate::kit::output;
use actors::Supervisor;
use application::format_localized;
use application::language::localized;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{Recognizer, RecognizerOptions};
use domain::ports::tasks::Tasks;
use host::clock::{SystemClock, SystemIds};
use serde::Serialize;
use speech::evaluation::line::TelephoneLine;
use speech::evaluation::playback::recognize_recording;
use speech::evaluation::{RecognitionReport, RecognitionSample, RecordingCondition, summarize_errors};
use speech::recognition::spec::RecognizerSpec;
use speech::recognition::{RecognizerPorts, recognizer};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Seed of the noise, the same for every run.
const NOISE_SEED: u64 = 11;

/// Options of an evaluation.
pub(super) struct SpeechEvaluationOptions {
    pub(super) noise_below_db: Vec<u8>,
    pub(super) noise_suppression: bool,
    pub(super) language: String,
}

/// The result of an evaluation, as printed.
#[derive(Debug, Serialize)]
struct SpeechEvaluationReport {
    recognizer: &'static str,
    configuration: String,
    rehearsal_only: bool,
    #[serde(flatten)]
    found: RecognitionReport,
}

pub(super) async fn run(
    folder: &Path,
    spec: &RecognizerSpec,
    order: &SpeechEvaluationOptions,
    json: bool,
) -> Result<(), Failure> {
    let recordings = read(folder)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
    let engine = engine(spec, &clock, &tasks)?;
    let mut attested = Vec::new();
    for recording in &recordings {
        for condition in conditions(recording, order) {
            let text = of_condition(engine.as_ref(), clock.as_ref(), order, recording, &condition).await?;
            attested.push(RecognitionSample {
                condition,
                said: recording.text.clone(),
                made_out: text,
            });
        }
    }
    tasks.stop().await;
    let facts = engine.facts();
    let shown = SpeechEvaluationReport {
        recognizer: facts.name,
        configuration: facts.configuration,
        rehearsal_only: facts.rehearsal_only,
        found: summarize_errors(&attested),
    };
    if json {
        print_json(&shown)?;
    } else {
        in_words(&shown)?;
    }
    if shown.found.reaches_floor {
        return Ok(());
    }
    Err(Failure::found(
        "accuracy below 92 % in at least one dialect".to_owned(),
    ))
}

fn engine(
    spec: &RecognizerSpec,
    clock: &Arc<dyn Clock>,
    tasks: &Arc<Supervisor>,
) -> Result<Arc<dyn Recognizer>, Failure> {
    let ids = SystemIds::checked().map_err(|error| Failure::fault(error.to_string()))?;
    let ports = RecognizerPorts {
        clock: Arc::clone(clock),
        tasks: Arc::clone(tasks) as Arc<dyn Tasks>,
        ids: Arc::new(ids),
    };
    recognizer(spec, ports, &host::config::named_variable)
        .map_err(|error| Failure::refused(error.to_string()))
}

/// Returns the conditions to test: as recorded, and with each level of noise; each also with noise
/// suppression if requested.
fn conditions(recording: &Recording, order: &SpeechEvaluationOptions) -> Vec<RecordingCondition> {
    let levels = std::iter::once(None).chain(order.noise_below_db.iter().copied().map(Some));
    let mut all = Vec::new();
    for noise_below_db in levels {
        for noise_suppression in [false, true] {
            if noise_suppression && !order.noise_suppression {
                continue;
            }
            all.push(RecordingCondition {
                dialect: recording.dialect.clone(),
                noise_below_db,
                noise_suppression,
            });
        }
    }
    all
}

async fn of_condition(
    engine: &dyn Recognizer,
    clock: &dyn Clock,
    order: &SpeechEvaluationOptions,
    recording: &Recording,
    condition: &RecordingCondition,
) -> Result<String, Failure> {
    let listening = RecognizerOptions {
        language: order.language.clone(),
        dialect: recording.dialect.clone(),
        noise_suppression: condition.noise_suppression,
        ..RecognizerOptions::default()
    };
    let around = recording.around();
    let sound = match condition.noise_below_db {
        Some(below_db) => TelephoneLine::with_noise(f64::from(below_db), NOISE_SEED).carries(&around),
        None => around,
    };
    let text = recognize_recording(engine, clock, &listening, &sound).await;
    text.map_err(|error| Failure::unavailable(format!("{}: {error}", recording.text)))
}

fn in_words(shown: &SpeechEvaluationReport) -> Result<(), Failure> {
    for one in &shown.found.by_condition {
        let dialect = one.condition.dialect.as_deref().unwrap_or("-");
        let noise = one.condition.noise_below_db.map_or_else(
            || localized("原样", "as recorded").to_owned(),
            |db| format_localized!("噪声 -{db} dB", "noise -{db} dB"),
        );
        let with = if one.condition.noise_suppression {
            localized("，已降噪", " + suppressed")
        } else {
            ""
        };
        output::line(&format_localized!(
            "{dialect}，{noise}{with}：准确率 {:.2} %，错误 {} / {}，全句正确 {} / {}",
            "{dialect}, {noise}{with}: accuracy {:.2} %, errors {} / {}, whole {} / {}",
            one.figures.accuracy_ratio * 100.0,
            one.figures.edits,
            one.figures.units,
            one.figures.whole_count,
            one.figures.utterances
        ))?;
    }
    let reaches = |reached: bool| match reached {
        true => localized("达到", "reached"),
        false => localized("未达到", "not reached"),
    };
    output::line(&format!(
        "92 %: {}; 95 %: {}",
        reaches(shown.found.reaches_floor),
        reaches(shown.found.reaches_target)
    ))?;
    if shown.rehearsal_only {
        output::line(localized(
            "演练用识别器，只能识别合成语音",
            "a recognizer for rehearsals: it recognizes only synthetic voices",
        ))?;
    }
    Ok(())
}
