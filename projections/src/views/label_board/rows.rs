//! Queries of the turns: the next ones for a labeler, those that match a filter, and settled ones in the
//! order of their ids.

use super::BETWEEN_NAMES;
use crate::database::{ReadDb, Select};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::disposition::InterestLevel;
use domain::ids::{CampaignId, CustomerId};
use domain::label::{Meaning, Sentiment, TurnId};
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::num::NonZeroUsize;

const COLUMNS: &str = "select turn, campaign, customer, why, node, intent, score, said_at, labels, labelled_by, \
    open_by, open_until, settled_at, settled_by, meaning, settled_intent, sentiment, interest, pos \
    from label_board";

/// One turn with its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRow {
    pub turn: TurnId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    /// Why the turn is to be labeled: to_confirm, abstained, unclear, misheard, misunderstood or chosen.
    pub why: String,
    pub node: Option<String>,
    /// The most likely intent of the reading.
    pub intent: Option<String>,
    pub score_permille: Option<u64>,
    pub said_at: Option<Timestamp>,
    /// Number of labels given.
    pub labels: u64,
    pub labelled_by: Vec<String>,
    pub open_by: Option<String>,
    pub open_until: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    pub settled_by: Option<String>,
    pub meaning: Option<Meaning>,
    pub settled_intent: Option<String>,
    pub sentiment: Option<Sentiment>,
    pub interest: Option<InterestLevel>,
    pub position: Position,
}

/// The state by which turns are filtered: waiting for labels, or settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnState {
    Waiting,
    Settled,
}

/// Selects turns; all given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct LabelFilter {
    pub campaign: Option<CampaignId>,
    pub state: Option<TurnState>,
}

