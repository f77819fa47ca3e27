//! Reads labelled lines that people write: good ones are kept, faulty ones are listed by line and kind.
//!
//! A million lines need only the memory for what is kept of them: a hash each, and a sample of the texts.

use super::solver::Random;
use crate::text::normalize_text;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Most rows of one intent from which a model learns; of more, a random sample is taken by the seed. More
/// rows teach little.
pub const ROWS_PER_INTENT_MAX: usize = 2_000;

/// Most rows from which a model learns in total; 200 features each, 8 bytes a feature, about 130 MB.
pub const ROWS_MAX: usize = 80_000;

/// Most lines that one evaluation judges: about 200 bytes each, 200 MB. A larger file is refused, not
/// sampled.
pub const JUDGED_ROWS_MAX: usize = 1_000_000;

/// Most intents of a model; lines with further intents are faults. A person can label far fewer
/// consistently.
pub const INTENTS_MAX: usize = 1_000;

/// Most faults of a file that are listed by line; all are counted.
pub const FAULTS_LISTED_MAX: usize = 100;

/// The kind of a faulty line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineFault {
    /// It is not a JSON object with `text`, or `utterance`, and a label.
    Unreadable,
    /// The text has only punctuation.
    Empty,
    /// It has no label.
    Unlabelled,
    /// The same text has another label on an earlier line; the earlier one counts.
    OtherLabelBefore,
    /// The same text with the same label was on an earlier line.
    Repeated,
    /// The text equals an earlier one except for particles and the order of its characters; it counts all the
    /// same.
    NearlyRepeated,
    /// Its intent is one more than a model can have.
    OneIntentTooMany,
}

/// A faulty line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExampleFault {
    /// The number of the line, counted from one.
    pub line: u64,
    /// The kind of its fault.
    pub what: LineFault,
    /// The earlier line that it repeats or contradicts.
    pub before: Option<u64>,
}

/// A text with its label, from one line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The words that were said.
    pub text: String,
    /// The label: the intent of the words.
    pub intent: String,
}

/// The examples of a file from which to learn, and the faults found while reading it.
#[derive(Debug, Default)]
pub struct Examples {
    /// The kept rows in the order of their lines.
    pub rows: Vec<Example>,
    /// The first faults.
    pub faults: Vec<ExampleFault>,
    /// The number of faults of each kind.
    pub fault_counts: BTreeMap<LineFault, u64>,
    /// The number of good lines, kept or not.
    pub good_count: u64,
}

impl LineFault {
    /// Returns the name of the fault in API responses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
            Self::Unlabelled => "unlabelled",
            Self::OtherLabelBefore => "other_label_before",
            Self::Repeated => "repeated",
            Self::NearlyRepeated => "nearly_repeated",
            Self::OneIntentTooMany => "one_intent_too_many",
        }
    }
}

/// The members that are read from a line of JSON; it may have others.
#[derive(Deserialize)]
struct Line {
    text: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

impl Line {
    /// Returns the text of the line: its `text`, else its `utterance`, as other programs write it.
    fn said(&self) -> Option<&str> {
        let utterance = || self.others.get("utterance").and_then(|said| said.as_str());
        self.text.as_deref().or_else(utterance)
    }
}

impl Examples {
    /// Reads JSON lines with a text and the label in the member `label` (`intent`, `sentiment`,
    /// `interest`). Faulty lines are counted, and of intents with many rows a sample is kept, by the seed.
    pub fn read(lines: impl Iterator<Item = String>, label: &str, seed: u64) -> Self {
        let mut reader = Reader::new(seed);
        for (number, line) in (1..).zip(lines) {
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<Line>(&line) {
                Ok(line) => match line.said() {
                    Some(said) => {
                        let label = line.others.get(label).and_then(|label| label.as_str());
                        reader.take(number, said.to_owned(), label.unwrap_or_default());
                    }
                    None => reader.fault(number, LineFault::Unreadable, None),
                },
                Err(_) => reader.fault(number, LineFault::Unreadable, None),
            }
        }
        reader.finish()
    }

    /// Reads every labelled line for an evaluation: repeats and texts with two labels too, without a
    /// sample. Lines without a text or label are faults. Lines beyond `JUDGED_ROWS_MAX` are counted but not
    /// kept.
    pub fn read_every(lines: impl Iterator<Item = String>, label: &str) -> Self {
        let mut reader = Reader::new(0);
        for (number, line) in (1..).zip(lines) {
            if line.trim().is_empty() {
                continue;
            }
            let read = serde_json::from_str::<Line>(&line).ok();
            let Some((line, said)) = read.as_ref().and_then(|line| Some((line, line.said()?))) else {
                reader.fault(number, LineFault::Unreadable, None);
                continue;
            };
            let intent = line.others.get(label).and_then(|label| label.as_str());
            reader.take_every(number, said, intent.unwrap_or_default());
        }
        reader.finish()
    }

