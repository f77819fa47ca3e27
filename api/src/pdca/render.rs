//! A PDCA report as a page: zh first, each figure with its metric, unit and where the events behind it are.

use super::Gathered;
use super::act::suggestions;
use super::figures::{Tally, float};
use super::watch::Counts;
use crate::calendar::{PeriodLength, beijing};
use crate::html::{Good, Page, row};
use domain::disposition::Disposition;
use projections::swing::Swing;
use std::collections::BTreeMap;

/// Effects shown of each cause; the rest stands together in one row.
const EFFECTS_SHOWN: usize = 12;

/// The page of these figures.
pub(crate) fn page(gathered: &Gathered) -> String {
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
    let local = |at| beijing(at).format("%Y-%m-%d %H:%M").to_string();
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
    done(&mut page, gathered);
    check(&mut page, gathered);
    act(&mut page, gathered);
    page.finish()
}

fn plan(page: &mut Page, gathered: &Gathered) {
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
}

fn done(page: &mut Page, gathered: &Gathered) {
    page.section("执行 D", "Do: calls");
    let (was, now) = (&gathered.was, &gathered.now);
    let span = format!("from={}&to={}", gathered.period.from, gathered.period.to);
    let line = |label: &str, metric: &str, (was, now): (String, String)| {
        vec![
            label.to_owned(),
            metric.to_owned(),
            was,
            now,
            format!("/api/v1/metrics/{metric}/events?{span}"),
        ]
    };
    let count = |was: u64, now: u64| (was.to_string(), now.to_string());
    let percent =
        |ratio: Option<f64>| ratio.map_or("–".to_owned(), |ratio| format!("{:.2} %", ratio * 100.0));
    let seconds = |mean: Option<f64>| mean.map_or("–".to_owned(), |mean| format!("{mean:.1} s"));
    let rows = vec![
        line(
            "已拨呼叫（个） / calls dialed",
            "dialed_calls",
            count(was.dialed, now.dialed),
        ),
        line(
            "接通（个） / calls answered",
            "answered_calls",
            count(was.answered, now.answered),
        ),
        line(
            "接通率（按呼叫） / answer rate per call",
            "answer_ratio_per_call",
            (percent(was.answer_ratio()), percent(now.answer_ratio())),
        ),
        line(
            "平均通话时长 / mean talk time",
            "talk_ms_mean",
            (seconds(was.talk_s_mean()), seconds(now.talk_s_mean())),
        ),
        line(
            "转化（个） / conversions",
            "conversions",
            count(was.conversions, now.conversions),
        ),
        line(
            "转化率 / conversion rate",
            "conversion_ratio",
            (percent(was.conversion_ratio()), percent(now.conversion_ratio())),
        ),
    ];
    let heads = [
        "指标 / figure",
        "名称 / metric",
        "对比期 / before",
        "本期 / now",
        "事件 / events behind it",
    ];
    page.table(&heads, 2, &rows);
    shares(page, &gathered.dispositions.0, &gathered.dispositions.1);
    if matches!(
        gathered.ask.length,
        PeriodLength::Month | PeriodLength::Quarter | PeriodLength::Year
    ) {
        parts(page, "话术版本 / flow version", &gathered.flow_versions);
        parts(page, "中继 / trunk", &gathered.trunks);
    }
}

/// Shares of dispositions before and now: their changes add up to nothing, so a rise is told with its fall.
fn shares(page: &mut Page, was: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) {
    let share = |counts: &BTreeMap<String, u64>, code: &str| {
        let all = float(counts.values().sum()).max(1.0);
        float(counts.get(code).copied().unwrap_or(0)) / all * 100.0
    };
    let mut codes: Vec<&String> = was.keys().chain(now.keys()).collect();
    codes.sort_unstable();
    codes.dedup();
    let rows: Vec<Vec<String>> = codes
        .into_iter()
        .map(|code| {
            let label = Disposition::from_code(code).map_or_else(
                || code.clone(),
                |known| format!("{} / {}", known.label_zh(), known.label_en()),
            );
            let (before, after) = (share(was, code), share(now, code));
            vec![
                label,
                now.get(code).copied().unwrap_or(0).to_string(),
                format!("{before:.2} %"),
                format!("{after:.2} %"),
                format!("{:+.2} pp", after - before),
            ]
        })
        .collect();
    let heads = [
        "呼叫结果 / disposition",
        "呼叫 / calls",
        "对比期占比 / before",
        "本期占比 / now",
        "变化 / change",
    ];
    page.table(&heads, 1, &rows);
}

