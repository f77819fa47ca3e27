//! Checks that a headline figure is the same in every report: what REP-1 calls 接通率 has the same value,
//! metric, version and label wherever it is shown, and the figure for people only is shown beside it.

use crate::commands::metrics::format_figure;
use crate::commands::targets::region_lines;
use crate::commands::trunk_quality::quality_lines;
use crate::page::{Language, campaign};
use application::figures::{MetricQuery, find};
use domain::calendar::{PeriodLength, beijing_date};
use evidence::pdca::{PdcaScope, evidence, gather, page};
use host::outbound::api_client::ApiClient;
use http::testing::TestServer;
use http::testing::three_calls;
use hyper::Method;
use projections::metrics::Scope;
use serde_json::{Value, json};

/// Expected answer rate of three calls: two were answered, one of those by a machine.
const ALL: f64 = 2.0 / 3.0;
const PEOPLE: f64 = 1.0 / 3.0;

async fn shown(client: &ApiClient, path: &str) -> Value {
    let asked = client.ask(Method::GET, &format!("/api/v1{path}"), None).await;
    asked.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

/// Checks one source: its answer rate and version, and the rate and version for people only.
fn same(door: &str, [figure, version, beside, beside_version]: [&Value; 4]) {
    let two = (figure.as_f64(), version, beside.as_f64(), beside_version);
    assert_eq!(two, (Some(ALL), &json!(1), Some(PEOPLE), &json!(2)), "{door}");
}

/// Checks a reply that holds both figures as members and describes them in `versions`.
fn members(door: &str, figures: &Value, reply: &Value) {
    members_named("answer_ratio", door, figures, reply);
    let conversions = ["conversion_ratio", "conversion_ratio_people"].map(|member| figures[member].as_f64());
    assert_eq!(conversions, [Some(0.5), Some(1.0)], "{door}");
}

/// Like `members`, for an answer rate with the member name `name`.
fn members_named(name: &str, door: &str, figures: &Value, reply: &Value) {
    let people = format!("{name}_people");
    let named = |member: &str| &reply["versions"][member];
    for (member, label) in [(name, "含应答机"), (people.as_str(), "仅真人")] {
        assert_eq!(named(member)["metric"], "answer_ratio_per_call", "{door}");
        let zh = named(member)["label"]["zh"].as_str().unwrap();
        assert!(zh.contains(label), "{door}: {zh}");
    }
    same(
        door,
        [
            &figures[name],
            &named(name)["version"],
            &figures[&people],
            &named(&people)["version"],
        ],
    );
}

#[test]
fn a_headline_figure_is_the_same_at_every_door_with_its_version_and_people_only_beside_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let position = three_calls(&story).await;
        let client = story.client();
        let behind = format!("after_position={position}");
        routes(&client, &behind).await;
        of_the_past(&client, &position).await;
        live(&client).await;
        pages(&story, &client).await;
    });
    story.end();
}

async fn routes(client: &ApiClient, behind: &str) {
    let metric = shown(
        client,
        &format!("/metrics/answer_ratio_per_call?campaign=T&{behind}"),
    )
    .await;
    let beside = &metric["beside"][0];
    same(
        "metrics",
        [
            &metric["value"],
            &metric["version"],
            &beside["value"],
            &beside["version"],
        ],
    );
    assert_eq!(beside["label"]["zh"], "接通率（按呼叫，仅真人）");
    let groups = shown(client, "/metrics/answer_ratio_per_call?by=campaign").await;
    let beside = &groups["beside"][0];
    let values = [&groups["groups"][0]["value"], &beside["groups"][0]["value"]];
    same(
        "groups",
        [values[0], &groups["version"], values[1], &beside["version"]],
    );
    let events = shown(client, "/metrics/answer_ratio_per_call/events?campaign=T").await;
    assert_eq!(
        events["figure"], 2,
        "the events are those of the figure: {events}"
    );
    let chart = shown(client, "/charts/answer_ratio_per_call?campaign=T").await;
    let (drawn, beside) = (&chart["series"][0]["data"][0], &chart["beside"][0]);
    assert_eq!((drawn, &chart["metric"]["version"]), (&json!(66.67), &json!(1)));
    assert_eq!(
        (&beside["data"][0], &beside["version"]),
        (&json!(33.33), &json!(2))
    );
    of_campaigns(client).await;
    tables(client).await;
}

