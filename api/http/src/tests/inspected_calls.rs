//! Tests of an inspection of a spoken call: the words of both sides with the spoken values (masked, or in
//! clear on request), why the flow took its path, and what is missing after the customer was erased.

use super::conversations::with_two;
use super::test_client::{owner, trail};
use crate::testing::{TestServer, answered, enrolment};
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::{EndReason, Notice};
use domain::call::{HeardFact, SaidFact, SilenceFact, TurnFact, UnderstandingFact};
use domain::calling_plan::CampaignFacts;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::customer::command::{CallClosing, CustomerCommand, RedialRule};
use domain::customer::event::CustomerEvent;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CampaignId, CommandId, CustomerId};
use domain::personal::Personal;
use domain::ports::recording::RecordingFacts;
use domain::spoken_turn::{Certainty, Explanation, IntentCandidate, ReadingSource, SpokenReading};
use domain::spoken_turn::{TurnDecision, TurnInput};
use domain::stored_event::Cause;
use domain::time::TimeOfDay;
use serde_json::{Value, json};

fn cause(name: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(name))
}

fn reading() -> SpokenReading {
    SpokenReading {
        certainty: Certainty::Accepted,
        read_by: ReadingSource::Model,
        candidates: vec![IntentCandidate {
            intent: "affirm".to_owned(),
            score_permille: 910,
        }],
        accept_permille: Some(600),
        confirm_permille: Some(300),
        knowledge: None,
        picked: None,
    }
}

/// The called customer, and what the customer says.
#[derive(Clone, Copy)]
pub(super) struct SpokenCallee<'a> {
    pub(super) id: &'a str,
    pub(super) phone: &'a str,
    pub(super) says: &'a str,
}

const C01: SpokenCallee<'static> = SpokenCallee {
    id: "C01",
    phone: "+8613800138001",
    says: "我叫欧阳小明，手机13800138001，是本人",
};

/// The turns of an answered call in which the callee says `says`.
fn turns(says: &str) -> Vec<CallCommand> {
    let said = |prompt: &str, spoken: u32, of: u32| {
        TurnFact::Said(SaidFact {
            leg: 1,
            node: "开场白".to_owned(),
            prompt: prompt.to_owned(),
            variant: None,
            spoken_chars: spoken,
            prompt_chars: of,
            engine: Some("espeak".to_owned()),
        })
    };
    let (node, rule) = ("验证卡号", "nodes.验证卡号.intents.affirm");
    let slots = [("terms".to_owned(), Personal::open("12".to_owned()))];
    let facts = [
        said("nodes.开场白.text", 22, 22),
        TurnFact::Heard(HeardFact {
            leg: 1,
            node: node.to_owned(),
            text: Personal::open(says.to_owned()),
            confidence_permille: None,
            engine: "carrier.example".to_owned(),
            begins_ms: 1_000,
            ends_ms: 2_000,
        }),
        TurnFact::Understood(UnderstandingFact {
            node: node.to_owned(),
            intent: Some("affirm".to_owned()),
            reading: reading(),
            slots: slots.into(),
            interest: None,
            opt_out: false,
            model: None,
            emotion: None,
            encoder: None,
        }),
        TurnFact::Decided(TurnDecision {
            node: node.to_owned(),
            rule: rule.to_owned(),
            explanation: Explanation::of(TurnInput::Spoken),
        }),
        TurnFact::SilenceTimedOut(SilenceFact {
            node: node.to_owned(),
            silence_ms: 3_000,
        }),
    ];
    facts.into_iter().map(CallCommand::NoteTurn).collect()
}

/// Grants a dial to the customer, as if campaign T ran at any hour. Returns the campaign's facts, the number
/// of the attempt and the grant.
pub(super) async fn granted(story: &TestServer, id: &str) -> (CampaignFacts, u32, CustomerGrant) {
    let entities = &story.running.installation.entities;
    let campaign: CampaignId = enrolment().campaign;
    let customer: CustomerId = story.running.installation.vault().derive_customer(id);
    let loaded = entities.campaigns.state(&campaign).await.unwrap();
    let mut facts = loaded.state.facts(campaign).unwrap();
    facts.running = true;
    facts.plan.trial = true;
    facts.plan.window.start = TimeOfDay::from_minutes(0).unwrap();
    facts.plan.window.end = TimeOfDay::from_minutes(24 * 60).unwrap();
    let ask = CustomerCommand::GrantDial {
        customer: customer.clone(),
        facts: Box::new(facts.clone()),
        joined: Vec::new(),
    };
    let granted = entities
        .customers
        .ask(&customer, ask, cause(&format!("grant {id}")))
        .await
        .unwrap();
    let [CustomerEvent::DialGranted { attempt, grant }] = granted.events.as_slice() else {
        panic!("{:?}", granted.events);
    };
    (facts, *attempt, grant.clone())
}

/// The commands from the permit of a call to the played notice.
pub(super) fn begun(
    facts: &CampaignFacts,
    attempt: u32,
    grant: &CustomerGrant,
    phone: &str,
) -> [CallCommand; 4] {
    let call = grant.call;
    let permit = CallCommand::Permit {
        call,
        attempt,
        callee: phone.to_owned(),
        customer_grant: Box::new(grant.clone()),
        number_grant: Box::new(NumberGrant {
            call,
            campaign: grant.campaign.clone(),
            number: grant.number.clone(),
            valid_until: grant.valid_until,
            verdicts: Vec::new(),
        }),
        flow: facts.flow.clone(),
    };
    let dial = CallCommand::Dial {
        leg: 1,
        trunk: "first".to_owned(),
        sip_call_id: "id-1".to_owned(),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    };
    let notice = CallCommand::NoteNoticePlayed {
        leg: 1,
        notice: Notice::Recording,
        recorded_ms: Some(900),
    };
    [permit, dial, answered(), notice]
}

