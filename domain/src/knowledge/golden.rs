//! Golden tests: the stored form of every knowledge base event equals its golden file.

use super::event::KnowledgeEvent;
use super::tests::content;
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::record::golden_support::check;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let knowledge: values::ids::KnowledgeId = "card_instalment".parse().unwrap();
    let imported = KnowledgeEvent::Imported {
        knowledge: knowledge.clone(),
        knowledge_version: 2,
        content_hash: "a".repeat(64),
        content: Box::new(content(650)),
        left_out: 1,
    };
    let published = KnowledgeEvent::Published {
        knowledge,
        knowledge_version: 2,
        content_hash: "a".repeat(64),
        from_version: Some(1),
        four_eyes: Some(Box::new(FourEyes::Nobody {
            nobody: ApprovalExemption::NobodyElse,
        })),
    };
    for event in [imported, published] {
        check("knowledge", event);
    }
}
