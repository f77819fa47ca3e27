//! What is known of a person besides their calls, by names that have a type: the catalogue of attributes.
//!
//! Promises: a name alone says its type, everywhere and for ever, so that a segment that is checked today is
//! read the same tomorrow. Known names stand in the catalogue in Chinese and in English; a further name says
//! its type by how it begins or ends, and is text otherwise. Who somebody is, their numbers and their papers
//! are no attributes: those have places of their own, sealed and looked up by hash.

mod catalogue;
mod value;

#[cfg(test)]
mod tests;

pub use catalogue::{CATALOGUE, Known};
pub use value::{AttributeValue, DECIMAL_DIGITS, DECIMAL_UNIT, TEXT_BYTES_MAX, ValueFault, folded};

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest name: a column's heading.
pub const NAME_BYTES_MAX: usize = 64;

/// Longest tag: a few words.
pub const TAG_BYTES_MAX: usize = 96;

/// What values of an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    Integer,
    /// Held as an integer of ten-thousandths.
    Decimal,
    Text,
    Date,
    Time,
    Boolean,
}

impl AttributeType {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Text => "text",
            Self::Date => "date",
            Self::Time => "time",
            Self::Boolean => "boolean",
        }
    }

    /// How a value of it is written, for messages.
    pub const fn written(self) -> &'static str {
        match self {
            Self::Integer => "an integer, such as 31",
            Self::Decimal => "a number of at most 4 decimals, such as 5000.50",
            Self::Text => "a text of 1 to 512 bytes",
            Self::Date => "a date, such as 2026-11-22",
            Self::Time => "an instant, such as 2026-11-22T10:00:00+08:00",
            Self::Boolean => "true or false",
        }
    }
}

/// The three levels of CUS-4: what somebody is, what they do, what business makes of them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TagLevel {
    /// 基础标签
    Basic,
    /// 行为标签
    Behavior,
    /// 业务标签
    Business,
}

impl TagLevel {
    pub const ALL: [Self; 3] = [Self::Basic, Self::Behavior, Self::Business];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Behavior => "behavior",
            Self::Business => "business",
        }
    }

    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Basic => "基础",
            Self::Behavior => "行为",
            Self::Business => "业务",
        }
    }

    /// `basic`, `behavior`, `business`, or as people say it in Chinese.
    pub fn of_word(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|level| level.code() == word || level.label_zh() == word)
    }
}

/// One attribute, by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    name: String,
    kind: AttributeType,
}

/// Why a name is not one of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    #[error("a name has 1 to {NAME_BYTES_MAX} bytes of letters, digits and _, and begins with a letter")]
    Shape,
    /// Its values would name a person.
    #[error("{name} says who somebody is: that is kept sealed, and is no attribute")]
    Identifying { name: String },
}

impl Attribute {
    /// Reads a name in either language. A known one gets its name in English, whichever was given.
    pub fn named(name: &str) -> Result<Self, NameFault> {
        let name = name.trim();
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !is_shaped(name) {
            return Err(NameFault::Shape);
        }
        let plain = name.to_lowercase();
        if catalogue::is_identifying(&plain) {
            return Err(NameFault::Identifying { name: plain });
        }
        if let Some(known) = Known::named(&plain) {
            return Ok(known.attribute());
        }
        Ok(Self {
            kind: catalogue::type_said_by(&plain),
            name: plain,
        })
    }

    /// As records and columns name it: lower case, in English where it is known.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn kind(&self) -> AttributeType {
        self.kind
    }

    /// What the catalogue says of it; `None` of a further one.
    pub fn known(&self) -> Option<&'static Known> {
        Known::named(&self.name)
    }

    /// A cell's text as a value of this attribute.
    pub fn read(&self, text: &str) -> Result<AttributeValue, ValueFault> {
        AttributeValue::read(self.kind, text)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn is_shaped(name: &str) -> bool {
    let mut characters = name.chars();
    let begins = characters.next().is_some_and(char::is_alphabetic);
    begins && characters.all(|character| character.is_alphanumeric() || character == '_')
}
