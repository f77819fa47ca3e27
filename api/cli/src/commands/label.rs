//! `ledgerline label`: turns of conversations that people label, and the lines that a model learns from.

use super::reveal::write;
use crate::kit::api::{post, with_query};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::table;
use domain::disposition::InterestLevel;
use domain::ids::CampaignId;
use domain::label::TurnId;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Labelling (标注): turns that were understood with doubt, said by people what they mean, for the next model.
///
/// Nobody labels a turn twice, and nobody is handed one that another has open. Texts are masked, and each
/// read is on record. The setting labels.people says whether one person or two are asked.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// The next turn to label: it is nobody else's for 15 minutes
    Next {
        /// Only turns of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// Who labels; whoever signed in is it
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Say what a turn means
    Add(Adding),
    /// Put a turn before people: it was not heard or not understood rightly
    Request {
        /// The turn: call.ID.PLACE or conversation.ID.PLACE
        turn: TurnId,
        /// misheard or misunderstood
        #[arg(long, value_name = "WHY", default_value = "misunderstood")]
        why: String,
        /// Who says so; whoever signed in is it
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Turns that wait or are settled, without their words
    List {
        /// Only turns of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// waiting or settled
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Write settled turns as lines for `nlu train`, masked
    Export {
        /// Where they are written; only you can read it
        out: PathBuf,
        /// Only turns of this campaign
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// Who reads them, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Why, for the record; nothing personal
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Debug, clap::Args)]
struct Adding {
    /// The turn, as `label next` shows it
    turn: TurnId,
    /// What it means, by the names of the flow and the model
    #[arg(long, value_name = "INTENT", required_unless_present_any = ["foreign", "misheard"])]
    intent: Option<String>,
    /// It means none of the intents
    #[arg(long, conflicts_with_all = ["intent", "misheard"])]
    foreign: bool,
    /// Its words are not what was said: nothing is learned from it
    #[arg(long, conflicts_with = "intent")]
    misheard: bool,
    /// negative, neutral or positive
    #[arg(long, value_name = "WORD")]
    sentiment: Option<String>,
    /// low, medium or high
    #[arg(long, value_name = "WORD")]
    interest: Option<String>,
    /// Who labels; whoever signed in is it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Next { campaign, by, asking } => {
            let path = with_query(
                "/api/v1/labels/next",
                &[("campaign", campaign.as_ref().map(text))],
            );
            asking
                .show(runtime, post(&path, &given(json!({ "by": by }))))
                .await
        }
        Action::Add(adding) => adding.add(runtime).await,
        Action::Request {
            turn,
            why,
            by,
            asking,
        } => {
            let body = given(json!({ "turn": turn, "why": why, "by": by }));
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

impl Adding {
    async fn add(self, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let meaning = match (self.foreign, self.misheard) {
            (true, _) => "foreign",
            (_, true) => "misheard",
            (false, false) => "intent",
        };
        let interest = self
            .interest
            .map(|word| level(&word).map_or(word, |level| level.code().to_owned()));
        let body = given(json!({
            "turn": self.turn, "meaning": meaning, "intent": self.intent, "sentiment": self.sentiment,
            "interest": interest, "by": self.by,
        }));
        self.asking.show(runtime, post("/api/v1/labels", &body)).await
    }
}

/// Also as people write it: 高, 中, 低.
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
    asking: &Asking,
) -> Result<(), Failure> {
    let path = with_query(
        "/api/v1/labels",
        &[("campaign", campaign.map(text)), ("state", state)],
    );
    let columns = [
        ("轮次 turn", "/turn"),
        ("原因 why", "/why"),
        ("识别 read as", "/intent"),
        ("标注 labels", "/labels"),
        ("结论 settled", "/settled_intent"),
        ("方式 by", "/settled_by"),
    ];
    let none = "没有轮次 no turn";
    asking
        .show_items(runtime, &path, Value::clone, &columns, none)
        .await
}

fn text(id: &CampaignId) -> String {
    id.to_string()
}
