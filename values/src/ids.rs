//! The id types, one newtype each so that ids cannot be swapped, and the derivation of ids.
//!
//! Ids of external things are derived, so that a second import finds the same entity without a view: a number
//! and a customer are keyed hashes made by the `Vault` port, a campaign's id is its `task_id`, a call's id
//! follows from its enrolment and attempt number. In JSON ids are lower-case text, except a campaign's.

use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

pub use crate::stream_id::StreamId;

/// The fixed namespace of all derived UUIDs. Stored ids follow from it: it never changes.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6c65_6467_6572_6c69_6e65_0000_0000_0001);

/// The error for a text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind} id: {why}")]
pub struct InvalidId {
    pub kind: &'static str,
    pub text: String,
    pub why: &'static str,
}

/// Longest `task_id` of a campaign, and longest name of a flow, model, user or team, in bytes.
pub const CAMPAIGN_ID_BYTES_MAX: usize = 64;

/// Bytes of the keyed hash in a customer's or number's id (128 bits).
pub const DERIVED_ID_BYTES: usize = 16;

#[macro_export]
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:expr, $pattern:expr, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(why) => Err(InvalidId { kind: $kind, text, why }),
                }
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

#[macro_export]
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let example = Uuid::new_v5(&NAMESPACE, $kind.as_bytes());
                schemars::json_schema!({ "type": "string", "format": "uuid", "examples": [example] })
            }
        }

        impl $name {
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                match Uuid::parse_str(text) {
                    Ok(id) => Ok(Self(id)),
                    Err(_) => Err(InvalidId { kind: $kind, text: text.to_owned(), why: "it is not a UUID" }),
                }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

pub use crate::enrolment_id::EnrolmentId;
pub use crate::texting_ids::{AnonymousTranscriptId, ConversationId, MessageId, SummaryId, WordingDraftId};
pub use crate::{text_id, uuid_id};

/// The alphabets of text ids as patterns for JSON schemas: names, and hexadecimal ids.
const PLAIN_WORD: &str = "^[A-Za-z0-9_.-]{1,64}$";
pub(crate) const DERIVED_HEX: &str = "^[0-9a-f]{32}$";

pub fn plain_word(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > CAMPAIGN_ID_BYTES_MAX {
        return Err("it must have 1 to 64 characters");
    }
    if text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
    {
        return Ok(());
    }
    Err("only A-Z a-z 0-9 _ . - are allowed")
}

/// The pattern of user names and team names.
const LOGIN_NAME: &str = "^[a-z0-9_.-]{1,64}$";
/// The pattern of access ids.
const ACCESS_WORD: &str = "^(user|key|address)\\.[a-z0-9_.-]{1,64}$";

pub fn login_name(text: &str) -> Result<(), &'static str> {
    plain_word(text)?;
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("it is written in lower case");
    }
    Ok(())
}

fn access_word(text: &str) -> Result<(), &'static str> {
    match text.split_once('.') {
        Some(("user" | "key" | "address", rest)) => login_name(rest),
        _ => Err("it begins with user., key. or address."),
    }
}

pub(crate) fn derived_hex(text: &str) -> Result<(), &'static str> {
    if text.len() != DERIVED_ID_BYTES * 2 {
        return Err("it must have 32 hexadecimal digits");
    }
    if text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err("only lower-case hexadecimal digits are allowed")
}

