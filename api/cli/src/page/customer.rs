//! Formats one customer as a page, masked: numbers, hold and erasure, own rules, and each enrolment with its
//! next call or the reason for none.

use crate::page::{Language, local, maybe, plain, text};
use domain::disposition::{Disposition, Outcome};
use serde_json::Value;

/// Returns the page for the data that `customer show --json` prints.
pub(crate) fn customer(shown: &Value, language: Language) -> Vec<String> {
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let recorded = maybe(shown, "/time_zone");
    let zone = maybe(shown, "/local_zone").or(recorded);
    let mut lines = vec![
        format!("{} {}", say(("客户", "Customer")), text(shown, "/id")),
        format!(
            "{} {}  {} {}  {} {}",
            say(("机构编号", "customer_id")),
            text(shown, "/customer_id"),
            say(("姓名", "name")),
            text(shown, "/name"),
            say(("时区", "time zone")),
            recorded.unwrap_or("-"),
        ),
    ];
    for number in list(shown, "numbers") {
        let invalid = match number.get("invalid") {
            Some(Value::Bool(true)) => say(("  空号", "  invalid")),
            _ => "",
        };
        lines.push(format!(
            "{} {}{invalid}",
            say(("号码", "number")),
            text(number, "/phone")
        ));
    }
    if let Some(held) = shown.pointer("/standing/held").filter(|held| !held.is_null()) {
        lines.push(format!("{} {}", say(("法律保留", "on hold")), plain(Some(held))));
    }
    match maybe(shown, "/standing/erasure") {
        None | Some("none") => {}
        Some(erasure) => lines.push(format!("{} {erasure}", say(("删除个人信息", "erasure")))),
    }
    if let Some(into) = maybe(shown, "/merged_into") {
        lines.push(format!("{} {into}", say(("已合并到", "merged into"))));
    }
    for other in list(shown, "merged").iter().filter_map(Value::as_str) {
        lines.push(format!("{} {other}", say(("合并的编号", "merged id"))));
    }
    lines.extend(own_rules(shown, language));
    for enrolment in list(shown, "enrolments") {
        lines.push(String::new());
        lines.extend(enrolled(enrolment, zone, language));
    }
    let calls = list(shown, "calls").iter().filter_map(Value::as_str);
    let calls: Vec<String> = calls
        .map(|call| format!("{} {call}", say(("呼叫", "call"))))
        .collect();
    if !calls.is_empty() {
        lines.push(String::new());
        lines.extend(calls);
    }
    lines
}

/// Formats the customer's own caps and preferred times.
fn own_rules(shown: &Value, language: Language) -> Vec<String> {
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let caps = list(shown, "caps").iter().map(|cap| {
        format!(
            "{} {} {} / {} {}",
            say(("自设频次上限", "own cap")),
            text(cap, "/counted"),
            plain(cap.get("calls_max")),
            plain(cap.get("local_days")),
            say(("天", "days")),
        )
    });
    let times = list(shown, "preferred_times");
    let times: Vec<&str> = times.iter().filter_map(Value::as_str).collect();
    let preferred =
        (!times.is_empty()).then(|| format!("{} {}", say(("偏好时段", "preferred times")), times.join("; ")));
    caps.chain(preferred).collect()
}

fn list<'a>(shown: &'a Value, name: &str) -> &'a [Value] {
    let items = shown.get(name).and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

fn enrolled(enrolment: &Value, zone: Option<&str>, language: Language) -> Vec<String> {
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let mut lines = vec![format!(
        "{} {}  {} {}  {} {}",
        say(("任务", "campaign")),
        text(enrolment, "/campaign"),
        say(("依据", "basis")),
        text(enrolment, "/basis"),
        say(("已拨", "calls")),
        plain(enrolment.get("calls_count")),
    )];
    lines.push(match maybe(enrolment, "/settled/disposition") {
        Some(code) => format!(
            "  {} {}",
            say(("已了结", "settled")),
            finding(enrolment, code, language)
        ),
        None => match maybe(enrolment, "/open_call") {
            Some(call) => format!("  {} {call}", say(("通话进行中", "open call"))),
            None => format!(
                "  {} {}",
                say(("下次可呼", "next due")),
                local(text(enrolment, "/due_at"), zone)
            ),
        },
    });
    let why = match language {
        Language::Zh => maybe(enrolment, "/not_called/zh"),
        Language::En => maybe(enrolment, "/not_called/en"),
    };
    if let Some(why) = why {
        let at = local(text(enrolment, "/not_called/at"), zone);
        lines.push(format!("  {} {at}  {why}", say(("未呼", "not called"))));
    }
    lines
}

fn finding(enrolment: &Value, code: &str, language: Language) -> String {
    let label = Disposition::from_code(code).map(|one| language.pick((one.label_zh(), one.label_en())));
    let outcome = maybe(enrolment, "/settled/outcome").and_then(Outcome::from_code);
    let outcome = outcome.map(|one| language.pick((one.label_zh(), one.label_en())));
    let said: Vec<&str> = label.or(Some(code)).into_iter().chain(outcome).collect();
    said.join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_customer_is_printed_masked_with_why_and_when_next() {
        let shown = json!({ "id": "K", "customer_id": "**1", "name": "张*", "time_zone": "Asia/Shanghai",
            "standing": { "held": null, "erasure": "none" },
            "numbers": [{ "phone": "138****8000", "invalid": false }],
            "enrolments": [
                { "campaign": "T", "basis": "contract", "calls_count": 2, "due_at": "2026-03-03T01:00:00Z",
                  "not_called": { "at": "2026-03-02T02:00:00Z", "zh": "已达频次上限",
                    "en": "a frequency cap is reached" } },
                { "campaign": "U", "basis": "contract", "calls_count": 1, "due_at": "2026-03-03T01:00:00Z",
                  "settled": { "disposition": "answered", "outcome": "success" } },
            ],
            "calls": ["C1"] });
        let zh = customer(&shown, Language::Zh).join("\n");
        assert!(
            zh.contains("号码 138****8000\n\n任务 T  依据 contract  已拨 2"),
            "{zh}"
        );
        assert!(zh.contains("  下次可呼 2026-03-03 09:00:00.000 +08:00"), "{zh}");
        assert!(
            zh.contains("  未呼 2026-03-02 10:00:00.000 +08:00  已达频次上限"),
            "{zh}"
        );
        assert!(zh.contains("  已了结 接通 / 成功"), "{zh}");
        let abroad = json!({ "time_zone": null, "local_zone": "UTC", "enrolments": shown["enrolments"] });
        let page = customer(&abroad, Language::En).join("\n");
        assert!(page.contains("time zone -") && page.contains("next due 2026-03-03 01:00:00.000 +00:00"));
        let en = customer(&shown, Language::En).join("\n");
        assert!(
            en.contains("  settled answered / success") && en.ends_with("call C1"),
            "{en}"
        );
    }
}
