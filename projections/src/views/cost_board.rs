//! What carriers bill of calls: calls and seconds by campaign, Beijing day, disposition and outcome, in the
//! steps in which carriers round up (60 s, 6 s, 1 s).
//!
//! A call counts on the day on which it ended. Talk is billed from answer to end, each call rounded up by
//! itself, so the sums of the three steps are kept and none can be derived from another. A call answered
//! after we had given up is billed one step: its BYE follows its ACK. Ringing is not billed, and agents'
//! minutes are not known yet. A correction moves a call with its seconds from one outcome to another on the
//! same day.

use crate::cells::{Cells, change_or_begin, columns};
use crate::database::{ReadDb, Select, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, Handles, View, ViewDefinition, ViewEvent};
use domain::calendar::{BEIJING_MICROS, DAY_MICROS};
use domain::call::Finding;
use domain::call::event::CallEvent;
use domain::disposition::Outcome;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::str::FromStr;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "cost_board";

/// Most rows in one answer.
pub const ROWS_MAX: usize = 20_000;

/// See the file's description.
pub struct CostBoard;

/// The step in which a carrier rounds a call's seconds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingStep {
    Minute,
    SixSeconds,
    Second,
}

impl BillingStep {
    pub const ALL: [Self; 3] = [Self::Minute, Self::SixSeconds, Self::Second];

    /// Its length in seconds.
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::SixSeconds => 6,
            Self::Second => 1,
        }
    }

    /// The steps a carrier bills for so much talk: every step begun is billed whole.
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

static TABLES: [Table; 2] = [
    Table {
        name: "cost_board",
        ddl: &[
            "create table cost_board (campaign text not null, day_at bigint not null, disposition text not null,
            outcome text not null, calls bigint not null, charged bigint not null, billed bigint not null,
            talk_ms bigint not null, minutes bigint not null, six_seconds bigint not null,
            seconds bigint not null, pos bigint not null,
            primary key (campaign, day_at, disposition, outcome))",
            "create index cost_board_day on cost_board (day_at)",
        ],
        key_columns: 4,
    },
    // What a correction, or an answer after the end, moves.
    Table {
        name: "cost_board_call",
        ddl: &[
            "create table cost_board_call (call text primary key, campaign text not null,
            day_at bigint not null, charged bigint not null, billed_ms bigint not null,
            talk_ms bigint not null, disposition text not null, outcome text not null,
            pos bigint not null)",
        ],
        key_columns: 1,
    },
];
static COSTS: &Table = &TABLES[0];
static CALLS: &Table = &TABLES[1];

columns! {
    enum Column {
        Campaign, DayAt, Disposition, Outcome, Calls, Charged, Billed, TalkMs, Minutes, SixSeconds, Seconds,
        Pos,
    }
}

columns! {
    enum CallColumn { Call, Campaign, DayAt, Charged, BilledMs, TalkMs, Disposition, Outcome, Pos }
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: Handles::Kinds(&[CallEvent::ENDED, CallEvent::LATE_ANSWERED, CallEvent::CORRECTED]),
};

impl View for CostBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        keys.push((CALLS, vec![Val::text(event.envelope.stream.id())]));
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let AnyEvent::Call(fact) = event.event()? else {
            return Ok(());
        };
        let pos = Val::position(event.position);
        match fact {
            CallEvent::Ended { .. } => {
                let Some(row) = ended(event, fact)? else {
                    return Ok(());
                };
                // A call ends once; were it told twice, the first would count.
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
            _ => Ok(()),
        }
    }
}

/// An answer that we end at once: the shortest time there is, so one step of any length.
const LATE_ANSWER_MS: i64 = 1;

fn outcome_text(outcome: Option<Outcome>) -> String {
    outcome.map_or_else(String::new, |outcome| outcome.code().to_owned())
}

/// The row of a call that ended; `None` for one outside any campaign.
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
        Val::position(event.position),
    ]))
}

