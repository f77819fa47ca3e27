//! Generates the reference page `docs/reference/prometheus.md` from the catalogue.

use crate::metric_catalogue::{ALL, MetricFamily};
use std::fmt::Write as _;

/// The text before the table.
const HEAD: &str = include_str!("metric_reference_head.txt");

/// Returns the reference page of the metrics for Prometheus.
pub fn reference_page() -> String {
    let mut page = HEAD.to_owned();
    for family in ALL.iter().filter(|family| family.replacement.is_none()) {
        let MetricFamily { name, kind, help, .. } = family;
        let (zh, en) = help;
        let labels = labels_of(family);
        // Writing to a String cannot fail.
        writeln!(page, "| `{name}` | {} | {labels} | {zh} {en} |", kind.word()).unwrap_or_default();
    }
    page.push_str(
        "\n## Deprecated names 已弃用的名称\n\nThe next release removes them. 下一版本移除。\n\n\
         | Old name 旧名称 | New name 新名称 |\n| --- | --- |\n",
    );
    for family in ALL {
        if let Some(replacement) = family.replacement {
            writeln!(page, "| `{}` | `{replacement}` |", family.name).unwrap_or_default();
        }
    }
    page
}

fn labels_of(family: &MetricFamily) -> String {
    let labels = family.labels.iter().map(|label| format!("`{label}`"));
    labels.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_page_is_generated_from_the_catalogue() {
        let published = include_str!("../../../docs/reference/prometheus.md");
        assert!(
            published == reference_page(),
            "generate it again: ledgerline metrics --format prometheus > docs/reference/prometheus.md"
        );
    }
}
