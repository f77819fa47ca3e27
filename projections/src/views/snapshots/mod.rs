//! The view of daily snapshots: the totals of every campaign at the start of each day. With them, all
//! campaigns can be shown as of any moment by folding only the events after that day's snapshot.
//!
//! The view keeps running totals. At the first event recorded on a new day in Beijing, it copies the totals
//! that changed since the last snapshot, and the open calls, with the position up to which they are complete.
//! A snapshot loaded into empty tables is continued by the same `apply`.
//!
//! A correction may come years after its call, and only answered calls count people. Therefore the row of
//! each answered call is kept after its end, with the position of its last correction. A loaded snapshot also
//! contains the calls that were corrected after it.

mod total;

pub use total::CampaignTotal;

use crate::cells::{Cells, columns};
use crate::checkpoint::read_checkpoints;
use crate::database::{ReadDb, RowAction, Table, Tx, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::calendar::{BEIJING_MICROS, DAY_MICROS};
use domain::call::event::CallEvent;
use domain::call::{AccountChange, CallStep};
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::stored_event::Position;
use domain::time::Timestamp;

/// The view's name.
pub const NAME: &str = "daily_copies";

/// Most campaigns in one response, as on the campaign board.
pub const TOTALS_MAX: usize = 1_000;

/// The view of daily snapshots of campaign totals.
pub struct DailySnapshots;

/// The columns of a total's row after its key.
macro_rules! total_columns {
    () => {
        "status text not null, preset text not null, enrolled bigint not null, settled bigint not null,
         open bigint not null, alerts bigint not null, last_alert text, last_alert_detail text,
         dialed bigint not null, answered bigint not null, ended bigint not null, talked bigint not null,
         talk_ms bigint not null, conversions bigint not null, person_answered bigint not null,
         pos bigint not null"
    };
}

const TOTAL: Table = Table {
    name: "daily_copies_total",
    ddl: &[concat!(
        "create table daily_copies_total (campaign text primary key, ",
        total_columns!(),
        ")"
    )],
    key_columns: 1,
};

/// Calls that were dialed and have not ended, and those that were answered and have. `corrected` is the
/// position of the last correction, 0 if there is none. The indexes serve to make and load snapshots.
const CALL: Table = Table {
    name: "daily_copies_call",
    ddl: &[
        "create table daily_copies_call (call text primary key, campaign text not null,
        answered bigint not null, ended bigint not null, corrected bigint not null, pos bigint not null)",
        "create index daily_copies_call_open on daily_copies_call (call) where ended = 0",
        "create index daily_copies_call_corrected on daily_copies_call (corrected) where corrected > 0",
    ],
    key_columns: 1,
};

columns! {
    enum CallColumn { Call, Campaign, Answered, Ended, Corrected, Pos }
}

/// A single row: the day of the last snapshot, and its position.
const DAY: Table = Table {
    name: "daily_copies_day",
    ddl: &[
        "create table daily_copies_day (one bigint primary key, day bigint not null, upto bigint not null)",
    ],
    key_columns: 1,
};

const COPY: Table = Table {
    name: "daily_copies_copy",
    ddl: &[concat!(
        "create table daily_copies_copy (campaign text not null, upto bigint not null, ",
        total_columns!(),
        ", primary key (campaign, upto))"
    )],
    key_columns: 2,
};

const OPEN: Table = Table {
    name: "daily_copies_open",
    ddl: &[
        "create table daily_copies_open (upto bigint not null, call text not null, campaign text not null,
        answered bigint not null, pos bigint not null, primary key (upto, call))",
    ],
    key_columns: 2,
};

const MADE: Table = Table {
    name: "daily_copies_made",
    ddl: &["create table daily_copies_made (upto bigint primary key, day bigint not null)"],
    key_columns: 1,
};

static TABLES: [Table; 6] = [TOTAL, CALL, DAY, COPY, OPEN, MADE];
static TOTAL_TABLE: &Table = &TABLES[0];
static CALL_TABLE: &Table = &TABLES[1];
static DAY_TABLE: &Table = &TABLES[2];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 2,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[
        CampaignEvent::CREATED,
        CampaignEvent::STARTED,
        CampaignEvent::PAUSED,
        CampaignEvent::RESUMED,
        CampaignEvent::STOPPED,
        CampaignEvent::LIST_CLOSED,
        CampaignEvent::ALERT_RAISED,
        CampaignEvent::COMPLETED,
        CampaignEvent::REOPENED,
        CustomerEvent::ENROLLED,
        CustomerEvent::DIAL_GRANTED,
        CustomerEvent::DIAL_RELEASED,
        CustomerEvent::CALL_CLOSED,
        CustomerEvent::ENROLMENT_SETTLED,
        CallEvent::DIALING,
        CallEvent::ANSWERED,
        CallEvent::ENDED,
        CallEvent::CORRECTED,
    ]),
};

