//! Formats one call as a page: its result, then verdicts, events, spoken text and keypresses in order.

use crate::page::{Language, local, maybe, plain, seconds, text};
use domain::call::event::CallEvent;
use domain::compliance::{RuleSide, describe_allowed};
use domain::disposition::{Disposition, Outcome};
use serde_json::Value;
use std::collections::BTreeMap;

type BilingualWords = (&'static str, &'static str);

/// Reasons for which a call or leg ended: code, with Chinese and English words.
const REASONS: [(&str, BilingualWords); 16] = [
    ("network", ("网络或被叫未接", "the network or the callee")),
    ("ring_timeout", ("振铃超时", "ring timeout")),
    ("callee_hung_up", ("被叫挂断", "the callee hung up")),
    ("flow_ended", ("话术结束", "the flow reached its end")),
    ("media_lost", ("媒体中断", "the audio stopped")),
    ("opted_out", ("谢绝来电", "the callee opted out")),
    ("campaign_paused", ("任务已暂停", "the campaign was paused")),
    ("campaign_stopped", ("任务已停止", "the campaign was stopped")),
    ("emergency_stop", ("紧急停止", "an emergency stop was engaged")),
    ("drain", ("服务正在停止", "the server was stopping")),
    (
        "crash",
        ("服务曾中断，由看护收尾", "a crash; the watchdog closed it"),
    ),
    ("grant_expired", ("许可过期", "the permit expired")),
    ("fault", ("系统故障", "a fault of ours")),
    ("requested", ("人工要求", "requested by a user")),
    ("no_agent", ("无空闲坐席", "no agent was free in time")),
    ("agent_hung_up", ("坐席挂断", "the agent hung up")),
];

/// The JSON pointers at which a `call.permitted` event holds the verdicts of the customer and of the
/// number.
const JUDGED: [(RuleSide, &str); 2] = [
    (RuleSide::Customer, "/data/customer_grant/verdicts"),
    (RuleSide::Number, "/data/number_grant/verdicts"),
];

/// Returns the page for the data that `call show --json` prints.
pub(crate) fn call(shown: &Value, language: Language) -> Vec<String> {
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let mut lines = vec![
        format!("{} {}", say(("呼叫", "Call")), text(shown, "/id")),
        format!(
            "{} {}  {} {}  {} {}",
            say(("任务", "campaign")),
            text(shown, "/campaign"),
            say(("客户", "customer")),
            text(shown, "/customer"),
            say(("第几次", "attempt")),
            plain(shown.pointer("/attempt")),
        ),
        format!(
            "{} {}  {} {}  {} {} v{}",
            say(("被叫", "callee")),
            maybe(shown, "/callee").unwrap_or(say(("已加密", "sealed"))),
            say(("状态", "state")),
            text(shown, "/state"),
            say(("话术", "flow")),
            text(shown, "/flow/flow"),
            plain(shown.pointer("/flow/version")),
        ),
    ];
    if let Some(ended) = shown.get("ended").filter(|ended| !ended.is_null()) {
        lines.push(format!(
            "{} {}  {} {}",
            say(("结果", "result")),
            finding(ended, language),
            say(("通话", "talked")),
            seconds(ended.get("talk_ms")),
        ));
    }
    lines.push(String::new());
    let zone = callee_zone(shown);
    for event in shown
        .get("events")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let at = local(text(event, "/time"), zone);
        lines.push(format!("{at}  {}", sentence(event, language)));
        for (side, pointer) in JUDGED {
            let verdicts = event.pointer(pointer).and_then(Value::as_array);
            let said = verdicts.into_iter().flatten();
            lines.extend(said.map(|one| format!("    ✓ {}", verdict(side, one, language))));
        }
    }
    lines
}

