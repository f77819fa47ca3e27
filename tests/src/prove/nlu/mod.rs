//! Understanding held against other people's programs: intents beside scikit-learn on the same folds, and
//! amounts, dates, phones and cards as public libraries write and read them.

mod data;
mod encoder;
mod entities;
mod intents;
mod stored;
mod with_encoder;
mod with_words;

pub(super) use entities::prove as prove_entities;
pub(super) use intents::prove as prove_nlu;

use crate::prove::other_tools::{place, python_with};
use std::path::{Path, PathBuf};

/// Its scripts, and what is installed for them, by exact versions.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/nlu");

/// The sets that are learned from.
const SETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/nlu");

fn script(name: &str) -> PathBuf {
    Path::new(CLIENTS).join(name)
}

/// A Python with the libraries.
fn python() -> Result<PathBuf, String> {
    python_with(&script("requirements.txt"), &place("tools", "nlu"))
}