text_id!(
    /// The id of a campaign: its `task_id`, `[A-Za-z0-9_.-]{1,64}`, with its case kept.
    CampaignId, "campaign", plain_word, PLAIN_WORD, "TASK20261120"
);
text_id!(
    /// The id of a flow, in the alphabet of campaign ids.
    FlowId, "flow", plain_word, PLAIN_WORD, "TASK20261120"
);
text_id!(
    /// The id of a model, in the alphabet of campaign ids.
    ModelId, "model", plain_word, PLAIN_WORD, "zh_outbound"
);
text_id!(
    /// The id of a knowledge base, in the alphabet of campaign ids.
    KnowledgeId, "knowledge base", plain_word, PLAIN_WORD, "card_instalment"
);
text_id!(
    /// The id of a customer: the first 128 bits, in lower-case hex, of HMAC-SHA-256(installation secret,
    /// `customer:` + external id). It is also the name of the customer's key.
    CustomerId, "customer", derived_hex, DERIVED_HEX, "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
);
text_id!(
    /// The id of a phone number: the first 128 bits, in lower-case hex, of HMAC-SHA-256(installation secret,
    /// `number:` + E.164).
    NumberId, "number", derived_hex, DERIVED_HEX, "ffeeddccbbaa99887766554433221100"
);
uuid_id!(
    /// The id of an event: UUIDv5 of the command's id and the index in its batch, the same for a retry.
    EventId, "event"
);
uuid_id!(
    /// The id of a command, chosen by the caller. A repeated command with the same id is executed once.
    CommandId, "command"
);
uuid_id!(
    /// The id of a call: UUIDv5(fixed namespace, `<campaign>/<customer>/<attempt>`).
    CallId, "call"
);
uuid_id!(
    /// The id of a contact list: UUIDv5 of campaign and SHA-256, the same for the same content.
    ListId, "list"
);
text_id!(
    /// The name of a user for signing in. Lower case, so that two names cannot differ by case alone.
    UserId, "user", login_name, LOGIN_NAME, "wang"
);
text_id!(
    /// The id of a team, in the alphabet of user names.
    TeamId, "team", login_name, LOGIN_NAME, "north"
);
text_id!(
    /// The stream of refused attempts: `user.<name>`, `key.<id>` or `address.<hash>`.
    AccessId, "access", access_word, ACCESS_WORD, "user.wang"
);
uuid_id!(
    /// The id of an API key: UUIDv5 of the command that created it, the same for a repeated request.
    KeyId, "key"
);
uuid_id!(
    /// The id of a webhook: UUIDv5 of the command that added it, the same for a repeated request.
    WebhookId, "webhook"
);
uuid_id!(
    /// The id of an alert: UUIDv5 of rule and subject, so that a recurring condition is the same alert.
    AlertId, "alert"
);
uuid_id!(
    /// The id of an inquiry: UUIDv5 of the command that recorded it, the same for a repeated request.
    InquiryId, "inquiry"
);
uuid_id!(
    /// The id of a complaint: UUIDv5 of the command that opened it, the same for a repeated request.
    ComplaintId, "complaint"
);
uuid_id!(
    /// The id of an approval: UUIDv5 of the act, the requester and the day.
    ApprovalId, "approval"
);
uuid_id!(
    /// The id of a person request: UUIDv5 of the command that received it, the same for a repeated one.
    PersonRequestId, "person_request"
);
uuid_id!(
    /// The id of a sample: UUIDv5 of all parameters of the draw, so that the same draw is the same sample.
    SampleId, "sample"
);
text_id!(
    /// The id of a report: its kind and period, such as `compliance.2026-10`. All issues share one stream.
    ReportId, "report", plain_word, PLAIN_WORD, "compliance.2026-10"
);
text_id!(
    /// The id of a view: its name, such as `campaign_board`.
    ViewId, "view", plain_word, PLAIN_WORD, "campaign_board"
);

/// The id of the log: a store has one log, with the stream `installation-log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogId;

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("log")
    }
}

impl EventId {
    /// Returns the id of the `index`-th event (from 0) of a command.
    pub fn derive(command: CommandId, index: usize) -> Self {
        Self(Uuid::new_v5(&command.0, index.to_string().as_bytes()))
    }
}

impl CommandId {
    /// Returns a driver's command id: UUIDv5 of the causing event and a text of the driver for this command.
    /// If it repeats the command after a crash, the id is the same, so the command is executed once.
    pub fn derive(cause: EventId, kind: &str) -> Self {
        Self(Uuid::new_v5(&cause.0, kind.as_bytes()))
    }

    /// Returns the UUIDv5 of a text as a command id, for commands without a causing event.
    pub fn derive_from_text(text: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, text.as_bytes()))
    }
}

impl CallId {
    /// Returns the id of an enrolment's call. `attempt`: number of the attempt, from 1.
    pub fn derive(enrolment: &EnrolmentId, attempt: u32) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("{enrolment}/{attempt}").as_bytes(),
        ))
    }
}

