//! The view of published knowledge bases and their current versions, for the list of knowledge bases.

use crate::database::{ReadDb, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::ids::KnowledgeId;
use domain::knowledge::KnowledgeEvent;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "knowledge_board";

/// The view of published knowledge bases.
pub struct KnowledgeBoard;

static TABLES: [Table; 1] = [Table {
    name: "knowledge_board",
    ddl: &[
        "create table knowledge_board (knowledge text primary key, current_version bigint not null, \
          content_hash text not null, pos bigint not null)",
    ],
    key_columns: 1,
}];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[KnowledgeEvent::PUBLISHED]),
};

impl View for KnowledgeBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let KnowledgeEvent::Published {
            knowledge,
            knowledge_version,
            content_hash,
            ..
        } = event.read_as::<KnowledgeEvent>()?
        else {
            return Ok(());
        };
        let [table] = &TABLES;
        let row = vec![
            Val::text(&knowledge),
            Val::Int(i64::from(knowledge_version)),
            Val::text(&content_hash),
            Val::position(event.position),
        ];
        tx.put(table, row)
    }
}

/// One knowledge base in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeRow {
    pub knowledge: KnowledgeId,
    pub current_version: u64,
    pub content_hash: String,
}

/// Returns the knowledge bases after `behind` in the order of their names; at most `limit`.
pub async fn list(
    db: &dyn ReadDb,
    behind: Option<&KnowledgeId>,
    limit: usize,
) -> Result<Vec<KnowledgeRow>, ProjectionError> {
    let sql = "select knowledge, current_version, content_hash from knowledge_board where knowledge > $1 \
               order by knowledge limit $2";
    let values = vec![
        Val::text(behind.map_or("", KnowledgeId::as_str)),
        Val::count(limit),
    ];
    let rows = db.query(sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<KnowledgeRow, ProjectionError> {
    Ok(KnowledgeRow {
        knowledge: row.parse()?,
        current_version: row.count()?,
        content_hash: row.text()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHistory;
    use domain::decider::EventData;
    use domain::ids::{CommandId, EventId, StreamId};

    fn published(knowledge: &str, knowledge_version: u32) -> KnowledgeEvent {
        KnowledgeEvent::Published {
            knowledge: knowledge.parse().unwrap(),
            knowledge_version,
            content_hash: format!("hash {knowledge_version}"),
            from_version: None,
            four_eyes: None,
        }
    }

    #[tokio::test]
    async fn each_base_is_listed_with_its_last_published_version() {
        let mut story = TestHistory::new();
        let events = [published("b", 2), published("b", 1), published("a", 3)];
        for (place, event) in events.iter().enumerate() {
            let stream = StreamId::new("knowledge", &"of_a_test");
            let command = CommandId::derive_from_text("told");
            let value = serde_json::to_value(event).unwrap();
            let record = serde_json::json!({
                "id": EventId::derive(command, place), "kind": event.kind(), "version": event.version(),
                "stream": stream, "stream_version": place + 1, "at": "2026-03-02T02:00:00.000000Z",
                "command": command, "data": value["data"],
            });
            story.tell_record(&stream, serde_json::to_vec(&record).unwrap());
        }
        let (db, _runner) = story.shown_by(KnowledgeBoard).await;
        let all = list(db.as_ref(), None, 9).await.unwrap();
        let listed: Vec<_> = all
            .iter()
            .map(|row| {
                (
                    row.knowledge.as_str(),
                    row.current_version,
                    row.content_hash.as_str(),
                )
            })
            .collect();
        assert_eq!(listed, [("a", 3, "hash 3"), ("b", 1, "hash 1")]);
        let behind: KnowledgeId = "a".parse().unwrap();
        assert_eq!(list(db.as_ref(), Some(&behind), 9).await.unwrap().len(), 1);
    }
}
