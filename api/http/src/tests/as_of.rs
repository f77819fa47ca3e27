//! Tests of `as_of` and `valid_at`: a read as of a past time returns what it returned at that time.

use crate::listeners::Listeners;
use crate::running_server::RunningServer;
use crate::testing::{answer, enrolment, permit, settings};
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::ids::{CallId, CommandId};
use domain::ports::line::AnsweredDialog;
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A running server without SIP lines, and one call.
pub(super) struct AsOfServer {
    running: RunningServer,
    runtime: Arc<Runtime>,
    pub call: CallId,
    steps: u32,
    _directory: tempfile::TempDir,
}

impl AsOfServer {
    pub(super) fn begin() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let runtime = Arc::new(Runtime::new().unwrap());
        let settings = settings(directory.path());
        let starting = RunningServer::start(settings, Listeners::none(), Arc::clone(&runtime));
        let running = runtime.block_on(starting).unwrap();
        Self {
            running,
            runtime,
            call: CallId::derive(&enrolment(), 1),
            steps: 0,
            _directory: directory,
        }
    }

    fn ask(&mut self, command: CallCommand) {
        self.steps += 1;
        let cause = Cause::outside(CommandId::derive_from_text(&self.steps.to_string()));
        let asked = self
            .running
            .installation
            .entities
            .calls
            .ask(&self.call, command, cause);
        self.runtime.block_on(asked).unwrap();
    }

    pub(crate) fn answered_call(&mut self) {
        self.ask(permit(self.running.installation.now(), self.call, 1));
        self.ask(CallCommand::Dial {
            leg: 1,
            trunk: "first".to_owned(),
            sip_call_id: "id".to_owned(),
            local: "127.0.0.1:5060".to_owned(),
            caller: None,
            hold_off_ms: 5_000,
        });
        let dialog = AnsweredDialog {
            to_tag: "t".to_owned(),
            remote_target: "sip:callee@127.0.0.1:5070".to_owned(),
            route_set: Vec::new(),
            cseq: 1,
            key_paths: None,
        };
        self.ask(CallCommand::Answer { leg: 1, dialog });
    }

    pub(crate) fn ended_call(&mut self) {
        self.answered_call();
        self.ask(CallCommand::End(CallEnding {
            reason: Some(EndReason::FlowEnded),
            heard_rtp: true,
            ..CallEnding::default()
        }));
    }

    pub(super) fn send(&self, method: &str, rest: &str, body: &str) -> (u16, Value) {
        self.ask_path(method, &format!("/api/v1/calls/{}{rest}", self.call), body)
    }

    fn ask_path(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.runtime.block_on(answer(&self.running, method, path, body))
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.ask_path("GET", &format!("/api/v1{path}"), "")
    }

    fn head(&self) -> Position {
        self.runtime
            .block_on(self.running.installation.store().head())
            .unwrap()
    }

    pub(super) fn end(self) {
        self.runtime.block_on(self.running.stop());
    }
}

/// The reply without the members that depend on where and when it was read.
fn plain(mut reply: Value) -> Value {
    let members = reply.as_object_mut().unwrap();
    for where_and_when in [
        "known",
        "as_of_position",
        "complete_up_to",
        "position",
        "recorded_at",
    ] {
        members.remove(where_and_when);
    }
    // A past read has no current time and no current calling hours.
    members.remove("now");
    members.remove("hours");
    for item in reply["items"].as_array_mut().into_iter().flatten() {
        for place_in_log in ["position", "recorded_at"] {
            item.as_object_mut().unwrap().remove(place_in_log);
        }
    }
    reply
}

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好","customer_segment":"overdue"}"#;
/// A second campaign, so that the past differs from the present.
const ANOTHER: &str = r#"{"task_id":"U","script_template":"您好","customer_segment":"overdue"}"#;

/// Reads each path as of the head of the log. Returns the head, and the status and body of each reply.
fn asked_now(world: &AsOfServer, paths: &[&str]) -> (Position, Vec<(u16, Value)>) {
    let head = world.head();
    let answers = paths.iter().map(|path| {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (status, reply) = world.get(&format!("{path}{joint}after_position={head}"));
        (status, plain(reply))
    });
    (head, answers.collect())
}

