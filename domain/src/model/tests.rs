//! Tests of the model decider: given events, when a command, then events or a refusal.

use super::{
    DRAFTS_MAX, MODEL_FILE_BYTES_MAX, Model, ModelArtifact, ModelCommand, ModelEvent, ModelRefusal,
    ModelState, Training,
};
use crate::decider::{Context, Decider};
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::time::Timestamp;
use values::ids::ModelId;

pub(super) fn artefact(letter: char) -> ModelArtifact {
    ModelArtifact {
        digest: letter.to_string().repeat(64),
        size_bytes: 500_000,
        intents: 27,
    }
}

pub(super) fn training() -> Training {
    Training {
        rows: 1_200,
        label: "intent".to_owned(),
        seed: 1,
        rows_hash: Some("b".repeat(64)),
        folds: Some(5),
        first_permille: Some(905),
        foreign_recall_permille: None,
    }
}

fn name() -> ModelId {
    "zh".parse().unwrap()
}

fn behind() -> Option<Box<FourEyes>> {
    Some(Box::new(FourEyes::Nobody {
        nobody: ApprovalExemption::NobodyElse,
    }))
}

fn publish(letter: char, training: Option<Training>, four_eyes: Option<Box<FourEyes>>) -> ModelCommand {
    ModelCommand::Publish {
        model: name(),
        artefact: artefact(letter),
        training,
        four_eyes,
    }
}

fn again(version: Option<u32>) -> ModelCommand {
    ModelCommand::PublishAgain {
        model: name(),
        version,
        four_eyes: None,
    }
}

fn published(model_version: u32, letter: char, four_eyes: Option<Box<FourEyes>>) -> ModelEvent {
    ModelEvent::Published {
        model: name(),
        model_version,
        artefact: artefact(letter),
        again_of: None,
        four_eyes,
    }
}

fn decide(given: &[ModelEvent], when: ModelCommand) -> Result<Vec<ModelEvent>, ModelRefusal> {
    let mut state = ModelState::default();
    for event in given {
        Model::evolve(&mut state, event, Timestamp::EPOCH);
    }
    let context = Context {
        now: Timestamp::EPOCH,
    };
    Model::decide(&state, when, context)
}

#[test]
fn each_content_is_a_version_and_the_same_again_is_none() {
    let trained = ModelEvent::Trained {
        model: name(),
        artefact: artefact('a'),
        training: training(),
    };
    let first = decide(&[], publish('a', Some(training()), None)).unwrap();
    assert_eq!(first, [trained, published(1, 'a', None)]);
    assert_eq!(decide(&first, publish('a', Some(training()), None)), Ok(vec![]));
    assert_eq!(
        decide(&first, publish('b', None, None)),
        Ok(vec![published(2, 'b', None)])
    );
}

#[test]
fn the_way_back_is_a_further_version() {
    let given = [published(1, 'a', None), published(2, 'b', None)];
    let back = ModelEvent::Published {
        model: name(),
        model_version: 3,
        artefact: artefact('a'),
        again_of: Some(1),
        four_eyes: None,
    };
    for version in [None, Some(1)] {
        assert_eq!(decide(&given, again(version)), Ok(vec![back.clone()]));
    }
    assert_eq!(decide(&given, again(Some(2))), Ok(vec![]), "it is current");
    let unknown = ModelRefusal::UnknownVersion {
        model: name(),
        version: 3,
        versions: 2,
    };
    assert_eq!(decide(&given, again(Some(3))), Err(unknown));
    assert_eq!(decide(&given[..1], again(None)), Err(ModelRefusal::NothingBefore));
    let none = ModelRefusal::NotPublished { model: name() };
    assert_eq!(decide(&[], again(None)), Err(none));
}

#[test]
fn once_one_version_was_approved_no_user_publishes_alone() {
    let given = [published(1, 'a', behind())];
    let needs = ModelRefusal::NeedsApproval { model: name() };
    assert_eq!(decide(&given, publish('b', None, None)), Err(needs.clone()));
    let both = [published(1, 'a', behind()), published(2, 'b', behind())];
    assert_eq!(decide(&both, again(None)), Err(needs));
    assert_eq!(
        decide(&given, publish('b', None, behind())),
        Ok(vec![published(2, 'b', behind())])
    );
    let alone = [published(1, 'a', None)];
    assert_eq!(
        decide(&alone, publish('a', None, behind())),
        Ok(vec![published(2, 'a', behind())]),
        "a content without approval becomes a version of its own with its first approval"
    );
}

