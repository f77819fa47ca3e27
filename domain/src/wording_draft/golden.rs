//! Golden tests: the stored form of every wording draft event equals its golden file.

use super::event::WordingDraftEvent;
use super::tests::{cost, sent, task};
use crate::four_eyes::ApprovalExemption;
use crate::record::golden_support::check;
use values::ids::UserId;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let user = |name: &str| Some(name.parse::<UserId>().unwrap());
    let asked = WordingDraftEvent::Asked {
        task: Box::new(task()),
        asked_by: user("wang"),
        model: sent().model,
        prompt: sent().prompt,
        prompt_sha256: sent().prompt_sha256,
    };
    let drafted = WordingDraftEvent::Drafted {
        text: "您满{{fact:分期.起点}}就能申请，3个工作日内到账。".to_owned(),
        cost: cost(),
    };
    let failed = WordingDraftEvent::Failed {
        failure: "figures".to_owned(),
        detail: Some("24".to_owned()),
        output: Some("满{{fact:分期.起点}}即可，24期免息。".to_owned()),
        cost: cost(),
    };
    let adopted = WordingDraftEvent::Adopted {
        from_version: 2,
        content_hash: "c".repeat(64),
        adopted_by: user("li"),
        nobody: Some(ApprovalExemption::NobodyElse),
    };
    let rejected = WordingDraftEvent::Rejected {
        rejected_by: user("li"),
        reason: "too blunt".to_owned(),
    };
    for event in [asked, drafted, failed, adopted, rejected] {
        check("wording_draft", event);
    }
}
