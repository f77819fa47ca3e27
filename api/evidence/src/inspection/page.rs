//! Formats an inspection as a page: Chinese first, times in the callee's zone, each fact with the event that
//! states it.

use super::page_conversations::render_conversations;
use super::response::{
    Inspection, InspectionCallResponse, InspectionRefusalResponse, InspectionVerdictResponse, RecordingState,
};
use crate::event_bundles::Prover;
use crate::html::{Page, ResultMark, row};
use application::local_time::local;
use domain::calling_plan::Basis;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Time zone if no customer has one.
const ZONE_DEFAULT: &str = "Asia/Shanghai";

/// Milliseconds of a second.
const SECOND_MS: u64 = 1_000;

fn time(at: Timestamp, zone: &str) -> String {
    local(&at.to_string(), Some(zone))
}

fn maybe_time(at: Option<Timestamp>, zone: &str) -> String {
    at.map_or_else(|| "—".to_owned(), |at| time(at, zone))
}

fn or_none(text: Option<&str>) -> String {
    text.unwrap_or("—").to_owned()
}

/// Returns the HTML page of this reply. It explains how to check the bundle with the key of `prover`.
pub(super) fn page(answer: &Inspection, prover: &Prover) -> String {
    let mut page = Page::new(
        "检查证据",
        "Inspection: calls, basis, decisions, recordings, operations",
    );
    head(&mut page, answer, prover);
    persons(&mut page, answer);
    bases(&mut page, answer);
    calls(&mut page, answer);
    render_conversations(&mut page, answer, zone_of(answer));
    refusals(&mut page, answer);
    objections(&mut page, answer);
    operations(&mut page, answer);
    page.finish()
}

/// Returns the time zone of the first customer, for facts that belong to no customer.
fn zone_of(answer: &Inspection) -> &'static str {
    let first = answer.persons.first();
    first.map_or(ZONE_DEFAULT, |person| person.local_zone)
}

fn head(page: &mut Page, answer: &Inspection, prover: &Prover) {
    let (about, counts, zone) = (&answer.about, &answer.counts, zone_of(answer));
    let id = |id: Option<String>| id.unwrap_or_else(|| "—".to_owned());
    let rows = [
        row(
            "客户（内部编号） / customer",
            id(about.customer.as_ref().map(ToString::to_string)),
        ),
        row("号码 / number", or_none(about.phone.as_deref())),
        row(
            "号码（内部编号） / number, our id",
            id(about.number.as_ref().map(ToString::to_string)),
        ),
        row("所问时间 / time asked for", maybe_time(about.at, zone)),
        row("自 / from", maybe_time(about.from, zone)),
        row("至 / to", maybe_time(about.to, zone)),
        row("读至日志位置 / log read to position", &about.position),
        row("日志公钥 / key of the log", prover.key()),
        row("公钥指纹 / fingerprint of the key", prover.key().fingerprint()),
    ];
    page.table(&["项目 / item", "值 / value"], 9, &rows);
    let rows = [
        row("呼叫 / calls", counts.calls),
        row("文字会话 / conversations", counts.conversations),
        row("消息 / messages", counts.messages),
        row("规则判定（允许） / verdicts that allowed", counts.verdicts),
        row("未准拨打 / dials refused", counts.refusals),
        row("同意与撤回 / consents and withdrawals", counts.consents),
        row("谢绝与禁呼 / opt-outs and suppressions", counts.objections),
        row("录音 / recordings", counts.recordings),
        row("操作与查阅 / operations and reads", counts.operations),
    ];
    page.table(&["数量 / count", "值 / value"], 1, &rows);
    page.paragraph(
        "本页所据事件均在同一证据包中，可离线核验：ledgerline audit check FILE --key 公钥。\
         所述事件流自首个事件起完整。 Every event this page rests on is in the same bundle and is \
         checked offline with: ledgerline audit check FILE --key KEY. The streams of persons, numbers \
         and calls are there from their first event on.",
    );
}

fn persons(page: &mut Page, answer: &Inspection) {
    page.section("涉及的人", "Persons");
    let rows: Vec<Vec<String>> = answer
        .persons
        .iter()
        .map(|person| {
            let standing = match (&person.held, person.erased) {
                (_, true) => "已删除个人信息 / erased".to_owned(),
                (Some(reason), false) => format!("法律保留 / held: {reason}"),
                (None, false) => "—".to_owned(),
            };
            vec![
                person.customer.to_string(),
                or_none(person.external_id.as_deref()),
                or_none(person.name.as_deref()),
                person.phones.join(", "),
                person.local_zone.to_owned(),
                standing,
            ]
        })
        .collect();
    let heads = [
        "内部编号 / our id",
        "机构编号 / customer_id",
        "姓名 / name",
        "号码 / phones",
        "时区 / zone",
        "状态 / state",
    ];
    page.table(&heads, 9, &rows);
}

