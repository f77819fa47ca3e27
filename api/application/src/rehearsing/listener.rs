//! What is understood of an utterance, as a flow's step takes it: the room `understanding` asked about the
//! node where a call is. The one bridge between the two; neither knows the other.

use domain::flow::{AFFIRM, DENY, FlowRun, Slot, SlotKind, Understood};
use domain::spoken_turn::{Certainty, IntentCandidate, ReadBy, SpokenReading};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use understanding::answers::{self, Answer};
use understanding::entities::{CallMoment, PeriodUnit, Value, find};
use understanding::priority::{Priority, first};
use understanding::reading::{By, Reader, Reading};
use understanding::{Examples, Model, ModelFault, Settings, TrainingFault, Verdict, train};

/// The zone of calls that name none: Beijing's.
const ZONE_MINUTES: i32 = 480;

const SEED: &str = include_str!("../../../../fixtures/nlu/zh_outbound_seed.tsv");
const LABELLED: &str = include_str!("../../../../fixtures/nlu/zh_outbound_labelled.jsonl");
const ANYWHERE: &str = include_str!("../../../../fixtures/nlu/zh_global_intents.jsonl");

/// Rules that go before any model, under the names that the shipped intents have.
const RULES: [(Priority, &str); 6] = [
    (Priority::Deceased, "deceased"),
    (Priority::OptOut, "refuse_call"),
    (Priority::Complaint, "complaint"),
    (Priority::Human, "transfer_human"),
    (Priority::WrongPerson, "wrong_number"),
    (Priority::AlreadyDone, "already_done"),
];

/// Why there is nobody to listen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenerFault {
    #[error("the shipped examples cannot be learned from: {0:?}")]
    Untrained(TrainingFault),
    #[error("this is no model that can be read: {0}")]
    Unreadable(ModelFault),
}

/// Listens to what callers of one language say.
#[derive(Debug, Clone)]
pub struct Listener {
    reader: Reader,
    /// Digest of the model that is asked; none where rules alone are.
    pub model: Option<String>,
}

impl Listener {
    /// With the model learned from the shipped examples, in this process; English has rules alone.
    pub fn bundled(language: &str) -> Result<Self, ListenerFault> {
        let model = if language.starts_with("zh") {
            let examples = Examples::read(lines().into_iter(), "intent", 1);
            Some(train(&examples, &Settings::default()).map_err(ListenerFault::Untrained)?)
        } else {
            None
        };
        Ok(Self::of(model))
    }

    /// The same, learned once in this process.
    pub fn shared(language: &str) -> Result<Arc<Self>, ListenerFault> {
        static CHINESE: OnceLock<Arc<Listener>> = OnceLock::new();
        static BY_RULES: OnceLock<Arc<Listener>> = OnceLock::new();
        let kept = if language.starts_with("zh") {
            &CHINESE
        } else {
            &BY_RULES
        };
        if let Some(listener) = kept.get() {
            return Ok(Arc::clone(listener));
        }
        let learned = Arc::new(Self::bundled(language)?);
        Ok(Arc::clone(kept.get_or_init(|| learned)))
    }

    /// With a model of `ledgerline nlu train`, by the same rules.
    pub fn with_model(bytes: &[u8]) -> Result<Self, ListenerFault> {
        let model = Model::from_bytes(bytes).map_err(ListenerFault::Unreadable)?;
        Ok(Self::of(Some(model)))
    }

    fn of(model: Option<Model>) -> Self {
        let digest = model.as_ref().map(Model::digest);
        let rules = RULES.map(|(rule, intent)| (rule, intent.to_owned()));
        Self {
            reader: Reader::of(model).with_rules(rules),
            model: digest,
        }
    }

    /// What an utterance says where a call is, at a moment of it.
    pub fn understand(&self, text: &str, run: &FlowRun, at: Timestamp) -> Understood {
        let ask = run.asking();
        let expected: Vec<&str> = ask.map(|ask| ask.expected().collect()).unwrap_or_default();
        let rule = first(text);
        let opt_out = rule
            .as_ref()
            .is_some_and(|rule| rule.priority == Priority::OptOut);
        let answered = rule.is_none().then(|| answer(text)).flatten();
        let reading = answered.unwrap_or_else(|| reading_of(&self.reader.read(text, &expected)));
        let wanted = ask.map(|ask| ask.slots.as_slice()).unwrap_or_default();
        Understood {
            reading,
            slots: slots(text, run.slots(), wanted, at),
            interest: None,
            opt_out,
        }
    }
}

/// Yes, no and sounds of listening, by fixed words.
fn answer(text: &str) -> Option<SpokenReading> {
    let (intent, certainty) = match answers::read(text) {
        Answer::Yes => (AFFIRM, Certainty::Accepted),
        Answer::No => (DENY, Certainty::Accepted),
        Answer::BackChannel => (AFFIRM, Certainty::BackChannel),
        Answer::YesBut | Answer::Question | Answer::Neither => return None,
    };
    let sure = IntentCandidate {
        intent: intent.to_owned(),
        score_permille: 1_000,
    };
    let candidates = match certainty {
        Certainty::BackChannel => Vec::new(),
        Certainty::Accepted | Certainty::ToConfirm | Certainty::Abstained => vec![sure],
    };
    Some(SpokenReading {
        certainty,
        read_by: ReadBy::Answer,
        candidates,
        accept_permille: None,
        confirm_permille: None,
    })
}

