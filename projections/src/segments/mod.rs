//! The rows that segments query: one row per customer with the known attributes, one per further attribute,
//! one per tag.
//!
//! These rows hold values in clear and are therefore no view: they exist only in the memory of a process that
//! has the keys, and are never written to a disk, a replica or a backup (decision 0111). An erased customer
//! is removed with the event of the erasure. The statements work on both databases.

mod statement;

#[cfg(test)]
mod tests;

use crate::database::{ReadDb, Table, Tx, read_as, transact};
use crate::error::ProjectionError;
use crate::sqlite::SqliteReadDb;
use crate::value::{Row, Val};
use domain::attribute::{Attribute, BuiltInAttribute, CATALOGUE};
use domain::customer::{COUNTS, ProfileChange};
use domain::ids::CustomerId;
use domain::segment::Segment;
use domain::time::Timestamp;
use statement::stored;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

static PEOPLE: Table = Table {
    name: "segment_people",
    ddl: &["create table segment_people (customer text primary key,
            a_age bigint, a_gender text, a_region text, a_last_call_time bigint, a_intent_level text,
            a_product_preference text, a_complaint_history text, a_industry text, a_occupation text,
            a_education text, a_marital_status text, a_home_location text, a_language text,
            a_birth_date bigint, a_monthly_income bigint, a_monthly_spending bigint,
            a_last_answered_time bigint, a_last_outcome text, a_last_disposition text,
            a_follow_up_state text, a_calls_count bigint, a_answered_count bigint,
            a_success_count bigint, a_last_visit_time bigint, a_last_order_date bigint,
            a_orders_count bigint, a_orders_amount bigint, a_customer_level text, a_balance bigint,
            a_overdue_days bigint, a_is_member bigint, a_joined_date bigint,
            a_is_profiling_refused bigint, a_rfm_grade text)"],
    key_columns: 1,
};
static FURTHER: Table = Table {
    name: "segment_further",
    ddl: &[
        "create table segment_further (customer text not null, name text not null, number bigint, text text,
            primary key (customer, name))",
    ],
    key_columns: 2,
};
static TAGS: Table = Table {
    name: "segment_tags",
    ddl: &[
        "create table segment_tags (customer text not null, level text not null, tag text not null,
            folded text not null, primary key (customer, level, tag))",
    ],
    key_columns: 3,
};

/// Finds a customer who has an attribute of a given name.
const HAS_FURTHER: &str = "select customer from segment_further where name = $1 limit 1";

/// The rows that segments query.
pub struct SegmentRows {
    db: Arc<dyn ReadDb>,
}

/// The changes of one customer's profile, in their order.
pub type CustomerChanges = (CustomerId, Vec<ProfileChange>);

impl SegmentRows {
    /// Makes the rows in memory; they are gone when this is dropped.
    pub async fn in_memory() -> Result<Self, ProjectionError> {
        Self::begin(Arc::new(SqliteReadDb::open_inline()?)).await
    }

    /// Makes the rows in another database, in which their tables are emptied, to compare the answers of
    /// databases.
    pub async fn begin(db: Arc<dyn ReadDb>) -> Result<Self, ProjectionError> {
        transact(db.as_ref(), |tx| {
            for table in [&PEOPLE, &FURTHER, &TAGS] {
                tx.exec(&format!("drop table if exists {}", table.name), &[])?;
                table
                    .ddl
                    .iter()
                    .try_for_each(|statement| tx.exec(statement, &[]).map(drop))?;
            }
            Ok(())
        })
        .await?;
        Ok(Self { db })
    }

    /// Applies profile changes of several customers in one transaction.
    pub async fn take(&self, changes: Vec<CustomerChanges>) -> Result<(), ProjectionError> {
        let mut by_person: BTreeMap<CustomerId, Vec<ProfileChange>> = BTreeMap::new();
        for (customer, changes) in changes {
            by_person.entry(customer).or_default().extend(changes);
        }
        transact(self.db.as_ref(), move |tx| {
            let mut each = by_person.into_iter();
            each.try_for_each(|(customer, changes)| ProfileWriter::begin(tx, &customer)?.take(changes))
        })
        .await
    }

    /// Returns how many customers a segment selects at a given time, at most its limit.
    pub async fn count(&self, segment: &Segment, now: Timestamp) -> Result<u64, ProjectionError> {
        let asked = statement::build_count(segment, now);
        let found = read_as(self.db.as_ref(), move |tx| tx.query(&asked.sql, &asked.values)).await?;
        let count = found
            .into_iter()
            .next()
            .map_or(Ok(0), |mut row: Row| row.count())?;
        Ok(segment.limit().map_or(count, |limit| count.min(limit)))
    }

