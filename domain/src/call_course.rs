//! What a call's or a conversation's events add up to once it is over: how it ended, which intent decided it,
//! what was filled in, how often who did what. A value that its events make and a summary is written from.

use crate::calling_plan::FlowRef;
use crate::spoken_turn::{Certainty, TurnDecision, TurnInput, UnderstoodFact};
use crate::text_channel::{Channel, CloseReason};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use values::disposition::{Disposition, Outcome, labelled};
use values::emotion::EmotionLevel;
use values::ids::{CampaignId, CustomerId};

/// What stands before an intent's name in a rule of a flow.
const INTENTS: &str = ".intents.";

labelled! {
    /// What is worth finding a call by.
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

/// How often who did what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnCounts {
    /// Utterances that were kept.
    pub heard_count: u32,
    pub understood_count: u32,
    pub decided_count: u32,
    /// Texts that were said, to their end or in part.
    pub said_count: u32,
    pub keypress_count: u32,
    pub barge_in_count: u32,
    pub silence_count: u32,
}

/// The decision by which the flow went where it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deciding {
    /// What the callee meant; none by a key, a silence or a word of a list.
    pub intent: Option<String>,
    /// The member of the flow that decided.
    pub rule: String,
}

/// What a flow's act nodes note of a call that came to them, and the language in which it spoke.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallNotes {
    pub lang: String,
    /// Each once, in the order in which they were noted.
    pub tags: Vec<String>,
    /// The last word for how interested the callee is.
    pub interest: Option<String>,
}

/// How the call ended.
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

/// What the events of one conversation in text add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextCourse {
    /// As a call's, but for its end.
    pub course: CallCourse,
    pub channel: Option<Channel>,
    pub close: Option<TextClose>,
    /// Where the last decision was taken: a text of another node says that the flow went on by it.
    pub(crate) decided_in: Option<String>,
}

/// What the events of one call add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCourse {
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub flow: Option<FlowRef>,
    pub is_answered: bool,
    /// How it was recorded first; a correction is an event of its own.
    pub ended: Option<CourseEnd>,
    pub turns: TurnCounts,
    pub deciding: Option<Deciding>,
    /// What was accepted, each once.
    pub intents: BTreeSet<String>,
    /// By the flow's names, the last value said; absent where nobody can open it any more.
    pub slots: BTreeMap<String, Option<String>>,
    /// The last that was noted of a turn.
    pub interest: Option<String>,
    /// The most excited that they sounded, where it was measured.
    pub emotion: Option<EmotionLevel>,
    pub marks: BTreeSet<CourseMark>,
    /// Digests of the models that were asked.
    pub models: BTreeSet<String>,
    /// The nodes of the flow that it came to, in order.
    pub entered: Vec<String>,
    /// Decided, and no node entered since.
    pub(crate) undone: Option<Deciding>,
}

impl CallCourse {
    /// Whether anything was said by the callee and kept, or understood.
    pub const fn is_spoken(&self) -> bool {
        self.turns.heard_count > 0 || self.turns.understood_count > 0
    }
    pub fn is(&self, mark: CourseMark) -> bool {
        self.marks.contains(&mark)
    }

    /// The flow went on: what was decided before is what decided it.
    pub(crate) fn enter(&mut self, node: &str) {
        self.entered.push(node.to_owned());
        self.move_on();
    }

    /// The same where it came to its end.
    pub(crate) fn move_on(&mut self) {
        if let Some(deciding) = self.undone.take() {
            self.deciding = Some(deciding);
        }
    }

    pub(crate) fn understand(&mut self, fact: &UnderstoodFact) {
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

    /// What follows from the robot's own words alone decides nothing.
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
        self.undone = Some(Deciding {
            intent,
            rule: decision.rule.clone(),
        });
    }
}

/// The intent that the rule names; where it names none, what was accepted.
fn intent_of(decision: &TurnDecision) -> Option<String> {
    if let Some((_, named)) = decision.rule.rsplit_once(INTENTS) {
        return named.split('.').next().map(str::to_owned);
    }
    let reading = decision.explanation.reading.as_ref()?;
    let is_accepted = reading.certainty == Certainty::Accepted;
    reading.intent().filter(|_| is_accepted).map(str::to_owned)
}
