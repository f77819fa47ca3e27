//! The view of published flows and their current versions, for the list of flows.

use crate::database::{ReadDb, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::flow::event::FlowEvent;
use domain::ids::FlowId;
use domain::stored_event::Position;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "flow_board";

/// The view of published flows.
pub struct FlowBoard;

static TABLES: [Table; 1] = [Table {
    name: "flow_board",
    ddl: &[
        "create table flow_board (flow text primary key, current_version bigint not null, \
          versions bigint not null, content_hash text not null, pos bigint not null)",
    ],
    key_columns: 1,
}];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[FlowEvent::PUBLISHED, FlowEvent::ROLLED_BACK]),
};

impl View for FlowBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let AnyEvent::Flow(fact) = event.event()? else {
            return Ok(());
        };
        let at = Val::position(event.position);
        match fact {
            FlowEvent::Published {
                flow,
                flow_version,
                content_hash,
                ..
            } => {
                let [table] = &TABLES;
                let version = i64::from(*flow_version);
                let row = vec![
                    Val::text(flow),
                    Val::Int(version),
                    Val::Int(version),
                    Val::text(content_hash),
                    at,
                ];
                tx.put(table, row)
            }
            FlowEvent::RolledBack {
                flow,
                to_version,
                content_hash,
                ..
            } => {
                let sql = "update flow_board set current_version = $2, content_hash = $3, pos = $4 \
                           where flow = $1";
                let values = [
                    Val::text(flow),
                    Val::Int(i64::from(*to_version)),
                    Val::text(content_hash),
                    at,
                ];
                tx.exec(sql, &values)?;
                Ok(())
            }
        }
    }
}

/// One flow in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow {
    pub flow: FlowId,
    pub current_version: u64,
    pub versions: u64,
    pub content_hash: String,
    /// The position of the event that made this version current.
    pub position: Position,
}

/// Returns the flows after `behind` in the order of their names; at most `limit`.
pub async fn list(
    db: &dyn ReadDb,
    behind: Option<&FlowId>,
    limit: usize,
) -> Result<Vec<FlowRow>, ProjectionError> {
    let sql = "select flow, current_version, versions, content_hash, pos from flow_board where flow > $1 \
               order by flow limit $2";
    let values = vec![Val::text(behind.map_or("", FlowId::as_str)), Val::count(limit)];
    let rows = db.query(sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<FlowRow, ProjectionError> {
    Ok(FlowRow {
        flow: row.parse()?,
        current_version: row.count()?,
        versions: row.count()?,
        content_hash: row.text()?,
        position: row.position()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHistory;
    use domain::decider::EventData;
    use domain::ids::{CommandId, EventId, StreamId};

    fn tell(story: &mut TestHistory, place: usize, event: &FlowEvent) {
        let stream = StreamId::new("flow", &"of_a_test");
        let command = CommandId::derive_from_text("told");
        let value = serde_json::to_value(event).unwrap();
        let record = serde_json::json!({
            "id": EventId::derive(command, place), "kind": event.kind(), "version": event.version(),
            "stream": stream, "stream_version": place + 1, "at": "2026-03-02T02:00:00.000000Z",
            "command": command, "data": value["data"],
        });
        story.tell_record(&stream, serde_json::to_vec(&record).unwrap());
    }

    fn published(flow: &str, flow_version: u32) -> FlowEvent {
        FlowEvent::Published {
            flow: flow.parse().unwrap(),
            flow_version,
            content_hash: format!("hash {flow_version}"),
            definition: serde_json::json!({}),
            four_eyes: None,
        }
    }

    #[tokio::test]
    async fn each_flow_is_listed_with_its_current_version() {
        let mut story = TestHistory::new();
        let back = FlowEvent::RolledBack {
            flow: "b".parse().unwrap(),
            from_version: 2,
            to_version: 1,
            content_hash: "hash 1".to_owned(),
            reason: None,
            four_eyes: None,
        };
        let events = [published("b", 1), published("b", 2), back, published("a", 1)];
        for (place, event) in events.iter().enumerate() {
            tell(&mut story, place, event);
        }
        let (db, _runner) = story.shown_by(FlowBoard).await;
        let all = list(db.as_ref(), None, 9).await.unwrap();
        let listed: Vec<_> = all
            .iter()
            .map(|row| {
                (
                    row.flow.as_str(),
                    row.current_version,
                    row.versions,
                    row.content_hash.as_str(),
                )
            })
            .collect();
        assert_eq!(listed, [("a", 1, 1, "hash 1"), ("b", 1, 2, "hash 1")]);
        let behind: FlowId = "a".parse().unwrap();
        assert_eq!(list(db.as_ref(), Some(&behind), 9).await.unwrap().len(), 1);
        assert_eq!(list(db.as_ref(), None, 1).await.unwrap().len(), 1);
    }
}
