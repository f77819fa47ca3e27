//! `ledgerline nlu`: trains an intent model from labeled lines, evaluates, compares and publishes models.

mod encoder;
mod model_versions;
mod training;
mod vectors;
mod words;

use crate::kit::atomic_file::AtomicFile;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::models::training::bounded_lines;
use domain::ids::ModelId;
use encoder::{EncoderArgs, EncoderFigures};
use host::stopwatch::Stopwatch;
use model_versions::{ModelChangeArgs, ModelPublication, TrainingArgs};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use understanding::evaluation::{Evaluation, Prediction, evaluate, predict};
use understanding::{Example, Examples, JUDGED_ROWS_MAX, MODEL_BYTES_MAX, Model, TrainingSettings, Verdict};

/// Intent models (意图模型): train one from labeled lines, evaluate it, compare two, publish
///
/// A line is a JSON object with `text` and a label. The same lines and seed give the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Train a model from labeled lines and write it to a file
    Train {
        /// JSON lines with text and label
        file: PathBuf,
        /// File to write the model to
        #[arg(long, value_name = "MODEL")]
        out: PathBuf,
        /// Seed for the order of rows and folds; equal seeds give equal models
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Label of lines that belong to no intent
        #[arg(long, value_name = "LABEL", default_value = "oos")]
        foreign: String,
        /// Cross-validate with this number of folds; prints a confusion matrix
        #[arg(long, value_name = "PARTS", value_parser = clap::value_parser!(u32).range(2..=20))]
        folds: Option<u32>,
        /// Word vectors trained elsewhere (词向量): lines of a word and its numbers, as written by GloVe,
        /// word2vec and fastText, most frequent first. The model keeps as many as fit
        #[arg(long, value_name = "FILE")]
        words: Option<PathBuf>,
        #[command(flatten)]
        reading: LabelArgs,
    },
    /// Evaluate a model with labeled lines
    Eval(ModelEvaluationArgs),
    /// Compare two models with the same labeled lines
    Compare {
        /// First model
        one: PathBuf,
        /// Second model
        other: PathBuf,
        /// JSON lines with text and label
        file: PathBuf,
        #[command(flatten)]
        reading: LabelArgs,
    },
    /// Publish a model as a new version, unless it equals the current one
    Publish {
        /// Model file
        model: PathBuf,
        /// Name of the model; campaigns that name NAME@V use it
        #[arg(long)]
        name: ModelId,
        /// From this version on, each version needs the approval of another person
        #[arg(long)]
        approvals: bool,
        #[command(flatten)]
        learned: TrainingArgs,
        #[command(flatten)]
        reasoned: ModelChangeArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List the published models, or the versions of one
    Models {
        /// Name of the model
        name: Option<ModelId>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Publish the content of an earlier version again; campaigns keep the version they were created with
    Rollback {
        /// Name of the model
        name: ModelId,
        /// Version to return to; default: the last one with other content
        #[arg(long, value_name = "V", value_parser = clap::value_parser!(u32).range(1..))]
        to: Option<u32>,
        #[command(flatten)]
        reasoned: ModelChangeArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Find amounts, times, phones and cards in utterances, what is masked, and yes or no
    Read {
        /// JSON lines with text
        file: PathBuf,
        /// Time of the utterances, with time zone; "tomorrow" is relative to it
        #[arg(long, value_name = "RFC3339", default_value = "2026-01-05T10:00:00+08:00")]
        at: String,
    },
    /// Write values as spoken words: amounts, dates, times, digits, phones, shares, numbers
    Say {
        /// JSON lines, for example {"kind":"amount","fen":500000}
        file: PathBuf,
        /// Language: zh, en
        #[arg(long, value_name = "LANG", default_value = "zh")]
        lang: String,
    },
}

/// Arguments of an evaluation: the model, the lines, and the encoder.
#[derive(Debug, clap::Args)]
struct ModelEvaluationArgs {
    /// Model file
    model: PathBuf,
    /// JSON lines with text and label
    file: PathBuf,
    /// Write the result of each line to this file, as JSON lines
    #[arg(long, value_name = "OUT")]
    predictions: Option<PathBuf>,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    reading: LabelArgs,
}

#[derive(Debug, clap::Args)]
struct LabelArgs {
    /// Member of a line that is its label: intent, sentiment, interest
    #[arg(long, value_name = "MEMBER", default_value = "intent")]
    label: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match &args.action {
        Action::Publish {
            model,
            name,
            approvals,
            learned,
            reasoned,
            asking,
        } => {
            let sending = ModelPublication {
                file: model,
                name,
                learned,
                approvals: *approvals,
                reasoned,
            };
            model_versions::publish(runtime, asking, &sending).await
        }
        Action::Models { name, asking } => model_versions::show(runtime, asking, name.as_ref()).await,
        Action::Rollback {
            name,
            to,
            reasoned,
            asking,
        } => model_versions::roll_back(runtime, asking, name, *to, reasoned).await,
        Action::Train {
            file,
            out,
            seed,
            foreign,
            folds,
            words,
            reading,
        } => {
            let (vectors, read) = words.as_deref().map(vectors::read).transpose()?.unzip();
            let settings = TrainingSettings {
                seed: *seed,
                foreign: Some(foreign.clone()),
                ..TrainingSettings::default()
            };
            let taught = training::TrainingSetup {
                settings: settings.with_words(vectors),
                folds: *folds,
                words: read,
            };
            training::learn(file, out, &taught, reading)
        }
        Action::Eval(held) => hold(held).await,
        Action::Compare {
            one,
            other,
            file,
            reading,
        } => compare(one, other, file, reading),
        Action::Read { file, at } => words::read(file, at),
        Action::Say { file, lang } => words::say(file, lang),
    }
}

async fn hold(held: &ModelEvaluationArgs) -> Result<(), Failure> {
    let reading = &held.reading;
    let examples = reading.every_line(&held.file)?;
    let model = read_model(&held.model)?;
    let (mut predictions, micros) = predicted(&model, &examples.rows);
    let share = encoder::apply_encoder(&held.encoder, &model, &mut predictions).await?;
    if let Some(out) = &held.predictions {
        let rows = predictions.iter().zip(&micros);
        let text = rows.fold(String::new(), |mut text, (row, micros)| {
            let _written = writeln!(text, "{}", described(row, *micros));
            text
        });
        write(out, text.as_bytes())?;
    }
    let found = evaluate(&model, &predictions);
    match share {
        None => show(&[("", found)], reading),
        Some(share) => show_with_encoder(&found, &share, reading),
    }
}

fn show_with_encoder(found: &Evaluation, share: &EncoderFigures, reading: &LabelArgs) -> Result<(), Failure> {
    if reading.json {
        let mut line = json!(found);
        if let Some(members) = line.as_object_mut() {
            members.insert("encoder".to_owned(), json!(share));
        }
        return output::json(&line);
    }
    show(&[("", found.clone())], reading)?;
    output::line(&share.format_line())
}

/// Ranks every row with the model. Returns the predictions and the microseconds that each took.
fn predicted<'e>(model: &Model, rows: &'e [Example]) -> (Vec<Prediction<'e>>, Vec<f64>) {
    let each = rows.iter().map(|example| {
        let watch = Stopwatch::start();
        let ranking = model.rank(&example.text);
        let micros = Duration::from_nanos(watch.nanos()).as_secs_f64() * 1e6;
        (Prediction { example, ranking }, micros)
    });
    each.unzip()
}

fn compare(one: &Path, other: &Path, file: &Path, reading: &LabelArgs) -> Result<(), Failure> {
    let examples = reading.every_line(file)?;
    let of = |path: &Path| -> Result<Evaluation, Failure> {
        let model = read_model(path)?;
        Ok(evaluate(&model, &predict(&model, &examples.rows)))
    };
    show(&[("one", of(one)?), ("other", of(other)?)], reading)
}

fn show(found: &[(&str, Evaluation)], reading: &LabelArgs) -> Result<(), Failure> {
    if reading.json {
        return match found {
            [(_, only)] => output::json(&json!(only)),
            all => {
                let named = all.iter().map(|(name, found)| ((*name).to_owned(), json!(found)));
                output::json(&Value::Object(named.collect()))
            }
        };
    }
    for (name, found) in found {
        output::line(&format_localized!(
            "{name} {} 行：首选 {:.3}，前三 {:.3}；接受 {:.3}，其中正确 {:.3}；域外 {} 行，放弃判定 {:.3}",
            "{name} {} rows: top 1 {:.3}, top 3 {:.3}; accepted {:.3}, of these right {:.3}; out of scope \
             {} rows, abstained {:.3}",
            found.rows,
            found.first_ratio,
            found.among_three_ratio,
            found.accepted_ratio,
            found.accepted_right_ratio,
            found.foreign_rows,
            found.foreign_recall_ratio
        ))?;
        for (said, taken_for, times) in &found.confused {
            output::line(&format!("  {said} → {taken_for} {times}"))?;
        }
    }
    Ok(())
}

impl LabelArgs {
    /// Reads the training examples: a sample of each intent.
    fn examples(&self, file: &Path, seed: u64) -> Result<Examples, Failure> {
        examples_in(file, |lines| Examples::read(lines, &self.label, seed))
    }

    /// Reads the examples to evaluate: every line with a text and a label.
    fn every_line(&self, file: &Path) -> Result<Examples, Failure> {
        let examples = examples_in(file, |lines| Examples::read_every(lines, &self.label))?;
        if examples.good_count > u64::try_from(examples.rows.len()).unwrap_or(u64::MAX) {
            return Err(Failure::refused(format!(
                "{} has {} labeled lines; at most {JUDGED_ROWS_MAX} can be evaluated at once: split the file",
                file.display(),
                examples.good_count
            )));
        }
        for (what, count) in &examples.fault_counts {
            output::notice(&format_localized!(
                "未评测：{count} 行为 {}",
                "not evaluated: {count} lines are {}",
                what.code()
            ));
        }
        Ok(examples)
    }
}

/// Reads the examples of a file line by line. Fails if reading stops before the end of the file.
fn examples_in(
    file: &Path,
    examples_of: impl FnOnce(&mut dyn Iterator<Item = String>) -> Examples,
) -> Result<Examples, Failure> {
    let opened = std::fs::File::open(file).map_err(|error| unavailable(file, &error))?;
    let mut broke_off = None;
    // A line that is not valid text is a bad line; a read error means that the file is incomplete.
    let examples = {
        let mut lines = bounded_lines(BufReader::new(opened)).map_while(|line| match line {
            Ok(line) => Some(line),
            Err(error) => {
                broke_off = Some(error);
                None
            }
        });
        examples_of(&mut lines)
    };
    match broke_off {
        Some(error) => Err(unavailable(file, &error)),
        None => Ok(examples),
    }
}

/// Writes a file completely or not at all.
fn write(out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let part = AtomicFile::begin(out)?;
    part.file()?.write_all(bytes)?;
    part.finish()
}

fn read_model(path: &Path) -> Result<Model, Failure> {
    let length = std::fs::metadata(path)
        .map_err(|error| unavailable(path, &error))?
        .len();
    if usize::try_from(length).map_or(true, |length| length > MODEL_BYTES_MAX) {
        return Err(Failure::refused(format!(
            "{} is larger than a model can be",
            path.display()
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| unavailable(path, &error))?;
    Model::from_bytes(&bytes).map_err(|fault| Failure::refused(format!("{}: {fault}", path.display())))
}

fn unavailable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unavailable(format!("{}: {error}", path.display()))
}

fn faults(examples: &Examples) -> Value {
    let listed = examples.faults.iter();
    let described = listed.map(
        |fault| json!({ "line": fault.line, "what": format!("{:?}", fault.what), "before": fault.before }),
    );
    described.collect()
}

fn described(row: &Prediction<'_>, micros: f64) -> Value {
    let candidates = row.ranking.candidates.iter();
    let candidates = candidates.map(|each| json!({ "intent": each.intent, "probability": each.probability }));
    let verdict = match row.ranking.verdict {
        Verdict::Accepted => "accepted",
        Verdict::ToConfirm => "to_confirm",
        Verdict::Abstained => "abstained",
    };
    json!({
        "text": row.example.text, "intent": row.example.intent, "candidates": candidates.collect::<Vec<_>>(),
        "score": row.ranking.confidence, "verdict": verdict, "us": micros,
    })
}
