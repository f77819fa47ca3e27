//! Golden tests: the stored form of every inquiry event equals its golden file.

use super::event::{
    ComparedValue, ComparisonFacts, ExportFacts, InquiryEvent, ReadFacts, ReadForm, SearchFacts,
};
use crate::record::golden_support::{at, call, campaign, check, customer, number};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let facts = ExportFacts {
        what: "calls".to_owned(),
        format: "csv".to_owned(),
        columns: vec!["call".to_owned(), "disposition".to_owned()],
        campaign: Some(campaign()),
        from: Some(at()),
        until: Some(at().plus_ms(1_000)),
        ..ExportFacts::default()
    };
    let events = [
        InquiryEvent::Queried {
            sql: "select count(*) from calls".to_owned(),
            by: Some("wang".to_owned()),
            rows_max: 1_000,
            timeout_ms: 5_000,
        },
        InquiryEvent::Exported {
            facts,
            by: Some("wang".to_owned()),
        },
        InquiryEvent::PersonalDataRead {
            facts: ReadFacts {
                route: "GET /api/v1/customers/{id}".to_owned(),
                door: "token".to_owned(),
                fields: vec!["name".to_owned(), "phone".to_owned()],
                form: ReadForm::Masked,
                customer: Some(customer()),
                number: Some(number()),
                calls: vec![call()],
                campaign: Some(campaign()),
                reason: Some("complaint 17".to_owned()),
                four_eyes: None,
                parts: Vec::new(),
            },
            by: Some("wang".to_owned()),
        },
        InquiryEvent::Searched {
            facts: SearchFacts {
                acted_by: Some("li".to_owned()),
                event_kind: Some("user.".to_owned()),
                from: Some(at()),
                until: Some(at().plus_ms(1_000)),
                campaign: Some(campaign()),
                customer: Some(customer()),
                call: Some(call()),
                user: Some("wang".parse().unwrap()),
                key: Some("00000000-0000-5000-8000-000000000007".parse().unwrap()),
                number: Some(number()),
                words: Some("complaint 17".to_owned()),
            },
            by: Some("wang".to_owned()),
        },
        InquiryEvent::Answered {
            rows: 1,
            bytes: 5,
            elapsed_ms: 3,
            truncated: false,
        },
        InquiryEvent::Refused {
            code: "query-too-slow".to_owned(),
            detail: "the query was stopped after 5000 ms".to_owned(),
        },
    ];
    for event in events {
        check("inquiry", event);
    }
}

#[test]
fn a_comparison_is_written_and_read_as_its_golden_file_says() {
    let facts = ComparisonFacts {
        route: "POST /api/v1/campaigns/{id}/lists".to_owned(),
        door: "session".to_owned(),
        what: ComparedValue::List,
        values: 1_000,
        found: 20,
        campaign: Some(campaign()),
    };
    let by = Some("wang".to_owned());
    check("inquiry", InquiryEvent::Compared { facts, by });
}
