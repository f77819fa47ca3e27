//! The proofs: each works on the real binary, prints one JSON line, and fails on any violation.
//!
//! `make test` runs `short`, which says of each proof what its short form is; `make prove-…` runs the long
//! one.

mod access;
mod api;
mod as_of;
mod audit;
mod brief_people;
mod clock;
mod console;
mod contract;
mod crash;
mod demo;
mod exports;
mod forgetting;
mod forgotten_copies;
mod forgotten_keys;
mod full_disk;
mod gates;
mod hostile;
mod http;
mod imports;
mod inspect;
mod keys;
mod kurrent;
mod night;
mod nlu;
mod oidc;
mod other_tools;
mod past_calls;
mod projections;
mod rebuild;
mod reconcile;
mod rehearsed;
mod replay;
mod roles;
mod rules;
mod segments;
mod sipp;
mod spoken;
mod stop;
mod stores;
mod subscribers;
mod summary;
pub mod table;
mod tails;
mod two_processes;
mod wall;
mod webhooks;

pub use crash::{BUNDLED_TEXT, quick_campaign, records};

use serde_json::{Value, json};

/// What a proof found: the line it prints, and whether all of it holds.
pub struct Proof {
    pub line: Value,
    pub holds: bool,
}

/// How far a proof goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Short,
    Long,
}

<<<<<<< HEAD
=======
/// Runs the proof of this name; `None` when there is none.
pub fn run(name: &str, form: Form) -> Option<Proof> {
    match name {
        "access" => Some(access::prove(form)),
        "api" => Some(api::prove(form)),
        "as-of" => Some(as_of::prove(form)),
        "audit" => Some(audit::prove(form)),
        "audit-vectors" => Some(audit::write_vectors()),
        "seeds" => Some(demo::seeds(form)),
        "two-processes" => Some(two_processes::prove(form)),
        "clock" => Some(clock::prove(form)),
        "console" => Some(console::prove(form)),
        "axe" => Some(console::prove_axe(form)),
        "roles-console" => Some(console::prove_roles(form)),
        "proof-badge" => Some(console::prove_badge(form)),
        "flow-editor" => Some(console::prove_flow_editor(form)),
        "words" => Some(console::prove_words(form)),
        "wall" => Some(wall::prove(form)),
        "contract" => Some(contract::prove(form)),
        "crash" => Some(crash::prove(form)),
        "exports" => Some(exports::prove(form)),
        "forgetting" => Some(forgetting::prove(form)),
        "full-disk" => Some(full_disk::prove(form)),
        "full-disk-inside" => Some(full_disk::prove_inside(form)),
        "gates" => Some(gates::prove(form)),
        "history" => Some(past_calls::prove(form)),
        "hostile" => Some(hostile::prove(form)),
        "http" => Some(http::prove(form)),
        "import" => Some(imports::prove(form)),
        "jdbc" => Some(imports::prove_jdbc(form)),
        "inspect" => Some(inspect::prove(form)),
        "keys" => Some(tails::join(|| keys::prove(form), form)),
        "projections" => Some(projections::prove(form)),
        "rebuild" => Some(rebuild::prove(form)),
        "nlu" => Some(nlu::prove_nlu(form)),
        "entities" => Some(nlu::prove_entities(form)),
        "oidc" => Some(oidc::prove(form)),
        "replay" => Some(replay::prove(form)),
        "roles" => Some(roles::prove(form)),
        "rules" => Some(rules::prove(form)),
        "segments" => Some(segments::prove(form)),
        "sipp" => Some(sipp::prove(form)),
        "speech-faults" => Some(spoken::prove_faults(form)),
        "spoken" => Some(spoken::prove(form)),
        "stop" => Some(stop::prove(form)),
        "subscribers" => Some(subscribers::prove(form)),
        "summary" => Some(summary::prove(form)),
        "webhooks" => Some(webhooks::prove(form)),
        "kurrent" => Some(kurrent::prove(form)),
        "stores" => Some(stores::prove(form)),
        "simulation" => Some(demo::simulation(form)),
        _ => None,
    }
}

/// Proofs that wait for real time, or for one core, more than they work, in groups of lanes: the lanes of a
/// group run at once, the short forms of a lane one after another. A lane's first wait less than the longest
/// of the group, so that those behind them cost no time of their own, and not all servers begin at once.
///
/// In no group are two that measure what other proofs on the same processors would be part of: `rebuild` its
/// slowest read, and `hostile`, whose last attack holds the dials beside an import to those before it (its
/// other attacks it makes at once, before that); and two that work all the time and beside others would end
/// no sooner: `projections` and `as-of`.
pub const WAITING: &[&[&[&str]]] = &[
    &[
        &["simulation"],
        &["kurrent"],
        &["stores"],
        &["exports", "keys"],
        &["contract"],
        &["roles"],
    ],
    &[
        &["crash"],
        &["two-processes"],
        &["seeds"],
        &["audit"],
        &["forgetting"],
        &["summary", "gates"],
        &["access"],
        &["console"],
        &["oidc"],
        &["nlu", "entities"],
        &["inspect"],
        &["webhooks", "subscribers"],
    ],
    // Replies are measured here, as people would hear them,
    &[&["spoken"]],
    // and silences here, beside those that mostly wait.
    &[&["speech-faults"], &["http"], &["sipp", "clock"], &["full-disk"]],
];