#[test]
fn the_facts_of_its_training_have_bounds() {
    let with = |change: fn(&mut Training)| {
        let mut training = training();
        change(&mut training);
        decide(&[], publish('a', Some(training), None))
    };
    assert!(with(|training| training.first_permille = Some(1_000)).is_ok());
    for wrong in [
        with(|training| training.rows = 0),
        with(|training| training.label = String::new()),
        with(|training| training.folds = Some(1)),
        with(|training| training.first_permille = Some(1_001)),
    ] {
        assert!(matches!(wrong, Err(ModelRefusal::Training { .. })), "{wrong:?}");
    }
    let mut large = artefact('a');
    large.size_bytes = MODEL_FILE_BYTES_MAX + 1;
    let command = ModelCommand::Publish {
        model: name(),
        artefact: large,
        training: None,
        four_eyes: None,
    };
    assert!(matches!(decide(&[], command), Err(ModelRefusal::TooLarge { .. })));
}

fn draft(letter: char, training: Training) -> ModelCommand {
    ModelCommand::KeepDraft {
        model: name(),
        artefact: artefact(letter),
        training,
    }
}

fn trained(letter: char) -> ModelEvent {
    ModelEvent::Trained {
        model: name(),
        artefact: artefact(letter),
        training: training(),
    }
}

#[test]
fn a_draft_is_what_was_learned_and_is_no_version_until_it_is_published() {
    assert_eq!(decide(&[], draft('a', training())), Ok(vec![trained('a')]));
    assert_eq!(
        decide(&[trained('a')], draft('a', training())),
        Ok(vec![]),
        "known"
    );
    let mut state = ModelState::default();
    Model::evolve(&mut state, &trained('a'), Timestamp::EPOCH);
    assert!(state.is_draft(&artefact('a').digest));
    assert!(state.current().is_none(), "no call uses it");
    assert_eq!(
        decide(&[trained('a')], publish('a', None, None)),
        Ok(vec![published(1, 'a', None)])
    );
    Model::evolve(&mut state, &published(1, 'a', None), Timestamp::EPOCH);
    assert_eq!(state.drafts().count(), 0);
    // Reported again after its publication: still not a draft.
    Model::evolve(&mut state, &trained('a'), Timestamp::EPOCH);
    assert_eq!(state.drafts().count(), 0);
}

#[test]
fn drafts_have_an_end_and_say_what_they_were_learned_from() {
    let given: Vec<ModelEvent> = (0..DRAFTS_MAX)
        .map(|number| {
            let digest = format!("{number:064}");
            let artefact = ModelArtifact {
                digest,
                ..artefact('a')
            };
            ModelEvent::Trained {
                model: name(),
                artefact,
                training: training(),
            }
        })
        .collect();
    let (last, before) = given.split_last().unwrap();
    let ModelEvent::Trained { artefact: full, .. } = last else {
        panic!("a draft")
    };
    let again = ModelCommand::KeepDraft {
        model: name(),
        artefact: full.clone(),
        training: training(),
    };
    assert_eq!(
        decide(before, again.clone()),
        Ok(vec![last.clone()]),
        "the last that fits"
    );
    assert_eq!(decide(&given, again), Ok(vec![]), "known, so none more");
    let refused = ModelRefusal::TooManyDrafts {
        drafts_max: DRAFTS_MAX,
    };
    assert_eq!(decide(&given, draft('b', training())), Err(refused));
    let of_nothing = Training {
        rows: 0,
        ..training()
    };
    assert!(matches!(
        decide(&[], draft('a', of_nothing)),
        Err(ModelRefusal::Training { .. })
    ));
    let mut large = artefact('a');
    large.size_bytes = MODEL_FILE_BYTES_MAX + 1;
    let large = ModelCommand::KeepDraft {
        model: name(),
        artefact: large,
        training: training(),
    };
    assert!(matches!(decide(&[], large), Err(ModelRefusal::TooLarge { .. })));
}
