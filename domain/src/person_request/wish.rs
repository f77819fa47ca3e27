//! The closed lists of requests that a person can make about their own data, with the deadline, and of
//! answers.

use crate::case::DeadlineRule;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What a person can request about their own data.
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
pub enum Wish {
    /// 查阅、复制: a copy of the stored personal data.
    Copy,
    /// 更正、补充: a correction.
    Correct,
    /// 限制、拒绝处理: a restriction. The person is not called until it is lifted.
    Restrict,
    /// 解释: an explanation why calls were made or not made.
    Explain,
    /// 删除: an erasure.
    Delete,
}

impl Wish {
    /// Every kind of request, in display order.
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

    /// Returns the labels of the kind of request: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Copy => ("查阅、复制", "a copy"),
            Self::Correct => ("更正、补充", "a correction"),
            Self::Restrict => ("限制处理", "no use until further notice"),
            Self::Explain => ("解释自动化决定", "an explanation of decisions"),
            Self::Delete => ("删除", "erasure"),
        }
    }

    /// Returns the deadline for answering a request, with its basis; the same for each kind. PIPL (个人信息保护法)
    /// articles 44 to 48 give the rights; article 50 requires a way to use them, without a number of days.
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

/// Whether a person's request was carried out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    Done,
    /// It was not carried out. The note gives the reason, and the person is informed.
    Refused,
}
