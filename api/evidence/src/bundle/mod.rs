//! The bug bundle (问题包): one call without personal data, in one file that any build can replay.
//!
//! It is made from sealed records only: nothing is decrypted, so no key is needed, and the call of an erased
//! person can be exported too. Every personal value is replaced, every id is renumbered, and every time is
//! shifted so that the bundle starts at a fixed instant: two bundles do not reveal whether they are about the
//! same person.

mod flow_inputs;
mod gather;
mod mask;
mod mask_ends;
mod mask_turns;
pub(crate) mod recorded_path;
mod redecide;
mod replay;
pub(crate) mod walk;
mod walk_decide;
mod walk_spoken;

#[cfg(test)]
pub(crate) mod spoken_tests;
#[cfg(test)]
mod tests;

pub(crate) use flow_inputs::OwnedFlowInput;
pub use gather::gather;
pub(crate) use replay::call_event;
pub use replay::{BundleReplay, replay};

use domain::calling_plan::CallingPlan;
use domain::hex;
use domain::problem::Problem;
use domain::time::Timestamp;
use gather::BundleInputs;
use intake::bounded_file;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Value of `format` in the file.
const FORMAT: &str = "ledgerline call bundle";

/// Version of the format, counted from 1.
const FORMAT_VERSION: u32 = 1;

/// Largest bundle file in bytes; larger ones are refused. 2,000 events of a call take half a megabyte, a
/// flow at most a quarter.
pub const BUNDLE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most events in one bundle; a call with more is refused.
pub const BUNDLE_EVENTS_MAX: usize = 2_000;

/// A bug bundle file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    pub format: String,
    pub(crate) format_version: u32,
    /// Build that created the bundle.
    pub(crate) made_by: String,
    /// SHA-256, in lower-case hex, of `content` as compact JSON with its members in their order.
    pub content_sha256: String,
    /// The content as it was read, so that the hash also covers members unknown to this build.
    content: Value,
    #[serde(skip)]
    pub events: Vec<BundleEvent>,
    #[serde(skip)]
    pub(crate) flow: Option<Value>,
    #[serde(skip)]
    pub(crate) variables: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// Events in log order, numbered from 1.
    events: Vec<BundleEvent>,
    /// Plan of the campaign, as fixed by `campaign.created`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<CallingPlan>,
    /// Definition of the flow version that the call used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow: Option<Value>,
    /// Replacements of the enrolment's variables, by name: values that lead along the recorded path.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// One masked event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleEvent {
    pub n: u64,
    /// Stream: `call-…`, `customer-…` or `number-…`, with ids of the bundle.
    pub stream: String,
    pub kind: String,
    pub version: u16,
    pub at: Timestamp,
    pub data: Value,
    /// Replacements of the personal members of `data`, by JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub personal: BTreeMap<String, String>,
}

/// Masks what was gathered about a call and returns it as a bundle. Nothing is decrypted.
pub fn make(gathered: &BundleInputs) -> Result<Bundle, Problem> {
    let content = mask::mask(gathered)?;
    let content = serde_json::to_value(content).map_err(|error| Problem::fault(error.to_string()))?;
    let bundle = Bundle {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        made_by: format!("ledgerline {}", env!("CARGO_PKG_VERSION")),
        content_sha256: hash_of(&content),
        content,
        events: Vec::new(),
        flow: None,
        variables: BTreeMap::new(),
    };
    bundle.opened()
}

fn hash_of(content: &Value) -> String {
    hex::encode(&Sha256::digest(content.to_string().as_bytes()))
}

impl Bundle {
    /// Reads a bundle from a file. Fails with `bundle-unreadable` if it is too large, of another format, or
    /// its hash does not match.
    pub fn read(file: &Path) -> Result<Self, Problem> {
        let unreadable = |error: std::io::Error| Problem::unavailable(format!("{}: {error}", file.display()));
        match bounded_file::read(file, BUNDLE_BYTES_MAX) {
            Ok(bytes) => Self::parse(&bytes),
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => Err(Problem::refused(
                "bundle-unreadable",
                format!("a bundle has at most {BUNDLE_BYTES_MAX} bytes"),
            )),
            Err(error) => Err(unreadable(error)),
        }
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let bundle: Self = serde_json::from_slice(bytes).map_err(|error| {
            Problem::refused("bundle-unreadable", format!("this is not a call bundle: {error}"))
        })?;
        if bundle.format != FORMAT || bundle.format_version != FORMAT_VERSION {
            return Err(Problem::refused(
                "bundle-unreadable",
                format!(
                    "this build reads {FORMAT:?} version {FORMAT_VERSION}, not {:?} version {}",
                    bundle.format, bundle.format_version
                ),
            ));
        }
        let hash = hash_of(&bundle.content);
        if hash != bundle.content_sha256 {
            return Err(Problem::disproved(
                "bundle-altered",
                format!(
                    "the bundle was altered: its content has SHA-256 {hash}, but the file states {}",
                    bundle.content_sha256
                ),
            ));
        }
        bundle.opened()
    }

    fn opened(mut self) -> Result<Self, Problem> {
        let content = self.content()?;
        if content.events.len() > BUNDLE_EVENTS_MAX {
            return Err(Problem::refused(
                "bundle-unreadable",
                format!("a bundle has at most {BUNDLE_EVENTS_MAX} events"),
            ));
        }
        self.events = content.events;
        self.flow = content.flow;
        self.variables = content.variables;
        Ok(self)
    }

    fn content(&self) -> Result<Content, Problem> {
        serde_json::from_value(self.content.clone()).map_err(|error| {
            Problem::refused(
                "bundle-unreadable",
                format!("this build cannot read the bundle's content: {error}"),
            )
        })
    }

    /// Returns the bytes of the bundle's file, indented JSON. Fails above `BUNDLE_BYTES_MAX`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Problem> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|error| Problem::fault(error.to_string()))?;
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(Problem::refused(
                "bundle-unreadable",
                format!(
                    "the bundle would have {} bytes, more than {BUNDLE_BYTES_MAX}",
                    bytes.len()
                ),
            ));
        }
        Ok(bytes)
    }
}
