//! Trains a model from labelled lines sent over the API. The reply has the faults of the lines, the results
//! on held-out rows, and, if requested, a draft or version with the model's bytes. The bytes equal those of
//! `ledgerline nlu train` with the same lines and seed.

mod draft;
mod responses;

pub use draft::{ModelDraftRequest, keep, position_of, publish_draft};
pub use responses::{
    ConfusionRow, HoldoutResponse, TrainingLineFaultResponse, TrainingLinesResponse, TrainingResponse,
    held_out_shown,
};

use domain::model::Training;
use domain::problem::Problem;
use responses::lines_shown;
use std::io::{BufRead, Read};
use understanding::cross_validation::cross_validate_while;
use understanding::{Examples, TrainingFault, TrainingSettings, train_while};

/// Longest line that is read, in bytes. A longer line is a faulty line.
pub const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Longest name, in bytes, of the label to learn, and of the label for lines without an intent.
pub const LABEL_BYTES_MAX: usize = 64;

/// Most parts of the lines that are held out one after another. Each needs a training of its own.
pub const FOLDS_MAX: u32 = 10;

/// What is stored of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrainingStorage {
    /// Nothing is stored; the reply has only the figures.
    #[default]
    Nothing,
    /// The bytes and what they were trained from: `model.trained`.
    Draft,
    /// The draft is stored and also published.
    Version,
}

impl TrainingStorage {
    /// The names of these values in the API.
    pub const CODES: &'static [&'static str] = &["nothing", "draft", "version"];

    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "nothing" => Some(Self::Nothing),
            "draft" => Some(Self::Draft),
            "version" => Some(Self::Version),
            _ => None,
        }
    }
}

/// A request to train a model.
#[derive(Debug, Clone)]
pub struct TrainingRequest {
    /// The member of a line to learn, such as `intent` or `sentiment`.
    pub label: String,
    pub seed: u64,
    /// The label of lines without an intent.
    pub foreign: String,
    /// Number of parts that are held out one after another; 0: none, and no figures.
    pub folds: u32,
    pub keep: TrainingStorage,
}

impl TrainingRequest {
    /// Returns the settings that the command line uses for the same request. Equal lines and seed give
    /// equal bytes, with any number of threads; one thread is used here, so that calls keep the other core.
    pub fn settings(&self) -> TrainingSettings {
        TrainingSettings {
            seed: self.seed,
            foreign: Some(self.foreign.clone()),
            threads: 1,
            ..TrainingSettings::default()
        }
    }
}

/// A trained model: its bytes, what it was trained from, and the reply.
pub struct TrainingResult {
    bytes: Vec<u8>,
    training: Training,
    shown: TrainingResponse,
}

/// Returns the lines of a file. A line above `LINE_BYTES_MAX` or with invalid UTF-8 is returned as a line
/// that cannot be parsed.
pub fn bounded_lines(mut reader: impl BufRead) -> impl Iterator<Item = std::io::Result<String>> {
    std::iter::from_fn(move || next_line(&mut reader).transpose())
}

