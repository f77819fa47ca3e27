//! A trunk that cannot be reached pauses the campaign with an alert, and no customer is lost.

use serde_json::json;
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::program::free_port;
use tests::server::Server;

#[test]
fn three_failures_in_a_row_pause_the_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // Nothing listens there: the response to every INVITE is ICMP port unreachable.
    let server = Server::start(&data, &format!("sip:127.0.0.1:{}", free_port()));
    let records: Vec<_> = (0..8)
        .map(|index| {
            json!({"customer_id": format!("C{index}"), "phone": format!("1380013800{index}"),
            "customer_name": "测试", "days": "3"})
        })
        .collect();
    server.call("T1", &records);
    let paused = server.is_on_board("T1", HUNG_AFTER, |board| board["status"] == "paused");
    assert!(paused, "the campaign pauses by itself");
    let history = History::read(&data);
    let reason = history
        .of("campaign.paused")
        .last()
        .map(|event| event["data"]["reason"].clone());
    assert_eq!(reason, Some(json!("trunk_unreachable")));
    assert!(history.of("campaign.alert_raised").count() >= 1);
    assert_eq!(history.of("customer.enrolled").count(), 8);
    let lost = history
        .of("customer.enrolment_settled")
        .filter(|event| event["data"]["disposition"] != "trunk_unreachable");
    assert_eq!(lost.count(), 0);
    drop(server);
}
