//! Members of events: personal, open, or of a closed type that can name no person.
//!
//! `#[derive(derive::EventMembers)]` visits every member of a type, so a personal member cannot be left out.
//! Text and numbers do not implement `EventMembers`: a member that holds them is `Personal<String>`, or
//! `#[open(…)]` of its struct or variant names it. The keys of maps are names and are never sealed.

mod closed_types;
pub(crate) mod open_types;
#[cfg(test)]
mod tests;

pub use open_types::OpenMember;

use crate::personal::{Personal, escaped};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A JSON pointer (RFC 6901). It is written only when a personal member is found, because most events have
/// none.
#[derive(Debug, Clone, Copy)]
pub enum Pointer<'p> {
    Root,
    Member { of: &'p Pointer<'p>, name: &'p str },
    Index { of: &'p Pointer<'p>, index: usize },
}

impl<'p> Pointer<'p> {
    pub const fn member(&'p self, name: &'p str) -> Self {
        Self::Member { of: self, name }
    }
    pub const fn index(&'p self, index: usize) -> Self {
        Self::Index { of: self, index }
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member { of, name } => write!(f, "{of}/{}", escaped(name)),
            Self::Index { of, index } => write!(f, "{of}/{index}"),
        }
    }
}

/// Personal values with their JSON pointers.
pub type PersonalMembers<'a> = Vec<(String, &'a mut Personal<String>)>;

/// A type of members of events.
#[diagnostic::on_unimplemented(
    message = "`{Self}` in an event is neither personal nor open",
    note = "text and numbers: `Personal<String>` if they name or describe a person, otherwise name the member in `#[open(…)]` of its struct or variant",
    note = "our own types: `#[derive(derive::EventMembers)]`, or a line in domain/src/event_members/closed_types.rs"
)]
pub trait EventMembers {
    /// False for types without personal members. No code is generated to visit these.
    const MAY_BE_PERSONAL: bool;

    /// Adds each personal value with its JSON pointer, in the order of the members; `at` points to `self`.
    fn list_personal<'a>(&'a mut self, at: &Pointer<'_>, found: &mut PersonalMembers<'a>);
}

/// Returns the personal values of a part of an event, with their pointers below it.
pub fn personal_of(part: &mut impl EventMembers) -> PersonalMembers<'_> {
    let mut found = Vec::new();
    part.list_personal(&Pointer::Root, &mut found);
    found
}

impl EventMembers for Personal<String> {
    const MAY_BE_PERSONAL: bool = true;

    fn list_personal<'a>(&'a mut self, at: &Pointer<'_>, found: &mut PersonalMembers<'a>) {
        found.push((at.to_string(), self));
    }
}

impl<T: EventMembers> EventMembers for Option<T> {
    const MAY_BE_PERSONAL: bool = T::MAY_BE_PERSONAL;

    fn list_personal<'a>(&'a mut self, at: &Pointer<'_>, found: &mut PersonalMembers<'a>) {
        if let Some(value) = self {
            value.list_personal(at, found);
        }
    }
}

impl<T: EventMembers> EventMembers for Box<T> {
    const MAY_BE_PERSONAL: bool = T::MAY_BE_PERSONAL;

    fn list_personal<'a>(&'a mut self, at: &Pointer<'_>, found: &mut PersonalMembers<'a>) {
        (**self).list_personal(at, found);
    }
}

impl<T: EventMembers> EventMembers for Vec<T> {
    const MAY_BE_PERSONAL: bool = T::MAY_BE_PERSONAL;

    fn list_personal<'a>(&'a mut self, at: &Pointer<'_>, found: &mut PersonalMembers<'a>) {
        for (index, value) in self.iter_mut().enumerate() {
            value.list_personal(&at.index(index), found);
        }
    }
}

impl<K: fmt::Display, V: EventMembers> EventMembers for BTreeMap<K, V> {
    const MAY_BE_PERSONAL: bool = V::MAY_BE_PERSONAL;

    fn list_personal<'a>(&'a mut self, at: &Pointer<'_>, found: &mut PersonalMembers<'a>) {
        for (key, value) in self {
            value.list_personal(&at.member(&key.to_string()), found);
        }
    }
}

/// A set has no personal values: they have no order.
impl<T: EventMembers> EventMembers for BTreeSet<T> {
    const MAY_BE_PERSONAL: bool = false;

    fn list_personal<'a>(&'a mut self, _: &Pointer<'_>, _: &mut PersonalMembers<'a>) {}
}