/// Changes what is known of a call, and counts it as what it is now. Nothing for one that has not ended:
/// its end will say it.
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

/// Counts a call once more, or once less. A row of no calls stays: it says nothing.
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
        for step in BillingStep::ALL {
            let steps = i64::try_from(step.steps_of(billed_ms)).unwrap_or(i64::MAX);
            cells.add(step.column(), steps.saturating_mul(sign));
        }
        cells.set(Column::Pos, pos.clone());
    };
    let nothing = || {
        let mut row = key.clone();
        row.extend([const { Val::Int(0) }; 7]);
        row.push(Val::Null);
        row
    };
    change_or_begin(tx, COSTS, &key, &nothing, &changed)
}

/// Which calls.
#[derive(Debug, Clone, Default)]
pub struct CostFilter {
    pub campaign: Option<CampaignId>,
    /// Calls of days that begin from then on.
    pub from: Option<Timestamp>,
    /// Calls of days that begin before.
    pub to: Option<Timestamp>,
}

/// Calls of a campaign with one ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    pub campaign: CampaignId,
    /// Disposition and, of a conversation, outcome: codes.
    pub disposition: String,
    pub outcome: Option<String>,
    /// Calls that ended, also those never dialed.
    pub calls: u64,
    /// Of them, those the retry policy counts.
    pub charged: u64,
    /// Of them, those a carrier bills.
    pub billed: u64,
    pub talk_ms: u64,
    pub billed_seconds: u64,
}

/// Calls by campaign and ending, by campaign and code; at most `ROWS_MAX`.
pub async fn costs(
    db: &dyn ReadDb,
    filter: &CostFilter,
    step: BillingStep,
) -> Result<Vec<CostRow>, ProjectionError> {
    let steps = match step {
        BillingStep::Minute => "minutes",
        BillingStep::SixSeconds => "six_seconds",
        BillingStep::Second => "seconds",
    };
    let head = format!(
        "select campaign, disposition, outcome, cast(sum(calls) as bigint), cast(sum(charged) as bigint),
         cast(sum(billed) as bigint), cast(sum(talk_ms) as bigint), cast(sum({steps}) as bigint) from cost_board"
    );
    let (sql, values) = Select::new(&head)
        .when("calls >", Some(Val::Int(0)))
        .when("campaign =", filter.campaign.as_ref().map(Val::text))
        .when("day_at >=", filter.from.map(Val::at))
        .when("day_at <", filter.to.map(Val::at))
        .grouped("campaign, disposition, outcome", ROWS_MAX);
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(|row| read_row(row, step)).collect()
}

