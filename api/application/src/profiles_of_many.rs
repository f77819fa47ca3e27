//! What is known of many customers at once (CUS-4): each by themselves, all of a row or nothing of it; a bad
//! row is told with every wrong column, and the others count.
//!
//! The same again changes nothing, so a request that failed half-way is sent again.

use crate::installation::{Installation, follow};
use crate::profiles::WrongColumn;
use actors::AskError;
use domain::attribute::{Attribute, TagLevel};
use domain::customer::{AttributesOrder, Customer, CustomerCommand, CustomerState, ProfileOrigin, TagOrder};
use domain::decider::{Context, Decider};
use domain::problem::{Kind, Problem};
use domain::stored_event::{Cause, Position};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most customers of one request: each is asked, and may write four events.
pub const PROFILES_OF_REQUEST_MAX: usize = 500;

/// Open bytes of values in one command, their sealing reckoned: below what one event takes.
const COMMAND_BYTES_MAX: usize = 20 * 1024;

/// What a sealed value has beside its text, as the event's own limit reckons it.
const SEALED_BYTES: usize = 128;

/// One customer, and what is known of them from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "customer": "C001", "set": { "age": "31", "地域": "浙江" },
    "tags": [{ "level": "business", "add": ["信用卡"] }] }]))]
pub struct ProfileRow {
    /// The institution's own `customer_id`, or our id.
    #[schemars(example = &"C001")]
    pub customer: String,
    /// Values by the names of attributes, in either language, each as a text.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "age": "31" }]))]
    pub set: BTreeMap<String, String>,
    /// Attributes that are not known any more.
    #[serde(default)]
    #[schemars(extend("examples" = [["customer_level"]]))]
    pub clear: Vec<String>,
    #[serde(default)]
    pub tags: Vec<TagsOfRow>,
}

/// Tags of one level, given and taken away.
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

/// What became of the rows.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ProfilesTaken {
    pub rows: usize,
    /// Of whom something else is known from then on.
    pub changed: usize,
    /// Known so already; counted as changed for a caller without the reveal right, who would learn values
    /// by it.
    pub unchanged: usize,
    pub refused: Vec<ProfileRefused>,
    pub dry_run: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A row that was not taken, and why; never what its cells say.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProfileRefused {
    /// From 0, in the order of the request.
    pub row: usize,
    /// Every column that is wrong, where columns are.
    pub columns: Vec<WrongColumn>,
    #[schemars(example = &"there is no such customer")]
    pub why: String,
}

/// How rows are taken, and what the reply says of them.
#[derive(Debug, Clone, Copy)]
pub struct ProfilesTaking {
    /// Nothing is stored.
    pub dry_run: bool,
    /// Whether the caller may see values in clear: rows that change nothing tell what the values are.
    pub tells_unchanged: bool,
}

/// Takes each row by itself.
pub async fn take_profiles(
    installation: &Installation,
    rows: Vec<ProfileRow>,
    taking: ProfilesTaking,
    cause: Cause,
) -> Result<ProfilesTaken, Problem> {
    let ProfilesTaking {
        dry_run,
        tells_unchanged,
    } = taking;
    let mut taken = ProfilesTaken {
        rows: rows.len(),
        dry_run,
        ..ProfilesTaken::default()
    };
    for (index, row) in rows.into_iter().enumerate() {
        let wrong = wrong_columns(&row);
        if !wrong.is_empty() {
            let named: Vec<&str> = wrong.iter().map(|wrong| wrong.column.as_str()).collect();
            taken.refused.push(ProfileRefused {
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
            Err(problem) if is_of_the_row(problem.kind) => taken.refused.push(ProfileRefused {
                row: index,
                columns: Vec::new(),
                why: problem.detail,
            }),
            Err(problem) => return Err(problem),
        }
    }
    Ok(taken)
}

/// What only another row would mend; all else ends the request.
const fn is_of_the_row(kind: Kind) -> bool {
    matches!(kind, Kind::Invalid | Kind::Missing | Kind::Refused)
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

/// How many events it came to, or would.
async fn take_one(
    installation: &Installation,
    row: ProfileRow,
    dry_run: bool,
    cause: Cause,
) -> Result<(usize, Position), Problem> {
    let (customer, state) = installation.customer_named(&row.customer).await?;
    let commands = commands_of(row);
    let now = installation.now();
    // All of them are judged before any is stored: a row holds or does not.
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

/// Values in as many commands as their events need, then tags level by level. Whoever has two hundred values
/// has two events.
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
        CustomerCommand::Tag(Box::new(TagOrder {
            level: tags.level,
            added: tags.add,
            removed: tags.remove,
            origin: ProfileOrigin::Person,
        }))
    });
    values.chain(tags).collect()
}

const fn empty_order(cleared: Vec<String>) -> AttributesOrder {
    AttributesOrder {
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
