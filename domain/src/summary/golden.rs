//! The stored kind of a summary's event, held against its golden file.

use super::event::SummaryEvent;
use super::tests::{course, made_at, notes, stars};
use super::written;
use crate::personal::Personal;
use crate::record::golden_support::{campaign, check, check_with, customer};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let mut course = course();
    (course.campaign, course.customer) = (Some(campaign()), Some(customer()));
    let mut fact = written(&course, &notes("zh-CN"), made_at(), &stars()).unwrap();
    fact.emotion = Some("calm".to_owned());
    // The file was written under the first rules.
    fact.summary_version = 1;
    check("summary", SummaryEvent::Recorded(Box::new(fact.clone())));
    fact.flow_tags = vec![Personal::open("承诺还款".to_owned())];
    check_with("summary", "flow_tags", SummaryEvent::Recorded(Box::new(fact)));
}
