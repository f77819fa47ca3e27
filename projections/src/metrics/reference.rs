//! Generates the reference page `docs/reference/metrics.md` from the catalog.

use super::catalog::{Catalog, Metric, Unit};
use super::term::{CountingUnit, Measure, Term};

/// The text before the tables.
const HEAD: &str = include_str!("reference_head.md");

/// Returns the whole reference page of the metrics, in Markdown. `ledgerline metrics --format markdown`
/// prints it.
pub fn reference(catalog: &Catalog) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Metrics 指标\n\n");
    page.push_str("| name, version, from | unit | label | numerator ÷ denominator | definition |\n");
    page.push_str("| --- | --- | --- | --- | --- |\n");
    let known = |metric: &&Metric| metric.awaits.is_none();
    for metric in catalog.metrics().iter().filter(known) {
        page.push_str(&metric_row(metric));
    }
    page.push_str("\n## Awaited 待事件\n\nNo figure is given for these until the events exist.\n\n");
    page.push_str("| name | label | awaits | definition |\n| --- | --- | --- | --- |\n");
    for metric in catalog.metrics() {
        if let Some(awaits) = &metric.awaits {
            page.push_str(&format!(
                "| `{}` | {}; {} | {awaits} | {} {} |\n",
                metric.name, metric.label.zh, metric.label.en, metric.definition.zh, metric.definition.en
            ));
        }
    }
    page.push_str("\n## Terms 口径项\n\n| term | meaning | events | conditions | once per | corrected |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for term in catalog.terms() {
        page.push_str(&term_row(term));
    }
    page
}

fn metric_row(metric: &Metric) -> String {
    let unit = match metric.unit {
        Unit::Ratio => "ratio",
        Unit::Ms => "ms",
        Unit::Count => "count",
    };
    let numerator = metric.numerator.as_deref().unwrap_or("");
    let parts = match &metric.denominator {
        Some(denominator) => format!("`{numerator}` ÷ `{denominator}`"),
        None => format!("`{numerator}`"),
    };
    let source = metric
        .source
        .as_ref()
        .map_or_else(String::new, |source| format!(" ({source})"));
    let headline = if metric.headline { ", headline" } else { "" };
    format!(
        "| `{}` v{}, {}{headline} | {unit} | {}; {} | {parts} | {} {}{source} |\n",
        metric.name,
        metric.version,
        metric.effective_from,
        metric.label.zh,
        metric.label.en,
        metric.definition.zh,
        metric.definition.en,
    )
}

fn term_row(term: &Term) -> String {
    let once = match term.once_per {
        CountingUnit::Call => "call",
        CountingUnit::Customer => "customer",
        CountingUnit::None => "event",
    };
    let mut events = joined(&term.kinds);
    match &term.value {
        Some(Measure::Member(member)) => events.push_str(&format!(", sum of `{member}`")),
        Some(Measure::Since(kind)) => events.push_str(&format!(", ms since `{kind}`")),
        None => {}
    }
    let corrected = if term.corrected { "yes" } else { "no" };
    format!(
        "| `{}` | {}; {} | {events} | {} | {once} | {corrected} |\n",
        term.name,
        term.zh,
        term.en,
        conditions(term)
    )
}

fn conditions(term: &Term) -> String {
    let mut all = Vec::new();
    if !term.after.is_empty() {
        all.push(format!("after {}", joined(&term.after)));
    }
    if !term.without.is_empty() {
        all.push(format!("without {}", joined(&term.without)));
    }
    if let Some(one) = &term.not_within {
        all.push(format!(
            "none of {} within {} ms of `{}`",
            joined(&one.to),
            one.ms,
            one.from
        ));
    }
    let members = term.conditions.iter();
    all.extend(members.map(|(member, condition)| format!("`{member}` {}", condition.words())));
    all.join("; ")
}

fn joined(kinds: &[String]) -> String {
    let quoted: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::catalog;

    #[test]
    fn the_published_page_is_what_the_file_says() {
        let published = include_str!("../../../docs/reference/metrics.md");
        let page = reference(catalog().unwrap());
        let same = published.trim_end() == page.trim_end();
        assert!(
            same,
            "generate it again: ledgerline metrics --format markdown > docs/reference/metrics.md"
        );
    }
}
