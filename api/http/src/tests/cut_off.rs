//! Tests of calls that a crash cut off: the list of the affected customers with the time of their next call,
//! calling them back, and settling them by an order.

use crate::tests::route_server::RouteServer;
use domain::call::LegIdentity;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::calling_plan::CampaignFacts;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::customer::command::{CallClosing, CustomerCommand, RedialRule};
use domain::customer::event::CustomerEvent;
use domain::disposition::Disposition;
use domain::ids::{CallId, CampaignId, CommandId, CustomerId};
use domain::ports::line::AnsweredDialog;
use domain::stored_event::Cause;
use domain::time::{TimeOfDay, Timestamp};
use serde_json::{Value, json};

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好。","basis":"contract"}"#;
const PEOPLE: &str = r#"{"task_id":"T","records":[
    {"customer_id":"C1","phone":"13800138000"},
    {"customer_id":"C2","phone":"13800138001"},
    {"customer_id":"C3","phone":"13800138002"}]}"#;

/// The cause of one command of a test.
fn cause(name: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(name))
}

impl RouteServer {
    fn customer(&self, external_id: &str) -> CustomerId {
        let (_, shown) = self.send("GET", &format!("/api/v1/customers/{external_id}"), "");
        shown["id"].as_str().expect("it is shown").parse().unwrap()
    }

    /// The facts of campaign T, changed so that it runs at any hour.
    async fn facts(&self) -> CampaignFacts {
        let campaign: CampaignId = "T".parse().unwrap();
        let loaded = self
            .running
            .installation
            .entities
            .campaigns
            .state(&campaign)
            .await
            .unwrap();
        let mut facts = loaded.state.facts(campaign).unwrap();
        facts.running = true;
        facts.plan.trial = true;
        facts.plan.window.start = TimeOfDay::from_minutes(0).unwrap();
        facts.plan.window.end = TimeOfDay::from_minutes(24 * 60).unwrap();
        facts
    }

    /// Records a call that a crash interrupted, before or after its answer, and closes it at the customer.
    /// Returns its id.
    fn interrupt(&self, customer: &CustomerId, answered: bool) -> CallId {
        self.runtime.block_on(async {
            let (system, facts) = (&self.running.installation.entities, self.facts().await);
            let ask = CustomerCommand::GrantDial {
                customer: customer.clone(),
                facts: Box::new(facts.clone()),
                joined: Vec::new(),
            };
            let granted = system
                .customers
                .ask(customer, ask, cause(&format!("grant {customer}")))
                .await;
            let events = granted.unwrap().events;
            let [CustomerEvent::DialGranted { attempt, grant }] = events.as_slice() else {
                panic!("{events:?}");
            };
            let call = grant.call;
            let mut commands = vec![
                CallCommand::Permit {
                    call,
                    attempt: *attempt,
                    callee: "+8613800138000".to_owned(),
                    customer_grant: Box::new(grant.clone()),
                    number_grant: Box::new(number_side(grant)),
                    flow: facts.flow.clone(),
                },
                dial(call),
            ];
            commands.extend(answered.then(|| CallCommand::Answer {
                leg: 1,
                dialog: dialog(),
            }));
            commands.push(CallCommand::End(CallEnding {
                reason: Some(EndReason::Crash),
                ..CallEnding::default()
            }));
            let mut ended_at = Timestamp::EPOCH;
            for (step, command) in commands.into_iter().enumerate() {
                let answer = system
                    .calls
                    .ask(&call, command, cause(&format!("{call} {step}")))
                    .await;
                ended_at = answer.unwrap().state.ended().map_or(ended_at, |ended| ended.at);
            }
            let closing = CallClosing {
                call,
                campaign: grant.campaign.clone(),
                number: grant.number.clone(),
                disposition: Disposition::Interrupted,
                outcome: None,
                charged: true,
                again: RedialRule::ByPolicy,
                answered,
                late_leg: None,
                callback_at: None,
                dialed_at: ended_at,
                ended_at,
                hold_off_ms: 5_000,
            };
            let close = CustomerCommand::CloseCall {
                closing: Box::new(closing),
                facts: Box::new(facts),
            };
            // The server's retry driver may have closed the call first; a second close changes nothing.
            drop(
                system
                    .customers
                    .ask(customer, close, cause(&format!("close {call}")))
                    .await,
            );
            call
        })
    }

