//! Number ids for readers without the reveal permission: keyed with the customer.
//!
//! A number's id is the same for every customer who has the number. If a reader who sees masked numbers had
//! it, two equal ids would reveal that two customers share a number, and a known customer's number would
//! reveal that of an unknown one. This reader gets the first 128 bits of SHA-256 over the id and the customer
//! instead: the same customer keeps one id for one number, and two customers with one number have two. The id
//! itself is a keyed hash of 128 bits. This reader must never see it: the keyed ids of all customers could be
//! computed from it.

use crate::stored_event::StoredEvent;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use values::hex;
use values::ids::{CustomerId, NumberId};

/// The prefix of the hashed text, so that no other hash of this product equals it.
const DOMAIN: &str = "ledgerline keyed number 1";

/// The JSON members that hold number ids, for example `next_number` of `customer.call_closed` and `before`
/// of `test_phones.changed`.
const MEMBERS: [&str; 4] = ["number", "numbers", "next_number", "before"];

/// The fact of the rule `same_number` that names the other customer with the number.
const OTHER_CUSTOMER: &str = "same_as";

/// The prefix of a number's stream name.
const STREAM: &str = "number-";

/// The form in which a reader sees number ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberIdForm {
    /// One id for one number: for readers with the reveal permission for all customers.
    AsStored,
    /// Keyed with the customer; lookup hashes and the id of the other customer of `same_number` are left out.
    #[default]
    Keyed,
}

/// Returns the keyed id of a number of this customer, for a reader without the reveal permission.
pub fn keyed_number(number: &NumberId, customer: &CustomerId) -> NumberId {
    keyed_with(number, customer.as_str())
}

/// Returns the keyed id of a number without a customer (a test phone): it equals no id of a customer's
/// number.
pub fn keyed_apart(number: &NumberId) -> NumberId {
    keyed_with(number, "of no customer")
}

impl NumberIdForm {
    /// Returns the id of a number of this customer in this form.
    pub fn of_customer(self, number: &NumberId, customer: &CustomerId) -> NumberId {
        match self {
            Self::AsStored => number.clone(),
            Self::Keyed => keyed_number(number, customer),
        }
    }

    /// Returns the event with its number ids in this form. A record that cannot be parsed is returned
    /// unchanged: it is refused where it is shown.
    pub fn of_event(self, event: &StoredEvent) -> StoredEvent {
        let is_keyed = self == Self::Keyed && may_hold_number(&event.record);
        let keyed = is_keyed.then(|| keyed_record(&event.record)).flatten();
        keyed.map_or_else(
            || event.clone(),
            |record| StoredEvent::new(event.position, event.recorded_at, record.into()),
        )
    }

    /// Returns the facts of a rule for this form: `Keyed` leaves out the other customer of `same_number`.
    pub fn of_facts(self, mut facts: BTreeMap<String, String>) -> BTreeMap<String, String> {
        if self == Self::Keyed {
            facts.remove(OTHER_CUSTOMER);
        }
        facts
    }

    /// Returns a record, or an object with its members `id`, `customer`, `stream` and `data`, with its
    /// number ids in this form.
    pub fn of_record(self, record: Value) -> Value {
        match (self, record) {
            (Self::Keyed, Value::Object(record)) => {
                let key = key_of(&record);
                keyed_value(Value::Object(record), &key)
            }
            (Self::AsStored | Self::Keyed, other) => other,
        }
    }

    /// Returns JSON about one customer with its number ids in this form.
    pub fn of_json(self, value: Value, customer: &CustomerId) -> Value {
        match self {
            Self::AsStored => value,
            Self::Keyed => keyed_value(value, customer.as_str()),
        }
    }
}

/// Returns true if a record may hold number ids or lookup hashes. Most records do not and are left
/// unchanged.
fn may_hold_number(record: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(record) else {
        return false;
    };
    let signs = [
        "\"number",
        "number\"",
        "number-",
        "\"before\"",
        "\"hash\"",
        "\"same_as\"",
    ];
    signs.iter().any(|sign| text.contains(sign))
}

fn keyed_record(record: &[u8]) -> Option<Vec<u8>> {
    let Ok(Value::Object(record)) = serde_json::from_slice(record) else {
        return None;
    };
    let key = key_of(&record);
    serde_json::to_vec(&keyed_value(Value::Object(record), &key)).ok()
}

