//! A file with 3 bad rows of 1,000 imports 997, and lists the 3 with row, column and reason. A second import
//! of it continues.

use serde_json::json;
use tests::server::Server;

fn file_with_three_bad_rows() -> String {
    let mut text = String::from("customer_id,phone\n");
    for index in 0..1_000 {
        let line = match index {
            10 => "A10,123\n".to_owned(),
            500 => ",13800138000\n".to_owned(),
            999 => "A999,1380013800x\n".to_owned(),
            _ => format!("A{index},1370000{index:04}\n"),
        };
        text.push_str(&line);
    }
    text
}

#[test]
fn three_bad_rows_of_a_thousand_are_listed_and_the_good_ones_count() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"), "sip:127.0.0.1:9");
    server.must_post(
        "/api/v1/campaigns",
        &json!({"task_id": "T1", "script_template": "您好。", "schedule": {"start_time": "09:00", "end_time": "18:00"}}),
    );
    let file = folder.path().join("list.csv");
    std::fs::write(&file, file_with_three_bad_rows()).unwrap();
    let file = file.to_string_lossy().into_owned();
    let import = |more: &[&str]| {
        let args = ["import", &file, "--campaign", "T1", "--json"];
        server.run_json(&[&args[..], more].concat()).unwrap().1
    };

    let dry = import(&["--dry-run"]);
    assert_eq!(dry["bad"].as_array().unwrap().len(), 3, "{dry}");
    let customers = server.get("/api/v1/campaigns/T1").unwrap().body;
    assert_eq!(
        customers["enrolled"], 0,
        "a dry run enrols no customers: {customers}"
    );

    let report = import(&[]);
    assert_eq!(report["enrolled"], 997, "{report}");
    let bad = report["bad"].as_array().unwrap();
    assert_eq!(bad.len(), 3, "{report}");
    for row in bad {
        assert!(
            row["row"].is_u64() && row["column"].is_string() && row["reason"].is_string(),
            "{row}"
        );
    }

    // The same content is the same list: no customer is enrolled twice.
    import(&[]);
    let position = server.get("/api/v1/campaigns").unwrap();
    assert_eq!(position.status, 200);
    let again = server.get("/api/v1/campaigns/T1").unwrap().body;
    assert_eq!(again["enrolled"], 997, "{again}");
}
