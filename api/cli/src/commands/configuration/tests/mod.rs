//! Tests of the configuration with the real arguments of `serve`. `Case` writes a file and loads it.

mod hostile_files;
mod messages;
mod rows;
mod secrets;
mod sources;

use crate::commands::serve_configuration::serve_command;
use host::configuration::effective::Configuration;
use host::configuration::load::{ConfigurationSources, FileChoice, load};
use host::configuration::print::{SourceDisplay, toml_lines};
use host::configuration::setting::MaskRule;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// The sources of one case.
pub(super) struct Case {
    pub(super) folder: tempfile::TempDir,
    flags: Vec<String>,
    pub(super) variables: Vec<(OsString, OsString)>,
    pub(super) masks: MaskRule,
}

impl Case {
    /// A file with this content, which only its owner can read.
    pub(super) fn of(content: impl AsRef<[u8]>) -> Self {
        let case = Self {
            folder: tempfile::tempdir().unwrap(),
            flags: Vec::new(),
            variables: Vec::new(),
            masks: MaskRule::Refuse,
        };
        std::fs::write(case.file(), content).unwrap();
        case.with_mode(0o600)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("ledgerline.toml")
    }

    pub(super) fn with_mode(self, mode: u32) -> Self {
        std::fs::set_permissions(self.file(), PermissionsExt::from_mode(mode)).unwrap();
        self
    }

    pub(super) fn with_flags(mut self, flags: &[&str]) -> Self {
        self.flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        self
    }

    pub(super) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub(super) fn load(&self) -> Result<Configuration, Vec<String>> {
        let serve = serve_command();
        let all = std::iter::once("serve").chain(self.flags.iter().map(String::as_str));
        let matches = serve_command()
            .ignore_errors(true)
            .try_get_matches_from(all)
            .unwrap();
        let known = |name: &str| (name == "SET").then(|| "from-variable".to_owned());
        let loaded = load(&ConfigurationSources {
            serve: &serve,
            matches: &matches,
            file: FileChoice::Named(self.file()),
            variables: self.variables.clone(),
            variable: &known,
            masks: self.masks,
        });
        let folder = format!("{}/", self.folder.path().display());
        loaded.map_err(|faults| {
            faults
                .lines()
                .iter()
                .map(|line| line.replace(&folder, ""))
                .collect()
        })
    }

    pub(super) fn faults(&self) -> Vec<String> {
        match self.load() {
            Ok(_) => Vec::new(),
            Err(faults) => faults,
        }
    }

    pub(super) fn arguments(&self) -> Vec<String> {
        let loaded = self.load().unwrap();
        let texts = loaded
            .arguments()
            .into_iter()
            .map(|text| text.into_string().unwrap());
        texts.collect()
    }
}

pub(super) fn printed(configuration: &Configuration, sources: SourceDisplay) -> String {
    toml_lines(configuration, sources).join("\n")
}