/// Records a spoken call of C01: answered, talked and closed.
pub(super) async fn spoken_call(story: &TestServer) {
    spoken_call_of(story, C01).await;
}

/// Records a spoken call of `caller`: answered, talked and closed.
pub(super) async fn spoken_call_of(story: &TestServer, caller: SpokenCallee<'_>) {
    spoken_and_recorded(story, caller, None).await;
}

/// Records a spoken call of `caller`, with the facts of its recording, if any.
pub(super) async fn spoken_and_recorded(
    story: &TestServer,
    caller: SpokenCallee<'_>,
    recording: Option<RecordingFacts>,
) {
    let SpokenCallee { id, phone, says } = caller;
    let installation = &story.running.installation;
    let (facts, attempt, grant) = granted(story, id).await;
    let end = CallCommand::End(CallEnding {
        heard_rtp: true,
        reason: Some(EndReason::CalleeHungUp),
        recording,
        ..CallEnding::default()
    });
    let commands = begun(&facts, attempt, &grant, phone).into_iter();
    let commands = commands.chain(turns(says)).chain([end]);
    let mut ended_at = installation.now();
    let calls = &installation.entities.calls;
    for (step, command) in commands.enumerate() {
        let answer = calls
            .ask(&grant.call, command, cause(&format!("{id} c{step}")))
            .await;
        ended_at = answer.unwrap().state.ended().map_or(ended_at, |ended| ended.at);
    }
    let closing = CallClosing {
        call: grant.call,
        campaign: grant.campaign.clone(),
        number: grant.number.clone(),
        disposition: Disposition::Answered,
        outcome: Some(Outcome::Success),
        charged: true,
        again: RedialRule::ByPolicy,
        answered: true,
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
    let customers = &installation.entities.customers;
    drop(
        customers
            .ask(&grant.customer, close, cause(&format!("{id} close")))
            .await,
    );
}

pub(super) async fn inspected(story: &TestServer, clear: bool) -> Vec<Value> {
    let ask = json!({ "customer": "C01", "clear": clear, "reason": "a complaint" });
    let reply = owner(story, "/api/v1/inspections", ask).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body["calls"][0]["heard"].as_array().unwrap().clone()
}

pub(super) fn text<'a>(heard: &'a [Value], what: &str) -> &'a Value {
    let line = heard.iter().find(|line| line["what"] == what);
    line.unwrap_or_else(|| panic!("{what} in {heard:?}"))
}

#[test]
fn the_words_of_both_sides_are_shown_masked_or_in_clear_and_gone_with_the_person() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        spoken_call(&story).await;
        let masked = inspected(&story, false).await;
        let order: Vec<&str> = masked.iter().filter_map(|line| line["what"].as_str()).collect();
        assert_eq!(
            order,
            [
                "recording_notice",
                "robot_said",
                "callee_said",
                "understood",
                "decided",
                "silent"
            ]
        );
        let said = text(&masked, "robot_said")["text"].as_str().unwrap();
        assert!(said.starts_with("您好，欧***，这里是示***信用卡中心。"), "{said}");
        let heard = text(&masked, "callee_said")["text"].as_str().unwrap();
        assert!(heard.contains("是本人"), "{heard}");
        let all = format!("{masked:?}");
        for personal in ["欧阳小明", "13800138001"] {
            assert!(!all.contains(personal), "{personal} in {all}");
        }
        let understood = text(&masked, "understood")["text"].as_str().unwrap();
        assert!(understood.starts_with("affirm 910‰"), "{understood}");
        assert!(understood.contains("terms=**"), "{understood}");
        assert_eq!(text(&masked, "decided")["text"], "nodes.验证卡号.intents.affirm");

        let clear = inspected(&story, true).await;
        let said = text(&clear, "robot_said")["text"].as_str().unwrap();
        assert!(
            said.starts_with("您好，欧阳小明，这里是示例银行信用卡中心。"),
            "{said}"
        );
        assert_eq!(
            text(&clear, "callee_said")["text"],
            "我叫欧阳小明，手机13800138001，是本人"
        );

        let erase = json!({ "reason": "asked for it" });
        let erased = owner(&story, "/api/v1/customers/C01/erase", erase).await;
        assert!(erased.status < 300, "{}", erased.body);
        assert_eq!(trail(&story, "customer.erasure_requested").await.len(), 1);
        let installation = &story.running.installation;
        let person = installation.vault().derive_customer("C01");
        let ask = json!({ "customer": person, "clear": true, "reason": "a complaint" });
        let reply = owner(&story, "/api/v1/inspections", ask).await;
        let gone = reply.body["calls"][0]["heard"].as_array().unwrap().clone();
        let heard = text(&gone, "callee_said");
        assert_eq!((&heard["text"], &heard["gone"]), (&Value::Null, &json!(true)));
        assert!(!format!("{gone:?}").contains("欧阳"), "{gone:?}");
        assert_eq!(text(&gone, "decided")["text"], "nodes.验证卡号.intents.affirm");
    });
    story.end();
}
