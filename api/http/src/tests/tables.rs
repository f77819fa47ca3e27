//! Tests of the report tables over three calls.

use crate::testing::TestServer;
use crate::testing::three_calls;
use chrono::NaiveDate;
use domain::calendar::beijing_date;
use domain::problem::Problem;
use host::outbound::api_client::ApiClient;
use hyper::Method;
use serde_json::{Value, json};

async fn asked(client: &ApiClient, path: &str) -> Result<Value, Problem> {
    client.ask(Method::GET, &format!("/api/v1{path}"), None).await
}

async fn shown(client: &ApiClient, path: &str) -> Value {
    asked(client, path).await.unwrap()
}

#[test]
fn a_days_calls_stand_in_the_daily_report_the_costs_the_regions_and_the_ledger() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let client = story.client();
        let body = json!({ "preset": "general" });
        let path = "/api/v1/campaigns/T/targets";
        let set = client.ask(Method::POST, path, Some(&body)).await;
        assert!(set.is_err(), "the campaign does not exist yet");
        three_calls(&story).await;
        let set = client.ask(Method::POST, path, Some(&body)).await.unwrap();
        daily_report(&client, set["position"].as_str().unwrap()).await;
        costs(&client, beijing_date(story.running.installation.now())).await;
        regions(&client).await;
        ledger(&client).await;
        charts(&client).await;
    });
    story.end();
}

async fn daily_report(client: &ApiClient, after: &str) {
    let daily = shown(client, &format!("/reports/daily?after_position={after}")).await;
    let row = &daily["campaigns"][0];
    assert_eq!(row["campaign"], "T");
    let figure = |name: &str| row[name]["value"].clone();
    assert_eq!(
        (figure("dialed_calls_v1"), figure("answered_calls_v1")),
        (json!(3.0), json!(2.0))
    );
    assert_eq!(figure("answer_ratio_per_call_v2"), json!(1.0 / 3.0));
    assert_eq!(figure("conversions_v1"), json!(1.0));
    assert_eq!(daily["totals"]["dialed_calls_v1"]["numerator"], 3);
    let targets = daily["targets"].as_array().unwrap();
    let reached: Vec<&Value> = targets.iter().map(|target| &target["reached"]).collect();
    assert_eq!(
        reached,
        [true, true],
        "two of three answered, one of two converted"
    );
    let before = shown(client, "/reports/daily?date=2020-01-01").await;
    assert_eq!(
        (&before["campaigns"], &before["targets"]),
        (&json!([]), &json!([]))
    );
    assert!(asked(client, "/reports/daily?date=today").await.is_err());
}

async fn costs(client: &ApiClient, today: NaiveDate) {
    let path = format!("/reports/costs?campaign=T&from={today}&per_minute_fen=12");
    let total = shown(client, &path).await["total"].clone();
    assert_eq!((&total["calls"], &total["conversions"]), (&json!(3), &json!(1)));
    let billed = total["billed_calls"].as_u64().unwrap();
    assert_eq!(total["billed_seconds"], 60 * billed);
    assert_eq!(total["cost_fen"], 12 * billed);
    let said = shown(client, &format!("{path}&work_days_per_year=200")).await["total"]["baseline"].clone();
    // 8,000,000 fen a year over 200 days of at most 200 calls: 200 fen a call.
    assert_eq!(said["effective_calls"], billed);
    assert_eq!(said["people_cost_fen_min"], 200 * billed);
    assert_eq!(total["total_cost_fen"], 12 * billed, "nothing else is priced");
    // ¥80,000 over 250 days of 200 and of 150 calls.
    assert_eq!(total["baseline"]["people_cost_fen_min"], 160 * billed);
    let body = json!({ "campaign": "T", "per_minute_fen": 12,
        "baseline": { "agent_year_fen": 16_000_000, "line_minute_fen_before": 15 } });
    let other = client
        .ask(Method::POST, "/api/v1/reports/costs", Some(&body))
        .await
        .unwrap();
    let beside = &other["total"]["baseline"];
    assert_eq!(beside["people_cost_fen_min"], 320 * billed);
    assert_eq!(
        (&beside["line_minute_fen"], &beside["line_minute_fen_before"]),
        // Without talk time nothing is billed, so a minute has no price.
        (&json!((billed > 0).then_some(12)), &json!(15))
    );
    let wrong = json!({ "baseline": { "calls_per_agent_day_min": 201 } });
    assert!(
        client
            .ask(Method::POST, "/api/v1/reports/costs", Some(&wrong))
            .await
            .is_err()
    );
    for wrong in [
        "step=30",
        "from=2026-11-20T10:00:00Z",
        "per_minute_fen=-1",
        "per_minute_fen=100001",
        "work_days_per_year=367",
        "calls_per_agent_day_min=9&calls_per_agent_day_max=8",
    ] {
        let found = asked(client, &format!("/reports/costs?{wrong}")).await;
        assert!(found.is_err(), "{wrong}");
    }
}

async fn regions(client: &ApiClient) {
    let row = shown(client, "/campaigns/T/regions").await["items"][0].clone();
    assert_eq!(row["region"], "unknown", "no rule judged this permit");
    assert_eq!((&row["dialed"], &row["converted"]), (&json!(3), &json!(1)));
    let chart = shown(client, "/campaigns/T/regions/chart").await;
    assert_eq!(chart["series"][1]["data"], json!([2]));
    assert!(asked(client, "/campaigns/U/regions").await.is_err());
}

async fn ledger(client: &ApiClient) {
    let ledger = shown(client, "/campaigns/T/abandonment").await;
    let definitions = ledger["definitions"].as_array().unwrap();
    assert_eq!(definitions.len(), 10);
    for definition in definitions {
        for part in ["numerator", "denominator"] {
            let link = definition[format!("{part}_events")].as_str().unwrap();
            let behind = client.ask(Method::GET, link, None).await.unwrap();
            assert_eq!(
                behind["figure"],
                definition[format!("{part}_count")],
                "{definition}"
            );
        }
    }
    assert_eq!(ledger["budget"]["used_per_mille"], 1_000);
    assert_eq!(
        ledger["budget"]["binds"], false,
        "robots take its calls: callees never wait for an agent"
    );
}

async fn charts(client: &ApiClient) {
    for by in ["hour", "day"] {
        for campaign in ["", "&campaign=T"] {
            let path = format!("/charts/dialed_calls?by={by}{campaign}");
            let chart = shown(client, &path).await;
            let data = chart["series"][0]["data"].as_array().unwrap();
            let dialed: i64 = data.iter().filter_map(Value::as_i64).sum();
            assert_eq!(dialed, 3, "{chart}");
        }
    }
}
