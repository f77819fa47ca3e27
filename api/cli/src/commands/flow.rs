//! `ledgerline flow`: flows checked, compared, rehearsed with seeded callers, and held to their transcripts.

use crate::kit::failure::Failure;
use crate::kit::output;
use application::rehearsing::{CALLERS_MAX, Listener, SHIPPED, Transcript, follow, rehearse, shipped};
use domain::flow::{FLOW_FILE_BYTES_MAX, FlowDefinition, content_hash};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The moment of every transcript: a Monday, ten o'clock in Beijing.
const TRANSCRIPTS_AT: &str = "2026-03-02T10:00:00+08:00";

/// How the file of a flow ends that stands beside its transcripts.
const FLOW_BESIDE: &str = ".flow.yaml";

/// Flows (流程): what the robot says and does, checked, compared and rehearsed before anybody is called.
///
/// FLOW is a file, or the name of a flow that ships with the program (`flow list`).
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Find what is wrong with a flow, and what could be better
    Check {
        /// A file, or a shipped flow
        flow: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Compare two flows, node by node
    Diff {
        /// The one
        one: String,
        /// The other
        other: String,
        #[command(flatten)]
        shown: Shown,
    },
    /// Rehearse a flow in text with seeded callers; the same seed gives the same bytes
    Simulate {
        /// A file, or a shipped flow
        flow: String,
        /// How many callers
        #[arg(long, value_name = "N", default_value_t = 1_000,
            value_parser = clap::value_parser!(u64).range(1..=CALLERS_MAX))]
        callers: u64,
        /// Decides everything
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        shown: Shown,
    },
    /// Hold flows to the transcripts of a folder
    Test {
        /// YAML files of transcripts
        folder: PathBuf,
        #[command(flatten)]
        shown: Shown,
    },
    /// The flows that ship with the program
    List {
        #[command(flatten)]
        shown: Shown,
    },
    /// One flow as it is published: short forms written out, with its hash
    Show {
        /// A file, or a shipped flow
        flow: String,
    },
}

#[derive(Debug, clap::Args)]
struct Shown {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.action {
        Action::Check { flow, shown } => check(flow, shown),
        Action::Diff { one, other, shown } => diff(one, other, shown),
        Action::Simulate {
            flow,
            callers,
            seed,
            shown,
        } => simulate(flow, *callers, *seed, shown),
        Action::Test { folder, shown } => test(folder, shown),
        Action::List { shown } => list(shown),
        Action::Show { flow } => show(flow),
    }
}

/// Text of a file or a shipped flow.
fn text_of(flow: &str) -> Result<String, Failure> {
    let path = Path::new(flow);
    if !path.exists()
        && let Some(text) = shipped(flow)
    {
        return Ok(text.to_owned());
    }
    read(path)
}

