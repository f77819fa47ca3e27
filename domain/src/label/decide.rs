//! Decides the commands of a label: who may open the turn, which labels count, and when the turn is settled.

use super::command::{LabelCommand, PEOPLE_MAX};
use super::event::{LabelEvent, LabelValue, LabeledTurn, Meaning, SettledBy};
use super::refusal::LabelRefusal;
use super::state::LabelState;
use crate::time::Timestamp;

/// Milliseconds for which a turn is locked for the user who opened it: enough to listen again or ask a
/// colleague.
pub const OPEN_MS: u64 = 15 * 60_000;

/// Longest name of an intent as a label, in bytes; a longer one is refused. The limit of a model's file.
pub const INTENT_BYTES_MAX: usize = 64;

/// Number of a turn's labels at which the last one decides: two differed, the third settles.
pub const THIRD: usize = 3;

pub(super) fn decide(
    state: &LabelState,
    command: LabelCommand,
    now: Timestamp,
) -> Result<Vec<LabelEvent>, LabelRefusal> {
    match command {
        LabelCommand::Request { turn, why, by } => {
            let by = named(by)?;
            if state.is_requested() || state.settled().is_some() {
                return Ok(Vec::new());
            }
            Ok(vec![LabelEvent::Requested { turn, why, by }])
        }
        LabelCommand::Open { turn, by } => open(state, turn, named(by)?, now),
        LabelCommand::Add {
            turn,
            says,
            by,
            people,
        } => add(state, turn, says, named(by)?, people, now),
    }
}

fn named(by: String) -> Result<String, LabelRefusal> {
    if by.trim().is_empty() {
        return Err(LabelRefusal::NoLabeler);
    }
    Ok(by)
}

fn open(
    state: &LabelState,
    turn: LabeledTurn,
    by: String,
    now: Timestamp,
) -> Result<Vec<LabelEvent>, LabelRefusal> {
    if state.settled().is_some() {
        return Err(LabelRefusal::Settled);
    }
    if state.said_by(&by).is_some() {
        return Err(LabelRefusal::Labelled { by });
    }
    match state.open_at(now) {
        // The user already has the turn open.
        Some((who, _)) if who == by => Ok(Vec::new()),
        Some((_, until)) => Err(LabelRefusal::OpenElsewhere { until }),
        None => Ok(vec![LabelEvent::Opened {
            turn,
            by,
            until: now.plus_ms(OPEN_MS),
        }]),
    }
}

fn add(
    state: &LabelState,
    turn: LabeledTurn,
    says: LabelValue,
    by: String,
    people: u64,
    now: Timestamp,
) -> Result<Vec<LabelEvent>, LabelRefusal> {
    check(&says)?;
    match state.said_by(&by) {
        // The user gave the same label before.
        Some(said) if *said == says => return Ok(Vec::new()),
        Some(_) => return Err(LabelRefusal::Labelled { by }),
        None => {}
    }
    if state.settled().is_some() {
        return Err(LabelRefusal::Settled);
    }
    if let Some((who, until)) = state.open_at(now)
        && who != by
    {
        return Err(LabelRefusal::OpenElsewhere { until });
    }
    let settled_by = settled_by(state.labels(), &says, people);
    let mut events = vec![LabelEvent::Added {
        turn: turn.clone(),
        by,
        says: says.clone(),
    }];
    if let Some(settled_by) = settled_by {
        events.push(LabelEvent::Settled {
            turn,
            says,
            settled_by,
            people: state.labels().len() as u64 + 1,
        });
    }
    Ok(events)
}

/// Returns how this label settles the turn, given the earlier labels; `None` if further labels are needed.
/// Two equal labels settle it; if two differ, the third one decides; a single label is enough unless
/// `people` is 2.
fn settled_by(before: &[(String, LabelValue)], says: &LabelValue, people: u64) -> Option<SettledBy> {
    let count = before.len() + 1;
    if count >= THIRD {
        return Some(SettledBy::Third);
    }
    if before.iter().any(|(_, said)| said == says) {
        return Some(SettledBy::Agreed);
    }
    (before.is_empty() && people < PEOPLE_MAX).then_some(SettledBy::Alone)
}

fn check(says: &LabelValue) -> Result<(), LabelRefusal> {
    if says.intent.is_some() != (says.meaning == Meaning::Intent) {
        return Err(LabelRefusal::Intent);
    }
    let readable = |intent: &str| {
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
        };
        (1..=INTENT_BYTES_MAX).contains(&intent.len()) && intent.bytes().all(plain)
    };
    if says.intent.as_deref().is_some_and(|intent| !readable(intent)) {
        return Err(LabelRefusal::IntentUnreadable {
            bytes_max: INTENT_BYTES_MAX,
        });
    }
    Ok(())
}