/// Returns the turns that match the filter and have positions below `below`, the newest first; at most
/// `limit`.
pub async fn list(
    db: &dyn ReadDb,
    filter: &LabelFilter,
    below: Option<Position>,
    limit: usize,
) -> Result<Vec<LabelRow>, ProjectionError> {
    let select = Select::new(COLUMNS)
        .when("campaign =", filter.campaign.as_ref().map(Val::text))
        .when("pos <", below.map(Val::position));
    let select = match filter.state {
        None => select,
        Some(TurnState::Waiting) => select.when("coalesce(settled_at, -1) <", Some(Val::Int(0))),
        Some(TurnState::Settled) => select.when("settled_at >=", Some(Val::Int(0))),
    };
    let (sql, values) = select.limited("pos desc", limit);
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

/// Returns turns for a user to label: first those that others have labeled, then the least certain. Turns
/// that this user has labeled, or that are open at another user until later than `now`, are left out.
pub async fn next(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
    by: &str,
    now: Timestamp,
    limit: NonZeroUsize,
) -> Result<Vec<LabelRow>, ProjectionError> {
    let (sql, values) = Select::new(COLUMNS)
        .when("campaign =", campaign.map(Val::text))
        .when_all(
            Some([Val::text(by), Val::at(now), Val::text(name_between(by))]),
            |[by, now, name]| {
                format!(
                    "settled_at is null and (open_by is null or open_by = {by} or open_until <= {now}) \
                     and replace(labelled_by, {name}, '') = labelled_by"
                )
            },
        )
        .limited(
            "labels desc, case why when 'misheard' then 0 when 'misunderstood' then 0 else 1 end, \
             coalesce(score, 0), pos desc",
            limit.get(),
        );
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

/// Returns the settled turns after `behind` in the order of their ids, of a campaign or of all; at most
/// `limit`.
pub async fn list_settled(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
    behind: Option<&TurnId>,
    limit: usize,
) -> Result<Vec<LabelRow>, ProjectionError> {
    let (sql, values) = Select::new(COLUMNS)
        .when("campaign =", campaign.map(Val::text))
        .when(
            "settled_at is not null and turn >",
            Some(behind.map_or_else(|| Val::text(""), Val::text)),
        )
        .limited("turn", limit);
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

/// Returns one turn; `None` if it is not in the view.
pub async fn get(db: &dyn ReadDb, turn: &TurnId) -> Result<Option<LabelRow>, ProjectionError> {
    let (sql, values) = Select::new(COLUMNS)
        .when("turn =", Some(Val::text(turn)))
        .limited("turn", 1);
    let mut rows = db.query(&sql, values).await?;
    rows.pop().map(read_row).transpose()
}

/// Returns a name between separators, as it occurs in the list of labelers.
fn name_between(by: &str) -> String {
    format!("{BETWEEN_NAMES}{by}{BETWEEN_NAMES}")
}

fn read_row(mut row: Row) -> Result<LabelRow, ProjectionError> {
    Ok(LabelRow {
        turn: row.parse()?,
        campaign: row.parse()?,
        customer: row.parse()?,
        why: row.text()?,
        node: row.maybe_text()?,
        intent: row.maybe_text()?,
        score_permille: row.maybe_count()?,
        said_at: row.maybe_at()?,
        labels: row.count()?,
        labelled_by: {
            let names = row.text()?;
            let names = names.split(BETWEEN_NAMES).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        },
        open_by: row.maybe_text()?,
        open_until: row.maybe_at()?,
        settled_at: row.maybe_at()?,
        settled_by: row.maybe_text()?,
        meaning: row.maybe_text()?.as_deref().and_then(Meaning::from_code),
        settled_intent: row.maybe_text()?,
        sentiment: row.maybe_text()?.as_deref().and_then(Sentiment::from_code),
        interest: row.maybe_text()?.as_deref().and_then(InterestLevel::from_code),
        position: row.position()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::LabelBoard;
    use super::*;
    use crate::testing::TestHistory;
    use domain::decider::EventData;
    use domain::ids::{CommandId, EventId, StreamId};
    use domain::label::{LabelEvent, LabelValue, LabeledTurn, SettledBy};

    const CALL: &str = "308b38fa-b3fa-59e5-b685-93b305968d97";
    const PERSON: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

    /// Builds events of generated streams, each with the next version of its stream.
    struct LabelHistory(TestHistory, u64);

    impl LabelHistory {
        fn tell(&mut self, stream: &str, version: u64, kind: &str, data: &serde_json::Value) {
            self.1 += 1;
            let stream = StreamId::from_stored(stream.to_owned());
            let command = CommandId::derive_from_text(&format!("told {}", self.1));
            let record = serde_json::json!({
                "id": EventId::derive(command, 0), "kind": kind, "version": 1, "stream": stream,
                "stream_version": version, "at": "2026-03-02T02:00:00.000000Z", "command": command,
                "campaign": "A", "customer": PERSON, "data": data,
            });
            self.0.tell_record(&stream, serde_json::to_vec(&record).unwrap());
        }

        fn understood(&mut self, version: u64, certainty: &str, score: u16) {
            let data = serde_json::json!({
                "node": "报价", "intent": "ask_fee", "certainty": certainty, "read_by": "model",
                "candidates": [{ "intent": "ask_fee", "score_permille": score }],
            });
            self.tell(&format!("call-{CALL}"), version, "call.understood", &data);
        }

        fn labelled(&mut self, event: &LabelEvent) {
            let value = serde_json::to_value(event).unwrap();
            let turn = event.turn().turn;
            let place = self.1 + 1;
            self.tell(&format!("label-{turn}"), place, event.kind(), &value["data"]);
        }
    }

    fn of(version: u64) -> LabeledTurn {
        LabeledTurn {
            turn: format!("call.{CALL}.{version}").parse().unwrap(),
            campaign: "A".parse().unwrap(),
            customer: PERSON.parse().unwrap(),
        }
    }

    fn says() -> LabelValue {
        LabelValue {
            meaning: Meaning::Intent,
            intent: Some("ask_fee".to_owned()),
            sentiment: None,
            interest: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    async fn places(db: &dyn ReadDb, by: &str, now: Timestamp) -> Vec<u64> {
        let rows = next(db, None, by, now, NonZeroUsize::new(9).unwrap())
            .await
            .unwrap();
        rows.iter().map(|row| row.turn.version.0).collect()
    }

    #[tokio::test]
    async fn doubtful_turns_wait_for_people_who_did_not_label_them_until_they_are_settled() {
        let mut history = LabelHistory(TestHistory::new(), 0);
        history.understood(3, "accepted", 970);
        history.understood(5, "to_confirm", 600);
        history.understood(8, "abstained", 200);
        history.understood(11, "back_channel", 0);
        let unclear = serde_json::json!({
            "node": "报价", "rule": "nodes.报价.on_unclear.say[0]",
            "explanation": { "input": "spoken", "rung": 1, "reading": {
                "certainty": "accepted", "read_by": "model",
                "candidates": [{ "intent": "ask_fee", "score_permille": 910 }] } },
        });
        history.tell(&format!("call-{CALL}"), 14, "call.decided", &unclear);
        let until = at("2026-03-02T03:00:00Z");
        history.labelled(&LabelEvent::Opened {
            turn: of(8),
            by: "li".to_owned(),
            until,
        });
        history.labelled(&LabelEvent::Added {
            turn: of(5),
            by: "wang".to_owned(),
            says: says(),
        });
        let (db, _runner) = history.0.shown_by(LabelBoard).await;
        let db = db.as_ref();
        let now = at("2026-03-02T02:30:00Z");
        assert_eq!(places(db, "li", now).await, [5, 8, 13]);
        assert_eq!(places(db, "wang", now).await, [13]);
        assert_eq!(places(db, "wang", until).await, [8, 13]);
        // A name that is the start of another name is a different name.
        assert_eq!(places(db, "wan", until).await, [5, 8, 13]);
        history.labelled(&LabelEvent::Settled {
            turn: of(5),
            says: says(),
            settled_by: SettledBy::Agreed,
            people: 2,
        });
        let (db, _runner) = history.0.shown_by(LabelBoard).await;
        let rows = list_settled(db.as_ref(), None, None, 9).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].settled_intent.as_deref(), Some("ask_fee"));
        let filter = LabelFilter {
            state: Some(TurnState::Waiting),
            ..LabelFilter::default()
        };
        assert_eq!(list(db.as_ref(), &filter, None, 9).await.unwrap().len(), 2);
        // An erased customer has no rows.
        let erased = serde_json::json!({});
        history.tell(&format!("customer-{PERSON}"), 1, "customer.erased", &erased);
        let (db, _runner) = history.0.shown_by(LabelBoard).await;
        let all = list(db.as_ref(), &LabelFilter::default(), None, 9).await.unwrap();
        assert!(all.is_empty(), "{all:?}");
    }
}
