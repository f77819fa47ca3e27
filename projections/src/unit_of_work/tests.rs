//! Buffered rows read like written ones, and an event that the database refuses late parks
//! its view before that event.

use super::UnitOfWork;
use crate::database::{ReadDb, RowAction, Table, Tx, transact};
use crate::error::ProjectionError;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
use crate::testing::{TestHistory, rows_of, steps};
use crate::value::Val;
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::stored_event::Position;
use std::sync::Arc;

const COUNTS: Table = Table {
    name: "tally_count",
    ddl: &[
        "create table tally_count (what text not null, which bigint not null, count bigint not null,
        note text, primary key (what, which))",
    ],
    key_columns: 2,
};
const LINES: Table = Table {
    name: "tally_line",
    ddl: &["create table tally_line (line bigint primary key, what text not null)"],
    key_columns: 1,
};
const TABLES: &[Table] = &[COUNTS, LINES];

async fn empty_db() -> SqliteReadDb {
    let db = SqliteReadDb::open_inline().unwrap();
    let made = transact(&db, |tx| {
        let statements = TABLES.iter().flat_map(|table| table.ddl);
        statements
            .copied()
            .try_for_each(|sql| tx.exec(sql, &[]).map(drop))
    });
    made.await.unwrap();
    db
}

/// Runs one random operation of a view on the transaction, and returns what it read.
fn act(tx: &mut dyn Tx, number: u64, line: i64) -> Result<Vec<Val>, ProjectionError> {
    let key = [
        Val::text(["a", "b", "c"][usize::try_from(number % 3).unwrap()]),
        Val::count(number % 5),
    ];
    let row = |count: i64| {
        let mut row = key.to_vec();
        row.extend([Val::Int(count), Val::Null]);
        row
    };
    match number / 64 % 12 {
        0..=2 => tx.put(&COUNTS, row(line)).map(|()| Vec::new()),
        3 | 4 => tx.write_rows(&COUNTS, &[], &[key.to_vec()]).map(|()| Vec::new()),
        5 => Ok(tx.row(&COUNTS, &key)?.unwrap_or_default()),
        6 => Ok(vec![Val::Bool(tx.has(&COUNTS, &key)?)]),
        7 | 8 => {
            let done = tx.edit(&COUNTS, &key, &mut |row| {
                row[2] = Val::Int(line + 1);
                row[3] = Val::text("edited");
                Ok(if line % 3 == 0 {
                    RowAction::Remove
                } else {
                    RowAction::Write
                })
            })?;
            Ok(vec![Val::text(format!("{done:?}"))])
        }
        9 => tx
            .append_row(&LINES, vec![Val::Int(line), key[0].clone()])
            .map(|()| Vec::new()),
        10 => {
            let sql = "update tally_count set count = count + 1 where what = $1";
            Ok(vec![Val::count(tx.exec(sql, &key[..1])?)])
        }
        _ => {
            let sql = "select cast(sum(count) as bigint), count(*) from tally_count where what = $1";
            Ok(tx
                .query(sql, &key[..1])?
                .into_iter()
                .flat_map(crate::value::Row::rest)
                .collect())
        }
    }
}

#[tokio::test]
async fn kept_rows_read_and_end_as_written_ones() {
    for seed in 0..40 {
        let (kept, written) = (empty_db().await, empty_db().await);
        let numbers: Vec<u64> = steps(seed).take(400).collect();
        let mut line = 0;
        for numbers in numbers.chunks(57) {
            let (first, batch) = (line, numbers.to_vec());
            line += i64::try_from(batch.len()).unwrap();
            let again = batch.clone();
            let answers = transact(&kept, move |tx| {
                let mut unit = UnitOfWork::new(tx, TABLES);
                let ahead = [("a", 1), ("b", 2), ("c", 9)];
                unit.read_ahead(
                    ahead
                        .map(|(what, which)| (&COUNTS, vec![Val::text(what), Val::Int(which)]))
                        .to_vec(),
                )?;
                let outcomes: Result<Vec<_>, _> = (first..)
                    .zip(batch)
                    .map(|(line, number)| act(&mut unit, number, line))
                    .collect();
                unit.hand_over()?;
                outcomes
            });
            let expected = transact(&written, move |tx| {
                (first..)
                    .zip(again)
                    .map(|(line, number)| act(tx, number, line))
                    .collect::<Result<Vec<_>, _>>()
            });
            assert_eq!(answers.await, expected.await, "seed {seed}");
        }
        assert_eq!(
            rows_of(&kept, TABLES).await,
            rows_of(&written, TABLES).await,
            "seed {seed}"
        );
    }
}

/// A view that inserts one row per kind. Its second event of a kind cannot be applied, which only the
/// database finds out.
struct OncePerKindView;

impl View for OncePerKindView {
    fn definition(&self) -> ViewDefinition {
        ViewDefinition {
            name: "tally",
            version: 1,
            tables: TABLES,
            handles: HandledKinds::Kinds(&["campaign.created", "customer.enrolled", "call.ended"]),
        }
    }
    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let line = i64::try_from(event.envelope.kind.len()).unwrap();
        tx.append_row(&LINES, vec![Val::Int(line), Val::text(&event.envelope.kind)])
    }
}

#[tokio::test]
async fn what_the_database_refuses_with_the_batch_parks_the_view_before_its_event() {
    let mut story = TestHistory::new();
    story.created("T").enrolled("T", 1);
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
    let mut runner = InlineRunner::begin(Arc::clone(&db), vec![Arc::new(OncePerKindView)])
        .await
        .unwrap();
    runner.apply_page(&story.events).await.unwrap();
    // In the next batch, two good events before the bad one and some after it.
    let applied_count = story.events.len();
    let id = crate::testing::call("T", 1, 1);
    story.ended(id, domain::disposition::Disposition::Busy, None, 0);
    let good = story.head();
    story.enrolled("T", 2).enrolled("T", 3);
    runner.apply_page(&story.events[applied_count..]).await.unwrap();
    let row = runner.progress().checkpoints().remove(0);
    assert_eq!(row.position, good);
    assert_eq!(
        row.parked.map(|(position, _)| position),
        Some(Position(good.0 + 1))
    );
    assert_eq!(rows_of(db.as_ref(), &TABLES[1..]).await.len(), 3);
}
