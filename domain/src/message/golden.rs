//! Golden tests: the stored form of every message event equals its golden file.

use super::event::{MessageEvent, MessageMethod, MessageOrderedFact, MessageRepliedFact};
use crate::compliance::{Decision, Verdict};
use crate::personal::Personal;
use crate::record::golden_support::{campaign, check, check_with, number};
use std::collections::BTreeMap;
use values::ids::{CommandId, MessageId};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let open = |text: &str| Personal::open(text.to_owned());
    let message = MessageId::derive(CommandId::derive_from_text("golden"));
    let ordered = MessageOrderedFact {
        message,
        campaign: campaign(),
        number: number(),
        way: MessageMethod::Mail,
        to: open("li@example.com"),
        subject: Some(open("还款计划")),
        text: open("【示例银行】您的还款计划：https://example.com/p。回T退订"),
        attachments: vec!["https://example.com/plan.pdf".to_owned()],
        verdicts: vec![Verdict {
            rule: "consent".to_owned(),
            version: 1,
            effective_from: "2026-01-01".to_owned(),
            decision: Decision::Allow,
            facts: BTreeMap::new(),
        }],
    };
    let replied = MessageRepliedFact {
        reply: "r-1".to_owned(),
        message: Some(message),
        text: open("退订"),
        opt_out: true,
    };
    for event in [
        MessageEvent::Ordered(Box::new(ordered)),
        MessageEvent::Sent {
            message,
            status: Some(202),
            duration_ms: 41,
        },
        MessageEvent::Failed {
            message,
            class: "unreachable".to_owned(),
            status: Some(503),
            duration_ms: 5_000,
            may_have_left: false,
        },
        MessageEvent::Replied(replied),
    ] {
        check("message", event);
    }
    let late = MessageEvent::Failed {
        message,
        class: "timed_out".to_owned(),
        status: None,
        duration_ms: 15_000,
        may_have_left: true,
    };
    check_with("message", "may_have_left", late);
}
