//! Tests of the message decider: given events, when a command, then events or a refusal.

use super::*;
use crate::compliance::{Decision, Verdict};
use crate::personal::Personal;
use crate::record::sample_values::{at, campaign, customer, number};
use std::collections::BTreeMap;
use values::ids::{CommandId, MessageId};

/// The period of the first cap, in milliseconds.
const DAY_MS: u64 = 86_400_000;

fn id(name: &str) -> MessageId {
    MessageId::derive(CommandId::derive_from_text(name))
}

fn ordered(name: &str, decision: Decision) -> MessageCommand {
    MessageCommand::Order(Box::new(MessageOrderedFact {
        message: id(name),
        campaign: campaign(),
        number: number(),
        way: MessageMethod::Sms,
        to: Personal::open("+8613800138000".to_owned()),
        subject: None,
        text: Personal::open("【示例】您好。回T退订".to_owned()),
        attachments: Vec::new(),
        verdicts: vec![Verdict {
            rule: "consent".to_owned(),
            version: 1,
            effective_from: "2026-01-01".to_owned(),
            decision,
            facts: BTreeMap::new(),
        }],
    }))
}

/// The request in a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReplyKind {
    Thanks,
    /// An opt-out that is not stored in the number's stream yet.
    Stop,
    /// An opt-out that is stored in the number's stream.
    StopStored,
}

fn replied(reply: &str, says: ReplyKind) -> MessageCommand {
    MessageCommand::Reply {
        replied: MessageRepliedFact {
            reply: reply.to_owned(),
            message: None,
            text: Personal::open("退订".to_owned()),
            opt_out: says != ReplyKind::Thanks,
        },
        opt_out_stored: says == ReplyKind::StopStored,
    }
}

fn when(state: &mut MessageState, command: MessageCommand, now: Timestamp) -> Result<usize, MessageRefusal> {
    let events = Message::decide(state, command, Context { now })?;
    for event in &events {
        Message::evolve(state, event, now);
        assert_eq!(
            Message::scope(&customer(), state, event).customer,
            Some(customer())
        );
    }
    Ok(events.len())
}

#[test]
fn a_message_is_ordered_once_and_settled_once() {
    let mut state = MessageState::default();
    assert_eq!(when(&mut state, ordered("a", Decision::Allow), at()), Ok(1));
    assert_eq!(when(&mut state, ordered("a", Decision::Allow), at()), Ok(0));
    let settle = |sent| MessageCommand::Settle {
        message: id("a"),
        sent,
    };
    let taken = SendResult::Taken {
        status: Some(200),
        duration_ms: 3,
    };
    assert_eq!(when(&mut state, settle(taken.clone()), at()), Ok(1));
    let late = SendResult::Failed {
        class: "timeout".to_owned(),
        status: None,
        duration_ms: 9,
        may_have_left: true,
    };
    assert_eq!(when(&mut state, settle(late), at()), Ok(0));
    assert_eq!(state.message(id("a")).unwrap().sent, Some(taken));
    let unknown = MessageCommand::Settle {
        message: id("b"),
        sent: SendResult::Taken {
            status: None,
            duration_ms: 0,
        },
    };
    assert_eq!(when(&mut state, unknown, at()), Err(MessageRefusal::Unknown));
}

#[test]
fn a_rule_that_does_not_allow_refuses() {
    let mut state = MessageState::default();
    for decision in [Decision::Forbid, Decision::DeferUntil(at())] {
        let refused = when(&mut state, ordered("a", decision), at());
        let rule = "consent".to_owned();
        assert_eq!(refused, Err(MessageRefusal::NotPermitted { rule }));
    }
}

#[test]
fn three_a_day_and_ten_a_month_and_none_that_failed_counts() {
    let mut state = MessageState::default();
    for name in ["a", "b", "c"] {
        assert_eq!(when(&mut state, ordered(name, Decision::Allow), at()), Ok(1));
    }
    let last = at().plus_ms(DAY_MS - 1);
    let cap = MessageRefusal::Cap { count: 3, hours: 24 };
    assert_eq!(when(&mut state, ordered("d", Decision::Allow), last), Err(cap));
    let failed = MessageCommand::Settle {
        message: id("c"),
        sent: SendResult::Failed {
            class: "unreachable".to_owned(),
            status: None,
            duration_ms: 1,
            may_have_left: false,
        },
    };
    assert_eq!(when(&mut state, failed, last), Ok(1));
    assert_eq!(when(&mut state, ordered("d", Decision::Allow), last), Ok(1));
    let mut now = last;
    for name in ["e", "f", "g", "h", "i", "j", "k"] {
        now = now.plus_ms(DAY_MS);
        assert_eq!(
            when(&mut state, ordered(name, Decision::Allow), now),
            Ok(1),
            "{name}"
        );
    }
    now = now.plus_ms(DAY_MS);
    let cap = MessageRefusal::Cap {
        count: 10,
        hours: 720,
    };
    assert_eq!(when(&mut state, ordered("l", Decision::Allow), now), Err(cap));
}

#[test]
fn a_reply_that_refuses_is_put_on_the_number_first_and_counts_however_many_there_are() {
    let mut state = MessageState::default();
    let refused = when(&mut state, replied("r", ReplyKind::Stop), at());
    assert_eq!(refused, Err(MessageRefusal::OptOutFirst));
    assert_eq!(when(&mut state, replied("r", ReplyKind::StopStored), at()), Ok(1));
    assert_eq!(when(&mut state, replied("r", ReplyKind::StopStored), at()), Ok(0));
    for count in 1..REPLIES_PER_DAY_MAX {
        assert_eq!(
            when(&mut state, replied(&format!("r{count}"), ReplyKind::Thanks), at()),
            Ok(1)
        );
    }
    let refused = when(&mut state, replied("more", ReplyKind::Thanks), at());
    let replies_max = REPLIES_PER_DAY_MAX;
    assert_eq!(refused, Err(MessageRefusal::TooManyReplies { replies_max }));
    assert_eq!(
        when(&mut state, replied("stop", ReplyKind::StopStored), at()),
        Ok(1)
    );
    let refused = when(&mut state, replied("a b", ReplyKind::Thanks), at());
    let bytes_max = REPLY_ID_BYTES_MAX;
    assert_eq!(refused, Err(MessageRefusal::ReplyId { bytes_max }));
}
