//! Renders a PDCA report as a page: Chinese first, each figure with its metric and unit, and a link to its
//! events.

use crate::html::{Page, ResultMark, row};
use crate::pdca::act::select_suggestion_inputs;
use crate::pdca::compliance_counts::Counts;
use crate::pdca::figures::Tally;
use crate::pdca::suggestions::suggestions;
use crate::pdca::tables::{needs, render_forecast, render_metrics, shares, targets};
use crate::pdca::{PdcaReportFigures, Split};
use domain::calendar::{PeriodLength, beijing};
use std::collections::BTreeMap;

/// Most effects shown for each cause; the others are summed in one row.
pub(super) const EFFECTS_SHOWN: usize = 12;

/// Column heads of ratios counted as on the campaign board: answers include machines.
const ANSWER_RATIO: &str = "接通率 v1（按呼叫，含应答机） / answer_ratio_per_call v1";
const CONVERSION_RATIO: &str = "转化率 v1（÷ 接通） / conversion_ratio v1";

/// Column heads of the ratios of people only.
const ANSWER_RATIO_PEOPLE: &str = "接通率 v2（仅真人） / people only, v2";
const CONVERSION_RATIO_PEOPLE: &str = "转化率 v2（÷ 真人接通） / of people, v2";

/// Returns the HTML page of a report. `evidence`: the name of the evidence file in the same folder.
pub fn page(gathered: &PdcaReportFigures, evidence: &str) -> String {
    let (length, period) = (gathered.ask.length, &gathered.period);
    let mut page = Page::new(
        &format!("外呼{}报 {}", length.label_zh(), period.label),
        &format!(
            "Outbound calling, {} review (PDCA) {}",
            length.label_en(),
            period.label
        ),
    );
    let scope = match &gathered.ask.campaign {
        Some(campaign) => campaign.to_string(),
        None => "全部任务 / all campaigns".to_owned(),
    };
    let local = |at| beijing(at).format("%Y-%m-%d %H:%M %:z").to_string();
    page.table(
        &["项目 / item", "值 / value"],
        9,
        &[
            row("范围 / scope", scope),
            row(
                "期间（北京时间） / period (Beijing)",
                format!("{} – {}", local(period.from), local(period.to)),
            ),
            row("对比期 / compared with", &gathered.before.label),
            row("数据完整至位置 / rows complete up to position", gathered.position),
        ],
    );
    plan(&mut page, gathered);
    done(&mut page, gathered, evidence);
    check(&mut page, gathered);
    act(&mut page, gathered);
    page.finish()
}

fn plan(page: &mut Page, gathered: &PdcaReportFigures) {
    page.section("计划 P", "Plan: campaigns and their lists");
    let rows: Vec<Vec<String>> = gathered
        .campaigns
        .iter()
        .map(|one| {
            vec![
                one.campaign.to_string(),
                one.purpose.clone(),
                one.status.code().to_owned(),
                format!("{} v{}", one.flow, one.flow_version),
                one.listed.to_string(),
                one.settled.to_string(),
            ]
        })
        .collect();
    let heads = [
        "任务 / campaign",
        "目的 / purpose",
        "状态 / status",
        "话术 / flow",
        "名单 / listed",
        "已了结 / settled",
    ];
    page.table(&heads, 4, &rows);
    targets(page, &gathered.planned);
}

fn done(page: &mut Page, gathered: &PdcaReportFigures, evidence: &str) {
    page.section("执行 D", "Do: calls");
    render_metrics(page, &gathered.measured, evidence);
    let (was, now) = &gathered.dispositions;
    shares(page, was, now);
    if matches!(
        gathered.ask.length,
        PeriodLength::Month | PeriodLength::Quarter | PeriodLength::Year
    ) {
        parts(page, "话术版本 / flow version", &gathered.flow_versions);
        parts(page, "中继 / trunk", &gathered.trunks);
    }
}

fn parts(page: &mut Page, head: &str, parts: &BTreeMap<String, Tally>) {
    let rows: Vec<Vec<String>> = parts
        .iter()
        .map(|(part, tally)| {
            vec![
                part.clone(),
                tally.dialed.to_string(),
                percent(tally.answer_ratio()),
                percent(tally.answer_ratio_people()),
                tally
                    .talk_s_mean()
                    .map_or("–".to_owned(), |mean| format!("{mean:.1} s")),
                percent(tally.conversion_ratio()),
                percent(tally.conversion_ratio_people()),
            ]
        })
        .collect();
    let heads = [
        head,
        "已拨 / dialed",
        ANSWER_RATIO,
        ANSWER_RATIO_PEOPLE,
        "平均通话 / mean talk",
        CONVERSION_RATIO,
        CONVERSION_RATIO_PEOPLE,
    ];
    page.table(&heads, 1, &rows);
}

