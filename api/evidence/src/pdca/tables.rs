//! The comparing tables of a PDCA report: metrics, targets, dispositions, forecast.

use crate::html::{Page, row};
use crate::pdca::PdcaReportFigures;
use crate::pdca::figures::float;
use crate::pdca::metric_changes::MetricChange;
use crate::pdca::targets::TargetResult;
use domain::calendar::{PeriodLength, beijing};
use domain::disposition::Disposition;
use projections::ratio_change::{PartCounts, RatioChange, split_ratio_change};
use projections::views::call_history::DispositionCounts;
use std::collections::{BTreeMap, BTreeSet};

fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{:.2} %", ratio * 100.0))
}

/// Adds the table of metrics, each by name and version with its figure before and now.
pub(super) fn render_metrics(page: &mut Page, all: &[MetricChange], evidence: &str) {
    let line = |one: &MetricChange| {
        let label = &one.metric.label;
        vec![
            format!("{} / {}", label.zh, label.en),
            format!("{} v{}", one.metric.name, one.metric.version),
            one.words(one.was.as_ref()),
            one.words(one.now.as_ref()),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let heads = [
        "指标 / figure",
        "名称与版本 / metric",
        "对比期 / before",
        "本期 / now",
    ];
    page.table(&heads, 2, &rows);
    page.link("每个数背后的事件 / the events behind each number", evidence);
}

/// Adds the table of targets, results and causes of the gap.
pub(super) fn targets(page: &mut Page, all: &[TargetResult]) {
    page.paragraph(
        "目标与达成；偏差按原因分解（自任务开始）。 Targets and what was reached; the gap by cause, since the \
         campaign began.",
    );
    let line = |one: &TargetResult| {
        let causes = one
            .causes
            .iter()
            .map(|(cause, part)| format!("{cause} {:+.2} pp", part * 100.0));
        vec![
            one.campaign.clone(),
            one.metric.clone(),
            percent(Some(one.target)),
            percent(one.in_period),
            percent(one.whole),
            one.whole.map_or_else(
                || "–".to_owned(),
                |whole| format!("{:+.2} pp", (one.target - whole) * 100.0),
            ),
            causes.collect::<Vec<_>>().join("; "),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(line).collect();
    let heads = [
        "任务 / campaign",
        "指标 / metric",
        "目标 / target",
        "本期 / in the period",
        "任务至今 / so far",
        "差距 / gap",
        "偏差原因 / causes",
    ];
    page.table(&heads, 9, &rows);
}

/// Adds the shares of dispositions before and now, with each change split over trunks into mix and rate. The
/// changes sum to zero, so a rise always appears with its fall.
pub(super) fn shares(page: &mut Page, was: &DispositionCounts, now: &DispositionCounts) {
    let codes: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let points =
        |part: Option<f64>| part.map_or_else(|| "–".to_owned(), |part| format!("{:+.2} pp", part * 100.0));
    let rows: Vec<Vec<String>> = codes
        .into_iter()
        .map(|code| {
            let label = Disposition::from_code(code).map_or_else(
                || code.clone(),
                |known| format!("{} / {}", known.label_zh(), known.label_en()),
            );
            let moved = split_disposition_change(was, now, code);
            let sum = |part: fn(&projections::ratio_change::Effect) -> f64| {
                let moved = moved.as_ref()?;
                Some(moved.effects.iter().map(part).sum::<f64>())
            };
            vec![
                label,
                now.get(code)
                    .map_or(0, |trunks| trunks.values().sum::<u64>())
                    .to_string(),
                percent(share(was, code)),
                percent(share(now, code)),
                points(moved.as_ref().map(RatioChange::change)),
                points(sum(|effect| effect.mix)),
                points(sum(|effect| effect.rate)),
            ]
        })
        .collect();
    let heads = [
        "呼叫结果 / disposition",
        "呼叫 / calls",
        "对比期占比 / before",
        "本期占比 / now",
        "变化 / change",
        "中继结构 / mix of trunks",
        "中继水平 / rate on trunks",
    ];
    page.table(&heads, 1, &rows);
}

/// Returns the share of one disposition among all ended calls, 0 to 1; `None` without ended calls.
pub(super) fn share(all: &DispositionCounts, code: &str) -> Option<f64> {
    let calls = |trunks: &BTreeMap<String, u64>| trunks.values().sum::<u64>();
    let whole: u64 = all.values().map(calls).sum();
    (whole > 0).then(|| float(all.get(code).map_or(0, calls)) / float(whole))
}

/// Splits the change of one disposition's share over the trunks of the calls, into mix and rate.
pub(super) fn split_disposition_change(
    was: &DispositionCounts,
    now: &DispositionCounts,
    code: &str,
) -> Option<RatioChange> {
    let tallied = |all: &DispositionCounts| {
        let mut parts: BTreeMap<String, PartCounts> = BTreeMap::new();
        for (one, trunks) in all {
            for (trunk, calls) in trunks {
                let part = parts.entry(trunk.clone()).or_default();
                part.whole += calls;
                part.counted += if one == code { *calls } else { 0 };
            }
        }
        parts
    };
    split_ratio_change(&tallied(was), &tallied(now))
}

/// Adds the table of calls expected after a quarter or a year, or a note that there are too few calls for
/// it.
pub(super) fn render_forecast(page: &mut Page, gathered: &PdcaReportFigures) {
    if gathered.ahead.is_empty() {
        if matches!(gathered.ask.length, PeriodLength::Quarter | PeriodLength::Year) {
            page.paragraph("不足两周数据，不作预测。 Less than two weeks of calls: no forecast.");
        }
        return;
    }
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
    let heads = ["日期 / day", "预计拨打（个） / calls expected", "区间 / interval"];
    page.table(&heads, 1, &rows);
}

/// Adds the table of the capacity needs of a year; nothing for shorter periods.
pub(super) fn needs(page: &mut Page, gathered: &PdcaReportFigures) {
    let Some(capacity) = &gathered.capacity else {
        return;
    };
    page.paragraph(
        "容量：话务量含振铃均值；线路数按 Erlang B、呼损 1 %。 Capacity: Erlang with mean ringing; lines by \
         Erlang B at 1 % blocking.",
    );
    let rows: Vec<Vec<String>> = gathered
        .peaks
        .iter()
        .map(|(hour, tally)| {
            vec![
                beijing(*hour).format("%Y-%m-%d %H:00").to_string(),
                tally.dialed.to_string(),
                format!("{:.1}", capacity.erlang(tally)),
                capacity
                    .lines(tally)
                    .map_or_else(|| "–".to_owned(), |lines| lines.to_string()),
            ]
        })
        .collect();
    let heads = [
        "最忙时段 / busiest hours",
        "已拨 / dialed",
        "话务量（爱尔兰） / traffic (Erlang)",
        "所需线路 / lines needed",
    ];
    page.table(&heads, 1, &rows);
    let rows = [row(
        "日均事件（条） / events a day",
        format!("{:.0}", capacity.events_per_day),
    )];
    page.table(&["指标 / figure", "数值 / value"], 1, &rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: &[(&str, &str, u64)]) -> DispositionCounts {
        let mut found = DispositionCounts::new();
        for (code, trunk, calls) in all {
            found
                .entry((*code).to_owned())
                .or_default()
                .insert((*trunk).to_owned(), *calls);
        }
        found
    }

    #[test]
    fn a_dispositions_change_is_its_mix_and_its_rate_over_trunks() {
        let was = of(&[("answered", "a", 50), ("busy", "a", 50), ("answered", "b", 100)]);
        let now = of(&[("answered", "a", 100), ("busy", "a", 100), ("answered", "b", 0)]);
        let busy = split_disposition_change(&was, &now, "busy").unwrap();
        let sum =
            |part: fn(&projections::ratio_change::Effect) -> f64| busy.effects.iter().map(part).sum::<f64>();
        assert!((busy.change() - 0.25).abs() < 1e-9);
        assert!(
            (sum(|one| one.mix) - 0.25).abs() < 1e-9,
            "only the mix of trunks moved"
        );
        assert!(sum(|one| one.rate).abs() < 1e-9);
        assert_eq!(
            split_disposition_change(&DispositionCounts::new(), &now, "busy"),
            None
        );
        assert_eq!(
            (share(&DispositionCounts::new(), "busy"), share(&now, "busy")),
            (None, Some(0.5))
        );
    }
}
