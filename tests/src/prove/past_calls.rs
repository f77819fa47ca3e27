//! Proof of imported call history: records of VICIdial and Asterisk are imported twice with the real program.
//! Each record counts once, differences are listed, and no dial of ours is invented. The files are in
//! `fixtures/cdr/`.

use super::{Form, Proof, quick_campaign};
use crate::history::{History, member};
use crate::program::{command, fail, ledgerline, run, run_json};
use crate::server::Server;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The rows of an additional file in the long form, each of another number.
const LONG_ROWS: usize = 20_000;

/// The events that an import must not create.
const OURS: [&str; 6] = [
    "call.permitted",
    "call.dialing",
    "call.ended",
    "customer.dial_granted",
    "number.dial_granted",
    "customer.consent_recorded",
];

pub(crate) fn prove(form: Form) -> Proof {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    begin(folder.path(), &data);
    let asterisk = ["asterisk_history.csv"].map(fixture);
    let vicidial = [
        "vicidial_log.csv",
        "vicidial_carrier_log.csv",
        "vicidial_list.csv",
    ]
    .map(fixture);
    let mut wrong = Vec::new();
    let mut checked = |what: &str, reply: &Value, wanted: &[(&str, Value)]| {
        for (pointer, value) in wanted {
            if member(reply, pointer) != value {
                wrong.push(format!(
                    "{what} {pointer}: {} not {value}",
                    member(reply, pointer)
                ));
            }
        }
    };
    let first = import(&data, "asterisk", &asterisk, &[]);
    checked("asterisk", &first, &counts(4, 0, 4, 2));
    let again = import(&data, "asterisk", &asterisk, &[]);
    checked("asterisk again", &again, &counts(0, 4, 0, 2));
    let first = import(&data, "vicidial", &vicidial, &["--reconcile"]);
    checked("vicidial", &first, &counts(5, 0, 5, 2));
    checked(
        "differences",
        member(&first, "/differences"),
        &[
            ("/tables/only_in_log", json!(2)),
            ("/tables/only_in_carrier_log", json!(2)),
            ("/tables/called_count_differs", json!(1)),
            ("/outcome/missing_on_our_side", json!(3)),
            ("/outcome/bad_rows", json!(2)),
            ("/agrees", json!(false)),
        ],
    );
    let again = import(&data, "vicidial", &vicidial, &[]);
    checked("vicidial again", &again, &counts(0, 5, 0, 2));
    let many = (form == Form::Long).then(|| many(folder.path(), &data));
    if let Some(many) = &many {
        checked("many", many, &[("/of_twice", json!([LONG_ROWS, LONG_ROWS]))]);
    }
    let history = History::read(&data);
    let imported = |kind: &str| history.of(kind).count();
    let of_numbers = imported("number.history_imported");
    let of_people = imported("customer.history_imported");
    let invented: usize = OURS.iter().map(|kind| imported(kind)).sum();
    let events_wanted = if many.is_some() { 2 + LONG_ROWS } else { 2 };
    let holds = wrong.is_empty() && invented == 0 && of_numbers == events_wanted && of_people == 2;
    let line = json!({
        "proof": "history", "records": 9, "stored_twice": 0, "dials_invented": invented,
        "events": {"number": of_numbers, "customer": of_people}, "rows_of_the_long_form": many,
        "wrong": wrong,
    });
    Proof { line, holds }
}

fn counts(stored: u64, known: u64, of_people: u64, refused: u64) -> [(&'static str, Value); 5] {
    [
        ("/stored", json!(stored)),
        ("/known", json!(known)),
        ("/ours", json!(0)),
        ("/of_people", json!(of_people)),
        ("/refused", json!(refused)),
    ]
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/cdr")
        .join(name)
}

/// Creates a campaign with the one customer that has the number in the files.
fn begin(folder: &Path, data: &Path) {
    let campaign = folder.join("campaign.json");
    let people = folder.join("people.csv");
    let text = "customer_id,phone,customer_name,days\nC001,13800138000,测试,3\n";
    std::fs::write(&campaign, quick_campaign("HISTORY").to_string()).expect("a campaign can be written");
    std::fs::write(&people, text).expect("a list can be written");
    // A server creates the log at the present time of day: in a rehearsal's past the records would be in the
    // future. The import then needs no server.
    let mut serve = command(ledgerline());
    serve.arg("serve").arg("--data").arg(data);
    serve.args(["--http", "127.0.0.1:0"]);
    let mut server = Server::of(serve, data);
    if !(server.wait_ready() && server.drains()) {
        fail("an idle server did not start and stop cleanly");
    }
    let data = data.to_string_lossy();
    done(&["campaign", "create", &campaign.to_string_lossy(), "--data", &data]);
    done(&[
        "import",
        &people.to_string_lossy(),
        "--campaign",
        "HISTORY",
        "--data",
        &data,
    ]);
}

fn done(args: &[&str]) {
    let output = run(args);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        fail(&format!("{args:?}: {said}"));
    }
}

fn import(data: &Path, source: &str, files: &[PathBuf], more: &[&str]) -> Value {
    let files: Vec<String> = files
        .iter()
        .map(|file| file.to_string_lossy().into_owned())
        .collect();
    let data = data.to_string_lossy();
    let mut args = vec!["import-history", source];
    args.extend(files.iter().map(String::as_str));
    args.extend(["--utc-offset", "+08:00", "--json", "--data", &data]);
    args.extend(more);
    match run_json(&args) {
        // The exit code is 1 if rows were refused.
        Ok((status, reply)) if status.code() == Some(i32::from(member(&reply, "/refused") != &json!(0))) => {
            reply
        }
        other => fail(&format!("{args:?}: {other:?}")),
    }
}

/// Imports a large file twice: all of it the first time, nothing the second.
fn many(folder: &Path, data: &Path) -> Value {
    let file = folder.join("Master.csv");
    let rows: Vec<String> = (0..LONG_ROWS)
        .map(|index| {
            format!(
                "\"\",\"02155550100\",\"139{index:08}\",\"out\",\"\",\"PJSIP/a\",\"PJSIP/b\",\"Dial\",\"\",\
                 \"2026-03-02 10:00:00\",\"\",\"2026-03-02 10:00:20\",20,0,\"NO ANSWER\",\"DOCUMENTATION\",\
                 \"1772416800.{index}\",\"\"\n"
            )
        })
        .collect();
    std::fs::write(&file, rows.concat()).expect("a file can be written");
    let first = import(data, "asterisk", std::slice::from_ref(&file), &[]);
    let again = import(data, "asterisk", &[file], &[]);
    json!({ "of_twice": [member(&first, "/stored"), member(&again, "/known")] })
}
