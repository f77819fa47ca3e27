//! Replies about turns: one to label with its words, and lists without words.

use super::turns::HeardTurn;
use crate::installation::Installation;
use actors::Answer;
use domain::calling_plan::FlowRef;
use domain::disposition::InterestLevel;
use domain::ids::CampaignId;
use domain::label::{Label, LabelState, LabelValue, LabeledTurn, Meaning, Sentiment, SettledBy, TurnId};
use domain::problem::Problem;
use domain::spoken_turn::{Certainty, IntentCandidate};
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::label_board::{self, LabelFilter, LabelRow};
use schemars::JsonSchema;
use serde::Serialize;

/// The next turn for a reviewer; null if none waits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NextTurnResponse {
    pub turn: Option<ReservedTurnResponse>,
}

/// A turn that is reserved for a reviewer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReservedTurnResponse {
    pub turn: TurnId,
    pub campaign: CampaignId,
    /// The callee's words, masked.
    #[schemars(example = &"那个利息怎么算的呀")]
    pub text: String,
    /// The flow node at which it was said.
    #[schemars(example = &"报价")]
    pub node: String,
    /// Our question before the turn, as the flow has it.
    #[schemars(example = &"您看分几期合适?")]
    pub asked: Option<String>,
    #[serde(skip)]
    pub asked_at: Option<(String, Option<String>)>,
    #[serde(skip)]
    pub flow: Option<FlowRef>,
    pub certainty: Certainty,
    /// The intents that were recognized, best first.
    pub candidates: Vec<IntentCandidate>,
    /// Why it needs a label: to_confirm, abstained, unclear, misheard, misunderstood or chosen.
    #[schemars(example = &"abstained")]
    pub why: String,
    pub said_at: Timestamp,
    /// Number of labels by other reviewers.
    pub labels: u64,
    /// The turn is reserved until this time.
    pub open_until: Option<Timestamp>,
}

impl ReservedTurnResponse {
    pub(super) fn of(row: &LabelRow, heard: HeardTurn, open_until: Option<Timestamp>) -> Self {
        Self {
            turn: row.turn,
            campaign: row.campaign.clone(),
            text: heard.text,
            node: heard.understood.node,
            asked: None,
            asked_at: heard.asked,
            flow: heard.flow,
            certainty: heard.understood.reading.certainty,
            candidates: heard.understood.reading.candidates,
            why: row.why.clone(),
            said_at: heard.said_at,
            labels: row.labels,
            open_until,
        }
    }
}

/// The labels of a turn.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TurnLabelsResponse {
    pub turn: TurnId,
    pub campaign: CampaignId,
    /// Number of reviewers who labelled it.
    pub labels: u64,
    /// The final label, once it is settled.
    pub settled: Option<FinalLabel>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// The final label of a turn.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FinalLabel {
    #[serde(flatten)]
    pub says: LabelValue,
    pub settled_by: Option<SettledBy>,
    pub settled_by_zh: Option<&'static str>,
}

impl TurnLabelsResponse {
    /// Returns the labels of a turn after a command.
    pub fn of(turn: &LabeledTurn, answer: &Answer<Label>) -> Self {
        let state: &LabelState = &answer.state;
        Self {
            turn: turn.turn,
            campaign: turn.campaign.clone(),
            labels: state.labels().len() as u64,
            settled: state.settled().map(|(says, settled_by)| FinalLabel {
                says: says.clone(),
                settled_by: Some(*settled_by),
                settled_by_zh: Some(settled_by.label_zh()),
            }),
            position: answer.position,
        }
    }
}

/// A page of turns to label, without their words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Labels {
    pub items: Vec<LabelListed>,
}

/// One turn in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LabelListed {
    pub turn: TurnId,
    pub campaign: CampaignId,
    #[schemars(example = &"abstained")]
    pub why: String,
    #[schemars(example = &"报价")]
    pub node: Option<String>,
    /// The best intent that was recognized in the turn.
    #[schemars(example = &"ask_fee")]
    pub intent: Option<String>,
    pub score_permille: Option<u64>,
    pub said_at: Option<Timestamp>,
    pub labels: u64,
    /// The users who labelled it.
    #[schemars(example = ["wang"])]
    pub labelled_by: Vec<String>,
    pub open_by: Option<String>,
    pub open_until: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    #[schemars(example = &"agreed")]
    pub settled_by: Option<String>,
    pub meaning: Option<Meaning>,
    #[schemars(example = &"ask_fee")]
    pub settled_intent: Option<String>,
    pub sentiment: Option<Sentiment>,
    pub interest: Option<InterestLevel>,
    /// Place of the turn in the list, for the next page.
    #[serde(skip)]
    pub place: Position,
}

/// Returns at most `limit` turns that match the filter, newest first, from the position `below` downwards.
/// Their words are not included.
pub async fn labels(
    installation: &Installation,
    filter: &LabelFilter,
    below: Option<Position>,
    limit: usize,
) -> Result<Vec<LabelListed>, Problem> {
    let db = installation.rows.db();
    let rows = label_board::list(db.as_ref(), filter, below, limit).await?;
    Ok(rows.into_iter().map(LabelListed::of).collect())
}

impl LabelListed {
    fn of(row: LabelRow) -> Self {
        Self {
            turn: row.turn,
            campaign: row.campaign,
            why: row.why,
            node: row.node,
            intent: row.intent,
            score_permille: row.score_permille,
            said_at: row.said_at,
            labels: row.labels,
            labelled_by: row.labelled_by,
            open_by: row.open_by,
            open_until: row.open_until,
            settled_at: row.settled_at,
            settled_by: row.settled_by,
            meaning: row.meaning,
            settled_intent: row.settled_intent,
            sentiment: row.sentiment,
            interest: row.interest,
            place: row.position,
        }
    }
}
