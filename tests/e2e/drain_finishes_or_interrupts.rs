//! SIGTERM: no new dials, live calls finish or are cut off, the exit code is 0, and the same directory
//! continues later.

use serde_json::json;
use tests::carrier::CarrierProcess;
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::prove::{quick_campaign, records};
use tests::server::Server;

#[test]
fn a_drained_server_leaves_no_call_open_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &carrier.trunk());
    // Few calls at a time, so that some customers are still to be dialed when two calls have been answered:
    // after a drain has cut off an answered call, its customer is not dialed again.
    let mut campaign = quick_campaign("T1");
    campaign["schedule"]["max_concurrent"] = json!(8);
    server.must_post("/api/v1/campaigns", &campaign);
    server.must_post(
        "/api/v1/tasks/data",
        &json!({"task_id": "T1", "records": records(20, 3)}),
    );
    server.must_post("/api/v1/campaigns/T1/start", &json!({}));
    let talking = carrier.until(HUNG_AFTER, |lines| {
        (lines.values().filter(|line| line.answered_at.is_some()).count() >= 2).then_some(())
    });
    assert!(talking.is_some(), "two conversations begin");
    server.program.signal("TERM");
    let status = server.program.wait(HUNG_AFTER).expect("a drained server ends");
    assert!(status.success());
    let history = History::read(&data);
    assert!(history.unfinished().is_empty(), "no call is left open");
    let dialed = history.of("call.dialing").count();

    let server = Server::start(&data, &carrier.trunk());
    let completed = server.is_completed("T1", HUNG_AFTER);
    assert!(completed, "the campaign goes on and completes");
    let history = History::read(&data);
    assert!(history.of("call.dialing").count() > dialed);
    assert_eq!(history.unsettled(), 0);
    assert!(history.repeated_call_ids().is_empty());
}
