//! Rows of a request body: the records of `POST tasks/data` (CUS-2). Unknown members become variables.

use crate::mapping::Member;
use crate::source::{NamedRow, ReadRow, RowSink, RowSource, check_text};
use crate::{BadRow, ImportError};
use domain::visible_text::normalize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The records of one request body as a source of rows. The first record is row 1.
pub struct BodySource {
    records: Vec<Map<String, Value>>,
}

impl BodySource {
    pub const fn new(records: Vec<Map<String, Value>>) -> Self {
        Self { records }
    }
}

impl RowSource for BodySource {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError> {
        for (row, record) in (1_u64..).zip(std::mem::take(&mut self.records)) {
            if sink(name_members(row, record)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn name_members(row: u64, record: Map<String, Value>) -> ReadRow {
    let mut named = NamedRow {
        row,
        ..NamedRow::default()
    };
    let mut flat = BTreeMap::new();
    for (name, value) in record {
        match value {
            // A record may also have its variables in an object of their own.
            Value::Object(inner) if name == "variables" => flat.extend(inner),
            other => {
                flat.insert(name, other);
            }
        }
    }
    for (name, value) in flat {
        let bad = |reason: String| BadRow {
            row,
            column: name.clone(),
            reason,
        };
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(bad("it must be a text, a number or true or false".to_owned()));
            }
        };
        check_text(&text).map_err(bad)?;
        if text.is_empty() {
            continue;
        }
        let title = normalize(&name);
        match Member::from_name(&title) {
            Some(member) => named.members.insert(member, text).map(|_| ()),
            None => named.variables.insert(title.into_owned(), text).map(|_| ()),
        };
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(record: Value) -> ReadRow {
        let Value::Object(record) = record else {
            panic!("a record is an object");
        };
        name_members(1, record)
    }

    #[test]
    fn the_record_of_the_requirements_is_read() {
        let row = name(json!({"customer_id":"C001","phone":"13800138000"})).unwrap();
        assert_eq!(row.members[&Member::CustomerId], "C001");
        assert_eq!(row.members[&Member::Phone], "13800138000");
        assert!(row.variables.is_empty());
    }

    #[test]
    fn further_members_are_variables_also_when_they_are_numbers() {
        let row =
            name(json!({"customer_id":"1","phone":13800138000_u64,"days":3,"variables":{"account":"6222"}}))
                .unwrap();
        assert_eq!(row.members[&Member::Phone], "13800138000");
        assert_eq!(row.variables["days"], "3");
        assert_eq!(row.variables["account"], "6222");
    }

    #[test]
    fn a_member_that_is_a_list_is_bad_and_named() {
        let bad = name(json!({"customer_id":"1","phone":["1"]})).unwrap_err();
        assert_eq!((bad.row, bad.column.as_str()), (1, "phone"));
    }
}
