//! Work on flows without calling anyone: check, compare, rehearse, and test them with transcripts.

use super::clips_check::ClipsArgs;
use super::source::{Source, read};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::flows::differences;
use application::format_localized;
use application::rehearsing::{Listener, Transcript, follow, rehearse};
use domain::flow::content_hash;
use domain::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Time at which every transcript takes place: a Monday, ten o'clock in Beijing.
const TRANSCRIPTS_AT: &str = "2026-03-02T10:00:00+08:00";

/// End of the name of a flow file that is stored with its transcripts.
const FLOW_BESIDE: &str = ".flow.yaml";

/// Prints the faults of a flow, including missing clips, and advice. Fails if there is a fault.
pub(super) async fn check(source: &Source<'_>, flow: &str, recorded: &ClipsArgs) -> Result<(), Failure> {
    let definition = source.definition(flow).await?;
    let mut faults: Vec<String> = definition.check().iter().map(ToString::to_string).collect();
    faults.extend(recorded.missing(&definition));
    let advice: Vec<String> = definition.advice().iter().map(ToString::to_string).collect();
    let hash = content_hash(&definition.to_value());
    if source.asking.wants_json() {
        output::json(
            &json!({ "ok": faults.is_empty(), "faults": faults, "advice": advice, "content_hash": hash }),
        )?;
    } else {
        for fault in &faults {
            output::line(&format_localized!("错误：{fault}", "error: {fault}"))?;
        }
        for one in &advice {
            output::line(&format_localized!("建议：{one}", "advice: {one}"))?;
        }
        let (wrong, better) = (faults.len(), advice.len());
        output::line(&format_localized!(
            "{wrong} 处错误，{better} 条建议",
            "{wrong} errors, {better} pieces of advice"
        ))?;
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::found(format_localized!(
            "{flow} 不能发布",
            "{flow} cannot be published"
        )))
    }
}

/// Prints the differences of two flows, node by node.
pub(super) async fn diff(source: &Source<'_>, one: &str, other: &str) -> Result<(), Failure> {
    let before = source.definition(one).await?;
    let after = source.definition(other).await?;
    let differing = differences(&before, &after);
    if source.asking.wants_json() {
        return output::json(&json!({ "same": differing.is_empty(), "differences": differing }));
    }
    for one in &differing {
        output::line(&format!("{} {}", one.change.word(), one.part))?;
    }
    output::line(&format_localized!("{} 处不同", "{} differences", differing.len()))
}

/// Rehearses a flow in text with seeded callers and prints the result. Fails if a conversation does not end.
pub(super) async fn simulate(
    source: &Source<'_>,
    flow: &str,
    callers: u64,
    seed: u64,
) -> Result<(), Failure> {
    let definition = source.sound(flow).await?;
    let listener = listener(&definition.lang)?;
    let found = rehearse(&definition, &listener, callers, seed);
    if source.asking.wants_json() {
        output::json(&found.value(&definition, seed))?;
    } else {
        let outcomes: Vec<String> = found
            .outcomes
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        output::line(&format_localized!(
            "{} 通：走完 {}，卡住 {}，最长静默 {} ms；{}",
            "{} calls: completed {}, stuck {}, longest silence {} ms; {}",
            found.callers,
            found.completed,
            found.stuck,
            found.silence_ms_max,
            outcomes.join(", ")
        ))?;
        for node in found.nodes_missed(&definition) {
            output::line(&format_localized!("未经过：{node}", "never entered: {node}"))?;
        }
        for (from, to) in found.edges_missed(&definition) {
            output::line(&format_localized!(
                "未走过：{from} → {to}",
                "never taken: {from} → {to}"
            ))?;
        }
    }
    if found.stuck == 0 {
        Ok(())
    } else {
        Err(Failure::found(format_localized!(
            "{} 通对话没有结束",
            "{} conversations did not end",
            found.stuck
        )))
    }
}

/// Returns the classifier bundled for a language.
pub(super) fn listener(language: &str) -> Result<Listener, Failure> {
    Listener::bundled(language).map_err(|fault| Failure::fault(fault.to_string()))
}

/// Runs every transcript of a folder through its flow. Fails if one differs or if there is none.
pub(super) async fn test(source: &Source<'_>, folder: &Path) -> Result<(), Failure> {
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unavailable)? {
        files.push(entry.map_err(unavailable)?.path());
    }
    files.retain(|path| {
        let is_flow = path.to_str().is_some_and(|name| name.ends_with(FLOW_BESIDE));
        let is_read = path
            .extension()
            .is_some_and(|one| one == "yaml" || one == "yml" || one == "json");
        is_read && !is_flow
    });
    files.sort();
    let at: Timestamp = TRANSCRIPTS_AT.parse().unwrap_or_default();
    let mut listeners: BTreeMap<String, Listener> = BTreeMap::new();
    let (mut followed, mut unlike) = (0_u64, Vec::new());
    for file in &files {
        let refused = |fault| Failure::refused(format!("{}: {fault}", file.display()));
        for transcript in Transcript::read(&read(file)?).map_err(refused)? {
            // A flow file in the folder takes precedence over a shipped flow with the same name.
            let beside = folder.join(format!("{}{FLOW_BESIDE}", transcript.flow));
            let named = if beside.exists() {
                beside.display().to_string()
            } else {
                transcript.flow.clone()
            };
            let definition = source.sound(&named).await?;
            if !listeners.contains_key(&definition.lang) {
                listeners.insert(definition.lang.clone(), listener(&definition.lang)?);
            }
            if let Some(listener) = listeners.get(&definition.lang) {
                unlike.extend(follow(&transcript, &definition, listener, at).err());
                followed += 1;
            }
        }
    }
    let failures: Vec<String> = unlike.iter().map(ToString::to_string).collect();
    if source.asking.wants_json() {
        output::json(&json!({ "transcripts": followed, "failed": failures.len(), "failures": failures }))?;
    } else {
        for one in &failures {
            output::line(one)?;
        }
        output::line(&format_localized!(
            "{followed} 份对话，{} 份不符",
            "{followed} transcripts, {} differ",
            failures.len()
        ))?;
    }
    if followed == 0 {
        return Err(Failure::refused(format_localized!(
            "{}：没有对话文件",
            "{}: there are no transcripts",
            folder.display()
        )));
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::found(format_localized!(
            "{} 份对话与话术不符",
            "{} transcripts differ from their flow",
            failures.len()
        )))
    }
}