/// Returns the key for an event's number ids: the event's customer; for a number's stream the customer or
/// call that the event names; else the event's own id, so that the result equals no other.
fn key_of(record: &Map<String, Value>) -> String {
    let data = record.get("data");
    let named = [
        record.get("customer"),
        data.and_then(|data| data.get("customer")),
        data.and_then(|data| data.get("call")),
        record.get("id"),
    ];
    let text = named.into_iter().flatten().find_map(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn keyed_value(value: Value, key: &str) -> Value {
    match value {
        Value::Object(members) => Value::Object(keyed_members(members, key)),
        Value::Array(items) => items.into_iter().map(|item| keyed_value(item, key)).collect(),
        Value::String(text) => Value::String(keyed_stream(&text, key).unwrap_or(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn keyed_members(members: Map<String, Value>, key: &str) -> Map<String, Value> {
    let is_sealed = members.contains_key("sealed");
    let kept = members.into_iter().filter(|(name, value)| {
        let is_lookup_hash = is_sealed && name == "hash";
        let is_other_customer = name == OTHER_CUSTOMER && value.is_string();
        !is_lookup_hash && !is_other_customer
    });
    kept.map(|(name, value)| {
        let holds_numbers = MEMBERS.contains(&name.as_str());
        let value = match value {
            value if holds_numbers => keyed_numbers(value, key),
            value => keyed_value(value, key),
        };
        (name, value)
    })
    .collect()
}

/// Returns the keyed form of a number id, of a list of them, or of the name of a number's stream; any other
/// value is treated member by member.
fn keyed_numbers(value: Value, key: &str) -> Value {
    match value {
        Value::String(text) => match text.parse::<NumberId>() {
            Ok(number) => Value::String(keyed_with(&number, key).to_string()),
            Err(_) => Value::String(keyed_stream(&text, key).unwrap_or(text)),
        },
        Value::Array(items) => items.into_iter().map(|item| keyed_numbers(item, key)).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
            keyed_value(other, key)
        }
    }
}

/// Returns the keyed form of the name of a number's stream; `None` for another text.
fn keyed_stream(text: &str, key: &str) -> Option<String> {
    let number = text.strip_prefix(STREAM)?.parse::<NumberId>().ok()?;
    Some(format!("{STREAM}{}", keyed_with(&number, key)))
}

fn keyed_with(number: &NumberId, key: &str) -> NumberId {
    let digest = Sha256::digest(format!("{DOMAIN}\n{number}\n{key}"));
    hex::encode_first(16, &digest)
        .parse()
        .unwrap_or_else(|_| number.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored_event::Position;
    use serde_json::json;

    const NUMBER: &str = "ffeeddccbbaa99887766554433221100";
    const ONE: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    const OTHER: &str = "1a1b2c3d4e5f60718293a4b5c6d7e8f9";

    fn shown(ids: NumberIdForm, record: Value) -> Value {
        let event = StoredEvent::new(
            Position(7),
            crate::time::Timestamp::EPOCH,
            record.to_string().into_bytes().into(),
        );
        let shown = ids.of_event(&event);
        assert_eq!(shown.position, event.position);
        serde_json::from_slice(&shown.record).unwrap()
    }

    fn added(customer: &str) -> Value {
        json!({
            "id": "00000000-0000-0000-0000-000000000001", "kind": "customer.number_added",
            "stream": format!("customer-{customer}"), "customer": customer,
            "data": { "number": NUMBER, "phone": { "sealed": "x", "key": customer, "hash": "00ff" } }
        })
    }

    #[test]
    fn two_customers_with_one_number_show_different_ids_and_no_lookup_hash() {
        let number = |value: &Value| value["data"]["number"].as_str().unwrap().to_owned();
        let (one, other) = (
            shown(NumberIdForm::Keyed, added(ONE)),
            shown(NumberIdForm::Keyed, added(OTHER)),
        );
        assert_ne!(number(&one), number(&other));
        assert_ne!(number(&one), NUMBER);
        assert_eq!(
            number(&one),
            number(&shown(NumberIdForm::Keyed, added(ONE))),
            "one customer keeps one id"
        );
        assert_eq!(one["data"]["phone"], json!({ "sealed": "x", "key": ONE }));
        let keyed = keyed_number(&NUMBER.parse().unwrap(), &ONE.parse().unwrap());
        assert_eq!(number(&one), keyed.as_str());
        assert_eq!(shown(NumberIdForm::AsStored, added(ONE)), added(ONE));
    }

    #[test]
    fn the_stream_of_a_number_is_keyed_with_the_named_customer_and_else_with_the_event() {
        let of = |data: Value, id: &str| {
            let record = json!({
                "id": id, "kind": "number.x", "stream": format!("number-{NUMBER}"), "data": data
            });
            shown(NumberIdForm::Keyed, record)["stream"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let claimed = of(json!({ "customer": ONE }), "a");
        let expected = keyed_number(&NUMBER.parse().unwrap(), &ONE.parse().unwrap());
        assert_eq!(claimed, format!("number-{expected}"));
        let all = [
            claimed,
            of(json!({ "customer": OTHER }), "a"),
            of(json!({ "call": "c1" }), "a"),
            of(json!({ "call": "c2" }), "a"),
            of(json!({ "reason": "x" }), "a"),
            of(json!({ "reason": "x" }), "b"),
        ];
        let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
        assert!(all.iter().all(|stream| !stream.contains(NUMBER)));
    }

    #[test]
    fn a_number_is_keyed_under_every_member_that_holds_one() {
        let numbers = [
            json!({ "next_number": NUMBER }),
            json!({ "before": [NUMBER] }),
            json!({ "after": [{ "number": NUMBER }] }),
            json!({ "grant": { "number": NUMBER } }),
        ];
        for data in numbers {
            let stream = format!("customer-{ONE}");
            let record = json!({ "id": "a", "stream": stream, "customer": ONE, "data": data });
            let shown = shown(NumberIdForm::Keyed, record).to_string();
            let keyed = keyed_number(&NUMBER.parse().unwrap(), &ONE.parse().unwrap());
            assert!(
                !shown.contains(NUMBER) && shown.contains(keyed.as_str()),
                "{shown}"
            );
        }
    }

    #[test]
    fn the_other_customer_of_the_same_number_is_left_out_wherever_a_rule_names_it() {
        let record = json!({
            "id": "a", "kind": "customer.enrolment_settled", "stream": format!("customer-{ONE}"), "customer": ONE,
            "data": { "why": { "rule": "same_number", "facts": { "same_as": OTHER, "cap": "3" } },
                      "numbers": [NUMBER], "list": [{ "number": NUMBER }], "number_count": 3 }
        });
        let shown = shown(NumberIdForm::Keyed, record).to_string();
        assert!(!shown.contains(OTHER) && !shown.contains(NUMBER), "{shown}");
        assert!(shown.contains("\"cap\":\"3\"") && shown.contains("\"number_count\":3"));
    }
}
