//! Understanding of utterances for flows: asks the crate `understanding` with the context of the current
//! node and returns the result in the form of a flow step. It is the only bridge between the two crates.

use super::slot_values::UtteranceValues;
use domain::flow::{AFFIRM, DENY, FlowRun, Slot, UnderstandingResult};
use domain::spoken_turn::{Certainty, IntentCandidate, REFUSE_CALL, ReadingSource, SpokenReading};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use understanding::answers::{self, Answer};
use understanding::priority::{Priority, find_first_rule, matches_rule};
use understanding::utterance_reader::{DecisionSource, Reader, UtteranceReading};
use understanding::{Examples, Model, ModelFault, TrainingFault, TrainingSettings, Verdict, train};

const SEED: &str = include_str!("../../../../fixtures/nlu/zh_outbound_seed.tsv");
const SEED_EN: &str = include_str!("../../../../fixtures/nlu/en_outbound_seed.tsv");
const MOODS: &str = include_str!("../../../../fixtures/nlu/zh_sentiment.jsonl");
const LABELLED: &str = include_str!("../../../../fixtures/nlu/zh_outbound_labelled.jsonl");
const ANYWHERE: &str = include_str!("../../../../fixtures/nlu/zh_global_intents.jsonl");

/// Rules that take precedence over any model, with the intents of the shipped examples.
const RULES: [(Priority, &str); 7] = [
    (Priority::OptOut, REFUSE_CALL),
    (Priority::Deceased, "deceased"),
    (Priority::Complaint, "complaint"),
    (Priority::Human, "transfer_human"),
    (Priority::WrongPerson, "wrong_number"),
    (Priority::AlreadyDone, "already_done"),
    (Priority::Busy, "busy"),
];

/// Why a listener cannot be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenerFault {
    #[error("the built-in examples cannot be used for training: {0:?}")]
    Untrained(TrainingFault),
    #[error("this is no model that can be read: {0}")]
    Unreadable(ModelFault),
}

/// The context of an utterance without a call.
#[derive(Debug, Clone, Default)]
pub struct UtteranceContext {
    /// Intents that are likely in the current turn.
    pub expected: Vec<String>,
    /// Slots that may be filled, by name.
    pub slots: BTreeMap<String, Slot>,
    /// The slots that the current question asks for.
    pub wanted: Vec<String>,
}

/// Understands the utterances of callers in one language, by a model and fixed rules.
#[derive(Debug, Clone)]
pub struct Listener {
    reader: Reader,
    intents: u32,
    /// Digest of the model. `None` if only rules are used.
    pub model: Option<String>,
}

/// The shipped examples of a language.
enum ShippedExamples {
    Chinese,
    English,
    Nothing,
}

impl ShippedExamples {
    fn of(language: &str) -> Self {
        match language.get(..2) {
            Some("zh") => Self::Chinese,
            Some("en") => Self::English,
            _ => Self::Nothing,
        }
    }
}

impl Listener {
    /// Creates a listener with a model learned from the shipped examples, which takes about a second. For
    /// languages other than Chinese and English it uses rules only.
    pub fn bundled(language: &str) -> Result<Self, ListenerFault> {
        let lines = match ShippedExamples::of(language) {
            ShippedExamples::Chinese => lines(),
            ShippedExamples::English => seed_lines(SEED_EN).collect(),
            ShippedExamples::Nothing => return Ok(Self::of(None)),
        };
        let examples = Examples::read(lines.into_iter(), "intent", 1);
        let model = train(&examples, &TrainingSettings::default()).map_err(ListenerFault::Untrained)?;
        Ok(Self::of(Some(model)))
    }

    /// Returns the shared listener of a language. The first call in this process learns it.
    pub fn shared(language: &str) -> Result<Arc<Self>, ListenerFault> {
        if let Some(listener) = Self::ready(language) {
            return Ok(listener);
        }
        let learned = Arc::new(Self::bundled(language)?);
        Ok(Arc::clone(Self::kept(language).get_or_init(|| learned)))
    }

