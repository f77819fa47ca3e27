//! Language understanding as a service for other systems: a text is understood as an utterance of a call
//! would be.

use super::named_entities::{NamedEntityResponse, shown};
use crate::flows::definition_of;
use crate::installation::Installation;
use crate::rehearsing::{Listener, UtteranceContext, interest_model, permille, sentiment_model};
use domain::flow::FlowSelector;
use domain::label::Sentiment;
use domain::problem::Problem;
use domain::spoken_turn::{Certainty, IntentCandidate, ReadingSource};
use domain::summary::InterestLevel;
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;
use understanding::answers::{self, Answer};
use understanding::entities::{CallMoment, find};
use understanding::masking::mask;
use understanding::sensitive_words::{SensitiveWords, WordList};
use understanding::{Model, Verdict};

/// Longest text, in bytes: the most that a recognizer returns for one utterance.
pub const UNDERSTOOD_BYTES_MAX: usize = 4_096;

/// Most expected intents: as many as a flow node can have.
pub const EXPECTED_MAX: usize = 64;

/// Most words to look for in one text. A campaign's list may have more.
pub const SENSITIVE_WORDS_MAX: usize = 100;

/// Longest name of an intent, node or language, and longest sensitive word, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// Time zone of texts without one: Beijing time, in minutes from UTC.
const ZONE_MINUTES: i32 = 480;

/// A text to be understood.
#[derive(Debug, ApiRequest, JsonSchema)]
#[request(check = check_words_and_node)]
#[schemars(extend("examples" = [{ "text": "那就分三期吧", "expected": ["affirm", "deny"] }]))]
pub struct TextUnderstandingRequest {
    #[schemars(length(min = 1, max = UNDERSTOOD_BYTES_MAX))]
    pub text: String,
    /// Language (BCP 47). Default: the flow's, or `zh-CN`.
    #[schemars(length(max = NAME_BYTES_MAX))]
    pub language: Option<String>,
    /// Intents that are likely in this context.
    #[schemars(length(max = EXPECTED_MAX))]
    pub expected: Option<Vec<String>>,
    /// A published flow, `NAME` or `NAME@V`. Its slots are filled from the text.
    #[schemars(with = "Option<String>")]
    #[member(parse)]
    pub flow: Option<FlowSelector>,
    /// The node of the flow that asked the question. Its expected intents are used.
    #[schemars(length(max = NAME_BYTES_MAX))]
    pub node: Option<String>,
    /// Reference time for words like "tomorrow". Default: now.
    pub at: Option<Timestamp>,
    /// Sensitive words to look for in the text.
    #[schemars(length(max = SENSITIVE_WORDS_MAX))]
    pub sensitive_words: Option<Vec<String>>,
    /// Whether phones, card numbers, identity numbers and names are masked in the reply. Default: true.
    pub masked: Option<bool>,
}

fn check_words_and_node(request: &TextUnderstandingRequest, body: &mut Members) {
    for (name, words, words_max) in [
        ("expected", &request.expected, EXPECTED_MAX),
        ("sensitive_words", &request.sensitive_words, SENSITIVE_WORDS_MAX),
    ] {
        let words = words.as_deref().unwrap_or_default();
        if words.len() > words_max {
            body.wrong(name, format!("has more than {words_max} words"));
        }
        if words
            .iter()
            .any(|word| word.trim().is_empty() || word.len() > NAME_BYTES_MAX)
        {
            body.wrong(
                name,
                format!("has a word that is empty or longer than {NAME_BYTES_MAX} bytes"),
            );
        }
    }
    if request.node.is_some() && request.flow.is_none() {
        body.wrong("node", "is a node of the flow, which is missing");
    }
}

