//! The reasons why a customer was not called, in words (zh, en): one table of rules and their facts, for
//! every output.
//!
//! A rule's name and facts are stored as codes and do not change; these are their labels, like those of
//! dispositions. A code without a label (of a later build, or of a released grant) is shown as it is.

use crate::fact_words::{CodeLabels, FACTS, VALUES};
use crate::past_call::IMPORTED_FACT;
use crate::time::Timestamp;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// The Chinese and English labels of every rule that can refuse a dial, and of every reason for which a
/// grant is released.
const RULES: [CodeLabels; 45] = [
    (
        "number_country",
        "号码的国家未经确认",
        "the country of the number is not confirmed",
    ),
    ("quota", "客群配额已满", "the quota of their group is full"),
    (
        "best_time",
        "等待更易接通的时段",
        "waits for an hour in which people answer more often",
    ),
    (
        "own_phones",
        "测试阶段仅呼叫自有测试号码",
        "under test the campaign calls our own phones alone",
    ),
    (
        "caller_number",
        "主叫号码资质已到期",
        "the licence of the number shown has ended",
    ),
    ("number_state", "号码检测未通过", "the vacancy check forbids it"),
    ("merged_person", "另一编号不允许", "another id of theirs forbids"),
    (
        "calling_days",
        "当天不外呼（节假日或休息日）",
        "nobody is called on this day",
    ),
    (
        "white_list",
        "号码不在所要求的白名单",
        "the number is not on the list that the campaign demands",
    ),
    (
        "preferred_times",
        "不在客户指定的时段",
        "it is outside the times that the person named",
    ),
    (
        "enrolment",
        "名单客户当前不可外呼",
        "the person's place in the list",
    ),
    ("campaign_over", "任务已结束", "the campaign is over"),
    (
        "no_agents",
        "任务由坐席接听，而本进程没有坐席",
        "agents take the calls, and nobody here knows of any",
    ),
    (
        "engine_down",
        "话术需要的语音引擎不可用",
        "a speech engine that the flow needs does not answer",
    ),
    (
        "preview",
        "预览外呼：须先由坐席查看并接受",
        "an agent is shown them first, and accepts",
    ),
    (
        "stage",
        "任务在分阶段上线，本阶段的名单或当天的呼叫已用完",
        "the campaign goes live in stages, and the people or the day's calls of this one are used up",
    ),
    (
        "key_missing",
        "客户密钥缺失，号码无法读取",
        "the person's key is missing",
    ),
    (
        "deadline_over",
        "单次外呼的期限已过",
        "the time for the call that was asked for is over",
    ),
    ("campaign_state", "任务未在外呼", "the campaign is not dialing"),
    (
        "missing_fact",
        "缺少规则需要的事实",
        "a fact that the preset needs is not kept",
    ),
    (
        "erased_person",
        "个人信息已删除或在保留中",
        "the person was erased, or is held",
    ),
    ("consent", "没有有效的同意", "there is no consent that counts"),
    (
        "home_location",
        "号码归属地不可外呼或未知",
        "the number's home is barred or unknown",
    ),
    (
        "calling_window",
        "不在允许的外呼时段",
        "it is outside the calling hours",
    ),
    ("retry_policy", "重试次数已用完", "no retry is left"),
    (
        "own_caps",
        "已达任务或客户自设的频次上限",
        "a cap of the campaign or the person is reached",
    ),
    ("frequency_cap", "已达频次上限", "a frequency cap is reached"),
    ("suppression", "号码禁呼", "the number must not be dialed"),
    ("open_call", "该号码正在通话中", "a call to this number is open"),
    (
        "same_number",
        "同号客户已在任务中",
        "another customer with this number is called",
    ),
    (
        "opted_out",
        "已谢绝来电或撤回同意",
        "the person opted out or withdrew consent",
    ),
    ("campaign_paused", "任务已暂停", "the campaign was paused"),
    ("campaign_stopped", "任务已停止", "the campaign was stopped"),
    ("emergency_stop", "已紧急停止", "an emergency stop was engaged"),
    (
        "grant_expired",
        "许可过期未拨",
        "the permit ran out before the dial",
    ),
    ("drain", "服务正在停止", "the server was stopping"),
    ("erased", "个人信息已删除", "the person was erased"),
    ("withdrawn", "许可已撤回", "the permit was withdrawn"),
    (
        "cut_off_settled",
        "被我方中断，经人工结清",
        "cut off by us, and settled by a person",
    ),
    (
        "enrolment_withdrawn",
        "已从名单撤回（止呼）",
        "withdrawn from the campaign",
    ),
    (
        "callback_missed",
        "未能按预约时间回拨",
        "the callback could not be made in time",
    ),
    ("callback_canceled", "预约回拨已取消", "the callback was canceled"),
    (
        "callback_agent",
        "等待预约的坐席空闲",
        "the agent of the callback is not free yet",
    ),
    (
        "callback_time",
        "预约时间已过、过远或次数过多",
        "the time lies behind or too far ahead, or is one too many",
    ),
    (
        "call_canceled",
        "单次外呼已取消",
        "the call that was asked for was canceled",
    ),
];

