//! The table of proofs by name: which of them `make test` runs in their short form, and why the others have
//! none.
//!
//! A tidy check compares `Makefile`, `docs/proofs.md`, `docs/proofs.zh-CN.md` and the closing line of
//! `make test` with this table.

use super::{Form, Proof};
use super::{
    access, api, as_of, audit, cases, chart, clients, clock, config, console, console_build, contract, crash,
    demo, exports, flow_simulation, forgetting, full_disk, gates, hostile, http, imports, inspect, keys,
    kurrent, metrics, night, nlu, oidc, past_calls, paused, private, projections, rebuild, replay, roles,
    rules, segments, sipp, spoken, stop, stores, subscribers, summary, tails, two_processes, wall, webhooks,
};

type ProofFn = fn(Form) -> Proof;

/// Every proof, as `make prove-NAME` runs it.
pub const PROOFS: &[(&str, ProofFn)] = &[
    ("access", access::prove),
    ("api", api::prove),
    ("as-of", as_of::prove),
    ("audit", audit::prove),
    ("axe", console::prove_axe),
    ("cases", cases::prove),
    ("chart", chart::prove),
    ("clients", clients::prove),
    ("clock", clock::prove),
    ("config", config::prove),
    ("console", console::prove),
    ("console-build", console_build::prove),
    ("contract", contract::prove),
    ("crash", crash::prove),
    ("entities", nlu::prove_entities),
    ("exports", exports::prove),
    ("flow-editor", console::prove_flow_editor),
    ("forgetting", forgetting::prove),
    ("full-disk", full_disk::prove),
    ("gates", gates::prove),
    ("history", past_calls::prove),
    ("hostile", hostile::prove),
    ("http", http::prove),
    ("import", imports::prove),
    ("inspect", inspect::prove),
    ("jdbc", imports::prove_jdbc),
    ("keys", |form| tails::join(|| keys::prove(form), form)),
    ("kurrent", kurrent::prove),
    ("metrics", metrics::prove),
    ("night", night::prove),
    ("nlu", nlu::prove_nlu),
    ("oidc", oidc::prove),
    ("paused", paused::prove),
    ("private", private::prove),
    ("projections", projections::prove),
    ("proof-badge", console::prove_badge),
    ("rebuild", rebuild::prove),
    ("replay", replay::prove),
    ("roles", roles::prove),
    ("roles-console", console::prove_roles),
    ("rules", rules::prove),
    ("seeds", demo::seeds),
    ("segments", segments::prove),
    ("simulate", flow_simulation::prove),
    ("simulation", demo::simulation),
    ("sipp", sipp::prove),
    ("speech-faults", spoken::prove_faults),
    ("spoken", spoken::prove),
    ("stop", stop::prove),
    ("stores", stores::prove),
    ("subscribers", subscribers::prove),
    ("summary", summary::prove),
    ("two-processes", two_processes::prove),
    ("wall", wall::prove),
    ("webhooks", webhooks::prove),
    ("words", console::prove_words),
];

/// Entries that are not proofs: a part that a proof runs in a process of its own, and the making of fixtures.
const INSIDE: &[(&str, ProofFn)] = &[
    ("audit-vectors", |_| audit::write_vectors()),
    ("full-disk-inside", full_disk::prove_inside),
    ("metrics-inside", |_| metrics::prove_inside()),
    ("endless-peers", hostile::prove_endless_peers),
    ("paused-inside", paused::prove_inside),
];

/// Runs the proof of this name; `None` if there is none.
pub fn run(name: &str, form: Form) -> Option<Proof> {
    let mut all = PROOFS.iter().chain(INSIDE);
    all.find(|(known, _)| *known == name)
        .map(|(_, prove)| prove(form))
}

/// Proofs without a short form, and why.
pub const LONG_ONLY: &[(&str, &str)] = &[
    (
        "api",
        "ten minutes of made-up requests; `contract` makes some of them",
    ),
    ("axe", "every page by axe-core and by keys; `console` opens three"),
    (
        "cases",
        "minutes of calls in real time; unit, contract and story tests hold each case",
    ),
    (
        "clients",
        "minutes of generating and compiling three clients; tests hold the contract and the golden names",
    ),
    (
        "console-build",
        "two installations of the console's packages; a tidy check holds the hash of the sources",
    ),
    (
        "flow-editor",
        "Chromium for minutes; the designer's own tests edit flows",
    ),
    ("proof-badge", "part of the long form of `console`"),
    (
        "roles-console",
        "every role's pages in Chromium; `roles` asks every route",
    ),
    (
        "wall",
        "it measures a share of a processor, which a machine that tests has not to spare",
    ),
    (
        "words",
        "every page in Chromium; a tidy check compares the catalogues",
    ),
];

