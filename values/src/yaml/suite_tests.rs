//! The YAML test suite: the result of the earlier parser for each text, and the result of this one.

use super::value;
use serde::Deserialize;
use serde_json::Value;

/// One text of the suite. `before` and `reads` are JSON texts. `before` is missing if the earlier parser
/// refused the text.
#[derive(Deserialize)]
struct Case {
    id: String,
    name: String,
    yaml: String,
    before: Option<String>,
    now: String,
    reads: Option<String>,
}

#[derive(Deserialize)]
struct Suite {
    cases: Vec<Case>,
}

fn suite() -> Vec<Case> {
    let suite: Suite = serde_json::from_str(include_str!("suite.json")).unwrap();
    suite.cases
}

#[test]
fn a_text_that_was_read_before_is_read_the_same_or_refused() {
    for case in suite() {
        let json = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let before = case.before.map(json);
        let read = value(&case.yaml);
        let now = match (&before, &read) {
            (Some(before), Ok(read)) if before == read => "same",
            (Some(_), Ok(_)) => "read otherwise",
            (Some(_), Err(_)) => "refused now",
            (None, Ok(_)) => "read now",
            (None, Err(_)) => "refused",
        };
        assert_eq!(now, case.now, "{} {}: {read:?}", case.id, case.name);
        if let (Some(reads), Ok(read)) = (case.reads, read) {
            assert_eq!(json(reads), read, "{} {}", case.id, case.name);
        }
    }
}

/// The reference page lists each text that is read differently from before.
#[test]
fn every_difference_is_listed_on_the_reference_page() {
    let page = include_str!("../../../docs/reference/yaml.md");
    for case in suite() {
        let is_listed = page.contains(&format!("`{}`", case.id));
        let differs = matches!(case.now.as_str(), "refused now" | "read now");
        assert_eq!(is_listed, differs, "{} {}: {}", case.id, case.name, case.now);
    }
}

/// Texts that are not in the suite and that YAML 1.1 and 1.2 read differently.
#[test]
fn what_was_read_otherwise_before_is_refused() {
    let texts = [
        "a: b\u{2028}c\n",
        "a: \"b\u{85}c\"\n",
        "a: b\u{feff}c\n",
        "a: b\u{7}c\n",
        "{ ?a: b }\n",
        "[?a]\n",
        "{ !!str :a, b: c }\n",
        "key: &an:chor value\n",
        "- &b b\n- &b c\n- *b\n",
        "--- |\n# a comment or a text\n",
        "a: !mine b\n",
        "! 12\n",
        "!!binary aGk=\n",
        "a: 1\na: 2\n",
        "1: a\n\"1\": b\n",
        "[a]: b\n",
        "~: b\n",
        "a: 18446744073709551616\n",
        "---\na: 1\n---\nb: 2\n",
        "&a [*a]\n",
    ];
    for text in texts {
        assert!(value(text).is_err(), "{text:?}: {:?}", value(text));
    }
}

#[test]
fn a_text_that_starts_with_a_byte_order_mark_or_ends_without_a_line_feed_is_read_as_before() {
    let read = |text: &str| value(text).unwrap().to_string();
    assert_eq!(read("\u{feff}a: 1"), r#"{"a":1}"#);
    assert_eq!(read("a: |\n  text"), r#"{"a":"text"}"#);
    assert_eq!(read("a: |\n  text\n"), r#"{"a":"text\n"}"#);
    assert_eq!(
        read("{\n\t\"a\": [1, 2],\n\t\"b\": \"\\/\"\n}\n"),
        r#"{"a":[1,2],"b":"/"}"#
    );
    assert_eq!(read("# nothing\n"), "null");
    assert_eq!(
        read("<<: {a: 1}\nb: &x {c: 1}\nd: *x\n"),
        r#"{"<<":{"a":1},"b":{"c":1},"d":{"c":1}}"#
    );
}
