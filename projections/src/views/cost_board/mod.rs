//! The view of carrier costs: calls and billed time by campaign, Beijing day, disposition and outcome, in the
//! steps to which carriers round up (60 s, 6 s, 1 s).
//!
//! A call counts on the day on which it ended. Talk is billed from answer to end, each call rounded up on its
//! own; therefore the sums of all three steps are stored, because none follows from another. A call that was
//! answered after we gave up is billed one step: its BYE follows its ACK. Ringing is not billed. The work of
//! agents and engines in a call is counted too (`work.rs`): an agent's time runs from taking the call to its
//! end; wrap-up has no event yet. A correction moves the call with all its figures to another outcome on the
//! same day.

mod rows;
mod work;

pub use rows::{CostFilter, CostRow, ROWS_MAX, ResourceUsage, costs};

use crate::cells::{Cells, change_or_begin, columns};
use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::calendar::{BEIJING_MICROS, DAY_MICROS};
use domain::call::Finding;
use domain::call::event::CallEvent;
use domain::disposition::Outcome;
use std::str::FromStr;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "cost_board";

/// The view of carrier costs.
pub struct CostBoard;

/// The step to which a carrier rounds up the seconds of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingStep {
    Minute,
    SixSeconds,
    Second,
}

impl BillingStep {
    pub const ALL: [Self; 3] = [Self::Minute, Self::SixSeconds, Self::Second];

    /// Returns the length of the step in seconds.
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::SixSeconds => 6,
            Self::Second => 1,
        }
    }

    /// Returns the number of steps that a carrier bills for this talk time; a step that has begun is billed
    /// in full.
    pub const fn steps_of(self, talk_ms: u64) -> u64 {
        talk_ms.div_ceil(self.seconds().saturating_mul(1_000))
    }

    const fn column(self) -> Column {
        match self {
            Self::Minute => Column::Minutes,
            Self::SixSeconds => Column::SixSeconds,
            Self::Second => Column::Seconds,
        }
    }
}

impl FromStr for BillingStep {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|step| step.seconds().to_string() == text)
            .ok_or("must be 60, 6 or 1 second")
    }
}

static TABLES: [Table; 3] = [
    Table {
        name: "cost_board",
        ddl: &[
            "create table cost_board (campaign text not null, day_at bigint not null, disposition text not null,
            outcome text not null, calls bigint not null, charged bigint not null, billed bigint not null,
            talk_ms bigint not null, minutes bigint not null, six_seconds bigint not null,
            seconds bigint not null, agent_calls bigint not null, agent_ms bigint not null,
            utterances bigint not null, utterance_ms bigint not null, texts bigint not null,
            text_chars bigint not null, questions bigint not null, tokens bigint not null,
            pos bigint not null,
            primary key (campaign, day_at, disposition, outcome))",
            "create index cost_board_day on cost_board (day_at)",
        ],
        key_columns: 4,
    },
    // The row of each ended call, which a correction or a late answer changes.
    Table {
        name: "cost_board_call",
        ddl: &[
            "create table cost_board_call (call text primary key, campaign text not null,
            day_at bigint not null, charged bigint not null, billed_ms bigint not null,
            talk_ms bigint not null, disposition text not null, outcome text not null,
            agent_calls bigint not null, agent_ms bigint not null,
            utterances bigint not null, utterance_ms bigint not null, texts bigint not null,
            text_chars bigint not null, questions bigint not null, tokens bigint not null,
            pos bigint not null)",
        ],
        key_columns: 1,
    },
    // Calls that are open; at their end the row moves into the table above.
    Table {
        name: "cost_board_work",
        ddl: &["create table cost_board_work (call text primary key, agent_from bigint,
            utterances bigint not null, utterance_ms bigint not null, texts bigint not null,
            text_chars bigint not null, questions bigint not null, tokens bigint not null,
            pos bigint not null)"],
        key_columns: 1,
    },
];
static COSTS: &Table = &TABLES[0];
static CALLS: &Table = &TABLES[1];

columns! {
    enum Column {
        Campaign, DayAt, Disposition, Outcome, Calls, Charged, Billed, TalkMs, Minutes, SixSeconds, Seconds,
        AgentCalls, AgentMs, Utterances, UtteranceMs, Texts, TextChars, Questions, Tokens, Pos,
    }
}

columns! {
    enum CallColumn {
        Call, Campaign, DayAt, Charged, BilledMs, TalkMs, Disposition, Outcome,
        AgentCalls, AgentMs, Utterances, UtteranceMs, Texts, TextChars, Questions, Tokens, Pos,
    }
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 2,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[
        CallEvent::AGENT_CONNECTED,
        CallEvent::HEARD,
        CallEvent::SAID,
        CallEvent::ASSISTANT_ASKED,
        CallEvent::ASSISTANT_ANSWERED,
        CallEvent::ENDED,
        CallEvent::LATE_ANSWERED,
        CallEvent::CORRECTED,
    ]),
};

