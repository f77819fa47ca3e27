//! `ledgerline user roles`: prints the table of roles and permissions.

use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use crate::kit::{output, table};
use application::language::localized;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

pub(super) async fn show(runtime: Arc<Runtime>, asking: &RequestArgs) -> Result<(), Failure> {
    let Some(reply) = asking.ask(runtime, get("/api/v1/roles")).await? else {
        return Ok(());
    };
    let mut head = vec![localized("权限", "permission").to_owned()];
    head.extend(
        table::items(&reply, "roles")
            .iter()
            .map(|role| word(role.get("role"))),
    );
    head.push(localized("说明", "meaning").to_owned());
    let rows: Vec<Vec<Value>> = table::items(&reply, "permissions")
        .iter()
        .map(|permission| {
            let reach = permission.get("reach").and_then(Value::as_array);
            let mut row = vec![permission.get("permission").cloned().unwrap_or_default()];
            row.extend(reach.into_iter().flatten().cloned());
            row.push(permission.get(localized("zh", "en")).cloned().unwrap_or_default());
            row
        })
        .collect();
    table::align_table(&head, &rows)
        .iter()
        .try_for_each(|line| output::line(line))
}

fn word(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}
