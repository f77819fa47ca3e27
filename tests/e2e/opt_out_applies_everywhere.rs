//! 谢绝来电 applies to every campaign before the next dial, whichever campaign it was said in.

use serde_json::json;
use tests::carrier::CarrierProcess;
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::server::Server;

#[test]
fn an_opted_out_number_is_dialed_by_no_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let data = folder.path().join("data");
    let server = Server::start(&data, &carrier.trunk());
    server.must_post(
        "/api/v1/numbers/138-0013-8000/opt-out",
        &json!({"reason": "asked by letter"}),
    );
    for task in ["A", "B"] {
        let body = json!({"task_id": task, "script_template": tests::prove::BUNDLED_TEXT,
            "schedule": {"start_time": "09:00", "end_time": "18:00"}});
        server.must_post("/api/v1/campaigns", &body);
        let records = json!([{"customer_id": "C001", "phone": "13800138000"}]);
        server.must_post(
            "/api/v1/tasks/data",
            &json!({"task_id": task, "records": records}),
        );
        server.must_post(&format!("/api/v1/campaigns/{task}/start"), &json!({}));
    }
    for task in ["A", "B"] {
        let completed = server.is_completed(task, HUNG_AFTER);
        assert!(completed, "campaign {task} completes without a call");
    }
    let history = History::read(&data);
    assert_eq!(history.of("call.dialing").count(), 0);
    let settled: Vec<_> = history.of("customer.enrolment_settled").collect();
    assert_eq!(settled.len(), 2);
    for event in settled {
        assert_eq!(event["data"]["disposition"], "not_permitted", "{event}");
        assert!(event["data"]["rule"].is_string(), "{event}");
    }
    assert!(
        carrier.cdr.metadata().map_or(0, |file| file.len()) == 0,
        "the carrier saw nothing"
    );
}
