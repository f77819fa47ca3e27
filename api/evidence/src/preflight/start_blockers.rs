//! Explains why nothing would be dialed: reasons that are certain, and reasons that may pass by themselves or
//! when a fact is recorded.

use super::funnel::FunnelStep;
use domain::calling_plan::CallingPlan;
use domain::campaign::CampaignStatus;
use domain::compliance::{WindowOpening, opening};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One reason why nothing would be dialed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Blocker {
    #[schemars(example = &"never_opens")]
    pub code: &'static str,
    /// True if no later event can remove the reason; such a campaign is not started.
    pub certain: bool,
    #[schemars(example = &"任务时段与规则时段没有交集，或在结束时间前不再开放")]
    pub zh: String,
    #[schemars(example = &"the campaign's hours and its preset's do not overlap")]
    pub en: String,
}

/// Facts about a campaign, besides its people, that can prevent dials.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts beside one another, not states"
)]
pub(super) struct PreflightFacts<'a> {
    pub(super) plan: &'a CallingPlan,
    pub(super) status: Option<CampaignStatus>,
    /// The time from which the campaign would run.
    pub(super) from: Timestamp,
    /// It waits for another campaign that is stopped permanently.
    pub(super) waits_in_vain: bool,
    /// This process has no trunk.
    pub(super) no_trunk: bool,
    /// The licence of every number that its lines could show has ended.
    pub(super) unlicensed: bool,
    /// Its calls need agents, and this process knows none.
    pub(super) no_agents: bool,
    pub(super) people: u64,
    /// The stops that are active for it.
    pub(super) stops: &'a [String],
}

fn blocker(code: &'static str, certain: bool, zh: &str, en: &str) -> Blocker {
    Blocker {
        code,
        certain,
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

/// Returns all reasons why nothing would be dialed, the certain ones first; empty if some customer would be
/// dialed.
pub(super) fn blockers(known: &PreflightFacts<'_>, steps: &[FunnelStep]) -> Vec<Blocker> {
    let over = known
        .status
        .is_some_and(|status| status == CampaignStatus::Stopped);
    let mut found = Vec::new();
    if over {
        found.push(blocker(
            "campaign_over",
            true,
            "任务已终止",
            "the campaign is stopped permanently",
        ));
    }
    if opening(known.plan, known.from) == WindowOpening::Never {
        found.push(blocker(
            "never_opens",
            true,
            "任务时段与规则时段没有交集，或在结束时间前不再开放",
            "the campaign's hours and its preset's do not overlap, or do not open again before its end",
        ));
    }
    if known.waits_in_vain {
        found.push(blocker(
            "other_campaign_over",
            true,
            "所等待的任务已终止，本任务不会自动开始",
            "the campaign that it waits for is stopped permanently, so this one never begins",
        ));
    }
    if known.people == 0 {
        found.push(blocker(
            "nobody_waiting",
            false,
            "没有待呼名单：请先导入，或全部客户均已结束",
            "no customers are waiting: no list was imported, or all customers are settled",
        ));
    }
    if known.no_trunk {
        found.push(blocker(
            "no_trunk",
            false,
            "本进程未配置中继线路",
            "this process has no trunk",
        ));
    }
    if known.unlicensed {
        found.push(blocker(
            "caller_numbers_expired",
            false,
            "所有线路的主叫号码资质均已到期，不再使用",
            "the licence of every caller number has ended, so no line can show one",
        ));
    }
    if known.no_agents {
        found.push(blocker(
            "no_agents",
            false,
            "该任务的通话由坐席接听，而本进程没有坐席",
            "agents take the calls of this campaign, and this process knows of none",
        ));
    }
    found.extend(known.stops.iter().map(|stop| Blocker {
        code: "emergency_stop",
        certain: false,
        zh: format!("紧急停止生效中：{stop}"),
        en: format!("an emergency stop is active: {stop}"),
    }));
    found.extend(steps.iter().filter(|step| step.takes_all()).take(1).map(of_step));
    found
}

/// Returns the reason for the rule that removed the last people. Most of the others may have been removed
/// by other rules.
fn of_step(step: &FunnelStep) -> Blocker {
    let missing = step.facts.get("missing").map(String::as_str);
    let (code, zh, en) = match (step.rule.as_str(), missing) {
        ("white_list", _) => (
            "white_list",
            "名单中无人在白名单上",
            "none of the remaining customers is on the allowlist that the campaign requires",
        ),
        ("calling_days", Some("holidays")) => (
            "no_calendar",
            "该年度的节假日文件尚未导入",
            "the year's holidays are not known: import them",
        ),
        ("missing_fact", _) => (
            "preset_lacks_facts",
            "预设规则所需的事实无人维护，全部拒绝",
            "the preset needs facts that are not recorded, and refuses every dial",
        ),
        (_, _) => (
            "everybody_refused",
            "名单中无人可呼，原因见规则",
            "no customers are left after this rule",
        ),
    };
    let seen: Vec<String> = step
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Blocker {
        code,
        certain: false,
        zh: format!("{zh}（{}）", step.rule),
        en: format!("{en} ({} {})", step.rule, seen.join(", ")),
    }
}
