//! Converts a YAML tree to JSON. Keys become texts, infinity and NaN become null, and integers of more than
//! 64 bits are refused.

use super::YamlError;
use super::scalar::PlainScalar;
use super::tree::{Content, Node, key_name};
use serde_json::{Map, Number, Value};

/// Converts a YAML node and everything below it to JSON. Fails for integers of more than 64 bits and for
/// keys that are not texts. The recursion is bounded: a tree has at most `NESTING_MAX` levels.
pub(super) fn value(node: &Node) -> Result<Value, YamlError> {
    let wrong = |why: String| YamlError::Unreadable {
        why,
        line: node.line,
        column: node.column,
    };
    match &node.content {
        Content::Scalar(scalar) => Ok(match scalar.meaning().map_err(wrong)? {
            PlainScalar::Null => Value::Null,
            PlainScalar::Bool(value) => Value::Bool(value),
            PlainScalar::Unsigned(value) => Value::from(value),
            PlainScalar::Signed(value) => Value::from(value),
            // JSON has neither infinity nor NaN.
            PlainScalar::Float(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
            PlainScalar::TooLarge => {
                return Err(wrong("an integer needs more than 64 bits".to_owned()));
            }
            PlainScalar::Text(text) => Value::from(text),
        }),
        Content::Sequence(items) => items.iter().map(|item| value(item)).collect(),
        Content::Mapping(entries) => {
            let mut members = Map::new();
            for (key, member) in entries {
                members.insert(key_name(key).map_err(wrong)?, value(member)?);
            }
            Ok(Value::Object(members))
        }
    }
}