/// Returns the callee's time zone from the verdict on calling hours in the permit; the first one if there are
/// several.
fn callee_zone(shown: &Value) -> Option<&str> {
    let events = shown.get("events").and_then(Value::as_array)?;
    let verdicts = events
        .iter()
        .find_map(|event| event.pointer("/data/customer_grant/verdicts")?.as_array())?;
    let hours = verdicts
        .iter()
        .find(|one| text(one, "/rule") == "calling_window")?;
    maybe(hours, "/facts/time_zones")?.split(", ").next()
}

/// Formats a verdict of a permit, which always allows the dial.
fn verdict(side: RuleSide, one: &Value, language: Language) -> String {
    let facts = one.get("facts").cloned().unwrap_or_default();
    let facts: BTreeMap<String, String> = serde_json::from_value(facts).unwrap_or_default();
    let said = describe_allowed(side, text(one, "/rule"), &facts);
    language.pick((&said.zh, &said.en)).to_owned()
}

fn finding(found: &Value, language: Language) -> String {
    let disposition = maybe(found, "/disposition").unwrap_or_default();
    let label = Disposition::from_code(disposition).map(|one| (one.label_zh(), one.label_en()));
    let mut said = label.map_or(disposition, |label| language.pick(label)).to_owned();
    let outcome = maybe(found, "/outcome").and_then(Outcome::from_code);
    if let Some(outcome) = outcome {
        let label = language.pick((outcome.label_zh(), outcome.label_en()));
        said.push_str(&format!(" / {label}"));
    }
    said
}

fn reason(data: &Value, language: Language) -> &str {
    let code = text(data, "/reason");
    let known = REASONS.iter().find(|(known, _)| *known == code);
    known.map_or(code, |(_, words)| language.pick(*words))
}

/// Formats one event of a spoken turn. The callee's words stay sealed.
fn turn(event: &Value, language: Language) -> String {
    let data = event.get("data").unwrap_or(&Value::Null);
    let (words, rest) = match text(event, "/type") {
        CallEvent::HEARD => (("客户说（内容已加密）", "heard (sealed)"), "/engine"),
        CallEvent::UNDERSTOOD => (("理解为", "understood as"), "/intent"),
        CallEvent::DECIDED => (("流程判断", "decided by"), "/rule"),
        CallEvent::SAID => (("机器人播报", "the robot said"), "/prompt"),
        CallEvent::BARGED_IN => (("被叫打断", "the callee interrupted at"), "/node"),
        CallEvent::SILENCE_TIMED_OUT => (("静默超时", "silence timeout at"), "/node"),
        CallEvent::ENGINE_FAILED => (("语音引擎故障", "an engine failed"), "/class"),
        _ => (
            ("命中敏感词（内容已加密）", "a sensitive word (sealed) of list"),
            "/list",
        ),
    };
    format!("{}  {}", language.pick(words), text(data, rest))
}

