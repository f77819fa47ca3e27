//! Formats a compliance report as a page: Chinese first, each figure with its unit, the figures embedded as
//! JSON.

use crate::compliance_report::figures::{Counts, Figures, Notices, RuleRow};
use crate::compliance_report::labels::{
    alert_label, as_it_is, correction_label, disposition_label, opt_out_source_label, pause_label,
    rule_label, side_label, violation_label,
};
use crate::compliance_report::report_files::figures_file;
use crate::html::{Page, ResultMark, row};
use domain::calendar::beijing;

/// Id of the element that holds the figures.
pub(crate) const FIGURES_ID: &str = "figures";

/// Most violations listed on the page; the file of figures lists up to 100.
const NAMED_SHOWN: usize = 10;

/// Returns the HTML page of these figures. `sha256`: their digest, shown on the page. The same figures give
/// the same bytes.
pub(super) fn page(figures: &Figures, sha256: &str) -> String {
    let period = &figures.period;
    let mut page = Page::new(
        &format!("外呼合规报告 {}", period.label),
        &format!("Outbound calling compliance report {}", period.label),
    );
    head(&mut page, figures, sha256);
    dials(&mut page, figures);
    rules(&mut page, &figures.rules);
    opt_outs(&mut page, figures);
    persons(&mut page, figures);
    watch(&mut page, figures);
    page.data(FIGURES_ID, &String::from_utf8_lossy(&figures.bytes()));
    page.finish()
}

fn head(page: &mut Page, figures: &Figures, sha256: &str) {
    let (period, log) = (&figures.period, &figures.log);
    let local = |at| beijing(at).format("%Y-%m-%d %H:%M %:z").to_string();
    let rows = [
        row(
            "期间（北京时间） / period (Beijing)",
            format!("{} – {}", local(period.from), local(period.to)),
        ),
        row("依据日志位置 / rests on the log up to position", log.position),
        row("事件数 / events", log.size),
        row("默克尔根 / Merkle root (RFC 9162, base64)", &log.root),
        row("数据摘要 / SHA-256 of the figures", sha256),
    ];
    page.table(&["项目 / item", "值 / value"], 9, &rows);
    page.link(
        "全部数据与证据（同一签名可核验） / all figures and evidence, under the same signature",
        &figures_file(&period.label, log.position),
    );
    match figures.violations.values().sum::<u64>() {
        0 => page.verdict(
            "未发现违规：本期每次拨打均有许可，谢绝来电均被遵守，对方声音均在告知后录入。 No violation was found.",
            ResultMark::Yes,
        ),
        count => page.verdict(&format!("发现违规 {count} 处 / {count} violations"), ResultMark::No),
    }
    if !figures.violations.is_empty() {
        let rows: Vec<Vec<String>> = figures
            .violations
            .iter()
            .map(|(code, count)| row(&violation_label(code), count))
            .collect();
        page.table(&["违规 / violation", "数量 / count"], 1, &rows);
        let named: Vec<Vec<String>> = figures
            .named
            .iter()
            .take(NAMED_SHOWN)
            .map(|one| {
                vec![
                    violation_label(one.what),
                    one.stream.clone(),
                    one.position.to_string(),
                ]
            })
            .collect();
        page.table(
            &["违规 / violation", "事件流 / stream", "位置 / position"],
            2,
            &named,
        );
        if figures.named.len() > NAMED_SHOWN {
            page.paragraph(&format!(
                "仅列前 {NAMED_SHOWN} 处，其余见上述文件的 named。 The first {NAMED_SHOWN} are shown; the rest stands in \
                 the file above, as `named`.",
            ));
        }
    }
}

fn dials(page: &mut Page, figures: &Figures) {
    let dials = &figures.dials;
    page.section("呼叫", "Calls");
    let rows = [
        row("获准呼叫（个） / calls permitted", dials.permitted),
        row("已拨呼叫（个） / calls dialed", dials.dialed),
        row("话路（条） / legs dialed", dials.legs),
        row("接通（个） / answered", dials.answered),
        row("结束（个） / ended", dials.ended),
    ];
    page.table(&["指标 / figure", "数量 / count"], 1, &rows);
    let dispositions: Vec<Vec<String>> = dials
        .dispositions
        .iter()
        .map(|(code, count)| row(&disposition_label(code), count))
        .collect();
    page.table(&["呼叫结果 / disposition", "呼叫 / calls"], 1, &dispositions);
    counts(page, "北京时间（时） / hour in Beijing", &dials.hours, as_it_is);
    let per_day: Vec<Vec<String>> = dials
        .calls_per_number_and_day
        .iter()
        .map(|(calls, numbers)| row(&calls.to_string(), numbers))
        .collect();
    page.table(
        &[
            "同号码单日呼叫数 / calls to one number on one day",
            "号码·日 / numbers",
        ],
        1,
        &per_day,
    );
}