    /// Returns the first of these attributes that no customer has, or has had since the rows were made.
    pub async fn find_unused_attribute(
        &self,
        names: BTreeSet<String>,
    ) -> Result<Option<String>, ProjectionError> {
        read_as(self.db.as_ref(), move |tx| {
            for name in names {
                let asked = [Val::Text(name.clone())];
                if tx.query(HAS_FURTHER, &asked)?.is_empty() {
                    return Ok(Some(name));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Returns the customers that a segment selects at a given time, in its order; at most `count_max`.
    pub async fn members(
        &self,
        segment: &Segment,
        now: Timestamp,
        count_max: u64,
    ) -> Result<Vec<CustomerId>, ProjectionError> {
        let asked = statement::build_members(segment, now, count_max);
        let found = read_as(self.db.as_ref(), move |tx| tx.query(&asked.sql, &asked.values)).await?;
        found.into_iter().map(|mut row| row.parse()).collect()
    }
}

/// One customer with the values of the requested attributes, in the requested order.
pub type CustomerAttributes = (CustomerId, Vec<Val>);

impl SegmentRows {
    /// Returns the values of known attributes of the customers that a segment selects, at most `count_max` of
    /// them.
    pub async fn known(
        &self,
        segment: &Segment,
        now: Timestamp,
        known: &[&BuiltInAttribute],
        count_max: u64,
    ) -> Result<Vec<CustomerAttributes>, ProjectionError> {
        let asked = statement::build_attributes(segment, now, known, count_max);
        let found = read_as(self.db.as_ref(), move |tx| tx.query(&asked.sql, &asked.values)).await?;
        let customers = found.into_iter().map(|mut row| Ok((row.parse()?, row.rest())));
        customers.collect()
    }
}

/// The rows of one customer while changes are applied.
struct ProfileWriter<'a> {
    tx: &'a mut dyn Tx,
    customer: Val,
    /// The customer's row of known attributes; `None` before the registration and after the erasure.
    row: Option<Vec<Val>>,
    was_there: bool,
}

impl<'a> ProfileWriter<'a> {
    fn begin(tx: &'a mut dyn Tx, customer: &CustomerId) -> Result<Self, ProjectionError> {
        let customer = Val::text(customer);
        let row = tx.row(&PEOPLE, std::slice::from_ref(&customer))?;
        Ok(Self {
            tx,
            customer,
            was_there: row.is_some(),
            row,
        })
    }

    fn take(mut self, changes: Vec<ProfileChange>) -> Result<(), ProjectionError> {
        for change in changes {
            self.change(change)?;
        }
        match self.row {
            Some(row) => self.tx.write_rows(&PEOPLE, &[row], &[]),
            None if self.was_there => self.tx.write_rows(&PEOPLE, &[], &[vec![self.customer]]),
            None => Ok(()),
        }
    }

    fn change(&mut self, change: ProfileChange) -> Result<(), ProjectionError> {
        match change {
            ProfileChange::Begin => {
                let mut row = vec![Val::Null; CATALOGUE.len() + 1];
                if let Some(first) = row.first_mut() {
                    *first = self.customer.clone();
                }
                self.row = Some(row);
                for name in COUNTS {
                    self.put(name, Val::Int(0));
                }
                Ok(())
            }
            ProfileChange::Set(attribute, value) => self.set(&attribute, stored(&value)),
            ProfileChange::Clear(attribute) => self.set(&attribute, Val::Null),
            ProfileChange::Count(attribute) => {
                let cell = place_of(attribute.name()).and_then(|at| self.row.as_mut()?.get_mut(at));
                if let Some(cell) = cell {
                    let before = match cell {
                        Val::Int(count) => *count,
                        _ => 0,
                    };
                    *cell = Val::Int(before.saturating_add(1));
                }
                Ok(())
            }
            ProfileChange::Tag(level, tag) => {
                let folded = Val::text(domain::attribute::normalize_text(&tag));
                let row = vec![
                    self.customer.clone(),
                    Val::text(level.code()),
                    Val::Text(tag),
                    folded,
                ];
                self.tx.write_rows(&TAGS, &[row], &[])
            }
            ProfileChange::Untag(level, tag) => {
                let key = vec![self.customer.clone(), Val::text(level.code()), Val::Text(tag)];
                self.tx.write_rows(&TAGS, &[], &[key])
            }
            ProfileChange::Forget => {
                self.row = None;
                for table in ["segment_further", "segment_tags"] {
                    let gone = format!("delete from {table} where customer = $1");
                    self.tx.exec(&gone, std::slice::from_ref(&self.customer))?;
                }
                Ok(())
            }
        }
    }

    fn put(&mut self, name: &str, value: Val) {
        let cell = place_of(name).and_then(|at| self.row.as_mut()?.get_mut(at));
        if let Some(cell) = cell {
            *cell = value;
        }
    }

    fn set(&mut self, attribute: &Attribute, value: Val) -> Result<(), ProjectionError> {
        if attribute.known().is_some() {
            self.put(attribute.name(), value);
            return Ok(());
        }
        let key = vec![self.customer.clone(), Val::text(attribute)];
        let (number, text) = match value {
            Val::Null => return self.tx.write_rows(&FURTHER, &[], &[key]),
            Val::Text(text) => (Val::Null, Val::Text(text)),
            number => (number, Val::Null),
        };
        let row = [key, vec![number, text]].concat();
        self.tx.write_rows(&FURTHER, &[row], &[])
    }
}

/// Returns the column index of a known attribute: the key is first, then the attributes in the catalogue's
/// order.
fn place_of(name: &str) -> Option<usize> {
    let place = CATALOGUE.iter().position(|known| known.name == name);
    place.map(|at| at + 1)
}
