//! Sets attributes and tags of many customers in one request (CUS-4). Each row is stored completely or not
//! at all. A bad row is returned with all its wrong columns; the other rows count.
//!
//! The same request changes nothing the second time, so a request that failed half-way can be sent again.

use crate::installation::{Installation, follow};
use crate::profiles::WrongColumn;
use actors::AskError;
use domain::attribute::{Attribute, TagLevel};
use domain::customer::{
    AttributesChange, Customer, CustomerCommand, CustomerState, ProfileOrigin, TagChange,
};
use domain::decider::{Context, Decider};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most customers in one request. Each one takes up to four commands in the usual case (attributes and
/// three tag levels), more with many attributes; each command writes at most one event.
pub const PROFILES_OF_REQUEST_MAX: usize = 500;

/// Most bytes of attribute values in one command, including the overhead of sealing. It stays below the
/// limit of one event; a customer with more values gets several commands.
const COMMAND_BYTES_MAX: usize = 20 * 1024;

/// Bytes that sealing adds to a value's text, as the event's own limit counts them.
const SEALED_BYTES: usize = 128;

/// One customer with the attributes and tags to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "customer": "C001", "set": { "age": "31", "地域": "浙江" },
    "tags": [{ "level": "business", "add": ["信用卡"] }] }]))]
pub struct ProfileRow {
    /// The institution's own `customer_id`, or our customer id.
    #[schemars(example = &"C001")]
    pub customer: String,
    /// New values by attribute name (Chinese or English), each as a text.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "age": "31" }]))]
    pub set: BTreeMap<String, String>,
    /// Names of attributes to remove.
    #[serde(default)]
    #[schemars(extend("examples" = [["customer_level"]]))]
    pub clear: Vec<String>,
    #[serde(default)]
    pub tags: Vec<TagsOfRow>,
}

/// Tags of one level to add and remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "level": "business", "add": ["信用卡"] }]))]
pub struct TagsOfRow {
    pub level: TagLevel,
    #[serde(default)]
    #[schemars(extend("examples" = [["信用卡"]]))]
    pub add: Vec<String>,
    #[serde(default)]
    #[schemars(extend("examples" = [["存款"]]))]
    pub remove: Vec<String>,
}

/// The result of a request: counts, and the refused rows.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct BulkProfilesReport {
    pub rows: usize,
    /// Customers with changed attributes or tags.
    pub changed: usize,
    /// Rows that changed nothing. For users without the reveal right these are counted as changed, because
    /// the count would reveal values.
    pub unchanged: usize,
    pub refused: Vec<RefusedProfileRow>,
    pub dry_run: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A row that was refused, with the reason. The cells' texts are never included.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusedProfileRow {
    /// Index of the row in the request, from 0.
    pub row: usize,
    /// All wrong columns of the row, if columns are the reason.
    pub columns: Vec<WrongColumn>,
    #[schemars(example = &"there is no such customer")]
    pub why: String,
}

/// Options of a request, and of its reply.
#[derive(Debug, Clone, Copy)]
pub struct BulkProfilesOptions {
    /// If true, the rows are checked and nothing is stored.
    pub dry_run: bool,
    /// True if the caller may see values in clear. Rows that change nothing would reveal the values.
    pub tells_unchanged: bool,
}

/// Stores the rows one after another, each completely or not at all. Rows that are invalid, refused or name
/// no customer are returned and do not affect the others; any other failure ends the request. A dry run
/// stores nothing.
pub async fn take_profiles(
    installation: &Installation,
    rows: Vec<ProfileRow>,
    taking: BulkProfilesOptions,
    cause: Cause,
) -> Result<BulkProfilesReport, Problem> {
    let BulkProfilesOptions {
        dry_run,
        tells_unchanged,
    } = taking;
    let mut taken = BulkProfilesReport {
        rows: rows.len(),
        dry_run,
        ..BulkProfilesReport::default()
    };
    for (index, row) in rows.into_iter().enumerate() {
        let wrong = wrong_columns(&row);
        if !wrong.is_empty() {
            let named: Vec<&str> = wrong.iter().map(|wrong| wrong.column.as_str()).collect();
            taken.refused.push(RefusedProfileRow {
                row: index,
                why: format!("wrong: {}", named.join(", ")),
                columns: wrong,
            });
            continue;
        }
        let cause = follow(cause, &format!("profile/{index}")).behind();
        match take_one(installation, row, dry_run, cause).await {
            Ok((events_count, position)) => {
                taken.position = taken.position.max(position);
                let is_unchanged = tells_unchanged && events_count == 0;
                taken.changed += usize::from(!is_unchanged);
                taken.unchanged += usize::from(is_unchanged);
            }
            Err(problem) if is_of_the_row(problem.kind) => taken.refused.push(RefusedProfileRow {
                row: index,
                columns: Vec::new(),
                why: problem.detail,
            }),
            Err(problem) => return Err(problem),
        }
    }
    Ok(taken)
}

/// Returns true for the kinds of problem that concern one row only: invalid, missing, refused. All others
/// end the request.
const fn is_of_the_row(kind: ProblemKind) -> bool {
    matches!(
        kind,
        ProblemKind::Invalid | ProblemKind::Missing | ProblemKind::Refused
    )
}