fn read(path: &Path) -> Result<String, Failure> {
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", path.display()));
    let bytes = std::fs::metadata(path).map_err(unavailable)?.len();
    if usize::try_from(bytes).map_or(true, |bytes| bytes > FLOW_FILE_BYTES_MAX) {
        return Err(Failure::refused(format!(
            "{}: too large for a flow",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(unavailable)
}

fn definition(flow: &str) -> Result<FlowDefinition, Failure> {
    let refused = |fault| Failure::refused(format!("{flow}: {fault}"));
    FlowDefinition::from_yaml(&text_of(flow)?).map_err(refused)
}

/// A flow that could be published; one with faults cannot be rehearsed.
fn sound(flow: &str) -> Result<Arc<FlowDefinition>, Failure> {
    let definition = definition(flow)?;
    match definition.check().as_slice() {
        [] => Ok(Arc::new(definition)),
        [first, ..] => Err(Failure::refused(format!(
            "{flow}: {first}; `flow check` lists every fault"
        ))),
    }
}

fn check(flow: &str, shown: &Shown) -> Result<(), Failure> {
    let (faults, advice, hash) = match definition(flow) {
        Ok(definition) => {
            let faults: Vec<String> = definition.check().iter().map(ToString::to_string).collect();
            let advice: Vec<String> = definition.advice().iter().map(ToString::to_string).collect();
            (faults, advice, Some(content_hash(&definition.to_value())))
        }
        Err(failure) => return Err(failure),
    };
    if shown.json {
        output::json(
            &json!({ "ok": faults.is_empty(), "faults": faults, "advice": advice, "content_hash": hash }),
        )?;
    } else {
        for fault in &faults {
            output::line(&format!("错误 error: {fault}"))?;
        }
        for one in &advice {
            output::line(&format!("建议 advice: {one}"))?;
        }
        let (wrong, better) = (faults.len(), advice.len());
        output::line(&format!(
            "{wrong} 处错误 errors, {better} 条建议 pieces of advice"
        ))?;
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::found(format!("{flow} cannot be published")))
    }
}

fn diff(one: &str, other: &str, shown: &Shown) -> Result<(), Failure> {
    let parts = |flow: &str| Ok::<_, Failure>(parts_of(&definition(flow)?.to_value()));
    let (before, after) = (parts(one)?, parts(other)?);
    let names = before
        .keys()
        .chain(after.keys())
        .collect::<std::collections::BTreeSet<_>>();
    let mut differing = Vec::new();
    for name in names {
        let change = match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) if before == after => continue,
            (Some(_), Some(_)) => "changed",
            (Some(_), None) => "removed",
            (None, _) => "added",
        };
        differing.push(
            json!({ "part": name, "change": change, "before": before.get(name), "after": after.get(name) }),
        );
    }
    if shown.json {
        return output::json(&json!({ "same": differing.is_empty(), "differences": differing }));
    }
    for one in &differing {
        let word = |member: &str| {
            one.get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        output::line(&format!("{} {}", word("change"), word("part")))?;
    }
    output::line(&format!("{} 处不同 differences", differing.len()))
}

/// Nodes, answers, intents and other members, each under its place.
fn parts_of(value: &Value) -> BTreeMap<String, Value> {
    let mut parts = BTreeMap::new();
    for (member, inner) in value.as_object().into_iter().flatten() {
        match inner.as_object() {
            Some(members) => {
                for (name, part) in members {
                    let place = format!("{member}.{name}");
                    match part.as_object().filter(|_| member == "dialogue") {
                        Some(inner) => parts.extend(
                            inner
                                .iter()
                                .map(|(name, part)| (format!("{place}.{name}"), part.clone())),
                        ),
                        None => drop(parts.insert(place, part.clone())),
                    }
                }
            }
            None => drop(parts.insert(member.clone(), inner.clone())),
        }
    }
    parts
}

fn simulate(flow: &str, callers: u64, seed: u64, shown: &Shown) -> Result<(), Failure> {
    let definition = sound(flow)?;
    let listener = listener(&definition.lang)?;
    let found = rehearse(&definition, &listener, callers, seed);
    if shown.json {
        output::json(&found.value(&definition, seed))?;
    } else {
        let outcomes: Vec<String> = found
            .outcomes
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        output::line(&format!(
            "{} 通 calls: 走完 completed {}, 卡住 stuck {}, 最长静默 longest silence {} ms; {}",
            found.callers,
            found.completed,
            found.stuck,
            found.silence_ms_max,
            outcomes.join(", ")
        ))?;
        for node in found.nodes_missed(&definition) {
            output::line(&format!("未经过 never entered: {node}"))?;
        }
        for (from, to) in found.edges_missed(&definition) {
            output::line(&format!("未走过 never taken: {from} → {to}"))?;
        }
    }
    if found.stuck == 0 {
        Ok(())
    } else {
        Err(Failure::found(format!(
            "{} conversations never came to an end",
            found.stuck
        )))
    }
}

fn listener(language: &str) -> Result<Listener, Failure> {
    Listener::bundled(language).map_err(|fault| Failure::fault(fault.to_string()))
}

fn test(folder: &Path, shown: &Shown) -> Result<(), Failure> {
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
            // A flow beside its transcripts goes before a shipped one of its name.
            let beside = folder.join(format!("{}{FLOW_BESIDE}", transcript.flow));
            let named = if beside.exists() {
                beside.display().to_string()
            } else {
                transcript.flow.clone()
            };
            let definition = sound(&named)?;
            if !listeners.contains_key(&definition.lang) {
                listeners.insert(definition.lang.clone(), listener(&definition.lang)?);
            }
            if let Some(listener) = listeners.get(&definition.lang) {
                unlike.extend(follow(&transcript, &definition, listener, at).err());
                followed += 1;
            }
        }
    }
    let told: Vec<String> = unlike.iter().map(ToString::to_string).collect();
    if shown.json {
        output::json(&json!({ "transcripts": followed, "failed": told.len(), "failures": told }))?;
    } else {
        for one in &told {
            output::line(one)?;
        }
        output::line(&format!(
            "{followed} 份对话 transcripts, {} 份不符 differ",
            told.len()
        ))?;
    }
    if followed == 0 {
        return Err(Failure::refused(format!("{}: no transcripts", folder.display())));
    }
    if told.is_empty() {
        Ok(())
    } else {
        Err(Failure::found(format!(
            "{} transcripts are not followed",
            told.len()
        )))
    }
}

fn list(shown: &Shown) -> Result<(), Failure> {
    let mut flows = Vec::new();
    for (name, text) in SHIPPED {
        let refused = |fault: domain::flow::ReadFault| Failure::fault(format!("{name}: {fault}"));
        let flow = FlowDefinition::from_yaml(text).map_err(refused)?;
        flows.push(json!({
            "name": name, "flow": flow.flow, "lang": flow.lang, "nodes": flow.nodes.len(),
            "intents": flow.dialogue().intents.len(), "content_hash": content_hash(&flow.to_value()),
        }));
    }
    if shown.json {
        return output::json(&json!({ "flows": flows }));
    }
    for flow in &flows {
        let word = |member: &str| flow.get(member).and_then(Value::as_str).unwrap_or_default();
        let nodes = flow.get("nodes").and_then(Value::as_u64).unwrap_or_default();
        output::line(&format!("{} {} {nodes} 节点 nodes", word("name"), word("lang")))?;
    }
    Ok(())
}

fn show(flow: &str) -> Result<(), Failure> {
    let definition = definition(flow)?.to_value();
    let hash = content_hash(&definition);
    output::pretty(&json!({ "content_hash": hash, "definition": definition }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_beside_its_transcripts_is_no_transcript_and_goes_before_a_shipped_one() {
        let folder = tempfile::tempdir().unwrap();
        let flow = shipped("card_instalment").unwrap();
        std::fs::write(folder.path().join("own.flow.yaml"), flow).unwrap();
        let transcript = "{name: own, flow: own, turns: [{key: '9'}], expect: {outcome: opted_out}}";
        std::fs::write(folder.path().join("own.yaml"), transcript).unwrap();
        let shown = Shown { json: true };
        assert!(test(folder.path(), &shown).is_ok());
        std::fs::remove_file(folder.path().join("own.flow.yaml")).unwrap();
        assert!(test(folder.path(), &shown).is_err(), "there is no such flow then");
    }
}