    /// Returns the shared listener if it was learned already; otherwise `None`. Does not block.
    pub fn ready(language: &str) -> Option<Arc<Self>> {
        Self::kept(language).get().map(Arc::clone)
    }

    fn kept(language: &str) -> &'static OnceLock<Arc<Self>> {
        static CHINESE: OnceLock<Arc<Listener>> = OnceLock::new();
        static ENGLISH: OnceLock<Arc<Listener>> = OnceLock::new();
        static BY_RULES: OnceLock<Arc<Listener>> = OnceLock::new();
        match ShippedExamples::of(language) {
            ShippedExamples::Chinese => &CHINESE,
            ShippedExamples::English => &ENGLISH,
            ShippedExamples::Nothing => &BY_RULES,
        }
    }

    /// Creates a listener with the model in `bytes`, written by `ledgerline nlu train`, and the fixed
    /// rules. Fails if the bytes are not a model.
    pub fn with_model(bytes: &[u8]) -> Result<Self, ListenerFault> {
        let model = Model::from_bytes(bytes).map_err(ListenerFault::Unreadable)?;
        Ok(Self::of(Some(model)))
    }

    fn of(model: Option<Model>) -> Self {
        let digest = model.as_ref().map(Model::digest);
        let intents = model.as_ref().map_or(0, |model| model.intents().len());
        let rules = RULES.map(|(rule, intent)| (rule, intent.to_owned()));
        Self {
            reader: Reader::of(model).with_rules(rules),
            intents: u32::try_from(intents).unwrap_or(u32::MAX),
            model: digest,
        }
    }

    /// Returns the number of intents that the model distinguishes; 0 without a model.
    pub fn intents_count(&self) -> u32 {
        self.intents
    }

    /// Returns the meaning of an utterance at the current node of a call.
    pub fn understand(&self, text: &str, run: &FlowRun, at: Timestamp) -> UnderstandingResult {
        let ask = run.asking();
        let expected: Vec<&str> = ask.map(|ask| ask.expected().collect()).unwrap_or_default();
        let wanted = ask.map(|ask| ask.slots.as_slice()).unwrap_or_default();
        self.made_of(text, &expected, UtteranceValues::said(text, run, wanted, at))
    }

    /// Returns the meaning of an utterance outside a call, with the context given.
    pub fn understand_apart(
        &self,
        text: &str,
        asked: &UtteranceContext,
        at: Timestamp,
    ) -> UnderstandingResult {
        let expected: Vec<&str> = asked.expected.iter().map(String::as_str).collect();
        let values = UtteranceValues::among(text, &asked.slots, |_| false, &asked.wanted, at);
        self.made_of(text, &expected, values)
    }

    /// Returns the model's reading of a text that the fixed words read as yes or no but that contains more;
    /// `None` to keep the fixed words' reading. The model never adds a yes. For a no, a reading that needs
    /// confirmation is used only if it may be an opt-out.
    fn said_beside(&self, answer: &SpokenReading, text: &str, expected: &[&str]) -> Option<SpokenReading> {
        if answer.certainty != Certainty::Accepted || !is_more_than_an_answer(text) {
            return None;
        }
        let reading = reading_of(&self.reader.read(text, expected));
        let intent = reading.intent();
        let is_other =
            reading.read_by == ReadingSource::Model && intent != Some(AFFIRM) && intent != answer.intent();
        let counts = match reading.certainty {
            Certainty::Accepted => true,
            Certainty::ToConfirm => {
                answer.intent() != Some(DENY) || intent == Some(REFUSE_CALL) || !answers::begins_with_no(text)
            }
            Certainty::BackChannel | Certainty::Abstained => false,
        };
        (is_other && counts).then_some(reading)
    }

    fn made_of(&self, text: &str, expected: &[&str], values: UtteranceValues) -> UnderstandingResult {
        let rule = find_first_rule(text);
        let answered = rule.is_none().then(|| answer(text, values.replaces)).flatten();
        let reading = match answered {
            Some(answer) => self.said_beside(&answer, text, expected).unwrap_or(answer),
            None => reading_of(&self.reader.read(text, expected)),
        };
        let refuses = reading.certainty == Certainty::Accepted && reading.intent() == Some(REFUSE_CALL);
        UnderstandingResult {
            reading,
            slots: values.slots,
            interest: None,
            opt_out: refuses || matches_rule(text, Priority::OptOut),
            answers: BTreeMap::new(),
            emotion: None,
        }
    }
}

