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
    /// The same, knowing the nodes of spoken flows: an `act` that refuses further calls is a refusal, an
    /// answer that returns is none, a question by word drops the keys from before it, and an answer returns
    /// to the menu it was asked for in.
    SpokenNodes,
    /// The same; at most 100 keypresses of a call are stored, where the rules before stored 240.
    HundredKeys,
}

impl KeyRule {
    /// The rule of calls that are answered now.
    pub const CURRENT: Self = Self::HundredKeys;

    /// Its number in events.
    pub const fn number(self) -> u16 {
        match self {
            Self::MenusOnly => 1,
            Self::OptOutAnywhere => 2,
            Self::SpokenNodes => 3,
            Self::HundredKeys => 4,
        }
    }

    /// Whether keys mean anything outside the menu being asked.
    pub const fn counts_anywhere(self) -> bool {
        match self {
            Self::MenusOnly => false,
            Self::OptOutAnywhere | Self::SpokenNodes | Self::HundredKeys => true,
        }
    }

    /// Whether it tells the nodes of spoken flows from menus.
    pub const fn knows_spoken_nodes(self) -> bool {
        match self {
            Self::MenusOnly | Self::OptOutAnywhere => false,
            Self::SpokenNodes | Self::HundredKeys => true,
        }
    }

    /// Most keypresses stored of one call. People press a dozen; beyond it a far end sends keys at random,
    /// and only one that refuses further calls still counts.
    pub const fn keypresses_max(self) -> u32 {
        match self {
            Self::MenusOnly | Self::OptOutAnywhere | Self::SpokenNodes => 240,
            Self::HundredKeys => 100,
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
