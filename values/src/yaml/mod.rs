//! The YAML reader: [`value`] reads a text as JSON, [`from_str`] as a type. The parser is `granit-parser`
//! (decision 0190); this module decides how scalars are resolved and which texts are refused. Time and memory
//! are linear in the length of the text. Nesting is checked before the parser runs and again while the tree
//! is built. A text that YAML 1.1 and YAML 1.2 read differently is refused. Callers check the length in
//! bytes.

mod de;
mod differences;
mod json;
mod prescan;
mod scalar;
mod tree;

pub mod corpus;
#[cfg(test)]
mod suite_tests;

pub use prescan::NESTING_MAX;
use serde::de::DeserializeOwned;

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    #[error("line {line} nests deeper than {NESTING_MAX} levels")]
    TooDeep { line: usize },
    #[error(
        "its aliases repeat more than {} times what is written in it",
        tree::TIMES_MAX
    )]
    Repeats,
    /// Not YAML, or YAML that is not accepted here.
    #[error("{why} at line {line} column {column}")]
    Unreadable { why: String, line: usize, column: usize },
    /// Valid YAML, but not of the requested type.
    #[error("{0}")]
    WrongType(String),
}

/// Reads a text as JSON. Keys become texts; a repeated key is refused.
pub fn value(text: &str) -> Result<serde_json::Value, YamlError> {
    json::value(&*tree::read(text)?)
}

/// Reads a text as a type. Scalars are read by the requested type: `012` is a text for a `String`.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    de::from_tree(&*tree::read(text)?)
}
