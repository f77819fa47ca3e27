//! Tests that columns that were altered in the database are reported with their positions.

use crate::support::{Database, append, skipped};
use domain::stored_event::Position;
use store::LookupMismatch;

#[tokio::test]
async fn a_column_that_was_altered_is_named_with_its_position() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store = database.store().await;
    append(&store, "a", 0).await.expect("it is stored");
    append(&store, "b", 0).await.expect("it is stored");
    assert_eq!(store.find_misleading().await, Ok(None));
    let client = database.client().await;
    for (column, change, back) in [
        ("stream", "'call-x'", None),
        ("version", "9", None),
        ("id", "gen_random_uuid()", None),
        ("kind", "'call.ended'", None),
        ("campaign", "'T9'", Some("NULL")),
        ("customer", "'c'", Some("NULL")),
    ] {
        let set = |to: &str| format!("UPDATE ledgerline.event SET {column} = {to} WHERE pos = 3");
        let keep = format!("CREATE TABLE kept AS SELECT {column} FROM ledgerline.event WHERE pos = 3");
        client.batch_execute(&keep).await.expect("it is kept");
        client.batch_execute(&set(change)).await.expect("it is altered");
        let named = LookupMismatch::Column(Position(3), column);
        assert_eq!(store.find_misleading().await, Ok(Some(named)), "{column}");
        let back = back.map_or_else(|| set(&format!("(SELECT {column} FROM kept)")), set);
        client.batch_execute(&back).await.expect("it is put back");
        client.batch_execute("DROP TABLE kept").await.expect("it goes");
        assert_eq!(store.find_misleading().await, Ok(None), "{column} put back");
    }
}