fn parts(page: &mut Page, head: &str, parts: &BTreeMap<String, Tally>) {
    let percent =
        |ratio: Option<f64>| ratio.map_or("–".to_owned(), |ratio| format!("{:.2} %", ratio * 100.0));
    let rows: Vec<Vec<String>> = parts
        .iter()
        .map(|(part, tally)| {
            vec![
                part.clone(),
                tally.dialed.to_string(),
                percent(tally.answer_ratio()),
                tally
                    .talk_s_mean()
                    .map_or("–".to_owned(), |mean| format!("{mean:.1} s")),
                percent(tally.conversion_ratio()),
            ]
        })
        .collect();
    let heads = [
        head,
        "已拨 / dialed",
        "接通率（按呼叫） / answer rate",
        "平均通话 / mean talk",
        "转化率 / conversion",
    ];
    page.table(&heads, 1, &rows);
}

fn check(page: &mut Page, gathered: &Gathered) {
    page.section("检查 C", "Check: why the answer rate moved");
    if gathered.swings.is_empty() {
        page.paragraph(
            "对比期或本期没有呼叫，无从比较。 One of the periods has no calls: nothing to compare.",
        );
    }
    for (zh, en, swing) in &gathered.swings {
        page.paragraph(&format!(
            "按{zh} / by {en}：{:.2} % → {:.2} %，变化 {:+.2} pp = 结构（占比变化）+ 水平（自身接通率变化）",
            swing.before * 100.0,
            swing.now * 100.0,
            swing.change() * 100.0
        ));
        effects(page, zh, swing);
    }
    if !gathered.ahead.is_empty() {
        page.paragraph(
            "预测：季节性朴素法（周），区间覆盖率 80 %。 Forecast: seasonal naive by week, 80 % intervals.",
        );
        let rows: Vec<Vec<String>> = gathered
            .ahead
            .iter()
            .map(|(day, one)| {
                vec![
                    day.format("%Y-%m-%d %a").to_string(),
                    format!("{:.0}", one.value),
                    format!("{:.0} – {:.0}", one.low, one.high),
                ]
            })
            .collect();
        page.table(
            &["日期 / day", "预计拨打（个） / calls expected", "区间 / interval"],
            1,
            &rows,
        );
    } else if matches!(gathered.ask.length, PeriodLength::Quarter | PeriodLength::Year) {
        page.paragraph("不足两周数据，不作预测。 Less than two weeks of calls: no forecast.");
    }
    if gathered.ask.length == PeriodLength::Year {
        let rows: Vec<Vec<String>> = gathered
            .peaks
            .iter()
            .map(|(hour, tally)| {
                vec![
                    beijing(*hour).format("%Y-%m-%d %H:00").to_string(),
                    tally.dialed.to_string(),
                    format!("{:.1}", tally.erlang()),
                ]
            })
            .collect();
        page.table(
            &[
                "最忙时段 / busiest hours",
                "已拨 / dialed",
                "通话量（爱尔兰） / talk (Erlang)",
            ],
            1,
            &rows,
        );
    }
}

fn effects(page: &mut Page, head: &str, swing: &Swing) {
    let points = |part: f64| format!("{:+.3} pp", part * 100.0);
    let percent =
        |ratio: Option<f64>| ratio.map_or("–".to_owned(), |ratio| format!("{:.2} %", ratio * 100.0));
    let mut rows: Vec<Vec<String>> = swing
        .effects
        .iter()
        .take(EFFECTS_SHOWN)
        .map(|effect| {
            vec![
                effect.part.clone(),
                format!("{} → {}", effect.before.calls, effect.now.calls),
                format!("{} → {}", percent(effect.before.ratio), percent(effect.now.ratio)),
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
            points(mix),
            points(rate),
        ]);
    }
    let total = |part: fn(&projections::swing::Effect) -> f64| swing.effects.iter().map(part).sum::<f64>();
    rows.push(vec![
        "合计 / total".to_owned(),
        String::new(),
        String::new(),
        points(total(|effect| effect.mix)),
        points(total(|effect| effect.rate)),
    ]);
    let heads = [
        head,
        "已拨 / dialed",
        "接通率（按呼叫） / answer rate",
        "结构 / mix",
        "水平 / rate",
    ];
    page.table(&heads, 1, &rows);
}

fn act(page: &mut Page, gathered: &Gathered) {
    page.section("处置 A", "Act: suggestions, each with its rule and cause");
    let found = suggestions(gathered);
    if found.is_empty() {
        page.verdict("无规则触发。 No rule asks for action.", Good::Yes);
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
