//! Evaluates a knowledge base, from a file or published, with labeled questions.

use super::{published, read_file};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use application::format_localized;
use application::knowledge::{KnowledgeEvaluation, SearchableBase, evaluate_knowledge, rows};
use domain::knowledge::{KnowledgeContent, KnowledgeFile, KnowledgeSelector};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The knowledge base, the questions with their time, and the known values of an evaluation.
pub(super) struct KnowledgeEvaluationOptions<'a> {
    pub(super) base: &'a str,
    pub(super) questions: &'a Path,
    pub(super) at: Timestamp,
    pub(super) values: &'a [String],
}

/// Evaluates the base and prints how often the right answer was found.
pub(super) async fn evaluate(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    holding: &KnowledgeEvaluationOptions<'_>,
) -> Result<(), Failure> {
    let base = base(runtime, asking, holding.base).await?;
    let file = holding.questions;
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(unavailable)?;
    let refused = |why: String| Failure::refused(format!("{}: {why}", file.display()));
    let asked = rows(&text).map_err(|problem| refused(problem.to_string()))?;
    let mut values = BTreeMap::new();
    for value in holding.values {
        let (name, value) = value
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("{value:?} is not NAME=VALUE")))?;
        values.insert(name.to_owned(), value.to_owned());
    }
    let held = evaluate_knowledge(&base, &asked, &values, holding.at);
    if asking.wants_json() {
        return output::json(&json!(held));
    }
    tell(&held)
}

async fn base(runtime: Arc<Runtime>, asking: &RequestArgs, base: &str) -> Result<SearchableBase, Failure> {
    let path = Path::new(base);
    if path.exists() {
        let file = KnowledgeFile::from_value(&read_file(path)?);
        let file = file.map_err(|fault| Failure::refused(format!("{base}: {fault}")))?;
        return Ok(SearchableBase::of(file.knowledge, 0, file.content));
    }
    let named: KnowledgeSelector = base
        .parse()
        .map_err(|error: domain::knowledge::InvalidKnowledgeName| Failure::usage(error.to_string()))?;
    let shown = published(runtime, asking, &named).await?;
    let content = shown.get("content").cloned().unwrap_or_default();
    let content: KnowledgeContent =
        serde_json::from_value(content).map_err(|error| Failure::fault(error.to_string()))?;
    let version = shown.get("version").and_then(Value::as_u64).unwrap_or_default();
    Ok(SearchableBase::of(
        named.knowledge,
        u32::try_from(version).unwrap_or_default(),
        content,
    ))
}

fn tell(held: &KnowledgeEvaluation) -> Result<(), Failure> {
    output::line(&format_localized!(
        "{} 问：首位命中 {:.3}，前三命中 {:.3}；直接答 {:.3}（答对 {:.3}），反问 {:.3}（问对 {:.3}），弃答 {:.3}；\
         域外 {} 问：弃答 {:.3}，误答 {:.3}",
        "{} questions: hit@1 {:.3}, hit@3 {:.3}; answered {:.3} (right {:.3}), asked back {:.3} (right \
         {:.3}), abstained {:.3}; {} out of scope: abstained {:.3}, wrongly answered {:.3}",
        held.rows,
        held.hit_at_1_ratio,
        held.hit_at_3_ratio,
        held.accepted_ratio,
        held.accepted_right_ratio,
        held.asked_back_ratio,
        held.asked_back_right_ratio,
        held.abstained_ratio,
        held.foreign_rows,
        held.foreign_abstained_ratio,
        held.foreign_accepted_ratio,
    ))?;
    for (text, answer, taken) in &held.confused {
        output::line(&format!("  {text}: {answer} → {taken}"))?;
    }
    Ok(())
}
