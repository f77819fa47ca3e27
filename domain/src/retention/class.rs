//! Classes of data that are kept for a time of their own, and can really be destroyed after it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A class of data. It is the id of what is set for it, so that there is one of each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum DataClass {
    /// The sound of calls: files.
    Recordings,
    /// What is known of persons, over all campaigns: readable by each one's key, which is destroyed.
    Persons,
    /// What was said in calls and conversations, and what was made of it: readable by a key of each one's own
    /// beside that of the person.
    Transcripts,
}

impl DataClass {
    /// Every class, in the order in which they are shown and disposed of.
    pub const ALL: [Self; 3] = [Self::Recordings, Self::Persons, Self::Transcripts];

    /// As stored and as asked for.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Recordings => "recordings",
            Self::Persons => "persons",
            Self::Transcripts => "transcripts",
        }
    }

    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Recordings => "录音",
            Self::Persons => "个人信息与通话历史",
            Self::Transcripts => "通话与会话文本",
        }
    }
}

impl fmt::Display for DataClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for DataClass {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|class| class.code() == code)
            .ok_or("must be recordings, persons or transcripts")
    }
}
