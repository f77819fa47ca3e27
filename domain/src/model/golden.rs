//! Golden tests: the stored form of every model event equals its golden file.

use super::event::ModelEvent;
use super::tests::{artefact, training};
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::record::golden_support::check;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let model: values::ids::ModelId = "zh_outbound".parse().unwrap();
    let trained = ModelEvent::Trained {
        model: model.clone(),
        artefact: artefact('a'),
        training: training(),
    };
    let published = ModelEvent::Published {
        model,
        model_version: 3,
        artefact: artefact('a'),
        again_of: Some(1),
        four_eyes: Some(Box::new(FourEyes::Nobody {
            nobody: ApprovalExemption::NobodyElse,
        })),
    };
    for event in [trained, published] {
        check("model", event);
    }
}
