//! Users by the rows of a file: permission templates in bulk. Good rows count, bad ones are listed.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::output;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Most rows of a file: more people than an installation has at work.
const ROWS_MAX: usize = 10_000;

/// Columns of a file; the first two are needed.
const COLUMNS: [&str; 5] = ["name", "roles", "campaigns", "team", "until"];

/// What stands between several values of a cell.
const BETWEEN: char = ';';

/// Adds a user for each row, one after another.
pub(super) async fn add(
    runtime: Arc<Runtime>,
    asking: &Asking,
    file: &Path,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let rows = read(std::fs::File::open(file)?)?;
    let client = asking.client(runtime).await?;
    let mut bad = Vec::new();
    let mut links = Vec::new();
    for (row, body) in &rows {
        let mut body = body.clone();
        if let (Some(members), Some(reason)) = (body.as_object_mut(), reason) {
            members.insert("reason".to_owned(), json!(reason));
        }
        match post("/api/v1/users", &body).ask(&client).await {
            Ok(added) => links.push(given(
                json!({ "name": added.get("name"), "set_up": added.get("set_up") }),
            )),
            Err(failure) => bad.push(json!({ "row": row, "why": failure.to_string() })),
        }
    }
    client.close().await;
    output::pretty(&json!({ "rows": rows.len(), "added": links, "bad_rows": bad }))?;
    match bad.is_empty() {
        true => Ok(()),
        false => Err(Failure::refused(format!(
            "{} of {} rows were not added",
            bad.len(),
            rows.len()
        ))),
    }
}

/// The rows as orders, each with its line.
fn read(file: impl std::io::Read) -> Result<Vec<(u64, Value)>, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(file);
    let wrong = |error: csv::Error| Failure::usage(format!("the file is no CSV: {error}"));
    let head = reader.headers().map_err(wrong)?.clone();
    if let Some(unknown) = head.iter().find(|name| !COLUMNS.contains(name)) {
        return Err(Failure::usage(format!(
            "no column is named {unknown:?}: there are {}",
            COLUMNS.join(", ")
        )));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |name: &str| {
            let index = head.iter().position(|column| column == name)?;
            record.get(index).filter(|text| !text.is_empty())
        };
        let several =
            |name: &str| cell(name).map(|text| text.split(BETWEEN).map(str::trim).collect::<Vec<_>>());
        let body = json!({ "name": cell("name"), "roles": several("roles"),
            "campaigns": several("campaigns"), "team": cell("team"), "until": cell("until") });
        rows.push((line, given(body)));
        if rows.len() > ROWS_MAX {
            return Err(Failure::usage(format!("the file has more than {ROWS_MAX} rows")));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_user_and_an_empty_cell_says_nothing() {
        let file = "name, roles, campaigns\nwang, operator;analyst, A;B\nli, viewer,\n";
        let rows = read(file.as_bytes()).unwrap();
        assert_eq!(
            rows,
            [
                (
                    2,
                    json!({ "name": "wang", "roles": ["operator", "analyst"], "campaigns": ["A", "B"] })
                ),
                (3, json!({ "name": "li", "roles": ["viewer"] })),
            ]
        );
        assert!(read("name, rolls\nwang, operator\n".as_bytes()).is_err());
    }
}
