//! The customers of this proof: names and numbers that occur nowhere else, and how they look when shown.

use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The number of customers, with a name and a number each.
const PEOPLE: usize = 100;

/// The family name of all, with which a masked name begins.
const FAMILY: char = '麴';

/// The beginning of all numbers, also of masked ones.
const PREFIX: &str = "137";

/// The last digits of the first number; the others follow.
const FIRST: usize = 7_000;

/// The personal fields that a response may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Phone,
    Name,
}

/// The planted customers.
pub(super) struct PlantedCustomers {
    called: usize,
}

impl PlantedCustomers {
    /// Makes customers; the first `called` of them are called.
    pub(super) const fn new(called: usize) -> Self {
        Self { called }
    }

    /// Returns the number of planted names and numbers.
    pub(super) const fn count(&self) -> usize {
        2 * PEOPLE
    }

    pub(super) fn name(&self, index: usize) -> String {
        let given = char::from_u32(0x9f98 - u32::try_from(index).unwrap_or(0)).unwrap_or('龘');
        format!("{FAMILY}{given}")
    }

    pub(super) fn phone(&self, index: usize) -> String {
        format!("{PREFIX}9136{:04}", FIRST + index)
    }

    pub(super) fn customer(&self, index: usize) -> String {
        format!("PLANTED-{index:03}")
    }

    pub(super) fn called(&self) -> Vec<Value> {
        (0..self.called).map(|index| self.record(index)).collect()
    }

    pub(super) fn waiting(&self) -> Vec<Value> {
        (self.called..PEOPLE).map(|index| self.record(index)).collect()
    }

    fn record(&self, index: usize) -> Value {
        json!({ "customer_id": self.customer(index), "phone": self.phone(index),
            "customer_name": self.name(index), "days": "3" })
    }

    /// Returns the planted names and numbers that occur in a text.
    pub(super) fn found_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = String> + 'a {
        (0..PEOPLE)
            .flat_map(|index| [self.name(index), self.phone(index)])
            .filter(|planted| text.contains(planted.as_str()))
    }

    pub(super) const fn people(&self) -> usize {
        PEOPLE
    }

    /// Returns the customers that a text shows with their number or name. A masked number counts, because its
    /// last digits stay.
    pub(super) fn shown(&self, text: &str) -> BTreeSet<(usize, Field)> {
        let people = 0..PEOPLE;
        let phones = people.clone().filter(|index| {
            let masked = format!("{PREFIX}****{:04}", FIRST + index);
            text.contains(&masked) || text.contains(&self.phone(*index))
        });
        let names = people.filter(|index| text.contains(&self.name(*index)));
        let phones = phones.map(|index| (index, Field::Phone));
        phones.chain(names.map(|index| (index, Field::Name))).collect()
    }

    /// Returns how many masked names a text shows.
    pub(super) fn masked_names(&self, text: &str) -> usize {
        text.matches(&format!("{FAMILY}*")).count()
    }

    /// Returns true if a text shows any of them, in clear or masked.
    pub(super) fn is_shown(&self, text: &str) -> bool {
        let masked = text.match_indices(PREFIX).any(|(at, _)| {
            let rest = text.get(at + PREFIX.len()..).unwrap_or_default();
            rest.starts_with("****")
        });
        masked || text.contains(&format!("{FAMILY}*")) || self.found_in(text).next().is_some()
    }
}