/// Returns true if an English text is too long for fixed words alone to decide. English uses "not" and
/// "right" for much that is neither no nor yes (I can't hear you, right who is this). In Chinese the words
/// decide as they are.
fn is_more_than_an_answer(text: &str) -> bool {
    let is_chinese = text.chars().any(|one| ('\u{2e80}'..='\u{9fff}').contains(&one));
    !is_chinese && text.split_whitespace().count() > 2
}

/// Returns the reading of yes, no and back-channel sounds by fixed words; `None` for other texts. If
/// `replaces`, a no refuses a value and not the offer (不要十二期，要六期).
fn answer(text: &str, replaces: bool) -> Option<SpokenReading> {
    let (intent, certainty) = match answers::read(text) {
        Answer::Yes => (AFFIRM, Certainty::Accepted),
        Answer::No if replaces => (DENY, Certainty::Abstained),
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
        read_by: ReadingSource::Answer,
        candidates,
        accept_permille: None,
        confirm_permille: None,
        knowledge: None,
        picked: None,
    })
}

fn reading_of(reading: &UtteranceReading) -> SpokenReading {
    let candidates = reading.ranking.candidates.iter();
    SpokenReading {
        certainty: match reading.ranking.verdict {
            Verdict::Accepted => Certainty::Accepted,
            Verdict::ToConfirm => Certainty::ToConfirm,
            Verdict::Abstained => Certainty::Abstained,
        },
        read_by: match &reading.by {
            DecisionSource::Exact => ReadingSource::Exact,
            DecisionSource::Rule(_) => ReadingSource::Rule,
            DecisionSource::Model => ReadingSource::Model,
            DecisionSource::Nothing => ReadingSource::Nothing,
        },
        candidates: candidates
            .map(|one| IntentCandidate {
                intent: one.intent.clone(),
                score_permille: permille(one.probability),
            })
            .collect(),
        accept_permille: reading.calibration.map(|one| permille(one.accept)),
        confirm_permille: reading.calibration.map(|one| permille(one.confirm)),
        knowledge: None,
        picked: None,
    }
}

/// Returns a probability (0 to 1) in thousandths, rounded; values outside are clamped.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 1000 after the clamp; what is no number becomes 0"
)]
pub(crate) fn permille(ratio: f32) -> u16 {
    (ratio.clamp(0.0, 1.0) * 1_000.0).round() as u16
}

/// Learns the model of interest (高, 中, 低) from the shipped labelled lines.
pub(crate) fn interest_model() -> Result<Model, TrainingFault> {
    let lines = LABELLED.lines().map(str::to_owned);
    train(
        &Examples::read(lines, "interest", 1),
        &TrainingSettings::default(),
    )
}

/// Learns the model of sentiment (positive, neutral, negative) from the shipped labelled lines.
pub(crate) fn sentiment_model() -> Result<Model, TrainingFault> {
    let lines = MOODS.lines().map(str::to_owned);
    train(
        &Examples::read(lines, "sentiment", 1),
        &TrainingSettings::default(),
    )
}

/// Returns the shipped Chinese examples as lines of JSON with `text` and `intent`.
fn lines() -> Vec<String> {
    let labelled = LABELLED.lines().chain(ANYWHERE.lines()).map(str::to_owned);
    seed_lines(SEED).chain(labelled).collect()
}