fn read_row(mut row: Row, step: BillingStep) -> Result<CostRow, ProjectionError> {
    Ok(CostRow {
        campaign: row.parse()?,
        disposition: row.text()?,
        outcome: Some(row.text()?).filter(|outcome| !outcome.is_empty()),
        calls: row.count()?,
        charged: row.count()?,
        billed: row.count()?,
        talk_ms: row.count()?,
        billed_seconds: row.count()?.saturating_mul(step.seconds()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::names;
    use crate::testing::{Story, call, campaign, columns_of, dialog, ten};
    use domain::disposition::Disposition;

    /// Milliseconds of a day.
    const DAY_MS: u64 = 86_400_000;

    async fn shown(story: &Story, filter: CostFilter, step: BillingStep) -> Vec<(String, u64, u64, u64)> {
        let (db, _runner) = story.shown_by(CostBoard).await;
        let rows = costs(db.as_ref(), &filter, step).await.unwrap();
        rows.into_iter()
            .map(|row| {
                let ending = format!("{}/{}", row.disposition, row.outcome.unwrap_or_default());
                (ending, row.calls, row.billed, row.billed_seconds)
            })
            .collect()
    }

    fn talked(story: &mut Story, of: u32, talk_ms: u64) {
        story.permitted("T", of, 1);
        let outcome = Some(Outcome::Success);
        story.ended(call("T", of, 1), Disposition::Answered, outcome, talk_ms);
    }

    fn line(ending: &str, calls: u64, billed: u64, seconds: u64) -> (String, u64, u64, u64) {
        (ending.to_owned(), calls, billed, seconds)
    }

    #[tokio::test]
    async fn columns_stand_as_named() {
        let (db, _runner) = Story::new().shown_by(CostBoard).await;
        assert_eq!(columns_of(db.as_ref(), COSTS).await, names::<Column>());
        assert_eq!(columns_of(db.as_ref(), CALLS).await, names::<CallColumn>());
    }

    #[test]
    fn a_step_begun_is_billed_whole() {
        let [minute, six, second] = BillingStep::ALL;
        for (talk_ms, minutes, sixes, seconds) in [
            (0, 0, 0, 0),
            (1, 1, 1, 1),
            (6_000, 1, 1, 6),
            (6_001, 1, 2, 7),
            (60_000, 1, 10, 60),
            (60_001, 2, 11, 61),
        ] {
            let steps = (
                minute.steps_of(talk_ms),
                six.steps_of(talk_ms),
                second.steps_of(talk_ms),
            );
            assert_eq!(steps, (minutes, sixes, seconds), "{talk_ms} ms");
        }
        assert_eq!("6".parse(), Ok(six));
        assert!("30".parse::<BillingStep>().is_err());
    }

    #[tokio::test]
    async fn each_call_is_rounded_up_by_itself() {
        let mut story = Story::new();
        talked(&mut story, 2, 61_000);
        talked(&mut story, 3, 1_000);
        story.permitted("T", 4, 1);
        story.ended(call("T", 4, 1), Disposition::Busy, None, 0);
        let all = CostFilter::default;
        let busy = line("busy/", 1, 0, 0);
        for (step, seconds) in [
            (BillingStep::Minute, 180),
            (BillingStep::SixSeconds, 72),
            (BillingStep::Second, 62),
        ] {
            let expected = [line("answered/success", 2, 2, seconds), busy.clone()];
            assert_eq!(shown(&story, all(), step).await, expected);
        }
    }

    #[tokio::test]
    async fn a_correction_takes_the_seconds_along_and_a_late_answer_is_billed_a_step() {
        let mut story = Story::new();
        talked(&mut story, 2, 61_000);
        story.permitted("T", 3, 1);
        let late = call("T", 3, 1);
        story.ended(late, Disposition::NoAnswer, None, 0);
        let dialog = dialog();
        story.call(late, CallEvent::LateAnswered { leg: 1, dialog });
        let before = (Disposition::Answered, Some(Outcome::Success));
        story.corrected(call("T", 2, 1), before, (Disposition::Machine, None));
        let expected = [line("machine/", 1, 1, 120), line("no_answer/", 1, 1, 60)];
        let found = shown(&story, CostFilter::default(), BillingStep::Minute).await;
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn days_are_beijings_and_begin_at_midnight() {
        let mut story = Story::new();
        story.permitted("T", 2, 1).permitted("T", 3, 1);
        let midnight: Timestamp = "2026-03-03T00:00:00+08:00".parse().unwrap();
        story.at = midnight.minus_ms(1);
        story.ended(call("T", 2, 1), Disposition::Answered, None, 1_000);
        story.at = midnight;
        story.ended(call("T", 3, 1), Disposition::Answered, None, 7_000);
        let day = |from: Timestamp| CostFilter {
            campaign: Some(campaign("T")),
            from: Some(from),
            to: Some(from.plus_ms(DAY_MS)),
        };
        let seconds = async |from| shown(&story, day(from), BillingStep::Second).await.remove(0).3;
        assert_eq!(seconds(midnight.minus_ms(DAY_MS)).await, 1);
        assert_eq!(seconds(midnight).await, 7);
        assert!(midnight > ten());
        let other = CostFilter {
            campaign: Some(campaign("U")),
            ..CostFilter::default()
        };
        assert_eq!(shown(&story, other, BillingStep::Second).await, []);
    }
}
