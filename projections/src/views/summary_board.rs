//! The view of summaries of answered calls and closed text conversations, with what can be counted: outcome,
//! intent, interest, follow-up. It holds no words: texts and slots stay sealed in the log.

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::call_course::TurnCounts;
use domain::calling_plan::FlowRef;
use domain::disposition::Outcome;
use domain::ids::{CallId, CampaignId, ConversationId, CustomerId};
use domain::stored_event::Position;
use domain::summary::{FollowUp, Interest, SummaryEvent, SummaryFact, TextSummaryFact};

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "summary_board";

/// The view of summaries.
pub struct SummaryBoard;

static TABLES: [Table; 2] = [CALLS, TEXTS];

const CALLS: Table = Table {
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
};

const TEXTS: Table = Table {
    name: "text_summary_board",
    ddl: &[
        "create table text_summary_board (conversation text not null, campaign text not null,
        customer text not null, flow text not null, flow_version bigint not null, channel text not null,
        closed_at bigint not null, reason text not null, outcome text, intent text, interest text,
        interest_rule text, follow_up text not null, follow_up_reason text not null,
        heard_count bigint not null, pos bigint not null, primary key (conversation))",
        "create index text_summary_board_campaign on text_summary_board (campaign, closed_at)",
    ],
    key_columns: 1,
};

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 2,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[SummaryEvent::RECORDED, SummaryEvent::TEXT_RECORDED]),
};

impl View for SummaryBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let [calls, texts] = &TABLES;
        match event.read_as()? {
            SummaryEvent::Recorded(fact) => {
                let call: CallId = event.stream_id()?;
                tx.put(calls, of_call(call, &fact, event.position))
            }
            SummaryEvent::TextRecorded(fact) => {
                let conversation: ConversationId = event.stream_id()?;
                tx.put(texts, of_text(conversation, &fact, event.position))
            }
            SummaryEvent::WordingAsked(_) | SummaryEvent::Worded(_) | SummaryEvent::WordingFailed(_) => {
                Ok(())
            }
        }
    }
}

fn of_call(call: CallId, fact: &SummaryFact, position: Position) -> Vec<Val> {
    let mut row = first_columns(Val::text(call), &fact.campaign, &fact.customer, &fact.flow);
    row.extend([
        Val::at(fact.ended_at),
        Val::count(fact.talk_ms),
        Val::text(fact.disposition.code()),
    ]);
    row.extend(came_to(fact.outcome, fact.intent.as_ref(), fact.interest));
    row.extend(led_to(fact.follow_up, &fact.turns, position));
    row
}

fn of_text(conversation: ConversationId, fact: &TextSummaryFact, position: Position) -> Vec<Val> {
    let mut row = first_columns(
        Val::text(conversation),
        &fact.campaign,
        &fact.customer,
        &fact.flow,
    );
    row.extend([
        Val::text(fact.channel.code()),
        Val::at(fact.closed_at),
        Val::text(fact.reason.code()),
    ]);
    row.extend(came_to(fact.outcome, fact.intent.as_ref(), fact.interest));
    row.extend(led_to(fact.follow_up, &fact.turns, position));
    row
}

/// Returns the columns with which both kinds of rows begin: key, campaign, customer, flow and its version.
fn first_columns(key: Val, campaign: &CampaignId, customer: &CustomerId, flow: &FlowRef) -> Vec<Val> {
    let flow = [Val::text(&flow.flow), Val::count(flow.version)];
    [key, Val::text(campaign), Val::text(customer)]
        .into_iter()
        .chain(flow)
        .collect()
}

fn came_to(outcome: Option<Outcome>, intent: Option<&String>, interest: Option<Interest>) -> [Val; 4] {
    [
        Val::maybe_text(outcome.map(|outcome| outcome.code())),
        Val::maybe_text(intent),
        Val::maybe_text(interest.map(|interest| interest.level.code())),
        Val::maybe_text(interest.map(|interest| interest.rule.code())),
    ]
}

fn led_to(follow_up: FollowUp, turns: &TurnCounts, position: Position) -> [Val; 4] {
    [
        Val::text(follow_up.action.code()),
        Val::text(follow_up.reason.code()),
        Val::count(turns.heard_count),
        Val::position(position),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHistory;
    use domain::ids::StreamId;

    #[tokio::test]
    async fn a_summary_is_a_row_without_words() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/events/summary/summary.recorded.v1.json"
        );
        let mut story = TestHistory::new();
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

    #[tokio::test]
    async fn a_conversation_in_text_has_a_row_of_its_own() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../fixtures/events/summary/summary.text_recorded.v1.json"
        );
        let record = std::fs::read(path).unwrap();
        let stored: serde_json::Value = serde_json::from_slice(&record).unwrap();
        let stream = stored["stream"].as_str().unwrap().to_owned();
        let mut story = TestHistory::new();
        story.tell_record(&StreamId::from_stored(stream.clone()), record);
        let (db, _runner) = story.shown_by(SummaryBoard).await;
        let sql = "select conversation, channel, reason, follow_up from text_summary_board";
        let mut rows = db.query(sql, Vec::new()).await.unwrap();
        let mut row = rows.remove(0);
        let found = [(); 4].map(|()| row.text().unwrap());
        let data = &stored["data"];
        let expected = [
            stream.strip_prefix("summary-").unwrap(),
            data["channel"].as_str().unwrap(),
            data["reason"].as_str().unwrap(),
            data["follow_up"]["action"].as_str().unwrap(),
        ];
        assert_eq!(found, expected);
        let calls = db
            .query("select call from summary_board", Vec::new())
            .await
            .unwrap();
        assert!(calls.is_empty());
    }
}
