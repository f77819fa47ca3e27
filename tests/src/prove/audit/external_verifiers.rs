//! Proof by external tools: Go's `golang.org/x/mod/sumdb` and Python's `cryptography` accept valid bundles
//! and refuse altered ones. Tools that are not available are reported as skipped.

use super::bundles::{flip_lowest_bit, write};
use super::{Rehearsal, Tally, audit, code, text, vectors};
use crate::program::{command, is_installed, read};
use crate::prove::external_programs::{build_folder, run_step};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The folder in which Debian's golang-golang-x-mod-dev installs its packages.
const GO_PACKAGES: &str = "/usr/share/gocode";

/// An external verifier, with the first words of its command line.
struct Tool {
    name: &'static str,
    begins: Vec<PathBuf>,
}

impl Tool {
    fn exit(&self, args: &[&str]) -> i32 {
        let mut words = self.begins.iter();
        let Some(program) = words.next() else { return -1 };
        let mut run = command(program);
        run.args(words)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        run.status().ok().and_then(|status| status.code()).unwrap_or(-1)
    }
}

pub(super) fn prove(rehearsal: &Rehearsal) -> Value {
    let cases = cases(rehearsal);
    let mut found = Map::new();
    for (name, tool) in [("go", go()), ("python", python())] {
        let value = match tool {
            Ok(tool) => checked(&tool, &cases),
            Err(why) => json!({"skipped": why}),
        };
        found.insert(name.to_owned(), value);
    }
    Value::Object(found)
}

/// An input for the verifiers, and whether they must accept it.
struct Case {
    what: &'static str,
    args: Vec<String>,
    holds: bool,
}

fn checked(tool: &Tool, cases: &[Case]) -> Value {
    let mut tally = Tally::default();
    for case in cases {
        let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        let exit = tool.exit(&args);
        let expected = i32::from(!case.holds);
        tally.expect(exit == expected, || {
            format!("{}: {} ended with {exit}, not {expected}", tool.name, case.what)
        });
    }
    let mut value = tally.value();
    if let Some(members) = value.as_object_mut() {
        let accepted = cases.iter().filter(|case| case.holds).count();
        members.insert("of_these_hold".to_owned(), json!(accepted));
    }
    value
}

fn cases(rehearsal: &Rehearsal) -> Vec<Case> {
    let key = &rehearsal.key;
    let case = |what, args: &[&str], holds| Case {
        what,
        args: args.iter().map(|word| (*word).to_owned()).collect(),
        holds,
    };
    let mut cases = Vec::new();
    for subject in ["call", "customer", "report", "event"] {
        let file = text(&rehearsal.path(&format!("{subject}.tar")));
        cases.push(case("a bundle", &["bundle", &file, key], true));
    }
    let bundle = rehearsal.path("event.tar");
    for (what, name, within) in [
        ("an altered leaf", ".record", 40),
        ("an altered proof", ".tlog-proof", 45),
        ("a changed root", "checkpoint", 30),
        ("a wrong signature", "MANIFEST", 495),
    ] {
        let altered = rehearsal.path(&format!("{}.altered.tar", what.replace(' ', "-")));
        write(&altered, &flip_in(&bundle, name, within));
        cases.push(case(what, &["bundle", &text(&altered), key], false));
    }
    cases.push(case(
        "another key",
        &["bundle", &text(&bundle), &rehearsal.witness.key],
        false,
    ));
    cases.extend(continued(rehearsal, case));
    let given = vectors::folder();
    let [older, proof] = ["checkpoint-5", "consistency-5-9"].map(|name| text(&given.join(name)));
    let given_key = read(&given.join("log.vkey")).trim().to_owned();
    for (what, name) in [
        ("the bundle of verify/vectors", "bundle.tar"),
        ("the inspection's bundle of verify/vectors", "bundle-attached.tar"),
        ("the stamped bundle of verify/vectors", "bundle-stamped.tar"),
    ] {
        let bundle = text(&given.join(name));
        cases.push(case(what, &["bundle", &bundle, &given_key], true));
    }
    for (what, name) in [
        ("an altered attached page", "inspection.html"),
        ("an altered list of what is attached", "attached.sha256"),
    ] {
        let altered = rehearsal.path(&format!("{}.tar", what.replace(' ', "-")));
        write(&altered, &flip_in(&given.join("bundle-attached.tar"), name, 3));
        cases.push(case(what, &["bundle", &text(&altered), &given_key], false));
    }
    cases.push(case(
        "the proof of verify/vectors",
        &["consistency", &older, &proof, &given_key],
        true,
    ));
    cases
}

