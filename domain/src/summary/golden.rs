//! Golden tests: the stored form of every summary event equals its golden file.

use super::event::SummaryEvent;
use super::tests::{course, made_at, notes, stars, text_course};
use super::wording::{WordedFact, WordingAskedFact, WordingFailedFact};
use super::{write_summary, write_text_summary};
use crate::personal::Personal;
use crate::record::golden_support::{campaign, check, check_with, customer};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let mut course = course();
    (course.campaign, course.customer) = (Some(campaign()), Some(customer()));
    let mut fact = write_summary(&course, &notes("zh-CN"), made_at(), &stars()).unwrap();
    fact.emotion = Some("calm".to_owned());
    // The golden file was written with the first version of the rules.
    fact.summary_version = 1;
    check("summary", SummaryEvent::Recorded(Box::new(fact.clone())));
    fact.flow_tags = vec![Personal::open("承诺还款".to_owned())];
    check_with("summary", "flow_tags", SummaryEvent::Recorded(Box::new(fact)));
    let (model, prompt_sha256) = ("qwen2.5-7b-instruct".to_owned(), "9f".repeat(32));
    let asked = WordingAskedFact {
        model: model.clone(),
        prompt_sha256: prompt_sha256.clone(),
    };
    check("summary", SummaryEvent::WordingAsked(Box::new(asked)));
    let worded = WordedFact {
        text: Personal::open("客户同意分三期办理。".to_owned()),
        follow_up: Personal::open("发送确认信息。".to_owned()),
        model: model.clone(),
        prompt_sha256: prompt_sha256.clone(),
        took_ms: 1_840,
        prompt_tokens: Some(412),
        answer_tokens: Some(58),
    };
    check("summary", SummaryEvent::Worded(Box::new(worded)));
    let failed = WordingFailedFact {
        model,
        prompt_sha256,
        took_ms: 2_015,
        failure: "figures".to_owned(),
        prompt_tokens: Some(412),
        answer_tokens: Some(61),
    };
    check("summary", SummaryEvent::WordingFailed(Box::new(failed)));
}

#[test]
fn the_summary_of_a_text_is_written_as_its_golden_file_says() {
    let mut told = text_course();
    let course = &mut told.course;
    (course.campaign, course.customer) = (Some(campaign()), Some(customer()));
    let mut notes = notes("zh-CN");
    notes.tags = vec!["承诺还款".to_owned()];
    let fact = write_text_summary(&told, &notes, made_at(), &stars()).unwrap();
    check("summary", SummaryEvent::TextRecorded(Box::new(fact)));
}
