//! Tests of a server that is killed and started again under load: writers and subscriptions continue
//! by themselves.

use crate::faults::{check, load};
use crate::support::{client, connect, patient, skipped, whole_log};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::PostgresOptions;
use store::contract::start;
use tempfile::TempDir;

/// The scheme of its URLs.
const SCHEME: &str = "postgres";

/// The number of kills.
const KILLS: u64 = 3;

#[expect(clippy::disallowed_methods, reason = "starts a server of its own")]
fn program(name: &Path) -> Command {
    Command::new(name)
}

/// A durable server for this test alone; stopped and removed when dropped.
struct OwnServer {
    folder: TempDir,
    programs: PathBuf,
    as_postgres: bool,
}

impl OwnServer {
    fn make() -> Self {
        let programs = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|version| version.path().join("bin"))
            .find(|bin| bin.join("initdb").exists())
            .unwrap_or_default();
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let as_root = program(Path::new("id")).arg("-u").output();
        let as_postgres = as_root.is_ok_and(|output| output.stdout.starts_with(b"0\n"));
        let server = Self {
            folder,
            programs,
            as_postgres,
        };
        if as_postgres {
            let given = program(Path::new("chown"))
                .arg("postgres")
                .arg(server.folder.path())
                .status();
            assert!(given.is_ok_and(|status| status.success()));
        }
        let data = server.data();
        let made = server.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "ledgerline",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        assert!(made, "initdb works");
        assert!(server.start(), "the server starts");
        server
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn url(&self) -> String {
        let host = self.folder.path().display().to_string().replace('/', "%2F");
        format!("{SCHEME}://ledgerline@{host}/postgres")
    }

    fn run(&self, name: &str, args: &[&str]) -> bool {
        let path = self.programs.join(name);
        let mut command = if self.as_postgres {
            let mut command = program(Path::new("runuser"));
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            program(&path)
        };
        command
            .args(args)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn start(&self) -> bool {
        let folder = self.folder.path().display();
        let options = format!(
            "-c listen_addresses='' -k {folder} -c fsync=on -c synchronous_commit=on -c full_page_writes=on \
             -c shared_buffers=16MB"
        );
        let log = self.folder.path().join("log").display().to_string();
        let data = self.data();
        // Processes of the killed server may live for a moment; the start then fails and is retried.
        (0..50).any(|_| {
            self.run(
                "pg_ctl",
                &[
                    "-D", &data, "-l", &log, "-w", "-t", "60", "-s", "-o", &options, "start",
                ],
            )
        })
    }

    /// Sends SIGKILL to the server itself.
    fn kill(&self) {
        let pid = std::fs::read_to_string(Path::new(&self.data()).join("postmaster.pid")).expect("it runs");
        let pid = pid.lines().next().expect("the first line is its id").to_owned();
        let killed = program(Path::new("kill")).args(["-KILL", &pid]).status();
        assert!(killed.is_ok_and(|status| status.success()));
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.run(
            "pg_ctl",
            &["-D", &self.data(), "-m", "immediate", "-w", "-s", "stop"],
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_killed_server_loses_nothing_and_everybody_goes_on() {
    if skipped() {
        return;
    }
    let server = OwnServer::make();
    let store: Arc<dyn EventStore> = Arc::new(connect(&server.url(), &patient()).await);
    let mut follower = store.subscribe(Position(0)).await.expect("there is room");
    let enough = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| start(load(Arc::clone(&store), writer, Arc::clone(&enough))))
        .collect();
    for _ in 0..KILLS {
        let pause = client(&server.url()).await;
        pause
            .batch_execute("SELECT pg_sleep(0.2)")
            .await
            .expect("it sleeps");
        server.kill();
        assert!(server.start(), "the server starts again");
    }
    // An append after the last start, by the same process.
    let before = store.head().await.expect("it is back");
    while follower
        .next()
        .await
        .expect("it goes on")
        .last()
        .is_none_or(|last| last.position <= before)
    {}
    enough.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    check(&*store, &acknowledged).await;
    let whole = whole_log(&*store).await;
    assert!(whole.len() > 20, "{} events", whole.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stays_away_is_unavailable_and_welcome_back() {
    if skipped() {
        return;
    }
    let server = OwnServer::make();
    let options = PostgresOptions {
        away_ms: 200,
        ..patient()
    };
    let store = connect(&server.url(), &options).await;
    crate::support::append(&store, "a", 0)
        .await
        .expect("it is stored");
    server.kill();
    let away = loop {
        // Processes of the killed server may still answer for a moment.
        match crate::support::append(&store, "b", 0).await {
            Ok(position) => assert_eq!(position, Position(4)),
            Err(away) => break away,
        }
    };
    assert!(matches!(away, StoreError::Unavailable(_)), "{away}");
    assert!(matches!(
        store.read_all(Position(0), 1).await,
        Err(StoreError::Unavailable(_))
    ));
    assert_eq!(store.failure(), None, "it waits for its database");
    assert!(server.start(), "the server starts again");
    let back = loop {
        match crate::support::append(&store, "b", 0).await {
            Ok(position) => break position,
            Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(other) => unreachable!("{other}"),
        }
    };
    assert_eq!(back, Position(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_waits_for_a_server_that_is_back_in_time() {
    if skipped() {
        return;
    }
    let server = OwnServer::make();
    let options = PostgresOptions {
        away_ms: 60_000,
        ..patient()
    };
    let store: Arc<dyn EventStore> = Arc::new(connect(&server.url(), &options).await);
    crate::support::append(&*store, "a", 0)
        .await
        .expect("it is stored");
    let stopped = server.run(
        "pg_ctl",
        &["-D", &server.data(), "-m", "immediate", "-w", "-s", "stop"],
    );
    assert!(stopped, "the whole server has stopped");
    let reads: Vec<_> = (0..3)
        .map(|_| {
            let store = Arc::clone(&store);
            start(async move { store.read_all(Position(0), 10).await })
        })
        .collect();
    assert!(server.start(), "the server starts again");
    for read in reads {
        let read = read.await.expect("it ends").expect("it waited");
        assert_eq!(read.len(), 2);
    }
}
