//! Reads one utterance in order: by an exact line, by a rule that takes precedence, then by the model, which
//! may abstain.
//!
//! The explanation is the reading itself: what decided, the candidates with their probabilities, the
//! thresholds.

use crate::learning::Calibration;
use crate::model::{Candidate, Model, Ranking, Verdict};
use crate::priority::{Priority, RuleMatch, find_first_rule_among};
use crate::text::normalize_text;
use std::collections::BTreeMap;
use thiserror::Error;

/// Most exact lines of a reader; more are refused. For more, a model is better.
pub const EXACT_LINES_MAX: usize = 100_000;

/// What decided the reading of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionSource {
    /// The whole utterance is in the table.
    Exact,
    /// A rule, with the words that it matched.
    Rule(RuleMatch),
    /// The model's ranking.
    Model,
    /// Nothing: there was no model.
    Nothing,
}

/// The result of reading an utterance: its intents, and what decided.
#[derive(Debug, Clone, PartialEq)]
pub struct UtteranceReading {
    /// Candidates, confidence and verdict.
    pub ranking: Ranking,
    /// The part that decided.
    pub by: DecisionSource,
    /// The thresholds in use, if the model decided.
    pub calibration: Option<Calibration>,
}

/// The reason why a table of exact lines cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableFault {
    /// The same text has two intents.
    #[error("{text} has two intents: {one} and {other}")]
    TwoIntents {
        /// The text, normalized.
        text: String,
        /// The first intent.
        one: String,
        /// The second intent.
        other: String,
    },
    /// The table has too many lines.
    #[error("the table has more than {EXACT_LINES_MAX} lines")]
    TooMany,
}

/// Reads utterances by a table of exact lines, by rules, and by a model.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    exact: BTreeMap<String, String>,
    rules: BTreeMap<Priority, String>,
    model: Option<Model>,
}

impl Reader {
    /// Creates a reader with a model, or without one; without table and rules.
    pub fn of(model: Option<Model>) -> Self {
        Self {
            model,
            ..Self::default()
        }
    }

    /// Adds utterances with fixed intents, which take precedence over rules and model. Fails if a text has
    /// two intents or there are more than `EXACT_LINES_MAX`.
    pub fn with_exact(
        mut self,
        lines: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, TableFault> {
        for (text, intent) in lines {
            let text = normalize_text(&text);
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

    /// Sets the intent of each rule. A rule without an intent is not used.
    pub fn with_rules(mut self, rules: impl IntoIterator<Item = (Priority, String)>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Reads an utterance: by an exact line, else by a rule, else by the model, in which the `expected`
    /// intents get a bonus.
    pub fn read(&self, text: &str, expected: &[&str]) -> UtteranceReading {
        let sure = |intent: &str, by: DecisionSource| UtteranceReading {
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
        if let Some(intent) = self.exact.get(&normalize_text(text)) {
            return sure(intent, DecisionSource::Exact);
        }
        if let Some(matched) = find_first_rule_among(text, |priority| self.rules.contains_key(&priority))
            && let Some(intent) = self.rules.get(&matched.priority)
        {
            return sure(intent, DecisionSource::Rule(matched));
        }
        let Some(model) = &self.model else {
            let ranking = Ranking {
                candidates: Vec::new(),
                confidence: 0.0,
                verdict: Verdict::Abstained,
            };
            return UtteranceReading {
                ranking,
                by: DecisionSource::Nothing,
                calibration: None,
            };
        };
        let ranking = model.rank_expecting(text, expected);
        UtteranceReading {
            ranking,
            by: DecisionSource::Model,
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
        assert_eq!(
            intent("转人工"),
            (Some("exact_human".to_owned()), DecisionSource::Exact)
        );
        assert!(matches!(intent("给我转人工"), (Some(human), DecisionSource::Rule(_)) if human == "human"));
        assert_eq!(intent("我要投诉"), (None, DecisionSource::Nothing));
        assert!(
            matches!(intent("别打了，给我转人工"), (Some(human), DecisionSource::Rule(_)) if human == "human"),
            "a rule without a name hides none that has one"
        );
    }

    #[test]
    fn a_text_for_two_intents_is_refused() {
        let read = Reader::of(None).with_exact([line("好的", "yes"), line("好的！", "hello")]);
        assert!(matches!(read.err(), Some(TableFault::TwoIntents { .. })));
    }
}
