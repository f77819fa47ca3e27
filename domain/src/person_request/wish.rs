//! What a person may ask about their own data, with the deadline, and how it is answered: closed lists.

use crate::case::DeadlineRule;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What is asked for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// 查阅、复制: what is kept of them.
    Copy,
    /// 更正、补充.
    Correct,
    /// 限制、拒绝处理: nobody calls until it is lifted.
    Restrict,
    /// 解释: why they were called, or not.
    Explain,
    /// 删除.
    Delete,
}

impl Wish {
    /// Everything that may be asked for, in the order in which it is shown.
    pub const ALL: [Self; 5] = [
        Self::Copy,
        Self::Correct,
        Self::Restrict,
        Self::Explain,
        Self::Delete,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Correct => "correct",
            Self::Restrict => "restrict",
            Self::Explain => "explain",
            Self::Delete => "delete",
        }
    }

    /// In Chinese and English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Copy => ("查阅、复制", "a copy"),
            Self::Correct => ("更正、补充", "a correction"),
            Self::Restrict => ("限制处理", "no use until further notice"),
            Self::Explain => ("解释自动化决定", "an explanation of decisions"),
            Self::Delete => ("删除", "erasure"),
        }
    }

    /// Until when it is answered. PIPL (个人信息保护法) articles 44 to 48 give the rights and article 50 asks for
    /// a way to use them, without a number of days.
    pub const fn deadline(self) -> DeadlineRule {
        DeadlineRule {
            days: 15,
            source: "App违法违规收集使用个人信息行为认定方法 (2019), 6: 15 working days, counted here as 15 days, which is never \
                     later; PIPL itself says without delay (verify before quoting)",
        }
    }
}

impl FromStr for Wish {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|wish| wish.code() == code)
            .ok_or("must be copy, correct, restrict, explain or delete")
    }
}

/// Whether what was asked for was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    Done,
    /// Not done; the note says why, and the person is told.
    Refused,
}
