//! Installations for the proof of keys: a log with customers that are due, and its keys at two moments.

use super::{BATCH, CAMPAIGN, SEED};
use crate::history::History;
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, copy_folder, fail, ledgerline};
use crate::prove::crash::quick_campaign;
use crate::prove::short_call_customers::brief_records;
use crate::server::{REHEARSAL, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// An installation with customers that are due, and its keys at two moments.
pub(super) struct DueInstallation {
    /// The data directory: read database and, with SQLite, the log.
    pub(super) data: PathBuf,
    pub(super) store: Option<String>,
    pub(super) keys: PathBuf,
    pub(super) older_keys: PathBuf,
    pub(super) older_backup: PathBuf,
}

/// Creates one with a server without a trunk: customers become due and are not dialed.
pub(super) fn make(folder: &Path, name: &str, store: Option<String>) -> DueInstallation {
    let made = DueInstallation {
        data: folder.join(name),
        store,
        keys: folder.join(format!("{name}-keys")),
        older_keys: folder.join(format!("{name}-older-keys")),
        older_backup: folder.join(format!("{name}-older.backup")),
    };
    let salt = name.bytes().map(u32::from).sum::<u32>() % 500;
    let mut server = served(&made, &made.keys, None);
    server.must_post("/api/v1/campaigns", &quick_campaign(CAMPAIGN));
    import(&server, salt);
    let backed_up = [
        "keys",
        "backup",
        "--keys",
        &text(&made.keys),
        "--out",
        &text(&made.older_backup),
    ];
    must_run(&backed_up);
    end(&mut server);
    copy_folder(&made.keys, &made.older_keys);
    let mut server = served(&made, &made.keys, None);
    import(&server, salt + 500);
    server.must_post(&format!("/api/v1/campaigns/{CAMPAIGN}/start"), &json!({}));
    end(&mut server);
    made
}

fn import(server: &Server, salt: u32) {
    let body = json!({"task_id": CAMPAIGN, "records": brief_records(SEED, BATCH, salt)});
    server.must_post("/api/v1/tasks/data", &body);
}

pub(super) fn serve_args(made: &DueInstallation, keys: &Path, trunk: Option<&str>) -> Vec<String> {
    let mut args: Vec<String> = ["serve", "--data", &text(&made.data), "--keys", &text(keys)]
        .map(str::to_owned)
        .to_vec();
    let more = [
        "--rehearse-at",
        REHEARSAL,
        "--http",
        "127.0.0.1:0",
        "--drain",
        "1s",
    ];
    args.extend(more.map(str::to_owned));
    for (flag, value) in [("--store", made.store.as_deref()), ("--trunk", trunk)] {
        args.extend(
            value
                .map(|value| [flag.to_owned(), value.to_owned()])
                .into_iter()
                .flatten(),
        );
    }
    args
}

pub(super) fn served(made: &DueInstallation, keys: &Path, trunk: Option<&str>) -> Server {
    let mut program = command(ledgerline());
    program.args(serve_args(made, keys, trunk));
    let mut server = Server::of(program, &made.data);
    if !server.wait_ready() {
        fail("a server under its own keys does not become ready");
    }
    server
}

pub(super) fn end(server: &mut Server) {
    let program: &mut Program = &mut server.program;
    program.signal("TERM");
    if program.wait(HUNG_AFTER).is_none() {
        fail("the server does not stop");
    }
}

impl History {
    pub(super) fn of_made(made: &DueInstallation) -> Self {
        match &made.store {
            Some(url) => Self::read_store(url),
            None => Self::read(&made.data),
        }
    }
}

/// Returns every event of a log as it is stored.
pub(super) fn state_of(made: &DueInstallation) -> Vec<Value> {
    History::of_made(made).events
}

/// Returns the names and bytes of a folder's files, except those that SQLite adds beside an open database.
pub(super) fn files_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry can be read"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(name, _)| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .map(|(name, path)| (name, std::fs::read(path).unwrap_or_default()))
        .collect();
    files.sort();
    files
}

pub(super) fn make_folder(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder can be made");
}

pub(super) fn copy_file(from: &Path, to: &Path, name: &str) {
    if from.join(name).exists() {
        std::fs::copy(from.join(name), to.join(name)).expect("a file can be copied");
    }
}

fn must_run(args: &[&str]) {
    let output = crate::program::run(args);
    if !output.status.success() {
        fail(&format!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