/// Formats one event as a sentence.
fn sentence(event: &Value, language: Language) -> String {
    let data = event.get("data").unwrap_or(&Value::Null);
    let say = |words: (&'static str, &'static str)| language.pick(words);
    let with = |words: (&'static str, &'static str), rest: String| format!("{}  {rest}", say(words));
    match text(event, "/type") {
        CallEvent::PERMITTED => say(("许可：各项规则均允许", "permitted: every rule allowed")).to_owned(),
        CallEvent::DIALING => with(("拨号", "dialed"), dialed(data, language)),
        CallEvent::RINGING => with(("振铃", "rang"), codes(data)),
        CallEvent::LEG_FAILED => with(("话路未接通", "the leg failed"), codes(data)),
        CallEvent::ANSWERED => say(("接通", "answered")).to_owned(),
        CallEvent::NOTICE_PLAYED => match text(data, "/notice") {
            "recording" => say(("已播放：录音告知", "said: the recording notice")),
            _ => say(("已播放：机器人告知", "said: the robot notice")),
        }
        .to_owned(),
        CallEvent::NODE_ENTERED => with(
            ("机器人到节点", "the robot is at"),
            text(data, "/node").to_owned(),
        ),
        CallEvent::RECORDING_DISPOSED => with(
            ("录音已按保存期限处置", "recording disposed of under retention"),
            disposed(data, language),
        ),
        CallEvent::KEYPRESSED => {
            let rest = format!("{} {}", say(("节点", "at")), text(data, "/node"));
            with(
                ("被叫按键（内容已加密）", "the callee pressed a key (sealed)"),
                rest,
            )
        }
        CallEvent::HEARD
        | CallEvent::UNDERSTOOD
        | CallEvent::DECIDED
        | CallEvent::SAID
        | CallEvent::BARGED_IN
        | CallEvent::SILENCE_TIMED_OUT
        | CallEvent::SENSITIVE_WORD_MATCHED
        | CallEvent::ENGINE_FAILED => turn(event, language),
        CallEvent::TRANSFER_REQUESTED => say(("被叫要求转人工", "the callee asked for an agent")).to_owned(),
        CallEvent::SELLER_MESSAGE_PLAYED => with(
            (
                "无空闲坐席，已告知卖方",
                "no agent was free; seller message played",
            ),
            text(data, "/text").to_owned(),
        ),
        CallEvent::CANCEL_REQUESTED => with(("我方取消", "we canceled"), reason(data, language).to_owned()),
        CallEvent::HANGUP_REQUESTED => with(("我方挂断", "we hung up"), reason(data, language).to_owned()),
        CallEvent::ENDED => with(("结束", "ended"), ended(data, language)),
        CallEvent::LATE_ANSWERED => say((
            "取消后才接通，已立即挂断",
            "answered after we canceled; hung up at once",
        ))
        .to_owned(),
        CallEvent::CORRECTED => {
            let after = data.get("after").unwrap_or(&Value::Null);
            let rest = format!("{}  {}", finding(after, language), text(data, "/reason"));
            with(("更正为", "corrected to"), rest)
        }
        other => other.to_owned(),
    }
}

fn dialed(data: &Value, language: Language) -> String {
    let mut said = format!("{} {}", language.pick(("线路", "by trunk")), text(data, "/trunk"));
    if let Some(caller) = maybe(data, "/caller") {
        said.push_str(&format!("  {} {caller}", language.pick(("主叫", "showing"))));
    }
    said
}

fn disposed(data: &Value, language: Language) -> String {
    let named = |words, pointer| format!("{} {}", language.pick(words), plain(data.pointer(pointer)));
    format!(
        "{}  {}",
        named(("处置编号", "disposal"), "/disposal"),
        named(("保存天数", "kept for days"), "/days")
    )
}

fn codes(data: &Value) -> String {
    let named = [("SIP", "/sip_code"), ("Q.850", "/q850")];
    let said = named.iter().filter_map(|(name, pointer)| {
        let code = data.pointer(pointer)?.as_u64()?;
        Some(format!("{name} {code}"))
    });
    said.collect::<Vec<_>>().join("  ")
}

