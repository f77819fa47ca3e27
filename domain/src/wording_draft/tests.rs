//! Tests of the wording draft decider: asked once, written once, decided once, and not adopted by its
//! requester.

use super::*;
use crate::four_eyes::ApprovalExemption;
use crate::ports::assistant::AssistantFailure;
use std::collections::BTreeMap;
use values::ids::UserId;

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

pub(super) fn task() -> DraftTask {
    DraftTask {
        knowledge: "card_instalment".parse().unwrap(),
        knowledge_version: 2,
        content_hash: "a".repeat(64),
        entry: "起点".to_owned(),
        entry_kind: EntryKind::Answer,
        lang: "zh-CN".to_owned(),
        question: "多少钱可以分期".to_owned(),
        original: "满{{fact:分期.起点}}就可以申请，3个工作日内到账。".to_owned(),
        facts: BTreeMap::from([("分期.起点".to_owned(), "500元".to_owned())]),
        instruction: "说得更亲切".to_owned(),
    }
}

pub(super) fn sent() -> DraftPrompt {
    DraftPrompt {
        model: "m".to_owned(),
        prompt: "{\"messages\":[]}".to_owned(),
        prompt_sha256: "b".repeat(64),
    }
}

pub(super) fn cost() -> DraftCost {
    DraftCost {
        took_ms: 840,
        prompt_tokens: Some(310),
        answer_tokens: None,
    }
}

fn user(name: &str) -> Option<UserId> {
    Some(name.parse().unwrap())
}

fn ask(by: Option<UserId>) -> WordingDraftCommand {
    WordingDraftCommand::Ask(Box::new(DraftGenerationRequest {
        task: task(),
        by,
        sent: sent(),
    }))
}

fn keep(text: &str) -> WordingDraftCommand {
    WordingDraftCommand::Keep {
        text: text.to_owned(),
        cost: cost(),
    }
}

fn fail() -> WordingDraftCommand {
    WordingDraftCommand::Fail {
        no_draft: AssistantFailure::Late.into(),
        cost: cost(),
    }
}

fn adopt(by: Option<UserId>, exemption: Option<ApprovalExemption>, hash: &str) -> WordingDraftCommand {
    WordingDraftCommand::Adopt(Box::new(DraftAdoption {
        by,
        exemption,
        from_version: 2,
        content_hash: hash.to_owned(),
    }))
}

fn reject(reason: &str) -> WordingDraftCommand {
    WordingDraftCommand::Reject {
        by: user("li"),
        reason: reason.to_owned(),
    }
}

/// Runs commands in order. Returns the state, and the kinds of the last one's events or its refusal.
fn after(
    commands: &[WordingDraftCommand],
) -> (Result<Vec<&'static str>, WordingDraftRefusal>, WordingDraftState) {
    use crate::decider::EventData;
    let mut state = WordingDraftState::default();
    let mut last = Ok(Vec::new());
    for command in commands {
        let decided = WordingDraft::decide(&state, command.clone(), Context { now: now() });
        for event in decided.iter().flatten() {
            WordingDraft::evolve(&mut state, event, now());
        }
        last = decided.map(|events| events.iter().map(EventData::kind).collect());
    }
    (last, state)
}

