//! Why somebody was not called, in words (zh, en): one table of rules and of their facts, for every door.
//!
//! A rule's name and facts are stored as codes and stay so; these are their labels, as dispositions have
//! theirs. A code that no table has (of a later build, or of a grant given back) stands as it is.

use super::preset::rules_of;
use super::zones::BEIJING;
use crate::calling_plan::Preset;
use crate::time::Timestamp;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// A code with its labels, zh and en.
type Words = (&'static str, &'static str, &'static str);

/// Every rule, and every reason for which a grant is given back.
const RULES: [Words; 19] = [
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
];

/// The rules by name, for a verdict that allows.
const NAMES: [Words; 11] = [
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
    ("same_number", "同号", "same number"),
];

/// Names of facts.
const FACTS: [Words; 20] = [
    ("hours", "允许时段", "hours"),
    ("local_time", "当地时间", "local time"),
    ("time_zones", "时区", "time zones"),
    ("missing", "缺少", "missing"),
    ("because", "原因", "because"),
    ("scope", "用途", "scope"),
    ("needed", "是否必需", "needed"),
    ("consent", "同意", "consent"),
    ("running", "正在外呼", "running"),
    ("campaign_version", "任务版本", "campaign version"),
    ("ends_at", "任务结束", "ends at"),
    ("home_location", "归属地", "home location"),
    ("charged_dials", "已计次数", "charged dials"),
    ("retries_max", "重试上限", "retries at most"),
    ("uncharged_dials", "不计次数", "uncharged dials"),
    ("uncharged_max", "不计次上限", "uncharged at most"),
    ("call", "呼叫", "call"),
    ("reason", "原因", "reason"),
    ("by", "经办人", "by"),
    ("same_as", "同号客户", "same as customer"),
];

/// Values that are codes.
const VALUES: [Words; 12] = [
    ("opted_out", "谢绝来电", "opted out"),
    ("suppressed", "在禁呼名单", "suppressed"),
    ("invalid_number", "空号", "the number does not exist"),
    ("absent", "没有", "absent"),
    ("given", "有效", "given"),
    ("withdrawn", "已撤回", "withdrawn"),
    ("expired", "已到期", "expired"),
    ("given_later", "尚未生效", "given later"),
    ("without_evidence", "无证据", "without evidence"),
    ("true", "是", "yes"),
    ("false", "否", "no"),
    ("time_zone", "时区", "time zone"),
];

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InWords {
    pub zh: String,
    pub en: String,
}

/// Rule, facts and next due time as a person reads them. `next` is absent where it is for good.
pub fn in_words(rule: &str, facts: &BTreeMap<String, String>, next: Option<Timestamp>, zone: Tz) -> InWords {
    let mut words = with_facts(labels(&RULES, rule), facts);
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

/// A rule that allowed, by its name, and what it looked at.
pub fn allowed_in_words(rule: &str, facts: &BTreeMap<String, String>) -> InWords {
    with_facts(labels(&NAMES, rule), facts)
}

fn with_facts((zh, en): (&str, &str), facts: &BTreeMap<String, String>) -> InWords {
    let mut words = InWords {
        zh: zh.to_owned(),
        en: en.to_owned(),
    };
    for (index, (name, value)) in facts.iter().enumerate() {
        let (name, value) = (labels(&FACTS, name), labels(&VALUES, value));
        let (zh, en) = if index == 0 { ("：", ": ") } else { ("，", ", ") };
        words.zh.push_str(&format!("{zh}{} {}", name.0, value.0));
        words.en.push_str(&format!("{en}{} {}", name.1, value.1));
    }
    words
}

/// In which zone a time is said to be: of the record, else of the number where the whole country has one.
pub fn zone_of(record: Option<&str>, phone: Option<&str>) -> Tz {
    let recorded = record.and_then(|name| name.parse().ok());
    let is_mainland = phone.is_some_and(|phone| phone.starts_with("+86"));
    recorded.unwrap_or(if is_mainland { BEIJING } else { Tz::UTC })
}

/// In which zone a campaign's own times are said to be: the one its preset's text names, else UTC. The hours
/// in which a person may be called are those of the person's own zone, whatever this is.
pub fn zone_of_campaign(preset: Preset) -> Tz {
    rules_of(preset).zone.unwrap_or(Tz::UTC)
}

/// The labels of a code, zh and en; the code itself where there are none.
fn labels<'a>(words: &[Words], code: &'a str) -> (&'a str, &'a str) {
    let found = words.iter().find(|(known, _, _)| *known == code);
    found.map_or((code, code), |(_, zh, en)| (*zh, *en))
}

#[cfg(test)]
mod tests {
    use super::super::{customer_rules, number_rules};
    use super::*;

    #[test]
    fn every_rule_has_words_and_no_code_has_two() {
        let customer = customer_rules().map(|rule| rule.id());
        let number = number_rules().map(|rule| rule.id());
        for rule in customer.iter().chain(&number).chain(&["same_number"]) {
            assert!(RULES.iter().any(|(known, _, _)| known == rule), "{rule}");
            assert!(NAMES.iter().any(|(known, _, _)| known == rule), "{rule}");
        }
        for words in [RULES.as_slice(), &NAMES, &FACTS, &VALUES] {
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
    fn rule_facts_and_next_due_time_are_said_in_both_languages() {
        let facts = BTreeMap::from([("consent".to_owned(), "withdrawn".to_owned())]);
        let said = in_words("consent", &facts, None, BEIJING);
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
        let said = in_words(
            "frequency_cap",
            &facts,
            next,
            zone_of(None, Some("+8613800138000")),
        );
        let shown = "已达频次上限：dialed_per_number_in_1_days 2 of 2，当地时间 2026-03-02T19:00:00；下次可呼 \
                     2026-03-03 09:00:00 +08:00";
        assert_eq!(said.zh, shown);
        let abroad = in_words(
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
