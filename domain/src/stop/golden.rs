//! Golden tests: the stored form of every stop event equals its golden file.

use super::event::StopEvent;
use super::id::StopScope;
use crate::record::golden_support::{campaign, check};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let engaged = StopEvent::Engaged {
        scope: StopScope::Campaign,
        id: Some(campaign().to_string()),
        reason: "the flow names a wrong date".to_owned(),
        hang_up: true,
    };
    let lifted = StopEvent::Lifted {
        reason: "the flow is put right".to_owned(),
    };
    for event in [engaged, lifted] {
        check("stop", event);
    }
}
