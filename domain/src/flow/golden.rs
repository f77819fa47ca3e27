//! The stored kind of a flow event, held against its golden file.

use super::event::FlowEvent;
use super::{content_hash, tests};
use crate::record::golden_support::check;

#[test]
fn a_published_flow_is_written_as_its_golden_file() {
    let definition = tests::small();
    check(
        "flow",
        FlowEvent::Published {
            flow: "small".parse().unwrap(),
            flow_version: 3,
            content_hash: content_hash(&definition),
            definition,
        },
    );
}