impl View for DailySnapshots {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        copy_on_a_new_day(tx, event)?;
        let Some(campaign) = &event.envelope.campaign else {
            return Ok(());
        };
        let mut total = match tx.row(TOTAL_TABLE, &[Val::text(campaign)])? {
            Some(row) => CampaignTotal::read(row)?,
            None => CampaignTotal::new(campaign),
        };
        total.position = event.position;
        match event.event()? {
            AnyEvent::Campaign(fact) => total.campaign(fact),
            AnyEvent::Customer(fact) => total.customer(fact),
            AnyEvent::Call(fact) => apply_call(tx, event, fact, &mut total)?,
            AnyEvent::Number(_) | AnyEvent::Flow(_) => return Ok(()),
        }
        tx.put(TOTAL_TABLE, total.row())
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        if let Some(campaign) = &event.envelope.campaign {
            keys.push((TOTAL_TABLE, vec![Val::text(campaign)]));
        }
        if event.envelope.kind.starts_with("call.") {
            keys.push((CALL_TABLE, vec![Val::text(event.envelope.stream.id())]));
        }
    }
}

fn apply_call(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    fact: &CallEvent,
    total: &mut CampaignTotal,
) -> Result<(), ProjectionError> {
    let Some(step) = CallStep::of(fact) else {
        return Ok(());
    };
    let (key, pos) = ([Val::text(event.call()?)], Val::position(event.position));
    let mut is_answered = false;
    match step {
        // A second leg belongs to the same call.
        CallStep::Dialed { leg: 2.. } => {}
        CallStep::Dialed { .. } | CallStep::Answered => {
            let [call] = key;
            let answered = Val::Int(i64::from(step == CallStep::Answered));
            let campaign = Val::text(&total.campaign);
            let row = vec![call, campaign, answered, Val::Int(0), Val::Int(0), pos];
            tx.put(CALL_TABLE, row)?;
        }
        CallStep::Ended { .. } => {
            let Some(mut row) = tx.row(CALL_TABLE, &key)? else {
                return Ok(());
            };
            let mut call = Cells(&mut row);
            if call.int(CallColumn::Ended) == 1 {
                return Ok(());
            }
            is_answered = call.int(CallColumn::Answered) == 1;
            if is_answered {
                call.set(CallColumn::Ended, Val::Int(1));
                call.set(CallColumn::Pos, pos);
                tx.put(CALL_TABLE, row)?;
            } else {
                tx.write_rows(CALL_TABLE, &[], &[key.to_vec()])?;
            }
        }
        CallStep::Corrected { .. } => {
            tx.edit(CALL_TABLE, &key, &mut |row| {
                let mut call = Cells(row);
                is_answered = call.int(CallColumn::Answered) == 1;
                call.set(CallColumn::Corrected, pos.clone());
                call.set(CallColumn::Pos, pos.clone());
                Ok(RowAction::Write)
            })?;
        }
    }
    total.calls.add(&AccountChange::new(step, is_answered).sums(), 1);
    Ok(())
}

/// Returns the day in Beijing at this time, as the number of days since 1970.
fn day_of(recorded_at: Timestamp) -> i64 {
    recorded_at
        .micros()
        .saturating_add(BEIJING_MICROS)
        .div_euclid(DAY_MICROS)
}

/// Takes a snapshot if this event is the first of its day: copies what changed since the last snapshot. On
/// the first day of the log, it only records the day.
fn copy_on_a_new_day(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let today = day_of(event.recorded_at);
    let last = tx.row(DAY_TABLE, &[Val::Int(1)])?;
    let (copied_day, copied_upto) = match last {
        None => (None, 0),
        Some(row) => {
            let mut row = Row::new(row);
            row.int()?;
            (Some(row.int()?), row.int()?)
        }
    };
    if copied_day.is_some_and(|day| day >= today) {
        return Ok(());
    }
    let upto = i64::try_from(event.position.0.saturating_sub(1)).unwrap_or(i64::MAX);
    if copied_day.is_some() {
        tx.exec(
            "insert into daily_copies_copy (campaign, upto, status, preset, enrolled, settled, open, alerts,
             last_alert, last_alert_detail, dialed, answered, ended, talked, talk_ms, conversions,
             person_answered, pos)
             select campaign, cast($1 as bigint), status, preset, enrolled, settled, open, alerts, last_alert,
             last_alert_detail, dialed, answered, ended, talked, talk_ms, conversions, person_answered, pos
             from daily_copies_total where pos > $2",
            &[Val::Int(upto), Val::Int(copied_upto)],
        )?;
        tx.exec(
            "insert into daily_copies_open (upto, call, campaign, answered, pos)
             select cast($1 as bigint), call, campaign, answered, pos from daily_copies_call where ended = 0",
            &[Val::Int(upto)],
        )?;
        tx.exec(
            "insert into daily_copies_made (upto, day) values ($1, $2)",
            &[Val::Int(upto), Val::Int(today)],
        )?;
    }
    tx.put(DAY_TABLE, vec![Val::Int(1), Val::Int(today), Val::Int(upto)])
}

