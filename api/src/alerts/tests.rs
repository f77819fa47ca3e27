//! The watch over a real server: what calls do raises an alert, and ends it.

use crate::event_stream::http_tests::Story;
use domain::call::command::CallCommand;
use domain::calling_plan::FlowRef;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::ids::{CallId, CommandId, EnrolmentId};
use domain::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use domain::stored_event::Cause;
use hyper::Method;
use serde_json::Value;

fn enrolment() -> EnrolmentId {
    EnrolmentId {
        campaign: "T".parse().unwrap(),
        customer: "00112233445566778899aabbccddeeff".parse().unwrap(),
    }
}

fn permit(story: &Story, call: CallId, attempt: u32) -> CallCommand {
    let EnrolmentId { campaign, customer } = enrolment();
    let valid_until = story.running.app.now().plus_ms(60_000);
    let number: domain::ids::NumberId = "ffeeddccbbaa99887766554433221100".parse().unwrap();
    let customer_grant = CustomerGrant {
        call,
        campaign: campaign.clone(),
        customer,
        number: number.clone(),
        valid_until,
        verdicts: Vec::new(),
    };
    let number_grant = NumberGrant {
        call,
        campaign,
        number,
        valid_until,
        verdicts: Vec::new(),
    };
    CallCommand::Permit {
        call,
        attempt,
        callee: "+8613800138000".to_owned(),
        customer_grant: Box::new(customer_grant),
        number_grant: Box::new(number_grant),
        flow: FlowRef {
            flow: "greeting".parse().unwrap(),
            version: 1,
            content_hash: "00".repeat(32),
        },
    }
}

/// A call that is dialed on the trunk `first`, and what comes of it.
async fn dial(story: &Story, attempt: u32, then: CallCommand) {
    let call = CallId::derive(&enrolment(), attempt);
    let dialing = CallCommand::Dial {
        leg: 1,
        trunk: "first".to_owned(),
        sip_call_id: format!("id-{attempt}"),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    };
    for (step, command) in [permit(story, call, attempt), dialing, then]
        .into_iter()
        .enumerate()
    {
        let cause = Cause::outside(CommandId::derive_from_text(&format!("{attempt}/{step}")));
        let asked = story.running.app.system().calls.ask(&call, command, cause).await;
        asked.unwrap();
    }
}

fn failed() -> CallCommand {
    CallCommand::FailLeg {
        leg: 1,
        failure: LegFailure {
            sip_code: Some(503),
            reason_header: None,
            q850: None,
            cause: FailureCause::default(),
            definite: true,
            rang: false,
            after_ms: 20,
            retry_after_s: None,
        },
    }
}

fn answered() -> CallCommand {
    let dialog = AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:callee@127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
    };
    CallCommand::Answer { leg: 1, dialog }
}

/// The alert about the line, once it stands or no longer does.
async fn line_alert(story: &Story, standing: bool) -> Value {
    let path = format!("/api/v1/alerts?rule=line_failures&standing={standing}");
    loop {
        let found = story.client().ask(Method::GET, &path, None).await.unwrap();
        if let Some(alert) = found["items"].as_array().and_then(|items| items.first()) {
            return alert.clone();
        }
        story.running.app.pause(50).await;
    }
}

#[test]
fn three_failures_of_a_line_in_a_row_are_an_alert_until_it_carries_a_call() {
    let story = Story::begin();
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
