//! How well rows are told apart that were not learned from: each part judged by a model of the others.

use crate::evaluation::{Prediction, predict};
use crate::learning::{Example, Examples, Settings, TrainingFault, folds, groups, train};
use crate::model::Verdict;

/// Counts over all parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldOut {
    /// Rows of an intent.
    pub rows: u64,
    /// Those whose intent was ranked first.
    pub first: u64,
    /// Rows of no intent.
    pub foreign_rows: u64,
    /// Those abstained from.
    pub foreign_abstained: u64,
}

impl HeldOut {
    /// Rows ranked right, of a thousand; of nothing, nothing is right.
    pub fn first_permille(self) -> Option<u16> {
        permille(self.first, self.rows)
    }

    /// Foreign rows abstained from, of a thousand.
    pub fn foreign_recall_permille(self) -> Option<u16> {
        permille(self.foreign_abstained, self.foreign_rows)
    }
}

fn permille(part: u64, whole: u64) -> Option<u16> {
    let ratio = part.saturating_mul(1_000).checked_div(whole)?;
    u16::try_from(ratio).ok()
}

/// Holds out each of some parts. Near-duplicates are of one part, so that none is known from another.
pub fn held_out(examples: &Examples, settings: &Settings, parts: usize) -> Result<HeldOut, TrainingFault> {
    let is_foreign = |row: &Example| settings.foreign.as_deref() == Some(row.intent.as_str());
    let texts: Vec<&str> = examples.rows.iter().map(|row| row.text.as_str()).collect();
    let intents = examples.intents();
    let owner = |row: &Example| {
        let place = intents.binary_search(&row.intent.as_str()).ok();
        place.filter(|_| !is_foreign(row))
    };
    let owners: Vec<Option<usize>> = examples.rows.iter().map(owner).collect();
    let part_of = folds(&groups(&texts), &owners, parts, settings.seed);
    let mut counts = HeldOut::default();
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
        let model = train(&Examples::of(rows(false), settings.seed), settings)?;
        for prediction in predict(&model, &out) {
            counts.count(&prediction, is_foreign(prediction.example));
        }
    }
    Ok(counts)
}

impl HeldOut {
    fn count(&mut self, prediction: &Prediction<'_>, is_foreign: bool) {
        let ranking = &prediction.ranking;
        if is_foreign {
            self.foreign_rows += 1;
            self.foreign_abstained += u64::from(ranking.verdict == Verdict::Abstained);
            return;
        }
        let first = ranking.candidates.first();
        self.rows += 1;
        self.first += u64::from(first.is_some_and(|first| first.intent == prediction.example.intent));
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
        let counts = held_out(&examples, &Settings::default(), 3).unwrap();
        assert_eq!((counts.rows, counts.foreign_rows), (12, 3));
        assert!(counts.first * 2 >= counts.rows, "{counts:?}");
        assert_eq!(
            counts.first_permille(),
            Some(u16::try_from(counts.first * 1_000 / 12).unwrap())
        );
        assert_eq!(HeldOut::default().first_permille(), None);
    }
}
