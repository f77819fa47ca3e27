//! A picture or link that is shown beside a text (DLG-13).

use serde::{Deserialize, Serialize};

/// Longest address of an attachment, in bytes.
const ADDRESS_BYTES_MAX: usize = 256;

/// Longest title of an attachment, in characters.
const TITLE_CHARS_MAX: usize = 60;

/// Whether an address is a picture or a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    Picture,
    Link,
}

/// A picture or link for a text channel. This server does not fetch its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextAttachment {
    #[serde(rename = "as")]
    pub shown_as: AttachmentKind,
    /// HTTPS address, the same for all customers.
    #[schemars(example = &"https://example.com/plan.png")]
    pub address: String,
    /// Title for users who cannot see the content, or before they open it.
    #[schemars(example = &"分期方案")]
    pub title: String,
}

impl TextAttachment {
    /// Returns true if the address is https without blanks or variables (at most 256 bytes) and the title
    /// is a text of 1 to 60 characters without variables.
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
