//! Charts as ECharts options, in the form defined by REP-5: categories, one value axis, one labelled
//! series.

use crate::figures::{Answer, MetricReference, named};
use projections::metrics::{Metric, Unit};
use projections::views::metric_board::{Dimension, Figure};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Number;
use std::collections::BTreeMap;

/// ECharts options of a bar chart. ECharts ignores members that it does not know.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Chart {
    #[serde(rename = "xAxis")]
    x_axis: Categories,
    #[serde(rename = "yAxis")]
    y_axis: ValueAxis,
    series: Vec<Series>,
    /// The metric and version of the chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<MetricReference>,
    /// The data of the metric's other versions, in the same order, for additional series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beside: Vec<AlternateData>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Categories {
    #[serde(rename = "type")]
    #[schemars(example = &"category")]
    kind: &'static str,
    #[schemars(example = ["10:00"])]
    data: Vec<String>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ValueAxis {
    #[serde(rename = "type")]
    #[schemars(example = &"value")]
    kind: &'static str,
}

/// One series of bars in a chart.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Series {
    #[schemars(example = &"接通率")]
    name: String,
    #[serde(rename = "type")]
    #[schemars(example = &"bar")]
    kind: &'static str,
    /// One value per category. Null if there is no figure.
    #[schemars(with = "Vec<Option<f64>>")]
    data: Vec<Option<Number>>,
}

/// The data of another version of the metric.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct AlternateData {
    #[serde(flatten)]
    named: MetricReference,
    #[schemars(with = "Vec<Option<f64>>")]
    data: Vec<Option<Number>>,
}

impl Series {
    pub fn new(name: &str, data: Vec<Option<Number>>) -> Self {
        Self {
            name: name.to_owned(),
            kind: "bar",
            data,
        }
    }
}

impl Chart {
    pub const fn new(labels: Vec<String>, series: Vec<Series>) -> Self {
        Self {
            x_axis: Categories {
                kind: "category",
                data: labels,
            },
            y_axis: ValueAxis { kind: "value" },
            series,
            metric: None,
            beside: Vec::new(),
        }
    }

    /// Adds the values of another version of the metric, in the order of the categories.
    pub fn put_beside(&mut self, named: MetricReference, data: Vec<Option<Number>>) {
        self.beside.push(AlternateData { named, data });
    }
}

/// Builds a bar chart of a metric's figures, one bar per group. Ratios become per cent with at most two
/// decimals; a missing figure is `null`.
pub fn options(series: &str, unit: Unit, by: Option<Dimension>, figures: &[Figure]) -> Chart {
    let labels: Vec<String> = figures.iter().map(|figure| label(by, figures, figure)).collect();
    let data = figures.iter().map(|figure| shown(unit, figure.value));
    Chart::new(labels, vec![Series::new(series, data.collect())])
}

/// Adds the metric's name and version to a chart, and the values of its other versions in the same order.
pub fn with_versions(mut chart: Chart, metric: &Metric, answer: &Answer) -> Chart {
    let data = |figures: &[Figure]| {
        let known: BTreeMap<&Option<String>, &Figure> = figures.iter().map(|one| (&one.key, one)).collect();
        let of = |drawn: &Figure| shown(metric.unit, known.get(&drawn.key).and_then(|one| one.value));
        answer.figures.iter().map(of).collect::<Vec<_>>()
    };
    chart.metric = Some(named(metric));
    let beside = answer.beside.iter().map(|(other, figures)| AlternateData {
        named: named(other),
        data: data(figures),
    });
    chart.beside = beside.collect();
    chart
}

/// Returns the label of a group. For hours it is `10:00`, with the date before it if the hours belong to
/// several days.
fn label(by: Option<Dimension>, all: &[Figure], figure: &Figure) -> String {
    let label = figure.label.clone().unwrap_or_default();
    if by != Some(Dimension::Hour) || !all.windows(2).any(day_ends_between) {
        return label;
    }
    let date = figure.key.as_deref().and_then(beijing_date);
    date.map_or(label.clone(), |date| format!("{date} {label}"))
}

/// Returns true if the second of two hours is on another day (Beijing time) than the first.
fn day_ends_between(pair: &[Figure]) -> bool {
    let [earlier, later] = pair else { return false };
    let date = |figure: &Figure| figure.key.as_deref().and_then(beijing_date);
    date(earlier) != date(later)
}

fn beijing_date(key: &str) -> Option<String> {
    /// Beijing time is UTC+8 all year.
    const BEIJING_MS: u64 = 8 * 3_600_000;
    let at: domain::time::Timestamp = key.parse().ok()?;
    Some(at.plus_ms(BEIJING_MS).to_utc().format("%m-%d").to_string())
}

fn shown(unit: Unit, value: Option<f64>) -> Option<Number> {
    let value = value?;
    let scaled = match unit {
        Unit::Ratio => value * 100.0,
        Unit::Ms | Unit::Count => value,
    };
    let text = format!("{scaled:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    // Whole numbers have no decimals, as the requirement demands.
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => text.parse().ok().and_then(Number::from_f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply_value::value;
    use serde_json::{Value, json};

    fn figure(key: &str, label: &str, value: Option<f64>) -> Figure {
        Figure {
            key: Some(key.to_owned()),
            label: Some(label.to_owned()),
            numerator: 0,
            denominator: Some(0),
            value,
        }
    }

    #[test]
    fn a_chart_is_as_the_requirements_write_it() {
        let figures = [
            figure("2026-03-02T00:00:00Z", "08:00", Some(0.45)),
            figure("2026-03-02T02:00:00Z", "10:00", Some(0.62)),
        ];
        let shown = value(&options("接通率", Unit::Ratio, Some(Dimension::Hour), &figures));
        let expected: Value = serde_json::from_str(
            "{\"xAxis\":{\"type\":\"category\",\"data\":[\"08:00\",\"10:00\"]},\"yAxis\":{\"type\":\"value\"},\
             \"series\":[{\"name\":\"接通率\",\"type\":\"bar\",\"data\":[45,62]}]}",
        )
        .unwrap();
        assert_eq!(shown, expected);
    }

    #[test]
    fn hours_of_two_days_bear_their_dates_and_no_figure_is_null() {
        let figures = [
            figure("2026-03-02T02:00:00Z", "10:00", Some(1.0 / 3.0)),
            figure("2026-03-03T02:00:00Z", "10:00", None),
        ];
        let shown = value(&options("x", Unit::Ratio, Some(Dimension::Hour), &figures));
        assert_eq!(shown["xAxis"]["data"], json!(["03-02 10:00", "03-03 10:00"]));
        assert_eq!(shown["series"][0]["data"], json!([33.33, null]));
    }
}
