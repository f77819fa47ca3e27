//! `ledgerline query`: runs one read-only SQL query on the documented views and prints a table or JSON.

use crate::kit::api::{ApiArgs, post};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::align_table;
use application::language::Language;
use projections::ask::{ROWS_DEFAULT, TIMEOUT_DEFAULT_MS};
use projections::sql_views::SQL_VIEWS;
use serde_json::{Value, json};
use std::io::Read;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Most bytes of SQL read from standard input: one more than a query may have, so that a longer one is
/// refused.
const INPUT_BYTES_MAX: u64 = projections::ask::SQL_BYTES_MAX as u64 + 1;

/// Run one read-only SQL query on the documented views
///
/// Views: audit, calls, campaign_counts, campaign_hours, campaigns, customer_events, customer_numbers,
/// customers, dispositions, enrolments, outcomes, view_positions; `--views` lists their columns. They hold no
/// personal data: no phone number, name or variable. The query is logged before it runs.
///
/// ledgerline query "select disposition, count(*) from calls group by 1 order by 2 desc" --data DIR
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Query; `-` reads it from standard input
    #[arg(required_unless_present = "views")]
    sql: Option<String>,
    /// List the documented views with their columns, without a query
    #[arg(long)]
    views: bool,
    /// Most rows, up to 10,000
    #[arg(long, value_name = "N", default_value_t = ROWS_DEFAULT)]
    limit: usize,
    /// Longest time in milliseconds, up to 30,000
    #[arg(long, value_name = "MS", default_value_t = TIMEOUT_DEFAULT_MS)]
    timeout_ms: u64,
    /// Your name, for the record; default: the user of the operating system
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    if args.views {
        return list_views();
    }
    let body = json!({
        "sql": text(args.sql.as_deref().unwrap_or_default())?,
        "by": args.by.or_else(crate::kit::reader::os_user),
        "limit": args.limit, "timeout_ms": args.timeout_ms,
    });
    let shown = args.api.ask(runtime, post("/api/v1/query", &body)).await?;
    if args.json {
        return output::json(&shown);
    }
    for line in table(&shown) {
        output::line(&line)?;
    }
    Ok(())
}

fn text(given: &str) -> Result<String, Failure> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn list_views() -> Result<(), Failure> {
    let language = Language::current();
    for view in SQL_VIEWS {
        output::line(&format!("{}  {}", view.name, language.pick((view.zh, view.en))))?;
        for column in view.columns {
            let (name, unit) = (column.name, column.unit.word());
            let label = language.pick((column.zh, column.en));
            output::line(&format!("    {name:<22} {label}  [{unit}]"))?;
        }
    }
    Ok(())
}

/// Formats the result as a table, with a last line that says what was cut off.
fn table(shown: &Value) -> Vec<String> {
    let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let columns = shown.get("columns").and_then(Value::as_array);
    let head: Vec<String> = columns.into_iter().flatten().map(name).collect();
    let rows = shown
        .get("rows")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let cells: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| row.as_array().cloned().unwrap_or_default())
        .collect();
    let mut lines = align_table(&head, &cells);
    let ms = shown.get("elapsed_ms").and_then(Value::as_u64).unwrap_or(0);
    let more = match shown.get("truncated").and_then(Value::as_str) {
        Some("bytes") => "; cut at 16 MiB",
        Some(_) => "; there are more: raise --limit, or export",
        None => "",
    };
    lines.push(format!("({} rows, {ms} ms{more})", rows.len()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_and_numbers_stand_in_line() {
        let shown = json!({ "columns": ["结果", "n"], "rows": [["接通", 7], ["no", 12], [null, 1]],
            "elapsed_ms": 3, "truncated": null });
        assert_eq!(
            table(&shown),
            [
                "结果   n",
                "----  --",
                "接通   7",
                "no    12",
                "-      1",
                "(3 rows, 3 ms)"
            ]
        );
    }

    #[test]
    fn what_is_cut_says_so_and_control_characters_reach_no_terminal() {
        let shown =
            json!({ "columns": ["x"], "rows": [["a\u{1b}[2J"], ["查".repeat(60)]], "truncated": "rows" });
        let lines = table(&shown);
        assert!(!lines.concat().contains('\u{1b}'), "{lines:?}");
        assert!(lines.iter().any(|line| line.ends_with('…')), "{lines:?}");
        assert!(
            lines.last().is_some_and(|line| line.contains("raise --limit")),
            "{lines:?}"
        );
    }
}
