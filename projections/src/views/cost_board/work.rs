//! Counts the work of agents and engines in an open call, event by event; at the call's end the counts move
//! into its row.

use super::TABLES;
use crate::cells::{Cells, change_or_begin, columns};
use crate::database::{RowAction, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::ViewEvent;
use domain::call::event::CallEvent;
use domain::time::Timestamp;

/// The table of the work done in open calls. A call's row is removed at its end.
pub(super) static WORK: &Table = &TABLES[2];

columns! {
    pub(super) enum WorkColumn {
        Call, AgentFrom, Utterances, UtteranceMs, Texts, TextChars, Questions, Tokens, Pos,
    }
}

/// Number of counts per call, including the two of the agent.
pub(super) const USED_COUNT: usize = 8;

/// Event kinds that are counted here.
pub(super) const KINDS: [&str; 5] = [
    CallEvent::AGENT_CONNECTED,
    CallEvent::HEARD,
    CallEvent::SAID,
    CallEvent::ASSISTANT_ASKED,
    CallEvent::ASSISTANT_ANSWERED,
];

/// What one event adds to the counts of its call.
#[derive(Default)]
struct WorkIncrement {
    agent_from: Option<Timestamp>,
    counts: Vec<(WorkColumn, u64)>,
}

impl WorkIncrement {
    fn of(event: &ViewEvent, fact: &CallEvent) -> Self {
        let counts = match fact {
            CallEvent::AgentConnected { .. } => {
                return Self {
                    agent_from: Some(event.at()),
                    counts: Vec::new(),
                };
            }
            CallEvent::Heard(heard) => vec![
                (WorkColumn::Utterances, 1),
                (
                    WorkColumn::UtteranceMs,
                    heard.ends_ms.saturating_sub(heard.begins_ms),
                ),
            ],
            // The whole text was synthesized, also if the callee interrupted it.
            CallEvent::Said(said) => vec![
                (WorkColumn::Texts, 1),
                (WorkColumn::TextChars, said.prompt_chars.into()),
            ],
            CallEvent::AssistantAsked(_) => vec![(WorkColumn::Questions, 1)],
            CallEvent::AssistantAnswered(answered) => {
                let tokens = [answered.prompt_tokens, answered.answer_tokens];
                let tokens = tokens.into_iter().flatten().map(u64::from).sum();
                vec![(WorkColumn::Tokens, tokens)]
            }
            _ => Vec::new(),
        };
        Self {
            agent_from: None,
            counts,
        }
    }
}

/// Adds the work that an event reports to the counts of its call. Does nothing for a call outside any
/// campaign.
pub(super) fn note(tx: &mut dyn Tx, event: &ViewEvent, fact: &CallEvent) -> Result<(), ProjectionError> {
    let more = WorkIncrement::of(event, fact);
    if event.envelope.campaign.is_none() || (more.agent_from.is_none() && more.counts.is_empty()) {
        return Ok(());
    }
    let key = [Val::text(event.call()?)];
    let pos = Val::position(event.position);
    let nothing = || {
        let mut row = vec![Val::text(event.envelope.stream.id()), Val::Null];
        row.extend([const { Val::Int(0) }; USED_COUNT - 2]);
        row.push(Val::Null);
        row
    };
    let changed = |cells: &mut Cells<'_>| {
        if let Some(from) = more.agent_from {
            cells.set_first(WorkColumn::AgentFrom, Val::at(from));
        }
        for (column, count) in &more.counts {
            cells.add(*column, i64::try_from(*count).unwrap_or(i64::MAX));
        }
        cells.set(WorkColumn::Pos, pos.clone());
    };
    change_or_begin(tx, WORK, &key, &nothing, &changed)
}

/// Returns the counts of a call that ends now, in the order of its row in the sums, and removes its row
/// here.
pub(super) fn take(tx: &mut dyn Tx, event: &ViewEvent) -> Result<[Val; USED_COUNT], ProjectionError> {
    let mut taken = [const { Val::Int(0) }; USED_COUNT];
    let ended = event.at();
    tx.edit(WORK, &[Val::text(event.call()?)], &mut |row| {
        let cells = Cells(row);
        let from = match cells.get(WorkColumn::AgentFrom) {
            Val::Int(micros) => Some(Timestamp::from_micros(*micros)),
            _ => None,
        };
        let agent_ms = from.map_or(0, |from| ended.ms_since(from));
        taken = [
            Val::Int(i64::from(from.is_some())),
            Val::Int(i64::try_from(agent_ms).unwrap_or(i64::MAX)),
            cells.get(WorkColumn::Utterances).clone(),
            cells.get(WorkColumn::UtteranceMs).clone(),
            cells.get(WorkColumn::Texts).clone(),
            cells.get(WorkColumn::TextChars).clone(),
            cells.get(WorkColumn::Questions).clone(),
            cells.get(WorkColumn::Tokens).clone(),
        ];
        Ok(RowAction::Remove)
    })?;
    Ok(taken)
}