/// The names of the rules, for a verdict that allows.
const NAMES: [CodeLabels; 20] = [
    ("number_country", "号码国家", "country of the number"),
    ("own_phones", "自有测试号码", "our own phones"),
    ("caller_number", "主叫号码资质", "licence of the caller number"),
    ("merged_person", "合并客户", "merged person"),
    ("calling_days", "外呼日", "calling days"),
    ("white_list", "白名单", "white list"),
    ("preferred_times", "客户指定时段", "preferred times"),
    ("enrolment", "名单客户", "enrolment"),
    ("campaign_state", "任务状态", "campaign state"),
    ("missing_fact", "缺失事实", "missing fact"),
    ("erased_person", "已删除个人", "erased person"),
    ("consent", "同意", "consent"),
    ("home_location", "归属地", "home location"),
    ("calling_window", "可外呼时段", "calling window"),
    ("retry_policy", "重试策略", "retry policy"),
    ("frequency_cap", "频次上限", "frequency cap"),
    ("suppression", "禁呼名单", "suppression"),
    ("open_call", "通话进行中", "open call"),
    ("own_caps", "自设频次上限", "caps of campaign and person"),
    ("same_number", "同号", "same number"),
];

/// The labels of a cap's count and scope, by the beginning of the fact's name.
const CAPPED: [CodeLabels; 9] = [
    ("dialed_per_number", "向该号码拨打", "dials to this number"),
    ("dialed_per_person", "向该客户拨打", "dials to this person"),
    ("dialed_per_matter", "为该事项拨打", "dials about this matter"),
    (
        "answered_per_number",
        "该号码接通",
        "answered calls to this number",
    ),
    (
        "answered_per_person",
        "该客户接通",
        "answered calls to this person",
    ),
    (
        "answered_per_matter",
        "该事项接通",
        "answered calls about this matter",
    ),
    (
        "unanswered_per_number",
        "该号码未接通",
        "unanswered calls to this number",
    ),
    (
        "unanswered_per_person",
        "该客户未接通",
        "unanswered calls to this person",
    ),
    (
        "unanswered_per_matter",
        "该事项未接通",
        "unanswered calls about this matter",
    ),
];

/// The labels of a cap's period, by the end of the fact's name.
const PERIODS: [CodeLabels; 2] = [("_days", "天", "days"), ("_minutes", "分钟", "minutes")];

/// The side of a dial that a verdict belongs to. Some rules judge both sides; a line's verdicts concern its
/// caller numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSide {
    Customer,
    Number,
    Line,
}

/// A sentence in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilingualSentence {
    pub zh: String,
    pub en: String,
}

/// Returns why a dial was refused as a sentence: rule, facts and next due time in `zone`. Without `next`
/// the sentence says that the refusal is permanent.
pub fn describe_refusal(
    rule: &str,
    facts: &BTreeMap<String, String>,
    next: Option<Timestamp>,
    zone: Tz,
) -> BilingualSentence {
    let (zh, en) = labels(&RULES, rule);
    let mut words = with_facts(zh, en, facts);
    match next.map(|next| next.to_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %:z")) {
        Some(next) => {
            words.zh.push_str(&format!("；下次可呼 {next}"));
            words.en.push_str(&format!("; next due {next}"));
        }
        None => {
            words.zh.push_str("；不再外呼");
            words.en.push_str("; not called again");
        }
    }
    words
}

