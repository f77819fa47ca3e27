//! Tests of the inquiry decider: given events, when a command, then events or a refusal.

use super::decide::{
    CALLS_NAMED_MAX, DETAIL_BYTES_MAX, REASON_BYTES_MAX, SQL_BYTES_MAX, USER_BYTES_MAX, mask_numbers,
};
use super::{
    ExportFacts, Inquiry, InquiryCommand, InquiryEvent, InquiryRefusal, InquiryState, ReadFacts, ReadForm,
    ReadPart, SearchFacts,
};
use crate::decider::{Context, Decider};
use crate::record::sample_values::customer;
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
        ..ExportFacts::default()
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
    let id = values::ids::InquiryId::new(uuid::Uuid::nil());
    let scope = Inquiry::scope(&id, &InquiryState::default(), &events[0]);
    assert_eq!(scope.campaign, Some("T".parse().unwrap()));
}

#[test]
fn what_is_taken_of_one_person_is_found_beside_that_person() {
    let facts = ExportFacts {
        what: "proof".to_owned(),
        format: "bundle".to_owned(),
        customer: Some(customer()),
        ..ExportFacts::default()
    };
    let by = Some("wang".to_owned());
    let events = decided(&[], InquiryCommand::Export { facts, by }).unwrap();
    let text = serde_json::to_string(&events[0]).unwrap();
    assert_eq!(
        text,
        format!(
            r#"{{"kind":"inquiry.exported","data":{{"what":"proof","format":"bundle","columns":[],"customer":"{}","by":"wang"}}}}"#,
            customer()
        )
    );
    let id = values::ids::InquiryId::new(uuid::Uuid::nil());
    let scope = Inquiry::scope(&id, &InquiryState::default(), &events[0]);
    assert_eq!(scope.customer, Some(customer()));
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

fn facts(reason: &str, calls: usize) -> ReadFacts {
    let id = |n: usize| values::ids::CallId::new(uuid::Uuid::from_u128(n as u128));
    ReadFacts {
        route: "GET /api/v1/calls".to_owned(),
        door: "token".to_owned(),
        fields: vec!["callee".to_owned()],
        form: ReadForm::Masked,
        customer: Some("00112233445566778899aabbccddeeff".parse().unwrap()),
        number: None,
        calls: (0..calls).map(id).collect(),
        campaign: Some("T".parse().unwrap()),
        reason: Some(reason.to_owned()),
        four_eyes: None,
        parts: Vec::new(),
    }
}

fn read(facts: ReadFacts) -> Result<Vec<InquiryEvent>, InquiryRefusal> {
    let by = Some("wang 13800138000".to_owned());
    decided(&[], InquiryCommand::ReadPersonalData { facts, by })
}

#[test]
fn a_read_is_about_the_customers_it_shows_and_is_over_when_it_is_on_record() {
    let events = read(facts("he rang from 138-0013-8000", CALLS_NAMED_MAX)).unwrap();
    let [InquiryEvent::PersonalDataRead { facts: kept, by }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(by.as_deref(), Some("wang ***********"));
    assert_eq!(kept.reason.as_deref(), Some("he rang from ***-****-****"));
    let id = values::ids::InquiryId::new(uuid::Uuid::nil());
    let scope = Inquiry::scope(&id, &InquiryState::default(), &events[0]);
    assert_eq!(
        (&scope.customer, &scope.campaign),
        (&kept.customer, &kept.campaign)
    );
    assert_eq!(decided(&events, answer()), Ok(Vec::new()));
    assert_eq!(
        decided(&events, query("x", "y")),
        Err(InquiryRefusal::AskedBefore)
    );
}

#[test]
fn a_read_of_nothing_and_a_look_at_a_page_are_stored_as_such_and_a_single_read_as_before() {
    let single = serde_json::to_value(read(facts("x", 1)).unwrap()).unwrap();
    let data = &single[0]["data"];
    assert_eq!(
        (&data["form"], data.get("parts")),
        (&serde_json::json!("masked"), None)
    );
    let part = |form| ReadPart {
        route: "GET /api/v1/customers/{id}".to_owned(),
        fields: vec!["name".to_owned()],
        form,
    };
    let page = ReadFacts {
        form: ReadForm::Nothing,
        parts: vec![part(ReadForm::Masked), part(ReadForm::Clear)],
        ..facts("x", 0)
    };
    let stored = serde_json::to_value(read(page.clone()).unwrap()).unwrap();
    let data = &stored[0]["data"];
    assert_eq!(data["form"], "nothing");
    assert_eq!(data["parts"][1]["form"], "clear");
    let many = ReadFacts {
        parts: vec![part(ReadForm::Masked); 17],
        ..page
    };
    assert!(read(many).is_err());
}

#[test]
fn a_read_that_names_too_much_or_nothing_is_refused() {
    let many = InquiryRefusal::TooMany {
        member: "calls",
        count: CALLS_NAMED_MAX + 1,
        max: CALLS_NAMED_MAX,
    };
    assert_eq!(read(facts("", CALLS_NAMED_MAX + 1)), Err(many));
    assert!(read(facts(&"x".repeat(REASON_BYTES_MAX), 1)).is_ok());
    assert!(read(facts(&"x".repeat(REASON_BYTES_MAX + 1), 1)).is_err());
    let nothing = ReadFacts {
        fields: Vec::new(),
        ..facts("", 1)
    };
    assert_eq!(read(nothing), Err(InquiryRefusal::NothingRead));
}

#[test]
fn a_search_is_asked_once_and_keeps_no_phone_number_that_was_typed() {
    let facts = SearchFacts {
        words: Some("complaint of 13800138000".to_owned()),
        ..SearchFacts::default()
    };
    let command = InquiryCommand::Search {
        facts,
        by: Some("wang".to_owned()),
    };
    let asked = decided(&[], command.clone()).unwrap();
    let [InquiryEvent::Searched { facts, .. }] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(facts.words.as_deref(), Some("complaint of ***********"));
    assert_eq!(decided(&asked, command), Err(InquiryRefusal::AskedBefore));
}