#[test]
fn what_was_answered_then_is_answered_as_of_then() {
    let mut world = AsOfServer::begin();
    let call = format!("/calls/{}", world.call);
    let paths = [
        "/campaigns",
        "/campaigns/T",
        "/campaigns/T/report",
        "/campaigns/T/report/chart",
        "/campaigns/T/funnel",
        "/campaigns/T/regions",
        "/campaigns/T/regions/chart",
        "/campaigns/T/industries",
        "/reports/daily",
        "/reports/costs",
        "/reports/costs?campaign=T",
        "/reports/target-actual",
        "/trunks/quality?from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z",
        "/charts/answer_ratio_per_call?by=campaign",
        "/metrics/answer_ratio_per_call",
        "/calls",
        "/calls?campaign=T",
        "/alerts",
    ];
    let mut remembered = Vec::new();
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    remembered.push(asked_now(&world, &paths));
    world.answered_call();
    remembered.push(asked_now(&world, &paths));
    world.ask(CallCommand::End(CallEnding {
        reason: Some(EndReason::FlowEnded),
        heard_rtp: true,
        ..CallEnding::default()
    }));
    remembered.push(asked_now(&world, &paths));
    let corrected = r#"{"disposition":"machine","reason":"the recording says so"}"#;
    assert_eq!(world.send("POST", "/correct", corrected).0, 200);
    remembered.push(asked_now(&world, &paths));
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns/T/stop", "{}").0, 200);
    remembered.push(asked_now(&world, &paths));
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns", ANOTHER).0, 201);
    for (head, answers) in &remembered {
        for (path, (status, answer)) in paths.iter().zip(answers) {
            let joint = if path.contains('?') { '&' } else { '?' };
            let (then_status, then) = world.get(&format!("{path}{joint}as_of={head}"));
            assert_eq!(
                (&then["known"]["position"], &then["complete_up_to"]),
                (&json!(head.to_string()), &Value::Null),
                "{path} says where it lies"
            );
            assert_eq!(
                (then_status, plain(then)),
                (*status, answer.clone()),
                "{path} as of {head}"
            );
        }
    }
    let differ = |one: usize, other: usize| remembered[one].1[2] != remembered[other].1[2];
    assert!(differ(0, 1) && differ(1, 2) && differ(2, 3), "the figures moved");
    let (_, shown) = world.get(&call);
    assert_eq!(shown["ended"]["disposition"], "machine");
    world.end();
}

#[test]
fn an_answer_of_now_says_how_far_its_rows_are() {
    let mut world = AsOfServer::begin();
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    world.ended_call();
    let head = world.head();
    for path in [
        "/campaigns",
        "/campaigns/T/report/chart",
        "/campaigns/T/funnel",
        "/campaigns/T/regions",
        "/campaigns/T/industries",
        "/campaigns/T/abandonment",
        "/reports/daily",
        "/reports/costs",
        "/reports/target-actual",
        "/trunks/quality",
        "/charts/answer_ratio_per_call",
        "/alerts",
        // Last, because reading a page of calls adds a record to the log.
        "/calls",
    ] {
        let (status, shown) = world.get(&format!("{path}?after_position={head}"));
        let complete = &shown["complete_up_to"];
        assert_eq!(
            (status, &complete["behind_events"]),
            (200, &json!(0)),
            "{path}: {shown}"
        );
        assert_eq!(complete["position"], json!(head.to_string()), "{path}");
        assert!(
            complete["recorded_at"].is_string() && shown.get("known").is_none(),
            "{path}"
        );
    }
    world.end();
}

#[test]
fn the_abandonment_ledger_of_then_ends_then() {
    let mut world = AsOfServer::begin();
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    let before = world.head();
    world.ended_call();
    let (_, now) = world.get(&format!(
        "/campaigns/T/abandonment?after_position={}",
        world.head()
    ));
    let (status, then) = world.get(&format!("/campaigns/T/abandonment?as_of={before}"));
    assert_eq!((status, &then["budget"]["answered"]), (200, &json!(0)), "{then}");
    assert_eq!(now["budget"]["answered"], json!(1));
    let time = |value: &Value| -> Timestamp { value.as_str().unwrap().parse().unwrap() };
    let (until, at) = (time(&then["to"]), time(&then["known"]["recorded_at"]));
    assert!(at < until && until <= at.plus_ms(3_600_000), "{then}");
    world.end();
}

#[test]
fn an_answer_says_what_it_cost_and_where_it_lies_and_a_repeat_is_kept() {
    let mut world = AsOfServer::begin();
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    world.ended_call();
    let head = world.head();
    let (_, first) = world.get(&format!("/campaigns/T/report?as_of={head}"));
    let known = &first["known"];
    assert_eq!(known["position"], json!(head.to_string()));
    assert_eq!(
        (&known["label_zh"], &known["kept"]),
        (&json!("当时所知"), &json!(false))
    );
    assert!(known["events"].as_u64().unwrap() >= 5, "{known}");
    assert!(
        known["ms"].is_u64() && known["recorded_at"].is_string(),
        "{known}"
    );
    let (_, again) = world.get(&format!("/campaigns/T/report?as_of={head}"));
    assert_eq!(again["known"]["kept"], json!(true));
    assert_eq!(plain(again), plain(first.clone()));
    let recorded_at = known["recorded_at"].as_str().unwrap();
    let (_, by_instant) = world.get(&format!("/campaigns/T/report?as_of={recorded_at}"));
    assert_eq!(by_instant["known"]["position"], known["position"]);
    let (_, truth) = world.get(&format!("/campaigns/T/report?valid_at={recorded_at}"));
    assert_eq!(truth["known"]["label_en"], "true then");
    assert_eq!(truth["dialed"], json!(1));
    world.end();
}

