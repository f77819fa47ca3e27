//! Reads the members of a JSON body. Each error is noted with its pointer, and all are reported together.

use domain::problem::{MemberError, Problem};
use schemars::JsonSchema;
use serde_json::{Map, Value};
use std::fmt::Display;
use std::str::FromStr;

/// Longest text member in bytes.
const TEXT_BYTES_MAX: usize = 16 * 1024;

pub use derive::ApiRequest;

/// A request body as a type. It is read member by member, so that all errors are reported together. Its
/// JSON Schema comes from the type itself.
pub trait ApiRequest: JsonSchema + Sized {
    /// Reads every known member. The result is used only if there is no error.
    fn read(body: &mut Members) -> Self;

    /// Reads an object. Fails with all of its invalid, missing and unknown members.
    fn of(object: Map<String, Value>) -> Result<Self, Problem> {
        let mut body = Members::new(object);
        let order = Self::read(&mut body);
        body.refuse_the_rest();
        body.finish()?;
        Ok(order)
    }
}

/// A reader of the members of one JSON object. It collects errors with their JSON pointers; `finish`
/// returns them.
pub struct Members {
    object: Map<String, Value>,
    /// Pointer of the object itself; empty for the body.
    at: String,
    errors: Vec<MemberError>,
}

impl Members {
    pub fn new(object: Map<String, Value>) -> Self {
        Self {
            object,
            at: String::new(),
            errors: Vec::new(),
        }
    }

    /// Notes an error about the member `name` of this object.
    pub fn wrong(&mut self, name: &str, detail: impl Display) {
        // RFC 6901, section 3: `~` and `/` are escaped.
        let name = name.replace('~', "~0").replace('/', "~1");
        self.errors.push(MemberError {
            pointer: format!("{}/{name}", self.at),
            detail: detail.to_string(),
        });
    }

