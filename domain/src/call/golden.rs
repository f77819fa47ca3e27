//! Every stored kind of a call event, compared with its golden file.

use super::event::{CallEvent, EndReason, Notice};
use super::{EndCause, Finding, KeyPath, LegIdentity};
use crate::calling_plan::{FlowRef, Preset};
use crate::compliance::{CustomerGrant, Decision, GRANT_VALID_MS, NumberGrant, Verdict};
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use crate::record::golden_support::{at, call, campaign, check, check_with, customer, number};
use std::collections::BTreeMap;
use values::disposition::{Disposition, Outcome};
use values::ids::{CommandId, EventId};
use values::key_rule::KeyRule;
use values::transfer_reason::TransferReason;

fn verdict(rule: &str) -> Verdict {
    Verdict {
        rule: rule.to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision: Decision::Allow,
        facts: BTreeMap::from([("local_time".to_owned(), "2026-03-02T10:00:00".to_owned())]),
    }
}

fn permitted(legs_until: Option<crate::time::Timestamp>) -> CallEvent {
    let valid_until = at().plus_ms(GRANT_VALID_MS);
    CallEvent::Permitted {
        attempt: 2,
        callee: Personal::open_hashed("+8613800138000".to_owned()),
        customer_grant: Box::new(CustomerGrant {
            call: call(),
            campaign: campaign(),
            customer: customer(),
            number: number(),
            valid_until,
            legs_until,
            verdicts: vec![verdict("calling_window")],
        }),
        number_grant: Box::new(NumberGrant {
            call: call(),
            campaign: campaign(),
            number: number(),
            valid_until,
            verdicts: vec![verdict("suppression")],
        }),
        flow: FlowRef {
            flow: "reminder".parse().unwrap(),
            version: 3,
            content_hash: "5e".repeat(32),
        },
    }
}

fn dialog() -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "a6c85cf".to_owned(),
        remote_target: "sip:callee@127.0.0.1:5070".to_owned(),
        route_set: vec!["<sip:127.0.0.1:5061;lr>".to_owned()],
        cseq: 2,
        key_paths: None,
    }
}

fn failure() -> LegFailure {
    LegFailure {
        sip_code: Some(503),
        reason_header: Some("Q.850;cause=34".to_owned()),
        q850: Some(34),
        cause: FailureCause::Response,
        definite: true,
        rang: false,
        after_ms: 120,
        retry_after_s: Some(30),
        lack: None,
    }
}

#[test]
fn the_way_to_an_answer_is_written_as_its_golden_files() {
    let events = [
        permitted(None),
        CallEvent::Dialing {
            leg: 1,
            trunk: "carrier".to_owned(),
            sip_call_id: LegIdentity::from_ids(call(), 1).sip_call_id(),
            local: "127.0.0.1:5060".to_owned(),
            caller: Some("+12025550142".to_owned()),
            hold_off_ms: 180_000,
        },
        CallEvent::Ringing {
            leg: 1,
            sip_code: 183,
            early_media: true,
        },
        CallEvent::LegFailed {
            leg: 1,
            failure: failure(),
        },
        CallEvent::CancelRequested {
            leg: 1,
            reason: EndReason::RingTimeout,
        },
        CallEvent::Answered {
            leg: 2,
            dialog: AnsweredDialog {
                key_paths: Some(vec![KeyPath::RtpEvent, KeyPath::SipInfo]),
                ..dialog()
            },
            key_rule: Some(KeyRule::SpokenNodes),
        },
        CallEvent::LateAnswered {
            leg: 2,
            dialog: dialog(),
        },
    ];
    for event in events {
        check("call", event);
    }
}

