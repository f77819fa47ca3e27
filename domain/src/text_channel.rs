//! Channels of text conversations, and why a conversation is closed: values that a conversation and its
//! summary share.

use values::disposition::labelled;

labelled! {
    /// The channel of a text conversation: a chat on a page, one in the institution's own app, or SMS.
    #[derive(derive::EventMembers)]
    Channel {
        Web => "web", "网页", "web chat";
        App => "app", "应用", "app chat";
        Sms => "sms", "短信", "short messages";
    }
}

/// Idle time in milliseconds after which a chat is closed: the reader has left the page.
const CHAT_IDLE_MS: u64 = 30 * 60_000;
/// Idle time in milliseconds after which an SMS conversation is closed: SMS are answered within a day, or
/// not at all.
const SMS_IDLE_MS: u64 = 24 * 60 * 60_000;

impl Channel {
    /// Returns the idle time in milliseconds after which a conversation over this channel is closed.
    pub const fn idle_ms(self) -> u64 {
        match self {
            Self::Web | Self::App => CHAT_IDLE_MS,
            Self::Sms => SMS_IDLE_MS,
        }
    }
}

labelled! {
    /// Why a conversation was closed: its flow ended; it was handed over to a person, and a call is
    /// requested; it was idle; it reached the limit of messages; a user closed it.
    #[derive(derive::EventMembers)]
    CloseReason {
        FlowEnded => "flow_ended", "流程结束", "the flow ended";
        HandedOver => "handed_over", "转人工", "handed over";
        Idle => "idle", "无人继续", "nobody went on";
        TooLong => "too_long", "超过消息上限", "too many messages";
        Requested => "requested", "主动关闭", "closed by somebody";
    }
}
