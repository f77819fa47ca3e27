//! Roles and scope of many users by files and over HTTP: a dry run reports what a run does, a bad row names
//! its line and does not stop the others, and the audit trail has each change with its reason.

use serde_json::{Value, json};
use tests::server::Server;

fn lines(list: &Value) -> Vec<u64> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item["row"].as_u64()).collect()
}

#[test]
fn a_shift_is_changed_by_two_files_and_a_bad_row_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), "sip:127.0.0.1:9");
    for name in ["wang", "li", "chen"] {
        let user = json!({ "name": name, "roles": ["viewer"], "password": "a long enough pass phrase" });
        server.must_post("/api/v1/users", &user);
    }
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let roles = file(
        "roles.csv",
        "name,roles\nwang,operator;analyst\nnobody,viewer\nli,agent\n",
    );
    let scopes = file(
        "scopes.csv",
        "name,campaigns,team\nwang,*,\nli,T1;T2,north\nchen,,north\n",
    );
    let run = |command: &str, file: &str, more: &[&str]| {
        let args = ["user", command, "--from", file, "--reason", "the night shift"];
        let ran = server.run(&[&args[..], more].concat());
        let said: Value = serde_json::from_slice(&ran.stdout).unwrap();
        (ran.status, said)
    };

    for more in [&["--dry-run"][..], &[]] {
        let (status, done) = run("role", &roles, more);
        assert_eq!(
            (status.code(), lines(&done["changed"])),
            (Some(3), vec![2, 4]),
            "{done}"
        );
        assert_eq!(lines(&done["bad_rows"]), [3], "{done}");
        let (status, done) = run("scope", &scopes, more);
        assert_eq!(
            (status.code(), lines(&done["changed"])),
            (Some(3), vec![3]),
            "{done}"
        );
        assert_eq!(
            (&done["unchanged"], lines(&done["bad_rows"])),
            (&json!(1), vec![4]),
            "{done}"
        );
    }
    let li = server.get("/api/v1/users/li").unwrap().body;
    assert_eq!(
        (&li["roles"], &li["campaigns"], &li["team"]),
        (&json!(["agent"]), &json!(["T1", "T2"]), &json!("north")),
        "{li}"
    );

    // A request over HTTP does the same.
    let row = json!({ "name": "chen", "campaigns": ["T1"] });
    let order = json!({ "rows": [row], "reason": "the night shift" });
    let done = server.must_post("/api/v1/scopes/assign", &order).body;
    assert_eq!(lines(&done["changed"]), [1], "{done}");
    let again = server.must_post("/api/v1/scopes/assign", &order).body;
    assert_eq!(again["unchanged"], 1, "{again}");
    let row = json!({ "name": "chen", "roles": ["auditor"] });
    let order = json!({ "rows": [row], "reason": "the night shift" });
    let done = server.must_post("/api/v1/roles/assign", &order).body;
    assert_eq!(done["changed"][0]["after"], json!(["auditor"]), "{done}");

    let trail = server.get("/api/v1/audit?kind=user.scope_changed").unwrap().body;
    assert_eq!(trail["items"].as_array().map(Vec::len), Some(2), "{trail}");
    let mixed = file("mixed.csv", "name,roles,campaigns\nwang,viewer,T1\n");
    let refused = server.run(&["user", "role", "--from", &mixed, "--reason", "x"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}
