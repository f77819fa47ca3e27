//! Tests of the approval decider: who may decide, for how long, and for which act an approval can be used.

use super::*;
use values::ids::UserId;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

fn erasing(customer: &str) -> ApprovalSubject {
    ApprovalSubject::of_person(Act::ErasePerson, customer.parse().unwrap())
}

const C1: &str = "00112233445566778899aabbccddeeff";
const C2: &str = "ff112233445566778899aabbccddeeff";
const ENDS: &str = "2026-03-05T10:00:00Z";
const BEFORE: &str = "2026-03-05T09:59:59.999999Z";

fn requested() -> ApprovalEvent {
    ApprovalEvent::Requested {
        asked: erasing(C1),
        reason: "asked by letter".to_owned(),
        requested_by: user("li"),
        expires_at: at(ENDS),
    }
}

fn approved() -> ApprovalEvent {
    ApprovalEvent::Approved {
        approved_by: user("wang"),
        reason: None,
    }
}

fn rejected() -> ApprovalEvent {
    ApprovalEvent::Rejected {
        rejected_by: Some(user("wang")),
        reason: "no".to_owned(),
    }
}

fn approve(by: &str) -> ApprovalCommand {
    ApprovalCommand::Approve {
        by: user(by),
        reason: None,
        credentials: CredentialSources::default(),
    }
}

fn approve_with(by: &str, of_approver: &[&str], of_requester: &[&str]) -> ApprovalCommand {
    ApprovalCommand::Approve {
        by: user(by),
        reason: None,
        credentials: CredentialSources {
            of_approver: of_approver.iter().map(|name| user(name)).collect(),
            of_requester: of_requester.iter().map(|name| user(name)).collect(),
        },
    }
}

fn reject(by: &str) -> ApprovalCommand {
    ApprovalCommand::Reject {
        by: Some(user(by)),
        reason: "no".to_owned(),
    }
}

fn used_by(by: &str, asked: ApprovalSubject, approver: ApproverStatus) -> ApprovalCommand {
    ApprovalCommand::Use {
        by: user(by),
        asked,
        approver,
    }
}

fn right_use() -> ApprovalCommand {
    used_by("li", erasing(C1), ApproverStatus::HoldsTheRight)
}

fn when(
    given: &[ApprovalEvent],
    command: ApprovalCommand,
    now: &str,
) -> Result<Vec<ApprovalEvent>, ApprovalRefusal> {
    let mut state = ApprovalState::default();
    for event in given {
        Approval::evolve(&mut state, event, at("2026-03-02T10:00:00Z"));
    }
    Approval::decide(&state, command, Context { now: at(now) })
}

#[test]
fn another_person_approves_and_never_the_requester() {
    assert_eq!(
        when(&[requested()], approve("wang"), BEFORE),
        Ok(vec![approved()])
    );
    assert_eq!(
        when(&[requested()], approve("li"), BEFORE),
        Err(ApprovalRefusal::OwnRequest)
    );
    assert_eq!(
        when(&[requested(), approved()], approve("chen"), BEFORE),
        Ok(vec![])
    );
    assert_eq!(when(&[], approve("wang"), BEFORE), Err(ApprovalRefusal::Unknown));
    assert_eq!(
        when(&[requested(), rejected()], approve("wang"), BEFORE),
        Err(ApprovalRefusal::Rejected)
    );
}

#[test]
fn who_gave_the_other_side_its_credential_is_no_second_person() {
    let given = [requested()];
    assert_eq!(
        when(&given, approve_with("wang", &["li"], &[]), BEFORE),
        Err(ApprovalRefusal::CredentialFromRequester(user("li")))
    );
    assert_eq!(
        when(&given, approve_with("wang", &["chen", "li"], &[]), BEFORE),
        Err(ApprovalRefusal::CredentialFromRequester(user("li"))),
        "through others too"
    );
    assert_eq!(
        when(&given, approve_with("wang", &[], &["wang"]), BEFORE),
        Err(ApprovalRefusal::CredentialFromApprover(user("li")))
    );
    assert_eq!(
        when(&given, approve_with("wang", &["chen"], &["chen"]), BEFORE),
        Ok(vec![approved()]),
        "a third person gave both theirs"
    );
}

#[test]
fn a_decision_and_a_use_come_before_the_deadline() {
    let expired = Err(ApprovalRefusal::Expired { at: at(ENDS) });
    assert_eq!(when(&[requested()], approve("wang"), ENDS), expired);
    assert_eq!(when(&[requested(), approved()], right_use(), ENDS), expired);
    assert_eq!(
        when(&[requested(), approved()], right_use(), BEFORE),
        Ok(vec![ApprovalEvent::Used {}])
    );
}

