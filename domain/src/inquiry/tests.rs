//! Given events, when a command, then events or a refusal.

use super::decide::{DETAIL_BYTES_MAX, SQL_BYTES_MAX, USER_BYTES_MAX, mask_numbers};
use super::{ExportFacts, Inquiry, InquiryCommand, InquiryEvent, InquiryRefusal, InquiryState};
use crate::decider::{Context, Decider};
use crate::time::Timestamp;

fn decided(given: &[InquiryEvent], when: InquiryCommand) -> Result<Vec<InquiryEvent>, InquiryRefusal> {
    let now = Timestamp::from_millis(1_772_416_800_000);
    let mut state = InquiryState::default();
    for event in given {
        Inquiry::evolve(&mut state, event, now);
    }
    Inquiry::decide(&state, when, Context { now })
}

fn query(sql: &str, by: &str) -> InquiryCommand {
    InquiryCommand::Query {
        sql: sql.to_owned(),
        by: Some(by.to_owned()),
        rows_max: 10,
        timeout_ms: 20,
    }
}

fn queried(sql: &str) -> InquiryEvent {
    InquiryEvent::Queried {
        sql: sql.to_owned(),
        by: Some("wang".to_owned()),
        rows_max: 10,
        timeout_ms: 20,
    }
}

fn answer() -> InquiryCommand {
    InquiryCommand::Answer {
        rows: 1,
        bytes: 2,
        elapsed_ms: 3,
        truncated: true,
    }
}

fn answered() -> InquiryEvent {
    InquiryEvent::Answered {
        rows: 1,
        bytes: 2,
        elapsed_ms: 3,
        truncated: true,
    }
}

#[test]
fn a_question_is_put_on_record_once_and_ends_once() {
    let asked = decided(&[], query("select 1", "wang"));
    assert_eq!(asked, Ok(vec![queried("select 1")]));
    let asked = [queried("select 1")];
    assert_eq!(decided(&asked, query("x", "y")), Err(InquiryRefusal::AskedBefore));
    assert_eq!(decided(&asked, answer()), Ok(vec![answered()]));
    assert_eq!(decided(&[queried("x"), answered()], answer()), Ok(Vec::new()));
    assert_eq!(decided(&[], answer()), Err(InquiryRefusal::NotAsked));
}

#[test]
fn an_export_is_an_inquiry_too_and_counts_for_its_campaign() {
    let facts = ExportFacts {
        what: "calls".to_owned(),
        format: "csv".to_owned(),
        columns: Vec::new(),
        campaign: Some("T".parse().unwrap()),
        from: None,
        until: None,
    };
    let by = None;
    let events = decided(
        &[],
        InquiryCommand::Export {
            facts: facts.clone(),
            by,
        },
    )
    .unwrap();
    assert_eq!(events, [InquiryEvent::Exported { facts, by: None }]);
    let id = crate::ids::InquiryId::new(uuid::Uuid::nil());
    let scope = Inquiry::scope(&id, &InquiryState::default(), &events[0]);
    assert_eq!(scope.campaign, Some("T".parse().unwrap()));
}

#[test]
fn a_phone_number_is_not_kept_and_a_date_is() {
    for (text, kept) in [
        ("callee = '13800138000'", "callee = '***********'"),
        ("'138-0013-8000'", "'***-****-****'"),
        ("'+86 138 0013 8000'", "'+** *** **** ****'"),
        ("'１３８００１３８０００'", "'***********'"),
        ("x = 1234567", "x = *******"),
        ("x = 123456", "x = 123456"),
        ("day = '2026-03-02 10:00'", "day = '2026-03-02 10:00'"),
        ("limit 10 offset 20", "limit 10 offset 20"),
        ("", ""),
    ] {
        assert_eq!(mask_numbers(text), kept, "{text}");
    }
    let sql = "select 1 where '13800138000' = ''";
    let Ok(events) = decided(&[], query(sql, "13800138000")) else {
        panic!("it is asked");
    };
    assert!(!format!("{events:?}").contains("0013"), "{events:?}");
}

#[test]
fn texts_have_limits() {
    let too_long = |member, bytes_max| {
        Err(InquiryRefusal::TooLong {
            member,
            bytes: bytes_max + 1,
            bytes_max,
        })
    };
    assert_eq!(decided(&[], query(" \n", "wang")), Err(InquiryRefusal::Empty));
    assert!(decided(&[], query(&"x".repeat(SQL_BYTES_MAX), "w")).is_ok());
    let long = decided(&[], query(&"x".repeat(SQL_BYTES_MAX + 1), "w"));
    assert_eq!(long, too_long("sql", SQL_BYTES_MAX));
    assert!(decided(&[], query("x", &"u".repeat(USER_BYTES_MAX))).is_ok());
    let long = decided(&[], query("x", &"u".repeat(USER_BYTES_MAX + 1)));
    assert_eq!(long, too_long("user", USER_BYTES_MAX));
    let refuse = InquiryCommand::Refuse {
        code: "x".to_owned(),
        detail: "查".repeat(DETAIL_BYTES_MAX),
    };
    let events = decided(&[queried("x")], refuse).unwrap();
    let [InquiryEvent::Refused { detail, .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(detail.len(), DETAIL_BYTES_MAX - 1, "cut at a character's end");
}
