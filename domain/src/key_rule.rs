//! When a key counts that no menu asks for, as a numbered rule. A call's `call.answered` names its rule, so
//! that a stored call replays as it went; what the rules mean is in `flow`.

use serde::{Deserialize, Serialize};

/// The rule of a call, by its number; what `call.answered` does not name is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
pub enum KeyRule {
    /// A key counts in the menu being asked, and nowhere else.
    #[default]
    MenusOnly,
    /// A key by which any menu of the flow refuses further calls counts from the answer to the hang-up,
    /// unless the menu being asked gives it another meaning; other keys wait for a menu that says
    /// `type_ahead`.
    OptOutAnywhere,
}

impl KeyRule {
    /// The rule of calls that are answered now.
    pub const CURRENT: Self = Self::OptOutAnywhere;

    /// Its number in events.
    pub const fn number(self) -> u16 {
        match self {
            Self::MenusOnly => 1,
            Self::OptOutAnywhere => 2,
        }
    }
}

/// A number that is no rule of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key rule {0} is not known to this build")]
pub struct UnknownKeyRule(u16);

impl TryFrom<u16> for KeyRule {
    type Error = UnknownKeyRule;

    fn try_from(number: u16) -> Result<Self, UnknownKeyRule> {
        match number {
            1 => Ok(Self::MenusOnly),
            2 => Ok(Self::OptOutAnywhere),
            _ => Err(UnknownKeyRule(number)),
        }
    }
}

impl From<KeyRule> for u16 {
    fn from(rule: KeyRule) -> Self {
        rule.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn a_rule_is_written_by_its_number_and_an_unknown_one_is_not_read() {
        for rule in [KeyRule::MenusOnly, KeyRule::OptOutAnywhere] {
            assert_eq!(from_value::<KeyRule>(json!(rule.number())).unwrap(), rule);
        }
        assert_eq!(json!(KeyRule::CURRENT), json!(2));
        assert!(from_value::<KeyRule>(json!(3)).is_err());
    }
}
