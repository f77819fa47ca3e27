//! Tests of `/metrics` as Prometheus scrapes it: with a key that has the scope, and without personal data in
//! the reply.

use super::test_client::{add, get, key, owner};
use crate::metric_catalogue::{ALL, MetricKind};
use crate::testing::TestServer;
use application::live::LiveUpdate;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

async fn scraped(story: &TestServer, bearer: &str) -> (String, String) {
    let url = story.running.url.clone().unwrap();
    let request = Request::get(format!("{url}/metrics")).header("Authorization", bearer);
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (kind, String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn a_key_for_metrics_scrapes_and_finds_no_customer() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let list =
            json!({ "task_id": "T", "records": [{ "customer_id": "C-PLANTED", "phone": "13800138001" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", list).await.status, 200);
        add(&story, "watch", &["integrator"]).await;
        add(&story, "ling", &["viewer"]).await;
        let watch = key(&story, json!({ "user": "watch", "scopes": ["metrics:read"] })).await;
        let ling = key(&story, json!({ "user": "ling" })).await;
        let no = get(&story, "/metrics", &ling).await;
        assert_eq!((no.status, no.code()), (403, "role-missing"));
        // The live figures exist once the last hour has been read.
        let mut pictures = story.running.installation.live.watch();
        let is_read = |picture: &LiveUpdate| matches!(picture, LiveUpdate::Figures(_));
        pictures.wait_for(is_read).await.unwrap();
        let (kind, text) = scraped(&story, &watch).await;
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        for family in [
            "\nledgerline_ready 1\n",
            "\n# TYPE ledgerline_log_position counter\n",
            "\nledgerline_views_lag_events ",
            "\nledgerline_calls_window{window=\"5m\",what=\"dialed\"} 0\n",
        ] {
            assert!(text.contains(family), "{family:?} in {text}");
        }
        for planted in ["C-PLANTED", "13800138001", "8613800138001"] {
            assert!(!text.contains(planted), "{text}");
        }
        let beyond = get(&story, "/api/v1/campaigns", &watch).await;
        assert_eq!(beyond.code(), "scope-missing");
    });
    story.end();
}

/// The files with which operators watch a server.
const RULES: &str = include_str!("../../../../docs/monitoring/ledgerline.rules.yml");
const RULE_TESTS: &str = include_str!("../../../../docs/monitoring/ledgerline.rules.test.yml");
const DASHBOARD: &str = include_str!("../../../../docs/monitoring/ledgerline.dashboard.json");
const RUNBOOKS: [&str; 2] = [
    include_str!("../../../../docs/how-to/alert-runbook.md"),
    include_str!("../../../../docs/how-to/alert-runbook.zh-CN.md"),
];

/// Returns the name of a sample's metric, without the suffix of a histogram, and the names of its labels.
fn sample(line: &str) -> (&str, Vec<&str>) {
    let (series, _) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let is_histogram = |name: &str| {
        let of_kind = |family: &&crate::metric_catalogue::MetricFamily| family.kind == MetricKind::Histogram;
        ALL.iter().filter(of_kind).any(|family| family.name == name)
    };
    let suffixes = ["_bucket", "_sum", "_count"].into_iter();
    let base = suffixes
        .filter_map(|suffix| name.strip_suffix(suffix))
        .find(|base| is_histogram(base));
    let pairs = labels
        .trim_end_matches('}')
        .split("\",")
        .filter(|pair| !pair.is_empty());
    let names = pairs.map(|pair| pair.split_once('=').unwrap().0);
    (base.unwrap_or(name), names.filter(|name| *name != "le").collect())
}

#[test]
fn a_scrape_has_the_metrics_of_the_catalogue_and_no_others() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let mut pictures = story.running.installation.live.watch();
        let is_read = |picture: &LiveUpdate| matches!(picture, LiveUpdate::Figures(_));
        pictures.wait_for(is_read).await.unwrap();
        scraped(&story, &bearer).await;
        assert_eq!(get(&story, "/api/v1/campaigns/NONE", &bearer).await.status, 404);
        let (_, text) = scraped(&story, &bearer).await;
        let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let catalogue = ALL.iter().map(|family| format!("{} {}", family.name, family.kind.word()));
        assert_eq!(types, catalogue.collect::<Vec<_>>());
        let by_name: BTreeMap<_, _> = ALL.iter().map(|family| (family.name, family.labels)).collect();
        let mut with_samples = BTreeSet::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, labels) = sample(line);
            assert_eq!(by_name.get(name).copied(), Some(labels.as_slice()), "{line}");
            with_samples.insert(name);
        }
        // Without TLS, trunks, calls, alerts and reasons for a pause, these have nothing to say.
        let without: BTreeSet<_> = by_name.keys().copied().filter(|name| !with_samples.contains(name)).collect();
        let expected = [
            "ledgerline_admission_limit_legs",
            "ledgerline_admission_used_legs",
            "ledgerline_alerts_standing",
            "ledgerline_calls_open",
            "ledgerline_certificate_expiry_timestamp_seconds",
            "ledgerline_dialing_paused",
            "ledgerline_post_dial_delay_seconds",
            "ledgerline_sip_datagrams_refused_total",
            "ledgerline_trunk_calls_window",
            "ledgerline_trunk_failures_in_row",
        ];
        let unexpected: Vec<_> = without.iter().filter(|name| !expected.contains(name)).collect();
        assert_eq!(unexpected, Vec::<&&str>::new());
        for line in [
            "ledgerline_http_request_duration_seconds_count{method=\"GET\",route=\"/metrics\",status=\"2xx\"} 1",
            "ledgerline_http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/campaigns/{id}\",\
             status=\"4xx\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(!text.contains("NONE"));
    });
    story.end();
}