fn check(commands: &[WordingDraftCommand], then: Result<&[&'static str], WordingDraftRefusal>) {
    assert_eq!(after(commands).0, then.map(<[&str]>::to_vec), "{commands:?}");
}

const LI: &str = "li";

#[test]
fn a_model_is_asked_once_and_what_came_first_stays() {
    let asked = ask(user("wang"));
    check(std::slice::from_ref(&asked), Ok(&[WordingDraftEvent::ASKED]));
    check(&[asked.clone(), ask(user(LI))], Ok(&[]));
    check(&[asked.clone(), keep("好。")], Ok(&[WordingDraftEvent::DRAFTED]));
    check(&[asked.clone(), fail()], Ok(&[WordingDraftEvent::FAILED]));
    check(&[asked.clone(), keep("好。"), keep("坏。")], Ok(&[]));
    check(&[asked, keep("好。"), fail()], Ok(&[]));
    check(&[keep("好。")], Err(WordingDraftRefusal::Unknown));
    check(&[fail()], Err(WordingDraftRefusal::Unknown));
}

#[test]
fn what_is_asked_has_an_instruction_and_its_bounds() {
    let asking = |instruction: &str, prompt: &str| {
        let mut asking = DraftGenerationRequest {
            task: task(),
            by: None,
            sent: sent(),
        };
        asking.task.instruction = instruction.to_owned();
        asking.sent.prompt = prompt.to_owned();
        [WordingDraftCommand::Ask(Box::new(asking))]
    };
    let most = |bytes: usize| "x".repeat(bytes);
    check(&asking(" ", ""), Err(WordingDraftRefusal::NoInstruction));
    let fits = asking(&most(INSTRUCTION_BYTES_MAX), &most(PROMPT_BYTES_MAX));
    check(&fits, Ok(&[WordingDraftEvent::ASKED]));
    let long = asking(&most(INSTRUCTION_BYTES_MAX + 1), "");
    check(&long, Err(WordingDraftRefusal::TooLong));
    let long = asking("x", &most(PROMPT_BYTES_MAX + 1));
    check(&long, Err(WordingDraftRefusal::TooLong));
}

#[test]
fn another_person_adopts_or_the_event_says_why_none_was_needed() {
    let given = [ask(user("wang")), keep("好。")];
    let then = |when: WordingDraftCommand| [given.to_vec(), vec![when]].concat();
    let adopted = |by, exemption, expected: Option<ApprovalExemption>| {
        let (last, state) = after(&then(adopt(by, exemption, "h")));
        assert_eq!(last, Ok(vec![WordingDraftEvent::ADOPTED]));
        let Some(DraftReview::Adopted(adopted)) = state.decided() else {
            panic!("it is adopted");
        };
        assert_eq!(adopted.exemption, expected);
    };
    adopted(user(LI), None, None);
    adopted(user(LI), Some(ApprovalExemption::NobodyElse), None);
    let alone = Some(ApprovalExemption::NobodyElse);
    adopted(user("wang"), alone, alone);
    let directory = Some(ApprovalExemption::Directory);
    adopted(None, directory, directory);
    for requester in [user("wang"), None] {
        check(
            &then(adopt(requester, None, "h")),
            Err(WordingDraftRefusal::OwnRequest),
        );
    }
}

#[test]
fn it_is_decided_once_and_only_where_words_came_of_it() {
    let given = [ask(user("wang")), keep("好。")];
    let then = |more: &[WordingDraftCommand]| [&given[..], more].concat();
    let taken = || adopt(user(LI), None, "h");
    check(&then(&[taken(), taken()]), Ok(&[]));
    let adopted = WordingDraftRefusal::Decided(DraftStatus::Adopted);
    let elsewhere = adopt(user(LI), None, "other");
    check(&then(&[taken(), elsewhere]), Err(adopted.clone()));
    check(&then(&[taken(), reject("too blunt")]), Err(adopted));
    let rejected = [WordingDraftEvent::REJECTED];
    check(&then(&[reject("too blunt")]), Ok(&rejected));
    check(&then(&[reject("too blunt"), reject("again")]), Ok(&[]));
    let refused = WordingDraftRefusal::Decided(DraftStatus::Rejected);
    check(&then(&[reject("too blunt"), taken()]), Err(refused));
    check(&then(&[reject(" ")]), Err(WordingDraftRefusal::NoReason));
    let long = "x".repeat(REASON_BYTES_MAX + 1);
    check(&then(&[reject(&long)]), Err(WordingDraftRefusal::TooLong));
    for (given, standing) in [
        (vec![ask(None)], DraftStatus::Asked),
        (vec![ask(None), fail()], DraftStatus::Failed),
    ] {
        for when in [taken(), reject("no")] {
            let not_there = WordingDraftRefusal::NotDrafted(standing);
            check(&[given.clone(), vec![when]].concat(), Err(not_there));
        }
    }
    check(&[taken()], Err(WordingDraftRefusal::Unknown));
}

#[test]
fn what_was_asked_and_never_answered_is_lost() {
    let (_, state) = after(&[ask(None)]);
    let later = |ms: u64| state.standing(now().plus_ms(ms));
    assert_eq!(later(LOST_AFTER_MS - 1), Some(DraftStatus::Asked));
    assert_eq!(later(LOST_AFTER_MS), Some(DraftStatus::Lost));
    let (_, state) = after(&[ask(None), keep("好。")]);
    let status = state.standing(now().plus_ms(LOST_AFTER_MS));
    assert_eq!((status, state.text()), (Some(DraftStatus::Drafted), Some("好。")));
    assert_eq!(WordingDraftState::default().standing(now()), None);
}
