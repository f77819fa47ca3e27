//! The terms compiled for one kind of event. Names are resolved to indexes once, so an event costs
//! comparisons of numbers and the few members that its terms read.

use super::term::{Condition, CountingUnit, Measure, Term};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One term compiled for events of a kind.
#[derive(Debug)]
pub(super) struct CompiledTerm {
    /// The term's index in the catalog.
    pub(super) term: usize,
    /// True if it counts again for a call that it has counted before.
    pub(super) is_repeated: bool,
    pub(super) is_corrected: bool,
    /// Marks that the call must have (`after`) and must not have (`without`).
    pub(super) after: Vec<usize>,
    pub(super) without: Vec<usize>,
    pub(super) not_within: Option<Window>,
    /// Conditions on members, by their index in `Program::members`.
    pub(super) conditions: Vec<(usize, Condition)>,
    pub(super) measure: Option<Source>,
}

/// The condition that none of the marks `to` follows the mark `from` within `micros` microseconds.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) from: usize,
    pub(super) to: Vec<usize>,
    pub(super) micros: i64,
}

/// The source of a summed value: a member of the event, or the time since a mark.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Member(usize),
    Since(usize),
}

impl CompiledTerm {
    pub(super) fn reads(&self) -> bool {
        !self.conditions.is_empty() || matches!(self.measure, Some(Source::Member(_)))
    }

    pub(super) fn holds(&self, found: &MemberValues) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.all(|(member, condition)| condition.holds(found.get(*member)))
    }
}

/// All terms in which events of one kind can count, and whether the time of these events is stored.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// The mark under which the event's time is stored, if a term needs it.
    pub(super) mark: Option<usize>,
    pub(super) steps: Vec<CompiledTerm>,
    /// Names of the members that the terms read.
    members: Vec<String>,
}

/// Compiles one program for each event kind that the terms name.
pub(super) fn programs(terms: &[Term], marks: &[String]) -> BTreeMap<String, Program> {
    let kinds: BTreeSet<&str> = terms.iter().flat_map(Term::touched_by).collect();
    let of = |kind: &str| Program::of(kind, terms, marks);
    kinds
        .into_iter()
        .map(|kind| (kind.to_owned(), of(kind)))
        .collect()
}

impl Program {
    fn of(kind: &str, terms: &[Term], marks: &[String]) -> Self {
        let mut program = Self {
            mark: place(marks, kind),
            ..Self::default()
        };
        for (index, term) in terms.iter().enumerate() {
            if term.kinds.iter().any(|one| one == kind) {
                let step = program.step(index, term, marks);
                program.steps.push(step);
            }
        }
        program
    }

    fn step(&mut self, index: usize, term: &Term, marks: &[String]) -> CompiledTerm {
        let places = |kinds: &[String]| kinds.iter().filter_map(|kind| place(marks, kind)).collect();
        let not_within = term.not_within.as_ref().and_then(|window| {
            Some(Window {
                from: place(marks, &window.from)?,
                to: places(&window.to),
                micros: i64::from(window.ms) * 1_000,
            })
        });
        let conditions = term.conditions.iter();
        let conditions = conditions.map(|(member, condition)| (self.member(member), condition.clone()));
        CompiledTerm {
            term: index,
            is_repeated: term.once_per == CountingUnit::None,
            is_corrected: term.corrected,
            after: places(&term.after),
            without: places(&term.without),
            not_within,
            conditions: conditions.collect(),
            measure: term.value.as_ref().and_then(|measure| match measure {
                Measure::Member(member) => Some(Source::Member(self.member(member))),
                Measure::Since(kind) => place(marks, kind).map(Source::Since),
            }),
        }
    }

    fn member(&mut self, name: &str) -> usize {
        if let Some(known) = self.members.iter().position(|known| known == name) {
            return known;
        }
        self.members.push(name.to_owned());
        self.members.len() - 1
    }

