//! The reads that are recorded about a user: the persons and the fields. They are compared with what was
//! shown.

use super::planted_customers::{Field, PlantedCustomers};
use crate::history::member;
use crate::program::fail;
use crate::server::Server;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The fields of a record that stand for a number, or for a name.
const PHONES: &[&str] = &["phone", "phones", "callee", "number", "identity"];
const NAMES: &[&str] = &["name", "identity"];

/// Our ids of the planted customers, numbers and calls.
pub(super) struct Ids {
    customers: BTreeMap<String, usize>,
    numbers: BTreeMap<String, usize>,
    calls: BTreeMap<String, usize>,
}

impl Ids {
    pub(super) fn of(server: &Server, planted: &PlantedCustomers) -> Self {
        let mut customers = BTreeMap::new();
        for index in 0..planted.people() {
            let path = format!("/api/v1/customers/{}", planted.customer(index));
            let shown = server.get(&path).unwrap_or_else(|error| fail(&error));
            let id = member(&shown.body, "/id").as_str();
            let id = id.unwrap_or_else(|| fail(&format!("{path} has no id: {}", shown.body)));
            customers.insert(id.to_owned(), index);
        }
        let person = |event: &Value| customers.get(member(event, "/customer").as_str()?).copied();
        let text = |event: &Value, pointer: &str| member(event, pointer).as_str().map(str::to_owned);
        let added = server.events("kind=customer.number_added");
        let numbers = added
            .iter()
            .filter_map(|event| Some((text(event, "/data/number")?, person(event)?)));
        let dialed = server.events("kind=call.dialing");
        let calls = dialed.iter().filter_map(|event| {
            let call = text(event, "/subject")?.trim_start_matches("call-").to_owned();
            Some((call, person(event)?))
        });
        Self {
            numbers: numbers.collect(),
            calls: calls.collect(),
            customers,
        }
    }
}

/// The recorded reads of one user.
#[derive(Debug, Default)]
pub(super) struct RecordedReads {
    /// Person and field of each read.
    reads: BTreeSet<(usize, Field)>,
    /// The columns of exported files: an export is recorded with its columns, not with its persons.
    columns: BTreeSet<Field>,
}

impl RecordedReads {
    /// Collects the reads of a user from all inquiries.
    pub(super) fn of(reader: &str, inquiries: &[Value], ids: &Ids) -> Self {
        let mut recorded = Self::default();
        let of_reader = |event: &&Value| member(event, "/data/by") == reader;
        for event in inquiries.iter().filter(of_reader) {
            let named = |pointer: &str| fields(member(event, pointer));
            match member(event, "/type").as_str() {
                Some("inquiry.personal_data_read") => {
                    let persons = persons(member(event, "/data"), ids);
                    // The record of a read of a number contains the number.
                    let number = member(event, "/data/number").as_str();
                    let number = number.and_then(|number| ids.numbers.get(number));
                    recorded
                        .reads
                        .extend(number.map(|person| (*person, Field::Phone)));
                    for field in named("/data/fields") {
                        recorded
                            .reads
                            .extend(persons.iter().map(|person| (*person, field)));
                    }
                }
                Some("inquiry.exported") => recorded.columns.extend(named("/data/columns")),
                Some(_) | None => {}
            }
        }
        recorded
    }

    /// Compares a response with the records. Returns how many fields it showed, and those without a record.
    /// `persons_max`: the most persons that the response is about; a repeated prompt repeats a name.
    pub(super) fn hold(
        &self,
        text: &str,
        planted: &PlantedCustomers,
        persons_max: usize,
    ) -> (usize, Vec<String>) {
        let shown = planted.shown(text);
        let is_recorded = |one: &(usize, Field)| self.reads.contains(one) || self.columns.contains(&one.1);
        let missing = shown.iter().filter(|one| !is_recorded(one));
        let mut missing: Vec<String> = missing
            .map(|(person, field)| format!("{field:?} of {}", planted.customer(*person)))
            .collect();
        // A masked name does not show its customer: there must not be more masked names than recorded
        // persons.
        let masked = planted.masked_names(text).min(persons_max);
        let named = self
            .reads
            .iter()
            .filter(|(_, field)| *field == Field::Name)
            .count();
        if masked > named && !self.columns.contains(&Field::Name) {
            missing.push(format!("{masked} masked names, {named} on record"));
        }
        (shown.len() + masked, missing)
    }
}

/// Returns which of number and name the fields of a record, or the columns of a file, contain.
fn fields(named: &Value) -> BTreeSet<Field> {
    let names = named.as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut fields = BTreeSet::new();
    for name in names {
        fields.extend(PHONES.contains(&name).then_some(Field::Phone));
        fields.extend(NAMES.contains(&name).then_some(Field::Name));
    }
    fields
}

/// Returns the persons that a record names, by customer, number or call.
fn persons(data: &Value, ids: &Ids) -> BTreeSet<usize> {
    let of = |known: &BTreeMap<String, usize>, name: &Value| known.get(name.as_str()?).copied();
    let calls = member(data, "/calls").as_array().into_iter().flatten();
    let by_calls = calls.filter_map(|call| of(&ids.calls, call));
    let by_customer = of(&ids.customers, member(data, "/customer"));
    let by_number = of(&ids.numbers, member(data, "/number"));
    by_calls.chain(by_customer).chain(by_number).collect()
}