fn ended(data: &Value, language: Language) -> String {
    let mut said = format!(
        "{}  {}  {} {}",
        finding(data, language),
        reason(data, language),
        language.pick(("通话", "talked")),
        seconds(data.get("talk_ms")),
    );
    let codes = codes(data);
    if !codes.is_empty() {
        said.push_str(&format!("  {codes}"));
    }
    if let Some(digest) = maybe(data, "/recording_sha256") {
        said.push_str(&format!("  {} {digest}", language.pick(("录音", "recording"))));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn story() -> Value {
        let event = |kind: &str, second: u32, data: Value| json!({ "type": kind, "time": format!("2026-03-02T02:00:{second:02}.000000Z"), "data": data });
        json!({
            "id": "C1", "campaign": "T", "customer": "K", "attempt": 1, "callee": "138****8000",
            "state": "END", "flow": { "flow": "T", "version": 1 },
            "ended": { "disposition": "answered", "outcome": "success", "talk_ms": 12_340 },
            "events": [
                event("call.permitted", 0, json!({
                    "customer_grant": { "verdicts": [
                        { "rule": "calling_window", "facts": { "hours": "09:00-20:00" } },
                        { "rule": "frequency_cap", "facts": {} }] },
                    "number_grant": { "verdicts": [
                        { "rule": "frequency_cap",
                          "facts": { "dialed_per_number_in_1_days": "0 of 2" } }] } })),
                event("call.dialing", 1, json!({ "trunk": "a", "caller": "01088886666" })),
                event("call.ringing", 2, json!({ "sip_code": 180 })),
                event("call.notice_played", 3, json!({ "notice": "recording" })),
                event("call.keypressed", 4, json!({ "node": "menu", "digit": { "sealed": "x" } })),
                event("call.ended", 15, json!({ "disposition": "answered", "outcome": "success",
                    "talk_ms": 12_340, "reason": "flow_ended" })),
            ],
        })
    }

    #[test]
    fn a_call_is_printed_in_order_in_both_languages() {
        let zh = call(&story(), Language::Zh);
        assert_eq!(zh[3], "结果 接通 / 成功  通话 12.3 s");
        assert_eq!(
            zh[5..],
            [
                "2026-03-02 10:00:00.000 +08:00  许可：各项规则均允许",
                "    ✓ 可外呼时段：允许时段 09:00-20:00",
                "    ✓ 频次上限（按客户）：预设没有按客户的上限",
                "    ✓ 频次上限（按号码）：1 天内向该号码拨打 0 次（上限 2 次）",
                "2026-03-02 10:00:01.000 +08:00  拨号  线路 a  主叫 01088886666",
                "2026-03-02 10:00:02.000 +08:00  振铃  SIP 180",
                "2026-03-02 10:00:03.000 +08:00  已播放：录音告知",
                "2026-03-02 10:00:04.000 +08:00  被叫按键（内容已加密）  节点 menu",
                "2026-03-02 10:00:15.000 +08:00  结束  接通 / 成功  话术结束  通话 12.3 s",
            ]
        );
        let en = call(&story(), Language::En).join("\n");
        assert!(en.contains("✓ calling window: hours 09:00-20:00"), "{en}");
        assert!(
            en.contains("ended  answered / success  the flow reached its end"),
            "{en}"
        );
        assert!(!en.contains("sealed\":"), "no JSON: {en}");
    }

    #[test]
    fn a_call_is_printed_in_the_callees_own_time() {
        let mut shown = story();
        let facts = "/events/0/data/customer_grant/verdicts/0/facts";
        *shown.pointer_mut(facts).unwrap() =
            json!({ "hours": "08:00-21:00", "time_zones": "America/Chicago, Asia/Shanghai" });
        let page = call(&shown, Language::En);
        assert_eq!(
            page[9],
            "2026-03-01 20:00:01.000 -06:00  dialed  by trunk a  showing 01088886666"
        );
    }

    #[test]
    fn a_callee_without_key_is_sealed_and_every_reason_of_an_end_has_words() {
        let mut shown = story();
        shown["callee"] = Value::Null;
        assert!(call(&shown, Language::En)[2].starts_with("callee sealed"));
        use domain::call::event::EndReason;
        for reason in [
            EndReason::Network,
            EndReason::RingTimeout,
            EndReason::CalleeHungUp,
            EndReason::FlowEnded,
            EndReason::MediaLost,
            EndReason::OptedOut,
            EndReason::CampaignPaused,
            EndReason::CampaignStopped,
            EndReason::Drain,
            EndReason::Crash,
            EndReason::GrantExpired,
            EndReason::Fault,
            EndReason::EmergencyStop,
            EndReason::Requested,
            EndReason::NoAgent,
            EndReason::AgentHungUp,
        ] {
            let code = json!(reason);
            assert!(REASONS.iter().any(|(known, _)| code == *known), "{code}");
        }
    }
}
