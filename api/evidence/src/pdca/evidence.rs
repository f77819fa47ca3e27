//! What leads from a report's figures to their events: a file beside the page, which the page links to in
//! place of routes that no sheet of paper has room for.

use crate::pdca::Gathered;
use crate::pdca::measured::Measured;
use serde_json::{Value, json};

/// The evidence of a report: each figure with its version, its parts and the routes that list their events.
pub fn evidence(gathered: &Gathered) -> Value {
    json!({
        "report": "pdca",
        "period": gathered.period.label,
        "campaign": gathered.ask.campaign,
        "position": gathered.position.to_string(),
        "explained_zh": "routes 为本机 serve 的接口路径：GET 该路径即列出该数的全部事件",
        "explained_en": "routes are those of the server: GET one, and it lists every event behind that number",
        "figures": gathered.measured.iter().map(figure).collect::<Vec<_>>(),
    })
}

fn figure(one: &Measured) -> Value {
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
