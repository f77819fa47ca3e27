//! A recognizer with results set by a test, and an understanding of a few words.

use async_trait::async_trait;
use domain::callback::CALLBACK_SLOT;
use domain::flow::{FlowRun, UnderstandingResult};
use domain::knowledge::KnowledgeRef;
use domain::model::ModelRef;
use domain::ports::knowledge::{KnowledgeBase, KnowledgeBases};
use domain::ports::recognizer::{
    HeardFrame, InvalidRecognizerOptions, RecognitionEvent, RecognitionSession, Recognizer, RecognizerFacts,
    RecognizerOptions, Utterance, UtteranceSegmenter,
};
use domain::ports::understanding::{SensitiveWord, SensitiveWords, Understanding};
use domain::spoken_turn::{
    AnswerCandidate, Certainty, IntentCandidate, KnowledgeReading, ReadingSource, SpokenAnswer, SpokenReading,
};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// Most events that a session may hold.
const EVENTS_MAX: usize = 64;

#[derive(Default)]
pub(crate) struct FakeRecognizer {
    /// The event sender of the last opened session.
    open: Mutex<Option<mpsc::Sender<RecognitionEvent>>>,
    opened_count: Mutex<u32>,
    /// The order of the last opened session.
    order: Mutex<RecognizerOptions>,
    rehearsal_only: bool,
}

impl FakeRecognizer {
    pub(crate) fn for_rehearsals() -> Arc<Self> {
        Arc::new(Self {
            rehearsal_only: true,
            ..Self::default()
        })
    }
    pub(crate) fn opened_count(&self) -> u32 {
        *self.opened_count.lock().expect("no panic inside")
    }
    pub(crate) fn order(&self) -> RecognizerOptions {
        self.order.lock().expect("no panic inside").clone()
    }
    pub(crate) fn tell(&self, event: RecognitionEvent) {
        let open = self.open.lock().expect("no panic inside");
        let open = open.as_ref().expect("a call listens");
        open.try_send(event).expect("a listening has few events");
    }
    /// Ends the last session as an engine does that has finished.
    pub(crate) fn end(&self) {
        *self.open.lock().expect("no panic inside") = None;
    }
    /// Sends the events of an utterance with this text and these times of the leg.
    pub(crate) fn say(&self, text: &str, begin_ms: u64, end_ms: u64) {
        self.tell(RecognitionEvent::SpeechStarted { t_ms: begin_ms });
        self.tell(RecognitionEvent::SpeechEnded { t_ms: end_ms });
        self.made_out(text, begin_ms, end_ms);
    }
    /// Sends the text of an utterance.
    pub(crate) fn made_out(&self, text: &str, begin_ms: u64, end_ms: u64) {
        self.tell(RecognitionEvent::Final(Utterance {
            text: text.to_owned(),
            confidence_ratio: Some(0.93),
            alternatives: Vec::new(),
            begin_ms,
            end_ms,
            prosody: None,
        }));
    }
}

impl Recognizer for FakeRecognizer {
    fn facts(&self) -> RecognizerFacts {
        RecognizerFacts {
            name: "fake",
            configuration: "0".repeat(16),
            rehearsal_only: self.rehearsal_only,
            gives_partials: true,
            cuts: UtteranceSegmenter::Engines,
        }
    }
    fn open(
        &self,
        order: &RecognizerOptions,
    ) -> Result<Box<dyn RecognitionSession>, InvalidRecognizerOptions> {
        order.check()?;
        self.order.lock().expect("no panic inside").clone_from(order);
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        *self.open.lock().expect("no panic inside") = Some(sender);
        *self.opened_count.lock().expect("no panic inside") += 1;
        Ok(Box::new(FakeListening(events)))
    }
}

struct FakeListening(mpsc::Receiver<RecognitionEvent>);

#[async_trait]
impl RecognitionSession for FakeListening {
    fn push(&mut self, _: &HeardFrame) {}
    async fn next(&mut self) -> Option<RecognitionEvent> {
        self.0.recv().await
    }
    /// The last words are still recognized: a test sends their text.
    fn finish(&mut self) {}
    fn abort(&mut self) {
        self.0.close();
    }
}

