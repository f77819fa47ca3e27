//! Deals that follow a call, as the institution's systems report them (INT-5): a contract signed or a debt
//! repaid, with amount and time. Values that the customer and requests share.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::{CallId, CampaignId};

/// The most bytes of a deal's reference; a longer one is refused. It is a number of the institution's own
/// system.
pub const DEAL_REFERENCE_BYTES_MAX: usize = 64;

/// The largest amount of a deal in minor units; a larger one is refused. Ten thousand million of a currency
/// with two decimals: sums of millions of them fit into 64 bits.
pub const DEAL_AMOUNT_MINOR_MAX: u64 = 1_000_000_000_000;

/// The default attribution window in days: a deal within it after a call is attributed to that call.
pub const ATTRIBUTION_DAYS_DEFAULT: u32 = 30;

/// The longest permitted attribution window in days: after a year the effect of a call cannot be known.
pub const ATTRIBUTION_DAYS_MAX: u32 = 365;

/// The kind of a deal.
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
pub enum DealKind {
    /// 成交: something was sold, a contract signed.
    Signed,
    /// 还款: a debt was repaid, in whole or in part.
    Repaid,
    /// 约访: a visit was agreed; its amount only shows that it is valid.
    Appointed,
    /// 约访成功: the visit took place.
    Kept,
}

impl DealKind {
    pub const ALL: [Self; 4] = [Self::Signed, Self::Repaid, Self::Appointed, Self::Kept];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Repaid => "repaid",
            Self::Appointed => "appointed",
            Self::Kept => "kept",
        }
    }
    /// Returns the labels of the kind: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Signed => ("成交", "signed"),
            Self::Repaid => ("还款", "repaid"),
            Self::Appointed => ("约访", "visit agreed"),
            Self::Kept => ("约访成功", "visit kept"),
        }
    }
    /// Returns the kind with this code or Chinese label; `None` for another word.
    pub fn of_word(word: &str) -> Option<Self> {
        let named = |kind: &Self| kind.code() == word || kind.labels().0 == word;
        Self::ALL.into_iter().find(named)
    }
}

/// A currency, by its ISO 4217 code (`CNY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const CNY: Self = Self(*b"CNY");
}

impl TryFrom<String> for Currency {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for Currency {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            Ok(_) | Err(_) => Err("is a currency's three capital letters, such as CNY"),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.to_string()
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl schemars::JsonSchema for Currency {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "examples": ["CNY"] })
    }
}

/// A deal as of an event: a later event of the same reference supersedes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(reference, amount_minor, cycle_ms)]
pub struct Deal {
    /// The institution's own reference: letters, digits, `-`, `_` and `.`; nothing personal.
    #[schemars(example = &"ORDER-2026-17")]
    pub reference: String,
    #[serde(rename = "type")]
    pub kind: DealKind,
    /// In the currency's smallest unit (分); 0 withdraws the deal.
    pub amount_minor: u64,
    pub currency: Currency,
    pub happened_at: Timestamp,
    pub campaign: CampaignId,
    /// The call that it is attributed to; absent if it came too late after one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Time from the customer's first dial in the campaign, in milliseconds; absent without an attributed
    /// call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle_ms: Option<u64>,
}

/// By how much a report changes the counted deals: those that are attributed to a call within its window.
/// The sum over all reports is the current value, whatever was corrected.
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
#[open(counted_minor, counted_deals, counted_people, cycle_change_ms)]
pub struct DealCounts {
    pub counted_minor: i64,
    pub counted_deals: i64,
    /// 1 if it is the person's first deal of its kind in the campaign; -1 if none is left.
    pub counted_people: i64,
    pub cycle_change_ms: i64,
}

/// Returns true if a text is a valid reference of a deal: 1 to 64 ASCII letters, digits, `-`, `_` and `.`.
pub fn is_reference(text: &str) -> bool {
    let known = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    !text.is_empty() && text.len() <= DEAL_REFERENCE_BYTES_MAX && text.bytes().all(known)
}
