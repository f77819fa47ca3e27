//! One utterance, read in order: an exact line, a rule that goes first, then the model, which may abstain.
//!
//! The explanation is the reading itself: what decided, the candidates with their chances, the thresholds.

use crate::learning::Calibration;
use crate::model::{Candidate, Model, Ranking, Verdict};
use crate::priority::{Matched, Priority, first_of};
use crate::text::normalised;
use std::collections::BTreeMap;
use thiserror::Error;

/// Most exact lines; beyond, a model serves better.
pub const EXACT_LINES_MAX: usize = 100_000;

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The whole utterance stands in the table.
    Exact,
    /// A rule, with the words it saw.
    Rule(Matched),
    /// The model ranked.
    Model,
    /// There was no model to ask.
    Nothing,
}

/// What was made of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Candidates, confidence and verdict.
    pub ranking: Ranking,
    /// What decided.
    pub by: By,
    /// The thresholds that stood, where a model was asked.
    pub calibration: Option<Calibration>,
}

/// Why a table of exact lines cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableFault {
    /// The same text for two intents.
    #[error("{text} stands for {one} and for {other}")]
    TwoIntents {
        /// As normalised.
        text: String,
        /// The first.
        one: String,
        /// The second.
        other: String,
    },
    /// Too many lines.
    #[error("the table has more than {EXACT_LINES_MAX} lines")]
    TooMany,
}

/// Everything that reads utterances: a table, rules and a model.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    exact: BTreeMap<String, String>,
    rules: BTreeMap<Priority, String>,
    model: Option<Model>,
}

impl Reader {
    /// With a model, or none.
    pub fn of(model: Option<Model>) -> Self {
        Self {
            model,
            ..Self::default()
        }
    }

    /// Adds lines that mean an intent whatever the model says.
    pub fn with_exact(
        mut self,
        lines: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, TableFault> {
        for (text, intent) in lines {
            let text = normalised(&text);
            match self.exact.get(&text) {
                Some(one) if *one != intent => {
                    return Err(TableFault::TwoIntents {
                        text,
                        one: one.clone(),
                        other: intent,
                    });
                }
                _ if self.exact.len() >= EXACT_LINES_MAX => return Err(TableFault::TooMany),
                _ => drop(self.exact.insert(text, intent)),
            }
        }
        Ok(self)
    }

    /// Names the intent that a rule stands for; a rule without a name is not asked.
    pub fn with_rules(mut self, rules: impl IntoIterator<Item = (Priority, String)>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Reads an utterance where some intents are expected.
    pub fn read(&self, text: &str, expected: &[&str]) -> Reading {
        let sure = |intent: &str, by: By| Reading {
            ranking: Ranking {
                candidates: vec![Candidate {
                    intent: intent.to_owned(),
                    probability: 1.0,
                }],
                confidence: 1.0,
                verdict: Verdict::Accepted,
            },
            by,
            calibration: None,
        };
        if let Some(intent) = self.exact.get(&normalised(text)) {
            return sure(intent, By::Exact);
        }
        if let Some(matched) = first_of(text, |priority| self.rules.contains_key(&priority))
            && let Some(intent) = self.rules.get(&matched.priority)
        {
            return sure(intent, By::Rule(matched));
        }
        let Some(model) = &self.model else {
            let ranking = Ranking {
                candidates: Vec::new(),
                confidence: 0.0,
                verdict: Verdict::Abstained,
            };
            return Reading {
                ranking,
                by: By::Nothing,
                calibration: None,
            };
        };
        let ranking = model.rank_expecting(text, expected);
        Reading {
            ranking,
            by: By::Model,
            calibration: Some(model.calibration()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, intent: &str) -> (String, String) {
        (text.to_owned(), intent.to_owned())
    }

    #[test]
    fn the_table_goes_before_the_rules_and_both_before_the_model() {
        let reader = Reader::of(None)
            .with_exact([line("转人工。", "exact_human")])
            .expect("one intent each")
            .with_rules([(Priority::Human, "human".to_owned())]);
        let intent = |said: &str| {
            let reading = reader.read(said, &[]);
            (
                reading
                    .ranking
                    .candidates
                    .first()
                    .map(|first| first.intent.clone()),
                reading.by,
            )
        };
        assert_eq!(intent("转人工"), (Some("exact_human".to_owned()), By::Exact));
        assert!(matches!(intent("给我转人工"), (Some(human), By::Rule(_)) if human == "human"));
        assert_eq!(intent("我要投诉"), (None, By::Nothing));
        assert!(
            matches!(intent("别打了，给我转人工"), (Some(human), By::Rule(_)) if human == "human"),
            "a rule without a name hides none that has one"
        );
    }

    #[test]
    fn a_text_for_two_intents_is_refused() {
        let read = Reader::of(None).with_exact([line("好的", "yes"), line("好的！", "hello")]);
        assert!(matches!(read.err(), Some(TableFault::TwoIntents { .. })));
    }
}