/// An understanding that knows a few exact texts; all others are not understood.
pub(crate) struct FakeUnderstanding;

/// Possibly a refusal, so the flow asks back.
const DOUBTFUL: &str = "别再打";

impl Understanding for FakeUnderstanding {
    fn understand(&self, text: &str, _: &FlowRun, _: Timestamp) -> UnderstandingResult {
        let intent = match text {
            "是的" => Some("affirm"),
            "你是谁" => Some("who_are_you"),
            "别再打了" | DOUBTFUL => Some("refuse_call"),
            "你说慢一点" => Some("slower"),
            _ => None,
        };
        let candidate = |intent: &str| IntentCandidate {
            intent: intent.to_owned(),
            score_permille: 1_000,
        };
        UnderstandingResult {
            reading: SpokenReading {
                certainty: match intent {
                    Some(_) if text == DOUBTFUL => Certainty::ToConfirm,
                    Some(_) => Certainty::Accepted,
                    None => Certainty::Abstained,
                },
                read_by: match intent {
                    Some(_) if text == DOUBTFUL => ReadingSource::Model,
                    Some(_) => ReadingSource::Exact,
                    None => ReadingSource::Nothing,
                },
                candidates: intent.map(candidate).into_iter().collect(),
                accept_permille: None,
                confirm_permille: None,
                knowledge: None,
                picked: None,
            },
            // A moment is the value of the one slot that a test's flow may have for it.
            slots: text
                .parse::<Timestamp>()
                .map(|_moment| (CALLBACK_SLOT.to_owned(), text.to_owned()))
                .into_iter()
                .collect(),
            interest: None,
            opt_out: intent == Some("refuse_call") && text != DOUBTFUL,
            answers: BTreeMap::new(),
            emotion: None,
        }
    }
    fn model(&self, _: &str) -> Option<String> {
        Some("5e".repeat(32))
    }
    fn by_model(&self, _: &ModelRef) -> Option<Arc<dyn Understanding>> {
        None
    }

    fn sensitive_words(&self, words: &[String]) -> Option<Box<dyn SensitiveWords>> {
        Some(Box::new(Words(words.to_vec())))
    }
}

struct Words(Vec<String>);

impl SensitiveWords for Words {
    fn first(&self, text: &str) -> Option<SensitiveWord> {
        let word = self.0.iter().find(|word| text.contains(word.as_str()))?;
        Some(SensitiveWord {
            list: "campaign".to_owned(),
            word: word.clone(),
        })
    }
}

/// A knowledge base that knows one question, whichever base is named, and is unsure of another.
pub(crate) struct FakeKnowledge;

#[async_trait]
impl KnowledgeBases for FakeKnowledge {
    async fn base(&self, named: &KnowledgeRef) -> Option<Arc<dyn KnowledgeBase>> {
        Some(Arc::new(FakeBase(named.clone())))
    }
}

struct FakeBase(KnowledgeRef);

impl KnowledgeBase for FakeBase {
    fn look_up(&self, text: &str, run: &FlowRun, _: Timestamp, understood: &mut UnderstandingResult) {
        let (certainty, score_permille) = match text {
            "多少钱" => (Certainty::Accepted, 900),
            "这个嘛" => (Certainty::Abstained, 200),
            _ => return,
        };
        if run.asking().is_none() {
            return;
        }
        let candidates = ["费用", "违约金"].map(|answer| AnswerCandidate {
            answer: answer.to_owned(),
            score_permille,
        });
        for candidate in &candidates {
            let words = SpokenAnswer {
                question: format!("{}吗", candidate.answer),
                text: format!("{}以合同为准。", candidate.answer),
                personal: false,
            };
            understood.answers.insert(candidate.answer.clone(), words);
        }
        understood.reading.knowledge = Some(Box::new(KnowledgeReading {
            knowledge: self.0.knowledge.clone(),
            knowledge_version: self.0.version,
            certainty,
            candidates: candidates.to_vec(),
            accept_permille: 480,
            confirm_permille: 330,
        }));
    }
}
