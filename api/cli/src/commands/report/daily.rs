//! `ledgerline report daily`: prints the table of one Beijing day, read from the rows; a server may be
//! running.

use super::from_rows;
use crate::kit::failure::Failure;
use crate::kit::{output, table};
use application::exports::harmless;
use application::format_localized;
use application::language::localized;
use application::reply_value::value;
use application::tables::daily;
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use host::read_db_spec::ReadDbArgs;
use host::store_spec::LogArgs;
use serde_json::{Map, Value};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Day, for example 2026-11-20; default: the day of the last event
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
    /// Output format: text (a table), or csv with a byte order mark for spreadsheets
    #[arg(long, value_parser = ["text", "csv"], default_value = "text")]
    format: String,
    /// Print one JSON object
    #[arg(long, conflicts_with = "format")]
    json: bool,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let report = from_rows(&args.log, &args.read_db, async |rows, store| {
        let day = match args.date {
            Some(day) => day,
            None => store
                .last_recorded_at()
                .await?
                .map(beijing_date)
                .ok_or_else(|| Failure::refused("the log is empty: there is nothing to report"))?,
        };
        Ok(value(&daily(rows, day).await?))
    })
    .await?;
    if args.json {
        return output::json(&report);
    }
    match args.format.as_str() {
        "csv" => csv(&report),
        _ => text(&report),
    }
}

/// Returns one row per campaign, with the campaign first and then each figure; the totals are the last row.
fn rows(report: &Value, shown: fn(&Value, &Value) -> Value) -> Vec<Vec<Value>> {
    let columns = table::items(report, "columns");
    let none = Map::new();
    let totals = report.get("totals").and_then(Value::as_object).unwrap_or(&none);
    let cells = |row: &Map<String, Value>, name: Value| -> Vec<Value> {
        let figure = |column: &Value| {
            let name = column.get("column").and_then(Value::as_str).unwrap_or_default();
            shown(column, row.get(name).unwrap_or(&Value::Null))
        };
        std::iter::once(name).chain(columns.iter().map(figure)).collect()
    };
    let campaigns = table::items(report, "campaigns")
        .iter()
        .filter_map(Value::as_object);
    let mut rows: Vec<Vec<Value>> = campaigns
        .map(|row| cells(row, row.get("campaign").cloned().unwrap_or_default()))
        .collect();
    rows.push(cells(totals, Value::from(localized("合计", "all"))));
    rows
}

fn text(report: &Value) -> Result<(), Failure> {
    let word = |name: &str| report.get(name).and_then(Value::as_str).unwrap_or_default();
    output::line(&format_localized!("日报 {}", "daily report {}", word("date")))?;
    let columns = table::items(report, "columns");
    let head: Vec<String> = std::iter::once(localized("任务", "campaign").to_owned())
        .chain((1..=columns.len()).map(|number| format!("[{number}]")))
        .collect();
    for line in table::align_table(&head, &rows(report, for_people)) {
        output::line(&line)?;
    }
    for (column, number) in columns.iter().zip(1..) {
        let label = |lang: &str| column.pointer(lang).and_then(Value::as_str).unwrap_or_default();
        let version = column.get("version").and_then(Value::as_u64).unwrap_or(0);
        output::line(&format!(
            "[{number}] {} ({} v{version})",
            label(localized("/label/zh", "/label/en")),
            label("/name")
        ))?;
    }
    let targets = table::items(report, "targets");
    if !targets.is_empty() {
        output::line(localized("目标", "targets"))?;
        let described: Vec<Value> = targets.iter().map(target).collect();
        let columns = [
            (localized("任务", "campaign"), "/campaign"),
            (localized("指标", "metric"), "/metric"),
            (localized("版本", "version"), "/version"),
            (localized("目标", "target"), "/target"),
            (localized("实际", "actual"), "/actual"),
            (localized("达成", "reached"), "/reached"),
        ];
        table::print_table(&columns, &described)?;
    }
    output::line(&format_localized!(
        "数据完整至位置 {}",
        "rows complete up to position {}",
        word("position")
    ))
}

fn target(row: &Value) -> Value {
    let mut shown = row.clone();
    if let Some(members) = shown.as_object_mut() {
        members.insert("target".to_owned(), table::percent(row.get("target_ratio")));
        members.insert("actual".to_owned(), table::percent(row.get("actual_ratio")));
    }
    shown
}

/// Formats a figure: ratios in per cent, means as whole numbers.
fn for_people(column: &Value, figure: &Value) -> Value {
    let value = figure.get("value");
    if column.get("unit").and_then(Value::as_str) == Some("ratio") {
        return table::percent(value);
    }
    let number = value.and_then(Value::as_f64).map(|value| format!("{value:.0}"));
    number
        .and_then(|text| text.parse::<i64>().ok())
        .map_or(Value::Null, Value::from)
}

fn csv(report: &Value) -> Result<(), Failure> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let columns = table::items(report, "columns").iter();
    let names = columns.map(|column| column.get("column").and_then(Value::as_str).unwrap_or_default());
    let written = writer.write_record(std::iter::once("campaign").chain(names));
    let mut all = vec![written];
    for row in rows(report, |_, figure| {
        figure.get("value").cloned().unwrap_or_default()
    }) {
        let field = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => harmless(text).into_owned(),
            other => other.to_string(),
        };
        all.push(writer.write_record(row.iter().map(field)));
    }
    let written: Result<Vec<()>, csv::Error> = all.into_iter().collect();
    written.map_err(|error| Failure::fault(error.to_string()))?;
    let bytes = writer
        .into_inner()
        .map_err(|error| Failure::fault(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes);
    output::line(&format!("\u{feff}{}", text.trim_end_matches("\r\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn campaigns_come_first_and_the_totals_last_each_in_its_unit() {
        let report = json!({
            "columns": [
                { "column": "a_v1", "unit": "ratio" },
                { "column": "b_v1", "unit": "ms" },
            ],
            "campaigns": [{ "campaign": "T", "a_v1": { "value": 0.5 }, "b_v1": { "value": 61_000.4 } }],
            "totals": { "a_v1": { "value": 0.25 }, "b_v1": { "value": null } },
        });
        assert_eq!(
            rows(&report, for_people),
            [
                vec![json!("T"), json!("50.0 %"), json!(61_000)],
                vec![json!("all"), json!("25.0 %"), Value::Null],
            ]
        );
    }
}
