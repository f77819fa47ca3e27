//! The documented views of summaries: results of answered calls and closed text conversations, for counting.

use super::column::{SqlView, code, count, id, instant, micros, ms, position};

/// The documented view of call summaries.
pub(super) const SUMMARIES: SqlView = SqlView {
    name: "summaries",
    zh: "每个接通呼叫的话后小结，不含话语",
    en: "The summary of each answered call, without its transcript",
    table: Some("summary_board"),
    columns: &[
        id("call", ("呼叫", "the call")),
        id("campaign", ("外呼任务 task_id", "the campaign's task_id")),
        id("customer", ("客户内部编号", "the customer's internal id")),
        id("flow", ("话术", "the flow")),
        count("flow_version", ("话术版本", "version of the flow")),
        micros("ended_at", ("结束时间", "when the call ended")),
        instant("ended_time", "ended_at"),
        ms("talk_ms", ("通话时长", "talk time")),
        code(
            "disposition",
            ("呼叫结果，当时的", "disposition, as first recorded"),
        ),
        code("outcome", ("沟通结局，当时的", "outcome, as first recorded")),
        code("intent", ("决定结果的意图", "the intent that decided the call")),
        code(
            "interest",
            (
                "意向：low、medium、high",
                "low, medium or high; null if nothing was said",
            ),
        ),
        code("interest_rule", ("意向的依据", "the rule that set the interest")),
        code("follow_up", ("跟进建议", "suggested follow-up")),
        code("follow_up_reason", ("建议的依据", "reason for the suggestion")),
        count("heard_count", ("客户说话句数", "stored utterances of the callee")),
        position("position", "pos"),
    ],
};

/// The documented view of summaries of text conversations, which end differently from calls.
pub(super) const TEXT_SUMMARIES: SqlView = SqlView {
    name: "text_summaries",
    zh: "每次文字会话的小结，不含话语",
    en: "The summary of each closed text conversation, without its messages",
    table: Some("text_summary_board"),
    columns: &[
        id("conversation", ("文字会话", "the conversation")),
        id("campaign", ("外呼任务 task_id", "the campaign's task_id")),
        id("customer", ("客户内部编号", "the customer's internal id")),
        id("flow", ("话术", "the flow")),
        count("flow_version", ("话术版本", "version of the flow")),
        code("channel", ("渠道：web、app、sms", "web, app or sms")),
        micros("closed_at", ("结束时间", "when it was closed")),
        instant("closed_time", "closed_at"),
        code("reason", ("结束原因", "why it was closed")),
        code(
            "outcome",
            ("沟通结局", "outcome; null if the flow reached no end"),
        ),
        code(
            "intent",
            ("决定结果的意图", "the intent that decided the conversation"),
        ),
        code(
            "interest",
            (
                "意向：low、medium、high",
                "low, medium or high; null if nothing was written",
            ),
        ),
        code("interest_rule", ("意向的依据", "the rule that set the interest")),
        code("follow_up", ("跟进建议", "suggested follow-up")),
        code("follow_up_reason", ("建议的依据", "reason for the suggestion")),
        count("heard_count", ("客户消息数", "messages from the customer")),
        position("position", "pos"),
    ],
};
