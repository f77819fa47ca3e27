//! A campaign requires another person's approval of its lists: an import with --wait gets the approval's id,
//! and continues by itself when the list is approved. When it is rejected, the import ends with the reason.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::program::{Program, command, ledgerline};
use tests::server::Server;

const TRUNK: &str = "sip:127.0.0.1:9";
const PASSWORD: &str = "correct horse battery";

/// Adds an operator, and returns a file with the operator's key.
fn importer(server: &Server, folder: &Path, name: &str) -> PathBuf {
    let added = json!({"name": name, "roles": ["operator"], "password": PASSWORD});
    server.must_post("/api/v1/users", &added);
    let made = server.must_post("/api/v1/api-keys", &json!({"user": name})).body;
    let file = folder.join(format!("{name}.key"));
    let key = made
        .get("key")
        .and_then(Value::as_str)
        .expect("a key is shown once");
    std::fs::write(&file, key).expect("the folder can be written");
    file
}

fn importing(server: &Server, list: &Path, key: &Path) -> Program {
    let mut import = command(ledgerline());
    import
        .arg("import")
        .arg(list)
        .args(["--campaign", "T", "--wait", "--json"]);
    import.args(["--server", &server.url, "--token-file"]).arg(key);
    Program::start(import)
}

/// Returns the waiting approval, as a user who could approve it sees it.
fn waiting(server: &Server, key: &str) -> String {
    let args = [
        "approval",
        "list",
        "--open",
        "--json",
        "--server",
        &server.url,
        "--token-file",
        key,
    ];
    let asked = "kind=approval.requested";
    let found = server.look_after_events(asked, HUNG_AFTER, |_| {
        let (status, said) = tests::program::run_json(&args).ok()?;
        let first = said.pointer("/items/0/id").and_then(Value::as_str)?;
        status.success().then(|| first.to_owned())
    });
    found.expect("an approval waits")
}

/// Rejects with the key, or approves in a session of the user: a key cannot approve anything.
fn decide(server: &Server, name: &str, key: &str, decision: &str, id: &str) {
    let mut deciding = command(ledgerline());
    deciding.args(["approval", decision, id, "--reason", "as agreed"]);
    deciding
        .args(["--server", &server.url])
        .env("WANG_PASSWORD", PASSWORD);
    match decision {
        "approve" => deciding.args(["--user", name, "--password-env", "WANG_PASSWORD"]),
        _ => deciding.args(["--token-file", key]),
    };
    let done = deciding.output().expect("the built binary starts");
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn an_import_that_waits_goes_on_when_it_is_approved_and_ends_when_it_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, TRUNK);
    let made = json!({"task_id": "T", "script_template": tests::prove::BUNDLED_TEXT, "approvals": ["lists"],
        "schedule": {"start_time": "09:00", "end_time": "18:00"}});
    server.must_post("/api/v1/campaigns", &made);
    let (li, wang) = (
        importer(&server, folder.path(), "li"),
        importer(&server, folder.path(), "wang"),
    );
    let wang = wang.to_string_lossy();
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "customer_id,phone\nC01,13800138001\n").unwrap();

    let mut rejected = importing(&server, &list, &li);
    let id = waiting(&server, &wang);
    assert!(rejected.ended().is_none(), "it waits");
    decide(&server, "wang", &wang, "reject", &id);
    let status = rejected.wait(HUNG_AFTER).expect("it ends");
    assert!(!status.success(), "{status}");

    let mut approved = importing(&server, &list, &li);
    let id = waiting(&server, &wang);
    decide(&server, "wang", &wang, "approve", &id);
    let report = approved.line(HUNG_AFTER, |line| line.contains("\"enrolled\":1"));
    assert!(report.is_some(), "it goes on by itself");
    let status = approved.wait(HUNG_AFTER).expect("it ends");
    assert!(status.success(), "{status}");
    drop(server);
    let history = History::read(&data);
    assert_eq!(history.of("customer.enrolled").count(), 1);
    assert_eq!(history.of("approval.used").count(), 1);
}
