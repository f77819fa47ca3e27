//! Formats one campaign as a page: its plan, the state of its enrolments, and its headline figures with
//! versions.

use crate::kit::table::percent;
use crate::page::{Language, local, maybe, plain, seconds, text};
use serde_json::Value;

/// States of a campaign: code, with Chinese and English words.
const STATES: [(&str, (&str, &str)); 5] = [
    ("draft", ("草稿", "draft")),
    ("running", ("外呼中", "running")),
    ("paused", ("已暂停", "paused")),
    ("stopped", ("已停止", "stopped")),
    ("completed", ("已完成", "completed")),
];

/// Counts of a campaign, in the order of a customer's progress: JSON pointer, with Chinese and English words.
const COUNTS: [(&str, (&str, &str)); 7] = [
    ("/enrolled", ("入队", "enrolled")),
    ("/waiting", ("等待", "waiting")),
    ("/open", ("进行中", "open")),
    ("/settled", ("已了结", "settled")),
    ("/dialed", ("已拨", "dialed")),
    ("/answered", ("接通", "answered")),
    ("/calls_ended", ("已结束呼叫", "calls ended")),
];

/// Headline ratios with metric and version: label, member of the reply, and member for people only.
const RATIOS: [((&str, &str), &str, &str); 2] = [
    (
        (
            "接通率 answer_ratio_per_call v1（接通 ÷ 已拨）",
            "answer_ratio_per_call v1 (answered ÷ dialed)",
        ),
        "answer_ratio",
        "answer_ratio_people",
    ),
    (
        (
            "转化率 conversion_ratio v1（转化 ÷ 接通）",
            "conversion_ratio v1 (conversions ÷ answered)",
        ),
        "conversion_ratio",
        "conversion_ratio_people",
    ),
];

/// Returns the page for the data that `campaign show --json` prints.
pub(crate) fn campaign(shown: &Value, language: Language) -> Vec<String> {
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let code = text(shown, "/status");
    let state = STATES.iter().find(|(known, _)| *known == code);
    let state = state.map_or(code, |(_, words)| language.pick(*words));
    let mut lines = vec![format!(
        "{} {}  {state}",
        say(("任务", "Campaign")),
        text(shown, "/id")
    )];
    if let Some(reason) = maybe(shown, "/pause_reason") {
        lines.push(format!("{} {reason}", say(("暂停原因", "pause reason"))));
    }
    lines.push(format!(
        "{} {}  {} {}  {} {}",
        say(("合规规则集", "preset")),
        text(shown, "/preset"),
        say(("依据", "basis")),
        text(shown, "/basis"),
        say(("用途", "purpose")),
        text(shown, "/purpose"),
    ));
    lines.push(format!(
        "{} {}–{}  {} {}  {} {} v{}",
        say(("时段", "hours")),
        text(shown, "/schedule/start_time"),
        text(shown, "/schedule/end_time"),
        say(("并发上限", "concurrent calls")),
        plain(shown.pointer("/schedule/max_concurrent")),
        say(("话术", "flow")),
        text(shown, "/flow/flow"),
        plain(shown.pointer("/flow/version")),
    ));
    if let Some(end) = maybe(shown, "/ends_at") {
        lines.push(format!(
            "{} {}",
            say(("截止", "ends")),
            local(end, maybe(shown, "/time_zone"))
        ));
    }
    lines.push(String::new());
    let counts = COUNTS
        .iter()
        .filter(|(pointer, _)| shown.pointer(pointer).is_some());
    let counts =
        counts.map(|(pointer, words)| format!("{} {}", language.pick(*words), plain(shown.pointer(pointer))));
    lines.push(counts.collect::<Vec<_>>().join("  "));
    let percents = |name: &str| plain(Some(&percent(shown.get(name))));
    for (words, member, beside) in RATIOS {
        let people = match shown.get(beside) {
            None => String::new(),
            Some(_) => format!("  {} v2 {}", say(("仅真人", "people only")), percents(beside)),
        };
        lines.push(format!("{} {}{people}", say(words), percents(member)));
    }
    lines.push(format!(
        "{} {}",
        say(("平均通话 talk_ms_mean v1", "mean talk, talk_ms_mean v1")),
        seconds(shown.get("talk_ms_mean")),
    ));
    if let Some(alert) = maybe(shown, "/last_alert") {
        let detail = maybe(shown, "/last_alert_detail").unwrap_or_default();
        lines.push(format!("{} {alert}  {detail}", say(("最近告警", "last alert"))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_campaign_is_one_short_page_with_the_version_of_its_figure() {
        let shown = json!({ "id": "T", "status": "paused", "pause_reason": "requested",
            "ends_at": "2026-03-02T02:00:00Z", "time_zone": "UTC",
            "preset": "cn-service", "basis": "contract", "purpose": "service", "flow": { "flow": "T", "version": 2 },
            "schedule": { "start_time": "09:00", "end_time": "18:00", "max_concurrent": 50 },
            "enrolled": 100, "waiting": 20, "open": 0, "settled": 80, "dialed": 73, "answered": 43,
            "calls_ended": 73, "answer_ratio": 0.589, "answer_ratio_people": 0.411,
            "conversion_ratio": null, "talk_ms_mean": 8_250 });
        let zh = campaign(&shown, Language::Zh);
        assert_eq!(zh[0], "任务 T  已暂停");
        assert_eq!(zh[4], "截止 2026-03-02 02:00:00.000 +00:00");
        assert_eq!(
            zh[6],
            "入队 100  等待 20  进行中 0  已了结 80  已拨 73  接通 43  已结束呼叫 73"
        );
        assert_eq!(
            zh[7..10],
            [
                "接通率 answer_ratio_per_call v1（接通 ÷ 已拨） 58.9 %  仅真人 v2 41.1 %",
                "转化率 conversion_ratio v1（转化 ÷ 接通） -",
                "平均通话 talk_ms_mean v1 8.2 s"
            ]
        );
        let en = campaign(&shown, Language::En).join("\n");
        assert!(en.contains("Campaign T  paused\npause reason requested"), "{en}");
        assert!(
            en.contains("hours 09:00–18:00  concurrent calls 50  flow T v2"),
            "{en}"
        );
    }
}
