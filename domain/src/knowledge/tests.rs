//! Tests of the knowledge base decider and of its file, row by row.

use super::*;
use crate::four_eyes::{ApprovalExemption, FourEyes};

const SMALL: &str = "
knowledge: card_instalment
answers:
  - {id: 手续费, question: 手续费怎么收, variants: [收费吗, 要多少手续费], answer: '每期{{fact:分期[terms].费率}}。'}
  - {id: 起点, question: 多少钱可以分期, answer: '满{{fact:分期.起点}}可以分期。', effective_until: 2026-12-31}
objections:
  - id: 太贵
    variants: [太贵了]
    fabe: {feature: 按期收, advantage: 先告知, benefit: 心里有数, evidence: 以合同为准}
facts:
  - {entity: '分期[3]', attribute: 费率, value: 0.60%}
  - {entity: 分期, attribute: 起点, value: 500元}
";

fn name() -> KnowledgeId {
    "card_instalment".parse().unwrap()
}

pub(super) fn content(threshold: u16) -> KnowledgeContent {
    let mut content = KnowledgeFile::from_yaml(SMALL).unwrap().content;
    content.thresholds.accept_permille = threshold;
    content
}

fn import(threshold: u16) -> KnowledgeCommand {
    KnowledgeCommand::Import {
        knowledge: name(),
        content: Box::new(content(threshold)),
        faults: 0,
    }
}

fn publish(wanted: VersionChoice, is_exempt: bool) -> KnowledgeCommand {
    let exempt = FourEyes::Nobody {
        nobody: ApprovalExemption::NobodyElse,
    };
    KnowledgeCommand::Publish {
        knowledge: name(),
        wanted,
        four_eyes: is_exempt.then(|| Box::new(exempt)),
    }
}

/// Runs commands in order. Returns the versions that the last one created or published, or its refusal.
fn after(commands: Vec<KnowledgeCommand>) -> Result<Vec<u32>, KnowledgeRefusal> {
    let mut state = KnowledgeState::default();
    let mut last = Ok(Vec::new());
    for command in commands {
        last = decide::decide(&state, command);
        for event in last.iter().flatten() {
            state.apply(event);
        }
    }
    let number = |event: &KnowledgeEvent| match event {
        KnowledgeEvent::Imported {
            knowledge_version, ..
        }
        | KnowledgeEvent::Published {
            knowledge_version, ..
        } => *knowledge_version,
    };
    last.map(|events| events.iter().map(number).collect())
}

#[test]
fn a_content_is_one_version_for_ever_and_is_heard_once_it_is_published() {
    assert_eq!(after(vec![import(700)]), Ok(vec![1]));
    assert_eq!(after(vec![import(700), import(700)]), Ok(vec![]));
    assert_eq!(after(vec![import(700), import(800)]), Ok(vec![2]));
    let two = || vec![import(700), import(800)];
    let then = |more: &[KnowledgeCommand]| after([two(), more.to_vec()].concat());
    assert_eq!(then(&[publish(VersionChoice::Newest, false)]), Ok(vec![2]));
    assert_eq!(then(&[publish(VersionChoice::Version(1), false)]), Ok(vec![1]));
    let twice = [
        publish(VersionChoice::Newest, false),
        publish(VersionChoice::Version(2), false),
    ];
    assert_eq!(then(&twice), Ok(vec![]), "it is current already");
    let back = [
        publish(VersionChoice::Version(1), false),
        publish(VersionChoice::Version(2), false),
        publish(VersionChoice::Before, false),
    ];
    assert_eq!(then(&back), Ok(vec![1]));
}

#[test]
fn what_is_not_there_is_not_published() {
    let refused = after(vec![publish(VersionChoice::Newest, false)]);
    assert_eq!(refused, Err(KnowledgeRefusal::NotImported { knowledge: name() }));
    let refused = after(vec![import(700), publish(VersionChoice::Version(2), false)]);
    assert!(matches!(
        refused,
        Err(KnowledgeRefusal::UnknownVersion { versions: 1, .. })
    ));
    let refused = after(vec![
        import(700),
        publish(VersionChoice::Newest, false),
        publish(VersionChoice::Before, false),
    ]);
    assert_eq!(refused, Err(KnowledgeRefusal::NothingBefore));
}