    /// Reads the members that the terms need from an event's data.
    pub(super) fn read(&self, data: &str) -> serde_json::Result<MemberValues> {
        let mut json = serde_json::Deserializer::from_str(data);
        let found = Members(&self.members).deserialize(&mut json)?;
        json.end()?;
        Ok(found)
    }
}

/// Returns the index of a kind among the sorted marks; `None` if its times are not stored.
pub(super) fn place(marks: &[String], kind: &str) -> Option<usize> {
    marks.binary_search_by(|mark| mark.as_str().cmp(kind)).ok()
}

/// The values of the members that the terms read, by index; `None` for an absent one.
#[derive(Debug, Default)]
pub(super) struct MemberValues(Vec<Option<Value>>);

impl MemberValues {
    pub(super) fn get(&self, member: usize) -> Option<&Value> {
        self.0.get(member)?.as_ref()
    }
}

/// Deserializes the named members of a JSON object, and skips all others.
struct Members<'a>(&'a [String]);

impl Members<'_> {
    /// Stores the wanted inner members (`outer.inner`) of the member `outer`.
    fn place_inner(&self, outer: &str, value: &Value, found: &mut [Option<Value>]) {
        for (known, slot) in self.0.iter().zip(found) {
            if let Some(inner) = within(known, outer) {
                *slot = value.get(inner).cloned();
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = MemberValues;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MemberValues, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = MemberValues;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the members of an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MemberValues, A::Error> {
        let mut found = vec![None; self.0.len()];
        while let Some(Key(name)) = map.next_key()? {
            let member = self.0.iter().position(|known| *known == name);
            match member.and_then(|place| found.get_mut(place)) {
                Some(slot) => *slot = Some(map.next_value()?),
                None if self.0.iter().any(|known| within(known, &name).is_some()) => {
                    self.place_inner(&name, &map.next_value()?, &mut found);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(MemberValues(found))
    }
}

/// Returns the inner name of `outer.inner` if `outer` is the given member; otherwise `None`.
fn within<'a>(known: &'a str, outer: &str) -> Option<&'a str> {
    known.strip_prefix(outer)?.strip_prefix('.')
}

/// A member's name; it is copied only if it contains escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::super::catalog::catalog;
    use super::*;

    #[test]
    fn a_member_of_a_member_is_read_where_a_term_names_it() {
        let program = Program {
            members: ["interest.level", "disposition"].map(str::to_owned).into(),
            ..Program::default()
        };
        let data = "{\"interest\":{\"level\":\"high\",\"rule\":\"agreed\"},\"disposition\":\"answered\"}";
        let found = program.read(data).unwrap();
        assert_eq!(found.get(0), Some(&Value::from("high")));
        assert_eq!(found.get(1), Some(&Value::from("answered")));
        for without in ["{}", "{\"interest\":null}", "{\"interest\":\"high\"}"] {
            assert_eq!(program.read(without).unwrap().get(0), None, "{without}");
        }
    }

    #[test]
    fn only_the_members_that_terms_read_are_read_and_the_last_of_a_name_counts() {
        let program = catalog().unwrap().program("call.ended").unwrap();
        let data =
            "{\"disposition\":\"busy\",\"more\":{\"talk_ms\":1},\"talk_ms\":7,\"disposition\":\"machine\"}";
        let found = program.read(data).unwrap();
        let of = |name: &str| {
            let place = program.members.iter().position(|known| known == name);
            found.get(place.unwrap())
        };
        assert_eq!(of("talk_ms"), Some(&Value::from(7)));
        assert_eq!(of("disposition"), Some(&Value::from("machine")));
        assert_eq!(of("outcome"), None);
        assert!(program.members.iter().all(|member| member != "more"));
        for broken in ["[]", "{\"talk_ms\":}", "{} {}", "{\"more\":[}"] {
            assert!(program.read(broken).is_err(), "{broken}");
        }
    }
}