    /// Notes an error at a JSON pointer relative to this object, for example `/stages/0`.
    pub fn wrong_at(&mut self, pointer: &str, detail: impl Display) {
        self.errors.push(MemberError {
            pointer: format!("{}{pointer}", self.at),
            detail: detail.to_string(),
        });
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    /// Returns a text of at most `TEXT_BYTES_MAX` bytes; `None` if it is absent or null, or invalid, which
    /// is noted.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.len() <= TEXT_BYTES_MAX => Some(text),
            Value::String(_) => {
                self.wrong(name, format!("has more than {TEXT_BYTES_MAX} bytes"));
                None
            }
            _ => {
                self.wrong(name, "must be a text");
                None
            }
        }
    }

    /// Returns true if a member is absent or null.
    pub fn is_absent(&self, name: &str) -> bool {
        self.object.get(name).is_none_or(Value::is_null)
    }

    /// Notes an error if a member is absent or null.
    pub fn require(&mut self, name: &str) {
        if self.is_absent(name) {
            self.wrong(name, "is missing");
        }
    }

    /// Returns a text that must be present. `None`, with an error noted, if it is absent, null or invalid.
    pub fn needed_text(&mut self, name: &str) -> Option<String> {
        if self.is_absent(name) {
            self.object.remove(name);
            self.wrong(name, "is missing");
            return None;
        }
        self.text(name)
    }

    /// Returns a text of at most `bytes_max` bytes; `None` if it is absent, or invalid or longer, which is
    /// noted.
    pub fn short_text(&mut self, name: &str, bytes_max: usize) -> Option<String> {
        let text = self.text(name);
        self.within(name, text, bytes_max)
    }

    /// Returns a text that must be present and not blank, of at most `bytes_max` bytes. Otherwise notes an
    /// error.
    pub fn needed_short_text(&mut self, name: &str, bytes_max: usize) -> String {
        let text = self.needed_text(name);
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            self.wrong(name, "is empty");
        }
        self.within(name, text, bytes_max).unwrap_or_default()
    }

    fn within(&mut self, name: &str, text: Option<String>, bytes_max: usize) -> Option<String> {
        if text.as_ref().is_some_and(|text| text.len() > bytes_max) {
            self.wrong(name, format!("has more than {bytes_max} bytes"));
        }
        text
    }

    /// Returns a value parsed from a text member; `None` if it is absent, or cannot be parsed, which is
    /// noted.
    pub fn parsed<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(name, error);
                None
            }
        }
    }

    /// Returns a value deserialized from this member; `None` if it is absent, or does not match, which is
    /// noted.
    pub fn value<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.take(name)?;
        match serde_json::from_value(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(name, error);
                None
            }
        }
    }

    /// Returns a whole number from `min` to `max`; `None` if it is absent, or anything else, which is
    /// noted.
    pub fn count(&mut self, name: &str, min: u32, max: u32) -> Option<u32> {
        let value = self.take(name)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number {
            Some(number) if (min..=max).contains(&number) => Some(number),
            Some(_) | None => {
                self.wrong(name, format!("must be a whole number from {min} to {max}"));
                None
            }
        }
    }

    /// Returns the member's JSON value unchecked; `None` if it is absent or null.
    pub fn raw(&mut self, name: &str) -> Option<Value> {
        self.take(name)
    }

    /// Returns a list; `None` if it is absent, or not a list, which is noted.
    pub fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.take(name)? {
            Value::Array(items) => Some(items),
            _ => {
                self.wrong(name, "must be a list");
                None
            }
        }
    }

    /// Returns the names of the members that are not read yet, for objects with arbitrary names.
    pub fn names(&self) -> Vec<String> {
        self.object.keys().cloned().collect()
    }

    /// Reads the object in member `name` with `read`, and reports its unknown members. Its errors are added
    /// to this object's, with longer pointers. `None` if it is absent, or not an object, which is noted.
    pub fn inner<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Value::Object(object) = self.take(name)? else {
            self.wrong(name, "must be an object");
            return None;
        };
        let mut inner = Self {
            object,
            at: format!("{}/{name}", self.at),
            errors: Vec::new(),
        };
        let value = read(&mut inner);
        inner.refuse_the_rest();
        self.errors.append(&mut inner.errors);
        Some(value)
    }

    /// Notes an error for each member that was not read, so that misspelt ones are not ignored.
    pub fn refuse_the_rest(&mut self) {
        let names: Vec<String> = self.object.keys().cloned().collect();
        for name in names {
            self.wrong(&name, "is not a known member");
        }
    }

    /// Returns all errors noted so far as one `Problem`; `Ok` if there are none.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(Problem::members(self.errors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::TimeOfDay;
    use serde_json::json;

    fn members(value: Value) -> Members {
        match value {
            Value::Object(object) => Members::new(object),
            _ => panic!("a body is an object"),
        }
    }

    #[test]
    fn every_wrong_member_is_named_by_its_pointer() {
        let mut body = members(json!({"task_id": 7, "schedule": {"start_time": "9:00", "colour": 1}}));
        body.needed_text("task_id");
        body.needed_text("script_template");
        body.inner("schedule", |schedule| schedule.value::<TimeOfDay>("start_time"));
        let problem = body.finish().unwrap_err();
        let pointers: Vec<_> = problem
            .errors
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            [
                "/task_id",
                "/script_template",
                "/schedule/start_time",
                "/schedule/colour"
            ]
        );
    }

    #[test]
    fn a_count_has_a_first_and_a_last_permitted_value() {
        for (value, taken) in [(0, false), (1, true), (5, true), (6, false)] {
            let mut body = members(json!({ "n": value }));
            assert_eq!(body.count("n", 1, 5).is_some(), taken, "{value}");
            assert_eq!(body.finish().is_ok(), taken);
        }
    }

    #[test]
    fn null_is_as_good_as_absent() {
        let mut body = members(json!({ "a": null }));
        assert_eq!(body.text("a"), None);
        assert!(body.finish().is_ok());
        let mut body = members(json!({ "a": null }));
        assert_eq!(body.needed_text("a"), None);
        let problem = body.finish().unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/a");
    }
}
