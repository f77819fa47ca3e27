//! The results of calls: closed lists of dispositions and outcomes, with Chinese and English labels.
//!
//! A disposition says what the person or the network did; an outcome says how an answered conversation ended.
//! `call::progress` derives the disposition from raw values. The `outcome` of webhook and CRM is the Chinese
//! label of the outcome, or of the disposition if there is none.

/// Defines an enum as a closed list with stored names and labels in Chinese and English.
#[macro_export]
macro_rules! labelled {
    ($(#[$doc:meta])* $name:ident { $($variant:ident => $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// Returns the stored name.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
            pub const fn label_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }
            pub const fn label_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}
pub use crate::labelled;

labelled! {
    /// The interest that a customer showed (意向).
    InterestLevel {
        Low => "low", "低", "low";
        Medium => "medium", "中", "medium";
        High => "high", "高", "high";
    }
}

labelled! {
    /// What the person or the network did with a call. Exactly one per ended call.
    Disposition {
        Answered => "answered", "接通", "answered";
        Machine => "machine", "应答机", "answering machine";
        Screened => "screened", "来电筛查", "screened by an assistant";
        AnsweredShort => "answered_short", "接通即挂", "answered and gone at once";
        NoAnswer => "no_answer", "无人接听", "no answer";
        Busy => "busy", "忙线", "busy";
        Rejected => "rejected", "拒接", "rejected";
        Blocked => "blocked", "被拦截", "blocked";
        Unreachable => "unreachable", "无法接通", "unreachable";
        UnreachableRoute => "unreachable_route", "无路由", "no route";
        InvalidNumber => "invalid_number", "空号", "invalid number";
        Congestion => "congestion", "线路拥塞", "congestion";
        TrunkAuth => "trunk_auth", "中继鉴权失败", "trunk authentication failed";
        TrunkDenied => "trunk_denied", "中继拒绝", "denied by the trunk";
        TrunkTimeout => "trunk_timeout", "中继无应答", "trunk timeout";
        TrunkUnreachable => "trunk_unreachable", "中继不可达", "trunk unreachable";
        MediaIncompatible => "media_incompatible", "媒体不兼容", "incompatible media";
        RedirectRefused => "redirect_refused", "拒绝转移", "redirect refused";
        Loop => "loop", "路由环路", "routing loop";
        Abandoned => "abandoned", "呼损", "abandoned";
        Interrupted => "interrupted", "中断", "interrupted";
        Withdrawn => "withdrawn", "已撤回", "withdrawn before dialing";
        NotPermitted => "not_permitted", "不予拨打", "not permitted";
    }
}

impl Disposition {
    /// Returns true if an answered call with this disposition was answered by a person: not by a machine or a
    /// screening assistant, and not hung up at once. The metric term `person_answered_calls` uses the same
    /// definition.
    pub const fn is_by_person(self) -> bool {
        !matches!(self, Self::Machine | Self::Screened | Self::AnsweredShort)
    }

    /// Returns true if a call with this disposition may have been answered. Calls with another disposition
    /// had no conversation.
    pub const fn may_follow_answer(self) -> bool {
        matches!(
            self,
            Self::Answered
                | Self::Machine
                | Self::Screened
                | Self::AnsweredShort
                | Self::Abandoned
                | Self::Interrupted
                | Self::MediaIncompatible
        )
    }
}

labelled! {
    /// How an answered conversation ended.
    Outcome {
        Success => "success", "成功", "success";
        Declined => "declined", "拒绝", "declined";
        Callback => "callback", "预约回拨", "callback";
        OptedOut => "opted_out", "谢绝来电", "opted out";
        WrongParty => "wrong_party", "非本人", "wrong party";
        NoResponse => "no_response", "无响应", "no response";
        HungUp => "hung_up", "中途挂断", "hung up";
        Transferred => "transferred", "已转人工", "transferred";
        Failed => "failed", "失败", "failed";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_name_is_the_code() {
        for one in Disposition::ALL {
            assert_eq!(serde_json::to_value(one).unwrap(), one.code());
            assert_eq!(Disposition::from_code(one.code()), Some(*one));
        }
        for one in Outcome::ALL {
            assert_eq!(serde_json::to_value(one).unwrap(), one.code());
        }
    }
}
