//! Data classes: each has its own retention period and can be destroyed separately after it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A class of data with a retention period of its own. It is also the id of the retention aggregate, so
/// there is one per class.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum DataClass {
    /// The audio files of calls.
    Recordings,
    /// Customers' personal data over all campaigns. Disposal destroys each customer's key.
    Persons,
    /// Texts of calls and conversations, and what was derived from them. Each is sealed under a key of its
    /// own in addition to the customer's key.
    Transcripts,
}

impl DataClass {
    /// Every class, in the order of display and disposal.
    pub const ALL: [Self; 3] = [Self::Recordings, Self::Persons, Self::Transcripts];

    /// Returns the code of the class in events and requests.
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