/// Converts a table with one intent and text per line, separated by a tab, to lines of JSON.
fn seed_lines(table: &str) -> impl Iterator<Item = String> {
    let rows = table.lines().filter_map(|line| line.split_once('\t'));
    rows.map(|(intent, text)| serde_json::json!({ "text": text, "intent": intent }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsing::find_shipped_flow;
    use domain::flow::{FlowDefinition, FlowInput};
    use std::sync::LazyLock;

    static LISTENER: LazyLock<Listener> = LazyLock::new(|| Listener::bundled("zh-CN").unwrap());

    fn at_terms() -> FlowRun {
        let flow = FlowDefinition::from_yaml(find_shipped_flow("card_instalment_spoken").unwrap()).unwrap();
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

    fn heard(text: &str) -> UnderstandingResult {
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
        assert_eq!(asked.reading.read_by, ReadingSource::Model);
        assert!(asked.reading.accept_permille.is_some());
    }

    #[test]
    fn further_calls_are_refused_beside_another_rule_and_by_what_the_model_accepts() {
        let refused = heard("他已经去世了，你们别再打了");
        assert!(refused.opt_out);
        assert_eq!(
            refused.reading.intent(),
            Some(REFUSE_CALL),
            "an opt-out takes priority"
        );
        for said in ["忙死了", "烦死了", "贵死了", "我都快急死了", "my phone is dead"] {
            assert_ne!(heard(said).reading.intent(), Some("deceased"), "{said}");
        }
        assert!(!heard("他已经去世了").opt_out);
        assert!(heard("不用别再给我打电话了").opt_out);
        let by_model: Vec<UnderstandingResult> = ["请你们停止来电", "不要再给我推销", "从你们系统里把我删掉"]
            .map(heard)
            .into_iter()
            .filter(|said| said.reading.read_by == ReadingSource::Model)
            .filter(|said| said.reading.certainty == Certainty::Accepted)
            .collect();
        assert!(!by_model.is_empty());
        for said in by_model {
            assert_eq!(said.reading.intent(), Some(REFUSE_CALL));
            assert!(said.opt_out, "{said:?}");
        }
        let english = Listener::bundled("en").unwrap();
        let at = "2026-03-02T10:00:00+08:00".parse().unwrap();
        assert!(
            english
                .understand("remove me from your list", &at_terms(), at)
                .opt_out
        );
    }

    #[test]
    fn what_people_ask_in_english_is_understood() {
        let english = Listener::bundled("en").unwrap();
        for (text, intent) in [
            ("how much does it cost", "ask_fee"),
            ("who gave you my number", "where_from_my_number"),
            ("that is too expensive", "too_expensive"),
            ("speak slower", "slower"),
            ("sorry I am driving", "busy"),
            ("I already paid that", "already_done"),
            ("don't ever phone me again", REFUSE_CALL),
            ("sorry I can't hear you", "hello_hold"),
        ] {
            let heard = english.understand(text, &at_terms(), Timestamp::EPOCH);
            assert_eq!(heard.reading.intent(), Some(intent), "{text}: {heard:?}");
        }
        let unseen = include_str!("../../../../fixtures/nlu/en_outbound_after.jsonl");
        let wrong = unseen.lines().filter_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let (text, intent) = (line["text"].as_str().unwrap(), line["intent"].as_str());
            let heard = english.understand(text, &at_terms(), Timestamp::EPOCH).reading;
            let first = heard.candidates.first().map(|one| one.intent.as_str());
            (first != intent).then(|| format!("{text}: {first:?}, not {intent:?}"))
        });
        let (wrong, all): (Vec<_>, _) = (wrong.collect(), unseen.lines().count());
        assert!(wrong.len() * 5 <= all, "{wrong:#?}");
    }

    #[test]
    fn a_refusal_in_english_is_not_asked_about_and_listening_says_nothing() {
        let english = Listener::bundled("en").unwrap();
        let understood = |text| english.understand(text, &at_terms(), Timestamp::EPOCH).reading;
        for text in [
            "no I don't want that",
            "no thanks I am fine",
            "no no no no",
            "nope I have no use for it",
            "no I do not want it",
            "no thank you very much",
        ] {
            let heard = understood(text);
            let refuses = heard.intent() == Some(DENY) || heard.intent() == Some("not_interested");
            assert!(
                refuses && heard.certainty == Certainty::Accepted,
                "{text}: {heard:?}"
            );
        }
        let heard = understood("uh huh mm hmm uh huh");
        assert_eq!(heard.certainty, Certainty::BackChannel, "{heard:?}");
        // A no that names what is wanted instead refuses a value, whatever else it resembles.
        let instead = answer("not twelve months, six months", true).unwrap();
        let beside = english.said_beside(&instead, "not twelve months, six months", &[]);
        assert_eq!((instead.certainty, beside), (Certainty::Abstained, None));
        assert!(
            is_more_than_an_answer("I can\u{2019}t hear you")
                && !is_more_than_an_answer("不要 十二期 要 六期")
        );
    }

    #[test]
    fn a_term_that_is_refused_is_none_and_one_in_its_place_is() {
        for (text, node) in [
            ("三期", "签约"),
            ("不要十二期，要六期", "签约"),
            ("不要十二期要六期", "签约"),
            ("不要十二期，六期吧", "签约"),
            ("不要三期", "婉拒"),
            ("三期也不要", "确认分期期数"),
            ("不用了，三期太长了", "婉拒"),
            ("三期不划算，转人工", "转人工"),
            ("24期也不要，转人工", "转人工"),
            ("我要投诉，上次分三期乱收费", "转投诉专员"),
        ] {
            let mut run = at_terms();
            run.step(FlowInput::Spoken(&heard(text)));
            assert_eq!(run.node(), node, "{text}: {:?}", heard(text));
        }
        let mut run = at_terms();
        run.step(FlowInput::Spoken(&heard("十二期")));
        let corrected = LISTENER.understand("不是，是三期", &run, Timestamp::EPOCH);
        run.step(FlowInput::Spoken(&corrected));
        assert_eq!((run.node(), run.values()["terms"].as_str()), ("签约", "3"));
    }

    #[test]
    fn digits_are_the_run_that_was_said_where_they_are_asked_for() {
        let ladder = serde_json::json!({"then": "bye"});
        let flow = serde_json::json!({
            "flow": "digits", "notices": {"recording": "本次通话将录音。"}, "start": "hello", "on_exception": "bye",
            "dialogue": {"slots": {"tail": {"type": "digits"}, "phone": {"type": "phone"}}},
            "nodes": {
                "hello": {"say": {"text": "您好。", "next": "ask"}},
                "ask": {"ask": {
                    "text": "身份证后四位？", "expect": "speech", "slots": ["tail"], "on_filled": "bye",
                    "timeout_ms": 3000, "on_silence": ladder, "on_unclear": ladder,
                }},
                "bye": {"end": {"outcome": "success"}},
            },
        });
        let flow = FlowDefinition::from_value(&flow).unwrap();
        let (mut run, _) = FlowRun::begin(&Arc::new(flow), &BTreeMap::new());
        run.step(FlowInput::Played);
        let tail = |run: &FlowRun, text| {
            let understood = LISTENER.understand(text, run, Timestamp::EPOCH);
            understood.slots.get("tail").cloned()
        };
        assert_eq!(tail(&run, "我的电话是13800138000"), None, "it is not asked for");
        run.step(FlowInput::Played);
        assert_eq!(run.node(), "ask");
        for (text, digits) in [
            ("1234", Some("1234")),
            ("一二三四", Some("1234")),
            ("我的身份证后四位是一二三四", Some("1234")),
            ("one two three four", Some("1234")),
            ("我不记得了", None),
        ] {
            assert_eq!(tail(&run, text).as_deref(), digits, "{text}");
        }
    }
}