    /// The list of cut-off calls, after the read model has read the whole log.
    fn listed(&self) -> Vec<Value> {
        let installation = &self.running.installation;
        let caught_up = async {
            let head = installation.store().head().await.unwrap();
            installation.rows_at(head, 10_000).await
        };
        assert!(self.runtime.block_on(caught_up).is_ok());
        let (status, list) = self.send("GET", "/api/v1/campaigns/T/cut-off", "");
        assert_eq!(status, 200, "{list:?}");
        list["items"].as_array().unwrap().clone()
    }
}

fn dial(call: CallId) -> CallCommand {
    CallCommand::Dial {
        leg: 1,
        trunk: "carrier".to_owned(),
        sip_call_id: LegIdentity::from_ids(call, 1).sip_call_id(),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    }
}

fn number_side(grant: &CustomerGrant) -> NumberGrant {
    NumberGrant {
        call: grant.call,
        campaign: grant.campaign.clone(),
        number: grant.number.clone(),
        valid_until: grant.valid_until,
        verdicts: Vec::new(),
    }
}

fn dialog() -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "tag".to_owned(),
        remote_target: "sip:127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    }
}

#[test]
fn only_customers_who_were_cut_off_are_listed_called_back_or_settled() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let [one, two, three] = ["C1", "C2", "C3"].map(|id| server.customer(id));
    let calls = [server.interrupt(&one, true), server.interrupt(&two, true)];
    server.interrupt(&three, false);
    let listed = server.listed();
    let shown: Vec<_> = listed
        .iter()
        .map(|item| (&item["call"], &item["state"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!(calls[1]), &json!("waiting")),
            (&json!(calls[0]), &json!("waiting"))
        ]
    );
    // The clock shows 10:00 of 2 March in Beijing: the call is due on the next day there.
    assert_eq!(listed[0]["due_at"], "2026-03-02T16:00:00.000000Z");
    assert!(
        listed[0]["callee"]
            .as_str()
            .is_some_and(|callee| callee.contains('*'))
    );
    let (status, reply) = server.post(
        "/api/v1/campaigns/T/cut-off/call-back",
        &json!({"customer": "C1"}),
    );
    assert_eq!((status, &reply["settled"]), (200, &json!(false)), "{reply:?}");
    assert!(
        reply["due_at"].as_str() < Some("2026-03-02T16:00:00.000000Z"),
        "{reply:?}"
    );
    let settle =
        |id: &str| json!({"customer": id, "reason": "spoken to at the branch", "by": "duty manager"});
    let (status, reply) = server.post("/api/v1/campaigns/T/cut-off/settle", &settle("C2"));
    assert_eq!((status, &reply["settled"]), (200, &json!(true)), "{reply:?}");
    let states: Vec<_> = server.listed().iter().map(|item| item["state"].clone()).collect();
    assert_eq!(states, ["settled", "waiting"]);
    for (id, route) in [
        ("C3", "call-back"),
        ("C2", "call-back"),
        ("C2", "settle"),
        ("C3", "settle"),
    ] {
        let body = match route {
            "settle" => settle(id),
            _ => json!({"customer": id}),
        };
        let (status, reply) = server.post(&format!("/api/v1/campaigns/T/cut-off/{route}"), &body);
        assert!((400..500).contains(&status), "{id} {route}: {reply:?}");
    }
    let (status, reply) = server.post("/api/v1/campaigns/T/cut-off/settle", &json!({"customer": "C1"}));
    assert_eq!(status, 422, "a reason is needed: {reply:?}");
    server.end();
}
