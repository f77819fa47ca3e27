//! Upcasting: reads old versions of events as current ones, by the steps in an aggregate's `upcast.rs`.
//!
//! A stored event is never rewritten. A new shape is a new version of its kind, with one step from each
//! version to the next; reading applies the missing steps. Three rules:
//!
//! - A step is pure and uses only the data: what an old event did not state stays unknown (`null` or left
//!   out).
//! - A personal field keeps its place: its seal covers its JSON pointer, so a moved field could not be
//!   opened.
//! - Every version keeps its golden file, and `.expected.json` next to an old one states how it reads.

use crate::decider::{EventData, UnreadableEvent, read_current};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// One upcasting step: converts the data of an event of `kind` from version `from` to version `from + 1`.
#[derive(Debug, Clone, Copy)]
pub struct Upcast {
    pub kind: &'static str,
    pub from: u16,
    pub step: fn(Map<String, Value>) -> Map<String, Value>,
}

/// Reads an event of any version up to the current one: applies the missing steps to its data. Fails if a
/// step is missing or the result is invalid.
pub fn read_upcast<E: EventData>(
    kind: &str,
    version: u16,
    data: &RawValue,
    steps: &[Upcast],
) -> Result<E, UnreadableEvent> {
    let current = E::current_version(kind);
    let mut data = Cow::Borrowed(data);
    let mut version = version;
    while version < current {
        let step = steps
            .iter()
            .find(|step| step.kind == kind && step.from == version);
        let Some(step) = step else { break };
        data = Cow::Owned(apply(step, &data).map_err(|error| UnreadableEvent {
            kind: kind.to_owned(),
            version,
            why: error.to_string(),
        })?);
        version += 1;
    }
    read_current(kind, version, &data)
}

fn apply(step: &Upcast, data: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let members: Map<String, Value> = serde_json::from_str(data.get())?;
    to_raw_value(&(step.step)(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personal::Personal;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    /// A test aggregate: `lamp.lit` is in its third version, `lamp.broken` in its first.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", content = "data")]
    enum LampEvent {
        #[serde(rename = "lamp.lit")]
        Lit {
            lumen: u32,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            by: Option<String>,
        },
        #[serde(rename = "lamp.broken")]
        Broken {},
    }

    /// The steps that a lamp's `upcast.rs` would contain.
    const UPCASTS: &[Upcast] = &[
        // Version 1 has watts; a lamp of that time gave 15 lumen a watt.
        Upcast {
            kind: "lamp.lit",
            from: 1,
            step: |mut data| {
                let watts = data.remove("watts").and_then(|watts| watts.as_u64());
                data.insert(
                    "brightness".to_owned(),
                    json!({ "lumen": watts.unwrap_or(0) * 15 }),
                );
                data
            },
        },
        // Version 3 is flat and names the user; it is unknown for earlier events.
        Upcast {
            kind: "lamp.lit",
            from: 2,
            step: |mut data| match data.remove("brightness") {
                Some(Value::Object(brightness)) => brightness,
                _ => data,
            },
        },
    ];

    impl EventData for LampEvent {
        fn kind(&self) -> &'static str {
            match self {
                Self::Lit { .. } => "lamp.lit",
                Self::Broken {} => "lamp.broken",
            }
        }
        fn version(&self) -> u16 {
            Self::current_version(self.kind())
        }
        fn current_version(kind: &str) -> u16 {
            if kind == "lamp.lit" { 3 } else { 1 }
        }
        fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
            Vec::new()
        }
        fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
            read_upcast(kind, version, data, UPCASTS)
        }
    }

    fn read(kind: &str, version: u16, data: &Value) -> Result<LampEvent, UnreadableEvent> {
        LampEvent::read(kind, version, &to_raw_value(data).unwrap())
    }

    #[test]
    fn every_version_reads_as_the_current_one() {
        let lit = |by: Option<&str>| LampEvent::Lit {
            lumen: 900,
            by: by.map(str::to_owned),
        };
        assert_eq!(read("lamp.lit", 1, &json!({ "watts": 60 })), Ok(lit(None)));
        let second = json!({ "brightness": { "lumen": 900 } });
        assert_eq!(read("lamp.lit", 2, &second), Ok(lit(None)));
        let third = json!({ "lumen": 900, "by": "Mo" });
        assert_eq!(read("lamp.lit", 3, &third), Ok(lit(Some("Mo"))));
        assert_eq!(read("lamp.broken", 1, &json!({})), Ok(LampEvent::Broken {}));
    }

    #[test]
    fn a_newer_version_is_refused_by_name_even_where_it_would_parse() {
        let newer = read("lamp.lit", 4, &json!({ "lumen": 900 })).unwrap_err();
        assert_eq!(
            newer.to_string(),
            "cannot read lamp.lit version 4: this build knows it up to version 3; use a newer ledgerline"
        );
        assert!(read("lamp.broken", 2, &json!({})).is_err());
        assert!(read("lamp.lit", 0, &json!({})).is_err(), "there is no version 0");
        assert!(read("lamp.sold", 1, &json!({})).is_err(), "nor such a kind");
    }

    #[test]
    fn data_that_is_not_what_its_version_says_is_refused() {
        for (version, data) in [
            (1, json!([])),
            (2, json!({ "watts": 60 })),
            (3, json!({ "lumen": -1 })),
        ] {
            let refused = read("lamp.lit", version, &data).unwrap_err();
            assert_eq!(refused.kind, "lamp.lit");
        }
    }
}
