//! One version of a knowledge base in memory, ready to be searched: which answer, with which score, on
//! which day.

use domain::flow::FlowRun;
use domain::ids::KnowledgeId;
use domain::knowledge::{AnswerText, Day, KnowledgeContent, KnowledgeEntry, fill_placeholders};
use domain::ports::knowledge::KnowledgeBase;
use domain::spoken_turn::{
    AnswerCandidate, Certainty, KnowledgeReading, ReadingSource, SpokenAnswer, UnderstandingResult,
};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use understanding::retrieval::Retrieval;

use crate::rehearsing::permille;

/// Most answers of a search result.
const CANDIDATES_MAX: usize = 3;

/// One version of a knowledge base, ready to be searched.
#[derive(Debug)]
pub struct SearchableBase {
    pub knowledge: KnowledgeId,
    pub version: u32,
    pub content: KnowledgeContent,
    retrieval: Retrieval,
}

/// The result of a search, with the texts of the answers.
#[derive(Debug, Clone)]
pub struct KnowledgeSearchResult {
    pub reading: KnowledgeReading,
    /// The answers' texts by answer id, with the known values filled in.
    pub words: BTreeMap<String, SpokenAnswer>,
}

impl SearchableBase {
    pub fn of(knowledge: KnowledgeId, version: u32, content: KnowledgeContent) -> Self {
        let wordings = |entry: &KnowledgeEntry<'_>| {
            let asked = std::iter::once(entry.question.to_owned());
            asked.chain(entry.variants.iter().cloned()).collect()
        };
        let all: Vec<Vec<String>> = content.entries().iter().map(wordings).collect();
        Self {
            knowledge,
            version,
            retrieval: Retrieval::of(&all),
            content,
        }
    }

    /// Returns the answers nearest to a question at a moment, with the known values filled in.
    pub fn search(
        &self,
        text: &str,
        values: &BTreeMap<String, String>,
        at: Timestamp,
    ) -> KnowledgeSearchResult {
        let day = Day::of(at);
        let entries = self.content.entries();
        let said = |place: usize| -> Option<AnswerText> {
            let entry = entries.get(place).filter(|entry| entry.is_effective(day))?;
            fill_placeholders(&entry.text, &self.content.facts, values)
        };
        let hits = self
            .retrieval
            .search(text, &|place| said(place).is_some(), CANDIDATES_MAX);
        let mut candidates = Vec::with_capacity(hits.len());
        let mut words = BTreeMap::new();
        for hit in hits {
            if let Some((entry, worded)) = entries.get(hit.entry).zip(said(hit.entry)) {
                candidates.push(AnswerCandidate {
                    answer: entry.id.to_owned(),
                    score_permille: permille(hit.score),
                });
                words.insert(entry.id.to_owned(), approved(entry, worded));
            }
        }
        let best = candidates.first().map_or(0, |best| best.score_permille);
        let thresholds = self.content.thresholds;
        let certainty = if best >= thresholds.accept_permille {
            Certainty::Accepted
        } else if best >= thresholds.confirm_permille {
            Certainty::ToConfirm
        } else {
            Certainty::Abstained
        };
        let reading = KnowledgeReading {
            knowledge: self.knowledge.clone(),
            knowledge_version: self.version,
            certainty,
            candidates,
            accept_permille: thresholds.accept_permille,
            confirm_permille: thresholds.confirm_permille,
        };
        KnowledgeSearchResult { reading, words }
    }

    /// Returns the text of one answer, with the known values filled in.
    fn words(&self, answer: &str, values: &BTreeMap<String, String>) -> Option<SpokenAnswer> {
        let entries = self.content.entries();
        let entry = entries.iter().find(|entry| entry.id == answer)?;
        let worded = fill_placeholders(&entry.text, &self.content.facts, values)?;
        Some(approved(entry, worded))
    }
}

fn approved(entry: &KnowledgeEntry<'_>, worded: AnswerText) -> SpokenAnswer {
    SpokenAnswer {
        question: entry.question.to_owned(),
        text: worded.text,
        personal: worded.personal,
    }
}

