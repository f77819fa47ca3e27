//! The bug bundle (问题包): one call, without its person, in one file that any build can decide again.
//!
//! It is made from sealed records alone; nothing is opened, so no key is needed and an erased person's call
//! can be exported too. Every personal value is a stand-in, every id is numbered afresh, every time is moved
//! so that the bundle begins on one fixed instant: two bundles say nothing about whether they are of one
//! person.

mod fed;
mod gather;
mod mask;
mod mask_ends;
mod mask_turns;
pub(crate) mod recorded;
mod redecide;
mod replay;
pub(crate) mod walk;
mod walk_decide;
mod walk_spoken;

#[cfg(test)]
pub(crate) mod spoken_tests;
#[cfg(test)]
mod tests;

pub(crate) use fed::Fed;
pub use gather::gather;
pub(crate) use replay::call_event;
pub use replay::{Replayed, replay};

use domain::calling_plan::CallingPlan;
use domain::problem::Problem;
use domain::time::Timestamp;
use gather::Gathered;
use intake::bounded_file;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// What the file says it is.
const FORMAT: &str = "ledgerline call bundle";

/// Version of the format, from 1.
const FORMAT_VERSION: u32 = 1;

/// Largest bundle: 2,000 events of a call have half a megabyte, a flow at most a quarter.
pub const BUNDLE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most events in one bundle: a call's own are bounded far below.
pub const BUNDLE_EVENTS_MAX: usize = 2_000;

/// The file, whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    pub format: String,
    pub(crate) format_version: u32,
    /// The build that made it.
    pub(crate) made_by: String,
    /// SHA-256, lower hex, of `content` as compact JSON, its members in the order in which they stand.
    pub content_sha256: String,
    /// Kept as it was read, so that what this build does not know is covered by the hash too.
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
    /// In the order of the log, numbered from 1.
    events: Vec<BundleEvent>,
    /// The campaign's plan, as `campaign.created` fixed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<CallingPlan>,
    /// The definition of the flow version the call ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flow: Option<Value>,
    /// Stand-ins for the enrolment's variables, by name: values that lead the way the call went.
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

/// One event, masked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleEvent {
    pub n: u64,
    /// `call-…`, `customer-…` or `number-…`, with the bundle's own ids.
    pub stream: String,
    pub kind: String,
    pub version: u16,
    pub at: Timestamp,
    pub data: Value,
    /// Stand-ins of the personal members of `data`, by JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub personal: BTreeMap<String, String>,
}

/// Masks what was gathered.
pub fn make(gathered: &Gathered) -> Result<Bundle, Problem> {
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
    let digest = Sha256::digest(content.to_string().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Bundle {
    /// Reads a file, and refuses one that is too large, of another format, or altered.
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
            Problem::refused("bundle-unreadable", format!("this is no call bundle: {error}"))
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
                    "the bundle was altered: its content has SHA-256 {hash}, and it says {}",
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

    /// The file's bytes, for people to read too.
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
