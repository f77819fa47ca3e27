//! Decides the commands about one customer's messages: within rules and caps, with one result each.

use super::command::MessageCommand;
use super::event::{MessageEvent, MessageOrderedFact, MessageRepliedFact};
use super::refusal::MessageRefusal;
use super::state::{MessageState, SendResult};
use crate::compliance::strictest;
use crate::personal::Personal;
use crate::time::Timestamp;
use values::ids::MessageId;

/// Longest text of a message, in characters; a longer one is refused. About seven SMS parts.
pub const TEXT_CHARS_MAX: usize = 500;

/// Longest reply id of a sender, in bytes; a longer one is refused.
pub const REPLY_ID_BYTES_MAX: usize = 128;

/// Most messages to one customer in 24 hours, over all campaigns; more are refused. A rule of this product,
/// like the cap on dials.
pub const MESSAGES_PER_DAY_MAX: usize = 3;

/// Most messages to one customer in 30 days, over all campaigns; more are refused.
pub const MESSAGES_PER_MONTH_MAX: usize = 10;

/// Most replies of one customer that are stored in 24 hours; more are refused, except for an opt-out.
pub const REPLIES_PER_DAY_MAX: usize = 50;

/// Periods of the two caps on messages, in hours: one day and 30 days.
const DAY_HOURS: u64 = 24;
const MONTH_HOURS: u64 = 30 * DAY_HOURS;
/// Milliseconds of one hour.
const HOUR_MS: u64 = 3_600_000;

type DecideResult = Result<Vec<MessageEvent>, MessageRefusal>;

pub(super) fn decide(state: &MessageState, command: MessageCommand, now: Timestamp) -> DecideResult {
    match command {
        MessageCommand::Order(fact) => order(state, fact, now),
        MessageCommand::Settle { message, sent } => settle(state, message, sent),
        MessageCommand::Reply {
            replied,
            opt_out_stored,
        } => reply(state, replied, opt_out_stored, now),
    }
}

fn order(state: &MessageState, fact: Box<MessageOrderedFact>, now: Timestamp) -> DecideResult {
    if state.message(fact.message).is_some() {
        return Ok(Vec::new());
    }
    within(&fact.text)?;
    if let Some(verdict) = strictest(&fact.verdicts) {
        return Err(MessageRefusal::NotPermitted {
            rule: verdict.rule.clone(),
        });
    }
    for (hours, count_max) in [
        (DAY_HOURS, MESSAGES_PER_DAY_MAX),
        (MONTH_HOURS, MESSAGES_PER_MONTH_MAX),
    ] {
        let count = state.count_since(now.minus_ms(hours.saturating_mul(HOUR_MS)));
        if count >= count_max {
            return Err(MessageRefusal::Cap { count, hours });
        }
    }
    Ok(vec![MessageEvent::Ordered(fact)])
}

fn settle(state: &MessageState, message: MessageId, sent: SendResult) -> DecideResult {
    let kept = state.message(message).ok_or(MessageRefusal::Unknown)?;
    if kept.sent.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![match sent {
        SendResult::Taken { status, duration_ms } => MessageEvent::Sent {
            message,
            status,
            duration_ms,
        },
        SendResult::Failed {
            class,
            status,
            duration_ms,
            may_have_left,
        } => MessageEvent::Failed {
            message,
            class,
            status,
            duration_ms,
            may_have_left,
        },
    }])
}

fn reply(
    state: &MessageState,
    replied: MessageRepliedFact,
    opt_out_stored: bool,
    now: Timestamp,
) -> DecideResult {
    if state.has_reply(&replied.reply) {
        return Ok(Vec::new());
    }
    let id = replied.reply.as_bytes();
    if id.is_empty() || id.len() > REPLY_ID_BYTES_MAX || !id.iter().all(u8::is_ascii_graphic) {
        return Err(MessageRefusal::ReplyId {
            bytes_max: REPLY_ID_BYTES_MAX,
        });
    }
    within(&replied.text)?;
    if replied.opt_out && !opt_out_stored {
        return Err(MessageRefusal::OptOutFirst);
    }
    if replied
        .message
        .is_some_and(|message| state.message(message).is_none())
    {
        return Err(MessageRefusal::Unknown);
    }
    let since = now.minus_ms(DAY_HOURS.saturating_mul(HOUR_MS));
    if state.replies_since(since) >= REPLIES_PER_DAY_MAX && !replied.opt_out {
        return Err(MessageRefusal::TooManyReplies {
            replies_max: REPLIES_PER_DAY_MAX,
        });
    }
    Ok(vec![MessageEvent::Replied(replied)])
}

fn within(text: &Personal<String>) -> Result<(), MessageRefusal> {
    let chars = text.value().map_or(0, |text| text.chars().count());
    if chars == 0 || chars > TEXT_CHARS_MAX {
        return Err(MessageRefusal::Text {
            chars_max: TEXT_CHARS_MAX,
        });
    }
    Ok(())
}