/// Returns the cases about the checkpoint after the first campaign and the proof that the last one continues
/// it.
fn continued(rehearsal: &Rehearsal, case: impl Fn(&'static str, &[&str], bool) -> Case) -> Vec<Case> {
    let key = rehearsal.key.as_str();
    let older = text(&rehearsal.earlier.join("proof/checkpoint"));
    let proof = rehearsal.path("consistency");
    let made = audit(&[
        "checkpoint",
        "--data",
        &text(&rehearsal.data),
        "--since",
        &older,
        "--out",
        &text(&proof),
    ]);
    assert_eq!(code(&made), 0, "{made:?}");
    let whole = read(&proof);
    let forged = rehearsal.path("consistency.altered");
    let begin = whole.find('\n').map_or(0, |end| end + 3);
    write(&forged, &flip_lowest_bit(whole.as_bytes(), begin));
    let checkpoint = read(Path::new(&older));
    let unsigned = rehearsal.path("checkpoint.altered");
    // The log's own signature line comes first; these tools do not check the witness's line after it.
    let line = checkpoint.find("\n\n").map_or(0, |end| end + 2);
    let end = checkpoint
        .get(line..)
        .and_then(|rest| rest.find('\n'))
        .unwrap_or(0);
    write(
        &unsigned,
        &flip_lowest_bit(checkpoint.as_bytes(), line + end - 10),
    );
    vec![
        case(
            "a continued log",
            &["consistency", &older, &text(&proof), key],
            true,
        ),
        case(
            "an altered proof of it",
            &["consistency", &older, &text(&forged), key],
            false,
        ),
        case(
            "a wrong older signature",
            &["consistency", &text(&unsigned), &text(&proof), key],
            false,
        ),
    ]
}

/// Returns an archive with one bit changed in the first file with this ending of its name.
fn flip_in(bundle: &Path, name: &str, within: usize) -> Vec<u8> {
    let bytes = std::fs::read(bundle).unwrap_or_default();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + 512) {
        let field = |from: usize, to: usize| {
            let field = header.get(from..to).unwrap_or_default();
            String::from_utf8_lossy(field).trim_matches('\0').to_owned()
        };
        if field(0, 100).ends_with(name) {
            return flip_lowest_bit(&bytes, at + 512 + within);
        }
        let size = usize::from_str_radix(&field(124, 136), 8).unwrap_or(0);
        at += 512 + size.next_multiple_of(512);
    }
    bytes
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../verify")
}

fn go() -> Result<Tool, String> {
    if !is_installed("go")
        || !Path::new(GO_PACKAGES)
            .join("src/golang.org/x/mod/sumdb/note")
            .exists()
    {
        return Err("golang-go or golang-golang-x-mod-dev is missing".to_owned());
    }
    let place = build_folder("verifiers", "go");
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    let program = place.join("verify");
    let mut build = command("go");
    build
        .args(["build", "-o"])
        .arg(&program)
        .arg("main.go")
        .current_dir(sources().join("go"));
    build
        .env("GO111MODULE", "off")
        .env("GOPATH", GO_PACKAGES)
        .env("GOCACHE", place.join("cache"));
    build.env("GOFLAGS", "-mod=mod").env("GOTOOLCHAIN", "local");
    run_step(build)?;
    Ok(Tool {
        name: "go",
        begins: vec![program],
    })
}

fn python() -> Result<Tool, String> {
    if !is_installed("python3") {
        return Err("python3 is missing".to_owned());
    }
    let (place, source) = (build_folder("verifiers", "python"), sources().join("python"));
    let done = place.join("installed-list");
    let list = read(&source.join("requirements.txt"));
    if std::fs::read_to_string(&done).ok().as_ref() != Some(&list) {
        let mut make = command("python3");
        make.args(["-m", "venv"]).arg(&place);
        run_step(make)?;
        let mut install = command(place.join("bin/pip"));
        install.args(["install", "--quiet", "--no-input", "--requirement"]);
        install.arg(source.join("requirements.txt"));
        run_step(install)?;
        write(&done, list.as_bytes());
    }
    Ok(Tool {
        name: "python",
        begins: vec![place.join("bin/python"), source.join("verify.py")],
    })
}
