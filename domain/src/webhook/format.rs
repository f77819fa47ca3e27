//! The formats of a webhook: the body that is sent, and the protocol.

use serde::{Deserialize, Serialize};

/// The format in which a webhook's messages are sent. New formats are added at the end.
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
pub enum WebhookFormat {
    /// The event as CloudEvents JSON, signed by the Standard Webhooks specification. Personal fields stay
    /// sealed.
    Standard,
    /// `{"event":"call_ended","data":{…}}`, signed in the same way. It has the customer's external id in
    /// clear text.
    CallEnded,
    /// `{"customerId":…,"callStatus":…}` with a bearer token. It has the customer's external id in clear
    /// text.
    Crm,
    /// A text message of a WeCom (企业微信) group robot.
    Wecom,
    /// A text message of a DingTalk (钉钉) group robot.
    Dingtalk,
    /// A text message of a Feishu (飞书) group robot.
    Feishu,
    /// A mail, sent over SMTP.
    Mail,
    /// `{"to":…,"text":…}` to an SMS gateway.
    Sms,
}

impl WebhookFormat {
    /// Every format, in display order.
    pub const ALL: [Self; 8] = [
        Self::Standard,
        Self::CallEnded,
        Self::Crm,
        Self::Wecom,
        Self::Dingtalk,
        Self::Feishu,
        Self::Mail,
        Self::Sms,
    ];

    /// Returns the code that is stored and used in requests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::CallEnded => "call_ended",
            Self::Crm => "crm",
            Self::Wecom => "wecom",
            Self::Dingtalk => "dingtalk",
            Self::Feishu => "feishu",
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }

    /// Returns true if messages in this format are signed with a secret that this server generated
    /// (Standard Webhooks 1.0.0).
    pub const fn is_signed(self) -> bool {
        match self {
            Self::Standard | Self::CallEnded | Self::Crm => true,
            Self::Wecom | Self::Dingtalk | Self::Feishu | Self::Mail | Self::Sms => false,
        }
    }

    /// Returns true if messages in this format have the customer's external id in clear text.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::CallEnded | Self::Crm)
    }

    /// Returns true if messages in this format are sentences for people.
    pub const fn is_text(self) -> bool {
        match self {
            Self::Wecom | Self::Dingtalk | Self::Feishu | Self::Mail | Self::Sms => true,
            Self::Standard | Self::CallEnded | Self::Crm => false,
        }
    }

    /// Returns true if the receiver's address is itself a credential, so that only its host is shown.
    pub const fn is_address_secret(self) -> bool {
        matches!(self, Self::Wecom | Self::Dingtalk | Self::Feishu)
    }
}

impl std::str::FromStr for WebhookFormat {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.code() == code)
            .ok_or("must be standard, call_ended, crm, wecom, dingtalk, feishu, mail or sms")
    }
}