/// The meaning of a text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UnderstoodText")]
pub struct TextUnderstandingResponse {
    /// The text as it was understood; masked unless requested otherwise.
    #[schemars(example = &"那就分三期吧")]
    pub text: String,
    pub masked: bool,
    /// Digest of the model that was used. Absent if only rules exist for this language.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub certainty: Certainty,
    pub read_by: ReadingSource,
    /// The best candidate, whatever its certainty.
    #[schemars(example = &"ask_term")]
    pub intent: Option<String>,
    pub score_permille: Option<u16>,
    /// Best candidates first, at most three.
    pub candidates: Vec<IntentCandidate>,
    /// `yes`, `no`, `yes_but`, `back_channel`, `question` or `neither`.
    #[schemars(example = &"yes")]
    pub answer: String,
    /// Interest of the speaker. Chinese only.
    pub interest: Option<TextInterest>,
    /// Sentiment of the speaker. Chinese only.
    pub sentiment: Option<TextSentiment>,
    /// Values for the flow's slots.
    #[schemars(example = BTreeMap::from([("terms", "3")]))]
    pub slots: BTreeMap<String, String>,
    pub entities: Vec<NamedEntityResponse>,
    /// True if the text asks for no further calls.
    pub opt_out: bool,
    /// The first of the given words that the text contains.
    #[schemars(example = &"诈骗")]
    pub sensitive_word: Option<String>,
    /// Processing time, in microseconds.
    pub us: u64,
}

/// The interest that the text shows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextInterest {
    pub level: InterestLevel,
    pub score_permille: u16,
    pub certainty: Certainty,
}

/// The sentiment that the text shows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextSentiment {
    pub sentiment: Sentiment,
    pub score_permille: u16,
    pub certainty: Certainty,
}

/// Returns the interest level with this Chinese label, as used in the shipped training lines; `None` if
/// there is none.
fn level_of(label: &str) -> Option<InterestLevel> {
    InterestLevel::ALL
        .iter()
        .copied()
        .find(|level| level.label_zh() == label)
}

/// The models that read texts in this process.
#[derive(Debug)]
pub(super) struct TextModels {
    chinese: Arc<Listener>,
    english: Arc<Listener>,
    interest: Model,
    sentiment: Model,
}

/// Learns the models once per process, on a thread of its own (about two seconds of a core), and returns
/// them. `Err` in them is the reason why learning failed.
pub(super) async fn learn_models(
    installation: &Installation,
    readers: Arc<OnceLock<Result<TextModels, String>>>,
) -> Result<Arc<OnceLock<Result<TextModels, String>>>, Problem> {
    let (done, learned) = oneshot::channel();
    let learning = Arc::clone(&readers);
    let work = move || {
        learning.get_or_init(learn);
        // The caller may have gone.
        let _gone = done.send(());
    };
    installation.tasks().thread("understanding", Box::new(work));
    match learned.await {
        Ok(()) => Ok(readers),
        Err(_) => Err(Problem::unavailable("the server is shutting down")),
    }
}

fn learn() -> Result<TextModels, String> {
    let of = |language| Listener::shared(language).map_err(|fault| fault.to_string());
    Ok(TextModels {
        chinese: of("zh-CN")?,
        english: of("en")?,
        interest: interest_model().map_err(|fault| format!("{fault:?}"))?,
        sentiment: sentiment_model().map_err(|fault| format!("{fault:?}"))?,
    })
}

/// Returns the context of the text for understanding: expected intents, slots to fill, and language, from
/// the request and the flow it names. Fails if the flow or its node does not exist.
pub(super) async fn load_text_context(
    installation: &Installation,
    order: &TextUnderstandingRequest,
) -> Result<TextContext, Problem> {
    let mut asked = TextContext {
        language: order.language.clone(),
        apart: UtteranceContext {
            expected: order.expected.clone().unwrap_or_default(),
            ..UtteranceContext::default()
        },
    };
    let Some(named) = &order.flow else {
        return Ok(asked);
    };
    let (_, flow) = definition_of(installation, named).await?;
    asked.apart.slots = flow.learned_slots();
    if asked.language.is_none() {
        asked.language = Some(flow.lang.clone());
    }
    if let Some(node) = &order.node {
        let Some(ask) = flow.find_ask_node(node) else {
            return Err(Problem::refused(
                "node-asks-nothing",
                format!("{named} has no asking node of this name"),
            ));
        };
        asked.apart.expected.extend(ask.expected().map(str::to_owned));
        asked.apart.wanted.clone_from(&ask.slots);
    }
    Ok(asked)
}

