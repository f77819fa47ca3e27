//! A second SIGTERM during a drain: every call gets its BYE, each end is stored, no further call is dialed,
//! and the process exits with 0 long before the drain would end.

use serde_json::json;
use tests::answering_carrier::{AnsweringCarrier, RetransmitPolicy};
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
use tests::program::{command, ledgerline};
use tests::prove::{quick_campaign, records};
use tests::server::{REHEARSAL, Server};

/// The customers that are in calls when the signals arrive; as many again wait.
const CALLS: usize = 3;

/// The time that the server gives calls: longer than this test waits, so that its end is not what ends them.
const DRAIN: &str = "10m";

#[test]
fn a_second_sigterm_hangs_up_every_call_and_stores_each_end() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let carrier = AnsweringCarrier::start(RetransmitPolicy::UntilAcknowledged);
    carrier.answer();
    let trunk = format!("{};dials-per-second=50;legs-max=50", carrier.trunk());
    let mut serve = command(ledgerline());
    serve.arg("serve").arg("--data").arg(&data);
    serve.args(["--trunk", &trunk, "--rehearse-at", REHEARSAL]);
    serve.args(["--http", "127.0.0.1:0", "--drain", DRAIN]);
    let mut server = Server::of(serve, &data);
    assert!(server.wait_ready());
    let mut campaign = quick_campaign("T1");
    campaign["schedule"]["max_concurrent"] = json!(CALLS);
    server.must_post("/api/v1/campaigns", &campaign);
    let people = records(6, 7);
    assert_eq!(people.len(), 2 * CALLS);
    server.must_post(
        "/api/v1/tasks/data",
        &json!({ "task_id": "T1", "records": people }),
    );
    server.must_post("/api/v1/campaigns/T1/start", &json!({}));
    let mut answered = 0;
    let all = server.follow_events("kind=call.answered", HUNG_AFTER, |_| {
        answered += 1;
        (answered == CALLS).then_some(())
    });
    assert!(all.is_some(), "{answered} of {CALLS} calls were answered");

    server.program.signal("TERM");
    assert_eq!(server.says_not_ready(HUNG_AFTER).as_deref(), Some("draining"));
    server.program.signal("TERM");
    let status = server
        .program
        .wait(HUNG_AFTER)
        .expect("it leaves before its drain is over");
    assert_eq!(status.code(), Some(0));

    let legs = carrier.legs();
    assert_eq!(legs.len(), CALLS, "no call is dialed during the drain");
    for (call_id, leg) in &legs {
        assert!(leg.answered && leg.acks > 0, "{call_id}: {leg:?}");
        assert_eq!(leg.byes.len(), 1, "one BYE: {call_id}: {leg:?}");
    }
    let history = History::read(&data);
    assert_eq!(history.of("call.dialing").count(), CALLS);
    assert_eq!(history.unfinished(), Vec::<String>::new());
    assert_eq!(
        history.cut_off(),
        CALLS,
        "each end says that the call was cut off"
    );
    assert_eq!(history.of("customer.call_closed").count(), CALLS);
    for (call, events) in history.calls() {
        let kinds: Vec<&str> = events
            .iter()
            .filter_map(|event| member(event, "/type").as_str())
            .collect();
        if !kinds.contains(&"call.dialing") {
            continue;
        }
        let place = |kind: &str| kinds.iter().position(|found| *found == kind);
        let (answered, ended) = (place("call.answered"), place("call.ended"));
        assert!(answered.is_some() && answered < ended, "{call}: {kinds:?}");
    }
}
