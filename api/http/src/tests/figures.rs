//! Tests of metrics over the golden log: values, labels, how current they are, and the events behind them.

use crate::listeners::Listeners;
use crate::running_server::RunningServer;
use crate::testing::{answer, settings};
use domain::stored_event::{Envelope, Position, StoredEvent};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

const LOG: &str = include_str!("../../../../fixtures/metrics/log.jsonl");

/// A server without SIP lines. Its log holds the golden campaign.
struct FiguresServer {
    running: RunningServer,
    runtime: Arc<Runtime>,
    head: Position,
    _directory: tempfile::TempDir,
}

impl FiguresServer {
    fn begin() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let runtime = Arc::new(Runtime::new().unwrap());
        let settings = settings(directory.path());
        let starting = RunningServer::start(settings, Listeners::none(), Arc::clone(&runtime));
        let running = runtime.block_on(starting).unwrap();
        let head = runtime.block_on(async {
            let store = running.installation.store();
            let begin = store.head().await.unwrap().0;
            let last = store.last_recorded_at().await.unwrap();
            let events = LOG.lines().zip(begin + 1..).map(|(line, position)| {
                let envelope: Envelope = serde_json::from_str(line).unwrap();
                StoredEvent::new(
                    Position(position),
                    last.map_or(envelope.at, |last| last.max(envelope.at)),
                    line.as_bytes().into(),
                )
            });
            store.load(events.collect()).await.unwrap()
        });
        Self {
            running,
            runtime,
            head,
            _directory: directory,
        }
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let joint = if path.contains('?') { '&' } else { '?' };
        let uri = format!("/api/v1/{path}{joint}after_position={}", self.head);
        self.runtime.block_on(answer(&self.running, "GET", &uri, ""))
    }

    fn found(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn end(self) {
        self.runtime.block_on(self.running.stop());
    }
}

#[test]
fn a_figure_says_its_name_version_label_parts_and_age_and_gives_its_events() {
    let world = FiguresServer::begin();
    let old = world.found("metrics/answer_ratio_per_call?version=1&campaign=GOLDEN");
    assert_eq!(
        (&old["numerator_count"], &old["denominator_count"]),
        (&json!(8), &json!(14))
    );
    assert_eq!(old["label"]["zh"], "接通率（按呼叫，含应答机）");
    assert_eq!(old["numerator"]["term"], "answered_calls");
    assert_eq!(old["complete_up_to"]["position"], world.head.to_string());
    let new = world.found("metrics/answer_ratio_per_call?campaign=GOLDEN");
    assert_eq!((&new["version"], &new["numerator_count"]), (&json!(1), &json!(8)));
    let beside = &new["beside"][0];
    assert_eq!(
        (&beside["version"], &beside["numerator_count"]),
        (&json!(2), &json!(6))
    );
    let people = world.found("metrics/answer_ratio_per_call?version=2&campaign=GOLDEN");
    assert_eq!(people["numerator_count"], 6);
    assert_eq!(people.get("beside"), None, "who names one version gets that");

    let hours = world.found("metrics/answer_ratio_per_call?by=hour&from=2026-03-02&to=2026-03-03");
    assert_eq!(hours["groups"][0]["label"], "10:00");
    assert_eq!(hours["groups"][1]["denominator"], 8);

    let page = world.found("metrics/answer_ratio_per_call/events?version=2&campaign=GOLDEN&limit=5");
    assert_eq!(
        (&page["figure"], &page["totals"]["items"]),
        (&json!(6), &json!(8)),
        "{page}"
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let path =
        format!("metrics/answer_ratio_per_call/events?version=2&campaign=GOLDEN&limit=5&cursor={cursor}");
    let rest = world.found(&path);
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next_cursor"]),
        (3, &Value::Null)
    );
    world.end();
}

