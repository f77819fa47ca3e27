//! Measures how well rows are classified that were not learned from: each part is judged by a model of the
//! others.

use crate::evaluation::{Prediction, predict};
use crate::learning::{Example, Examples, TrainingFault, TrainingSettings, folds, groups, train_while};
use crate::model::Verdict;
use std::collections::BTreeMap;

/// How held-out rows were classified, counted over all parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldOutCounts {
    /// Number of rows with an intent.
    pub rows: u64,
    /// Number of these rows with the right intent ranked first.
    pub first: u64,
    /// Number of rows without an intent.
    pub foreign_rows: u64,
    /// Number of rows without an intent from which the model abstained.
    pub foreign_abstained: u64,
    /// Number of rows with an intent that were accepted without asking back.
    pub accepted: u64,
    /// Number of accepted rows that are right.
    pub accepted_right: u64,
}

/// How often each intent was ranked first, by the true intent: true intent, ranked intent, count.
pub type Confusion = BTreeMap<String, BTreeMap<String, u64>>;

/// The result of a cross-validation: the counts, and which intents were confused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrossValidationResult {
    /// The counts over all parts.
    pub counts: HeldOutCounts,
    /// Every pair that occurs, including rows without an intent.
    pub confusion: Confusion,
}

impl HeldOutCounts {
    /// Returns the share of rows with the right intent ranked first, per thousand rows with an intent;
    /// `None` without rows.
    pub fn first_permille(self) -> Option<u16> {
        permille(self.first, self.rows)
    }

    /// Returns the share of accepted rows, per thousand rows with an intent; `None` without rows.
    pub fn accepted_permille(self) -> Option<u16> {
        permille(self.accepted, self.rows)
    }

    /// Returns the share of right rows, per thousand accepted ones; `None` if none was accepted.
    pub fn accepted_right_permille(self) -> Option<u16> {
        permille(self.accepted_right, self.accepted)
    }

    /// Returns the share of rows from which the model abstained, per thousand rows without an intent;
    /// `None` without these.
    pub fn foreign_recall_permille(self) -> Option<u16> {
        permille(self.foreign_abstained, self.foreign_rows)
    }
}

fn permille(part: u64, whole: u64) -> Option<u16> {
    let ratio = part.saturating_mul(1_000).checked_div(whole)?;
    u16::try_from(ratio).ok()
}

/// Classifies each of `parts` parts of the examples with a model trained on the others, and returns the
/// counts. Near-duplicates are in one part, so that no row is known from another.
pub fn cross_validate(
    examples: &Examples,
    settings: &TrainingSettings,
    parts: usize,
) -> Result<HeldOutCounts, TrainingFault> {
    cross_validate_while(examples, settings, parts, &|| true).map(|found| found.counts)
}