    /// Takes examples that were parsed already; checks and samples them like `read`.
    pub fn of(pairs: impl Iterator<Item = Example>, seed: u64) -> Self {
        let mut reader = Reader::new(seed);
        for (number, pair) in (1..).zip(pairs) {
            reader.take(number, pair.text, &pair.intent);
        }
        reader.finish()
    }

    /// Returns the intents that the kept rows have, sorted, each once.
    pub fn intents(&self) -> Vec<&str> {
        let mut intents: Vec<&str> = self.rows.iter().map(|row| row.intent.as_str()).collect();
        intents.sort_unstable();
        intents.dedup();
        intents
    }
}

/// Line number and label of a text that was read before.
struct SeenText {
    line: u64,
    label: u64,
}

struct Reader {
    found: Examples,
    met: HashMap<u64, SeenText>,
    nearly: HashMap<u64, u64>,
    /// By intent: the number of good lines, and the indexes of its kept rows.
    intents: BTreeMap<String, (u64, Vec<usize>)>,
    kept: Vec<(u64, Example)>,
    random: Random,
}

impl Reader {
    fn new(seed: u64) -> Self {
        Self {
            found: Examples::default(),
            met: HashMap::new(),
            nearly: HashMap::new(),
            intents: BTreeMap::new(),
            kept: Vec::new(),
            random: Random(seed | 1),
        }
    }

    fn fault(&mut self, line: u64, what: LineFault, before: Option<u64>) {
        *self.found.fault_counts.entry(what).or_default() += 1;
        if self.found.faults.len() < FAULTS_LISTED_MAX {
            self.found.faults.push(ExampleFault { line, what, before });
        }
    }

    fn take(&mut self, line: u64, text: String, label: &str) {
        let plain = normalize_text(&text);
        if plain.is_empty() {
            return self.fault(line, LineFault::Empty, None);
        }
        if label.trim().is_empty() {
            return self.fault(line, LineFault::Unlabelled, None);
        }
        let (key, label_key) = (hash(plain.bytes()), hash(label.bytes()));
        if let Some(SeenText {
            line: before,
            label: was,
        }) = self.met.get(&key)
        {
            let what = if *was == label_key {
                LineFault::Repeated
            } else {
                LineFault::OtherLabelBefore
            };
            let before = Some(*before);
            return self.fault(line, what, before);
        }
        if self.intents.len() >= INTENTS_MAX && !self.intents.contains_key(label) {
            return self.fault(line, LineFault::OneIntentTooMany, None);
        }
        self.met.insert(
            key,
            SeenText {
                line,
                label: label_key,
            },
        );
        if let Some(before) = self.nearly.insert(gist(&plain), line) {
            self.fault(line, LineFault::NearlyRepeated, Some(before));
        }
        self.found.good_count += 1;
        self.keep(
            line,
            Example {
                text,
                intent: label.to_owned(),
            },
        );
    }

    /// Takes a line for an evaluation, whatever the lines before it.
    fn take_every(&mut self, line: u64, text: &str, label: &str) {
        if normalize_text(text).is_empty() {
            return self.fault(line, LineFault::Empty, None);
        }
        if label.trim().is_empty() {
            return self.fault(line, LineFault::Unlabelled, None);
        }
        self.found.good_count += 1;
        if self.kept.len() < JUDGED_ROWS_MAX {
            let (text, intent) = (text.to_owned(), label.to_owned());
            self.kept.push((line, Example { text, intent }));
        }
    }

    /// Keeps a line, in a random sample of at most `ROWS_PER_INTENT_MAX` of its intent (Vitter's algorithm
    /// R) and within `ROWS_MAX` of all.
    fn keep(&mut self, line: u64, example: Example) {
        let (good, places) = self.intents.entry(example.intent.clone()).or_default();
        *good += 1;
        if places.len() < ROWS_PER_INTENT_MAX && self.kept.len() < ROWS_MAX {
            places.push(self.kept.len());
            self.kept.push((line, example));
            return;
        }
        let drawn = self.random.below(usize::try_from(*good).unwrap_or(usize::MAX));
        let place = places.get(drawn).copied();
        if let Some(kept) = place.and_then(|place| self.kept.get_mut(place)) {
            *kept = (line, example);
        }
    }

