//! `ledgerline label`: turns of conversations that people label, and the export of training lines for a
//! model.

use super::reveal::write;
use crate::kit::api::{post, with_query};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::kit::table;
use application::language::localized;
use domain::disposition::InterestLevel;
use domain::ids::CampaignId;
use domain::label::TurnId;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Labeling (标注): people label uncertain utterances for the next model
///
/// No user labels a turn twice or gets a turn that another user has open. Texts are masked, and each read is
/// logged. The setting labels.people decides whether one or two users label a turn.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Get the next turn to label; it is reserved for you for 15 minutes
    Next {
        /// Only turns of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// Name of the labeler; a signed-in user is always the labeler
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Label a turn
    Add(LabelAddArgs),
    /// Request labels for a turn that was misheard or misunderstood
    Request {
        /// Id of the turn: call.ID.PLACE or conversation.ID.PLACE
        turn: TurnId,
        /// Reason: misheard or misunderstood
        #[arg(long, value_name = "WHY", default_value = "misunderstood")]
        why: String,
        /// Your name, for the record; a signed-in user is always recorded
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List turns that wait or are settled, without their texts
    List {
        /// Only turns of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// State: waiting or settled
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Write settled turns to a file for `nlu train`, masked
    Export {
        /// File to write; readable by you only
        out: PathBuf,
        /// Only turns of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// Your name, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Reason, for the record; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Args)]
struct LabelAddArgs {
    /// Id of the turn, as shown by `label next`
    turn: TurnId,
    /// Intent, by its name in the flow and the model
    #[arg(long, value_name = "INTENT", required_unless_present_any = ["foreign", "misheard"])]
    intent: Option<String>,
    /// Label as out of scope: none of the intents
    #[arg(long, conflicts_with_all = ["intent", "misheard"])]
    foreign: bool,
    /// The recognized words are wrong: the turn is not used for training
    #[arg(long, conflicts_with = "intent")]
    misheard: bool,
    /// Sentiment: negative, neutral or positive
    #[arg(long, value_name = "WORD")]
    sentiment: Option<String>,
    /// Interest: low, medium or high
    #[arg(long, value_name = "WORD")]
    interest: Option<String>,
    /// Name of the labeler; a signed-in user is always the labeler
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Next { campaign, by, asking } => {
            let path = with_query(
                "/api/v1/labels/next",
                &[("campaign", campaign.as_ref().map(text))],
            );
            asking
                .show(runtime, post(&path, &remove_nulls(json!({ "by": by }))))
                .await
        }
        Action::Add(adding) => adding.add(runtime).await,
        Action::Request {
            turn,
            why,
            by,
            asking,
        } => {
            let body = remove_nulls(json!({ "turn": turn, "why": why, "by": by }));
            asking.show(runtime, post("/api/v1/labels/requests", &body)).await
        }
        Action::List {
            campaign,
            state,
            asking,
        } => list(runtime, campaign.as_ref(), state, &asking).await,
        Action::Export {
            out,
            campaign,
            by,
            reason,
            asking,
        } => {
            let asked = [
                ("campaign", campaign.as_ref().map(text)),
                ("by", by),
                ("reason", reason),
            ];
            let path = with_query("/api/v1/labels/training", &asked);
            let found = asking.whole(runtime, &path).await?;
            let lines = table::items(&found, "items");
            write(&out, lines).map_err(|error| Failure::usage(format!("{}: {error}", out.display())))?;
            asking.tell(&json!({ "file": out.display().to_string(), "lines": lines.len() }))
        }
    }
}

impl LabelAddArgs {
    async fn add(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let meaning = match (self.foreign, self.misheard) {
            (true, _) => "foreign",
            (_, true) => "misheard",
            (false, false) => "intent",
        };
        let interest = self
            .interest
            .map(|word| level(&word).map_or(word, |level| level.code().to_owned()));
        let body = remove_nulls(json!({
            "turn": self.turn, "meaning": meaning, "intent": self.intent, "sentiment": self.sentiment,
            "interest": interest, "by": self.by,
        }));
        self.asking.show(runtime, post("/api/v1/labels", &body)).await
    }
}

/// Parses an interest level in Chinese: 高, 中, 低.
fn level(word: &str) -> Option<InterestLevel> {
    InterestLevel::ALL
        .iter()
        .copied()
        .find(|level| level.label_zh() == word)
}

async fn list(
    runtime: Arc<Runtime>,
    campaign: Option<&CampaignId>,
    state: Option<String>,
    asking: &RequestArgs,
) -> Result<(), Failure> {
    let path = with_query(
        "/api/v1/labels",
        &[("campaign", campaign.map(text)), ("state", state)],
    );
    let columns = [
        (localized("轮次", "turn"), "/turn"),
        (localized("原因", "why"), "/why"),
        (localized("识别", "recognized as"), "/intent"),
        (localized("标注", "labels"), "/labels"),
        (localized("结论", "settled"), "/settled_intent"),
        (localized("方式", "by"), "/settled_by"),
    ];
    let none = localized("没有轮次", "no turns");
    asking
        .show_items(runtime, &path, Value::clone, &columns, none)
        .await
}

fn text(id: &CampaignId) -> String {
    id.to_string()
}
