//! An installation that called all its customers, its log from before that, and the combinations of both.

use super::super::short_call_customers::brief_records;
use super::{CASES, Case, SEED};
use crate::carrier::CarrierProcess;
use crate::file_changes::in_folder_to_come;
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::{command, copy_folder, fail, ledgerline};
use crate::server::{REHEARSAL, Server};
use std::path::{Path, PathBuf};

/// The number of customers that are called in the lost tail.
const PEOPLE: u32 = 4;

/// The log and its index; SQLite adds two files to each.
pub(super) const LOG_FILES: [&str; 6] = [
    "events.db",
    "events.db-wal",
    "events.db-shm",
    "index.db",
    "index.db-wal",
    "index.db-shm",
];

/// An installation that called all customers, and its log from before.
pub(super) struct CompletedInstallation {
    pub(super) data: PathBuf,
    pub(super) store: Option<String>,
    pub(super) older_data: PathBuf,
    /// The directory as a crash leaves it after all calls, with its write-ahead log.
    pub(super) killed_data: PathBuf,
    /// One database per case: a confirmed one continues.
    pub(super) older_stores: Vec<String>,
}

pub(super) fn serve(data: &Path, store: Option<&str>, trunk: Option<&str>) -> Server {
    let mut program = command(ledgerline());
    program.arg("serve").arg("--data").arg(data);
    program.args([
        "--rehearse-at",
        REHEARSAL,
        "--http",
        "127.0.0.1:0",
        "--drain",
        "1s",
    ]);
    for (flag, value) in [("--store", store), ("--trunk", trunk)] {
        if let Some(value) = value {
            program.args([flag, value]);
        }
    }
    let mut server = Server::of(program, data);
    if !server.wait_ready() {
        fail("a server that is to be paused does not become ready");
    }
    server
}

pub(super) fn end(mut server: Server) {
    server.program.signal("TERM");
    if server.program.wait(HUNG_AFTER).is_none() {
        fail("the server does not stop");
    }
}

/// Copies the log when all customers are due; then calls them all.
pub(super) fn make(
    folder: &Path,
    name: &str,
    server: Option<&PostgresServer>,
    carrier: &CarrierProcess,
) -> CompletedInstallation {
    let url = server.map(PostgresServer::url);
    let made = CompletedInstallation {
        data: folder.join(name),
        older_data: folder.join(format!("{name}-older")),
        killed_data: folder.join(format!("{name}-killed")),
        older_stores: url
            .iter()
            .flat_map(|url| {
                (0..CASES.len()).map(move |index| url.replace("/postgres", &format!("/older{index}")))
            })
            .collect(),
        store: url,
    };
    let first = serve(&made.data, made.store.as_deref(), None);
    let salt = if server.is_some() { 611 } else { 612 };
    first.call("TAIL", &brief_records(SEED, PEOPLE, salt));
    end(first);
    copy_folder(&made.data, &made.older_data);
    if let Some(server) = server {
        for index in 0..CASES.len() {
            server.run_sql(&format!("CREATE DATABASE older{index} TEMPLATE postgres"));
        }
    }
    let before = carrier.lines().len();
    let second = serve(&made.data, made.store.as_deref(), Some(&carrier.trunk()));
    let are_called = carrier.has_more_than(before + PEOPLE as usize - 1, HUNG_AFTER);
    let is_signed = is_signed(&second, &made.data.join("proof"));
    copy_folder(&made.data, &made.killed_data);
    end(second);
    if !are_called {
        fail("no call is dialed in the tail that is to be lost");
    }
    if !is_signed {
        fail("the tail that is to be lost is not signed");
    }
    made
}

/// Waits until the checkpoint covers all present events. Returns false if that takes too long.
fn is_signed(server: &Server, proof: &Path) -> bool {
    let Some(head) = server.last_position("", HUNG_AFTER).filter(|head| *head > 0) else {
        return false;
    };
    // The origin, then the number of events that it covers.
    let covered = || {
        let text = std::fs::read_to_string(proof.join("checkpoint")).ok()?;
        text.lines().nth(1)?.parse::<u64>().ok()
    };
    in_folder_to_come(proof, HUNG_AFTER, || covered().filter(|covered| *covered >= head)).is_some()
}

pub(super) fn remove(data: &Path, name: &str) {
    let path = data.join(name);
    if path.is_dir() {
        drop(std::fs::remove_dir_all(path));
    } else {
        drop(std::fs::remove_file(path));
    }
}

/// Makes a copy of the directory with the whole log, in which the older log replaces the newer one.
pub(super) fn lay_out(made: &CompletedInstallation, case: &Case) -> PathBuf {
    let name = case.name.replace([' ', ','], "-");
    let data = made.data.with_extension(name);
    copy_folder(&made.data, &data);
    for file in LOG_FILES {
        remove(&data, file);
        if made.store.is_none() && made.older_data.join(file).exists() {
            let copied = std::fs::copy(made.older_data.join(file), data.join(file));
            assert!(copied.is_ok(), "a file can be copied");
        }
    }
    for name in case.removed {
        remove(&data, name);
    }
    data
}
