//! Customer attributes: typed values about a customer, by name.
//!
//! Guarantees: the name alone decides the type, everywhere and forever, so that a segment keeps its meaning.
//! Built-in names exist in Chinese and English. Other names get their type by their beginning or ending,
//! otherwise they are texts. Identity, phone numbers and documents are no attributes; they are stored sealed
//! and looked up by hash.

mod catalogue;
mod value;

#[cfg(test)]
mod tests;

pub use catalogue::{BuiltInAttribute, CATALOGUE};
pub use value::{AttributeValue, DECIMAL_DIGITS, DECIMAL_UNIT, TEXT_BYTES_MAX, ValueFault, normalize_text};

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest name of an attribute, in bytes: a column's heading.
pub const NAME_BYTES_MAX: usize = 64;

/// Longest tag, in bytes: a few words.
pub const TAG_BYTES_MAX: usize = 96;

/// The type of an attribute's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    Integer,
    /// Stored as an integer of ten-thousandths.
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

    /// Returns the written form of a value of this type, for error messages.
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

/// The three tag levels of CUS-4: properties, behavior and business classification of a customer.
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

    /// Returns the level of a word: `basic`, `behavior`, `business`, or its Chinese label.
    pub fn of_word(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|level| level.code() == word || level.label_zh() == word)
    }
}

/// An attribute: a name with its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    name: String,
    kind: AttributeType,
}

/// Why a name cannot be an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    #[error("a name has 1 to {NAME_BYTES_MAX} bytes of letters, digits and _, and begins with a letter")]
    Shape,
    /// Its values would identify a person.
    #[error("{name} identifies a person: it is stored sealed and cannot be an attribute")]
    Identifying { name: String },
}

impl Attribute {
    /// Reads a name in either language. A built-in attribute gets its English name.
    pub fn named(name: &str) -> Result<Self, NameFault> {
        let name = name.trim();
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !is_shaped(name) {
            return Err(NameFault::Shape);
        }
        let plain = name.to_lowercase();
        if catalogue::is_identifying(&plain) {
            return Err(NameFault::Identifying { name: plain });
        }
        if let Some(known) = BuiltInAttribute::named(&plain) {
            return Ok(known.attribute());
        }
        Ok(Self {
            kind: catalogue::infer_type(&plain),
            name: plain,
        })
    }

    /// Returns the name in records and columns: lower case, and in English for built-in attributes.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn kind(&self) -> AttributeType {
        self.kind
    }

    /// Returns the catalogue entry; `None` if the attribute is not built in.
    pub fn known(&self) -> Option<&'static BuiltInAttribute> {
        BuiltInAttribute::named(&self.name)
    }

    /// Reads the text of a cell as a value of this attribute.
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