impl AlertId {
    /// Returns the id of the alert that `rule` raises for `subject`: always the same for the pair.
    pub fn derive(rule: &str, subject: &str) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("alert:{rule}/{subject}").as_bytes(),
        ))
    }
}

impl UserId {
    /// Reads a user name as typed: removes white space at the ends and converts to lower case.
    pub fn typed(text: &str) -> Result<Self, InvalidId> {
        text.trim().to_lowercase().parse()
    }
}

impl KeyId {
    /// Returns the id of the key that `command` created.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("api key:{command}").as_bytes()))
    }
}

impl WebhookId {
    /// Returns the id of the webhook that `command` added.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("webhook:{command}").as_bytes()))
    }
}

impl InquiryId {
    /// Returns the id of the inquiry that `command` recorded.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("inquiry:{command}").as_bytes()))
    }
}

impl ComplaintId {
    /// Returns the id of the complaint that `command` opened.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("complaint:{command}").as_bytes(),
        ))
    }
}

impl PersonRequestId {
    /// Returns the id of the person request that `command` received.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("person_request:{command}").as_bytes(),
        ))
    }
}

impl ListId {
    /// Returns the id of the list with this content in this campaign. `content_sha256` is lower-case hex.
    pub fn derive(campaign: &CampaignId, content_sha256: &str) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("list:{campaign}/{content_sha256}").as_bytes(),
        ))
    }
}

impl SampleId {
    /// The id of the draw with this canonical `text` (seed, size, population and position).
    pub fn derive(text: &str) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, format!("sample:{text}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_id_keeps_its_case_and_refuses_what_could_break_a_path() {
        assert_eq!(
            "LOAN_REMIND_20231101".parse::<CampaignId>().unwrap().as_str(),
            "LOAN_REMIND_20231101"
        );
        for bad in ["", "a/b", "a b", "名单", &"x".repeat(65)] {
            assert!(bad.parse::<CampaignId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn derived_ids_are_the_same_for_ever() {
        let enrolment = EnrolmentId {
            campaign: "T".parse().unwrap(),
            customer: "00112233445566778899aabbccddeeff".parse().unwrap(),
        };
        assert_eq!(
            CallId::derive(&enrolment, 1).to_string(),
            "308b38fa-b3fa-59e5-b685-93b305968d97"
        );
        assert_ne!(CallId::derive(&enrolment, 1), CallId::derive(&enrolment, 2));
    }

    /// The expected ids are those of `fixtures/events`: stored streams have these names.
    #[test]
    fn ids_that_follow_from_a_command_or_an_event_are_the_same_for_ever() {
        let command = CommandId::derive_from_text("golden");
        let cause = EventId::derive(command, 0);
        let ids = [
            command.uuid(),
            cause.uuid(),
            EventId::derive(command, 1).uuid(),
            KeyId::derive(command).uuid(),
            WebhookId::derive(command).uuid(),
            InquiryId::derive(command).uuid(),
            ComplaintId::derive(command).uuid(),
            PersonRequestId::derive(command).uuid(),
            ConversationId::derive(command).uuid(),
            WordingDraftId::derive(command).uuid(),
            MessageId::derive(command).uuid(),
            AlertId::derive("answer_ratio_low", "LOAN_REMIND_20231101").uuid(),
        ];
        let expected = [
            "8bf25838-5c43-5e8e-ace1-3f4631ea93a9",
            "c0c313b8-c84b-5638-9133-b1d7a3b4babf",
            "597feaee-cccb-510d-ae2f-29e1bcc64af6",
            "9123c084-88c1-5434-9829-37bdecdd7932",
            "e17c3513-15cc-5b5a-adef-a0b7169fb5ec",
            "01774518-2f0c-57e5-8584-afb9245b0616",
            "330678b8-5973-5a5a-93ef-24e10c0abd91",
            "4e9bed37-8a90-58a7-b7c2-1d84280e8350",
            "3c5bf418-892c-50f4-bd12-8355250f6739",
            "9220b43a-aaa2-5ac2-8d56-62e571f4ddc5",
            "c0c313b8-c84b-5638-9133-b1d7a3b4babf",
            "f1eb20de-2917-507f-80a8-942ec800dcfc",
        ];
        assert_eq!(ids.map(|id| id.to_string()), expected);
    }
}
