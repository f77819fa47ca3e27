//! The view of published models and their current versions, for the list of models.

use crate::database::{ReadDb, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::ids::ModelId;
use domain::model::ModelEvent;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "model_board";

/// The view of published models.
pub struct ModelBoard;

static TABLES: [Table; 1] = [Table {
    name: "model_board",
    ddl: &[
        "create table model_board (model text primary key, current_version bigint not null, \
          digest text not null, intents bigint not null, pos bigint not null)",
    ],
    key_columns: 1,
}];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[ModelEvent::PUBLISHED]),
};

impl View for ModelBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let ModelEvent::Published {
            model,
            model_version,
            artefact,
            ..
        } = event.read_as::<ModelEvent>()?
        else {
            return Ok(());
        };
        let [table] = &TABLES;
        let row = vec![
            Val::text(&model),
            Val::Int(i64::from(model_version)),
            Val::text(&artefact.digest),
            Val::Int(i64::from(artefact.intents)),
            Val::position(event.position),
        ];
        tx.put(table, row)
    }
}

/// One model in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRow {
    pub model: ModelId,
    pub current_version: u64,
    pub digest: String,
    pub intents: u64,
}

/// Returns the models after `behind` in the order of their names; at most `limit`.
pub async fn list(
    db: &dyn ReadDb,
    behind: Option<&ModelId>,
    limit: usize,
) -> Result<Vec<ModelRow>, ProjectionError> {
    let sql = "select model, current_version, digest, intents from model_board where model > $1 \
               order by model limit $2";
    let values = vec![Val::text(behind.map_or("", ModelId::as_str)), Val::count(limit)];
    let rows = db.query(sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<ModelRow, ProjectionError> {
    Ok(ModelRow {
        model: row.parse()?,
        current_version: row.count()?,
        digest: row.text()?,
        intents: row.count()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHistory;
    use domain::decider::EventData;
    use domain::ids::{CommandId, EventId, StreamId};
    use domain::model::ModelArtifact;

    fn published(model: &str, model_version: u32) -> ModelEvent {
        ModelEvent::Published {
            model: model.parse().unwrap(),
            model_version,
            artefact: ModelArtifact {
                digest: format!("digest {model_version}"),
                size_bytes: 9,
                intents: 27,
            },
            again_of: None,
            four_eyes: None,
        }
    }

    #[tokio::test]
    async fn each_model_is_listed_with_its_last_version() {
        let mut story = TestHistory::new();
        let events = [published("b", 1), published("b", 2), published("a", 1)];
        for (place, event) in events.iter().enumerate() {
            let stream = StreamId::new("model", &"of_a_test");
            let command = CommandId::derive_from_text("told");
            let value = serde_json::to_value(event).unwrap();
            let record = serde_json::json!({
                "id": EventId::derive(command, place), "kind": event.kind(), "version": event.version(),
                "stream": stream, "stream_version": place + 1, "at": "2026-03-02T02:00:00.000000Z",
                "command": command, "data": value["data"],
            });
            story.tell_record(&stream, serde_json::to_vec(&record).unwrap());
        }
        let (db, _runner) = story.shown_by(ModelBoard).await;
        let all = list(db.as_ref(), None, 9).await.unwrap();
        let listed: Vec<_> = all
            .iter()
            .map(|row| (row.model.as_str(), row.current_version, row.digest.as_str()))
            .collect();
        assert_eq!(listed, [("a", 1, "digest 1"), ("b", 2, "digest 2")]);
        let behind: ModelId = "a".parse().unwrap();
        assert_eq!(list(db.as_ref(), Some(&behind), 9).await.unwrap().len(), 1);
    }
}
