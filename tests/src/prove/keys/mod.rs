//! Proof about keys and logs that do not belong together: each combination is refused, with what to do,
//! before anything is written or dialed, on both stores. A restore of older keys opens the log, and customers
//! that cannot be read are not dialed.
//!
//! Each log has customers that are due: if a server opened it wrongly and dialed, the carrier would notice.
//! At the end the log is served with its own keys and the customers are dialed, which shows that the check
//! works.

mod installation;

use super::{Form, Proof, kurrent, short_call_customers};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::{command, copy_folder, fail, ledgerline, run_json};
use installation::{
    DueInstallation, copy_file, end, files_of, make, make_folder, serve_args, served, state_of, text,
};
use serde_json::json;
use std::path::Path;
use std::process::Output;

const CAMPAIGN: &str = "KEYS";

/// The carrier's seed.
const SEED: u64 = 7;

/// The number of customers imported before the copy of the keys that is put back, and after it.
const BATCH: u32 = 3;

/// How long a command that should be refused may run, in seconds; a server that was accepted is then ended.
const REFUSED_WITHIN_S: &str = "20";

/// What each refusal must contain: that nothing was changed, and what to do.
const SAYS: [&str; 2] = ["Nothing was changed", "keys"];

/// A keys folder composed of files of two installations.
struct Mixture {
    name: &'static str,
    /// Each file and where it is taken from.
    files: &'static [(&'static str, FileOrigin)],
}

#[derive(Clone, Copy)]
enum FileOrigin {
    Own,
    Older,
    Foreign,
}

const MASTER: &str = "master.key";
const DATABASE: &str = "keys.db";

/// The combinations; the first ones are in a short proof too.
const MIXTURES: &[Mixture] = &[
    Mixture {
        name: "foreign",
        files: &[(MASTER, FileOrigin::Foreign), (DATABASE, FileOrigin::Foreign)],
    },
    Mixture {
        name: "older",
        files: &[(MASTER, FileOrigin::Own), (DATABASE, FileOrigin::Older)],
    },
    Mixture {
        name: "foreign master key",
        files: &[(MASTER, FileOrigin::Foreign), (DATABASE, FileOrigin::Own)],
    },
    Mixture {
        name: "none",
        files: &[],
    },
    Mixture {
        name: "foreign keys.db",
        files: &[(MASTER, FileOrigin::Own), (DATABASE, FileOrigin::Foreign)],
    },
    Mixture {
        name: "no keys.db",
        files: &[(MASTER, FileOrigin::Own)],
    },
    Mixture {
        name: "no master key",
        files: &[(DATABASE, FileOrigin::Own)],
    },
];

/// The number of combinations in a short proof.
const SHORT_MIXTURES: usize = 4;

/// What was found so far.
#[derive(Default)]
struct KeyCheckResults {
    refused: u32,
    wrong: Vec<String>,
}

pub(crate) fn prove(form: Form) -> Proof {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = short_call_customers::carrier(form, folder.path(), SEED);
    let mixtures = match form {
        Form::Short => MIXTURES.get(..SHORT_MIXTURES).unwrap_or(MIXTURES),
        Form::Long => MIXTURES,
    };
    let mut found = KeyCheckResults::default();
    let foreign = make(folder.path(), "foreign", None);
    let own = make(folder.path(), "own", None);
    try_mixtures(&own, &foreign, mixtures, &carrier, &mut found);
    let unreadable = restore_older(&own, &carrier, &mut found);
    let readable = dial_own(&own, &carrier, &mut found);
    let server = if form == Form::Long {
        PostgresServer::start()
    } else {
        None
    };
    let postgres = match server {
        Some(server) => {
            let shared = make(folder.path(), "shared", Some(server.url()));
            try_mixtures(&shared, &foreign, mixtures, &carrier, &mut found);
            json!({"dialed_under_own_keys": dial_own(&shared, &carrier, &mut found)})
        }
        None if form == Form::Short => json!("in the long proof"),
        None => json!({"skipped": "it is not installed (apt-get install postgresql)"}),
    };
    let kurrent = match form {
        Form::Short => json!("in the proof of KurrentDB"),
        Form::Long => kurrent::check_refused_keys(),
    };
    let is_kurrent_held = member(&kurrent, "/holds") != false;
    let holds = is_kurrent_held && found.wrong.is_empty() && unreadable == u64::from(BATCH) && readable > 0;
    let line = json!({"proof": "keys", "mixtures": mixtures.len(), "refused": found.refused,
        "unreadable_after_restore": unreadable, "dialed_under_own_keys": readable, "postgres": postgres,
        "kurrent": kurrent, "wrong": found.wrong});
    Proof { line, holds }
}

/// Runs every command that opens log and keys, with every combination.
fn try_mixtures(
    own: &DueInstallation,
    foreign: &DueInstallation,
    mixtures: &[Mixture],
    carrier: &CarrierProcess,
    found: &mut KeyCheckResults,
) {
    let before = (state_of(own), carrier.lines().len());
    for (index, mixture) in mixtures.iter().enumerate() {
        let keys = own.data.with_extension(format!("mixture-{index}"));
        compose(mixture, own, foreign, &keys);
        let keys_before = files_of(&keys);
        for args in commands(own, &keys, &carrier.trunk()) {
            let output = bounded(&args);
            found.hold_refused(mixture.name, &args, &output);
        }
        if files_of(&keys) != keys_before {
            found
                .wrong
                .push(format!("{}: the key store was written to", mixture.name));
        }
        if state_of(own) != before.0 {
            found
                .wrong
                .push(format!("{}: the log was written to", mixture.name));
        }
    }
    let invites = carrier.lines().len() - before.1;
    if invites > 0 {
        found.wrong.push(format!("{invites} people got an INVITE"));
    }
}