impl KnowledgeBase for SearchableBase {
    fn look_up(&self, text: &str, run: &FlowRun, at: Timestamp, understood: &mut UnderstandingResult) {
        if let Some(awaited) = run.awaited_answer()
            && let Some(words) = self.words(awaited, run.values())
        {
            understood.answers.insert(awaited.to_owned(), words);
        }
        if run.asking().is_none() || !is_open(understood) {
            return;
        }
        let found = self.search(text, run.values(), at);
        understood.reading.knowledge = Some(Box::new(found.reading));
        understood.answers.extend(found.words);
    }
}

/// Returns true if the utterance may be a question: it was not an answer, a rule's match or a slot value.
fn is_open(understood: &UnderstandingResult) -> bool {
    let by_words = matches!(
        understood.reading.read_by,
        ReadingSource::Rule | ReadingSource::Answer | ReadingSource::Exact
    );
    let is_clear = by_words && understood.reading.certainty != Certainty::Abstained;
    !understood.opt_out && !is_clear && understood.slots.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::knowledge::KnowledgeFile;

    const FILE: &str = include_str!("../../../../fixtures/knowledge/card_instalment.yaml");
    const ENGLISH: &str = include_str!("../../../../fixtures/knowledge/card_instalment_en.yaml");

    fn base(text: &str) -> SearchableBase {
        let file = KnowledgeFile::from_yaml(text).unwrap();
        assert_eq!(file.faults, []);
        SearchableBase::of(file.knowledge, 1, file.content)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_ships_has_the_stock_of_questions_and_objections() {
        let shipped = base(FILE);
        assert!(shipped.content.answers.len() >= 20);
        assert_eq!(shipped.content.objections.len(), 10);
        let english = base(ENGLISH);
        let found = english.search(
            "how much is the fee?",
            &BTreeMap::new(),
            at("2026-03-02T02:00:00Z"),
        );
        assert_eq!(
            (found.reading.answer(), found.reading.certainty),
            (Some("fee"), Certainty::Accepted)
        );
    }

    #[test]
    fn a_question_is_answered_asked_back_or_left() {
        let base = base(FILE);
        let look = |text: &str| {
            base.search(text, &BTreeMap::new(), at("2026-03-02T02:00:00Z"))
                .reading
        };
        for (text, answer, certainty) in [
            ("提前还款要违约金吗", "提前还款违约金", Certainty::Accepted),
            ("会影响我征信吗", "征信", Certainty::Accepted),
            ("我要是还不上呢", "逾期后果", Certainty::ToConfirm),
            ("股票能买吗", "", Certainty::Abstained),
        ] {
            let found = look(text);
            assert_eq!(found.certainty, certainty, "{text}: {found:?}");
            if certainty != Certainty::Abstained {
                assert_eq!(found.answer(), Some(answer), "{text}");
            }
        }
    }

    #[test]
    fn outside_its_days_or_without_its_slot_an_answer_does_not_exist() {
        let base = base(FILE);
        let first = |text: &str, values: &BTreeMap<String, String>, when: &str| {
            let found = base.search(text, values, at(when));
            let first = found.reading.candidates.first().cloned();
            first.map(|one| (one.answer, one.score_permille))
        };
        let none = BTreeMap::new();
        let campaign = ("年末活动".to_owned(), 1_000);
        let asked = "现在有什么优惠活动";
        assert_eq!(
            first(asked, &none, "2026-12-31T15:59:00Z"),
            Some(campaign.clone())
        );
        assert_ne!(
            first(asked, &none, "2026-12-31T16:00:00Z"),
            Some(campaign.clone())
        );
        assert_ne!(first(asked, &none, "2026-10-31T15:59:00Z"), Some(campaign));
        let by_terms = "我选的这个期数手续费多少";
        let terms = BTreeMap::from([("terms".to_owned(), "6".to_owned())]);
        let found = base.search(by_terms, &terms, at("2026-03-02T02:00:00Z"));
        let words = &found.words[found.reading.answer().unwrap()];
        assert!(words.personal && words.text.contains("0.65%"), "{words:?}");
        assert_ne!(
            first(by_terms, &none, "2026-03-02T02:00:00Z").unwrap().0,
            "每期费率"
        );
    }
}