/// The proofs that mostly wait for real time, or use one core, in groups of lanes: the lanes of a group run
/// in parallel, the short forms of a lane one after another. The first proofs of a lane take less time than
/// the longest lane of the group, so that later ones cost no extra time, and not all servers start at once.
///
/// A short form judges no time, but proofs with many calls or a load need the processors more than others:
/// `hostile` and `stop` are grouped with those that simulate a day by the clock, spoken calls with a night,
/// and `rebuild` runs alone. Proofs that compute are grouped together.
pub const WAITING: &[&[&[&str]]] = &[
    // Attacks and stops under load, beside proofs that mostly wait.
    &[
        &["hostile"],
        &["stop", "clock"],
        &["seeds"],
        &["two-processes"],
        &["full-disk"],
    ],
    &[
        &["forgetting"],
        &["access", "gates", "paused"],
        &["roles"],
        &["contract"],
        &["summary", "audit"],
        &["kurrent", "stores"],
        &["import", "jdbc", "projections", "as-of"],
        &["console", "nlu", "entities", "config", "private"],
        &["oidc", "inspect", "webhooks", "subscribers", "chart"],
    ],
    // Calls in real time, beside proofs that use one thread.
    &[
        &["spoken"],
        &["speech-faults"],
        &["http"],
        &["night"],
        &["crash"],
        &["simulation"],
        &["exports", "keys"],
    ],
];

/// The proofs with conversations and load in real time. Proofs beside them run with lower priority, as
/// if they were on another machine.
pub const FIRST: &[&str] = &["hostile", "stop", "spoken", "speech-faults", "night"];

/// The proofs that `make test` runs in their short form, and what that form is.
pub const SHORT: &[(&str, &str)] = &[
    (
        "crash",
        "2 kills at random moments and 3 at an fsync, instead of 20 and every one",
    ),
    (
        "config",
        "20 generated configurations instead of 200; all 40 faulty ones and the started server all the same",
    ),
    (
        "console",
        "home, campaign and call in Chromium, instead of every page, role and altered proof",
    ),
    (
        "chart",
        "3 of 13 sets of values are linted and validated; every set is rendered and checked, every invalid one refused",
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
        "1,200 texts and as many values that are said, instead of 30,000; 240 of them written to a server",
    ),
    (
        "simulate",
        "the card instalment with 1,000 callers of one seed, twice, instead of every shipped flow and three seeds",
    ),
    ("import", "5,000 rows and two kills instead of 1,000,000 and 20"),
    ("jdbc", "2,000 rows of each database instead of 100,000"),
    (
        "rules",
        "1,000 random cases instead of 20,000; every prepared one all the same",
    ),
    (
        "roles",
        "two campaigns of 2 people instead of 6, every 16th route that a key's scope is not for; every role, route, id and body all the same",
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
        "2 days of 50 calls twice, instead of 200 of 1,000, in the debug build",
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
        "24 s of made-up requests against the published description, instead of 5 minutes",
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
        "24 people under attack, attacks that do not disturb one another at once, all kinds of silent connections at once, growing SQL one question at a time on each database, 300 readers of a short log, an import of 6,000 rows and 5 s of broken SIP, people who soon hang up and 4 s for the question that only its time ends, no guesses of passwords and sealed values, streams of viewers, webhook of a disabled owner, RTP of neighbours and endless peers, instead of 400, of each kind alone too, of 30 questions at once too, of a long log and a reader who waits for a slow one's place, of 200,000 rows and of 120 s",
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
    (
        "paused",
        "12 reasons that need no wait, no database server and no small disk, instead of all 28",
    ),
    (
        "private",
        "2 people called of 100 instead of 40, traces searched as bytes; which spans follow from one another, and what metrics and traces cost, in the long form",
    ),
    ("inspect", "8 numbers and times of 9 people instead of 50 of 60"),
    ("sipp", "every scenario but four that listen to a whole call"),
    (
        "speech-faults",
        "one kind of engine, 5 of 9 ways to fail in 3 calls each, instead of five kinds, all ways and 50 calls; silences are only reported",
    ),
    (
        "spoken",
        "one caller of each story instead of 6, three of the eight of PocketSphinx; every engine all the same; replies, stops and silences are only reported",
    ),
    (
        "stop",
        "1 stop of each scope with 200 calls in flight, instead of 20",
    ),
    (
        "night",
        "240 people over one closing and opening, killed once with conversations open, instead of 10,000 and three kills",
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
        "metrics",
        "promtool on rules, their unit tests, dashboard and one scrape, instead of Prometheus through 200 calls and a fault for each rule",
    ),
    (
        "kurrent",
        "5,000 events per client and 6 people on a log in KurrentDB, instead of 100,000 and 30",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_proof_has_a_short_form_or_a_reason_for_none() {
        let proofs: Vec<&str> = PROOFS.iter().map(|(name, _)| *name).collect();
        let forms: Vec<&str> = SHORT.iter().chain(LONG_ONLY).map(|(name, _)| *name).collect();
        let once = |names: &[&str]| names.iter().copied().collect::<BTreeSet<_>>().len() == names.len();
        assert!(once(&proofs) && once(&forms));
        assert_eq!(
            proofs.into_iter().collect::<BTreeSet<_>>(),
            forms.into_iter().collect()
        );
    }

    #[test]
    fn what_waits_or_comes_first_has_a_short_form() {
        let lanes = WAITING.concat().concat();
        for name in lanes.iter().chain(FIRST) {
            assert!(SHORT.iter().any(|(short, _)| short == name), "{name}");
        }
    }
}
