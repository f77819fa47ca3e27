//! Role by route: who may is answered, who may not is refused, as the published table says.

use super::super::api::ROLES;
use super::{key_of, order_of};
use crate::described::Description;
use crate::history::member;
use crate::program::fail;
use crate::server::{Server, asked_with};
use std::collections::BTreeMap;
use std::path::Path;

/// The table as people read it.
const TABLE: &str = "docs/reference/access.md";

/// Stands for whatever a path names: nothing is changed by what is not there.
const NOTHING: &str = "00000000-0000-5000-8000-000000000001";

/// Why a role is refused, by the code of the problem.
const NO_ROLE: &str = "role-missing";

pub(super) struct Cells {
    pub count: usize,
    pub wrong: Vec<String>,
}

pub(super) fn every(description: &Description, server: &Server) -> Cells {
    let table = table();
    let mut cells = Cells {
        count: 0,
        wrong: Vec::new(),
    };
    for (column, role) in ROLES.into_iter().enumerate() {
        let key = format!("Bearer {}", key_of(server, role, None));
        for operation in description.operations() {
            let Some(needs) = operation.described.get("x-permission") else {
                continue;
            };
            let needs = needs.as_str().unwrap_or_default();
            cells.count += 1;
            let method = operation.method.to_uppercase();
            let path = without_names(operation.path);
            let order = order_of(operation.described);
            let reply = asked_with(&method, &format!("{}{path}", server.url), &key, order.as_ref());
            let (reply, _) = reply.unwrap_or_else(|error| fail(&format!("{method} {path}: {error}")));
            let code = member(&reply.body, "/code").as_str().unwrap_or_default();
            let is_refused = reply.status == 403 && code == NO_ROLE;
            let may = table
                .get(needs)
                .and_then(|row| row.get(column))
                .is_some_and(|reach| reach != "–");
            if may == is_refused || reply.status == 401 || reply.status >= 500 {
                cells.wrong.push(format!(
                    "{role} {method} {} ({needs}): {} {code}, and may is {may}",
                    operation.path, reply.status
                ));
            }
        }
    }
    cells
}

/// A path whose names are of nothing.
fn without_names(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.starts_with('{') {
        true => NOTHING,
        false => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Permission to the reach of each role, in the order of the columns.
fn table() -> BTreeMap<String, Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(TABLE);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| fail(&format!("{TABLE}: {error}")));
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let permission = cells
            .next()
            .and_then(|cell| cell.split('`').nth(1))
            .unwrap_or_default();
        (permission.to_owned(), cells.map(str::to_owned).collect())
    });
    rows.collect()
}
