//! Writes the evidence file next to a report page. It links each figure to its events; the page links to this
//! file because the routes are too long to print.

use crate::pdca::PdcaReportFigures;
use crate::pdca::metric_changes::MetricChange;
use serde_json::{Value, json};

/// Returns the content of a report's evidence file: each figure with its metric's version, its parts and
/// the routes that list its events.
pub fn evidence(gathered: &PdcaReportFigures) -> Value {
    json!({
        "report": "pdca",
        "period": gathered.period.label,
        "campaign": gathered.ask.campaign,
        "position": gathered.position.to_string(),
        "explained_zh": "routes 为本机 serve 的接口路径：GET 该路径即列出该数的全部事件",
        "explained_en": "routes are paths of the server: GET a path to list every event behind that number",
        "figures": gathered.measured.iter().map(figure).collect::<Vec<_>>(),
    })
}

fn figure(one: &MetricChange) -> Value {
    let metric = one.metric;
    let denominator = metric
        .denominator
        .as_ref()
        .map(|_| format!("{}&which=denominator", one.events));
    json!({
        "metric": metric.name,
        "version": metric.version,
        "label": metric.label,
        "unit": metric.unit,
        "before": one.was,
        "now": one.now,
        "numerator_events": format!("{}&which=numerator", one.events),
        "denominator_events": denominator,
    })
}