/// Returns the commands that open both: the server, a command that writes by itself, one that signs, and one
/// that only reads.
fn commands(own: &DueInstallation, keys: &Path, trunk: &str) -> Vec<Vec<String>> {
    let place = |words: &[&str]| {
        let mut args: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        args.extend([
            "--data".to_owned(),
            text(&own.data),
            "--keys".to_owned(),
            text(keys),
        ]);
        if let Some(store) = &own.store {
            args.extend(["--store".to_owned(), store.clone()]);
        }
        args
    };
    let mut all = vec![
        serve_args(own, keys, Some(trunk)),
        place(&["audit", "trail"]),
        place(&["audit", "checkpoint"]),
        place(&["doctor"]),
    ];
    if own.store.is_none() {
        all.push(place(&["keys", "rotate"]));
    }
    all
}

impl KeyCheckResults {
    fn hold_refused(&mut self, name: &str, args: &[String], output: &Output) {
        let command = args.iter().take(2).cloned().collect::<Vec<_>>().join(" ");
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let code = output.status.code();
        // A rotation refuses keys that do not open with a text of its own.
        let is_explained = command == "keys rotate" || SAYS.iter().all(|word| said.contains(word));
        if matches!(code, Some(1 | 3 | 4)) && is_explained {
            self.refused += 1;
            return;
        }
        self.wrong
            .push(format!("{name}: {command} ended with {code:?}: {said}"));
    }
}

/// Restores the older keys with `keys restore` in a copy of the log: the server starts, reports who cannot be
/// read, and dials only the others. Returns how many cannot be read.
fn restore_older(own: &DueInstallation, carrier: &CarrierProcess, found: &mut KeyCheckResults) -> u64 {
    let copy = DueInstallation {
        data: own.data.with_extension("copy"),
        store: None,
        keys: own.data.with_extension("copy-keys"),
        older_keys: own.older_keys.clone(),
        older_backup: own.older_backup.clone(),
    };
    copy_folder(&own.data, &copy.data);
    // Without a key the log is read as stored: sealed.
    let read = History::read(&copy.data);
    if !format!("{:?}", read.events).contains("sealed") {
        found
            .wrong
            .push("a log without keys does not show the sealed form".to_owned());
    }
    make_folder(&copy.keys);
    copy_file(&own.keys, &copy.keys, MASTER);
    let restored = run_json(&[
        "keys",
        "restore",
        &text(&copy.older_backup),
        "--data",
        &text(&copy.data),
        "--keys",
        &text(&copy.keys),
    ]);
    let unreadable = match restored {
        Ok((_, reply)) => member(&reply, "/unreadable_people").as_u64().unwrap_or(0),
        Err(why) => fail(&why),
    };
    let before = carrier.lines().len();
    let mut server = served(&copy, &copy.keys, Some(&carrier.trunk()));
    let mut by_key = 0;
    let settled = server.follow_events("kind=customer.enrolment_settled", HUNG_AFTER, |event| {
        by_key += usize::from(member(event, "/data/rule") == "key_missing");
        (by_key == BATCH as usize).then_some(())
    });
    let settled = settled.filter(|()| carrier.has_more_than(before, HUNG_AFTER));
    end(&mut server);
    let history = History::read(&copy.data);
    let mut dialed: Vec<&str> = history
        .of("call.dialing")
        .filter_map(|one| member(one, "/customer").as_str())
        .collect();
    dialed.sort_unstable();
    dialed.dedup();
    if settled.is_none() {
        let (settled, dialed) = (by_key, carrier.lines().len() - before);
        found.wrong.push(format!(
            "of {BATCH} without a key {settled} settled; of the others {dialed} were dialed"
        ));
    }
    if dialed.len() > BATCH as usize {
        found.wrong.push(format!(
            "{} people were dialed, {BATCH} can be read",
            dialed.len()
        ));
    }
    unreadable
}

/// The control: with the log's own keys its customers are dialed. Returns the number of INVITEs at the
/// carrier.
fn dial_own(own: &DueInstallation, carrier: &CarrierProcess, found: &mut KeyCheckResults) -> usize {
    let before = carrier.lines().len();
    let mut server = served(own, &own.keys, Some(&carrier.trunk()));
    let dialed = server.follow_events("kind=call.dialing", HUNG_AFTER, |_| Some(()));
    let dialed = dialed.filter(|()| carrier.has_more_than(before, HUNG_AFTER));
    // The log is not needed any more, nor the end of its calls.
    server.program.kill();
    if dialed.is_none() {
        found
            .wrong
            .push("with its own keys no customer of the log is dialed".to_owned());
    }
    carrier.lines().len() - before
}

fn compose(mixture: &Mixture, own: &DueInstallation, foreign: &DueInstallation, keys: &Path) {
    make_folder(keys);
    for (file, origin) in mixture.files {
        let from = match origin {
            FileOrigin::Own => &own.keys,
            FileOrigin::Older => &own.older_keys,
            FileOrigin::Foreign => &foreign.keys,
        };
        copy_file(from, keys, file);
    }
}

fn bounded(args: &[String]) -> Output {
    let mut program = command("timeout");
    program.arg(REFUSED_WITHIN_S).arg(ledgerline()).args(args);
    program.output().expect("coreutils has timeout")
}