async fn of_campaigns(client: &ApiClient) {
    let one = shown(client, "/campaigns/T").await;
    members("campaign", &one, &one);
    let list = shown(client, "/campaigns").await;
    members("campaigns", &list["items"][0], &list);
    let report = shown(client, "/campaigns/T/report").await;
    members("report", &report, &report);
    for (door, figures) in [
        ("hours", &report["hours"][0]["calls"]),
        ("trunks", &report["by_trunk"][0][1]),
        ("flow versions", &report["by_flow_version"][0][1]),
    ] {
        members(door, figures, &report);
    }
    assert_eq!(report["chart"]["metric"]["version"], 1);
    let first = report["metrics"].as_array().unwrap().iter();
    let first = first
        .clone()
        .find(|one| one["name"] == "answer_ratio_per_call")
        .unwrap();
    assert_eq!(
        (first["version"].as_u64(), first["value"].as_f64()),
        (Some(1), Some(ALL))
    );
    let chart = shown(client, "/campaigns/T/report/chart").await;
    assert_eq!(chart["metric"]["metric"], "answer_ratio_per_call");
    let (drawn, beside) = (&chart["series"][0]["data"][0], &chart["beside"][0]);
    assert_eq!((drawn, &beside["data"][0]), (&json!(67), &json!(33)));
    assert_eq!(
        (&beside["metric"], &beside["version"]),
        (&json!("answer_ratio_per_call"), &json!(2))
    );
}

async fn tables(client: &ApiClient) {
    let daily = shown(client, "/reports/daily").await;
    let cell = |column: &str| daily["totals"][column]["value"].clone();
    assert_eq!(cell("answer_ratio_per_call_v1"), json!(ALL));
    assert_eq!(cell("answer_ratio_per_call_v2"), json!(PEOPLE));
    assert_eq!(
        (cell("conversion_ratio_v1"), cell("conversion_ratio_v2")),
        (json!(0.5), json!(1.0))
    );
    let regions = shown(client, "/campaigns/T/regions").await;
    let lines = region_lines(&regions).join("\n");
    let region = &regions["items"][0];
    members_named("answer_ratio_per_call", "regions", region, &regions);
    assert_eq!(
        (&region["conversion_ratio"], &region["conversion_ratio_people"]),
        (&json!(0.5), &json!(1.0))
    );
    // Figures per leg are not the metric of calls, so they name no metric; the share of people is shown too.
    let trunks = shown(client, "/trunks/quality").await;
    let day = &trunks["days"][0];
    let ratios = ["answer_ratio_per_leg", "answer_ratio_per_leg_people"].map(|member| day[member].as_f64());
    assert_eq!(ratios, [Some(ALL), Some(PEOPLE)], "{trunks}");
    for (door, lines) in [("regions", lines), ("trunks", quality_lines(&trunks).join("\n"))] {
        for said in ["with machines", "66.7 %", "people only", "33.3 %"] {
            assert!(lines.contains(said), "{door}: {said}: {lines}");
        }
    }
    for (member, label) in [
        ("answer_ratio_per_leg", "含应答机"),
        ("answer_ratio_per_leg_people", "仅真人"),
    ] {
        let named = &trunks["versions"][member];
        assert_eq!(named["metric"], Value::Null, "{trunks}");
        assert!(named["label"]["zh"].as_str().unwrap().contains(label), "{trunks}");
    }
    let target = json!({ "targets": [{ "metric": "answer_ratio_per_call", "ratio": 0.5 }] });
    let path = "/api/v1/campaigns/T/targets";
    let set = client.ask(Method::POST, path, Some(&target)).await.unwrap();
    let path = format!(
        "/reports/target-actual?after_position={}",
        set["position"].as_str().unwrap()
    );
    let row = shown(client, &path).await["items"][0].clone();
    assert_eq!(
        (row["actual_ratio"].as_f64(), &row["version"]),
        (Some(ALL), &json!(1))
    );
}

/// Checks replies about a past log position: the figures are computed from events and are the same.
async fn of_the_past(client: &ApiClient, position: &str) {
    for path in ["/campaigns/T", "/campaigns/T/report"] {
        let then = shown(client, &format!("{path}?as_of={position}")).await;
        members(path, &then, &then);
    }
    let list = shown(client, &format!("/campaigns?as_of={position}")).await;
    members("campaigns then", &list["items"][0], &list);
}

