//! Formats one phone number as a page, masked: opt-out, suppression and their end, and open calls.

use crate::page::{Language, local, maybe, plain, text};
use serde_json::Value;

/// Returns the page for the data that `number show --json` prints. Numbers have no time zone: times are those
/// of the calendar.
pub(crate) fn number(shown: &Value, language: Language) -> Vec<String> {
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let mut lines = vec![
        format!(
            "{} {}  {} {}",
            say(("号码", "Number")),
            text(shown, "/number"),
            say(("内部编号", "our id")),
            text(shown, "/id"),
        ),
        standing(shown, language),
    ];
    let why = match language {
        Language::Zh => maybe(shown, "/not_called/zh"),
        Language::En => maybe(shown, "/not_called/en"),
    };
    lines.extend(why.map(|why| format!("{} {why}", say(("未呼", "not called")))));
    lines.push(format!(
        "{} {}",
        say(("近 30 天拨打", "dials in 30 days")),
        plain(shown.get("dials_30_days"))
    ));
    let calls = shown.get("open_calls").and_then(Value::as_array);
    let calls = calls.into_iter().flatten().filter_map(Value::as_str);
    lines.extend(calls.map(|call| format!("{} {call}", say(("进行中的呼叫", "open call")))));
    lines
}

/// Formats the restrictions of the number in all campaigns as one line.
fn standing(shown: &Value, language: Language) -> String {
    let say = |words: (&'static str, &'static str)| language.pick(words).to_owned();
    let holds = |name: &str| shown.get(name).and_then(Value::as_bool) == Some(true);
    let mut found = Vec::new();
    if holds("opted_out") {
        found.push(say(("已谢绝来电", "opted out")));
    }
    if holds("suppressed") {
        found.push(match maybe(shown, "/suppressed_until") {
            Some(until) => format!("{} {}", say(("禁呼至", "suppressed until")), local(until, None)),
            None => say(("禁呼，无期限", "suppressed permanently")),
        });
    }
    if holds("invalid") {
        found.push(say(("空号", "the number does not exist")));
    }
    if found.is_empty() {
        return say(("无禁呼", "no opt-out or suppression"));
    }
    found.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_has_its_restrictions_their_ends_and_its_open_calls() {
        let shown = json!({ "id": "N", "number": "138****8000", "opted_out": true, "suppressed": true,
            "suppressed_until": "2026-03-02T02:00:00Z", "invalid": false, "open_calls": ["C1"], "dials_30_days": 3,
            "not_called": { "zh": "号码禁呼：原因 谢绝来电；不再外呼", "en": "the number must not be dialed" } });
        assert_eq!(
            number(&shown, Language::Zh),
            [
                "号码 138****8000  内部编号 N",
                "已谢绝来电  禁呼至 2026-03-02 10:00:00.000 +08:00",
                "未呼 号码禁呼：原因 谢绝来电；不再外呼",
                "近 30 天拨打 3",
                "进行中的呼叫 C1",
            ]
        );
        let en = number(&shown, Language::En).join("\n");
        assert!(en.contains("not called the number must not be dialed\n"), "{en}");
        assert!(en.contains("opted out  suppressed until 2026"), "{en}");
    }

    #[test]
    fn a_number_that_may_be_called_says_so_and_one_for_good_has_no_end() {
        let free = json!({ "id": "N", "opted_out": false, "suppressed": false, "suppressed_until": null,
            "invalid": false, "open_calls": [], "dials_30_days": 0, "not_called": null });
        assert_eq!(
            number(&free, Language::En),
            [
                "Number -  our id N",
                "no opt-out or suppression",
                "dials in 30 days 0"
            ]
        );
        let held = json!({ "suppressed": true, "suppressed_until": null, "invalid": true });
        assert_eq!(number(&held, Language::Zh)[1], "禁呼，无期限  空号");
    }
}
