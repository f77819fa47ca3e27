//! What to do: rules over the figures, each suggestion with the rule and the cause that led to it.

use super::Gathered;
use super::figures::float;

/// A part of the swing below this is no reason to act: one per cent of all calls.
const EFFECT_MIN: f64 = 0.01;
/// A list with more invalid numbers than this was not cleaned.
const INVALID_SHARE_MAX: f64 = 0.05;
/// More failures of lines than this are no chance.
const LINE_SHARE_MAX: f64 = 0.02;
/// Opt-outs of answered calls.
const OPT_OUT_SHARE_MAX: f64 = 0.02;

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suggestion {
    /// Name of the rule.
    pub(super) rule: &'static str,
    pub(super) cause: String,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

/// The suggestions, in the order of the rules.
pub(super) fn suggestions(gathered: &Gathered) -> Vec<Suggestion> {
    let mut found = of_swings(gathered);
    let (_, now) = &gathered.dispositions;
    let calls = |code: &str| now.get(code).map_or(0, |trunks| trunks.values().sum::<u64>());
    let all = float(now.keys().map(|code| calls(code)).sum());
    let share = |codes: &[&str]| {
        let counted: u64 = codes.iter().map(|code| calls(code)).sum();
        if all > 0.0 { float(counted) / all } else { 0.0 }
    };
    let mut when = |share: f64, max: f64, (rule, zh, en): (&'static str, &'static str, &'static str)| {
        if share > max {
            let cause = format!("{:.1} % > {:.1} %", share * 100.0, max * 100.0);
            found.push(Suggestion { rule, cause, zh, en });
        }
    };
    when(
        share(&["invalid_number"]),
        INVALID_SHARE_MAX,
        (
            "invalid_numbers",
            "清洗名单：空号占比过高",
            "clean the lists: too many invalid numbers",
        ),
    );
    let line = [
        "congestion",
        "trunk_auth",
        "trunk_denied",
        "trunk_timeout",
        "trunk_unreachable",
    ];
    when(
        share(&line),
        LINE_SHARE_MAX,
        (
            "line_failures",
            "与运营商核查线路与并发上限",
            "have the carrier look at the line and its limits",
        ),
    );
    let answered = float(gathered.now.answered).max(1.0);
    when(
        float(gathered.watch.opt_outs) / answered,
        OPT_OUT_SHARE_MAX,
        (
            "opt_outs",
            "复核客群与话术开场：谢绝来电偏多",
            "review segment and opening: many opt-outs",
        ),
    );
    if let Some((rule, count)) = gathered.watch.refusals.iter().max_by_key(|(_, count)| **count) {
        found.push(Suggestion {
            rule: "refusals",
            cause: format!("{rule}: {count}"),
            zh: "按被驳回最多的规则调整名单与时段",
            en: "fit lists and hours to the rule that refuses most",
        });
    }
    let alerts: u64 = gathered.watch.alerts.values().sum();
    if alerts > 0 {
        found.push(Suggestion {
            rule: "alerts",
            cause: format!("{alerts}"),
            zh: "逐条复盘告警",
            en: "go through the alerts one by one",
        });
    }
    found
}

fn of_swings(gathered: &Gathered) -> Vec<Suggestion> {
    let mut found = Vec::new();
    for (_, by, swing) in &gathered.swings {
        for effect in &swing.effects {
            let cause = format!(
                "{by} {}: {:+.2} pp rate, {:+.2} pp mix",
                effect.part,
                effect.rate * 100.0,
                effect.mix * 100.0
            );
            let (rule, zh, en) = match *by {
                "trunk" if effect.rate <= -EFFECT_MIN => (
                    "trunk_rate",
                    "核查该中继的质量、外显号码与标记",
                    "look at this trunk's quality, caller ids and marks",
                ),
                "hour" if effect.mix <= -EFFECT_MIN => (
                    "hour_mix",
                    "把拨打量移到接通率更高的时段",
                    "move dials to hours with a higher answer rate",
                ),
                "flow version" if effect.rate <= -EFFECT_MIN => (
                    "flow_version_rate",
                    "对比该话术版本与前一版本",
                    "compare this flow version with the one before",
                ),
                "campaign" if effect.rate <= -EFFECT_MIN => (
                    "campaign_rate",
                    "复核该任务的名单来源与拨打时段",
                    "review this campaign's lists and hours",
                ),
                _ => continue,
            };
            found.push(Suggestion { rule, cause, zh, en });
        }
    }
    found
}
