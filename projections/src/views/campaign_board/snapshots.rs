//! Snapshots of the board's rows, taken every 50,000 positions of the log. A campaign as of a moment is then
//! its last snapshot and the few events after it, however long the campaign is.
//!
//! The first event at least that many positions after the last snapshot copies what changed since: a
//! campaign's row, all its counts, and the hours that changed. Snapshots contain no calls, so they do not
//! grow with the number of calls; for a call with events after the snapshot, its earlier events are read
//! again.

use super::{BOARD, COUNTS, HOURS};
use crate::database::{ReadDb, Table, Tx, read_as};
use crate::error::ProjectionError;
use crate::table::InitialRows;
use crate::value::{Row, Val};
use crate::view::ViewEvent;
use domain::ids::CampaignId;
use domain::stored_event::Position;

/// Positions between two snapshots. Folding the events after one takes a quarter of a second at most.
pub(super) const APART: u64 = 50_000;

/// A single row: the position of the last snapshot.
pub(super) const LAST: Table = Table {
    name: "campaign_board_copied",
    ddl: &["create table campaign_board_copied (one bigint primary key, upto bigint not null)"],
    key_columns: 1,
};

pub(super) const BOARD_COPY: Table = Table {
    name: "campaign_board_copy",
    ddl: &[concat!(
        "create table campaign_board_copy (campaign text not null, upto bigint not null, ",
        board_columns!(),
        ", primary key (campaign, upto))"
    )],
    key_columns: 2,
};

pub(super) const COUNTS_COPY: Table = Table {
    name: "campaign_board_copy_count",
    ddl: &[
        "create table campaign_board_copy_count (campaign text not null, upto bigint not null,
        what text not null, code text not null, count bigint not null, pos bigint not null,
        primary key (campaign, upto, what, code))",
    ],
    key_columns: 4,
};

pub(super) const HOURS_COPY: Table = Table {
    name: "campaign_board_copy_hour",
    ddl: &[concat!(
        "create table campaign_board_copy_hour (campaign text not null, hour_at bigint not null,
        trunk text not null, flow_version bigint not null, upto bigint not null, ",
        hour_columns!(),
        ", primary key (campaign, hour_at, trunk, flow_version, upto))"
    )],
    key_columns: 5,
};

/// The rows of one campaign from a snapshot, with which a fold begins.
#[derive(Debug, Clone)]
pub struct CampaignSnapshot {
    /// The position up to which the snapshot contains every event of the campaign.
    pub upto: Position,
    pub rows: InitialRows,
}

/// Copies the rows that changed since the last snapshot, if this event is more than `APART` positions after
/// it.
pub(super) fn copy_when_due(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let last = match tx.row(&LAST, &[Val::Int(1)])? {
        None => None,
        Some(row) => {
            let mut row = Row::new(row);
            row.int()?;
            Some(row.position()?)
        }
    };
    if last.is_some_and(|last| event.position.0 <= last.0.saturating_add(APART)) {
        return Ok(());
    }
    let upto = Position(event.position.0.saturating_sub(1));
    if let Some(last) = last {
        copy(tx, &BOARD, &BOARD_COPY, "pos > $2", upto, last)?;
        // A count that reached zero has no row. So all counts of the campaign are copied, and none reappears.
        let changed = "campaign in (select campaign from campaign_board_count where pos > $2)";
        copy(tx, &COUNTS, &COUNTS_COPY, changed, upto, last)?;
        copy(tx, &HOURS, &HOURS_COPY, "pos > $2", upto, last)?;
    }
    tx.put(&LAST, vec![Val::Int(1), Val::position(upto)])
}

fn copy(
    tx: &mut dyn Tx,
    from: &Table,
    to: &Table,
    condition: &str,
    upto: Position,
    last: Position,
) -> Result<(), ProjectionError> {
    let columns = tx.columns(from.name)?.join(", ");
    let sql = format!(
        "insert into {} ({columns}, upto) select {columns}, cast($1 as bigint) from {} where {condition}",
        to.name, from.name
    );
    tx.exec(&sql, &[Val::position(upto), Val::position(last)])
        .map(drop)
}

/// Returns a campaign's last snapshot at or before a position; `None` if there is none. The snapshot is
/// complete even if the rows lag: more events are folded after it then.
pub async fn read_last_snapshot(
    db: &dyn ReadDb,
    campaign: &CampaignId,
    position: Position,
) -> Result<Option<CampaignSnapshot>, ProjectionError> {
    let campaign = Val::text(campaign);
    read_as(db, move |tx| {
        let found = tx.query(
            "select max(upto) from campaign_board_copy where campaign = $1 and upto <= $2",
            &[campaign.clone(), Val::position(position)],
        )?;
        let Some(upto) = found.into_iter().next().map(|mut row| row.maybe_count()) else {
            return Ok(None);
        };
        let Some(upto) = upto?.map(Position) else {
            return Ok(None);
        };
        let at = [campaign, Val::position(upto)];
        let board = rows(tx, &BOARD, &BOARD_COPY, "upto = $2", &at)?;
        let last = "upto = (select max(d.upto) from campaign_board_copy_count d
            where d.campaign = c.campaign and d.upto <= $2)";
        let counts = rows(tx, &COUNTS, &COUNTS_COPY, last, &at)?;
        let last = "upto = (select max(d.upto) from campaign_board_copy_hour d
            where d.campaign = c.campaign and d.hour_at = c.hour_at and d.trunk = c.trunk
            and d.flow_version = c.flow_version and d.upto <= $2)";
        let hours = rows(tx, &HOURS, &HOURS_COPY, last, &at)?;
        Ok(Some(CampaignSnapshot {
            upto,
            rows: vec![(&BOARD, board), (&COUNTS, counts), (&HOURS, hours)],
        }))
    })
    .await
}