/// Those that hold a limit of time, which what else the machine does can break: they are asked again, alone.
pub const MEASURING: &[&str] = &["rebuild", "hostile", "stop", "spoken", "speech-faults"];

/// The proofs that `make test` runs in their short form, and what that form is.
pub const SHORT: &[(&str, &str)] = &[
    (
        "crash",
        "2 kills at random moments and 3 at an fsync, instead of 20 and every one",
    ),
    (
        "console",
        "home, campaign and call in Chromium, instead of every page, role and altered proof",
    ),
    (
        "clock",
        "6 h forward before the window opens and 3 s back before it closes, instead of five clocks at both edges and four starts",
    ),
    (
        "oidc",
        "the first refused attempt on record, instead of every one",
    ),
    (
        "nlu",
        "the Chinese set in five folds; banking77 in five folds, CLINC150 and the recipe for an encoder in the long form",
    ),
    (
        "entities",
        "1,200 texts and as many values that are said, instead of 30,000",
    ),
    (
        "rules",
        "1,000 random cases instead of 20,000; every prepared one all the same",
    ),
    (
        "roles",
        "two campaigns of 2 people instead of 6; every role, route and id all the same",
    ),
    (
        "segments",
        "60 made-up segments of 120 people instead of 400 of 600, and the required one",
    ),
    (
        "history",
        "nine records of both systems twice, instead of 20,000 more",
    ),
    ("two-processes", "20 customers instead of 200"),
    ("seeds", "1 other seed with 30 customers, instead of 10 with 200"),
    (
        "simulation",
        "2 days of 100 calls twice, instead of 200 of 1,000, in the debug build",
    ),
    (
        "stores",
        "10 kills of a writer on SQLite and on PostgreSQL and 2 of PostgreSQL, which also hangs under a server, instead of 200, 200 and 20, and of a server whose database is killed and read-only too",
    ),
    (
        "audit",
        "4 customers, one byte of every event and every byte of one, every 17th byte of a bundle, instead of 20, 20 and all",
    ),
    (
        "forgetting",
        "20 persons called, erased and searched for, instead of 200",
    ),
    (
        "rebuild",
        "1.5 s of load over 5,000 events on each database, instead of 30 s over 200,000",
    ),
    (
        "projections",
        "4 kills while 20,000 events are projected on each database, instead of 40 and 1,000,000",
    ),
    (
        "as-of",
        "10 positions, instants and truths of a log of three days, instead of 100 and of PostgreSQL too",
    ),
    ("exports", "20,000 calls in each format, instead of a million"),
    (
        "contract",
        "20 s of made-up requests against the published description, instead of 5 minutes",
    ),
    (
        "keys",
        "4 mixtures of log and keys and 2 shortened logs on SQLite, instead of 7 and 3 on it and on PostgreSQL",
    ),
    (
        "full-disk",
        "2 fillings of the disk, at once, and people who soon hang up, instead of 10 one after another",
    ),
    (
        "hostile",
        "24 people under attack, attacks that do not disturb one another at once, all kinds of silent connections at once, growing SQL one question at a time on each database, 300 readers of a short log, an import of 6,000 rows and 5 s of broken SIP, people who soon hang up and 4 s for the question that only its time ends, instead of 400, of each kind alone too, of 30 questions at once too, of a long log and a reader who waits for a slow one's place, of 200,000 rows and of 120 s",
    ),
    (
        "http",
        "5 streams and 5 sockets open at each stop, instead of 100; certificates and PostgreSQL over TLS whole",
    ),
    (
        "replay",
        "60 recorded calls instead of 1,000, 2 of them alone and 1 as a bundle instead of 20 and 5",
    ),
    (
        "gates",
        "a test of 205 people on the rehearsal carrier: the 201st waits; promotions without evidence are refused",
    ),
    (
        "summary",
        "30 spoken calls and 20 people called instead of 400 and 150, the words of 2 instead of 20",
    ),
    ("inspect", "8 numbers and times of 9 people instead of 50 of 60"),
    ("sipp", "every scenario"),
    (
        "speech-faults",
        "one kind of engine, 5 of 9 ways to fail in 3 calls each, instead of five kinds, all ways and 50 calls; silences half as long again",
    ),
    (
        "spoken",
        "one caller of each story instead of 6, three of the eight of PocketSphinx; every engine all the same; times half as much again, since other steps run beside it",
    ),
    (
        "stop",
        "1 stop of each scope with 200 calls in flight, instead of 20",
    ),
    (
        "access",
        "4 people called of 100 instead of 40; every operation, name and number all the same",
    ),
    (
        "subscribers",
        "3 readers cut at random over 20,000 events and 20 that read nothing, instead of 6 over 1,000,000 and 100",
    ),
    (
        "webhooks",
        "200 people called while the receiver refuses, is slow and restarts, instead of 2,000",
    ),
    (
        "kurrent",
        "5,000 events per client and 6 people on a log in KurrentDB, instead of 100,000 and 30",
    ),
];

>>>>>>> h3
/// A proof that cannot run here; said on a line of its own and counted.
fn skipped(name: &str, reason: &str) -> Proof {
    Proof {
        line: json!({"proof": name, "skipped": reason}),
        holds: true,
    }
}
