//! Proof of exports: a million calls in each format are read back by external libraries, value by value, as
//! the rows they were. An export that meets a full disk leaves no file, and does not disturb the server.

use super::external_programs::{build_folder, python_with};
use super::{Form, Proof, skipped};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{command, instant, ledgerline, run_json};
use crate::server::Server;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

const COLUMNS: &str = "call,campaign,number,attempt,caller,permitted_at,permitted_time,answered_at,disposition,\
                       talk_ms,first_position";
const FORMATS: [&str; 4] = ["csv", "jsonl", "xlsx", "parquet"];

pub(super) fn prove(form: Form) -> Proof {
    let rows = match form {
        Form::Short => 20_000_u64,
        Form::Long => 1_000_000,
    };
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/exports");
    let python = match python_with(
        &client.join("requirements.txt"),
        &build_folder("export-readers", "python"),
    ) {
        Ok(python) => python,
        Err(why) => {
            return skipped(
                "exports",
                &format!("pyarrow and openpyxl cannot be installed: {why}"),
            );
        }
    };
    let script = client.join("client.py");
    let directory = tempfile::tempdir().expect("a temporary folder");
    let data = directory.path().join("data");
    stop(serve(&data));
    let mut wrong: Vec<String> = Vec::new();
    let mut fill = command(&python);
    fill.arg(&script)
        .arg("fill")
        .arg(data.join("views.db"))
        .arg(rows.to_string());
    if !fill.status().is_ok_and(|status| status.success()) {
        wrong.push("the rows cannot be filled".to_owned());
    }
    let mut took = Map::new();
    for format in FORMATS {
        let began = instant();
        let exported = export(&data, &directory.path().join(format!("calls.{format}")), format);
        let ms = u64::try_from(instant().duration_since(began).as_millis()).unwrap_or(u64::MAX);
        took.insert(format.to_owned(), json!(rows * 1_000 / ms.max(1)));
        if let Err(why) = exported {
            wrong.push(format!("{format}: {why}"));
        }
    }
    let compared = compare(command(&python), &script, &data, directory.path());
    for format in FORMATS {
        let found = member(&compared, &format!("/{format}"));
        let expected = json!({ "rows": rows, "differ": 0, "more": 0 });
        if *found != expected {
            wrong.push(format!("{format} reads back as {found}"));
        }
    }
    wrong.extend(full_disk(&data, directory.path()));
    Proof {
        holds: wrong.is_empty(),
        line: json!({ "proof": "exports", "rows": rows, "rows_per_second": took, "read_back": compared,
            "wrong": wrong }),
    }
}

fn serve(data: &Path) -> Server {
    let mut program = command(ledgerline());
    program
        .arg("serve")
        .arg("--data")
        .arg(data)
        .args(["--http", "127.0.0.1:0", "--drain", "1s"]);
    let mut server = Server::of(program, data);
    if !server.wait_ready() {
        crate::program::fail("the server does not become ready");
    }
    server
}

fn stop(mut server: Server) {
    server.program.signal("TERM");
    server.program.wait(HUNG_AFTER);
}

/// Runs an export. The command must succeed, and the file have the size that it reports; its rows are checked
/// later.
fn export(data: &Path, path: &Path, format: &str) -> Result<(), String> {
    let (data, file) = (data.to_string_lossy(), path.to_string_lossy());
    let said = run_json(&[
        "export",
        "calls",
        "--format",
        format,
        "--out",
        &file,
        "--columns",
        COLUMNS,
        "--json",
        "--data",
        &data,
    ]);
    let (status, said) = said?;
    let has = std::fs::metadata(path).map_or(0, |file| file.len());
    if status.success() && member(&said, "/bytes").as_u64() == Some(has) {
        return Ok(());
    }
    Err(format!("{status}, a file of {has} bytes, and it says {said}"))
}

fn compare(mut python: Command, script: &Path, data: &Path, files: &Path) -> Value {
    python
        .arg(script)
        .arg("compare")
        .arg(data.join("views.db"))
        .arg(files);
    let said = python
        .stderr(Stdio::inherit())
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    serde_json::from_slice(&said).unwrap_or(Value::Null)
}

/// Checks an export on a full disk: the command may write 64 KiB per file; the server is another process and
/// continues.
fn full_disk(data: &Path, files: &Path) -> Vec<String> {
    let server = serve(data);
    let file = files.join("cut.csv");
    let mut shell = command("sh");
    // Blocks of 512 bytes. With the signal ignored, a write beyond the limit is an error, as on a full disk.
    shell.args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\""]);
    shell
        .arg(ledgerline())
        .args(["export", "calls", "--format", "csv", "--out"])
        .arg(&file);
    shell.arg("--data").arg(data);
    let mut wrong = Vec::new();
    match shell.output() {
        Ok(output) if output.status.code() == Some(4) => {}
        other => wrong.push(format!("a full disk ends with {other:?} instead of exit code 4")),
    }
    let left = [file, files.join("cut.csv.part")];
    if left.iter().any(|file| file.exists()) {
        wrong.push("a full disk leaves a file".to_owned());
    }
    let count = json!({ "sql": "select count(*) from calls" });
    match server.post("/api/v1/query", &count) {
        Ok(reply) if reply.status == 200 => {}
        other => wrong.push(format!("after it the server answers {other:?}")),
    }
    stop(server);
    wrong
}