/// A snapshot, as the rows with which a fold begins.
#[derive(Debug, Clone)]
pub struct DailySnapshot {
    /// The position up to which the snapshot contains every event.
    pub upto: Position,
    /// The rows, by table of this view.
    pub rows: Vec<(&'static Table, Vec<Vec<Val>>)>,
}

/// Returns the last snapshot at or before a position. Returns `None` if there is none, or if the rows lag
/// behind that position, because calls corrected before it would be missing.
pub async fn read_last_snapshot(
    db: &dyn ReadDb,
    position: Position,
) -> Result<Option<DailySnapshot>, ProjectionError> {
    read_as(db, move |tx| {
        let checkpoints = read_checkpoints(tx)?;
        let own = checkpoints.iter().find(|one| one.view == NAME);
        if own.is_none_or(|own| own.position < position) {
            return Ok(None);
        }
        let made = tx.query(
            "select upto, day from daily_copies_made where upto <= $1 order by upto desc limit 1",
            &[Val::position(position)],
        )?;
        let Some(mut made) = made.into_iter().next() else {
            return Ok(None);
        };
        let (upto, day) = (made.position()?, made.int()?);
        let at = [Val::position(upto)];
        let totals = tx.query(
            "select campaign, status, preset, enrolled, settled, open, alerts, last_alert, last_alert_detail,
             dialed, answered, ended, talked, talk_ms, conversions, person_answered, pos
             from daily_copies_copy c
             where c.upto = (select max(d.upto) from daily_copies_copy d
             where d.campaign = c.campaign and d.upto <= $1) order by campaign",
            &at,
        )?;
        let calls = tx.query(
            "select call, campaign, answered, 0, 0, pos from daily_copies_open where upto = $1 order by call",
            &at,
        )?;
        // Without the calls that were open then: they are among `calls`, and end by their own events.
        let corrected = tx.query(
            "select call, campaign, answered, ended, 0, pos from daily_copies_call c where corrected > $1
             and not exists (select 1 from daily_copies_open o where o.upto = $1 and o.call = c.call)
             order by call",
            &at,
        )?;
        let rows = |rows: Vec<Row>| rows.into_iter().map(Row::rest).collect();
        let today = vec![Val::Int(1), Val::Int(day), Val::position(upto)];
        Ok(Some(DailySnapshot {
            upto,
            rows: vec![
                (TOTAL_TABLE, rows(totals)),
                (CALL_TABLE, rows(calls)),
                (CALL_TABLE, rows(corrected)),
                (DAY_TABLE, vec![today]),
            ],
        }))
    })
    .await
}

/// Returns the totals of campaigns as of the latest event, in the order of their ids; at most `TOTALS_MAX`.
pub async fn totals(db: &dyn ReadDb) -> Result<Vec<CampaignTotal>, ProjectionError> {
    read_as(db, |tx| {
        let rows = tx.query(
            "select * from daily_copies_total order by campaign limit $1",
            &[Val::count(TOTALS_MAX)],
        )?;
        rows.into_iter()
            .map(|row| CampaignTotal::read(row.rest()))
            .collect()
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{EventSpan, fold, fold_onto};
    use crate::testing::{TestHistory, TestLog, call, ten};
    use crate::views::campaign_board::{self, CampaignBoard};
    use domain::campaign::event::CampaignEvent;
    use domain::disposition::{Disposition, Outcome};
    use domain::event_filter::EventFilter;
    use std::sync::Arc;

    /// A day in Beijing.
    const DAY_MS: u64 = 24 * 3_600_000;

    /// A story of five days: calls open over midnight, a day without events, corrections of the previous
    /// day's calls.
    fn story() -> TestHistory {
        let mut story = TestHistory::new();
        story
            .created("T")
            .created("U")
            .campaign("T", CampaignEvent::Started {});
        for day in 0..5_u32 {
            story.at = ten().plus_ms(u64::from(day) * DAY_MS);
            if day == 2 {
                continue;
            }
            let name = ["T", "U"][day as usize % 2];
            for of in 1..=4 {
                story.whole_call(name, day * 10 + of);
            }
            let id = call(name, day * 10 + 9, 1);
            story
                .granted(name, day * 10 + 9, 1)
                .dialing(id, 1, "first")
                .answered(id, 1);
            story.at = ten().plus_ms(u64::from(day) * DAY_MS + 14 * 3_600_000);
            story.ended(id, Disposition::Answered, Some(Outcome::Success), 7_000);
            let found = (Disposition::Answered, Some(Outcome::Success));
            story.corrected(call(name, day * 10 + 2, 1), found, (Disposition::Machine, None));
            let Some(before) = day.checked_sub(2).filter(|before| *before != 2) else {
                continue;
            };
            // Corrections of calls in earlier snapshots: one back to a person, and one of a call that was not
            // answered.
            story.corrected(
                call(name, before * 10 + 2, 1),
                (Disposition::Machine, None),
                found,
            );
            let unanswered = call(name, before * 10 + 3, 1);
            story.corrected(
                unanswered,
                (Disposition::Busy, None),
                (Disposition::Machine, None),
            );
            story.corrected(
                unanswered,
                (Disposition::Machine, None),
                (Disposition::Answered, None),
            );
        }
        story
    }

    fn whole(until: Position) -> EventSpan {
        EventSpan::until(EventFilter::default(), until)
    }

    #[tokio::test]
    async fn totals_are_what_the_board_says_at_every_position() {
        let story = story();
        let log = TestLog::of(&story.events);
        for until in 1..=story.events.len() as u64 {
            let views: Vec<Arc<dyn View>> = vec![Arc::new(DailySnapshots), Arc::new(CampaignBoard)];
            let folded = fold(&log, &whole(Position(until)), views, &|| true)
                .await
                .unwrap();
            let board = campaign_board::list(folded.db.as_ref(), None, 10).await.unwrap();
            let totals = totals(folded.db.as_ref()).await.unwrap();
            assert_eq!(board.len(), totals.len());
            for (row, total) in board.iter().zip(&totals) {
                let calls = &row.calls;
                let of_board = [
                    calls.dialed,
                    calls.answered,
                    calls.ended,
                    calls.talked,
                    calls.talk_ms,
                    calls.conversions,
                    calls.person_answered,
                ];
                assert_eq!(
                    of_board.map(|count| count.cast_signed()),
                    total.calls.values(),
                    "{} as of {until}",
                    row.campaign
                );
                assert_eq!(
                    (row.status.code(), &row.preset),
                    (total.status.as_str(), &total.preset)
                );
                let stand = [row.enrolled, row.settled, row.open, row.alerts].map(u64::cast_signed);
                assert_eq!(stand, [total.enrolled, total.settled, total.open, total.alerts]);
            }
        }
    }

    #[tokio::test]
    async fn the_copy_of_the_day_and_what_came_after_it_is_the_whole_log_folded() {
        let story = story();
        let log = TestLog::of(&story.events);
        let (live, _runner) = story.shown_by(DailySnapshots).await;
        let mut used = std::collections::BTreeSet::new();
        for until in 1..=story.events.len() as u64 {
            let span = whole(Position(until));
            let from_zero = fold(&log, &span, vec![Arc::new(DailySnapshots)], &|| true)
                .await
                .unwrap();
            let copy = read_last_snapshot(live.as_ref(), Position(until)).await.unwrap();
            let upto = copy.as_ref().map_or(Position(0), |copy| copy.upto);
            used.insert(upto);
            let rest = EventSpan { after: upto, ..span };
            let rows = copy.map(|copy| copy.rows).unwrap_or_default();
            let folded = fold_onto(&log, &rest, vec![Arc::new(DailySnapshots)], rows, &|| true, None)
                .await
                .unwrap();
            assert!(folded.events <= until - upto.0);
            let (one, other) = (
                totals(folded.db.as_ref()).await,
                totals(from_zero.db.as_ref()).await,
            );
            assert_eq!(one, other, "as of {until} from {upto}");
        }
        let beyond = read_last_snapshot(live.as_ref(), Position(story.head().0 + 1)).await;
        assert!(
            beyond.unwrap().is_none(),
            "who was corrected since is not known yet"
        );
        assert_eq!(used.len(), 6, "no copy, then one a day that had events: {used:?}");
    }
}
