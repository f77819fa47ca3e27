//! Published models: publishes a model with its training data, lists versions, and rolls back to an earlier
//! one.

use super::{read_model, unavailable};
use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use application::language::localized;
use application::percent;
use domain::hex;
use domain::ids::{ApprovalId, ModelId};
use domain::model::Training;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;
use understanding::cross_validation::cross_validate;
use understanding::{Examples, Model, TrainingSettings, train};

/// Reason and approval of a change.
#[derive(Debug, clap::Args)]
pub(super) struct ModelChangeArgs {
    /// Reason, for the approver and the log; name no person
    #[arg(long)]
    reason: Option<String>,
    /// Id of the approval given by another person
    #[arg(long, value_name = "ID")]
    approval: Option<ApprovalId>,
}

/// The training data and settings of a model.
#[derive(Debug, clap::Args)]
pub(super) struct TrainingArgs {
    /// Lines the model was trained from: used for the cross-validation figures that are stored
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
    /// Member of a line that was used as label
    #[arg(long, value_name = "MEMBER", default_value = "intent")]
    label: String,
    /// Seed used for training
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Label of lines that belong to no intent
    #[arg(long, value_name = "LABEL", default_value = "oos")]
    foreign: String,
    /// Number of folds of the cross-validation
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=20))]
    folds: u32,
}

/// The model to publish, and how.
pub(super) struct ModelPublication<'a> {
    pub(super) file: &'a Path,
    pub(super) name: &'a ModelId,
    pub(super) learned: &'a TrainingArgs,
    pub(super) approvals: bool,
    pub(super) reasoned: &'a ModelChangeArgs,
}

pub(super) async fn publish(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    sending: &ModelPublication<'_>,
) -> Result<(), Failure> {
    let ModelPublication {
        file,
        name,
        learned,
        reasoned,
        ..
    } = *sending;
    let model = read_model(file)?;
    let mut query = format!("name={name}");
    let mut add = |member: &str, value: &str| {
        query.push_str(&format!("&{member}={}", percent::encode(value)));
    };
    if let Some(training) = learned.training(&model)? {
        let json = serde_json::to_string(&training).map_err(|error| Failure::fault(error.to_string()))?;
        add("training", &json);
    }
    if sending.approvals {
        add("approvals", "true");
    }
    if let Some(reason) = &reasoned.reason {
        add("reason", reason);
    }
    if let Some(approval) = reasoned.approval {
        add("approval", &approval.to_string());
    }
    let opened = tokio::fs::File::open(file).await;
    let opened = opened.map_err(|error| unavailable(file, &error))?;
    let client = asking.client(runtime).await?;
    let sent = client.upload(&format!("/api/v1/models?{query}"), opened).await;
    client.close().await;
    tell(asking, &sent?)
}

impl TrainingArgs {
    /// Trains again from the rows for the cross-validation figures; refuses rows that give another model.
    fn training(&self, model: &Model) -> Result<Option<Training>, Failure> {
        let Some(file) = &self.rows else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).map_err(|error| unavailable(file, &error))?;
        let examples = Examples::read(text.lines().map(str::to_owned), &self.label, self.seed);
        let settings = TrainingSettings {
            seed: self.seed,
            foreign: Some(self.foreign.clone()),
            ..TrainingSettings::default()
        }
        .with_words(model.words());
        let refused = |fault: understanding::TrainingFault| Failure::refused(fault.to_string());
        if train(&examples, &settings).map_err(refused)?.digest() != model.digest() {
            return Err(Failure::refused(format!(
                "the model was not trained from {} with --seed {}: equal lines and seed give equal bytes",
                file.display(),
                self.seed
            )));
        }
        let parts = usize::try_from(self.folds).unwrap_or(usize::MAX);
        let counts = cross_validate(&examples, &settings, parts).map_err(refused)?;
        Ok(Some(Training {
            rows: examples.good_count,
            label: self.label.clone(),
            seed: self.seed,
            rows_hash: Some(hex::encode(&Sha256::digest(text.as_bytes()))),
            folds: Some(self.folds),
            first_permille: counts.first_permille(),
            foreign_recall_permille: counts.foreign_recall_permille(),
        }))
    }
}

pub(super) async fn roll_back(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    model: &ModelId,
    to: Option<u32>,
    reasoned: &ModelChangeArgs,
) -> Result<(), Failure> {
    let path = format!("/api/v1/models/{model}/rollback");
    let body = remove_nulls(json!({ "to": to, "reason": reasoned.reason, "approval": reasoned.approval }));
    let reply = asking.reply(runtime, post(&path, &body)).await?;
    tell(asking, &reply)
}

/// Prints all models, or every version of one.
pub(super) async fn show(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    model: Option<&ModelId>,
) -> Result<(), Failure> {
    let shown = match model {
        Some(model) => {
            let path = format!("/api/v1/models/{model}");
            asking.whole(runtime, &path).await?
        }
        None => asking.whole(runtime, "/api/v1/models").await?,
    };
    asking.tell(&shown)
}

fn tell(asking: &RequestArgs, reply: &Value) -> Result<(), Failure> {
    if asking.wants_json() {
        return output::json(reply);
    }
    let word = |member: &str| reply.get(member).and_then(Value::as_str).unwrap_or_default();
    let is_changed = reply.get("changed").and_then(Value::as_bool) == Some(true);
    let state = match is_changed {
        true => localized("已发布", "published"),
        false => localized("已是当前版本", "already current"),
    };
    let figure = |member: &str| {
        reply
            .pointer(&format!("/training/{member}"))
            .and_then(Value::as_u64)
    };
    let held =
        figure("first_permille").map(|first| format_localized!("，留出 {first}‰", ", held out {first}‰"));
    output::line(&format_localized!(
        "{state}：{} {}{}",
        "{state}: {} {}{}",
        word("named"),
        word("digest"),
        held.unwrap_or_default()
    ))
}
