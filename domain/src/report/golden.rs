//! Golden tests: the stored form of every report event equals its golden file.

use super::tests::issue;
use super::{Issue, ReportEvent};
use crate::record::golden_support::check;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let issue: Issue = issue(118_500, 'a');
    check(
        "report",
        ReportEvent::Issued {
            issue: Box::new(issue),
        },
    );
}