/// Checks the live figures. They are computed after the event, so the test asks again until all three calls
/// are counted.
async fn live(client: &ApiClient) {
    let mut picture = Value::Null;
    client
        .follow("/api/v1/live/stream", |_, data| {
            picture = serde_json::from_str(data).unwrap();
            match picture["last_hour"]["ended"].as_u64() {
                Some(3) => Err(crate::kit::failure::Failure::fault("enough")),
                _ => Ok(()),
            }
        })
        .await
        .unwrap_err();
    assert_eq!(picture["last_hour"]["answer_ratio"].as_f64(), Some(ALL));
    assert_eq!(
        picture["campaigns"][0]["last_hour"]["answer_ratio"].as_f64(),
        Some(ALL)
    );
    for (member, version) in [("answer_ratio", 1), ("answer_ratio_people", 2)] {
        let named = &picture["versions"][member];
        assert_eq!(
            (&named["metric"], &named["version"]),
            (&json!("answer_ratio_per_call"), &json!(version))
        );
        assert!(picture["last_hour"][member].is_f64(), "{picture}");
    }
    assert_eq!(picture["versions"]["settled_answer_ratio"]["metric"], Value::Null);
}

/// Checks the pages that the command line prints for people.
async fn pages(story: &TestServer, client: &ApiClient) {
    let one = shown(client, "/campaigns/T").await;
    for (language, people) in [
        (Language::Zh, "仅真人 v2 33.3 %"),
        (Language::En, "people only v2 33.3 %"),
    ] {
        let page = campaign(&one, language).join("\n");
        for said in [
            "answer_ratio_per_call v1",
            "66.7 %",
            people,
            "conversion_ratio v1",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }
    let installation = &story.running.installation;
    let db = installation.rows.db();
    let metric = find("answer_ratio_per_call", None).unwrap();
    let asked = MetricQuery::of(metric, Scope::default(), None).unwrap();
    let lines = format_figure(&asked, &asked.answer(db.as_ref()).await.unwrap()).join("\n");
    assert!(lines.starts_with("answer_ratio_per_call v1"), "{lines}");
    assert!(
        lines.contains("answer_ratio_per_call v2  answer rate per call, people only"),
        "{lines}"
    );
    assert!(
        lines.contains("0.6667  = 2 / 3") && lines.contains("0.3333  = 1 / 3"),
        "{lines}"
    );
    pdca(story, client).await;
}

async fn pdca(story: &TestServer, client: &ApiClient) {
    let installation = &story.running.installation;
    let db = installation.rows.db();
    let ask = PdcaScope {
        length: PeriodLength::Month,
        day: beijing_date(installation.now()),
        campaign: None,
        upto: None,
    };
    let gathered = gather(db.as_ref(), installation.store(), ask).await.unwrap();
    let html = page(&gathered, "p.html.evidence.json");
    assert!(!html.contains("/api/v1/"), "routes are a link");
    assert!(html.contains("href=\"./p.html.evidence.json\""));
    let evidence = evidence(&gathered);
    let figures = evidence["figures"].as_array().unwrap();
    let per_call = figures
        .iter()
        .find(|one| one["metric"] == "answer_ratio_per_call")
        .unwrap();
    assert_eq!(
        (&per_call["version"], &per_call["now"]["numerator"]),
        (&json!(1), &json!(2))
    );
    for (part, count) in [("numerator_events", 2), ("denominator_events", 3)] {
        let route = per_call[part].as_str().unwrap();
        let behind = client.ask(Method::GET, route, None).await.unwrap();
        assert_eq!(behind["figure"], count, "{route}");
    }
    for said in [
        "answer_ratio_per_call v1",
        "answer_ratio_per_call v2",
        "仅真人",
        "66.67 %",
        "33.33 %",
    ] {
        assert!(html.contains(said), "{said}");
    }
    for head in html
        .split("<th>")
        .filter(|head| head.starts_with("接通率") || head.starts_with("转化率"))
    {
        let head = head.split("</th>").next().unwrap();
        let has_version = head.contains("v1") || (head.contains("v2") && head.contains("真人"));
        assert!(has_version, "a heading without a version: {head}");
    }
}