/// Returns a campaign's rows of the table `of` as they were in a snapshot, from the table `copies`.
fn rows(
    tx: &mut dyn Tx,
    of: &Table,
    copies: &Table,
    condition: &str,
    at: &[Val],
) -> Result<Vec<Vec<Val>>, ProjectionError> {
    let columns = tx.columns(of.name)?.join(", ");
    let keys: Vec<String> = (1..=of.key_columns).map(|key| key.to_string()).collect();
    let sql = format!(
        "select {columns} from {} c where c.campaign = $1 and c.{condition} order by {}",
        copies.name,
        keys.join(", ")
    );
    let rows = tx.query(&sql, at)?;
    Ok(rows.into_iter().map(Row::rest).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{CampaignBoard, report};
    use super::*;
    use crate::database::each_row;
    use crate::replay::{EventSpan, FoldedRows, fold_onto};
    use crate::testing::{TestHistory, TestLog, campaign, varied};
    use crate::view::View;
    use domain::event_filter::EventFilter;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    /// Distance between two events, so that several snapshots are taken of fifteen hundred.
    const STEP: u64 = 130;

    /// A random story with calls that are open at a snapshot, and corrections long after the call.
    fn story(seed: u64) -> TestHistory {
        let mut story = varied(1_500, seed);
        for event in &mut story.events {
            event.position = Position(event.position.0 * STEP);
        }
        story
    }

    async fn folded(
        log: &TestLog,
        name: &str,
        until: Position,
        copy: Option<CampaignSnapshot>,
    ) -> FoldedRows {
        let filter = EventFilter {
            campaign: Some(campaign(name)),
            ..EventFilter::default()
        };
        let (after, rows) = copy.map_or((Position(0), Vec::new()), |copy| (copy.upto, copy.rows));
        let span = EventSpan {
            after,
            ..EventSpan::until(filter, until)
        };
        let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard)];
        fold_onto(log, &span, views, rows, &|| true, None).await.unwrap()
    }

    /// Returns a campaign's rows without those that state where each call counts, which are in no snapshot.
    async fn figures(db: &dyn ReadDb, name: &'static str) -> Vec<Vec<Val>> {
        let all = read_as(db, |tx| {
            let mut all = Vec::new();
            for table in [BOARD, COUNTS, HOURS] {
                each_row(tx, &table, &mut |row| {
                    all.push(row);
                    Ok(())
                })?;
            }
            Ok(all)
        });
        let mut all = all.await.unwrap();
        all.retain(|row| row.first() == Some(&Val::text(name)));
        all
    }

    /// Compares a campaign as of a position, folded from a snapshot, with all its events folded. Returns the
    /// snapshot's position and the number of rows compared.
    async fn compare(
        log: &TestLog,
        live: &dyn ReadDb,
        name: &'static str,
        until: Position,
    ) -> (Position, usize) {
        let id = campaign(name);
        let copy = read_last_snapshot(live, &id, until).await.unwrap();
        let upto = copy.as_ref().map_or(Position(0), |copy| copy.upto);
        let from_copy = folded(log, name, until, copy).await;
        let from_zero = folded(log, name, until, None).await;
        assert!(from_copy.events <= (until.0 - upto.0) / STEP + 1);
        let rows = figures(from_copy.db.as_ref(), name).await;
        let as_of = format!("{name} as of {until} from {upto}");
        assert_eq!(rows, figures(from_zero.db.as_ref(), name).await, "{as_of}");
        assert_eq!(
            report(from_copy.db.as_ref(), &id).await,
            report(from_zero.db.as_ref(), &id).await,
            "{as_of}"
        );
        (upto, rows.len())
    }

    #[tokio::test]
    async fn a_campaigns_copy_and_what_came_after_it_are_all_of_its_events_folded() {
        let (mut used, mut counted) = (BTreeSet::new(), 0);
        for seed in 1..=3 {
            let story = story(seed);
            let log = TestLog::of(&story.events);
            let (live, _runner) = story.shown_by(CampaignBoard).await;
            let moments = story.events.iter().map(|event| event.position).step_by(61);
            for (until, name) in moments.flat_map(|until| ["T", "U", "V"].map(|name| (until, name))) {
                let (upto, rows) = compare(&log, live.as_ref(), name, until).await;
                used.insert((seed, upto));
                counted += rows;
            }
        }
        assert!(used.len() >= 9 && counted > 1_000, "{used:?}, {counted}");
    }

    #[tokio::test]
    async fn a_copy_holds_what_changed_and_no_call() {
        let story = story(1);
        let (live, _runner) = story.shown_by(CampaignBoard).await;
        let of_each = read_as(live.as_ref(), |tx| {
            let mut counts = Vec::new();
            for table in ["campaign_board_call", BOARD_COPY.name, HOURS_COPY.name] {
                let rows = tx.query(&format!("select count(*) from {table}"), &[])?;
                counts.push(rows.into_iter().next().map(|mut row| row.count()).transpose()?);
            }
            Ok(counts)
        });
        let [calls, boards, hours] = of_each.await.unwrap()[..] else {
            panic!("three tables");
        };
        assert!(boards > Some(0) && hours > Some(0), "{boards:?}, {hours:?}");
        assert!(
            boards < calls && hours < calls,
            "{boards:?}, {hours:?} of {calls:?} calls"
        );
    }
}
