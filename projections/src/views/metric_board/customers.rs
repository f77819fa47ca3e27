//! Sums of distinct customers. A customer who counts in a term in several hours counts once in a time range:
//! in the first of these hours inside it. Therefore each hour is summed together with the customer's previous
//! hour, and a time range counts those with an hour inside it and a previous hour outside. This is exact over
//! any full hours, for one campaign or all, in total, by trunk and by flow version, and reads no call.

use super::{CUSTOMERS, FIRST, FIRSTS};
use crate::database::{RowAction, Tx};
use crate::error::ProjectionError;
use crate::metrics::{Catalog, Contribution, CountingUnit, Subject};
use crate::value::{Row, Val};
use domain::calendar::HOUR_MICROS;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The calls of a customer in one hour, on one trunk, of one flow version and campaign: the number of them
/// in each term (by its index). Rows are ordered by time. Serialized as a list, because every customer has
/// one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct CustomerHour(HourSlot, String, Vec<(usize, i64)>);

/// Hours since 1970, the trunk, the flow version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct HourSlot(i64, String, i64);

impl CustomerHour {
    fn counts_in(&self, term: usize) -> bool {
        self.2.iter().any(|(one, count)| *one == term && *count > 0)
    }

    /// Adds `sign` to the number of calls in a term. Returns true if the customer thereby enters or leaves
    /// the term in this hour.
    fn add(&mut self, term: usize, sign: i64) -> bool {
        let before = self.counts_in(term);
        match self.2.iter_mut().find(|(one, _)| *one == term) {
            Some((_, count)) => *count += sign,
            None => self.2.push((term, sign)),
        }
        self.2.retain(|(_, count)| *count != 0);
        self.2.sort_unstable();
        before != self.counts_in(term)
    }
}

/// The key of a row of sums, without term and campaign: an hour slot, and the customer's previous hours: in
/// any slot, on the same trunk, of the same flow version.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SumKey(HourSlot, [i64; 3]);

/// Returns the hour slots in which a customer counts in a term, each with the previous hours. An empty
/// `campaign` means all campaigns.
fn links(customer_hours: &[CustomerHour], term: usize, campaign: &str) -> BTreeSet<SumKey> {
    let counted =
        |entry: &&CustomerHour| entry.counts_in(term) && (campaign.is_empty() || entry.1 == campaign);
    let places: BTreeSet<&HourSlot> = customer_hours
        .iter()
        .filter(counted)
        .map(|entry| &entry.0)
        .collect();
    let mut earlier: Vec<&HourSlot> = Vec::with_capacity(places.len());
    let mut found = BTreeSet::new();
    for place in places {
        let before = |fits: &dyn Fn(&HourSlot) -> bool| {
            let last = earlier.iter().rev().find(|one| fits(one));
            last.map_or(FIRST, |one| one.0.saturating_mul(HOUR_MICROS))
        };
        let hours = [
            before(&|_| true),
            before(&|one| one.1 == place.1),
            before(&|one| one.2 == place.2),
        ];
        found.insert(SumKey(place.clone(), hours));
        earlier.push(place);
    }
    found
}

/// Applies an event's contributions to the terms that count distinct customers; ignores the others.
pub(super) fn count_customers(
    tx: &mut dyn Tx,
    catalog: &Catalog,
    subject: &Subject,
    pos: &Val,
    contributions: &[Contribution],
) -> Result<(), ProjectionError> {
    let of_customers = |one: &&Contribution| {
        let term = catalog.terms().get(one.term);
        term.is_some_and(|term| term.once_per == CountingUnit::Customer)
    };
    let mine: Vec<&Contribution> = contributions.iter().filter(of_customers).collect();
    let (Some(hour_at), false) = (subject.hour_at, mine.is_empty()) else {
        return Ok(());
    };
    let key = [Val::text(&subject.customer)];
    let mut customer_hours = tx
        .row(&CUSTOMERS, &key)?
        .map_or(Ok(Vec::new()), read_customer_hours)?;
    let place = HourSlot(hour_at / HOUR_MICROS, subject.trunk.clone(), subject.flow_version);
    for one in mine {
        let Some(term) = catalog.terms().get(one.term) else {
            continue;
        };
        let scopes = ["", subject.campaign.as_str()];
        let before = scopes.map(|scope| links(&customer_hours, one.term, scope));
        if !add(&mut customer_hours, &place, &subject.campaign, one) {
            continue;
        }
        for (scope, before) in scopes.into_iter().zip(before) {
            let after = links(&customer_hours, one.term, scope);
            let gone = before.difference(&after).map(|link| (link, -1));
            let came = after.difference(&before).map(|link| (link, 1));
            for (link, sign) in gone.chain(came) {
                sum(tx, &term.name, scope, link, sign, pos)?;
            }
        }
    }
    let [customer] = key;
    tx.put(
        &CUSTOMERS,
        vec![customer, write_customer_hours(&customer_hours)?, pos.clone()],
    )
}

