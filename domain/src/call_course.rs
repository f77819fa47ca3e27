//! The course of a call or text conversation, folded from its events: how it ended, the deciding intent, the
//! slot values, and counts of turns. The summary is written from it.

use crate::calling_plan::FlowRef;
use crate::spoken_turn::{Certainty, TurnDecision, TurnInput, UnderstandingFact};
use crate::text_channel::{Channel, CloseReason};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use values::disposition::{Disposition, Outcome, labelled};
use values::emotion::EmotionLevel;
use values::ids::{CampaignId, CustomerId};

/// The part of a rule's path that precedes an intent's name.
const INTENTS: &str = ".intents.";

labelled! {
    /// A property of a call's course by which calls can be searched.
    #[derive(derive::EventMembers)]
    CourseMark {
        Spoken => "spoken", "有应答", "spoke";
        Keyed => "keyed", "按键", "pressed keys";
        OptedOut => "opted_out", "谢绝来电", "refused further calls";
        Transferred => "transferred", "转人工", "asked for a person";
        BargedIn => "barged_in", "打断", "interrupted";
        Silent => "silent", "沉默", "was silent";
        Unclear => "unclear", "未听懂", "was not understood";
        Corrected => "corrected", "改口", "changed an answer";
        SensitiveWord => "sensitive_word", "敏感词", "said a sensitive word";
        EngineFailed => "engine_failed", "引擎故障", "an engine failed";
    }
}

/// Counts of a conversation's turns by kind.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(deny_unknown_fields)]
#[open(
    heard_count,
    understood_count,
    decided_count,
    said_count,
    keypress_count,
    barge_in_count,
    silence_count
)]
pub struct TurnCounts {
    /// Utterances of the callee that were recorded.
    pub heard_count: u32,
    pub understood_count: u32,
    pub decided_count: u32,
    /// Texts that were spoken, completely or in part.
    pub said_count: u32,
    pub keypress_count: u32,
    pub barge_in_count: u32,
    pub silence_count: u32,
}

/// The decision that led the flow of a conversation to its last node or end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidingRule {
    /// The callee's intent; `None` if a key, a silence or a sensitive word decided.
    pub intent: Option<String>,
    /// The member of the flow that decided, for example `nodes.greeting.intents.affirm`.
    pub rule: String,
}

/// The notes that a flow's act nodes made about a call, and the call's language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallNotes {
    pub lang: String,
    /// The noted tags, each once, in the order in which they were noted.
    pub tags: Vec<String>,
    /// The last noted interest of the callee.
    pub interest: Option<String>,
}

/// How a call ended, as its `call.ended` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CourseEnd {
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
    pub talk_ms: u64,
    pub at: Timestamp,
}

/// How a conversation in text was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextClose {
    pub channel: Channel,
    pub reason: CloseReason,
    pub outcome: Option<Outcome>,
    pub at: Timestamp,
}

/// The course of one text conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextCourse {
    /// The same as a call's course, without the end of the call.
    pub course: CallCourse,
    pub channel: Option<Channel>,
    pub close: Option<TextClose>,
    /// The node of the last decision: a text of another node shows that the flow followed the decision.
    pub(crate) decided_in: Option<String>,
}

/// The course of one call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCourse {
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub flow: Option<FlowRef>,
    pub is_answered: bool,
    /// The first recorded end; a correction is a separate event.
    pub ended: Option<CourseEnd>,
    pub turns: TurnCounts,
    pub deciding: Option<DecidingRule>,
    /// The accepted intents, each once.
    pub intents: BTreeSet<String>,
    /// By the flow's slot names, the last value; `None` if it cannot be read any more.
    pub slots: BTreeMap<String, Option<String>>,
    /// The last interest noted for a turn.
    pub interest: Option<String>,
    /// The strongest emotion, if it was measured.
    pub emotion: Option<EmotionLevel>,
    pub marks: BTreeSet<CourseMark>,
    /// Digests of the models that were used.
    pub models: BTreeSet<String>,
    /// The flow's nodes that the call entered, in order.
    pub entered: Vec<String>,
    /// A decision after which the flow has entered no node yet.
    pub(crate) undone: Option<DecidingRule>,
}

impl CallCourse {
    /// Returns true if words of the callee were recorded or interpreted.
    pub const fn is_spoken(&self) -> bool {
        self.turns.heard_count > 0 || self.turns.understood_count > 0
    }
    pub fn is(&self, mark: CourseMark) -> bool {
        self.marks.contains(&mark)
    }

    /// Records that the flow entered a node: a decision that was open becomes the deciding one.
    pub(crate) fn enter(&mut self, node: &str) {
        self.entered.push(node.to_owned());
        self.move_on();
    }

    /// Makes the open decision, if there is one, the deciding one: the flow entered a node or ended.
    pub(crate) fn move_on(&mut self) {
        if let Some(deciding) = self.undone.take() {
            self.deciding = Some(deciding);
        }
    }

    pub(crate) fn understand(&mut self, fact: &UnderstandingFact) {
        self.turns.understood_count += 1;
        self.marks.insert(CourseMark::Spoken);
        match fact.reading.certainty {
            Certainty::Accepted => self.intents.extend(fact.intent.clone()),
            Certainty::Abstained => {
                self.marks.insert(CourseMark::Unclear);
            }
            Certainty::ToConfirm | Certainty::BackChannel => {}
        }
        for (name, value) in &fact.slots {
            self.slots.insert(name.clone(), value.value().cloned());
        }
        if fact.interest.is_some() {
            self.interest.clone_from(&fact.interest);
        }
        self.emotion = self
            .emotion
            .max(fact.emotion.as_ref().map(|emotion| emotion.level));
        if fact.opt_out {
            self.marks.insert(CourseMark::OptedOut);
        }
        self.models.extend(fact.model.clone());
    }

    /// Records a decision as the open one. A decision after the end of the robot's own text does not count.
    pub(crate) fn decide(&mut self, decision: &TurnDecision) {
        self.turns.decided_count += 1;
        if !decision.explanation.corrected.is_empty() {
            self.marks.insert(CourseMark::Corrected);
        }
        let intent = match decision.explanation.input {
            TurnInput::Played => return,
            TurnInput::Spoken => intent_of(decision),
            TurnInput::Keypress
            | TurnInput::Unheard
            | TurnInput::Deaf
            | TurnInput::Silence
            | TurnInput::SensitiveWord => None,
        };
        self.undone = Some(DecidingRule {
            intent,
            rule: decision.rule.clone(),
        });
    }
}

/// Returns the intent behind a decision: the one that its rule names, else the accepted one; `None` if
/// there is neither.
fn intent_of(decision: &TurnDecision) -> Option<String> {
    if let Some((_, named)) = decision.rule.rsplit_once(INTENTS) {
        return named.split('.').next().map(str::to_owned);
    }
    let reading = decision.explanation.reading.as_ref()?;
    let is_accepted = reading.certainty == Certainty::Accepted;
    reading.intent().filter(|_| is_accepted).map(str::to_owned)
}