#[test]
fn a_review_of_a_month_holds_the_figures_of_the_metrics_and_says_what_it_lacks() {
    let world = FiguresServer::begin();
    let month = world.found("reports/pdca?period=month&at=2026-03-02");
    assert_eq!(
        (
            &month["length"],
            &month["period"]["label"],
            &month["before"]["label"]
        ),
        (&json!("month"), &json!("2026-03"), &json!("2026-02"))
    );
    let figures = month["done"]["figures"].as_array().unwrap();
    let ratio = figures
        .iter()
        .find(|one| one["metric"] == "answer_ratio_per_call" && one["version"] == 1);
    let ratio = ratio.unwrap();
    assert_eq!(
        (&ratio["now"]["numerator"], &ratio["now"]["denominator"]),
        (&json!(8), &json!(14))
    );
    let events = ratio["events"].as_str().unwrap();
    let listed = world.found(&format!(
        "{}&which=numerator",
        events.trim_start_matches("/api/v1/")
    ));
    assert_eq!(listed["totals"]["items"], 8, "{listed}");
    let dialed: u64 = month["done"]["trunks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["dialed"].as_u64())
        .sum();
    assert_eq!(dialed, 14);
    assert_eq!(
        month["check"]["splits"],
        json!([]),
        "the month before has no calls"
    );
    assert_eq!(month["lacks"][0]["code"], "tags");
    assert_eq!(month["complete_up_to"]["position"], world.head.to_string());

    let day = world.found("reports/pdca?at=2026-03-02&campaign=GOLDEN");
    assert_eq!(
        (&day["length"], &day["lacks"], &day["done"]["trunks"]),
        (&json!("day"), &json!([]), &json!([]))
    );
    let then = format!(
        "reports/pdca?period=year&at=2026-03-02&campaign=GOLDEN&as_of={}",
        world.head
    );
    let then = world.found(&then);
    assert_eq!(then["known"]["position"], world.head.to_string());
    let lacks = then["lacks"].as_array().unwrap().iter().map(|one| &one["code"]);
    assert_eq!(lacks.collect::<Vec<_>>(), ["tags", "models", "architecture"]);
    assert!(
        then["check"]["capacity"]["events_per_day"]
            .as_f64()
            .is_some_and(|events| events > 0.0)
    );
    world.end();
}

#[test]
fn a_review_before_the_campaign_was_made_has_none_and_another_length_is_refused() {
    let world = FiguresServer::begin();
    let (status, then) = world.get("reports/pdca?campaign=GOLDEN&at=2026-03-02&as_of=1");
    assert_eq!(status, 404, "{then}");
    let (status, wrong) = world.get("reports/pdca?period=decade");
    assert_eq!((status, &wrong["code"]), (400, &json!("query-invalid")));
    let (status, wrong) = world.get("reports/pdca?at=yesterday");
    assert_eq!(status, 400, "{wrong}");
    world.end();
}

#[test]
fn a_chart_has_the_shape_of_the_requirement_and_its_series_says_of_what() {
    let world = FiguresServer::begin();
    let chart = world.found("charts/answer_ratio_per_call?version=1&campaign=GOLDEN");
    let drawn = json!({ "xAxis": { "type": "category", "data": ["10:00", "11:00"] }, "yAxis": { "type": "value" },
        "series": [{ "name": "接通率（按呼叫，含应答机）", "type": "bar", "data": [50, 62.5] }] });
    for (option, value) in drawn.as_object().unwrap() {
        assert_eq!(chart[option], *value);
    }
    assert_eq!(chart["metric"]["version"], 1);
    assert_eq!(chart["beside"][0]["version"], 2);
    let coverage = world.found("charts/coverage_ratio?lang=en");
    assert_eq!(coverage["xAxis"]["data"], json!(["GOLDEN"]));
    assert_eq!(coverage["series"][0]["name"], "coverage");
    world.end();
}

#[test]
fn every_definition_is_listed_in_both_languages_and_what_awaits_events_has_no_figure() {
    let world = FiguresServer::begin();
    let all = world.found("metrics");
    for metric in all["items"].as_array().unwrap() {
        for text in ["label", "definition"] {
            assert!(
                metric[text]["zh"].is_string() && metric[text]["en"].is_string(),
                "{metric}"
            );
        }
        assert_ne!(
            metric["awaits"].is_string(),
            metric["numerator"].is_object(),
            "{metric}"
        );
    }
    let awaited = world.found("metrics/interested_ratio?version=1");
    assert_eq!(awaited["value"], Value::Null);
    assert!(awaited["awaits"].as_str().unwrap().contains("意向等级"));
    assert_eq!(world.get("metrics/interested_ratio/events?version=1").0, 422);
    world.end();
}

/// Wrong requests: path, status, problem code, and a text that the detail must contain.
const MISTAKES: [(&str, u16, &str, &str); 15] = [
    (
        "metrics/answer_rate",
        404,
        "unknown-metric",
        "answer_ratio_per_call",
    ),
    (
        "metrics/conversion_ratio?version=9",
        404,
        "unknown-metric-version",
        "1, 2",
    ),
    (
        "metrics/conversion_ratio?version=x",
        400,
        "query-invalid",
        "version",
    ),
    (
        "metrics/conversion_ratio?by=moon",
        400,
        "unknown-column",
        "flow_version",
    ),
    (
        "metrics/coverage_ratio?by=trunk",
        400,
        "column-not-known",
        "campaign",
    ),
    (
        "metrics/conversion_ratio?by=flow_version",
        400,
        "campaign-missing",
        "campaign",
    ),
    (
        "metrics/conversion_ratio?from=2026-03-02T10:30:00Z",
        400,
        "window-invalid",
        "full hour",
    ),
    (
        "metrics/conversion_ratio?from=2026-03-02&to=2026-03-02",
        400,
        "window-invalid",
        "ends",
    ),
    (
        "metrics/conversion_ratio?from=soon",
        400,
        "window-invalid",
        "2026-03-02",
    ),
    (
        "metrics/conversion_ratio/events?which=half",
        400,
        "which-invalid",
        "denominator",
    ),
    (
        "metrics/conversion_ratio/events?cursor=7",
        400,
        "cursor-invalid",
        "cursor",
    ),
    (
        "metrics/dialed_calls/events?which=denominator",
        422,
        "no-such-part",
        "part",
    ),
    (
        "metrics/conversion_ratio/events?valid_at=2026-03-02T10:00:00%2B08:00",
        400,
        "valid-at-not-here",
        "as_of",
    ),
    ("charts/nothing", 404, "unknown-metric", "did you mean"),
    ("charts/dialed_calls?lang=fr", 400, "lang-invalid", "zh"),
];

#[test]
fn an_unknown_metric_version_column_or_window_is_a_clear_error() {
    let world = FiguresServer::begin();
    for (path, status, code, named) in MISTAKES {
        let (found, body) = world.get(path);
        assert_eq!(
            (found, body["code"].as_str().unwrap_or("")),
            (status, code),
            "{path}: {body}"
        );
        assert!(body["detail"].as_str().unwrap().contains(named), "{path}: {body}");
    }
    world.end();
}

#[test]
fn a_figure_as_of_a_position_is_folded_from_the_campaigns_events() {
    let world = FiguresServer::begin();
    let corrected = LOG
        .lines()
        .position(|line| line.contains("call.corrected"))
        .unwrap() as u64;
    let begin = world.head.0 - LOG.lines().count() as u64;
    let before = begin + corrected;
    let path = format!("metrics/machine_ratio?campaign=GOLDEN&as_of={before}");
    let then = world.found(&path);
    assert_eq!(
        then["numerator_count"], 0,
        "before the correction of call B: {then}"
    );
    assert_eq!(then["known"]["as_of"], before.to_string(), "{then}");
    assert_eq!(
        world.found("metrics/machine_ratio?campaign=GOLDEN")["numerator_count"],
        1
    );
    let events = format!("metrics/machine_ratio/events?campaign=GOLDEN&as_of={before}");
    let events = world.found(&events);
    assert_eq!(
        (&events["figure"], &events["as_of_position"]),
        (&json!(0), &json!(before.to_string()))
    );
    let chart = |moment: &str| {
        let path = format!("charts/machine_ratio?campaign=GOLDEN&by=campaign{moment}");
        world.found(&path)["series"].clone()
    };
    assert_ne!(chart(&format!("&as_of={before}")), chart(""));
    assert_eq!(chart(&format!("&as_of={}", world.head.0)), chart(""));
    world.end();
}

#[test]
fn two_periods_stand_side_by_side_with_what_may_be_said_of_them() {
    let world = FiguresServer::begin();
    let path = "metrics/answer_ratio_per_call/comparison?campaign=GOLDEN&version=1";
    let hours = "from=2026-03-02T11:00:00%2B08:00&to=2026-03-02T12:00:00%2B08:00";
    let shown = world.found(&format!("{path}&{hours}"));
    // Six calls in the hour before, eight in this one: too few for an interval, but the values are shown.
    assert_eq!(shown["period"]["numerator_count"], 5, "{shown}");
    assert_eq!(shown["base"]["denominator_count"], 6, "{shown}");
    assert_eq!(shown["base"]["from"], "2026-03-02T02:00:00.000000Z", "{shown}");
    assert_eq!(
        (&shown["verdict"], &shown["difference_low"]),
        (&json!("too_few"), &Value::Null)
    );
    assert_eq!(shown["difference"], 0.125, "{shown}");
    assert_eq!(shown["complete_up_to"]["position"], world.head.to_string());
    let nothing = world.found(&format!("{path}&from=2026-04-02&to=2026-04-03"));
    assert_eq!(nothing["verdict"], "no_figure", "{nothing}");
    let then = world.found(&format!("{path}&{hours}&as_of={}", world.head));
    assert_eq!(
        (&then["difference"], &then["verdict"]),
        (&shown["difference"], &shown["verdict"])
    );
    for wrong in [
        format!("{path}&from=2026-03-02"),
        format!("{path}&from=2026-03-02&to=2026-03-03&base_from=2026-03-02&base_to=2026-03-04"),
        format!("{path}&from=2026-03-02&to=2026-03-03&base_from=2026-03-01"),
        format!("{path}&from=2024-03-02&to=2026-03-03"),
    ] {
        let (status, body) = world.get(&wrong);
        assert_eq!(
            (status, &body["code"]),
            (400, &json!("window-invalid")),
            "{wrong}"
        );
    }
    world.end();
}
