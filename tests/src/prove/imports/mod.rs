//! Proof of large imports: a list in GBK is imported and killed again and again. Each valid row is enrolled
//! once, the report names every bad row, memory stays limited, and after an undo no customer of the list is
//! due.

mod databases;

pub(super) use databases::prove as prove_jdbc;

use super::{BUNDLED_TEXT, Form, Proof};
use crate::history::member;
use crate::passing_time::{HUNG_AFTER, at_each_beat};
use crate::program::{Program, command, ledgerline};
use crate::server::Server;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// A trunk without a carrier: this proof makes no calls.
const NO_TRUNK: &str = "sip:127.0.0.1:9";

/// The longest time of one import to its end, in a debug build on a busy machine.
const IMPORTED_WITHIN: Duration = Duration::from_secs(3_600);

/// The most resident memory of the server, in KiB.
const RESIDENT_KB_MAX: u64 = 256 * 1024;

/// Every how many rows one has an invalid phone, and one a stray quote.
const BAD_PHONE_EVERY: u32 = 1_000;
const STRAY_QUOTE_EVERY: u32 = 2_500;

/// Returns a campaign that accepts imports.
pub(super) fn campaign(id: &str) -> Value {
    json!({
        "task_id": id,
        "script_template": BUNDLED_TEXT,
        "duplicates": "by_customer",
        "schedule": {"start_time": "09:00", "end_time": "18:00", "max_concurrent": 50},
    })
}

/// Writes the list. Returns how many rows are bad.
fn write_list(path: &Path, rows: u32) -> u64 {
    let mut file = BufWriter::new(File::create(path).expect("a file can be made"));
    let mut bad = 0;
    let mut put = |line: &str| {
        let (bytes, _, _) = encoding_rs::GBK.encode(line);
        file.write_all(&bytes).expect("a file can be written");
    };
    put("客户ID,手机号,姓名,城市\n");
    for row in 1..=rows {
        let phone = match row {
            _ if row % BAD_PHONE_EVERY == 0 => "12345".to_owned(),
            _ if row % STRAY_QUOTE_EVERY == 7 => format!("\"138{row:08}"),
            _ => format!("138{row:08}"),
        };
        bad += u64::from(row % BAD_PHONE_EVERY == 0 || row % STRAY_QUOTE_EVERY == 7);
        put(&format!("C{row:08},{phone},测试,北京\n"));
    }
    bad
}

/// Starts an import of the whole list without waiting for it.
pub(super) fn begin_import(server: &Server, args: &[&str]) -> Program {
    let mut import = command(ledgerline());
    import.arg("import").args(args).arg("--json").args(server.named());
    Program::start(import)
}

/// Waits until the server has read so many rows of the import. Returns false if the import ends before.
fn has_read(server: &Server, import: &Program, rows: u32) -> bool {
    let read = || {
        let shown = server.get("/api/v1/imports").ok()?.body;
        member(&shown, "/items/0/rows").as_u64()
    };
    let mut reached = false;
    let ends = |beat| import.ends(beat).is_some();
    at_each_beat(IMPORTED_WITHIN, ends, || {
        reached = read().is_some_and(|read| read >= rows.into());
        !reached
    });
    reached
}

/// Returns the peak resident memory of a process in KiB.
fn resident_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
}

/// Undoes the list, and runs its campaign. Returns the reports, and whether the campaign completes by its
/// count.
fn undone(server: &Server, list: &str) -> (Value, bool) {
    let reason = ["--reason", "a proof", "--json"];
    let undo = [&["list", "undo", list], reason.as_slice()].concat();
    let undone = server.run_json(&undo).map(|(_, body)| body).unwrap_or_default();
    let shown = server
        .get(&format!("/api/v1/lists/{list}"))
        .map(|reply| reply.body);
    server.must_post("/api/v1/campaigns/IMPORT/start", &json!({}));
    let is_complete = server.is_completed("IMPORT", HUNG_AFTER);
    let result = json!({ "undone": undone, "list": shown.unwrap_or_default() });
    (result, is_complete)
}

pub(super) fn prove(form: Form) -> Proof {
    let (rows, kills) = match form {
        Form::Short => (5_000, 2),
        Form::Long => (1_000_000, 20),
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let list = folder.path().join("people.csv");
    let bad = write_list(&list, rows);
    let file = list.to_string_lossy().into_owned();
    let args = [file.as_str(), "--campaign", "IMPORT"];
    let (mut killed, mut resident) = (0, 0);
    for kill in 0..kills {
        let mut server = Server::start(&data, NO_TRUNK);
        if kill == 0 {
            server.must_post("/api/v1/campaigns", &campaign("IMPORT"));
        }
        let import = begin_import(&server, &args);
        // Each kill is at a later row, the last one near the end.
        let went_on = has_read(&server, &import, rows / (kills + 1) * (kill + 1));
        resident = resident.max(resident_kb(server.program.id()));
        server.program.kill();
        killed += u32::from(went_on);
    }
    let mut server = Server::start(&data, NO_TRUNK);
    let mut import = begin_import(&server, &args);
    import.wait(IMPORTED_WITHIN);
    let report: Value = import
        .seen()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .unwrap_or_default();
    resident = resident.max(resident_kb(server.program.id()));
    let list_id = member(&report, "/list").as_str().unwrap_or_default().to_owned();
    let before = server.get(&format!("/api/v1/lists/{list_id}"));
    let before = before.map(|reply| reply.body).unwrap_or_default();
    let (after, is_complete) = undone(&server, &list_id);
    let resident_undone = resident_kb(server.program.id());
    let drained = server.drains();
    let good = u64::from(rows) - bad;
    let count = |value: &Value, pointer: &str| member(value, pointer).as_u64();
    let checks = [
        ("killed_while_it_ran", killed == kills),
        ("report_enrolled", count(&report, "/enrolled") == Some(good)),
        ("report_bad", count(&report, "/bad_count") == Some(bad)),
        ("no_duplicates", count(&report, "/duplicates") == Some(0)),
        ("enrolled_once", count(&before, "/enrolled") == Some(good)),
        ("all_wait", count(&before, "/waiting") == Some(good)),
        ("undone_withdrawn", count(&after, "/list/withdrawn") == Some(good)),
        ("nobody_due", count(&after, "/list/waiting") == Some(0)),
        ("complete_by_its_count", is_complete),
        ("bounded", resident <= RESIDENT_KB_MAX),
        ("drained", drained),
    ];
    let violations: Vec<&str> = checks
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(name, _)| *name)
        .collect();
    Proof {
        holds: violations.is_empty(),
        line: json!({ "proof": "import", "rows": rows, "bad": bad, "kills": kills, "killed_while_it_ran": killed,
            "enrolled": member(&before, "/enrolled"), "resident_kb_max": resident, "resident_kb_max_undone": resident_undone,
            "withdrawn": member(&after, "/list/withdrawn"), "violations": violations }),
    }
}
