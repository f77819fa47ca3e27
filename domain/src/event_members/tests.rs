//! What is listed as personal and by which pointer, that text and numbers need a mark, and which types may be
//! open.

use super::{EventMembers, OpenMember, Pointer};
use crate::attribute::Attribute;
use crate::flow::is_variable_name;
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
        "/slots/a~1b",
        "/notes/0/noted_down/text",
        "/notes/2/pair/0",
        "/notes/2/pair/1",
        "/notes/3/one",
        "/unit/text",
    ];
    assert_eq!(pointers, expected);
    for pointer in expected {
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

/// Fails to compile if a type has two implementations: the second exists for types that may be open.
trait NotOpen<Why> {
    const IS_REFUSED: bool = true;
}
impl<T> NotOpen<()> for T {}
struct MayBeOpen;
impl<T: OpenMember> NotOpen<MayBeOpen> for T {}

#[test]
fn personal_members_and_types_with_members_of_their_own_cannot_be_open() {
    let refused = [
        <Word as NotOpen<_>>::IS_REFUSED,
        <Option<Word> as NotOpen<_>>::IS_REFUSED,
        <BTreeMap<String, Word> as NotOpen<_>>::IS_REFUSED,
        <Person as NotOpen<_>>::IS_REFUSED,
        <Vec<Note> as NotOpen<_>>::IS_REFUSED,
    ];
    assert!(refused.into_iter().all(|is_refused| is_refused));
}

/// Records before the derives were sealed under pointers with unescaped names of slots and attributes. These
/// are the pointers of today, because no such name has a character that is escaped. The check of a flow
/// refuses other names of slots (`flow/dialogue_tests.rs`).
#[test]
fn names_of_slots_and_attributes_have_no_character_that_a_pointer_escapes() {
    for name in ["a/b", "a~b", "/", "~1"] {
        assert!(!is_variable_name(name), "{name}");
        assert!(Attribute::named(name).is_err(), "{name}");
    }
}
