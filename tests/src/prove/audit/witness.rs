//! A witness in a process of its own: its cosignature can be required, and a rolled-back log gets none.

use super::{Rehearsal, Tally, audit, code, copy_folder, stop, suppress, text, watched};
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, fail, ledgerline};
use serde_json::Value;
use std::path::Path;

pub(super) struct WitnessProcess {
    _program: Program,
    url: String,
    pub(super) key: String,
}

impl WitnessProcess {
    /// Runs `audit witness keygen`, then `audit witness serve` on a free loopback port.
    pub(super) fn start(folder: &Path, log_key: &str) -> Self {
        let file = text(&folder.join("witness.key"));
        let made = audit(&[
            "witness",
            "keygen",
            "--name",
            "witness.example.com/w1",
            "--out",
            &file,
        ]);
        assert!(made.status.success(), "{made:?}");
        let mut serve = command(ledgerline());
        serve.args([
            "audit",
            "witness",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--key",
            &file,
        ]);
        serve
            .args(["--log-key", log_key, "--state"])
            .arg(folder.join("witness"));
        let mut program = Program::start(serve);
        let said = program.line(HUNG_AFTER, |line| line.starts_with("listening "));
        let url = said.as_deref().and_then(|said| said.strip_prefix("listening "));
        let url = url.unwrap_or_else(|| fail("the witness does not listen"));
        Self {
            _program: program,
            url: url.to_owned(),
            key: String::from_utf8_lossy(&made.stdout).trim().to_owned(),
        }
    }

    /// Returns the argument `--witness` for a server.
    pub(super) fn spec(&self) -> String {
        format!("{},{}", self.url, self.key)
    }
}

/// Checks the witness's cosignature of the published checkpoint; a check that requires one fails without it.
/// A log that was put back to an earlier state is not signed as long as its last checkpoint exists, and only
/// by the operator's key if the checkpoint was put back too.
pub(super) fn prove(rehearsal: &Rehearsal) -> Value {
    let mut tally = Tally::default();
    let witness = &rehearsal.witness.key;
    let bundle = text(&rehearsal.path("report.tar"));
    let demanded = audit(&["check", &bundle, "--key", &rehearsal.key, "--witness", witness]);
    tally.expect(code(&demanded) == 0, || format!("cosigned: {demanded:?}"));
    let other = text(&rehearsal.path("other.key"));
    let made = audit(&[
        "witness",
        "keygen",
        "--name",
        "witness.example.com/w2",
        "--out",
        &other,
    ]);
    let stranger = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let refused = audit(&["check", &bundle, "--key", &rehearsal.key, "--witness", &stranger]);
    tally.expect(code(&refused) == 1, || {
        format!("a witness that saw nothing: {refused:?}")
    });
    rolled_back(rehearsal, &mut tally);
    tally.value()
}

fn rolled_back(rehearsal: &Rehearsal, tally: &mut Tally) {
    // Only the log was put back: the published checkpoint shows that there was more.
    let partly = rehearsal.path("partly");
    copy_folder(&rehearsal.earlier, &partly);
    for name in ["checkpoint", "checkpoints"] {
        copy_folder(&rehearsal.data.join("proof").join(name), &partly.join("proof"));
    }
    let said = audit(&["checkpoint", "--data", &text(&partly)]);
    let why = String::from_utf8_lossy(&said.stderr);
    tally.expect(code(&said) != 0 && why.contains("older or shortened"), || {
        format!("the log alone: {said:?}")
    });
    let said = audit(&["verify", "--data", &text(&partly), "--from-start"]);
    let why = String::from_utf8_lossy(&said.stderr);
    tally.expect(code(&said) == 1 && why.contains("missing at its end"), || {
        format!("the log alone, verified: {said:?}")
    });
    // Log and checkpoints were put back: the operator's key signs, the witness does not.
    let wholly = rehearsal.path("wholly");
    copy_folder(&rehearsal.earlier, &wholly);
    let server = watched(&wholly, &rehearsal.carrier, &rehearsal.witness);
    suppress(&server, 3..4);
    stop(server);
    let history = History::read(&wholly);
    let last = history.events.last().map(|event| member(event, "/id"));
    let last = last.and_then(Value::as_str).unwrap_or("");
    let bundle = text(&rehearsal.path("wholly.tar"));
    let made = audit(&["prove", "event", last, "--data", &text(&wholly), "--out", &bundle]);
    tally.expect(code(&made) == 0, || {
        format!("the operator can still sign: {made:?}")
    });
    let key = &rehearsal.key;
    let alone = audit(&["check", &bundle, "--key", key]);
    tally.expect(code(&alone) == 0, || format!("without a witness: {alone:?}"));
    let demanded = audit(&[
        "check",
        &bundle,
        "--key",
        key,
        "--witness",
        &rehearsal.witness.key,
    ]);
    tally.expect(code(&demanded) == 1, || {
        format!("a rolled-back log was cosigned: {demanded:?}")
    });
}