fn next_line(reader: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    if reader
        .by_ref()
        .take(LINE_BYTES_MAX)
        .read_until(b'\n', &mut line)?
        == 0
    {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == LINE_BYTES_MAX {
        // The rest of the line is skipped piece by piece.
        line.clear();
        line.extend_from_slice("一行过长 too long".as_bytes());
        loop {
            let piece = reader.fill_buf()?;
            let (used, ends) = match piece.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (piece.len(), piece.is_empty()),
            };
            reader.consume(used);
            if ends {
                break;
            }
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Trains a model from lines of JSON. Blocks for up to minutes. Returns `None` if `goes_on` returns false,
/// because the client has gone. Fails if there is nothing to learn from.
pub fn learn(
    lines: impl BufRead,
    rows_hash: String,
    order: &TrainingRequest,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Option<TrainingResult>, Problem> {
    let mut broke_off = None;
    let lines = bounded_lines(lines).map_while(|line| match line {
        Ok(line) if goes_on() => Some(line),
        Ok(_) => None,
        Err(error) => {
            broke_off = Some(error);
            None
        }
    });
    let examples = Examples::read(lines, &order.label, order.seed);
    if let Some(error) = broke_off {
        return Err(Problem::unavailable(format!("the lines cannot be read: {error}")));
    }
    let settings = order.settings();
    let model = match train_while(&examples, &settings, goes_on) {
        Ok(model) => model,
        Err(TrainingFault::Stopped) => return Ok(None),
        Err(fault) => return Err(nothing_learned(&fault, &examples)),
    };
    let (held_out, held_out_missing) = match order.folds {
        0 => (None, None),
        parts => {
            let parts = usize::try_from(parts).unwrap_or(usize::MAX);
            match cross_validate_while(&examples, &settings, parts, goes_on) {
                Ok(found) => (Some(found), None),
                Err(TrainingFault::Stopped) => return Ok(None),
                // If nothing can be learned without one of the parts, the model has no figures.
                Err(fault) => (None, Some(format!("without a part that is held out: {fault}"))),
            }
        }
    };
    let counts = held_out.as_ref().map(|found| found.counts);
    let bytes = model.to_bytes();
    Ok(Some(TrainingResult {
        training: Training {
            rows: examples.good_count,
            label: order.label.clone(),
            seed: order.seed,
            rows_hash: Some(rows_hash),
            folds: held_out.is_some().then_some(order.folds),
            first_permille: counts.and_then(|counts| counts.first_permille()),
            foreign_recall_permille: counts.and_then(|counts| counts.foreign_recall_permille()),
        },
        shown: TrainingResponse {
            digest: model.digest(),
            size_bytes: bytes.len() as u64,
            intents: model.intents().to_vec(),
            lines: lines_shown(&examples),
            held_out: held_out.map(|found| held_out_shown(order.folds, found)),
            held_out_missing,
            kept: "nothing",
            version: None,
            position: None,
        },
        bytes,
    }))
}

/// Returns the problem that the lines have only one class or none is usable, with the first faulty lines,
/// which are usually the cause.
fn nothing_learned(fault: &TrainingFault, examples: &Examples) -> Problem {
    let first = examples.faults.iter().take(5);
    let named: Vec<String> = first
        .map(|fault| format!("line {} {}", fault.line, fault.what.code()))
        .collect();
    let faults = match named.is_empty() {
        true => String::new(),
        false => format!("; faulty lines: {}", named.join(", ")),
    };
    Problem::refused("nothing-to-learn", format!("{fault}{faults}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use understanding::train;

    fn order(label: &str, folds: u32) -> TrainingRequest {
        TrainingRequest {
            label: label.to_owned(),
            seed: 7,
            foreign: "oos".to_owned(),
            folds,
            keep: TrainingStorage::Nothing,
        }
    }

    /// Near-duplicates of one another on one side only, if `alike`.
    fn lines(alike: bool) -> String {
        let terms = [
            "我要分三期",
            "六期可以吗",
            "办九个月的",
            "十二期吧",
            "两年的有没有",
            "最多能分多少",
        ];
        let rates = [
            "这个利率太高了",
            "手续费贵",
            "利息划不来",
            "别家比你们便宜",
            "年化多少啊太多",
            "不划算",
        ];
        let mut text = String::new();
        for (number, (term, rate)) in terms.iter().zip(rates).enumerate() {
            let rate = match alike {
                true => format!("利率{number}个点太高了"),
                false => rate.to_owned(),
            };
            for (said, intent, mood) in [(*term, "term", "positive"), (&rate, "拒绝_利率", "negative")] {
                text.push_str(&format!(
                    "{{\"utterance\":\"{said}\",\"intent\":\"{intent}\",\"sentiment\":\"{mood}\"}}\n"
                ));
            }
        }
        text
    }

    fn learned(text: &str, order: &TrainingRequest) -> Result<Option<TrainingResult>, Problem> {
        learn(text.as_bytes(), "a".repeat(64), order, &|| true)
    }

    #[test]
    fn the_bytes_are_those_of_the_command_and_figures_have_their_matrix() {
        let text = format!("no line\n{}", lines(false));
        let found = learned(&text, &order("intent", 3)).unwrap().unwrap();
        let examples = Examples::read(text.lines().map(str::to_owned), "intent", 7);
        let settings = TrainingSettings {
            seed: 7,
            ..TrainingSettings::default()
        };
        let command = train(&examples, &settings).unwrap();
        assert_eq!(found.bytes, command.to_bytes());
        assert_eq!(found.shown.digest, command.digest());
        assert_eq!((found.shown.lines.good, found.training.rows), (12, 12));
        assert_eq!(
            found.shown.lines.fault_counts,
            BTreeMap::from([("unreadable", 1)])
        );
        assert_eq!(found.shown.lines.faults[0].line, 1);
        let held = found.shown.held_out.unwrap();
        let said: Vec<_> = held
            .confusion
            .iter()
            .map(|row| (row.said.as_str(), row.rows))
            .collect();
        assert_eq!(said, [("term", 6), ("拒绝_利率", 6)]);
        assert_eq!(found.training.first_permille, held.first_permille);
        let moods = learned(&text, &order("sentiment", 0)).unwrap().unwrap();
        assert_eq!(moods.shown.intents, ["negative", "positive"]);
        assert!(moods.shown.held_out.is_none() && moods.training.folds.is_none());
    }

    #[test]
    fn a_label_with_identical_lines_has_a_model_and_no_figures() {
        let found = learned(&lines(true), &order("intent", 3)).unwrap().unwrap();
        assert_eq!(found.shown.intents, ["term", "拒绝_利率"]);
        assert!(found.shown.held_out.is_none() && found.training.folds.is_none());
        let why = found.shown.held_out_missing.unwrap();
        assert!(why.contains("one intent, term"), "{why}");
    }

    #[test]
    fn one_class_no_lines_and_contradictions_have_their_outcomes() {
        let refused = |text: &str| learned(text, &order("intent", 3)).err().unwrap();
        let one = refused("{\"text\":\"好\",\"intent\":\"yes\"}\n{\"text\":\"行\",\"intent\":\"yes\"}\n");
        assert_eq!(one.code, "nothing-to-learn");
        assert!(one.detail.contains("one intent, yes"), "{}", one.detail);
        let none = refused("what\n\n{}\n");
        assert!(none.detail.contains("line 1 unreadable"), "{}", none.detail);
        assert_eq!(refused("").code, "nothing-to-learn");
        let text = format!(
            "{}{{\"text\":\"我要分三期\",\"intent\":\"other\"}}\n",
            lines(false)
        );
        let found = learned(&text, &order("intent", 0)).unwrap().unwrap();
        let fault = &found.shown.lines.faults[0];
        assert_eq!(
            (fault.line, fault.what, fault.before),
            (13, "other_label_before", Some(1))
        );
        assert_eq!(
            found.shown.intents,
            ["term", "拒绝_利率"],
            "the earlier line counts"
        );
    }

    #[test]
    fn a_line_without_an_end_is_one_faulty_line_and_costs_its_bound() {
        let long = "x".repeat(3 * usize::try_from(LINE_BYTES_MAX).unwrap());
        let text = format!("{long}\n{}{long}", lines(false));
        let read: Vec<String> = bounded_lines(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(read.len(), 14);
        assert!(read.iter().all(|line| line.len() < 200));
        let found = learned(&text, &order("intent", 0)).unwrap().unwrap();
        let at: Vec<u64> = found.shown.lines.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(at, [1, 14]);
        assert_eq!(bounded_lines(&b"a\n\nb"[..]).count(), 3);
    }

    #[test]
    fn an_abandoned_request_is_not_learned() {
        let found = learn(
            lines(false).as_bytes(),
            String::new(),
            &order("intent", 3),
            &|| false,
        );
        assert!(matches!(found, Err(_) | Ok(None)));
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let while_read = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 14;
        let found = learn(
            lines(false).as_bytes(),
            String::new(),
            &order("intent", 3),
            &while_read,
        );
        assert!(matches!(found, Ok(None)), "stopped while it learned");
    }
}