fn check(page: &mut Page, gathered: &PdcaReportFigures) {
    page.section("检查 C", "Check: why answer_ratio_per_call v1 moved");
    if gathered.splits.is_empty() {
        page.paragraph(
            "对比期或本期没有呼叫，无从比较。 One of the periods has no calls: nothing to compare.",
        );
    }
    if !gathered.splits.is_empty() {
        let [was, now] = [&gathered.was, &gathered.now].map(|tally| percent(tally.answer_ratio_people()));
        page.paragraph(&format!(
            "仅真人 / people only, answer_ratio_per_call v2：{was} → {now}"
        ));
    }
    for split in &gathered.splits {
        let (zh, en, swing) = (split.by.label_zh(), split.by.label_en(), &split.swing);
        page.paragraph(&format!(
            "按{zh} / by {en}：{:.2} % → {:.2} %，变化 {:+.2} pp = 结构（占比变化）+ 水平（自身接通率变化）",
            swing.before * 100.0,
            swing.now * 100.0,
            swing.change() * 100.0
        ));
        effects(page, zh, split);
    }
    render_forecast(page, gathered);
    needs(page, gathered);
}

fn effects(page: &mut Page, head: &str, split: &Split) {
    let points = |part: f64| format!("{:+.3} pp", part * 100.0);
    let swing = &split.swing;
    let mut rows: Vec<Vec<String>> = swing
        .effects
        .iter()
        .take(EFFECTS_SHOWN)
        .map(|effect| {
            let [was, now] = split.people_of(&effect.part).map(percent);
            vec![
                effect.part.clone(),
                format!("{} → {}", effect.before.calls, effect.now.calls),
                format!("{} → {}", percent(effect.before.ratio), percent(effect.now.ratio)),
                format!("{was} → {now}"),
                points(effect.mix),
                points(effect.rate),
            ]
        })
        .collect();
    let rest = swing.effects.iter().skip(EFFECTS_SHOWN);
    let (mix, rate) = rest.fold((0.0, 0.0), |(mix, rate), effect| {
        (mix + effect.mix, rate + effect.rate)
    });
    if swing.effects.len() > EFFECTS_SHOWN {
        rows.push(vec![
            "其余 / others".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            points(mix),
            points(rate),
        ]);
    }
    let total =
        |part: fn(&projections::ratio_change::Effect) -> f64| swing.effects.iter().map(part).sum::<f64>();
    rows.push(vec![
        "合计 / total".to_owned(),
        String::new(),
        String::new(),
        String::new(),
        points(total(|effect| effect.mix)),
        points(total(|effect| effect.rate)),
    ]);
    let heads = [
        head,
        "已拨 / dialed",
        ANSWER_RATIO,
        ANSWER_RATIO_PEOPLE,
        "结构 / mix",
        "水平 / rate",
    ];
    page.table(&heads, 1, &rows);
}

fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{:.2} %", ratio * 100.0))
}

fn act(page: &mut Page, gathered: &PdcaReportFigures) {
    page.section("处置 A", "Act: suggestions, each with its rule and cause");
    let found = suggestions(&select_suggestion_inputs(gathered));
    if found.is_empty() {
        page.verdict("无规则触发。 No rule asks for action.", ResultMark::Yes);
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            vec![
                one.rule.to_owned(),
                one.cause.clone(),
                format!("{} / {}", one.zh, one.en),
            ]
        })
        .collect();
    page.table(&["规则 / rule", "原因 / cause", "建议 / suggestion"], 9, &rows);
    let watch = &gathered.watch;
    counts(page, "驳回规则 / refused by rule", &watch.refusals);
    counts(page, "告警 / alert", &watch.alerts);
    let rows = [
        row("谢绝来电（次） / opt-outs", watch.opt_outs),
        row("更正（次） / corrections", watch.corrections),
    ];
    page.table(&["指标 / figure", "数量 / count"], 1, &rows);
}

fn counts(page: &mut Page, head: &str, counts: &Counts) {
    let rows: Vec<Vec<String>> = counts.iter().map(|(code, count)| row(code, count)).collect();
    page.table(&[head, "数量 / count"], 1, &rows);
}