/// Like `cross_validate`; also returns which intents were confused. Stops with an error as soon as
/// `goes_on` returns false.
pub fn cross_validate_while(
    examples: &Examples,
    settings: &TrainingSettings,
    parts: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<CrossValidationResult, TrainingFault> {
    let is_foreign = |row: &Example| settings.foreign.as_deref() == Some(row.intent.as_str());
    let texts: Vec<&str> = examples.rows.iter().map(|row| row.text.as_str()).collect();
    let intents = examples.intents();
    let owner = |row: &Example| {
        let place = intents.binary_search(&row.intent.as_str()).ok();
        place.filter(|_| !is_foreign(row))
    };
    let owners: Vec<Option<usize>> = examples.rows.iter().map(owner).collect();
    let part_of = folds(&groups(&texts), &owners, parts, settings.seed);
    let mut found = CrossValidationResult::default();
    for part in 0..parts {
        let rows = |inside: bool| {
            let rows = examples.rows.iter().zip(&part_of);
            let kept = rows.filter(move |(_, of)| (**of == part) == inside);
            kept.map(|(row, _)| row.clone())
        };
        let out: Vec<Example> = rows(true).collect();
        if out.is_empty() {
            continue;
        }
        let model = train_while(&Examples::of(rows(false), settings.seed), settings, goes_on)?;
        for prediction in predict(&model, &out) {
            found.counts.count(&prediction, is_foreign(prediction.example));
            found.note(&prediction);
        }
    }
    Ok(found)
}

impl CrossValidationResult {
    fn note(&mut self, prediction: &Prediction<'_>) {
        let Some(first) = prediction.ranking.candidates.first() else {
            return;
        };
        let taken_for = self
            .confusion
            .entry(prediction.example.intent.clone())
            .or_default();
        *taken_for.entry(first.intent.clone()).or_default() += 1;
    }
}

impl HeldOutCounts {
    fn count(&mut self, prediction: &Prediction<'_>, is_foreign: bool) {
        let ranking = &prediction.ranking;
        if is_foreign {
            self.foreign_rows += 1;
            self.foreign_abstained += u64::from(ranking.verdict == Verdict::Abstained);
            return;
        }
        let first = ranking.candidates.first();
        let is_right = first.is_some_and(|first| first.intent == prediction.example.intent);
        let is_accepted = ranking.verdict == Verdict::Accepted;
        self.rows += 1;
        self.first += u64::from(is_right);
        self.accepted += u64::from(is_accepted);
        self.accepted_right += u64::from(is_accepted && is_right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_held_out_once_and_judged_by_what_the_others_say() {
        let mut lines = Vec::new();
        for term in ["三", "六", "九", "十二", "二十四", "十八"] {
            lines.push(format!("{{\"text\":\"我要分{term}期\",\"intent\":\"term\"}}"));
            lines.push(format!(
                "{{\"text\":\"利率{term}个点太高了\",\"intent\":\"rate\"}}"
            ));
        }
        for text in ["今天天气怎么样", "帮我订一张机票", "放一首歌"] {
            lines.push(format!("{{\"text\":\"{text}\",\"intent\":\"oos\"}}"));
        }
        let examples = Examples::read(lines.into_iter(), "intent", 1);
        let counts = cross_validate(&examples, &TrainingSettings::default(), 3).unwrap();
        assert_eq!((counts.rows, counts.foreign_rows), (12, 3));
        assert!(counts.first * 2 >= counts.rows, "{counts:?}");
        assert_eq!(
            counts.first_permille(),
            Some(u16::try_from(counts.first * 1_000 / 12).unwrap())
        );
        assert_eq!(HeldOutCounts::default().first_permille(), None);
        let full = cross_validate_while(&examples, &TrainingSettings::default(), 3, &|| true).unwrap();
        assert_eq!(full.counts, counts);
        let of = |said: &str| full.confusion[said].values().sum::<u64>();
        assert_eq!((of("term"), of("rate"), of("oos")), (6, 6, 3));
        let diagonal = ["term", "rate"].map(|said| full.confusion[said].get(said).copied().unwrap_or(0));
        assert_eq!(diagonal.iter().sum::<u64>(), counts.first);
    }

    #[test]
    fn learning_without_a_waiting_caller_returns_nothing() {
        let lines = ["转人工", "人工客服", "找真人"].map(|text| (text, "human"));
        let others = ["再见", "拜拜", "挂了"].map(|text| (text, "bye"));
        let rows = lines.into_iter().chain(others).map(|(text, intent)| Example {
            text: text.to_owned(),
            intent: intent.to_owned(),
        });
        let examples = Examples::of(rows, 1);
        let asked = std::sync::atomic::AtomicUsize::new(0);
        // True a few times, so that learning is under way when it is stopped.
        let goes_on = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 5;
        let stopped = train_while(&examples, &TrainingSettings::default(), &goes_on);
        assert_eq!(stopped, Err(TrainingFault::Stopped));
        let never = cross_validate_while(&examples, &TrainingSettings::default(), 2, &|| false);
        assert_eq!(never, Err(TrainingFault::Stopped));
    }
}
