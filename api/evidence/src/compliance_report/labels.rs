//! Labels of the codes in the report's tables: `中文 / English (code)`. The code stays, because the figures
//! beside the page and `docs/reference/reports.md` use it. A code of a newer build is shown without labels.

use domain::disposition::{Disposition, Outcome};

/// A code with its labels in Chinese and English.
type Label = (&'static str, &'static str, &'static str);

const SIDES: [Label; 2] = [("customer", "客户", "customer"), ("number", "号码", "number")];

/// Rules that permit, defer or forbid a dial.
const RULES: [Label; 25] = [
    ("best_time", "易接通时段", "best time to call"),
    ("callback_agent", "预约坐席", "agent of the callback"),
    ("calling_days", "外呼日", "calling days"),
    ("calling_window", "外呼时段", "calling hours"),
    ("caller_number", "主叫号码资质", "caller number's licence"),
    ("consent", "同意", "consent"),
    ("deadline_over", "单次外呼期限", "deadline of a call"),
    ("enrolment", "名单状态", "place in the list"),
    ("erased_person", "已删除或保留中", "erased or held person"),
    ("frequency_cap", "频次上限", "frequency cap"),
    ("home_location", "号码归属地", "home location"),
    ("key_missing", "客户密钥", "person's key"),
    ("merged_person", "合并客户", "merged customer"),
    ("missing_fact", "必备事实", "facts that the preset needs"),
    ("number_state", "号码状态", "number state"),
    ("open_call", "通话中", "open call"),
    ("own_caps", "自设频次上限", "caps of campaign and customer"),
    ("own_phones", "自有测试号码", "own test phones"),
    ("preferred_times", "客户指定时段", "preferred times"),
    ("preview", "预览外呼", "preview"),
    ("quota", "配额", "quota"),
    ("retry_policy", "重试策略", "retry policy"),
    ("same_number", "同号客户", "same number"),
    ("suppression", "禁呼", "suppression"),
    ("white_list", "白名单", "allowlist"),
];

const OPT_OUT_SOURCES: [Label; 5] = [
    ("import", "名单导入", "import"),
    ("keypress", "按键", "keypress"),
    ("operator", "操作员录入", "operator"),
    ("speech", "通话中说出", "said in a call"),
    ("text", "文字消息", "written message"),
];

const PAUSES: [Label; 4] = [
    ("quota_not_evaluated", "配额无法判断", "quota cannot be evaluated"),
    ("requested", "人工暂停", "paused by a user"),
    ("store_unavailable", "存储不可用", "store unavailable"),
    ("trunk_unreachable", "中继不可达", "trunk unreachable"),
];

const ALERTS: [Label; 1] = [("quota_not_evaluated", "配额无法判断", "quota cannot be evaluated")];

const VIOLATIONS: [Label; 12] = [
    (
        "dialed_after_opt_out",
        "谢绝来电后仍获准并拨打",
        "dialed after an opt-out",
    ),
    (
        "dialed_while_suppressed",
        "禁呼期内拨打",
        "dialed while suppressed",
    ),
    ("dialed_without_permit", "无许可拨打", "dialed without a permit"),
    (
        "dialed_outside_grant",
        "许可失效后拨打",
        "dialed outside its grant",
    ),
    ("dialed_twice", "重复拨打", "dialed twice"),
    ("permitted_twice", "重复许可", "permitted twice"),
    (
        "permitted_by_other_grant",
        "许可依据他人授权",
        "permitted by another's grant",
    ),
    (
        "permitted_without_verdict",
        "许可缺少规则判定",
        "permitted without a verdict",
    ),
    (
        "permitted_against_verdict",
        "许可违反规则判定",
        "permitted against a verdict",
    ),
    (
        "permitted_after_erasure",
        "已删除个人信息者仍获准",
        "permitted after erasure",
    ),
    (
        "recorded_without_notice",
        "告知结束前录入对方声音",
        "callee recorded before the notice was over",
    ),
    (
        "ended_without_permit",
        "无许可的呼叫结束",
        "ended without a permit",
    ),
];

fn labelled(table: &[Label], code: &str) -> String {
    let known = table.iter().find(|(known, ..)| *known == code);
    known.map_or_else(
        || code.to_owned(),
        |(code, zh, en)| format!("{zh} / {en} ({code})"),
    )
}

pub(super) fn side_label(code: &str) -> String {
    labelled(&SIDES, code)
}

pub(super) fn rule_label(code: &str) -> String {
    labelled(&RULES, code)
}

pub(super) fn opt_out_source_label(code: &str) -> String {
    labelled(&OPT_OUT_SOURCES, code)
}

pub(super) fn pause_label(code: &str) -> String {
    labelled(&PAUSES, code)
}

/// Returns the label of an alert; most alerts are named after a disposition.
pub(super) fn alert_label(code: &str) -> String {
    match Disposition::from_code(code) {
        Some(known) => format!("{} / {} ({code})", known.label_zh(), known.label_en()),
        None => labelled(&ALERTS, code),
    }
}

pub(super) fn violation_label(code: &str) -> String {
    labelled(&VIOLATIONS, code)
}

/// Returns the label of a disposition, for example `接通 / answered`.
pub(super) fn disposition_label(code: &str) -> String {
    match Disposition::from_code(code) {
        Some(known) => format!("{} / {}", known.label_zh(), known.label_en()),
        None => code.to_owned(),
    }
}

/// Returns the label of a correction of a call's result, for example of `busy>answered/success`.
pub(super) fn correction_label(code: &str) -> String {
    match code.split_once('>') {
        Some((before, after)) => format!("{} → {}", finding_label(before), finding_label(after)),
        None => code.to_owned(),
    }
}

/// Returns the label of a disposition and its outcome, if it has one.
fn finding_label(code: &str) -> String {
    let Some((disposition, outcome)) = code.split_once('/') else {
        return disposition_label(code);
    };
    let known = Outcome::from_code(outcome);
    let outcome = known.map_or_else(
        || outcome.to_owned(),
        |known| format!("{} / {}", known.label_zh(), known.label_en()),
    );
    format!("{}, {outcome}", disposition_label(disposition))
}

/// Returns the code itself, for hours and items of a checklist, which have no labels.
pub(super) fn as_it_is(code: &str) -> String {
    code.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::campaign::event::PauseReason;
    use domain::number::event::OptOutSource;
    use serde_json::to_value;

    #[test]
    fn every_code_of_a_closed_list_has_both_languages() {
        for source in [
            OptOutSource::Keypress,
            OptOutSource::Speech,
            OptOutSource::Text,
            OptOutSource::Operator,
            OptOutSource::Import,
        ] {
            let code = to_value(source).unwrap();
            assert!(
                opt_out_source_label(code.as_str().unwrap()).contains(" / "),
                "{code}"
            );
        }
        for reason in [
            PauseReason::Requested,
            PauseReason::TrunkUnreachable,
            PauseReason::StoreUnavailable,
            PauseReason::QuotaNotEvaluated,
        ] {
            let code = to_value(reason).unwrap();
            assert!(pause_label(code.as_str().unwrap()).contains(" / "), "{code}");
        }
        assert_eq!(rule_label("consent"), "同意 / consent (consent)");
        assert_eq!(side_label("number"), "号码 / number (number)");
        assert_eq!(
            alert_label("trunk_unreachable"),
            "中继不可达 / trunk unreachable (trunk_unreachable)"
        );
        assert_eq!(correction_label("busy>answered"), "忙线 / busy → 接通 / answered");
        assert_eq!(rule_label("of_a_newer_build"), "of_a_newer_build");
    }
}