fn rules(page: &mut Page, rules: &[RuleRow]) {
    page.section("规则判定", "Verdicts by rule and version");
    page.paragraph(
        "许可按规则逐项留痕；推迟与禁止为未拨打。 Allowed: stored in a permit. Deferred and forbidden: not dialed.",
    );
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|one| {
            vec![
                side_label(one.side),
                rule_label(&one.rule),
                format!("v{} ({})", one.version, one.effective_from),
                one.allowed.to_string(),
                one.deferred.to_string(),
                one.forbidden.to_string(),
            ]
        })
        .collect();
    let heads = [
        "对象 / side",
        "规则 / rule",
        "版本 / version",
        "允许 / allowed",
        "推迟 / deferred",
        "禁止 / forbidden",
    ];
    page.table(&heads, 3, &rows);
}

fn opt_outs(page: &mut Page, figures: &Figures) {
    let (opt_outs, notices) = (&figures.opt_outs, &figures.notices);
    page.section("谢绝来电与告知", "Opt-outs and notices");
    counts(
        page,
        "谢绝来电来源 / opt-outs by source",
        &opt_outs.recorded,
        opt_out_source_label,
    );
    let mut rows = vec![
        row("新增禁呼（个） / numbers suppressed", opt_outs.suppressed),
        row(
            "累计谢绝来电号码（个） / numbers opted out since the log began",
            opt_outs.numbers_opted_out,
        ),
        row(
            "谢绝时正在进行、已撤回或取消的呼叫 / calls open at the opt-out, withdrawn or canceled",
            opt_outs.open_then,
        ),
        row(
            "谢绝前已获准、谢绝后拨出的话路 / legs granted before the opt-out and dialed after it",
            opt_outs.dialed_in_flight,
        ),
        row(
            "谢绝后获准并拨出的话路（应为 0） / legs granted and dialed after an opt-out (must be 0)",
            opt_outs.dialed_after,
        ),
        row(
            "录音告知（次） / recording notices played",
            notices.recording_notices,
        ),
        row("机器人告知（次） / robot notices played", notices.robot_notices),
        row("有录音的呼叫（个） / recorded calls", notices.recorded_calls),
        row(
            "其中先告知后录音 / with the notice first",
            notices.recorded_with_notice,
        ),
        row(
            "其中告知结束前录入对方声音（应为 0） / callee recorded before the notice was over (must be 0)",
            notices.recorded_without_notice,
        ),
    ];
    rows.extend(ended_during_notice(notices));
    page.table(&["指标 / figure", "数量 / count"], 1, &rows);
}

/// Returns the rows about calls that ended during the notice, without a recording of the callee.
fn ended_during_notice(notices: &Notices) -> Vec<Vec<String>> {
    let ended = notices.ended_during_notice.map(|count| {
        row(
            "其中告知播放中挂断（未录入对方声音） / ended during the notice, nothing of the callee recorded",
            count,
        )
    });
    let unknown = notices.ended_during_notice_unknown.map(|count| {
        row(
            "其中告知播放中挂断（旧版事件，录音内容须听录音核实） / ended during the notice, stored before events \
             said what is in the recording: listen to it",
            count,
        )
    });
    ended.into_iter().chain(unknown).collect()
}

fn persons(page: &mut Page, figures: &Figures) {
    let persons = &figures.persons;
    page.section("个人信息", "Personal data");
    let rows = [
        row("记录同意（次） / consents recorded", persons.consents_recorded),
        row("撤回同意（次） / consents withdrawn", persons.consents_withdrawn),
        row("申请删除（人） / erasures requested", persons.erasures_requested),
        row("已删除（人） / persons erased", persons.erased),
        row("删除凭证（份） / certificates", persons.certified),
        row(
            "期末未完成删除（人） / erasures open at the end",
            persons.erasures_open,
        ),
        row("保留（次） / holds", persons.held),
        row("解除保留（次） / holds released", persons.holds_released),
        row("期末保留中（人） / held at the end", persons.holds_open),
    ];
    page.table(&["指标 / figure", "数量 / count"], 1, &rows);
}

fn watch(page: &mut Page, figures: &Figures) {
    let watch = &figures.watch;
    page.section("告警、更正与抽检", "Alerts, corrections and audits");
    counts(page, "告警 / alert", &watch.alerts, alert_label);
    counts(
        page,
        "任务暂停原因 / campaigns paused, by reason",
        &watch.campaigns_paused,
        pause_label,
    );
    counts(page, "更正 / correction", &watch.corrections, correction_label);
    counts(
        page,
        "抽检不合格项 / items answered `no`",
        &watch.findings_against,
        as_it_is,
    );
    let rows = [
        row("抽样（次） / samples drawn", watch.samples_drawn),
        row("签核（次） / samples signed off", watch.samples_signed_off),
        row("从备份恢复（次） / restores from a backup", watch.restores),
    ];
    page.table(&["指标 / figure", "数量 / count"], 1, &rows);
}

fn counts(page: &mut Page, head: &str, counts: &Counts, label: fn(&str) -> String) {
    let rows = counts.iter().map(|(code, count)| row(&label(code), count));
    let rows: Vec<Vec<String>> = rows.collect();
    page.table(&[head, "数量 / count"], 1, &rows);
}