fn wrong_columns(row: &ProfileRow) -> Vec<WrongColumn> {
    let set = row.set.iter().filter_map(|(column, text)| {
        let read = Attribute::named(column).map_err(|fault| fault.to_string());
        let read = read.and_then(|attribute| attribute.read(text).map_err(|fault| fault.to_string()));
        Some((column, read.err()?))
    });
    let cleared = row.clear.iter();
    let cleared = cleared.filter_map(|column| Some((column, Attribute::named(column).err()?.to_string())));
    let wrong = set.chain(cleared).map(|(column, why)| WrongColumn {
        column: column.clone(),
        why,
    });
    wrong.collect()
}

/// Stores one row, or only judges it in a dry run. Returns the number of events stored (or to be stored),
/// and the position of the last one.
async fn take_one(
    installation: &Installation,
    row: ProfileRow,
    dry_run: bool,
    cause: Cause,
) -> Result<(usize, Position), Problem> {
    let (customer, state) = installation.customer_named(&row.customer).await?;
    let commands = commands_of(row);
    let now = installation.now();
    // All commands of a row are judged before the first is stored: a row is stored completely or not at
    // all.
    let judged = judged(Arc::unwrap_or_clone(state), &commands, Context { now })?;
    if dry_run {
        return Ok((judged, Position(0)));
    }
    let (mut events_count, mut position) = (0, Position(0));
    for (index, command) in commands.into_iter().enumerate() {
        let cause = follow(cause, &format!("part/{index}")).behind();
        let asked = installation.entities.customers.ask(&customer, command, cause);
        let answer = asked.await?;
        events_count += answer.events.len();
        position = position.max(answer.position);
    }
    Ok((events_count, position))
}

fn judged(
    mut state: CustomerState,
    commands: &[CustomerCommand],
    context: Context,
) -> Result<usize, Problem> {
    let mut events_count = 0;
    for command in commands {
        let decided = Customer::decide(&state, command.clone(), context);
        let events = decided.map_err(AskError::Refused)?;
        for event in &events {
            Customer::evolve(&mut state, event, context.now);
        }
        events_count += events.len();
    }
    Ok(events_count)
}

/// Splits a row into commands: one for the attributes (more if the values exceed `COMMAND_BYTES_MAX`), then
/// one per tag level.
fn commands_of(row: ProfileRow) -> Vec<CustomerCommand> {
    let mut orders = Vec::new();
    let mut order = empty_order(row.clear);
    let mut bytes = 0;
    for (name, text) in row.set {
        let more = name.len() + text.len() + SEALED_BYTES;
        if bytes + more > COMMAND_BYTES_MAX && !order.values.is_empty() {
            orders.push(std::mem::replace(&mut order, empty_order(Vec::new())));
            bytes = 0;
        }
        bytes += more;
        order.values.insert(name, text);
    }
    if !order.values.is_empty() || !order.cleared.is_empty() {
        orders.push(order);
    }
    let values = orders
        .into_iter()
        .map(|order| CustomerCommand::SetAttributes(Box::new(order)));
    let tags = row.tags.into_iter().map(|tags| {
        CustomerCommand::Tag(Box::new(TagChange {
            level: tags.level,
            added: tags.add,
            removed: tags.remove,
            origin: ProfileOrigin::Person,
        }))
    });
    values.chain(tags).collect()
}

const fn empty_order(cleared: Vec<String>) -> AttributesChange {
    AttributesChange {
        values: BTreeMap::new(),
        cleared,
        origin: ProfileOrigin::Person,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: usize) -> ProfileRow {
        let value = |number: usize| {
            (
                format!("dimension_{number:03}"),
                "a value of some length".to_owned(),
            )
        };
        ProfileRow {
            customer: "C1".to_owned(),
            set: (0..values).map(value).collect(),
            clear: Vec::new(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn two_hundred_and_fifty_dimensions_are_a_few_commands_that_each_fit() {
        let commands = commands_of(row(250));
        let mut names = Vec::new();
        for command in &commands {
            let CustomerCommand::SetAttributes(order) = command else {
                panic!("a command of values");
            };
            let bytes = order
                .values
                .iter()
                .map(|(name, text)| name.len() + text.len() + SEALED_BYTES);
            assert!(bytes.sum::<usize>() <= COMMAND_BYTES_MAX);
            names.extend(order.values.keys().cloned());
        }
        assert_eq!((commands.len(), names.len()), (2, 250));
        assert_eq!(commands_of(row(0)).len(), 0);
    }

    #[test]
    fn every_wrong_column_of_a_row_is_named_and_no_cell() {
        let mut row = row(1);
        row.set.insert("age".to_owned(), "thirty".to_owned());
        row.set.insert("身份证号".to_owned(), "1".to_owned());
        row.clear.push("电话".to_owned());
        let wrong = wrong_columns(&row);
        let named: Vec<&str> = wrong.iter().map(|wrong| wrong.column.as_str()).collect();
        assert_eq!(named, ["age", "身份证号", "电话"]);
        assert!(wrong.iter().all(|wrong| !wrong.why.contains("thirty")));
    }
}
