//! What a call's events add up to once it is over: how it ended, which intent decided it, what was filled in,
//! how often who did what. A value that a call's events make and a summary is written from.

use crate::calling_plan::FlowRef;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use values::disposition::{Disposition, Outcome, labelled};
use values::emotion::EmotionLevel;
use values::ids::{CampaignId, CustomerId};

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
}
