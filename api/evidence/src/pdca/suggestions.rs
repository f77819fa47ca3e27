//! Suggests actions from the figures of a PDCA report: each suggestion names its rule and its cause.
//!
//! This module is pure: figures in, suggestions out, in the order of the rules.

use domain::calendar::PeriodLength;
use domain::disposition::Disposition;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Smallest effect that leads to a suggestion: one percentage point of all calls.
const EFFECT_MIN: f64 = 0.01;
/// Share of invalid numbers above which a list counts as not cleaned.
const INVALID_SHARE_MAX: f64 = 0.05;
/// Share of line failures above which they count as more than chance.
const LINE_SHARE_MAX: f64 = 0.02;
/// Share of opt-outs among answered calls above which the script or the list is suggested for review.
const OPT_OUT_SHARE_MAX: f64 = 0.02;

/// Dispositions that describe the line and not the person.
const OF_LINES: [Disposition; 5] = [
    Disposition::Congestion,
    Disposition::TrunkAuth,
    Disposition::TrunkDenied,
    Disposition::TrunkTimeout,
    Disposition::TrunkUnreachable,
];

/// The causes by which a change of the answer ratio is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SplitBy {
    Trunk,
    Hour,
    Weekday,
    FlowVersion,
    Campaign,
}

impl SplitBy {
    pub(super) const fn label_zh(self) -> &'static str {
        match self {
            Self::Trunk => "中继",
            Self::Hour => "时段",
            Self::Weekday => "星期",
            Self::FlowVersion => "话术版本",
            Self::Campaign => "任务",
        }
    }
    pub(super) const fn label_en(self) -> &'static str {
        match self {
            Self::Trunk => "trunk",
            Self::Hour => "hour",
            Self::Weekday => "weekday",
            Self::FlowVersion => "flow version",
            Self::Campaign => "campaign",
        }
    }
}

/// The effect of one part of the calls on the change of the answer ratio between two periods.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PartEffect {
    pub(super) by: SplitBy,
    /// Name of the part, for example of a trunk.
    pub(super) part: String,
    /// Effect of its own ratio, as a share of all calls (0.01 is one percentage point).
    pub(super) rate: f64,
    /// Effect of its share of all calls, in the same unit.
    pub(super) mix: f64,
}

