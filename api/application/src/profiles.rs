//! Attributes and tags of customers: the requests that change them, the conversion of a row's columns to
//! attributes, and the profile of one customer.

use crate::installation::Installation;
use domain::attribute::{Attribute, NAME_BYTES_MAX, TEXT_BYTES_MAX, TagLevel};
use domain::customer::{
    AttributesChange, Customer, CustomerCommand, Profile, ProfileOrigin, TAG_BYTES_MAX, TagChange,
};
use domain::decider::Decider;
use domain::ids::{CustomerId, ListId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{StreamVersion, read_opened_event};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most tags in one request.
const TAGS_AT_ONCE_MAX: usize = 100;

/// A request to set and clear attributes of a customer.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "set": { "age": "31", "地域": "浙江" }, "clear": ["customer_level"] }]))]
pub struct AttributesBody {
    /// New values by attribute name (Chinese or English), each as a text.
    #[schemars(extend("examples" = [{ "age": "31" }]))]
    #[member(read = attribute_values)]
    set: Option<BTreeMap<String, String>>,
    /// Names of attributes to remove.
    #[schemars(extend("examples" = [["customer_level"]]))]
    #[member(read = texts)]
    clear: Option<Vec<String>>,
}

fn attribute_values(body: &mut Members, name: &str) -> Option<BTreeMap<String, String>> {
    body.inner(name, |members| {
        let mut set = BTreeMap::new();
        for attribute in members.names() {
            if attribute.len() > NAME_BYTES_MAX {
                members.wrong(&attribute, format!("a name has at most {NAME_BYTES_MAX} bytes"));
            }
            if let Some(text) = members.short_text(&attribute, TEXT_BYTES_MAX) {
                set.insert(attribute, text);
            }
        }
        set
    })
}

impl AttributesBody {
    pub fn command(self) -> CustomerCommand {
        CustomerCommand::SetAttributes(Box::new(AttributesChange {
            values: self.set.unwrap_or_default(),
            cleared: self.clear.unwrap_or_default(),
            origin: ProfileOrigin::Person,
        }))
    }
}

/// A request to add and remove tags of one level.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "level": "business", "add": ["信用卡"] }]))]
pub struct TagsBody {
    #[member(read = tag_level)]
    level: TagLevel,
    #[schemars(length(max = TAGS_AT_ONCE_MAX))]
    #[schemars(extend("examples" = [["信用卡"]]))]
    #[member(read = texts)]
    add: Option<Vec<String>>,
    #[schemars(length(max = TAGS_AT_ONCE_MAX))]
    #[schemars(extend("examples" = [["存款"]]))]
    #[member(read = texts)]
    remove: Option<Vec<String>>,
}

fn tag_level(body: &mut Members, name: &str) -> TagLevel {
    let word = body.needed_text(name);
    let level = word.as_deref().and_then(TagLevel::of_word);
    if word.is_some() && level.is_none() {
        body.wrong(name, "basic, behavior or business");
    }
    // If the level is missing, the body is refused.
    level.unwrap_or(TagLevel::Basic)
}

impl TagsBody {
    pub fn command(self) -> CustomerCommand {
        CustomerCommand::Tag(Box::new(TagChange {
            level: self.level,
            added: self.add.unwrap_or_default(),
            removed: self.remove.unwrap_or_default(),
            origin: ProfileOrigin::Person,
        }))
    }
}

fn texts(body: &mut Members, name: &str) -> Option<Vec<String>> {
    let list = body.list(name)?;
    if list.len() > TAGS_AT_ONCE_MAX {
        body.wrong(name, format!("has at most {TAGS_AT_ONCE_MAX} entries"));
        return None;
    }
    let mut texts = Vec::with_capacity(list.len());
    for value in list {
        match value {
            Value::String(text) if text.len() <= TAG_BYTES_MAX.max(NAME_BYTES_MAX) => texts.push(text),
            _ => {
                body.wrong(name, format!("has texts of at most {TAG_BYTES_MAX} bytes"));
                return None;
            }
        }
    }
    Some(texts)
}

/// A column that is not a valid attribute, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WrongColumn {
    #[schemars(example = &"age")]
    pub column: String,
    /// The reason. It never contains the cell's text, which may be personal.
    pub why: String,
}