/// Returns the names of our metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|one: char| !one.is_ascii_alphanumeric() && one != '_');
    words
        .filter(|word| word.starts_with("ledgerline_") || word.starts_with("process_"))
        .collect()
}

#[test]
fn rules_and_dashboard_use_metrics_of_the_catalogue_that_are_not_deprecated() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let expressions = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| {
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets
            .into_iter()
            .map(|target| target["expr"].as_str().unwrap().to_owned())
    });
    let panels = expressions.collect::<Vec<_>>().join("\n");
    let rules: Vec<&str> = RULES
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let rules = rules.join("\n");
    let used = &metrics_in(&panels) | &metrics_in(&rules);
    assert!(used.len() > 20, "{used:?}");
    for name in used {
        let bases = ["_bucket", "_sum", "_count", ""].into_iter();
        let mut bases = bases.filter_map(|suffix| name.strip_suffix(suffix));
        let found = bases.find_map(|base| ALL.iter().find(|family| family.name == base));
        let family = found.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        assert_eq!(family.replacement, None, "{name} is deprecated");
    }
    // What is served under a current name is on the dashboard, so that each figure has its place.
    for family in ALL.iter().filter(|family| family.replacement.is_none()) {
        let is_shown = panels.contains(family.name);
        assert!(is_shown, "{} is on no panel", family.name);
    }
}

#[test]
fn each_rule_has_a_test_and_a_section_of_both_runbooks() {
    let parts = [
        ["**What it means.**", "**How to confirm.**", "**What to do.**"],
        ["**含义。**", "**如何确认。**", "**如何处理。**"],
    ];
    let names = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 10, "{names:?}");
    for name in &names {
        let anchor = format!("alert-runbook.md#{}\"", name.to_lowercase());
        assert!(RULES.contains(&anchor), "{name} has no runbook_url");
        assert!(
            RULE_TESTS.contains(&format!("- name: {name}\n")),
            "{name} has no unit test"
        );
        for (runbook, parts) in RUNBOOKS.iter().zip(parts) {
            let title = format!("\n## {name}\n");
            let section = runbook.split_once(&title).map(|(_, rest)| rest);
            let section = section.unwrap_or_else(|| panic!("{name} has no section"));
            let section = section.split("\n## ").next().unwrap();
            for part in parts {
                assert!(section.contains(part), "{name} lacks {part}");
            }
        }
    }
    for runbook in RUNBOOKS {
        assert_eq!(runbook.matches("\n## Ledgerline").count(), names.len());
    }
}
