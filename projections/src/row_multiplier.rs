//! Makes the rows of ten million calls out of a few real ones, by copying them inside the database under
//! other keys.
//!
//! For measuring queries (`ledgerline-bench query`). A copy has other ids, positions, campaigns and hours, so
//! that indexes and groups have realistic sizes; everything else is as the views made it.

use crate::database::{ReadDb, Table, read_as, transact};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::View;
use domain::calendar::HOUR_MICROS;
use std::ops::Range;
use std::sync::Arc;

/// Copies made per statement: one transaction then has some hundred thousand rows.
const COPIES_AT_ONCE: i64 = 200;

/// Most copies of a row; the number of a copy has eight digits in its ids. Copies cover four days of hours
/// if spread over a hundred campaigns, fourteen months in one campaign.
const COPIES_MAX: i64 = 10_000;

/// The wanted number of rows, and the number of campaigns over which copies are spread.
#[derive(Debug, Clone, Copy)]
pub struct CopyTarget {
    /// The approximate number of rows of the largest table at the end.
    pub rows: u64,
    /// The number of campaigns made of each original one, at least 1. With 1 the campaign keeps its name and
    /// gets all copies.
    pub campaigns: u32,
}

/// Copies the rows of every table of `views` until the largest table has about the wanted number of rows.
/// Returns the number of rows of each table. `progress` receives a table's name and its rows so far.
pub async fn multiply(
    db: &dyn ReadDb,
    views: &[Arc<dyn View>],
    wanted: CopyTarget,
    progress: &mut (dyn FnMut(&'static str, u64) + Send),
) -> Result<Vec<(&'static str, u64)>, ProjectionError> {
    let campaigns = i64::from(wanted.campaigns.max(1));
    let mut counts = Vec::new();
    let tables: Vec<&'static Table> = views.iter().flat_map(|view| view.tables()).collect();
    for table in tables {
        let first = count(db, table).await?;
        let columns = read_as(db, move |tx| tx.columns(table.name)).await?;
        // A table without positions holds no rows per event.
        if first == 0 || position_of(&columns).is_none() {
            continue;
        }
        // Rows per campaign do not grow with the number of calls.
        let most = if is_per_campaign(db, table).await? {
            campaigns
        } else {
            COPIES_MAX
        };
        let copies = i64::try_from(wanted.rows / first).unwrap_or(i64::MAX).min(most);
        let mut made = 1;
        while made < copies {
            let until = copies.min(made + COPIES_AT_ONCE);
            if made == 1 {
                of_all_campaigns(db, table, campaigns).await?;
            }
            copy(db, table, campaigns, made..until).await?;
            made = until;
            progress(table.name, first.saturating_mul(u64::try_from(made).unwrap_or(0)));
        }
        counts.push((table.name, count(db, table).await?));
    }
    Ok(counts)
}

/// Returns true if the campaign is the only part of the table's key that differs between copies.
async fn is_per_campaign(db: &dyn ReadDb, table: &'static Table) -> Result<bool, ProjectionError> {
    let columns = read_as(db, move |tx| tx.columns(table.name)).await?;
    let mut keys = columns.iter().take(table.key_columns);
    Ok(!keys.any(|key| key != "campaign" && cell(key, 1) != *key))
}

async fn count(db: &dyn ReadDb, table: &'static Table) -> Result<u64, ProjectionError> {
    let sql = format!("select count(*) from {}", table.name);
    let rows = db.query(&sql, Vec::new()).await?;
    rows.into_iter().next().map_or(Ok(0), |mut row: Row| row.count())
}

/// Multiplies the hourly sums over all campaigns (campaign '') by the number of campaigns, because the
/// copies of an hour belong to all of them and share one row.
async fn of_all_campaigns(
    db: &dyn ReadDb,
    table: &'static Table,
    campaigns: i64,
) -> Result<(), ProjectionError> {
    let columns = read_as(db, move |tx| tx.columns(table.name)).await?;
    if !sums_all_campaigns(table, &columns) {
        return Ok(());
    }
    let sql = format!(
        "update {} set count = count * {campaigns} where campaign = ''",
        table.name
    );
    db.exec(&sql, Vec::new()).await.map(drop)
}

/// Returns true if a table has rows that sum over all campaigns, besides those of each campaign.
fn sums_all_campaigns(table: &Table, columns: &[String]) -> bool {
    let has = |name: &str| columns.iter().any(|column| column == name);
    table.key_columns > 1 && has("campaign") && has("count") && has("before_at")
}

/// Inserts the copies with the numbers `which` of a table's original rows, those with positions below
/// `STRIDE`.
async fn copy(
    db: &dyn ReadDb,
    table: &'static Table,
    campaigns: i64,
    which: Range<i64>,
) -> Result<(), ProjectionError> {
    let columns = read_as(db, move |tx| tx.columns(table.name)).await?;
    let position = position_of(&columns)
        .ok_or_else(|| ProjectionError::Fault(format!("table {} has no position", table.name)))?;
    let cells: Vec<String> = columns.iter().map(|column| cell(column, campaigns)).collect();
    let once = if sums_all_campaigns(table, &columns) {
        format!(" and (campaign <> '' or i % {campaigns} = 0)")
    } else {
        String::new()
    };
    let sql = format!(
        "insert into {name} ({columns})
         with recursive copies(i) as (
         select cast($1 as bigint) union all select i + 1 from copies where i + 1 < $2)
         select {cells} from {name}, copies where {position} < $3{once}",
        name = table.name,
        columns = columns.join(", "),
        cells = cells.join(", "),
    );
    let values = vec![Val::Int(which.start), Val::Int(which.end), Val::Int(STRIDE)];
    transact(db, move |tx| tx.exec(&sql, &values).map(drop)).await
}

fn position_of(columns: &[String]) -> Option<&str> {
    let mut names = columns.iter().map(String::as_str);
    names.find(|column| matches!(*column, "first_pos" | "pos" | "position"))
}

/// Positions reserved for one copy; more than the events of the first calls.
const STRIDE: i64 = 1_000_000;

/// Returns the SQL expression of a column in copy `i`, spread over this many campaigns.
fn cell(column: &str, campaigns: i64) -> String {
    match column {
        // Eight digits for the copy in front: ids stay hexadecimal and keep their length.
        "call" | "customer" | "number" | "subject" => {
            format!("substr(cast(100000000 + i as text), 2, 8) || substr({column}, 9)")
        }
        "campaign" if campaigns > 1 => format!(
            "case when campaign = '' then '' else campaign || '-' || cast(i % {campaigns} as text) end"
        ),
        "pos" | "position" | "first_pos" | "last_pos" => format!("{column} + i * {STRIDE}"),
        "hour_at" => format!("hour_at + (i / {campaigns}) * {HOUR_MICROS}"),
        // A negative value means that there is no earlier hour.
        "before_at" | "trunk_before_at" | "version_before_at" => {
            let later = format!("{column} + (i / {campaigns}) * {HOUR_MICROS}");
            format!("case when {column} < 0 then {column} else {later} end")
        }
        other => other.to_owned(),
    }
}

/// Returns at most `count` ids from the column `id`, which leads an index. They are spread over the whole
/// table and over each copy.
pub async fn spread_ids(
    db: &dyn ReadDb,
    table: &'static str,
    id: &'static str,
    count: u32,
) -> Result<Vec<String>, ProjectionError> {
    // Finds the last copy by its digits. Original ids are hashes and are unlikely to begin with as many
    // zeros.
    let last = format!("select max({id}) from {table} where {id} < $1");
    let bound = Val::Text(format!("{:08}", COPIES_MAX + 1));
    let last = db.query(&last, vec![bound]).await?.into_iter().next();
    let last = last.map_or(Ok(None), |mut row| row.maybe_text())?;
    let last = last.unwrap_or_default();
    let copies = last.get(..8).and_then(|digits| digits.parse::<u64>().ok());
    let copies = copies.unwrap_or(0);
    // A call's id has a dash after eight digits, a customer's does not.
    let joint = if last.contains('-') { "-" } else { "" };
    let next = format!("select {id} from {table} where {id} >= $1 order by {id} limit 1");
    let mut found = Vec::new();
    for index in 0..count {
        let copy = (u64::from(index) * copies) / u64::from(count) + 1;
        // Knuth's multiplier spreads the numbers over all values.
        let within = index.wrapping_mul(0x9e37_79b1);
        let from = Val::Text(format!("{copy:08}{joint}{within:08x}"));
        let rows = db.query(&next, vec![from]).await?.into_iter();
        for mut row in rows {
            found.push(row.text()?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHistory;
    use crate::views::metric_board::MetricBoard;
    use crate::views::{call_history, campaign_board};

    fn over_a_hundred(rows: u64) -> CopyTarget {
        CopyTarget { rows, campaigns: 100 }
    }

    #[tokio::test]
    async fn copies_have_keys_of_their_own_and_are_read_like_the_first() {
        let mut story = TestHistory::new();
        for of in 1..=5 {
            story.whole_call("T", of);
        }
        let (db, _runner) = story.shown_by(call_history::CallHistory).await;
        let views: Vec<Arc<dyn View>> = vec![Arc::new(call_history::CallHistory)];
        let mut last = 0;
        let counts = multiply(db.as_ref(), &views, over_a_hundred(1_003), &mut |_, rows| {
            last = rows;
        })
        .await
        .unwrap();
        assert_eq!((counts, last), (vec![("call_history", 1_000)], 1_000));
        let filter = call_history::CallFilter::default();
        let rows = call_history::list(db.as_ref(), &filter, None, 5).await.unwrap();
        assert_eq!(rows.len(), 5);
        let found = call_history::get(db.as_ref(), rows[0].call)
            .await
            .unwrap()
            .unwrap();
        assert!(found.campaign.as_str().starts_with("T-"), "{}", found.campaign);
    }

    #[tokio::test]
    async fn ids_are_taken_from_first_to_last() {
        let mut story = TestHistory::new();
        for of in 1..=5 {
            story.whole_call("T", of);
        }
        let (db, _runner) = story.shown_by(call_history::CallHistory).await;
        let views: Vec<Arc<dyn View>> = vec![Arc::new(call_history::CallHistory)];
        multiply(db.as_ref(), &views, over_a_hundred(1_000), &mut |_, _| {})
            .await
            .unwrap();
        let ids = spread_ids(db.as_ref(), "call_history", "call", 50).await.unwrap();
        let copies: Vec<&str> = ids.iter().filter_map(|id| id.get(..8)).collect();
        assert!(copies.len() == 50 && copies.is_sorted(), "{copies:?}");
        assert!(copies[0] <= "00000002" && copies[49] >= "00000195", "{copies:?}");
        let found = call_history::get(db.as_ref(), ids[25].parse().unwrap())
            .await
            .unwrap();
        assert!(found.is_some());
    }

    #[tokio::test]
    async fn customers_of_all_campaigns_together_are_the_sum_of_those_of_each() {
        let mut story = TestHistory::new();
        for of in 1..=5 {
            story.enrolled("T", of).whole_call("T", of);
        }
        let (db, _runner) = story.shown_by(MetricBoard).await;
        let views: Vec<Arc<dyn View>> = vec![Arc::new(MetricBoard)];
        multiply(db.as_ref(), &views, over_a_hundred(5_000), &mut |_, _| {})
            .await
            .unwrap();
        let asked = |condition: &str| {
            format!(
                "select cast(sum(count) as bigint) from metric_board_first where term = 'dialed_customers'
                 and hour_at = (select min(hour_at) from metric_board_first) + {HOUR_MICROS} and {condition}"
            )
        };
        let mut sums = Vec::new();
        for condition in ["campaign = ''", "campaign <> ''"] {
            let rows = db.query(&asked(condition), Vec::new()).await.unwrap();
            sums.push(rows.into_iter().next().unwrap().int().unwrap());
        }
        assert_eq!(sums, [500, 500]);
    }

    #[tokio::test]
    async fn sums_are_spread_over_campaigns_and_hours() {
        let mut story = TestHistory::new();
        story.created("T").whole_call("T", 2);
        let (db, _runner) = story.shown_by(campaign_board::CampaignBoard).await;
        let views: Vec<Arc<dyn View>> = vec![Arc::new(campaign_board::CampaignBoard)];
        multiply(db.as_ref(), &views, over_a_hundred(500), &mut |_, _| {})
            .await
            .unwrap();
        let rows = db
            .query(
                "select count(distinct campaign), count(*) from campaign_board_hour",
                Vec::new(),
            )
            .await
            .unwrap();
        let mut row = rows.into_iter().next().unwrap();
        assert_eq!((row.count().unwrap(), row.count().unwrap()), (101, 500));
    }

    #[tokio::test]
    async fn one_campaign_keeps_its_name_and_has_all_copies() {
        let mut story = TestHistory::new();
        for of in 1..=5 {
            story.enrolled("T", of).whole_call("T", of);
        }
        let (db, _runner) = story.shown_by(MetricBoard).await;
        let (calls, _calls_runner) = story.shown_by(call_history::CallHistory).await;
        let wanted = CopyTarget {
            rows: 1_000,
            campaigns: 1,
        };
        let views: Vec<Arc<dyn View>> = vec![Arc::new(call_history::CallHistory)];
        multiply(calls.as_ref(), &views, wanted, &mut |_, _| {})
            .await
            .unwrap();
        let of_one = "select count(*) from call_history where campaign = 'T'";
        let rows = calls.query(of_one, Vec::new()).await.unwrap();
        assert_eq!(rows.into_iter().next().unwrap().count().unwrap(), 1_000);
        // Besides the sums of its hours there are the same sums over all campaigns.
        let views: Vec<Arc<dyn View>> = vec![Arc::new(MetricBoard)];
        multiply(db.as_ref(), &views, wanted, &mut |_, _| {})
            .await
            .unwrap();
        let apart =
            "select count(*) from (select sum(case when campaign = '' then count else 0 end) as of_all,
             sum(case when campaign <> '' then count else 0 end) as of_each
             from metric_board_first group by term, hour_at) as sums where of_all <> of_each";
        let rows = db.query(apart, Vec::new()).await.unwrap();
        assert_eq!(rows.into_iter().next().unwrap().count().unwrap(), 0);
    }
}
