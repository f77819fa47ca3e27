//! Formats the explanation of why a customer was or was not called: the decisive reason, then every rule.

use super::{Language, maybe, plain, text};
use application::local_time::local;
use serde_json::Value;

/// Returns the page for the data that `why-not --json` prints: decision, earliest time, verdicts, and dials
/// in the log.
pub(crate) fn why_not(shown: &Value, language: Language) -> Vec<String> {
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let said = |value: &Value| {
        let words = match language {
            Language::Zh => maybe(value, "/zh"),
            Language::En => maybe(value, "/en"),
        };
        words.unwrap_or("-").to_owned()
    };
    let answer = match shown.get("permitted") {
        Some(Value::Bool(true)) => say(("可以外呼", "permitted")),
        _ => say(("不可外呼", "not permitted")),
    };
    let not_before = maybe(shown, "/not_before");
    let mut lines = vec![
        format!(
            "{} {}  {} {}  {}",
            say(("客户", "Customer")),
            text(shown, "/id"),
            say(("任务", "campaign")),
            text(shown, "/campaign"),
            local(text(shown, "/at"), None),
        ),
        format!("{answer}  {}", said(shown)),
        match not_before {
            Some(at) => format!("{} {}", say(("可外呼自", "allowed from")), local(at, None)),
            None => say(("不会再允许", "never allowed")).to_owned(),
        },
    ];
    for verdict in list(shown, "verdicts") {
        let mark = match verdict.get("decision") {
            Some(Value::String(decision)) if decision == "allow" => "+",
            _ => "-",
        };
        lines.push(format!(
            "  {mark} {} v{}  {}",
            text(verdict, "/rule"),
            plain(verdict.get("version")),
            said(verdict)
        ));
    }
    for dial in list(shown, "dials") {
        lines.push(format!(
            "  {} {}  {} {}",
            local(text(dial, "/at"), None),
            text(dial, "/event"),
            text(dial, "/call"),
            maybe(dial, "/rule").unwrap_or_default()
        ));
    }
    lines
}

fn list<'a>(shown: &'a Value, name: &str) -> &'a [Value] {
    let items = shown.get(name).and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_binding_rule_is_first_and_every_rule_follows() {
        let shown = json!({ "id": "K", "campaign": "T", "at": "2026-03-02T13:00:00Z", "permitted": false,
            "zh": "不在允许的外呼时段", "en": "it is outside the calling hours",
            "not_before": "2026-03-03T01:00:00Z",
            "verdicts": [
                { "rule": "consent", "version": 1, "decision": "allow", "zh": "同意", "en": "consent" },
                { "rule": "calling_window", "version": 1, "decision": { "defer_until": "2026-03-03T01:00:00Z" },
                  "zh": "不在允许的外呼时段", "en": "it is outside the calling hours" }],
            "dials": [{ "event": "customer.dial_refused", "at": "2026-03-02T12:00:00Z", "call": "C",
                "rule": "calling_window" }] });
        let en = why_not(&shown, Language::En).join("\n");
        assert!(en.contains("not permitted  it is outside"), "{en}");
        assert!(en.contains("allowed from 2026-03-03 09:00:00"), "{en}");
        assert!(
            en.contains("  + consent v1") && en.contains("  - calling_window v1"),
            "{en}"
        );
        assert!(en.contains("customer.dial_refused  C calling_window"), "{en}");
        let zh = why_not(&shown, Language::Zh).join("\n");
        assert!(zh.contains("不可外呼  不在允许的外呼时段"), "{zh}");
    }
}
