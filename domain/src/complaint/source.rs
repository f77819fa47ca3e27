//! The closed lists of complaint sources, with the deadline of each, and of complaint outcomes.

use crate::case::DeadlineRule;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Through which channel a complaint came.
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
pub enum ComplaintSource {
    /// 12321 网络不良与垃圾信息举报受理中心.
    #[serde(rename = "12321")]
    SpamCentre,
    /// 12378 银行保险消费者投诉维权热线.
    #[serde(rename = "12378")]
    FinanceHotline,
    /// Another regulator.
    #[serde(rename = "regulator")]
    Regulator,
    /// The customer, directly.
    #[serde(rename = "own")]
    Own,
}

impl ComplaintSource {
    /// Every source, in display order.
    pub const ALL: [Self; 4] = [Self::SpamCentre, Self::FinanceHotline, Self::Regulator, Self::Own];

    pub const fn code(self) -> &'static str {
        match self {
            Self::SpamCentre => "12321",
            Self::FinanceHotline => "12378",
            Self::Regulator => "regulator",
            Self::Own => "own",
        }
    }

    /// Returns the labels of the source: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::SpamCentre => ("12321 举报中心", "12321, spam reports"),
            Self::FinanceHotline => (
                "12378 银行保险投诉热线",
                "12378, banking and insurance complaints",
            ),
            Self::Regulator => ("监管部门", "another regulator"),
            Self::Own => ("自有渠道", "the institution's own channel"),
        }
    }

    /// Returns the deadline for answering a complaint from this source, with its basis. The operator's
    /// counsel decides; the text is stored with each complaint.
    pub const fn deadline(self) -> DeadlineRule {
        match self {
            Self::SpamCentre => DeadlineRule {
                days: 5,
                source: "operator default: what 12321 hands on names its own day, earlier or later",
            },
            Self::FinanceHotline => DeadlineRule {
                days: 15,
                source: "银行业保险业消费投诉处理管理办法 (CBIRC Order 3 of 2020): 15 days, longer only where it is \
                         complex and the person is told (verify before quoting)",
            },
            Self::Regulator => DeadlineRule {
                days: 10,
                source: "operator default: a regulator's letter names its own day",
            },
            Self::Own => DeadlineRule {
                days: 15,
                source: "operator default, as 12378",
            },
        }
    }
}

impl FromStr for ComplaintSource {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|source| source.code() == code)
            .ok_or("must be 12321, 12378, regulator or own")
    }
}

/// The outcome of a complaint.
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
pub enum ComplaintOutcome {
    /// The complaint is justified.
    Upheld,
    PartlyUpheld,
    /// The complaint is not justified.
    Unfounded,
    /// The complainant withdrew it.
    Withdrawn,
    /// It concerns calls of another company.
    NotOurs,
}

impl ComplaintOutcome {
    /// Every outcome, in display order.
    pub const ALL: [Self; 5] = [
        Self::Upheld,
        Self::PartlyUpheld,
        Self::Unfounded,
        Self::Withdrawn,
        Self::NotOurs,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Upheld => "upheld",
            Self::PartlyUpheld => "partly_upheld",
            Self::Unfounded => "unfounded",
            Self::Withdrawn => "withdrawn",
            Self::NotOurs => "not_ours",
        }
    }

    /// Returns the labels of the outcome: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Upheld => ("属实", "upheld"),
            Self::PartlyUpheld => ("部分属实", "partly upheld"),
            Self::Unfounded => ("不属实", "unfounded"),
            Self::Withdrawn => ("已撤诉", "withdrawn"),
            Self::NotOurs => ("非我方呼叫", "not our call"),
        }
    }
}

impl FromStr for ComplaintOutcome {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|outcome| outcome.code() == code)
            .ok_or("must be upheld, partly_upheld, unfounded, withdrawn or not_ours")
    }
}