#[test]
fn from_the_first_approved_publication_on_each_needs_an_approval() {
    let begun = || vec![import(700), publish(VersionChoice::Newest, true), import(800)];
    let then = |more: KnowledgeCommand| after([begun(), vec![more]].concat());
    let refused = then(publish(VersionChoice::Newest, false));
    assert_eq!(
        refused,
        Err(KnowledgeRefusal::NeedsApproval { knowledge: name() })
    );
    assert_eq!(then(publish(VersionChoice::Newest, true)), Ok(vec![2]));
    assert_eq!(then(publish(VersionChoice::Version(1), true)), Ok(vec![]));
    let behind = after(vec![
        import(700),
        publish(VersionChoice::Newest, false),
        publish(VersionChoice::Newest, true),
    ]);
    assert_eq!(behind, Ok(vec![1]), "now it has an approval");
}

#[test]
fn a_content_that_no_record_holds_is_refused() {
    let mut large = content(700);
    let long = KnownAnswer {
        answer: "费".repeat(500),
        ..large.answers[1].clone()
    };
    large.answers.extend(std::iter::repeat_n(long, 50));
    let command = KnowledgeCommand::Import {
        knowledge: name(),
        content: Box::new(large),
        faults: 0,
    };
    assert!(matches!(
        after(vec![command]),
        Err(KnowledgeRefusal::TooLarge { .. })
    ));
}

#[test]
fn good_rows_of_a_bad_file_count_and_bad_ones_are_listed() {
    let text = format!(
        "{SMALL}  - {{entity: '分期[3]', attribute: 费率, value: 0.70%}}\n  - {{entity: 分期, value: 1}}\n"
    );
    let text = text.replace(
        "objections:",
        "  - {id: 手续费, question: 别的, answer: 好。}\n  - {id: 重问, question: 收费吗？, answer: 好。}\n  \
         - {id: 缺, question: 利率, answer: '{{fact:分期.利率}}。'}\n  - {id: 日子, question: 何时, answer: 好。, \
         effective_from: 2026-02-01, effective_until: 2026-01-31}\n  - {id: 空, question: 何地, answer: ' '}\n  \
         - {id: 多, question: 何人, answer: 好。, extra: 1}\nobjections:",
    );
    let read = KnowledgeFile::from_yaml(&text).unwrap();
    assert_eq!(read.content.answers.len(), 2);
    assert_eq!(read.content.facts.len(), 2);
    let places: Vec<&str> = read.faults.iter().map(|fault| fault.place.as_str()).collect();
    let wanted = [
        "facts[2]",
        "facts[3]",
        "answers[2]",
        "answers[3]",
        "answers[4]",
        "answers[5]",
        "answers[6]",
        "answers[7]",
    ];
    assert_eq!(places, wanted, "{:?}", read.faults);
    assert_eq!(read.faults_count, 8);
}

#[test]
fn a_file_without_a_good_row_or_with_wrong_thresholds_is_none() {
    for (text, word) in [
        ("knowledge: a\nanswers: []", "no valid rows"),
        ("knowledge: a b\nanswers: []", "knowledge"),
        ("answers: []", "is missing"),
        ("knowledge: a\nanswer: []", "not a member"),
        ("knowledge: a\nanswers: 1", "is not a list"),
        (
            "knowledge: a\nthresholds: {accept_permille: 300, confirm_permille: 400}",
            "confirm_permille",
        ),
        ("a: 1\na: 2", "not YAML"),
        ("[", "not YAML"),
    ] {
        let fault = KnowledgeFile::from_yaml(text).unwrap_err().to_string();
        assert!(fault.contains(word), "{text}: {fault}");
    }
}

#[test]
fn an_objection_without_an_answer_is_answered_by_its_four_parts() {
    let content = content(700);
    let entries = content.entries();
    let said = |id: &str| entries.iter().find(|entry| entry.id == id).unwrap().text.clone();
    assert_eq!(said("太贵"), "按期收，先告知，心里有数，以合同为准。");
    let dated = entries.iter().find(|entry| entry.id == "起点").unwrap();
    let day = |text: &str| Day::try_from(text.to_owned()).unwrap();
    assert!(dated.is_effective(day("2026-12-31")) && !dated.is_effective(day("2027-01-01")));
}

#[test]
fn one_entry_is_reworded_and_the_rest_stays() {
    let content = content(700);
    let said = |content: &KnowledgeContent, id: &str| {
        let entries = content.entries();
        entries.iter().find(|entry| entry.id == id).unwrap().text.clone()
    };
    for id in ["手续费", "太贵"] {
        let other = content.reworded(id, "好。").unwrap();
        assert_eq!(said(&other, id), "好。");
        assert_eq!(said(&other, "起点"), said(&content, "起点"));
    }
    assert_eq!(content.reworded("不在", "好。"), None);
}