fn reading_of(reading: &Reading) -> SpokenReading {
    let candidates = reading.ranking.candidates.iter();
    SpokenReading {
        certainty: match reading.ranking.verdict {
            Verdict::Accepted => Certainty::Accepted,
            Verdict::ToConfirm => Certainty::ToConfirm,
            Verdict::Abstained => Certainty::Abstained,
        },
        read_by: match &reading.by {
            By::Exact => ReadBy::Exact,
            By::Rule(_) => ReadBy::Rule,
            By::Model => ReadBy::Model,
            By::Nothing => ReadBy::Nothing,
        },
        candidates: candidates
            .map(|one| IntentCandidate {
                intent: one.intent.clone(),
                score_permille: permille(one.probability),
            })
            .collect(),
        accept_permille: reading.calibration.map(|one| permille(one.accept)),
        confirm_permille: reading.calibration.map(|one| permille(one.confirm)),
    }
}

/// A chance in thousandths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 1000 after the clamp; what is no number becomes 0"
)]
fn permille(ratio: f32) -> u16 {
    (ratio.clamp(0.0, 1.0) * 1_000.0).round() as u16
}

/// The last value of each slot's kind: who corrects themselves says the right one last. A slot of free
/// text takes the utterance where it is asked for.
fn slots(
    text: &str,
    declared: &BTreeMap<String, Slot>,
    wanted: &[String],
    at: Timestamp,
) -> BTreeMap<String, String> {
    if declared.is_empty() {
        return BTreeMap::new();
    }
    let moment = CallMoment {
        at_ms: at.micros() / 1_000,
        zone_minutes: ZONE_MINUTES,
    };
    let entities = find(text, moment);
    let mut found = BTreeMap::new();
    for (name, slot) in declared {
        let asked = wanted.contains(name);
        let value = match slot.kind {
            SlotKind::Text => asked.then(|| text.trim().to_owned()),
            kind => {
                let mut values = entities
                    .iter()
                    .filter_map(|entity| value_of(kind, &entity.value, asked));
                values.next_back()
            }
        };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            found.insert(name.clone(), value);
        }
    }
    found
}

/// An entity as a slot of a kind takes it; a bare number only where the slot is asked for.
fn value_of(kind: SlotKind, value: &Value, asked: bool) -> Option<String> {
    let whole = || match value {
        Value::Number {
            thousandths_min,
            thousandths_max,
        } if asked && thousandths_min == thousandths_max && thousandths_min % 1_000 == 0 => {
            Some(thousandths_min / 1_000)
        }
        _ => None,
    };
    let number = match (kind, value) {
        (
            SlotKind::Months,
            Value::Period {
                unit: PeriodUnit::Instalments | PeriodUnit::Months,
                count_min,
                count_max,
            },
        ) if count_min == count_max => Some(*count_min),
        (SlotKind::Months | SlotKind::Integer, _) => whole(),
        (SlotKind::MoneyFen, Value::Amount { fen_min, fen_max }) if fen_min == fen_max => Some(*fen_min),
        (
            SlotKind::Time,
            Value::Time {
                start_ms: Some(start_ms),
                is_past: false,
                ..
            },
        ) => {
            return local_text(*start_ms);
        }
        (SlotKind::Phone | SlotKind::Digits, Value::Phone(digits)) => return Some(digits.clone()),
        _ => None,
    };
    number.map(|number| number.to_string())
}

/// RFC 3339 in the callee's own zone, to the minute.
fn local_text(at_ms: i64) -> Option<String> {
    let zone = chrono::FixedOffset::east_opt(ZONE_MINUTES * 60)?;
    let at = chrono::DateTime::from_timestamp_millis(at_ms)?.with_timezone(&zone);
    Some(at.format("%Y-%m-%dT%H:%M:00%:z").to_string())
}

/// The shipped examples as lines of one form.
fn lines() -> Vec<String> {
    let seed = SEED.lines().filter_map(|line| line.split_once('\t'));
    let seed = seed.map(|(intent, text)| serde_json::json!({ "text": text, "intent": intent }).to_string());
    let labelled = LABELLED.lines().chain(ANYWHERE.lines()).map(str::to_owned);
    seed.chain(labelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsing::shipped;
    use domain::flow::{FlowDefinition, FlowInput};
    use std::sync::LazyLock;

    static LISTENER: LazyLock<Listener> = LazyLock::new(|| Listener::bundled("zh-CN").unwrap());

    fn at_terms() -> FlowRun {
        let flow = FlowDefinition::from_yaml(shipped("card_instalment_spoken").unwrap()).unwrap();
        let (mut run, _) = FlowRun::begin(&Arc::new(flow), &BTreeMap::new());
        for input in [
            FlowInput::Played,
            FlowInput::Played,
            FlowInput::Keypress('1'),
            FlowInput::Played,
        ] {
            run.step(input);
        }
        assert_eq!(run.node(), "确认分期期数");
        run
    }

    fn heard(text: &str) -> Understood {
        let at = "2026-03-02T10:00:00+08:00".parse().unwrap();
        LISTENER.understand(text, &at_terms(), at)
    }

    #[test]
    fn a_term_is_heard_in_a_sentence_alone_and_corrected() {
        for (text, term) in [
            ("三期", Some("3")),
            ("那就分十二期吧", Some("12")),
            ("六", Some("6")),
            ("不是，是三期", Some("3")),
            ("不要十二期，要六期", Some("6")),
            ("好的", None),
        ] {
            assert_eq!(heard(text).slots.get("terms").map(String::as_str), term, "{text}");
        }
    }

    #[test]
    fn rules_and_answers_go_before_the_model() {
        let refused = heard("别再给我打电话了");
        assert!(refused.opt_out);
        assert_eq!(refused.reading.intent(), Some("refuse_call"));
        assert_eq!(heard("可以").reading.intent(), Some("affirm"));
        assert_eq!(heard("嗯").reading.certainty, Certainty::BackChannel);
        let asked = heard("这个利息多少");
        assert_eq!(asked.reading.read_by, ReadBy::Model);
        assert!(asked.reading.accept_permille.is_some());
    }
}
