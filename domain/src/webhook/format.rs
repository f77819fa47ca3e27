//! In which form a webhook is told: which body is sent, and by which way.

use serde::{Deserialize, Serialize};

/// How what happened is put into a message. Further forms are added at the end.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The event as CloudEvents JSON, signed as Standard Webhooks says; personal fields as stored, sealed.
    Standard,
    /// `{"event":"call_ended","data":{…}}`, signed the same way; the customer's external id in clear.
    CallEnded,
    /// `{"customerId":…,"callStatus":…}` with a bearer token; the customer's external id in clear.
    Crm,
    /// A text message of a WeCom (企业微信) group robot.
    Wecom,
    /// A text message of a DingTalk (钉钉) group robot.
    Dingtalk,
    /// A text message of a Feishu (飞书) group robot.
    Feishu,
    /// A mail, over SMTP.
    Mail,
    /// `{"to":…,"text":…}` to a gateway of short messages.
    Sms,
}

impl Format {
    /// Every form, in the order in which they are shown.
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

    /// As stored and as asked for.
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

    /// A secret of our making signs each message (Standard Webhooks 1.0.0).
    pub const fn is_signed(self) -> bool {
        match self {
            Self::Standard | Self::CallEnded | Self::Crm => true,
            Self::Wecom | Self::Dingtalk | Self::Feishu | Self::Mail | Self::Sms => false,
        }
    }

    /// Its body holds the customer's external id in clear.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::CallEnded | Self::Crm)
    }

    /// Its body is a sentence for people.
    pub const fn is_text(self) -> bool {
        match self {
            Self::Wecom | Self::Dingtalk | Self::Feishu | Self::Mail | Self::Sms => true,
            Self::Standard | Self::CallEnded | Self::Crm => false,
        }
    }

    /// The address itself opens the door, so that nothing behind its host is shown.
    pub const fn is_address_secret(self) -> bool {
        matches!(self, Self::Wecom | Self::Dingtalk | Self::Feishu)
    }
}

impl std::str::FromStr for Format {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.code() == code)
            .ok_or("must be standard, call_ended, crm, wecom, dingtalk, feishu, mail or sms")
    }
}