#[test]
fn a_conversation_and_its_end_are_written_as_their_golden_files() {
    let node = || "menu".to_owned();
    let events = [
        CallEvent::NoticePlayed {
            leg: 1,
            notice: Notice::Recording,
            recorded_ms: None,
        },
        CallEvent::NodeEntered { node: node() },
        CallEvent::Keypressed {
            leg: 1,
            node: node(),
            digit: Personal::open("9".to_owned()),
        },
        CallEvent::TransferRequested {
            node: node(),
            reason: None,
        },
        CallEvent::AgentConnected {
            leg: 1,
            agent: "wang".parse().unwrap(),
        },
        CallEvent::HangupRequested {
            leg: 1,
            reason: EndReason::FlowEnded,
        },
        CallEvent::EndOrdered {
            hang_up: true,
            reason: "the person asked the branch".to_owned(),
        },
        CallEvent::Ended {
            disposition: Disposition::Answered,
            disposition_version: 1,
            outcome: Some(Outcome::OptedOut),
            talk_ms: 8_500,
            charged: true,
            reason: EndReason::FlowEnded,
            sip_code: Some(200),
            reason_header: Some("Q.850;cause=16".to_owned()),
            q850: Some(16),
            late_answer: true,
            recording_sha256: Some("ab".repeat(32)),
            recording_bytes: Some(272_044),
            cause: None,
            recording_ms: None,
            callee_audio_from_ms: None,
        },
        CallEvent::Corrected {
            corrects: EventId::derive(CommandId::derive_from_text("golden"), 0),
            before: Finding {
                disposition: Disposition::Answered,
                outcome: Some(Outcome::Success),
            },
            after: Finding {
                disposition: Disposition::Machine,
                outcome: None,
            },
            reason: "the recording is of a machine".to_owned(),
            by: Some("auditor-7".to_owned()),
        },
        CallEvent::RecordingDisposed {
            disposal: 17,
            preset: Preset::CnService,
            days: 365,
        },
    ];
    for event in events {
        check("call", event);
    }
}

#[test]
fn the_reason_of_a_transfer_is_written_as_its_golden_file() {
    let transfer = CallEvent::TransferRequested {
        node: "menu".to_owned(),
        reason: Some(TransferReason::EngineFailure),
    };
    check_with("call", "reason", transfer);
}

/// Two answers: one after which keypresses cannot arrive, and one with unknown key paths.
#[test]
fn an_answer_without_key_paths_is_written_as_its_golden_files() {
    for (member, key_paths) in [("no_key_path", Some(Vec::new())), ("unknown_key_paths", None)] {
        let answered = CallEvent::Answered {
            leg: 1,
            dialog: AnsweredDialog {
                key_paths,
                ..dialog()
            },
            key_rule: Some(KeyRule::SpokenNodes),
        };
        check_with("call", member, answered);
    }
}

/// Members that were added later have their own golden files; the files without them stay as they were.
#[test]
fn a_cause_of_an_end_is_written_as_its_golden_file() {
    let failed = CallEvent::LegFailed {
        leg: 1,
        failure: LegFailure {
            cause: FailureCause::Local,
            definite: true,
            lack: Some(EndCause::NoRtpPort),
            ..LegFailure::default()
        },
    };
    let ended = CallEvent::Ended {
        disposition: Disposition::Answered,
        disposition_version: 1,
        outcome: Some(Outcome::Failed),
        talk_ms: 21_000,
        charged: true,
        reason: EndReason::MediaLost,
        sip_code: None,
        reason_header: None,
        q850: None,
        late_answer: false,
        recording_sha256: None,
        recording_bytes: None,
        cause: Some(EndCause::MediaSilent),
        recording_ms: None,
        callee_audio_from_ms: None,
    };
    check_with("call", "cause", ended);
    check_with("call", "lack", failed);
}

#[test]
fn how_long_legs_may_follow_is_written_as_its_golden_file() {
    let until = at().plus_ms(5_000);
    check_with("call", "legs_until", permitted(Some(until)));
}

#[test]
fn when_the_callee_is_first_heard_is_written_as_its_golden_files() {
    let noticed = CallEvent::NoticePlayed {
        leg: 1,
        notice: Notice::Recording,
        recorded_ms: Some(4_240),
    };
    let ended = CallEvent::Ended {
        disposition: Disposition::Answered,
        disposition_version: 1,
        outcome: Some(Outcome::Success),
        talk_ms: 21_000,
        charged: true,
        reason: EndReason::FlowEnded,
        sip_code: None,
        reason_header: None,
        q850: None,
        late_answer: false,
        recording_sha256: Some("ab".repeat(32)),
        recording_bytes: Some(672_044),
        cause: None,
        recording_ms: Some(21_000),
        callee_audio_from_ms: Some(4_260),
    };
    check_with("call", "recorded_ms", noticed);
    check_with("call", "callee_audio_from_ms", ended);
}
