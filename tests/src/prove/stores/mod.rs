//! Proof of stores under kill -9: what was acknowledged is there, once, at the position that was reported,
//! and nothing is torn.
//!
//! A writing process is killed at random moments on SQLite and on PostgreSQL; then PostgreSQL itself is
//! killed under a writing process, which continues by itself when the server is back; and it hangs under
//! `serve`.

mod acknowledged_events;
mod database_faults;

use super::{Form, Proof};
use crate::history::member;
use crate::passing_time::{HUNG_AFTER, time_left};
use crate::postgres::{DURABLE_SETTINGS, PostgresServer};
use crate::program::{Program, command, deadline, instant};
use acknowledged_events::{AcknowledgedEvents, StoreComparison};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// The most acknowledgements before a kill.
const BEFORE_KILL_MAX: u64 = 120;

/// The reason why PostgreSQL is skipped.
const MISSING: &str = "it is not installed (apt-get install postgresql)";

struct Counts {
    writer_kills: u64,
    server_kills: u64,
}

pub(crate) fn prove(form: Form) -> Proof {
    let counts = match form {
        Form::Short => Counts {
            writer_kills: 10,
            server_kills: 2,
        },
        Form::Long => Counts {
            writer_kills: 200,
            server_kills: 20,
        },
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let sqlite = kill_writers(
        &format!("sqlite:{}", folder.path().display()),
        counts.writer_kills,
    );
    let under_serve = match PostgresServer::start() {
        Some(server) => database_faults::prove(form, &server),
        None => json!({"skipped": MISSING}),
    };
    let (postgres, server, holds) = match (PostgresServer::start(), PostgresServer::start()) {
        (Some(first), Some(second)) => {
            let settings = durable(&first);
            let writers = kill_writers(&first.url(), counts.writer_kills);
            let server = kill_server(&second, counts.server_kills);
            let holds = writers.holds() && server.holds() && settings.is_some();
            let said = json!({"settings": settings, "writer_killed": writers.line()});
            (said, server.line(), holds)
        }
        (_, _) => {
            let skipped = json!({"skipped": MISSING});
            (skipped.clone(), skipped, true)
        }
    };
    let is_held = member(&under_serve, "/holds") == true || member(&under_serve, "/skipped").is_string();
    Proof {
        holds: holds && sqlite.holds() && is_held,
        line: json!({"proof": "stores", "sqlite": sqlite.line(), "postgres": postgres,
            "postgres_server_killed": server, "postgres_under_serve": under_serve}),
    }
}

/// Returns the settings that durability depends on; `None` unless all are on.
fn durable(server: &PostgresServer) -> Option<Vec<String>> {
    DURABLE_SETTINGS
        .iter()
        .map(|name| {
            let value = server.show(name);
            (value == "on").then(|| format!("{name}={value}"))
        })
        .collect()
}

fn writer(spec: &str) -> Program {
    let own = std::env::current_exe().expect("a running program has a path");
    let folder = own.parent().map_or_else(PathBuf::new, PathBuf::from);
    let mut command = command(folder.join("append_until_killed"));
    command.arg(spec);
    Program::start(command)
}

/// Returns a pseudo-random number that differs between kills but not between runs: a fixed linear congruence.
fn drawn(kill: u64) -> u64 {
    kill.wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
        >> 33
}

/// Starts a writer again and again, and kills it after some acknowledgements.
fn kill_writers(spec: &str, kills: u64) -> StoreComparison {
    let mut acknowledged = AcknowledgedEvents::default();
    let mut idle = 0;
    for kill in 0..kills {
        let mut writer = writer(spec);
        let wanted = drawn(kill) % BEFORE_KILL_MAX + 1;
        let mut taken = 0;
        while taken < wanted && acknowledged.take(writer.line(HUNG_AFTER, |_| true)) {
            taken += 1;
        }
        idle += u64::from(taken < wanted);
        writer.kill();
        // What it printed before it died was acknowledged too.
        while let Some(line) = writer.line(HUNG_AFTER, |_| true) {
            acknowledged.take(Some(line));
        }
    }
    acknowledged.compare(spec, kills, idle)
}

/// Kills the server under one writer, which must continue by itself each time.
fn kill_server(server: &PostgresServer, kills: u64) -> StoreComparison {
    let mut acknowledged = AcknowledgedEvents::default();
    let mut writer = writer(&server.url());
    let mut idle = 0;
    for kill in 0..kills {
        idle += u64::from(!acknowledged.take(writer.line(HUNG_AFTER, |_| true)));
        // The kill comes at a moment drawn at random.
        let moment = deadline(Duration::from_millis(100 + drawn(kill) % 400));
        while !time_left(moment).is_zero() && acknowledged.take(writer.line(time_left(moment), |_| true)) {}
        server.kill();
        server.restart();
        // Everything printed until now may be from before the kill; one append after it must follow.
        let until = deadline(HUNG_AFTER);
        let reached = acknowledged.head(&server.url());
        while acknowledged.last() <= reached && instant() < until {
            acknowledged.take(writer.line(HUNG_AFTER, |_| true));
        }
        idle += u64::from(acknowledged.last() <= reached || writer.ended().is_some());
    }
    writer.kill();
    while let Some(line) = writer.line(HUNG_AFTER, |_| true) {
        acknowledged.take(Some(line));
    }
    acknowledged.compare(&server.url(), kills, idle)
}
