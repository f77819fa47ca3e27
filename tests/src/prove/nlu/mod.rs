//! Proofs of understanding by comparison with external programs: intents with scikit-learn on the same folds,
//! and amounts, dates, phones and cards as public libraries write and read them.

mod data;
mod encoder;
mod entities;
mod intents;
mod masking;
mod with_encoder;
mod with_words;

pub(super) use entities::prove as prove_entities;
pub(super) use intents::prove as prove_nlu;

use crate::prove::external_programs::{build_folder, python_with};
use std::path::{Path, PathBuf};

/// The folder of the proofs' scripts, and of the list of packages with exact versions.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/nlu");

/// The folder of the data sets.
const SETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/nlu");

fn script(name: &str) -> PathBuf {
    Path::new(CLIENTS).join(name)
}

/// Returns a Python with the packages.
fn python() -> Result<PathBuf, String> {
    python_with(&script("requirements.txt"), &build_folder("tools", "nlu"))
}