/// Returns an allowing verdict as a sentence: the rule's name and facts. For a rule that judges both sides
/// the sentence names the side, so that a permit does not seem to repeat itself.
pub fn describe_allowed(side: RuleSide, rule: &str, facts: &BTreeMap<String, String>) -> BilingualSentence {
    if rule != "frequency_cap" {
        let (zh, en) = labels(&NAMES, rule);
        return with_facts(zh, en, facts);
    }
    let ((zh, en), none) = match side {
        RuleSide::Customer => (
            ("频次上限（按客户）", "frequency cap per person"),
            ("预设没有按客户的上限", "the preset has none"),
        ),
        RuleSide::Number | RuleSide::Line => (
            ("频次上限（按号码）", "frequency cap per number"),
            ("预设没有按号码的上限", "the preset has none"),
        ),
    };
    let mut words = with_facts(zh, en, facts);
    if facts.is_empty() {
        words.zh.push_str(&format!("：{}", none.0));
        words.en.push_str(&format!(": {}", none.1));
    }
    words
}

fn with_facts(zh: &str, en: &str, facts: &BTreeMap<String, String>) -> BilingualSentence {
    let mut words = BilingualSentence {
        zh: zh.to_owned(),
        en: en.to_owned(),
    };
    for (index, (name, value)) in facts.iter().enumerate() {
        let said = cap_in_words(name, value).unwrap_or_else(|| {
            let (name, value) = (labels(&FACTS, name), labels(&VALUES, value));
            BilingualSentence {
                zh: format!("{} {}", name.0, value.0),
                en: format!("{} {}", name.1, value.1),
            }
        });
        let (zh, en) = if index == 0 { ("：", ": ") } else { ("，", ", ") };
        words.zh.push_str(&format!("{zh}{}", said.zh));
        words.en.push_str(&format!("{en}{}", said.en));
    }
    words
}

/// Returns a cap's fact as a sentence with count, period and limit, for example
/// `dialed_per_number_in_1_days` with `2 of 2`. `None` for any other fact.
fn cap_in_words(name: &str, value: &str) -> Option<BilingualSentence> {
    if let Some(of_them) = name.strip_prefix(IMPORTED_FACT) {
        let (what, _) = of_them.split_once("_in_")?;
        let (_, what_zh, what_en) = CAPPED.iter().find(|(code, ..)| *code == what)?;
        return Some(BilingualSentence {
            zh: format!("{what_zh}中 {value} 次来自导入的历史"),
            en: format!("{value} of the {what_en} are imported history"),
        });
    }
    let (what, period) = name.split_once("_in_")?;
    let (used, most) = value.split_once(" of ")?;
    let (_, what_zh, what_en) = CAPPED.iter().find(|(code, ..)| *code == what)?;
    let (length, unit_zh, unit_en) = PERIODS.iter().find_map(|(end, zh, en)| {
        let length = period.strip_suffix(end)?;
        Some((length, *zh, *en))
    })?;
    let unit_en = if length == "1" {
        unit_en.trim_end_matches('s')
    } else {
        unit_en
    };
    Some(BilingualSentence {
        zh: format!("{length} {unit_zh}内{what_zh} {used} 次（上限 {most} 次）"),
        en: format!("{used} of at most {most} {what_en} in {length} {unit_en}"),
    })
}

/// Returns the Chinese and the English label of a code; the code itself if it has none.
fn labels<'a>(words: &[CodeLabels], code: &'a str) -> (&'a str, &'a str) {
    let found = words.iter().find(|(known, _, _)| *known == code);
    found.map_or((code, code), |(_, zh, en)| (*zh, *en))
}

#[cfg(test)]
mod tests {
    use super::super::call_counts::name_of;
    use super::super::{customer_rules, number_rules};
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::display_zones::{zone_of, zone_of_campaign};
    use crate::compliance::shipped_presets;
    use crate::compliance::zones::BEIJING;