/// The figures of a period that the rules read.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct SuggestionInputs {
    /// Ended calls by disposition.
    pub(super) ended: BTreeMap<Disposition, u64>,
    pub(super) answered: u64,
    pub(super) opt_outs: u64,
    /// The rule that refused most dials, and the number of refusals.
    pub(super) refused_most: Option<(String, u64)>,
    pub(super) alerts: u64,
    pub(super) effects: Vec<PartEffect>,
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suggestion {
    /// Name of the rule.
    pub(super) rule: &'static str,
    pub(super) cause: String,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

/// A topic that a report of this length should cover and does not cover yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct MissingTopic {
    #[schemars(extend("enum" = ["tags", "models", "architecture"]))]
    pub(super) code: &'static str,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

const TAGS: MissingTopic = MissingTopic {
    code: "tags",
    zh: "标签：哪些客户标签与接通、转化一起变化",
    en: "tags: which tags of customers moved with answers and conversions",
};
const MODELS: MissingTopic = MissingTopic {
    code: "models",
    zh: "模型：各版本意图模型的准确率与弃权率",
    en: "models: how right each version of the intent model was, and how often it abstained",
};
const ARCHITECTURE: MissingTopic = MissingTopic {
    code: "architecture",
    zh: "架构：部署、存储与引擎的年度复盘；容量已列出",
    en: "architecture: a year of deployment, storage and engines; the report shows capacity",
};

/// Returns the topics that REP-7 demands of a report and that it does not cover yet: a month covers scripts,
/// tags and strategy, a quarter scale and models, a year architecture. A longer report lacks everything that
/// a shorter one lacks.
pub(super) fn list_missing_topics(length: PeriodLength) -> Vec<MissingTopic> {
    match length {
        PeriodLength::Day | PeriodLength::Week => Vec::new(),
        PeriodLength::Month => vec![TAGS],
        PeriodLength::Quarter => vec![TAGS, MODELS],
        PeriodLength::Year => vec![TAGS, MODELS, ARCHITECTURE],
    }
}

/// Returns the suggestions that follow from these figures, in the order of the rules; empty if no rule
/// applies.
pub(super) fn suggestions(noticed: &SuggestionInputs) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = noticed.effects.iter().filter_map(of_effect).collect();
    let all: u64 = noticed.ended.values().sum();
    let ended = |dispositions: &[Disposition]| -> u64 {
        let counts = dispositions.iter().filter_map(|one| noticed.ended.get(one));
        counts.sum()
    };
    let over = |(counted, whole): (u64, u64), max: f64, (rule, zh, en)| {
        let share = share(counted, whole);
        (share > max).then(|| Suggestion {
            rule,
            cause: format!("{:.1} % > {:.1} %", share * 100.0, max * 100.0),
            zh,
            en,
        })
    };
    found.extend(over(
        (ended(&[Disposition::InvalidNumber]), all),
        INVALID_SHARE_MAX,
        (
            "invalid_numbers",
            "清洗名单：空号占比过高",
            "clean the lists: too many invalid numbers",
        ),
    ));
    found.extend(over(
        (ended(&OF_LINES), all),
        LINE_SHARE_MAX,
        (
            "line_failures",
            "与运营商核查线路与并发上限",
            "have the carrier look at the line and its limits",
        ),
    ));
    found.extend(over(
        (noticed.opt_outs, noticed.answered.max(1)),
        OPT_OUT_SHARE_MAX,
        (
            "opt_outs",
            "复核客群与话术开场：谢绝来电偏多",
            "review segment and opening: many opt-outs",
        ),
    ));
    found.extend(noticed.refused_most.as_ref().map(|(rule, count)| Suggestion {
        rule: "refusals",
        cause: format!("{rule}: {count}"),
        zh: "按被驳回最多的规则调整名单与时段",
        en: "fit lists and hours to the rule that refuses most",
    }));
    found.extend((noticed.alerts > 0).then(|| Suggestion {
        rule: "alerts",
        cause: noticed.alerts.to_string(),
        zh: "逐条复盘告警",
        en: "go through the alerts one by one",
    }));
    found
}

fn of_effect(effect: &PartEffect) -> Option<Suggestion> {
    let (rule, zh, en) = match effect.by {
        SplitBy::Trunk if effect.rate <= -EFFECT_MIN => (
            "trunk_rate",
            "核查该中继的质量、外显号码与标记",
            "look at this trunk's quality, caller ids and marks",
        ),
        SplitBy::Hour if effect.mix <= -EFFECT_MIN => (
            "hour_mix",
            "把拨打量移到接通率更高的时段",
            "move dials to hours with a higher answer rate",
        ),
        SplitBy::FlowVersion if effect.rate <= -EFFECT_MIN => (
            "flow_version_rate",
            "对比该话术版本与前一版本",
            "compare this flow version with the one before",
        ),
        SplitBy::Campaign if effect.rate <= -EFFECT_MIN => (
            "campaign_rate",
            "复核该任务的名单来源与拨打时段",
            "review this campaign's lists and hours",
        ),
        SplitBy::Trunk | SplitBy::Hour | SplitBy::Weekday | SplitBy::FlowVersion | SplitBy::Campaign => {
            return None;
        }
    };
    let cause = format!(
        "{} {}: {:+.2} pp rate, {:+.2} pp mix",
        effect.by.label_en(),
        effect.part,
        effect.rate * 100.0,
        effect.mix * 100.0
    );
    Some(Suggestion { rule, cause, zh, en })
}

