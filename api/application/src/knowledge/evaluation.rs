//! Evaluation of a knowledge base with labelled questions: how often the right answer comes first, or is
//! among the first three.

use super::base::SearchableBase;
use domain::problem::Problem;
use domain::spoken_turn::Certainty;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The label of a question without an answer in the base.
const FOREIGN: &str = "none";

/// Most confused questions that are listed.
const CONFUSED_MAX: usize = 20;

/// One labelled question for an evaluation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRow {
    pub text: String,
    /// Id of the right answer, or `none`.
    pub answer: String,
}

/// The result of an evaluation.
#[derive(Debug, Default, Serialize)]
pub struct KnowledgeEvaluation {
    pub rows: u64,
    pub foreign_rows: u64,
    /// Share of questions with the right answer first. Counts only questions that have an answer.
    pub hit_at_1_ratio: f64,
    pub hit_at_3_ratio: f64,
    /// Share of questions that were answered at once, followed by the share of right answers among them.
    pub accepted_ratio: f64,
    pub accepted_right_ratio: f64,
    /// Share of questions that were asked back, followed by the share of right ones among them.
    pub asked_back_ratio: f64,
    pub asked_back_right_ratio: f64,
    pub abstained_ratio: f64,
    /// Share of questions without an answer that were left unanswered.
    pub foreign_abstained_ratio: f64,
    pub foreign_accepted_ratio: f64,
    /// Confused questions: the text, the right answer, and the answer that was found.
    pub confused: Vec<(String, String, String)>,
}

/// Parses labelled questions, one JSON object per line; blank lines are skipped. Fails with the number of a
/// faulty line.
pub fn rows(text: &str) -> Result<Vec<EvaluationRow>, Problem> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let read = lines.map(|(place, line)| {
        serde_json::from_str::<EvaluationRow>(line)
            .map_err(|error| Problem::refused("knowledge-invalid", format!("line {}: {error}", place + 1)))
    });
    read.collect()
}

#[derive(Default)]
struct Counts {
    rows: u64,
    first: u64,
    third: u64,
    accepted: u64,
    accepted_right: u64,
    asked_back: u64,
    asked_back_right: u64,
    foreign: u64,
    foreign_left: u64,
    foreign_accepted: u64,
}

/// Searches the base for every question, with the same time and values, and counts the results.
pub fn evaluate_knowledge(
    base: &SearchableBase,
    rows: &[EvaluationRow],
    values: &BTreeMap<String, String>,
    at: Timestamp,
) -> KnowledgeEvaluation {
    let mut counts = Counts::default();
    let mut confused = Vec::new();
    for row in rows {
        let reading = base.search(&row.text, values, at).reading;
        if row.answer == FOREIGN {
            counts.foreign += 1;
            counts.foreign_left += u64::from(reading.certainty == Certainty::Abstained);
            counts.foreign_accepted += u64::from(reading.certainty == Certainty::Accepted);
            continue;
        }
        let is_first = reading.answer() == Some(row.answer.as_str());
        counts.rows += 1;
        counts.first += u64::from(is_first);
        counts.third += u64::from(reading.candidates.iter().any(|one| one.answer == row.answer));
        counts.accepted += u64::from(reading.certainty == Certainty::Accepted);
        counts.accepted_right += u64::from(is_first && reading.certainty == Certainty::Accepted);
        counts.asked_back += u64::from(reading.certainty == Certainty::ToConfirm);
        counts.asked_back_right += u64::from(is_first && reading.certainty == Certainty::ToConfirm);
        if !is_first && confused.len() < CONFUSED_MAX {
            let taken = reading.answer().unwrap_or_default().to_owned();
            confused.push((row.text.clone(), row.answer.clone(), taken));
        }
    }
    counts.shown(confused)
}

impl Counts {
    fn shown(&self, confused: Vec<(String, String, String)>) -> KnowledgeEvaluation {
        let left = self.rows - self.accepted - self.asked_back;
        KnowledgeEvaluation {
            rows: self.rows,
            foreign_rows: self.foreign,
            hit_at_1_ratio: ratio(self.first, self.rows),
            hit_at_3_ratio: ratio(self.third, self.rows),
            accepted_ratio: ratio(self.accepted, self.rows),
            accepted_right_ratio: ratio(self.accepted_right, self.accepted),
            asked_back_ratio: ratio(self.asked_back, self.rows),
            asked_back_right_ratio: ratio(self.asked_back_right, self.asked_back),
            abstained_ratio: ratio(left, self.rows),
            foreign_abstained_ratio: ratio(self.foreign_left, self.foreign),
            foreign_accepted_ratio: ratio(self.foreign_accepted, self.foreign),
            confused,
        }
    }
}

/// Returns `part` / `all`, rounded down to three decimals; 1 if `all` is 0.
fn ratio(part: u64, all: u64) -> f64 {
    let thousandths = part.saturating_mul(1_000).checked_div(all).unwrap_or(1_000);
    f64::from(u32::try_from(thousandths).unwrap_or(1_000)) / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::knowledge::KnowledgeFile;

    #[test]
    fn the_shipped_base_keeps_its_figures_on_the_questions_made_for_it() {
        let text = include_str!("../../../../fixtures/knowledge/card_instalment.yaml");
        let file = KnowledgeFile::from_yaml(text).unwrap();
        let base = SearchableBase::of(file.knowledge, 1, file.content);
        let asked = rows(include_str!(
            "../../../../fixtures/knowledge/card_instalment_asked.jsonl"
        ))
        .unwrap();
        let values = BTreeMap::from([("terms".to_owned(), "6".to_owned())]);
        let at = "2026-11-20T02:00:00Z".parse().unwrap();
        let held = evaluate_knowledge(&base, &asked, &values, at);
        assert!(
            held.hit_at_1_ratio >= 0.93 && held.hit_at_3_ratio >= 0.98,
            "{held:?}"
        );
        assert!(
            held.accepted_right_ratio >= 0.95 && held.foreign_accepted_ratio <= 0.04,
            "{held:?}"
        );
        assert_eq!((held.rows, held.foreign_rows), (100, 30));
    }

    #[test]
    fn a_faulty_line_is_named() {
        let wrong = rows("{\"text\":\"a\",\"answer\":\"b\"}\n{\"text\":1}").unwrap_err();
        assert!(wrong.to_string().contains("line 2"), "{wrong}");
    }
}