fn bases(page: &mut Page, answer: &Inspection) {
    page.section("合法依据", "Lawful basis");
    let zones: BTreeMap<_, _> = answer
        .persons
        .iter()
        .map(|person| (person.customer.clone(), person.local_zone))
        .collect();
    let zone = |customer| zones.get(customer).copied().unwrap_or(ZONE_DEFAULT);
    let rows: Vec<Vec<String>> = answer
        .bases
        .iter()
        .map(|one| {
            let basis = match one.basis {
                Basis::Contract => "合同 / contract",
                Basis::Consent => "同意 / consent",
            };
            vec![
                time(one.enrolled_at, zone(&one.customer)),
                one.campaign.to_string(),
                basis.to_owned(),
                or_none(one.purpose.as_deref()),
                or_none(one.preset.as_deref()),
                one.event.position.clone(),
            ]
        })
        .collect();
    let heads = [
        "加入名单 / enrolled",
        "任务 / campaign",
        "依据 / basis",
        "用途 / purpose",
        "预设 / preset",
        "位置 / position",
    ];
    page.table(&heads, 5, &rows);
    let rows: Vec<Vec<String>> = answer
        .consents
        .iter()
        .map(|one| {
            let what = match one.given {
                true => "给予 / given",
                false => "撤回 / withdrawn",
            };
            let evidence = match one.has_evidence {
                true => "有（密封） / kept, sealed",
                false => "—",
            };
            vec![
                time(one.at, zone(&one.customer)),
                what.to_owned(),
                one.scope.clone(),
                one.source.clone(),
                maybe_time(one.until, zone(&one.customer)),
                evidence.to_owned(),
                one.event.position.clone(),
            ]
        })
        .collect();
    let heads = [
        "时间 / time",
        "同意 / consent",
        "用途 / scope",
        "来源 / source",
        "至 / until",
        "证据 / evidence",
        "位置 / position",
    ];
    page.table(&heads, 6, &rows);
}

fn calls(page: &mut Page, answer: &Inspection) {
    page.section("呼叫", "Calls");
    if answer.calls.is_empty() {
        page.paragraph("所问范围内没有呼叫。 There was no call in the requested period.");
    }
    for call in &answer.calls {
        call_facts(page, call);
        heard(page, call);
        page.paragraph("准许此次拨打的规则 / the rules that allowed this dial:");
        verdicts(page, &call.verdicts);
    }
}

fn call_facts(page: &mut Page, call: &InspectionCallResponse) {
    let zone = call.local_zone;
    let when = call.dialing_at.unwrap_or(call.permitted_at);
    page.section(&format!("呼叫 {}", time(when, zone)), &call.call.to_string());
    let found = match (call.disposition_zh, call.disposition_en) {
        (Some(zh), Some(en)) => format!("{zh} / {en}"),
        _ => "未结束 / not ended".to_owned(),
    };
    let outcome = call.outcome_zh.zip(call.outcome_en);
    let seconds = |ms: Option<u64>| ms.map_or_else(|| "—".to_owned(), |ms| (ms / SECOND_MS).to_string());
    let mut rows = vec![
        row("任务 / campaign", &call.campaign),
        row("被叫 / callee", or_none(call.callee.as_deref())),
        row("主叫 / caller", or_none(call.caller.as_deref())),
        row("第几次 / attempt", call.attempt),
        row("准许 / permitted", time(call.permitted_at, zone)),
        row("拨出 / dialed", maybe_time(call.dialing_at, zone)),
        row("接通 / answered", maybe_time(call.answered_at, zone)),
        row("结束 / ended", maybe_time(call.ended_at, zone)),
        row("结果 / disposition", found),
        row(
            "沟通结局 / outcome",
            outcome.map_or_else(|| "—".to_owned(), |(zh, en)| format!("{zh} / {en}")),
        ),
        row("通话秒数 / seconds talked", seconds(call.talk_ms)),
        row("话术 / flow", &call.flow),
        row("首个事件位置 / first event at position", &call.event.position),
    ];
    if let Some(recording) = &call.recording {
        let (zh, en) = recording.state.words();
        rows.push(row("录音 / recording", format!("{zh} / {en}")));
        if let Some(disposed) = recording.disposed {
            let disposal_text = format!(
                "{}, No. {}, {} days",
                disposed.at, disposed.disposal, disposed.days
            );
            rows.push(row("按保存期限处置 / disposed under retention", disposal_text));
        }
        rows.push(row("录音摘要 / SHA-256", &recording.sha256));
        rows.push(row("录音秒数 / seconds recorded", seconds(recording.duration_ms)));
    }
    page.table(&["项目 / item", "值 / value"], 9, &rows);
    match call.recording.as_ref().map(|recording| recording.state) {
        Some(RecordingState::Kept) => {
            page.sound("录音 / recording", &format!("recordings/{}.wav", call.call));
        }
        Some(RecordingState::Altered) => page.verdict(
            "录音与记录的摘要不一致。 The recording differs from the hash in the record.",
            ResultMark::No,
        ),
        Some(RecordingState::Gone | RecordingState::LeftOut | RecordingState::Disposed) | None => {}
    }
}

