//! Golden tests: the stored form of every chart note event equals its golden file.

use super::event::ChartNoteEvent;
use super::tests::note;
use crate::record::golden_support::{at, campaign, check};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let mut note = note("线路二停了十分钟", at());
    note.campaign = Some(campaign());
    let by = "wang".to_owned();
    check("chart_note", ChartNoteEvent::Added { note, by });
}
