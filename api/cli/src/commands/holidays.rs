//! `ledgerline holidays`: lists the years of public holidays, and imports one.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use application::language::localized;
use application::percent::encode;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Holidays (节假日): the years known for campaigns that observe holidays
///
/// Dialing is refused in a year without a file.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the years that ship with the program, and imported ones
    List {
        /// Also list the years imported for this country
        #[arg(long, value_name = "CC")]
        country: Option<String>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Import a year from a file, replacing the known one; it applies at once
    Import {
        /// YAML or JSON file: country, year, status, source, holidays, working_days
        file: PathBuf,
        /// Reason, for the log; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List { country, asking } => {
            let columns = [
                (localized("年", "year"), "/id"),
                (localized("来历", "origin"), "/origin"),
                (localized("状态", "status"), "/status"),
                (localized("假日", "days"), "/days"),
                (localized("出处", "source"), "/source"),
            ];
            let path = match country {
                None => "/api/v1/holidays".to_owned(),
                Some(country) => format!("/api/v1/holidays?country={}", encode(&country)),
            };
            let none = localized("没有节假日", "no holidays");
            asking.show_items(runtime, &path, described, &columns, none).await
        }
        Action::Import { file, reason, asking } => {
            let unavailable =
                |error: std::io::Error| Failure::unavailable(format!("{}: {error}", file.display()));
            let text = std::fs::read_to_string(&file).map_err(unavailable)?;
            let body = json!({ "file": text, "reason": reason });
            asking.show(runtime, post("/api/v1/holidays", &body)).await
        }
    }
}

/// Joins the holidays of a year into one text for the table.
fn described(year: &Value) -> Value {
    let mut shown = year.clone();
    let text = |value: &Value, name: &str| {
        let found = value.get(name).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let named = year.get("holidays").and_then(Value::as_array);
    let named = named.map(Vec::as_slice).unwrap_or_default().iter();
    let days: Vec<String> = named
        .map(|one| {
            let (from, to) = (text(one, "from"), text(one, "to"));
            format!("{} {from}…{to}", text(one, "name"))
        })
        .collect();
    if let Some(members) = shown.as_object_mut() {
        members.insert("days".to_owned(), json!(days.join(", ")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holidays_of_a_year_stand_in_one_cell() {
        let shown = described(&json!({ "holidays": [
            { "name": "元旦", "from": "2026-01-01", "to": "2026-01-03" }] }));
        assert_eq!(shown["days"], "元旦 2026-01-01…2026-01-03");
    }
}