    fn finish(mut self) -> Examples {
        self.kept.sort_by_key(|(line, _)| *line);
        self.found.rows = self.kept.into_iter().map(|(_, example)| example).collect();
        self.found
    }
}

/// Returns FNV-1a, 64 bits, of some bytes.
pub(crate) fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Returns a hash of an utterance without particles that does not depend on the order of its characters or
/// words: equal for near-duplicates.
pub(crate) fn gist(plain: &str) -> u64 {
    let is_particle = |found: &char| "嗯啊哦呃吧呢的了呀嘛哈就那这请您你我 ".contains(*found);
    let mut parts: Vec<String> = if plain.is_ascii() {
        plain.split(' ').map(str::to_owned).collect()
    } else {
        plain
            .chars()
            .filter(|found| !is_particle(found))
            .map(String::from)
            .collect()
    };
    parts.sort_unstable();
    parts.dedup();
    if parts.is_empty() {
        hash(plain.bytes())
    } else {
        hash(parts.join(" ").bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Examples {
        Examples::read(lines.iter().map(|line| (*line).to_owned()), "intent", 7)
    }

    #[test]
    fn each_fault_is_named_with_its_line_and_good_lines_count() {
        let found = read(&[
            r#"{"text":"好的","intent":"affirm"}"#,
            "not json",
            r#"{"text":"！","intent":"affirm"}"#,
            r#"{"text":"不用"}"#,
            r#"{"text":"好的。","intent":"deny"}"#,
            r#"{"text":"好的","intent":"affirm"}"#,
            r#"{"text":"好的呀","intent":"affirm"}"#,
            "",
        ]);
        let named: Vec<_> = found
            .faults
            .iter()
            .map(|fault| (fault.line, fault.what))
            .collect();
        assert_eq!(
            named,
            [
                (2, LineFault::Unreadable),
                (3, LineFault::Empty),
                (4, LineFault::Unlabelled),
                (5, LineFault::OtherLabelBefore),
                (6, LineFault::Repeated),
                (7, LineFault::NearlyRepeated),
            ]
        );
        assert_eq!((found.good_count, found.rows.len()), (2, 2));
    }

    #[test]
    fn an_utterance_is_read_by_either_name_and_may_have_several_labels() {
        let lines = [
            r#"{"utterance":"这个利率太高了","intent":"拒绝_利率","sentiment":"negative"}"#,
            r#"{"text":"好的","intent":"affirm","sentiment":"positive"}"#,
            r#"{"utterance":7,"intent":"affirm"}"#,
        ];
        let by = |label: &str| Examples::read(lines.iter().map(|line| (*line).to_owned()), label, 1);
        assert_eq!(by("intent").intents(), ["affirm", "拒绝_利率"]);
        let moods = by("sentiment");
        assert_eq!(moods.intents(), ["negative", "positive"]);
        assert_eq!(moods.rows[0].text, "这个利率太高了");
        assert_eq!(
            (moods.faults[0].line, moods.faults[0].what),
            (3, LineFault::Unreadable)
        );
    }

    #[test]
    fn an_evaluation_has_every_line_repeats_and_more_than_a_sample_of_one_intent() {
        let line = |text: &str, intent: &str| format!(r#"{{"text":"{text}","intent":"{intent}"}}"#);
        let mut lines: Vec<String> = (0..ROWS_PER_INTENT_MAX + 500)
            .map(|number| line(&format!("line {number}"), "one"))
            .collect();
        lines.extend([line("line 7", "one"), line("line 7", "two"), line("！", "one")]);
        lines.push("not json".to_owned());
        let found = Examples::read_every(lines.into_iter(), "intent");
        assert_eq!(found.rows.len(), ROWS_PER_INTENT_MAX + 502);
        assert_eq!(found.good_count, 2_502);
        let last: Vec<&str> = found
            .rows
            .iter()
            .rev()
            .take(2)
            .map(|row| row.intent.as_str())
            .collect();
        assert_eq!(last, ["two", "one"], "a repeat and another label are judged too");
        let faults: Vec<_> = found.faults.iter().map(|fault| fault.what).collect();
        assert_eq!(faults, [LineFault::Empty, LineFault::Unreadable]);
    }

    #[test]
    fn a_million_lines_keep_a_bounded_sample() {
        let line = |number: u32| Example {
            text: format!("line {number}"),
            intent: "one".to_owned(),
        };
        let found = Examples::of((0..1_000_000).map(line), 7);
        assert_eq!(found.good_count, 1_000_000);
        assert_eq!(found.rows.len(), ROWS_PER_INTENT_MAX);
        let late = found
            .rows
            .iter()
            .filter(|row| row.text.len() == "line 999999".len());
        assert!(
            late.count() > ROWS_PER_INTENT_MAX / 2,
            "the sample is of all lines"
        );
    }
}
