//! Users from the rows of a CSV file: adds them, or assigns roles or scopes. Good rows are applied, bad ones
//! are listed.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Most rows of a file: more than the users of any installation.
const ROWS_MAX: usize = 10_000;

/// Columns of a file; the first two are required.
const COLUMNS: [&str; 5] = ["name", "roles", "campaigns", "team", "until"];

/// Separator between several values of a cell.
const BETWEEN: char = ';';

/// Adds a user for each row, one after another, and prints their set-up links.
pub(super) async fn add(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
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
            Ok(added) => links.push(remove_nulls(
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

/// Rows per request, the server's limit.
const ROWS_AT_ONCE: usize = 1_000;

/// The kind of assignment made by the rows of a file: roles or data scopes.
#[derive(Debug, Clone, Copy)]
pub(super) struct AssignmentKind {
    path: &'static str,
    /// Columns that belong to the other kind; a file with one is refused.
    foreign: &'static [&'static str],
    why: &'static str,
}

pub(super) const ROLES: AssignmentKind = AssignmentKind {
    path: "/api/v1/roles/assign",
    foreign: &["campaigns", "team", "until"],
    why: "a file of roles assigns only roles; use `user scope --from` for campaigns and team",
};

pub(super) const SCOPES: AssignmentKind = AssignmentKind {
    path: "/api/v1/scopes/assign",
    foreign: &["roles"],
    why: "a file of scopes assigns only campaigns and team; use `user role --from` for roles",
};

/// Assigns to the user of each row the roles or data scopes that it names, several rows per request.
pub(super) async fn assign(
    runtime: Arc<Runtime>,
    asking: &RequestArgs,
    of: AssignmentKind,
    file: &Path,
    reason: &str,
    dry_run: bool,
) -> Result<(), Failure> {
    let rows = read(std::fs::File::open(file)?)?;
    let foreign = rows
        .iter()
        .find(|(_, row)| of.foreign.iter().any(|column| row.get(column).is_some()));
    if let Some((line, _)) = foreign {
        return Err(Failure::usage(format!("line {line}: {}", of.why)));
    }
    let client = asking.client(runtime).await?;
    let (mut changed, mut unchanged, mut bad) = (Vec::new(), 0_u64, Vec::new());
    for part in rows.chunks(ROWS_AT_ONCE) {
        let orders: Vec<&Value> = part.iter().map(|(_, row)| row).collect();
        let body = json!({ "rows": orders, "reason": reason, "dry_run": dry_run });
        let done = post(of.path, &body).ask(&client).await?;
        unchanged += done.get("unchanged").and_then(Value::as_u64).unwrap_or(0);
        changed.extend(by_line(&done, "changed", part));
        bad.extend(by_line(&done, "bad_rows", part));
    }
    client.close().await;
    let count = bad.len();
    output::pretty(
        &json!({ "dry_run": dry_run, "rows": rows.len(), "changed": changed,
        "unchanged": unchanged, "bad_rows": bad }),
    )?;
    match count {
        0 => Ok(()),
        _ => Err(Failure::refused(format!(
            "{count} of {} rows are bad",
            rows.len()
        ))),
    }
}

/// Returns a list of the reply with the row numbers replaced by line numbers of the file.
fn by_line(done: &Value, member: &str, part: &[(u64, Value)]) -> Vec<Value> {
    let items = done.get(member).and_then(Value::as_array);
    let mut items: Vec<Value> = items.cloned().unwrap_or_default();
    for item in &mut items {
        let row = item.get("row").and_then(Value::as_u64);
        let index = row.and_then(|row| usize::try_from(row).ok()?.checked_sub(1));
        let line = index.and_then(|index| part.get(index)).map(|(line, _)| *line);
        if let (Some(object), Some(line)) = (item.as_object_mut(), line) {
            object.insert("row".to_owned(), json!(line));
        }
    }
    items
}

/// Reads the rows of a file as request bodies, each with its line number.
fn read(file: impl std::io::Read) -> Result<Vec<(u64, Value)>, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(file);
    let wrong = |error: csv::Error| Failure::usage(format!("the file is not valid CSV: {error}"));
    let head = reader.headers().map_err(wrong)?.clone();
    if let Some(unknown) = head.iter().find(|name| !COLUMNS.contains(name)) {
        return Err(Failure::usage(format!(
            "unknown column {unknown:?}: allowed are {}",
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
        rows.push((line, remove_nulls(body)));
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