/// The context in which a text was said.
pub(super) struct TextContext {
    language: Option<String>,
    apart: UtteranceContext,
}

impl TextModels {
    pub(super) fn read(
        &self,
        order: &TextUnderstandingRequest,
        asked: &TextContext,
        installation: &Installation,
    ) -> TextUnderstandingResponse {
        let begun = installation.now();
        let text = order.text.as_str();
        let is_chinese = asked
            .language
            .as_deref()
            .is_none_or(|lang| lang.starts_with("zh"));
        let listener = if is_chinese { &self.chinese } else { &self.english };
        let at = order.at.unwrap_or(begun);
        let understood = listener.understand_apart(text, &asked.apart, at);
        let masked = order.masked.unwrap_or(true);
        let moment = CallMoment {
            at_ms: at.micros() / 1_000,
            zone_minutes: ZONE_MINUTES,
        };
        let entities = find(text, moment);
        let entities = entities.iter().map(|entity| shown(text, entity, masked));
        let best = understood.reading.candidates.first();
        let veil = |value: String| if masked { mask(&value).text } else { value };
        TextUnderstandingResponse {
            text: veil(text.to_owned()),
            masked,
            model: listener.model.clone(),
            certainty: understood.reading.certainty,
            read_by: understood.reading.read_by,
            intent: best.map(|one| one.intent.clone()),
            score_permille: best.map(|one| one.score_permille),
            candidates: understood.reading.candidates.clone(),
            answer: answer_code(answers::read(text)).to_owned(),
            interest: is_chinese.then(|| self.interest_in(text)).flatten(),
            sentiment: is_chinese.then(|| self.sentiment_in(text)).flatten(),
            slots: understood
                .slots
                .into_iter()
                .map(|(name, value)| (name, veil(value)))
                .collect(),
            entities: entities.collect(),
            opt_out: understood.opt_out,
            sensitive_word: first_sensitive(order.sensitive_words.as_deref(), text),
            us: u64::try_from(installation.now().micros() - begun.micros()).unwrap_or_default(),
        }
    }

    fn interest_in(&self, text: &str) -> Option<TextInterest> {
        let ranking = self.interest.rank(text);
        let best = ranking.candidates.first()?;
        Some(TextInterest {
            level: level_of(&best.intent)?,
            score_permille: permille(best.probability),
            certainty: certainty_of(ranking.verdict),
        })
    }

    fn sentiment_in(&self, text: &str) -> Option<TextSentiment> {
        let ranking = self.sentiment.rank(text);
        let best = ranking.candidates.first()?;
        let mut all = Sentiment::ALL.iter().copied();
        Some(TextSentiment {
            sentiment: all.find(|sentiment| sentiment.code() == best.intent)?,
            score_permille: permille(best.probability),
            certainty: certainty_of(ranking.verdict),
        })
    }
}

const fn certainty_of(verdict: Verdict) -> Certainty {
    match verdict {
        Verdict::Accepted => Certainty::Accepted,
        Verdict::ToConfirm => Certainty::ToConfirm,
        Verdict::Abstained => Certainty::Abstained,
    }
}

fn first_sensitive(words: Option<&[String]>, text: &str) -> Option<String> {
    let words = words.filter(|words| !words.is_empty())?.to_vec();
    let list = WordList {
        name: "request".to_owned(),
        words,
    };
    let lists = SensitiveWords::of(&[list]).ok()?;
    lists.earliest(text).map(|hit| hit.word)
}

const fn answer_code(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::YesBut => "yes_but",
        Answer::BackChannel => "back_channel",
        Answer::Question => "question",
        Answer::Neither => "neither",
    }
}