/// Adds a contribution to the customer's hour. Returns true if the customer thereby enters or leaves the
/// term in it.
fn add(customer_hours: &mut Vec<CustomerHour>, place: &HourSlot, campaign: &str, one: &Contribution) -> bool {
    let at = |entry: &CustomerHour| (&entry.0, entry.1.as_str()).cmp(&(place, campaign));
    let index = customer_hours.binary_search_by(at).unwrap_or_else(|index| {
        customer_hours.insert(
            index,
            CustomerHour(place.clone(), campaign.to_owned(), Vec::new()),
        );
        index
    });
    let moved = customer_hours
        .get_mut(index)
        .is_some_and(|entry| entry.add(one.term, one.sign));
    customer_hours.retain(|entry| !entry.2.is_empty());
    moved
}

/// Adds `sign` customers (1 or -1) to a row of sums. A row that reaches zero is removed.
fn sum(
    tx: &mut dyn Tx,
    term: &str,
    campaign: &str,
    SumKey(HourSlot(hour, trunk, flow_version), before): &SumKey,
    sign: i64,
    pos: &Val,
) -> Result<(), ProjectionError> {
    let mut row = vec![
        Val::text(term),
        Val::text(campaign),
        Val::Int(hour.saturating_mul(HOUR_MICROS)),
        Val::text(trunk),
        Val::Int(*flow_version),
    ];
    row.extend(before.map(Val::Int));
    let known = tx.edit(&FIRSTS, &row, &mut |cells| {
        let [.., Val::Int(count), last] = cells else {
            return Err(ProjectionError::Fault(
                "a sum of customers has no count".to_owned(),
            ));
        };
        *count += sign;
        *last = pos.clone();
        Ok(if *count == 0 {
            RowAction::Remove
        } else {
            RowAction::Write
        })
    })?;
    if known.is_some() {
        return Ok(());
    }
    row.extend([Val::Int(sign), pos.clone()]);
    tx.append_row(&FIRSTS, row)
}

fn read_customer_hours(row: Vec<Val>) -> Result<Vec<CustomerHour>, ProjectionError> {
    let mut row = Row::new(row);
    row.val()?;
    serde_json::from_str(&row.text()?)
        .map_err(|error| ProjectionError::Fault(format!("a customer's metric row cannot be read: {error}")))
}

fn write_customer_hours(customer_hours: &[CustomerHour]) -> Result<Val, ProjectionError> {
    let text = serde_json::to_string(customer_hours);
    text.map(Val::Text).map_err(|error| {
        ProjectionError::Fault(format!("a customer's metric row cannot be written: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(term: usize, sign: i64) -> Contribution {
        let value = 0;
        Contribution { term, sign, value }
    }

    fn place(hour: i64, trunk: &str) -> HourSlot {
        HourSlot(hour, trunk.to_owned(), 1)
    }

    #[test]
    fn a_customer_comes_in_with_the_first_call_of_a_place_and_goes_with_the_last() {
        let mut customer_hours = Vec::new();
        let at = place(10, "first");
        assert!(add(&mut customer_hours, &at, "T", &one(3, 1)));
        assert!(!add(&mut customer_hours, &at, "T", &one(3, 1)), "a second call");
        assert!(!add(&mut customer_hours, &at, "T", &one(3, -1)));
        assert!(add(&mut customer_hours, &at, "T", &one(3, -1)));
        assert_eq!(customer_hours, []);
    }

    #[test]
    fn each_place_knows_the_hours_before_it_and_campaigns_are_apart() {
        let mut customer_hours = Vec::new();
        for (hour, trunk, campaign) in [(12, "first", "T"), (10, "first", "T"), (11, "second", "U")] {
            add(&mut customer_hours, &place(hour, trunk), campaign, &one(0, 1));
        }
        let before = |campaign| -> Vec<[i64; 3]> {
            let hours = links(&customer_hours, 0, campaign)
                .into_iter()
                .map(|SumKey(_, hours)| hours);
            hours.collect()
        };
        let hour = |hour: i64| hour * HOUR_MICROS;
        assert_eq!(before("U"), [[FIRST; 3]]);
        assert_eq!(before("T"), [[FIRST; 3], [hour(10); 3]]);
        let all = [
            [FIRST; 3],
            [hour(10), FIRST, hour(10)],
            [hour(11), hour(10), hour(11)],
        ];
        assert_eq!(before(""), all);
        assert_eq!(links(&customer_hours, 1, ""), BTreeSet::new());
    }

    #[test]
    fn a_customers_hours_are_read_as_written() {
        let mut customer_hours = Vec::new();
        add(
            &mut customer_hours,
            &place(492_338, "a \"trunk\""),
            "T",
            &one(5, 1),
        );
        let text = write_customer_hours(&customer_hours).unwrap();
        assert_eq!(
            text,
            Val::text("[[[492338,\"a \\\"trunk\\\"\",1],\"T\",[[5,1]]]]")
        );
        let row = vec![Val::text("customer"), text, Val::Int(1)];
        assert_eq!(read_customer_hours(row).unwrap(), customer_hours);
        let broken = vec![Val::text("customer"), Val::text("[]]"), Val::Int(1)];
        assert!(read_customer_hours(broken).is_err());
    }
}
