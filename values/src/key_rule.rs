//! Key rules: numbered rules for keypresses outside the current menu. A call's `call.answered` event names
//! its rule, so that a replay treats keys the same way. `flow` implements the rules.

use serde::{Deserialize, Serialize};

/// The rule by which a call's keypresses are treated, stored as a number in `call.answered`. A call without
/// a number has the first rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
pub enum KeyRule {
    /// A key counts only in the current menu.
    #[default]
    MenusOnly,
    /// A key with which any menu of the flow records an opt-out counts from the answer to the hang-up, unless
    /// the current menu gives it another meaning. Other keys wait for a menu with `type_ahead`.
    OptOutAnywhere,
    /// Like `OptOutAnywhere`, with the nodes of spoken flows: an `act` node that records an opt-out counts as
    /// one; an answer that returns does not; a spoken question drops earlier keys; an answer returns to the
    /// menu in which it was requested.
    SpokenNodes,
    /// Like `SpokenNodes`, but at most 100 keypresses of a call are stored; the earlier rules store 240.
    HundredKeys,
}

impl KeyRule {
    /// The rule of calls that are answered now.
    pub const CURRENT: Self = Self::HundredKeys;

    /// Returns the number of the rule in events.
    pub const fn number(self) -> u16 {
        match self {
            Self::MenusOnly => 1,
            Self::OptOutAnywhere => 2,
            Self::SpokenNodes => 3,
            Self::HundredKeys => 4,
        }
    }

    /// Returns true if keys also count outside the current menu; false only for `MenusOnly`.
    pub const fn counts_anywhere(self) -> bool {
        match self {
            Self::MenusOnly => false,
            Self::OptOutAnywhere | Self::SpokenNodes | Self::HundredKeys => true,
        }
    }

    /// Returns true if the rule treats the nodes of spoken flows in their own way (see `SpokenNodes`).
    pub const fn knows_spoken_nodes(self) -> bool {
        match self {
            Self::MenusOnly | Self::OptOutAnywhere => false,
            Self::SpokenNodes | Self::HundredKeys => true,
        }
    }

    /// Returns how many keypresses of one call are stored at most. People press about a dozen; more are
    /// sent at random by the far end. Beyond the limit only opt-out keys count.
    pub const fn keypresses_max(self) -> u32 {
        match self {
            Self::MenusOnly | Self::OptOutAnywhere | Self::SpokenNodes => 240,
            Self::HundredKeys => 100,
        }
    }
}

/// The error for a number in `call.answered` that is not a key rule of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key rule {0} is not known to this build")]
pub struct UnknownKeyRule(u16);

impl TryFrom<u16> for KeyRule {
    type Error = UnknownKeyRule;

    fn try_from(number: u16) -> Result<Self, UnknownKeyRule> {
        match number {
            1 => Ok(Self::MenusOnly),
            2 => Ok(Self::OptOutAnywhere),
            3 => Ok(Self::SpokenNodes),
            4 => Ok(Self::HundredKeys),
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
        for rule in [
            KeyRule::MenusOnly,
            KeyRule::OptOutAnywhere,
            KeyRule::SpokenNodes,
            KeyRule::HundredKeys,
        ] {
            assert_eq!(from_value::<KeyRule>(json!(rule.number())).unwrap(), rule);
        }
        assert_eq!(json!(KeyRule::CURRENT), json!(4));
        assert!(from_value::<KeyRule>(json!(5)).is_err());
    }
}