#[test]
fn it_is_used_once_by_who_asked_for_what_was_asked() {
    let given = [requested(), approved()];
    for (command, refusal) in [
        (
            used_by("li", erasing(C2), ApproverStatus::HoldsTheRight),
            ApprovalRefusal::AnotherAct,
        ),
        (
            used_by(
                "li",
                ApprovalSubject::of_person(Act::ReleaseHold, C1.parse().unwrap()),
                ApproverStatus::HoldsTheRight,
            ),
            ApprovalRefusal::AnotherAct,
        ),
        (
            used_by("chen", erasing(C1), ApproverStatus::HoldsTheRight),
            ApprovalRefusal::AnotherRequester(user("li")),
        ),
        (
            used_by("li", erasing(C1), ApproverStatus::Disabled),
            ApprovalRefusal::ApproverDisabled(user("wang")),
        ),
        (
            used_by("li", erasing(C1), ApproverStatus::LostTheRight),
            ApprovalRefusal::ApproverLostTheRight(user("wang")),
        ),
    ] {
        assert_eq!(when(&given, command, BEFORE), Err(refusal));
    }
    let used = [requested(), approved(), ApprovalEvent::Used {}];
    assert_eq!(when(&used, right_use(), BEFORE), Err(ApprovalRefusal::Used));
    assert_eq!(when(&used, reject("wang"), BEFORE), Err(ApprovalRefusal::Used));
    assert_eq!(
        when(&[requested()], right_use(), BEFORE),
        Err(ApprovalRefusal::NotApproved)
    );
    assert_eq!(
        when(&[requested(), rejected()], right_use(), BEFORE),
        Err(ApprovalRefusal::Rejected)
    );
}

#[test]
fn what_was_shown_is_shown_again_for_minutes_and_only_while_who_approved_it_holds_the_right() {
    let standing_again = |act: Act, approver, now: &str| {
        let mut requested = requested();
        if let ApprovalEvent::Requested { asked, .. } = &mut requested {
            asked.act = act;
        }
        let mut state = ApprovalState::default();
        for event in [requested, approved(), ApprovalEvent::Used {}] {
            Approval::evolve(&mut state, &event, at("2026-03-02T10:00:00Z"));
        }
        check_repeated_use(&state, approver, at(now))
    };
    let (within, late) = ("2026-03-02T10:04:59.999999Z", "2026-03-02T10:05:00Z");
    for act in Act::ALL {
        let again = |approver, now| standing_again(act, approver, now);
        assert_eq!(again(ApproverStatus::HoldsTheRight, within), Ok(()), "{act:?}");
        let shows = [Act::InspectClear, Act::NoticeClear, Act::RevealMany].contains(&act);
        let refused = |why| if shows { Err(why) } else { Ok(()) };
        let wang = user("wang");
        assert_eq!(
            again(ApproverStatus::HoldsTheRight, late),
            refused(ApprovalRefusal::Used)
        );
        let disabled = refused(ApprovalRefusal::ApproverDisabled(wang.clone()));
        assert_eq!(again(ApproverStatus::Disabled, within), disabled, "{act:?}");
        let lost = refused(ApprovalRefusal::ApproverLostTheRight(wang));
        assert_eq!(again(ApproverStatus::LostTheRight, within), lost, "{act:?}");
    }
    let unused = ApprovalState::default();
    assert_eq!(
        check_repeated_use(&unused, ApproverStatus::Disabled, at(late)),
        Ok(())
    );
}

#[test]
fn it_is_taken_back_until_it_is_used() {
    for by in ["li", "wang"] {
        let events = when(&[requested(), approved()], reject(by), BEFORE).unwrap();
        assert_eq!(events.len(), 1, "{by}");
    }
    assert_eq!(
        when(&[requested(), approved(), rejected()], right_use(), BEFORE),
        Err(ApprovalRefusal::Rejected)
    );
}

#[test]
fn a_request_says_why_and_asks_once() {
    let asking = |reason: &str| {
        ApprovalCommand::Request(ApprovalRequest {
            asked: erasing(C1),
            reason: reason.to_owned(),
            by: user("li"),
            expires_at: at(ENDS),
        })
    };
    assert_eq!(when(&[], asking(" "), BEFORE), Err(ApprovalRefusal::NoReason));
    let longest = "x".repeat(REASON_BYTES_MAX);
    assert!(when(&[], asking(&longest), BEFORE).is_ok());
    assert!(when(&[], asking(&format!("{longest}x")), BEFORE).is_err());
    assert_eq!(when(&[requested()], asking("again"), BEFORE), Ok(vec![]));
}

#[test]
fn each_act_has_a_code_of_its_own() {
    let codes: std::collections::BTreeSet<&str> = Act::ALL.iter().map(|act| act.code()).collect();
    assert_eq!(codes.len(), Act::ALL.len());
    for act in Act::ALL {
        assert_eq!(serde_json::to_value(act).unwrap(), act.code());
    }
}
