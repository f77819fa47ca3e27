//! Checks every role on every route: those with the permission are accepted, the others refused, as in the
//! published table.
//!
//! It also checks that a hole would be detected: the reads that a role may not do are sent once more with the
//! owner's token, as if their guard were missing, and each must be reported as wrong.

use super::{by_each_role, key_of, order_of};
use crate::api_description::{Description, Operation};
use crate::history::member;
use crate::program::fail;
use crate::server::{Server, send_request_as};
use std::collections::BTreeMap;
use std::path::Path;

/// The published table.
const TABLE: &str = "docs/reference/access.md";

/// An id that does not exist, used for all ids in paths: nothing is changed.
const NOTHING: &str = "00000000-0000-5000-8000-000000000001";

/// The problem code of a role without the permission.
const NO_ROLE: &str = "role-missing";

/// The problem code of a query of the whole log that must wait for another one.
const BUSY: &str = "log-being-read";

#[derive(Default)]
pub(super) struct RoleMatrixResults {
    pub count: usize,
    pub wrong: Vec<String>,
    /// The number of cells tried with a missing guard.
    pub holes: usize,
    /// Those of them that were not reported as wrong.
    pub unseen: Vec<String>,
}

/// The reach of each role by permission, in the order of the columns.
type Table = BTreeMap<String, Vec<String>>;

/// One operation and the role that requests it.
struct Cell<'a> {
    role: &'static str,
    column: usize,
    operation: &'a Operation<'a>,
    needs: &'a str,
}

pub(super) fn check_role_matrix(description: &Description, server: &Server) -> RoleMatrixResults {
    let table = table();
    let operations = description.operations();
    let mut all = RoleMatrixResults::default();
    for cells in by_each_role(|column, role| of_role(column, role, &operations, server, &table)) {
        all.count += cells.count;
        all.wrong.extend(cells.wrong);
        all.holes += cells.holes;
        all.unseen.extend(cells.unseen);
    }
    all
}

fn of_role(
    column: usize,
    role: &'static str,
    operations: &[Operation<'_>],
    server: &Server,
    table: &Table,
) -> RoleMatrixResults {
    let mut cells = RoleMatrixResults::default();
    let key = format!("Bearer {}", key_of(server, role, None));
    for operation in operations {
        let Some(needs) = operation.described.get("x-permission") else {
            continue;
        };
        let needs = needs.as_str().unwrap_or_default();
        let cell = Cell {
            role,
            column,
            operation,
            needs,
        };
        cells.count += 1;
        cells.wrong.extend(cell.wrong(server, &key, table));
        if operation.method == "get" && !cell.may(table) {
            cells.holes += 1;
            if cell.wrong(server, &server.bearer(), table).is_none() {
                let unseen = format!("{role} {}: a hole is not seen", operation.path);
                cells.unseen.push(unseen);
            }
        }
    }
    cells
}

impl Cell<'_> {
    fn may(&self, table: &Table) -> bool {
        let row = table.get(self.needs);
        row.and_then(|row| row.get(self.column))
            .is_some_and(|reach| reach != "–")
    }

    /// Returns what is wrong with the response to this key, compared with the table.
    fn wrong(&self, server: &Server, key: &str, table: &Table) -> Option<String> {
        let method = self.operation.method.to_uppercase();
        let path = without_names(self.operation.path);
        let order = order_of(self.operation.described);
        let reply = send_request_as(&method, &format!("{}{path}", server.url), key, order.as_ref());
        let (reply, _) = reply.unwrap_or_else(|error| fail(&format!("{method} {path}: {error}")));
        let code = member(&reply.body, "/code").as_str().unwrap_or_default();
        let is_refused = reply.status == 403 && code == NO_ROLE;
        let may = self.may(table);
        // An allowed query may be refused because another one is running: roles run in parallel.
        let is_broken = reply.status >= 500 && code != BUSY;
        let is_wrong = may == is_refused || reply.status == 401 || is_broken;
        is_wrong.then(|| {
            format!(
                "{} {method} {} ({}): {} {code}, and may is {may}",
                self.role, self.operation.path, self.needs, reply.status
            )
        })
    }
}

/// Returns a path with ids that do not exist.
pub(super) fn without_names(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.starts_with('{') {
        true => NOTHING,
        false => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

fn table() -> Table {
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
