//! Golden tests: the stored form of every access event equals its golden file.

use super::event::{AccessEvent, RefusedFacts};
use crate::record::golden_support::{at, check};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let facts = RefusedFacts {
        count: 17,
        since: at(),
        route: "GET /api/v1/campaigns/{id}".to_owned(),
        code: "key-expired".to_owned(),
    };
    check("access", AccessEvent::Refused { facts });
}