impl View for CostBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        let call = || vec![Val::text(event.envelope.stream.id())];
        let is_work = work::KINDS.contains(&event.envelope.kind.as_str());
        if is_work || event.envelope.kind == CallEvent::ENDED {
            keys.push((work::WORK, call()));
        }
        if !is_work {
            keys.push((CALLS, call()));
        }
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let AnyEvent::Call(fact) = event.event()? else {
            return Ok(());
        };
        let pos = Val::position(event.position);
        match fact {
            CallEvent::Ended { .. } => {
                let Some(mut row) = ended(event, fact)? else {
                    return Ok(());
                };
                row.extend(work::take(tx, event)?);
                row.push(pos.clone());
                // A call ends once; if a second end came, the first would count.
                if tx.has(CALLS, &[Val::text(event.call()?)])? {
                    return Ok(());
                }
                count(tx, &row, 1, &pos)?;
                tx.append_row(CALLS, row)
            }
            CallEvent::LateAnswered { .. } => change(tx, event, &|cells| {
                let billed_ms = cells.int(CallColumn::BilledMs).max(LATE_ANSWER_MS);
                cells.set(CallColumn::BilledMs, Val::Int(billed_ms));
            }),
            CallEvent::Corrected { after, .. } => {
                let Finding { disposition, outcome } = *after;
                change(tx, event, &|cells| {
                    cells.set(CallColumn::Disposition, Val::text(disposition.code()));
                    cells.set(CallColumn::Outcome, Val::Text(outcome_text(outcome)));
                })
            }
            _ => work::note(tx, event, fact),
        }
    }
}

/// Billed time of a call that was answered while we hung up, in milliseconds: the shortest possible, so it
/// is billed as one step of any length.
const LATE_ANSWER_MS: i64 = 1;

fn outcome_text(outcome: Option<Outcome>) -> String {
    outcome.map_or_else(String::new, |outcome| outcome.code().to_owned())
}

/// Returns the row of an ended call, without the work done in it; `None` for a call outside any campaign.
fn ended(event: &ViewEvent, fact: &CallEvent) -> Result<Option<Vec<Val>>, ProjectionError> {
    let (
        CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            charged,
            late_answer,
            ..
        },
        Some(campaign),
    ) = (fact, &event.envelope.campaign)
    else {
        return Ok(None);
    };
    let micros = event.at().micros();
    let into_day = micros.saturating_add(BEIJING_MICROS).rem_euclid(DAY_MICROS);
    let talk_ms = i64::try_from(*talk_ms).unwrap_or(i64::MAX);
    let billed_ms = match late_answer {
        true => talk_ms.max(LATE_ANSWER_MS),
        false => talk_ms,
    };
    Ok(Some(vec![
        Val::text(event.call()?),
        Val::text(campaign),
        Val::Int(micros.saturating_sub(into_day)),
        Val::Int(i64::from(*charged)),
        Val::Int(billed_ms),
        Val::Int(talk_ms),
        Val::text(disposition.code()),
        Val::Text(outcome_text(*outcome)),
    ]))
}

/// Applies `edit` to the row of an ended call and moves its counts in the sums. Does nothing if the call
/// has not ended, because its end will contain everything.
fn change(tx: &mut dyn Tx, event: &ViewEvent, edit: &dyn Fn(&mut Cells<'_>)) -> Result<(), ProjectionError> {
    let Some(before) = tx.row(CALLS, &[Val::text(event.call()?)])? else {
        return Ok(());
    };
    let pos = Val::position(event.position);
    let mut after = before.clone();
    let mut cells = Cells(&mut after);
    edit(&mut cells);
    cells.set(CallColumn::Pos, pos.clone());
    count(tx, &before, -1, &pos)?;
    count(tx, &after, 1, &pos)?;
    tx.put(CALLS, after)
}

/// The columns of work done in calls, in the sums and in a call's row.
const USED: [(Column, CallColumn); work::USED_COUNT] = [
    (Column::AgentCalls, CallColumn::AgentCalls),
    (Column::AgentMs, CallColumn::AgentMs),
    (Column::Utterances, CallColumn::Utterances),
    (Column::UtteranceMs, CallColumn::UtteranceMs),
    (Column::Texts, CallColumn::Texts),
    (Column::TextChars, CallColumn::TextChars),
    (Column::Questions, CallColumn::Questions),
    (Column::Tokens, CallColumn::Tokens),
];

/// With sign 1 adds a call to the sums of its ending, with -1 removes it. A row of sums stays if it reaches
/// zero calls.
fn count(tx: &mut dyn Tx, call: &[Val], sign: i64, pos: &Val) -> Result<(), ProjectionError> {
    let mut call = call.to_vec();
    let call = Cells(&mut call);
    let place = [
        CallColumn::Campaign,
        CallColumn::DayAt,
        CallColumn::Disposition,
        CallColumn::Outcome,
    ];
    let key: Vec<Val> = place.map(|column| call.get(column).clone()).into();
    let billed_ms = u64::try_from(call.int(CallColumn::BilledMs)).unwrap_or(0);
    let changed = |cells: &mut Cells<'_>| {
        cells.add(Column::Calls, sign);
        cells.add(Column::Charged, sign * call.int(CallColumn::Charged));
        cells.add(Column::Billed, sign * i64::from(billed_ms > 0));
        cells.add(Column::TalkMs, call.int(CallColumn::TalkMs).saturating_mul(sign));
        for (column, of_call) in USED {
            cells.add(column, call.int(of_call).saturating_mul(sign));
        }
        for step in BillingStep::ALL {
            let steps = i64::try_from(step.steps_of(billed_ms)).unwrap_or(i64::MAX);
            cells.add(step.column(), steps.saturating_mul(sign));
        }
        cells.set(Column::Pos, pos.clone());
    };
    let nothing = || {
        let mut row = key.clone();
        row.extend([const { Val::Int(0) }; 7 + work::USED_COUNT]);
        row.push(Val::Null);
        row
    };
    change_or_begin(tx, COSTS, &key, &nothing, &changed)
}

#[cfg(test)]
mod tests;