/// Returns a share from 0 to 1; 0 if the whole is 0.
#[expect(clippy::cast_precision_loss, reason = "counts of calls, far below 2^52")]
fn share(counted: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    counted as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(noticed: &SuggestionInputs) -> Vec<&'static str> {
        suggestions(noticed).iter().map(|one| one.rule).collect()
    }

    fn ended(all: &[(Disposition, u64)]) -> SuggestionInputs {
        SuggestionInputs {
            ended: all.iter().copied().collect(),
            answered: 100,
            ..SuggestionInputs::default()
        }
    }

    #[test]
    fn a_share_at_its_limit_asks_for_nothing_and_one_beyond_it_does() {
        let lists = |invalid| {
            ended(&[
                (Disposition::InvalidNumber, invalid),
                (Disposition::Busy, 100 - invalid),
            ])
        };
        assert_eq!(rules(&lists(5)), Vec::<&str>::new());
        assert_eq!(rules(&lists(6)), ["invalid_numbers"]);
        let lines = |denied| {
            ended(&[
                (Disposition::TrunkDenied, denied),
                (Disposition::Busy, 100 - denied),
            ])
        };
        assert_eq!(rules(&lines(2)), Vec::<&str>::new());
        assert_eq!(rules(&lines(3)), ["line_failures"]);
        let opt_outs = |opt_outs| SuggestionInputs {
            opt_outs,
            ..ended(&[])
        };
        assert_eq!(rules(&opt_outs(2)), Vec::<&str>::new());
        assert_eq!(rules(&opt_outs(3)), ["opt_outs"]);
    }

    #[test]
    fn what_moved_the_ratio_down_is_named_with_its_part_and_what_moved_it_up_is_not() {
        let effect = |by, rate: f64, mix: f64| PartEffect {
            by,
            part: "a".to_owned(),
            rate,
            mix,
        };
        let noticed = SuggestionInputs {
            effects: vec![
                effect(SplitBy::Trunk, -0.02, 0.0),
                effect(SplitBy::Trunk, 0.02, -0.5),
                effect(SplitBy::Hour, -0.02, -0.01),
                effect(SplitBy::Weekday, -0.5, -0.5),
                effect(SplitBy::FlowVersion, -0.009, 0.0),
                effect(SplitBy::Campaign, -0.01, 0.0),
            ],
            ..SuggestionInputs::default()
        };
        assert_eq!(rules(&noticed), ["trunk_rate", "hour_mix", "campaign_rate"]);
        let first = suggestions(&noticed).remove(0);
        assert_eq!(first.cause, "trunk a: -2.00 pp rate, +0.00 pp mix");
    }

    #[test]
    fn a_longer_report_lacks_what_a_shorter_one_lacks_and_a_day_and_a_week_lack_nothing() {
        let codes = |length| {
            list_missing_topics(length)
                .iter()
                .map(|one| one.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (codes(PeriodLength::Day), codes(PeriodLength::Week)),
            (vec![], vec![])
        );
        assert_eq!(codes(PeriodLength::Month), ["tags"]);
        assert_eq!(codes(PeriodLength::Quarter), ["tags", "models"]);
        assert_eq!(codes(PeriodLength::Year), ["tags", "models", "architecture"]);
    }

    #[test]
    fn what_rules_refused_and_alerts_are_suggested_whenever_there_are_any() {
        let noticed = SuggestionInputs {
            refused_most: Some(("calling_window v2".to_owned(), 7)),
            alerts: 2,
            ..SuggestionInputs::default()
        };
        let found = suggestions(&noticed);
        assert_eq!(
            (found[0].rule, found[0].cause.as_str()),
            ("refusals", "calling_window v2: 7")
        );
        assert_eq!((found[1].rule, found[1].cause.as_str()), ("alerts", "2"));
        assert_eq!(rules(&SuggestionInputs::default()), Vec::<&str>::new());
    }
}
