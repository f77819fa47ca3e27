//! What is listed as personal, by which pointer, and that text and numbers need a mark.

use super::{EventMembers, Pointer};
use crate::personal::Personal;
use serde::Serialize;
use std::collections::BTreeMap;

type Word = Personal<String>;

#[derive(Serialize, derive::EventMembers)]
#[open(shoe_size)]
struct Person {
    first_name: Word,
    #[serde(rename = "called")]
    known_as: Option<Word>,
    shoe_size: u8,
    #[serde(flatten)]
    words: Words,
    notes: Vec<Note>,
    unit: Unit,
}

#[derive(Serialize, derive::EventMembers)]
struct Words {
    variables: BTreeMap<String, Word>,
    #[pointer(raw)]
    slots: BTreeMap<String, Word>,
}

#[derive(Serialize, derive::EventMembers)]
#[serde(rename_all = "snake_case")]
enum Note {
    NotedDown { text: Word },
    Pair(Word, Box<Word>),
    One(Word),
    Unsaid,
}

#[derive(Serialize, derive::EventMembers)]
#[serde(tag = "unit", rename_all = "snake_case")]
enum Unit {
    Inside { text: Word },
}

fn word() -> Word {
    Personal::Erased { hash: None }
}

fn named(name: &str) -> BTreeMap<String, Word> {
    BTreeMap::from([(name.to_owned(), word())])
}

#[test]
fn pointers_are_those_of_the_json_that_serde_writes() {
    let mut person = Person {
        first_name: word(),
        known_as: Some(word()),
        shoe_size: 41,
        words: Words {
            variables: named("due/date~"),
            slots: named("a/b"),
        },
        notes: vec![
            Note::NotedDown { text: word() },
            Note::Unsaid,
            Note::Pair(word(), Box::new(word())),
            Note::One(word()),
        ],
        unit: Unit::Inside { text: word() },
    };
    let json = serde_json::to_value(&person).unwrap();
    let mut found = Vec::new();
    person.list_personal(&Pointer::Root, &mut found);
    let pointers: Vec<String> = found.into_iter().map(|(pointer, _)| pointer).collect();
    let expected = [
        "/first_name",
        "/called",
        "/variables/due~1date~0",
        "/slots/a/b",
        "/notes/0/noted_down/text",
        "/notes/2/pair/0",
        "/notes/2/pair/1",
        "/notes/3/one",
        "/unit/text",
    ];
    assert_eq!(pointers, expected);
    for pointer in expected.iter().filter(|pointer| !pointer.starts_with("/slots")) {
        assert!(json.pointer(pointer).is_some(), "{pointer} is not in {json}");
    }
}

/// Fails to compile if a type has two implementations: the second exists for types with `EventMembers`.
trait Unmarked<Why> {
    const IS_REFUSED: bool = true;
}
impl<T> Unmarked<()> for T {}
struct HasMembers;
impl<T: EventMembers> Unmarked<HasMembers> for T {}

#[test]
fn text_and_numbers_need_a_mark() {
    let refused = [
        <String as Unmarked<_>>::IS_REFUSED,
        <Vec<String> as Unmarked<_>>::IS_REFUSED,
        <BTreeMap<String, String> as Unmarked<_>>::IS_REFUSED,
        <Option<u8> as Unmarked<_>>::IS_REFUSED,
        <u16 as Unmarked<_>>::IS_REFUSED,
        <u32 as Unmarked<_>>::IS_REFUSED,
        <u64 as Unmarked<_>>::IS_REFUSED,
        <i64 as Unmarked<_>>::IS_REFUSED,
        <f64 as Unmarked<_>>::IS_REFUSED,
        <serde_json::Value as Unmarked<_>>::IS_REFUSED,
    ];
    assert!(refused.into_iter().all(|is_refused| is_refused));
}
