//! JSON schema of a record of `POST tasks/data`: the members that a list knows by name, and values of
//! variables. It follows the members that an import reads.

use intake::mapping::Member;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Returns the description of a member.
const fn record_member(member: Member) -> &'static str {
    match member {
        Member::CustomerId => "Your id of the customer",
        Member::Phone => "The phone number to call",
        Member::Name => "The customer's name, for {{customer_name}}",
        Member::TimeZone => "An IANA time zone, for example Asia/Shanghai",
        Member::ConsentScope => "The purpose that the customer agreed to",
        Member::ConsentSource => "Where the consent was given",
        Member::ConsentAt => "When it was given (RFC 3339, or a date)",
        Member::ConsentUntil => "Until when it is valid (RFC 3339, or a date)",
        Member::ConsentEvidence => "The evidence of the consent",
        Member::Agent => "The user responsible for the customer",
        Member::Team => "The team responsible for the customer",
        Member::HomeLocation => "Home location of the number, for example 广东 深圳",
        Member::PreferredTimes => "When the customer prefers to be called, for example 09:00-12:00",
    }
}

/// A record of a list: the customer, the phone number, and values of variables by name.
pub(crate) struct ListRecord;

impl JsonSchema for ListRecord {
    fn schema_name() -> Cow<'static, str> {
        "Record".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = |member: Member| {
            let is_needed = matches!(member, Member::CustomerId | Member::Phone);
            let kind = if is_needed {
                json!("string")
            } else {
                json!(["string", "null"])
            };
            let described = json!({ "type": kind, "description": record_member(member) });
            (member.name().to_owned(), described)
        };
        let members: Map<String, Value> = Member::ALL.into_iter().map(text).collect();
        json_schema!({
            "type": "object", "required": ["customer_id", "phone"],
            "properties": members,
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
            "examples": [{ "customer_id": "C01", "phone": "13800138000", "days": 3 }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_a_record_names_every_member() {
        let schema = ListRecord::json_schema(&mut SchemaGenerator::default());
        for member in Member::ALL {
            let described = &schema.as_value()["properties"][member.name()];
            assert!(described["description"].is_string(), "{}", member.name());
        }
    }
}
