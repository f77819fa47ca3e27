//! Formats text conversations and messages for the page of an inspection.

use super::response::Inspection;
use crate::html::{Page, row};
use application::conversations::TextAuthor;
use application::local_time::local;
use domain::message::MessageMethod;

/// Adds the sections about text conversations and messages to the page, with times in this zone.
pub(super) fn render_conversations(page: &mut Page, answer: &Inspection, zone: &str) {
    conversations(page, answer, zone);
    messages(page, answer, zone);
}

fn conversations(page: &mut Page, answer: &Inspection, zone: &str) {
    page.section("文字会话", "Conversations in text");
    if answer.conversations.is_empty() {
        page.paragraph("所问范围内没有文字会话。 There was no text conversation in the requested period.");
    }
    for conversation in &answer.conversations {
        let at = local(&conversation.opened_at.to_string(), Some(zone));
        page.section(&format!("文字会话 {at}"), &conversation.conversation.to_string());
        let lines = conversation.lines.iter().map(|line| {
            let side = match line.side {
                TextAuthor::Us => "我方 / us",
                TextAuthor::Customer => "客户 / customer",
            };
            let at = local(&line.at.to_string(), Some(zone));
            row(&format!("{at} {side}"), line.text.as_deref().unwrap_or("—"))
        });
        let lines: Vec<_> = lines.collect();
        page.table(&["时间 / when", "文字 / text"], 1, &lines);
    }
}

fn messages(page: &mut Page, answer: &Inspection, zone: &str) {
    page.section("消息", "Messages");
    if answer.messages.is_empty() {
        page.paragraph("所问范围内没有消息。 There was no message in the requested period.");
        return;
    }
    let rows = answer.messages.iter().map(|message| {
        let at = local(&message.at.to_string(), Some(zone));
        let what = match (message.what, message.way) {
            ("ordered", Some(MessageMethod::Mail)) => "邮件 / mail",
            ("ordered", Some(MessageMethod::Webhook)) => "应用推送 / app",
            ("ordered", _) => "短信 / short message",
            ("sent", _) => "已发出 / sent",
            ("failed", _) => "未发出 / not sent",
            _ => "回复 / answer",
        };
        let parts = [&message.to, &message.subject, &message.text];
        let said: Vec<&str> = parts.into_iter().filter_map(Option::as_deref).collect();
        row(
            &format!("{at} {what}"),
            if said.is_empty() {
                "—".to_owned()
            } else {
                said.join(" · ")
            },
        )
    });
    let rows: Vec<_> = rows.collect();
    page.table(&["时间 / when", "内容 / what"], 1, &rows);
}