#[test]
fn the_past_is_refused_where_there_is_none_and_before_a_thing_began() {
    let world = AsOfServer::begin();
    // The log only has its first event, which names it.
    assert_eq!(world.get("/campaigns/T?as_of=2").1["code"], "as-of-in-the-future");
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    let head = world.head();
    for (path, status, code) in [
        ("/events?as_of=1", 400, "as-of-not-here"),
        ("/audit?valid_at=2026-01-01T00:00:00Z", 400, "as-of-not-here"),
        ("/campaigns/T?as_of=yesterday", 400, "as-of-invalid"),
        ("/campaigns/T/report?valid_at=7", 400, "valid-at-invalid"),
        ("/campaigns/T?as_of=0", 422, "as-of-before-the-log"),
        ("/campaigns/T/report?as_of=999", 422, "as-of-in-the-future"),
        (
            "/campaigns/T?as_of=2999-01-01T00:00:00Z",
            422,
            "as-of-in-the-future",
        ),
        (
            "/campaigns/T?valid_at=2999-01-01T00:00:00Z",
            422,
            "valid-at-in-the-future",
        ),
        ("/campaigns/U?as_of=1", 404, "missing"),
        ("/campaigns/U/report?as_of=1", 404, "missing"),
        // The second event is the flow's; the campaign was created after it.
        ("/campaigns/T?as_of=2", 404, "missing"),
    ] {
        let (found, body) = world.get(path);
        assert_eq!((found, &body["code"]), (status, &json!(code)), "{path}: {body}");
    }
    assert_eq!(world.get(&format!("/campaigns/T?as_of={head}")).0, 200);
    assert_eq!(world.get(&format!("/campaigns/T?as_of={}", head.0 + 1)).0, 422);
    let past = &world.running.installation.past;
    let clock = Arc::clone(&world.running.installation.environment.clock);
    let both = world.runtime.block_on(async {
        let first = past.place(clock.as_ref()).await.unwrap();
        (first, past.place(clock.as_ref()).await.unwrap())
    });
    let (status, kept) = world.get(&format!("/campaigns/T?as_of={head}"));
    assert_eq!(
        (status, &kept["known"]["kept"]),
        (200, &json!(true)),
        "kept rows need no place"
    );
    drop(both);
    world.end();
}

#[test]
fn sixteen_who_ask_at_once_are_all_answered() {
    let world = AsOfServer::begin();
    for body in [CAMPAIGN, ANOTHER] {
        assert_eq!(world.ask_path("POST", "/api/v1/campaigns", body).0, 201);
    }
    let head = world.head();
    let questions = (0..8).flat_map(|turn| {
        let moment = head.0 - turn % 2;
        let one = format!("/api/v1/campaigns/T?as_of={moment}");
        [one, format!("/api/v1/campaigns/U/report?as_of={head}")]
    });
    let paths: Vec<String> = questions.collect();
    let asked = paths.iter().map(|path| answer(&world.running, "GET", path, ""));
    let answers = world.runtime.block_on(futures_util::future::join_all(asked));
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200; 16]);
    world.end();
}

#[test]
fn long_questions_about_campaigns_take_one_of_the_few_places() {
    let world = AsOfServer::begin();
    assert_eq!(world.ask_path("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    let past = &world.running.installation.past;
    let clock = Arc::clone(&world.running.installation.environment.clock);
    let what_if = r#"{"preset":"cn-collection"}"#;
    let questions = [
        ("GET", "/api/v1/campaigns/T/preflight", ""),
        ("POST", "/api/v1/campaigns/T/what-if/policies", what_if),
    ];
    world.runtime.block_on(async {
        let held = (
            past.place(clock.as_ref()).await.unwrap(),
            past.place(clock.as_ref()).await.unwrap(),
        );
        for (method, path, body) in questions {
            let asked = answer(&world.running, method, path, body);
            let later = clock.wait_until(clock.now().plus_ms(100));
            let (asked, later) = (std::pin::pin!(asked), std::pin::pin!(later));
            let first = futures_util::future::select(asked, later).await;
            assert!(
                matches!(first, futures_util::future::Either::Right(_)),
                "{path} waits for a place"
            );
        }
        drop(held);
    });
    for (method, path, body) in questions {
        assert_eq!(world.ask_path(method, path, body).0, 200, "{path}");
    }
    world.end();
}
