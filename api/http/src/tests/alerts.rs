//! Tests of the alert rules on a running server: the results of calls raise an alert and end it.

use crate::testing::{TestServer, answered, dial, failed, three_calls};
use application::alerts::budgets;
use domain::alert::AlertLimits;
use domain::alert::AlertRule;
use hyper::Method;
use serde_json::Value;

/// Waits until the `line_failures` alert is raised (`standing`) or has ended (`!standing`). Returns it.
async fn line_alert(story: &TestServer, standing: bool) -> Value {
    let path = format!("/api/v1/alerts?rule=line_failures&standing={standing}");
    loop {
        let found = story.client().ask(Method::GET, &path, None).await.unwrap();
        if let Some(alert) = found["items"].as_array().and_then(|items| items.first()) {
            return alert.clone();
        }
        story.running.installation.pause(50).await;
    }
}

#[test]
fn three_failures_of_a_line_in_a_row_are_an_alert_until_it_carries_a_call() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for attempt in 1..=3 {
            dial(&story, attempt, failed()).await;
        }
        let alert = line_alert(&story, true).await;
        assert_eq!(
            (alert["subject"].as_str(), alert["severity"].as_str()),
            (Some("first"), Some("critical"))
        );
        assert_eq!(
            (&alert["figure"]["value"], &alert["figure"]["limit"]),
            (&3.into(), &3.into())
        );
        dial(&story, 4, answered()).await;
        let over = line_alert(&story, false).await;
        assert_eq!(
            (&over["alert"], &over["figure"]["value"]),
            (&alert["alert"], &0.into())
        );
        assert_eq!(over["raised_count"], 1);
    });
    story.end();
}

#[test]
fn a_campaign_with_an_open_alert_is_asked_for_its_budget_and_one_that_does_not_dial_is_not() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let position = three_calls(&story).await;
        let path = format!("/api/v1/campaigns/T/abandonment?after_position={position}");
        story.client().ask(Method::GET, &path, None).await.unwrap();
        let installation = &story.running.installation;
        let limits = AlertLimits {
            person_answered_min: 1,
            ..AlertLimits::default()
        };
        let nothing = budgets::findings(installation, &limits, [].iter()).await.unwrap();
        assert_eq!(nothing, [], "T is a draft");
        let open_alerts = [(AlertRule::AbandonBudget, "T".to_owned())];
        let found = budgets::findings(installation, &limits, open_alerts.iter())
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].is_beyond, found[0].figure.value),
            (false, 1_000),
            "robots take its calls: the figure is information, and no breach"
        );
        assert!(found[0].detail.starts_with("1 of 1 calls"), "{}", found[0].detail);
        let enough = budgets::findings(installation, &AlertLimits::default(), open_alerts.iter())
            .await
            .unwrap();
        assert!(!enough[0].is_beyond, "one call says nothing");
    });
    story.end();
}