    #[test]
    fn every_rule_has_words_and_no_code_has_two() {
        let customer = customer_rules().map(|rule| rule.id());
        let number = number_rules().map(|rule| rule.id());
        for rule in customer.iter().chain(&number).chain(&["same_number"]) {
            assert!(RULES.iter().any(|(known, _, _)| known == rule), "{rule}");
            assert!(NAMES.iter().any(|(known, _, _)| known == rule), "{rule}");
        }
        for words in [RULES.as_slice(), &NAMES, &FACTS, &VALUES, &CAPPED] {
            let mut codes: Vec<&str> = words.iter().map(|(code, _, _)| *code).collect();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), words.len());
        }
    }

    #[test]
    fn a_campaigns_times_are_its_presets_and_utc_where_that_names_no_zone() {
        assert_eq!(zone_of_campaign(Preset::CnCollection), BEIJING);
        assert_eq!(zone_of_campaign(Preset::UsTsr), Tz::UTC);
    }

    #[test]
    fn every_cap_of_every_preset_has_words_in_both_languages() {
        let all = [
            Preset::CnService,
            Preset::CnMarketing,
            Preset::CnCollection,
            Preset::CnCloudTrunk,
            Preset::UsTsr,
            Preset::UsRegf,
            Preset::EuGdpr,
        ];
        for preset in all {
            let shipped = shipped_presets().iter().filter(|rules| rules.preset == preset);
            for cap in shipped.flat_map(|rules| &rules.caps) {
                let name = name_of(cap);
                let facts = BTreeMap::from([(name.clone(), "1 of 3".to_owned())]);
                let said = describe_refusal("frequency_cap", &facts, None, BEIJING);
                assert!(said.zh.contains("1 次（上限 3 次）"), "{name}: {}", said.zh);
                assert!(said.en.contains("1 of at most 3 "), "{name}: {}", said.en);
                assert!(!said.en.contains('_') && !said.zh.contains('_'), "{name}");
            }
        }
        let facts = BTreeMap::from([("dialed_per_number_in_5_minutes".to_owned(), "3 of 3".to_owned())]);
        let said = describe_allowed(RuleSide::Number, "frequency_cap", &facts);
        assert_eq!(
            said.zh,
            "频次上限（按号码）：5 分钟内向该号码拨打 3 次（上限 3 次）"
        );
        assert_eq!(
            said.en,
            "frequency cap per number: 3 of at most 3 dials to this number in 5 minutes"
        );
    }

    #[test]
    fn a_permit_says_one_rule_of_both_sides_apart() {
        let none = BTreeMap::new();
        let said =
            [RuleSide::Customer, RuleSide::Number].map(|side| describe_allowed(side, "frequency_cap", &none));
        assert_ne!(said[0].zh, said[1].zh);
        assert_eq!(said[0].en, "frequency cap per person: the preset has none");
        assert_eq!(said[1].en, "frequency cap per number: the preset has none");
    }

    #[test]
    fn rule_facts_and_next_due_time_are_said_in_both_languages() {
        let facts = BTreeMap::from([("consent".to_owned(), "withdrawn".to_owned())]);
        let said = describe_refusal("consent", &facts, None, BEIJING);
        assert_eq!(said.zh, "没有有效的同意：同意 已撤回；不再外呼");
        assert_eq!(
            said.en,
            "there is no consent that counts: consent withdrawn; not called again"
        );
        let facts = BTreeMap::from([
            ("dialed_per_number_in_1_days".to_owned(), "2 of 2".to_owned()),
            ("local_time".to_owned(), "2026-03-02T19:00:00".to_owned()),
        ]);
        let next = "2026-03-03T01:00:00Z".parse().ok();
        let said = describe_refusal(
            "frequency_cap",
            &facts,
            next,
            zone_of(None, Some("+8613800138000")),
        );
        let shown = "已达频次上限：1 天内向该号码拨打 2 次（上限 2 次），当地时间 2026-03-02T19:00:00；下次可呼 \
                     2026-03-03 09:00:00 +08:00";
        assert_eq!(said.zh, shown);
        let abroad = describe_refusal(
            "drain",
            &BTreeMap::new(),
            next,
            zone_of(Some("America/New_York"), None),
        );
        assert_eq!(
            abroad.en,
            "the server was stopping; next due 2026-03-02 20:00:00 -05:00"
        );
    }
}
