//! Golden tests: the stored form of every flow event equals its golden file.

use super::event::FlowEvent;
use super::{content_hash, tests};
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::record::golden_support::{check, check_with};

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
            four_eyes: None,
        },
    );
}

#[test]
fn a_version_behind_which_somebody_stood_is_written_as_its_golden_file() {
    let definition = tests::small();
    check_with(
        "flow",
        "four_eyes",
        FlowEvent::Published {
            flow: "small".parse().unwrap(),
            flow_version: 3,
            content_hash: content_hash(&definition),
            definition,
            four_eyes: Some(Box::new(FourEyes::Nobody {
                nobody: ApprovalExemption::NobodyElse,
            })),
        },
    );
}

#[test]
fn a_flow_rolled_back_is_written_as_its_golden_file() {
    check(
        "flow",
        FlowEvent::RolledBack {
            flow: "small".parse().unwrap(),
            from_version: 3,
            to_version: 1,
            content_hash: content_hash(&tests::small()),
            reason: Some("complaints".to_owned()),
            four_eyes: Some(Box::new(FourEyes::Nobody {
                nobody: ApprovalExemption::NobodyElse,
            })),
        },
    );
}
