//! Tests of reading a model's answer, row by row: accepted, or refused with its failure and details.

use super::answer_parser::{DraftChecks, FailedDraft, TEXT_CHARS_MAX, read};
use super::tests::task;
use crate::ports::masking::Masking;
use crate::ports::understanding::{SensitiveWord, SensitiveWords};
use crate::ports::writer::Figures;
use std::collections::BTreeSet;

/// Figures of the tests: every run of digits.
struct Digits;

impl Figures for Digits {
    fn figures(&self, text: &str) -> BTreeSet<String> {
        let runs = text.split(|one: char| !one.is_ascii_digit());
        runs.filter(|run| !run.is_empty()).map(str::to_owned).collect()
    }
}

/// A masking that replaces a name with stars.
struct Names;

impl Masking for Names {
    fn masked(&self, text: &str) -> String {
        text.replace("张三", "**")
    }
}

/// A list with one sensitive word.
struct OneWordList;

impl SensitiveWords for OneWordList {
    fn first(&self, text: &str) -> Option<SensitiveWord> {
        text.contains("保本").then(|| SensitiveWord {
            list: "campaign".to_owned(),
            word: "保本".to_owned(),
        })
    }
}

fn said(answer: &str) -> Result<String, FailedDraft> {
    let held = DraftChecks {
        figures: &Digits,
        masking: &Names,
        sensitive: Some(&OneWordList),
    };
    read(answer, &task(), &held)
}

fn wrote(text: &str) -> Result<String, FailedDraft> {
    said(&serde_json::json!({ "text": text }).to_string())
}

const PLACE: &str = "{{fact:分期.起点}}";

#[test]
fn a_text_that_keeps_its_placeholder_and_names_its_value_is_kept() {
    for text in [
        format!("您只要满{PLACE}就能申请，3天到账。"),
        format!(" 满{PLACE}即可，也就是500元。 "),
        "满{{ fact:分期.起点 }}即可。".to_owned(),
    ] {
        assert_eq!(wrote(&text).as_deref(), Ok(text.trim()), "{text}");
    }
}

#[test]
fn what_may_not_be_said_is_refused_by_its_class() {
    let long = format!(
        "{PLACE}{}",
        "长".repeat(TEXT_CHARS_MAX - PLACE.chars().count() + 1)
    );
    let original = task().original;
    for (text, class, detail) in [
        (String::new(), "garbled", None),
        (format!("满{PLACE}\n即可"), "garbled", None),
        (long, "too_long", None),
        (original, "unchanged", None),
        (
            "满额就能申请。".to_owned(),
            "placeholders",
            Some("fact:分期.起点"),
        ),
        (
            format!("{{{{name}}}}，满{PLACE}即可。"),
            "placeholders",
            Some("name"),
        ),
        (format!("满{PLACE}或{PLACE}即可。"), "placeholders", None),
        (format!("{{name}}，满{PLACE}即可。"), "placeholders", None),
        (format!("满{PLACE}即可，{{{{name"), "placeholders", None),
        (format!("满{PLACE}即可，24期免息。"), "figures", Some("24")),
        (format!("满{PLACE}即可，保本。"), "sensitive", Some("保本")),
        (format!("张三，满{PLACE}即可。"), "personal", None),
    ] {
        let refused = wrote(&text).unwrap_err();
        let found = (refused.failure.name(), refused.detail.as_deref());
        assert_eq!(found, (class, detail), "{text}");
        let output = refused.output.unwrap();
        assert!(!output.contains("张三"), "masked: {output}");
    }
}

#[test]
fn what_was_not_agreed_is_garbled_and_kept_masked_and_cut() {
    for answer in [
        "当然可以！",
        "{}",
        r#"{"text":"好","why":"短"}"#,
        r#"{"text":"好"} 好"#,
    ] {
        let refused = said(answer).unwrap_err();
        let found = (refused.failure.name(), refused.output.as_deref());
        assert_eq!(found, ("garbled", Some(answer)));
    }
    let refused = said(&format!("张三{}", "长".repeat(9_000))).unwrap_err();
    let output = refused.output.unwrap();
    assert!(output.starts_with("**") && output.chars().count() == 2_000);
}

#[test]
fn the_last_permitted_length_is_kept() {
    let text = format!("{PLACE}{}", "长".repeat(TEXT_CHARS_MAX - PLACE.chars().count()));
    assert!(wrote(&text).is_ok());
}
