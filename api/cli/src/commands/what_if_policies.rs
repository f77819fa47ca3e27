//! The policies of `ledgerline what-if`: builds the request that applies another policy to a campaign's
//! record, and prints the reply.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::remove_nulls;
use application::format_localized;
use domain::calling_plan::Preset;
use http::body::BODY_BYTES_MAX;
use intake::bounded_file;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// One or several other policies; each is evaluated separately.
#[derive(Debug, clap::Args)]
pub(super) struct PolicyArgs {
    /// Another pacer with the recorded answers: ledgerline, progressive, naive, adaptive, erlang, safe_burst,
    /// fixed:N (tenths of a call per free agent)
    #[arg(long, value_name = "P")]
    pacing: Option<String>,
    /// Number of agents assumed for --pacing
    #[arg(long, value_name = "N", requires = "pacing")]
    agents: Option<u32>,
    /// Another preset: every recorded grant is evaluated with it again
    #[arg(long, value_name = "P", value_parser = preset)]
    preset: Option<Preset>,
    /// Another retry policy, as in the body of a campaign, in JSON or YAML
    #[arg(long, value_name = "FILE")]
    retry: Option<PathBuf>,
}

fn preset(code: &str) -> Result<Preset, String> {
    Preset::of_code(code).ok_or_else(|| {
        let known: Vec<&str> = Preset::ALL.iter().map(|preset| preset.code()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

impl PolicyArgs {
    pub(super) const fn is_asked(&self) -> bool {
        self.pacing.is_some() || self.preset.is_some() || self.retry.is_some()
    }

    pub(super) fn body(&self) -> Result<Value, Failure> {
        let retry = self.retry.as_deref().map(read).transpose()?;
        Ok(remove_nulls(json!({
            "pacing": self.pacing,
            "agents": self.agents,
            "preset": self.preset.map(Preset::code),
            "retry": retry,
        })))
    }
}

/// Reads a JSON or YAML file. YAML includes JSON, so one parser reads both.
fn read(file: &Path) -> Result<Value, Failure> {
    let text = bounded_file::read_text(file, BODY_BYTES_MAX)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    domain::yaml::value(&text).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

pub(super) fn show(reply: &Value) -> Result<(), Failure> {
    let of = |pointer: &str| reply.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    output::line(&format_localized!(
        "实际记录：拨打许可 {}，呼叫 {}，接通 {}",
        "recorded: grants {}, calls {}, answered {}",
        of("/dials"),
        of("/calls"),
        of("/answered")
    ))?;
    if reply.pointer("/preset/other").is_some() {
        output::line(&format_localized!(
            "另一合规规则集：不会拨出 {} – {}（已判定 {}，无法读取 {}）",
            "other preset: not dialed {} – {} (evaluated {}, unreadable {})",
            of("/preset/refused_low"),
            of("/preset/refused_high"),
            of("/preset/judged"),
            of("/preset/unreadable")
        ))?;
    }
    if reply.pointer("/retry/calls").is_some() {
        output::line(&format_localized!(
            "另一重拨策略：呼叫 −{}（接通 −{}），+{} – {}（接通 +{} – {}）",
            "other retry policy: calls −{} (answers −{}), +{} – {} (answers +{} – {})",
            of("/retry/calls_fewer"),
            of("/retry/answers_fewer"),
            of("/retry/calls_more_low"),
            of("/retry/calls_more_high"),
            of("/retry/answers_more_low"),
            of("/retry/answers_more_high")
        ))?;
    }
    let pacers = reply.pointer("/pacing/pacers").and_then(Value::as_array);
    for one in pacers.into_iter().flatten() {
        let count = |member: &str| one.get(member).and_then(Value::as_u64).unwrap_or_default();
        output::line(&format_localized!(
            "拨号节奏 {}：坐席占用率 {} – {} ‰，呼损 {} – {} ‰",
            "pacer {}: occupancy {} – {} ‰, abandoned {} – {} ‰",
            one.get("pacer").and_then(Value::as_str).unwrap_or("–"),
            count("occupancy_low_per_mille"),
            count("occupancy_high_per_mille"),
            count("abandoned_low_per_mille"),
            count("abandoned_high_per_mille")
        ))?;
    }
    for part in ["pacing", "preset", "retry"] {
        let unknown = reply
            .pointer(&format!("/{part}/unknown"))
            .and_then(Value::as_array);
        let unknown: Vec<&str> = unknown.into_iter().flatten().filter_map(Value::as_str).collect();
        if !unknown.is_empty() {
            output::line(&format_localized!(
                "无法得知（{part}）：{}",
                "unknown ({part}): {}",
                unknown.join(", ")
            ))?;
        }
    }
    Ok(())
}
