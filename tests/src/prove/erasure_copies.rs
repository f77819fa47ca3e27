//! The copies that are made of a log before and after an erasure: backups, a database and its dump. An erased
//! customer is in none of them, and all of them still verify.

use crate::postgres::PostgresServer;
use crate::program::run;
use std::path::{Path, PathBuf};

/// The paths of the copies, for the search, and what was wrong with them.
#[derive(Default)]
pub(super) struct LogCopies {
    pub(super) paths: Vec<PathBuf>,
    pub(super) wrong: Vec<String>,
    /// Why no database was filled.
    pub(super) skipped: Option<&'static str>,
    /// Kept alive until the search is over.
    database: Option<PostgresServer>,
}

impl LogCopies {
    fn must(&mut self, what: &str, args: &[&str]) {
        let output = run(args);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            self.wrong.push(format!("{what}: {said}"));
        }
    }

    /// Makes a backup of the present log, which contains no key.
    pub(super) fn back_up(&mut self, data: &Path, folder: &Path, name: &str) {
        let file = folder.join(name);
        let (data, out) = (text(data), text(&file));
        self.must(name, &["backup", "create", "--data", &data, "--out", &out]);
        self.paths.push(file);
    }

    /// Copies the whole log into a PostgreSQL server, and dumps it. Both the dump and the server's files,
    /// with its write-ahead log, are searched.
    pub(super) fn fill_database(&mut self, data: &Path, folder: &Path) {
        let Some(server) = PostgresServer::start() else {
            self.skipped = Some("the programs of PostgreSQL are not installed");
            return;
        };
        let from = format!("sqlite:{}", data.display());
        self.must(
            "copy",
            &["events", "copy", "--from", &from, "--to", &server.url()],
        );
        let dump = folder.join("log.dump.sql");
        if !server.dump(&dump) {
            self.wrong.push("the database could not be dumped".to_owned());
        }
        self.paths.extend([dump, server.files()]);
        self.database = Some(server);
    }

    /// Verifies every copy and the log itself.
    pub(super) fn hold(&mut self, data: &Path) {
        self.must("audit verify", &["audit", "verify", "--data", &text(data)]);
        for backup in self.paths.clone() {
            if backup.extension().is_some_and(|extension| extension == "backup") {
                self.must("backup verify", &["backup", "verify", &text(&backup)]);
            }
        }
        if let Some(url) = self.database.as_ref().map(PostgresServer::url) {
            let key = text(&data.join("proof").join("log.vkey"));
            let key = std::fs::read_to_string(key).unwrap_or_default();
            let args = [
                "audit",
                "verify",
                "--store",
                &url,
                "--data",
                &text(data),
                "--key",
                key.trim(),
            ];
            self.must("audit verify of the database", &args);
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
