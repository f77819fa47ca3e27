//! Evaluates a model on labelled rows: the share it ranks right, abstains from and confuses.
//!
//! Rows with a label that the model does not know are foreign: the right answer to them is to abstain.

use crate::learning::Example;
use crate::model::{Model, Ranking, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most pairs of confused intents that an evaluation lists, the most frequent first.
const CONFUSED_LISTED_MAX: usize = 20;

/// The measures of one model on one set of labelled rows. Shares are between 0 and 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of rows with an intent of the model.
    pub rows: u32,
    /// Share of these rows with the right intent ranked first.
    pub first_ratio: f64,
    /// Share of these rows with the right intent among the first three.
    pub among_three_ratio: f64,
    /// Share of these rows that the model accepted.
    pub accepted_ratio: f64,
    /// Share of the accepted rows that are right.
    pub accepted_right_ratio: f64,
    /// Share of the rows that the model did not abstain from and ranked right.
    pub kept_right_ratio: f64,
    /// Number of rows with an intent that the model does not know.
    pub foreign_rows: u32,
    /// Share of the foreign rows that the model abstained from.
    pub foreign_recall_ratio: f64,
    /// Share of right rows, by intent.
    pub recall_by_intent: BTreeMap<String, f64>,
    /// Intent said, intent ranked first instead, and count; the most frequent pair first.
    pub confused: Vec<(String, String, u32)>,
}

/// A model's result for one row, for a file of predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction<'e> {
    /// The row.
    pub example: &'e Example,
    /// The model's ranking for it.
    pub ranking: Ranking,
}

impl Prediction<'_> {
    fn is_right(&self) -> bool {
        self.ranking
            .candidates
            .first()
            .is_some_and(|first| first.intent == self.example.intent)
    }
}

/// Ranks the intents of every row by a model.
pub fn predict<'e>(model: &Model, rows: &'e [Example]) -> Vec<Prediction<'e>> {
    rows.iter()
        .map(|example| Prediction {
            example,
            ranking: model.rank(&example.text),
        })
        .collect()
}

/// Computes a model's measures from its predictions for a set of rows.
pub fn evaluate(model: &Model, predictions: &[Prediction<'_>]) -> Evaluation {
    let knows = |row: &&Prediction<'_>| model.intents().binary_search(&row.example.intent).is_ok();
    let own: Vec<&Prediction<'_>> = predictions.iter().filter(knows).collect();
    let foreign: Vec<&Prediction<'_>> = predictions.iter().filter(|row| !knows(row)).collect();
    let count = |is: &dyn Fn(&Prediction<'_>) -> bool| own.iter().filter(|row| is(row)).count();
    let is_accepted = |row: &Prediction<'_>| row.ranking.verdict == Verdict::Accepted;
    let abstains = |row: &Prediction<'_>| row.ranking.verdict == Verdict::Abstained;
    let accepted = count(&is_accepted);
    let has = |row: &Prediction<'_>| {
        row.ranking
            .candidates
            .iter()
            .any(|candidate| candidate.intent == row.example.intent)
    };
    let mut by_intent: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut confused: BTreeMap<(String, String), u32> = BTreeMap::new();
    for row in &own {
        let (right, all) = by_intent.entry(row.example.intent.clone()).or_default();
        *right += usize::from(row.is_right());
        *all += 1;
        if let Some(first) = row.ranking.candidates.first().filter(|_| !row.is_right()) {
            *confused
                .entry((row.example.intent.clone(), first.intent.clone()))
                .or_default() += 1;
        }
    }
    let mut confused: Vec<(String, String, u32)> = confused
        .into_iter()
        .map(|((said, taken), times)| (said, taken, times))
        .collect();
    confused.sort_by_key(|pair| std::cmp::Reverse(pair.2));
    confused.truncate(CONFUSED_LISTED_MAX);
    let rejected = foreign.iter().filter(|row| abstains(row)).count();
    Evaluation {
        rows: u32::try_from(own.len()).unwrap_or(u32::MAX),
        first_ratio: ratio(count(&|row| row.is_right()), own.len()),
        among_three_ratio: ratio(count(&has), own.len()),
        accepted_ratio: ratio(accepted, own.len()),
        accepted_right_ratio: ratio(count(&|row| is_accepted(row) && row.is_right()), accepted),
        kept_right_ratio: ratio(count(&|row| !abstains(row) && row.is_right()), own.len()),
        foreign_rows: u32::try_from(foreign.len()).unwrap_or(u32::MAX),
        foreign_recall_ratio: ratio(rejected, foreign.len()),
        recall_by_intent: by_intent
            .into_iter()
            .map(|(intent, (right, all))| (intent, ratio(right, all)))
            .collect(),
        confused,
    }
}

/// Returns `part` ÷ `whole`; 0 if `whole` is 0.
#[expect(clippy::cast_precision_loss, reason = "counts of rows, far below 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::{Examples, TrainingSettings, train};

    fn row(text: &str, intent: &str) -> Example {
        Example {
            text: text.to_owned(),
            intent: intent.to_owned(),
        }
    }

    #[test]
    fn right_wrong_and_foreign_rows_are_counted_apart() {
        let rows = ["转人工", "人工客服", "找真人", "接人工"].map(|text| row(text, "human"));
        let others = ["再见", "拜拜", "挂了", "先这样"].map(|text| row(text, "bye"));
        let examples = Examples::of(rows.into_iter().chain(others), 1);
        let model = train(&examples, &TrainingSettings::default()).expect("two intents");
        let asked = [
            row("转人工吧", "human"),
            row("拜拜啦", "bye"),
            row("再见", "human"),
            row("qqq", "weather"),
        ];
        let found = evaluate(&model, &predict(&model, &asked));
        assert_eq!((found.rows, found.foreign_rows), (3, 1));
        assert!((found.first_ratio - 2.0 / 3.0).abs() < 1e-9, "{found:?}");
        assert!((found.foreign_recall_ratio - 1.0).abs() < 1e-9, "{found:?}");
        assert_eq!(found.confused, [("human".to_owned(), "bye".to_owned(), 1)]);
        assert_eq!(evaluate(&model, &[]), Evaluation::default());
    }
}