/// Reads the columns of a list's row as attribute values, with the import of `list` as their origin. Empty
/// cells are ignored. If columns are wrong, returns all of these and no value.
pub fn attributes_of_row<'a>(
    columns: impl Iterator<Item = (&'a str, &'a str)>,
    list: ListId,
) -> Result<AttributesChange, Vec<WrongColumn>> {
    let (mut values, mut wrong) = (BTreeMap::new(), Vec::new());
    for (column, text) in columns.filter(|(_, text)| !text.trim().is_empty()) {
        let read = Attribute::named(column).map_err(|fault| fault.to_string());
        let checked = read.and_then(|attribute| {
            let value = attribute.read(text).map_err(|fault| fault.to_string())?;
            Ok((attribute.to_string(), value.written()))
        });
        match checked {
            Ok((name, written)) => {
                values.insert(name, written);
            }
            Err(why) => wrong.push(WrongColumn {
                column: column.to_owned(),
                why,
            }),
        }
    }
    match wrong.is_empty() {
        true => Ok(AttributesChange {
            values,
            cleared: Vec::new(),
            origin: ProfileOrigin::Import { list },
        }),
        false => Err(wrong),
    }
}

/// The profile of one customer, in clear: attributes and tags.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProfileResponse {
    pub id: CustomerId,
    /// Values by attribute name, each written in the format of its type.
    #[schemars(extend("examples" = [{ "age": "31", "calls_count": "2" }]))]
    pub attributes: BTreeMap<String, String>,
    pub tags: Vec<TagResponse>,
}

/// A tag of a customer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TagResponse {
    pub level: TagLevel,
    #[schemars(example = &"信用卡")]
    pub tag: String,
}

impl Installation {
    /// Returns the attributes and tags of a customer, computed from the customer's own events: those that
    /// were set, and those that follow from calls.
    pub async fn profile_of(&self, customer: &CustomerId) -> Result<ProfileResponse, Problem> {
        let profile = self.folded_profile(customer).await?;
        let values = profile.values().iter();
        let tags = profile.tags().iter().map(|(level, tag)| TagResponse {
            level: *level,
            tag: tag.clone(),
        });
        Ok(ProfileResponse {
            id: customer.clone(),
            attributes: values
                .map(|(attribute, value)| (attribute.to_string(), value.written()))
                .collect(),
            tags: tags.collect(),
        })
    }

    async fn folded_profile(&self, customer: &CustomerId) -> Result<Profile, Problem> {
        let stream = Customer::stream(customer);
        let key = self.vault().existing_key(customer).await?;
        let mut profile = Profile::default();
        let mut after = StreamVersion(0);
        loop {
            let page = self.store().read_stream(&stream, after, PAGE_EVENTS_MAX).await?;
            if page.is_empty() {
                return Ok(profile);
            }
            after = StreamVersion(after.0 + page.len() as u64);
            for stored in page {
                let unreadable = |error: &dyn std::error::Error| Problem::fault(error.to_string());
                let envelope = stored.envelope().map_err(|error| unreadable(&error))?;
                profile.evolve(&read_opened_event::<Customer>(
                    &envelope,
                    self.vault(),
                    key.as_ref(),
                )?);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_columns_of_a_row_are_values_and_every_wrong_one_is_named_without_its_text() {
        let list: ListId = "6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b".parse().unwrap();
        let row = [
            ("年龄", "31"),
            ("region", " 浙江 "),
            ("balance", ""),
            ("visits_count", "3"),
        ];
        let order = attributes_of_row(row.into_iter(), list).unwrap();
        let values: Vec<(&str, &str)> = order
            .values
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        assert_eq!(values, [("age", "31"), ("region", "浙江"), ("visits_count", "3")]);
        assert_eq!(order.origin, ProfileOrigin::Import { list });
        let row = [
            ("age", "thirty"),
            ("region", "浙江"),
            ("身份证号", "1"),
            ("visits_count", "x"),
        ];
        let wrong = attributes_of_row(row.into_iter(), list).unwrap_err();
        let named: Vec<&str> = wrong.iter().map(|wrong| wrong.column.as_str()).collect();
        assert_eq!(named, ["age", "身份证号", "visits_count"]);
        assert!(wrong.iter().all(|wrong| !wrong.why.contains("thirty")));
    }
}