fn heard(page: &mut Page, call: &InspectionCallResponse) {
    let rows: Vec<Vec<String>> = call
        .heard
        .iter()
        .map(|one| {
            let (zh, en) = one.what.words();
            vec![
                time(one.at, call.local_zone),
                format!("{zh} / {en}"),
                or_none(one.node.as_deref()),
                one.words(),
            ]
        })
        .collect();
    let heads = ["时间 / time", "事项 / what", "节点 / node", "内容 / text or key"];
    page.table(&heads, 9, &rows);
}

fn verdicts(page: &mut Page, verdicts: &[InspectionVerdictResponse]) {
    let rows: Vec<Vec<String>> = verdicts.iter().map(verdict).collect();
    let heads = [
        "对象 / side",
        "规则与版本 / rule and version",
        "判定 / decision",
        "依据 / facts",
    ];
    page.table(&heads, 9, &rows);
}

fn verdict(one: &InspectionVerdictResponse) -> Vec<String> {
    let side = match one.side == "customer" {
        true => "客户 / customer",
        false => "号码 / number",
    };
    let decision = match one.decision {
        "allow" => "允许 / allow",
        "defer" => "推迟 / defer",
        _ => "禁止 / forbid",
    };
    vec![
        side.to_owned(),
        format!("{} v{} ({})", one.rule, one.version, one.effective_from),
        decision.to_owned(),
        format!("{} / {}", one.zh, one.en),
    ]
}

fn refusals(page: &mut Page, answer: &Inspection) {
    page.section("未准拨打", "Dials that were refused, and why");
    let zone = zone_of(answer);
    let one = |refused: &InspectionRefusalResponse| {
        let mut cells = vec![time(refused.at, zone), refused.campaign.to_string()];
        cells.extend(verdict(&refused.verdict));
        cells.push(refused.event.position.clone());
        cells
    };
    let rows: Vec<Vec<String>> = answer.refusals.iter().map(one).collect();
    let heads = [
        "时间 / time",
        "任务 / campaign",
        "对象 / side",
        "规则与版本 / rule and version",
        "判定 / decision",
        "原因 / why",
        "位置 / position",
    ];
    page.table(&heads, 6, &rows);
}

fn objections(page: &mut Page, answer: &Inspection) {
    page.section("谢绝来电与禁呼", "Opt-outs and suppressions");
    let zone = zone_of(answer);
    let rows: Vec<Vec<String>> = answer
        .objections
        .iter()
        .map(|one| {
            let what = match one.what == "opted_out" {
                true => "谢绝来电 / opted out",
                false => "禁呼 / suppressed",
            };
            vec![
                time(one.at, zone),
                what.to_owned(),
                or_none(one.source.as_deref()),
                one.reason.clone(),
                maybe_time(one.until, zone),
                one.event.position.clone(),
            ]
        })
        .collect();
    let heads = [
        "时间 / time",
        "事项 / what",
        "来源 / source",
        "原因 / reason",
        "至 / until",
        "位置 / position",
    ];
    page.table(&heads, 5, &rows);
}

fn operations(page: &mut Page, answer: &Inspection) {
    page.section("操作与查阅", "Operations and reads");
    let zone = zone_of(answer);
    let rows: Vec<Vec<String>> = answer
        .operations
        .iter()
        .map(|one| {
            vec![
                time(one.at, zone),
                or_none(one.by.as_deref()),
                one.kind.clone(),
                or_none(one.route.as_deref()),
                one.fields.join(", "),
                or_none(one.reason.as_deref()),
                one.event.position.clone(),
            ]
        })
        .collect();
    let heads = [
        "时间 / time",
        "操作人 / by",
        "事件 / event",
        "途径 / route",
        "字段 / fields",
        "原因 / reason",
        "位置 / position",
    ];
    page.table(&heads, 6, &rows);
}
