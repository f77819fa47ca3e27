//! What answered calls came to, by what can be counted: intent, interest, what may follow. No word stands
//! here: text and slots stay sealed in the log.

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{Handles, View, ViewDefinition, ViewEvent};
use domain::ids::CallId;
use domain::summary::SummaryEvent;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "summary_board";

/// See the file's description.
pub struct SummaryBoard;

static TABLES: [Table; 1] = [Table {
    name: "summary_board",
    ddl: &[
        "create table summary_board (call text not null, campaign text not null, customer text not null,
        flow text not null, flow_version bigint not null, ended_at bigint not null, talk_ms bigint not null,
        disposition text not null, outcome text, intent text, interest text, interest_rule text,
        follow_up text not null, follow_up_reason text not null, heard_count bigint not null,
        pos bigint not null, primary key (call))",
        "create index summary_board_campaign on summary_board (campaign, ended_at)",
    ],
    key_columns: 1,
}];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: Handles::Kinds(&[SummaryEvent::RECORDED]),
};

impl View for SummaryBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let call: CallId = event.stream_id()?;
        let SummaryEvent::Recorded(fact) = event.read_as()? else {
            return Ok(());
        };
        let [table] = &TABLES;
        let interest = fact.interest;
        let row = vec![
            Val::text(call),
            Val::text(&fact.campaign),
            Val::text(&fact.customer),
            Val::text(&fact.flow.flow),
            Val::count(fact.flow.version),
            Val::at(fact.ended_at),
            Val::count(fact.talk_ms),
            Val::text(fact.disposition.code()),
            Val::maybe_text(fact.outcome.map(|outcome| outcome.code())),
            Val::maybe_text(fact.intent.as_ref()),
            Val::maybe_text(interest.map(|interest| interest.level.code())),
            Val::maybe_text(interest.map(|interest| interest.rule.code())),
            Val::text(fact.follow_up.action.code()),
            Val::text(fact.follow_up.reason.code()),
            Val::count(fact.turns.heard_count),
            Val::position(event.position),
        ];
        tx.put(table, row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Story;
    use domain::ids::StreamId;

    #[tokio::test]
    async fn a_summary_is_a_row_without_words() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/events/summary/summary.recorded.v1.json"
        );
        let mut story = Story::new();
        let stream = StreamId::from_stored("summary-308b38fa-b3fa-59e5-b685-93b305968d97".to_owned());
        story.tell_record(&stream, std::fs::read(path).unwrap());
        let (db, _runner) = story.shown_by(SummaryBoard).await;
        let sql = "select campaign, intent, interest, follow_up, heard_count from summary_board";
        let mut rows = db.query(sql, Vec::new()).await.unwrap();
        let mut row = rows.remove(0);
        let mut texts = || row.text().unwrap();
        let found = [texts(), texts(), texts(), texts()];
        assert_eq!(found, ["LOAN_REMIND_20231101", "affirm", "high", "send_message"]);
        assert_eq!((row.count().unwrap(), rows.len()), (3, 0));
        let all = db.query("select * from summary_board", Vec::new()).await.unwrap();
        assert!(!format!("{all:?}").contains("sealed"));
    }
}
