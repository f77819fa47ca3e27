//! Calls without a line, for tests: sends the commands of a call to its entity, step by step.

use super::TestServer;
use domain::call::command::{CallCommand, CallEnding};
use domain::calling_plan::FlowRef;
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::ids::{CallId, CommandId, EnrolmentId};
use domain::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use domain::ports::recording::RecordingFacts;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use hyper::Method;
use serde_json::json;

/// Returns the enrolment of the test customer in campaign T.
pub fn enrolment() -> EnrolmentId {
    EnrolmentId {
        campaign: "T".parse().unwrap(),
        customer: "00112233445566778899aabbccddeeff".parse().unwrap(),
    }
}

/// Returns the command that permits a call of that enrolment.
pub fn permit(now: Timestamp, call: CallId, attempt: u32) -> CallCommand {
    permit_of(now, call, attempt, enrolment())
}

/// Returns the command that permits a call of any enrolment.
pub fn permit_of(now: Timestamp, call: CallId, attempt: u32, enrolment: EnrolmentId) -> CallCommand {
    let EnrolmentId { campaign, customer } = enrolment;
    let valid_until = now.plus_ms(60_000);
    let number: domain::ids::NumberId = "ffeeddccbbaa99887766554433221100".parse().unwrap();
    let customer_grant = CustomerGrant {
        call,
        campaign: campaign.clone(),
        customer,
        number: number.clone(),
        valid_until,
        legs_until: None,
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

/// Dials a call on the trunk `first` and sends its next command.
pub async fn dial(story: &TestServer, attempt: u32, then: CallCommand) {
    let call = CallId::derive(&enrolment(), attempt);
    let dialing = CallCommand::Dial {
        leg: 1,
        trunk: "first".to_owned(),
        sip_call_id: format!("id-{attempt}"),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    };
    for (step, command) in [
        permit(story.running.installation.now(), call, attempt),
        dialing,
        then,
    ]
    .into_iter()
    .enumerate()
    {
        let cause = Cause::outside(CommandId::derive_from_text(&format!("{attempt}/{step}")));
        let asked = story
            .running
            .installation
            .entities
            .calls
            .ask(&call, command, cause)
            .await;
        asked.unwrap();
    }
}

/// Returns the command that ends the first leg with SIP status 503, without ringing.
pub fn failed() -> CallCommand {
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
            lack: None,
        },
    }
}

/// Returns the command that answers the first leg.
pub fn answered() -> CallCommand {
    let dialog = AnsweredDialog {
        to_tag: "t".to_owned(),
        remote_target: "sip:callee@127.0.0.1:5070".to_owned(),
        route_set: Vec::new(),
        cseq: 1,
        key_paths: None,
    };
    CallCommand::Answer { leg: 1, dialog }
}

/// Creates campaign T with a failed call, a call that a person answered without agent or robot, and one that
/// a machine answered. Returns the log position after them.
pub async fn three_calls(story: &TestServer) -> String {
    let client = story.client();
    let made = json!({ "task_id": "T", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let made = client.ask(Method::POST, "/api/v1/campaigns", Some(&made)).await;
    made.unwrap();
    for (attempt, then) in [(1, failed()), (2, answered()), (3, answered())] {
        dial(story, attempt, then).await;
        let call = CallId::derive(&enrolment(), attempt);
        let ending = CallCommand::End(CallEnding {
            heard_rtp: true,
            ..CallEnding::default()
        });
        let cause = Cause::outside(CommandId::derive_from_text(&format!("{attempt}/end")));
        let ended = story
            .running
            .installation
            .entities
            .calls
            .ask(&call, ending, cause)
            .await;
        ended.unwrap();
    }
    // A user listened to the recordings: one call was a conversion, the other no person.
    let mut position = String::new();
    for (attempt, found) in [
        (
            2,
            json!({ "disposition": "answered", "outcome": "success", "reason": "heard" }),
        ),
        (3, json!({ "disposition": "machine", "reason": "heard" })),
    ] {
        let path = format!("/api/v1/calls/{}/correct", CallId::derive(&enrolment(), attempt));
        let corrected = client.ask(Method::POST, &path, Some(&found)).await.unwrap();
        corrected["position"].as_str().unwrap().clone_into(&mut position);
    }
    position
}

/// Creates campaign T with one call and its recording file. Returns the recorded bytes.
pub async fn recorded_call(story: &TestServer) -> Vec<u8> {
    let made = json!({ "task_id": "T", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let client = story.client();
    client
        .ask(Method::POST, "/api/v1/campaigns", Some(&made))
        .await
        .unwrap();
    record(story, 1).await
}

/// A RIFF header: PCM, two channels, 8 kHz, 16 bit, 199,956 bytes of sound.
const SOUND_HEADER: &[u8; 44] =
    b"RIFF\x38\x0d\x03\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data\x14\x0d\x03\0";

/// Answers, records and ends the call of an attempt. Returns the recorded bytes.
pub async fn record(story: &TestServer, attempt: u32) -> Vec<u8> {
    dial(story, attempt, answered()).await;
    let installation = &story.running.installation;
    let call = CallId::derive(&enrolment(), attempt);
    let mut sound: Vec<u8> = (0..200_000_u32)
        .map(|byte| byte.to_le_bytes()[0] ^ attempt.to_le_bytes()[0])
        .collect();
    sound.splice(..SOUND_HEADER.len(), SOUND_HEADER.iter().copied());
    let folder = installation.directory.join("recordings");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{call}.wav")), &sound).unwrap();
    let digest = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        &sound,
    ));
    let ending = CallCommand::End(CallEnding {
        heard_rtp: true,
        recording: Some(RecordingFacts {
            sha256: domain::hex::encode(&digest),
            bytes: sound.len() as u64,
            duration_ms: 6_250,
            callee_audio_from_ms: None,
        }),
        ..CallEnding::default()
    });
    let cause = Cause::outside(CommandId::derive_from_text(&format!("{attempt}/recorded")));
    installation
        .entities
        .calls
        .ask(&call, ending, cause)
        .await
        .unwrap();
    sound
}
