//! By which way texts come and go, and why an exchange of them is over: values that a conversation and its
//! summary share.

use values::disposition::labelled;

labelled! {
    /// By which way texts come and go: a chat on a page, one in the institution's own program, short
    /// messages.
    Channel {
        Web => "web", "网页", "web chat";
        App => "app", "应用", "app chat";
        Sms => "sms", "短信", "short messages";
    }
}

/// A chat that nobody goes on with for this long is over: who reads it has left the page.
const CHAT_IDLE_MS: u64 = 30 * 60_000;
/// A short message is answered within a day, or not at all.
const SMS_IDLE_MS: u64 = 24 * 60 * 60_000;

impl Channel {
    /// How long after the last text it is closed.
    pub const fn idle_ms(self) -> u64 {
        match self {
            Self::Web | Self::App => CHAT_IDLE_MS,
            Self::Sms => SMS_IDLE_MS,
        }
    }
}

labelled! {
    /// Why a conversation is over: its flow came to its end; the flow hands over to a person, and a call is
    /// asked for; nobody went on with it; more messages than one has; somebody closed it.
    CloseReason {
        FlowEnded => "flow_ended", "流程结束", "the flow ended";
        HandedOver => "handed_over", "转人工", "handed over";
        Idle => "idle", "无人继续", "nobody went on";
        TooLong => "too_long", "超过消息上限", "too many messages";
        Requested => "requested", "主动关闭", "closed by somebody";
    }
}
