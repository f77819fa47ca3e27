//! A picture or a link beside a text (DLG-13).

use serde::{Deserialize, Serialize};

/// Longest address, in bytes.
const ADDRESS_BYTES_MAX: usize = 256;

/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 60;

/// What is behind an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShownAs {
    Picture,
    Link,
}

/// A picture or a link, as a channel is handed it; whoever carries the texts fetches nothing for us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Show {
    #[serde(rename = "as")]
    pub shown_as: ShownAs,
    /// Https, the same for everybody.
    #[schemars(example = &"https://example.com/plan.png")]
    pub address: String,
    /// What it says to whoever cannot see it, or before they follow it.
    #[schemars(example = &"分期方案")]
    pub title: String,
}

impl Show {
    /// Whether its address and title are such as may be shown: neither holds a variable.
    pub fn is_sound(&self) -> bool {
        let has_host = self
            .address
            .strip_prefix("https://")
            .is_some_and(|rest| !rest.is_empty());
        let is_address = has_host
            && self.address.len() <= ADDRESS_BYTES_MAX
            && !self
                .address
                .contains(|c: char| c.is_whitespace() || c.is_control() || c == '{');
        let title = self.title.trim();
        let is_title = !title.is_empty()
            && self.title.chars().count() <= TITLE_CHARS_MAX
            && !self.title.contains("{{")
            && !self.title.contains(char::is_control);
        is_address && is_title
    }
}
