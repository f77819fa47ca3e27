//! Types of open members: text, numbers, and what an institution writes. None has a personal member.
//!
//! Plans, calendars and knowledge of an institution implement `OpenMember` where they are defined.

use std::collections::{BTreeMap, BTreeSet};
use values::routing_score::Breakdown;
use values::seller::Seller;
use values::text_attachment::TextAttachment;

/// A type that `#[open(…)]` can name the members of.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an open member",
    note = "a personal member is sealed, and a closed type needs no mark: take the member out of `#[open(…)]`",
    note = "a type for what an institution writes implements `OpenMember` where it is defined"
)]
pub trait OpenMember {
    /// False: an open member is never sealed.
    const MAY_BE_PERSONAL: bool = false;
}

/// Implements `OpenMember` for types without personal members.
macro_rules! open {
    ($($open:ty),* $(,)?) => {
        $(impl OpenMember for $open {})*
    };
}

open! {
    String, serde_json::Value, u8, u16, u32, u64, i64,
    // The name of the institution that is called for, and what it shows to customers.
    Seller, TextAttachment,
    // The scores of an agent or robot, by an id that names no person.
    Breakdown,
}

impl<T: OpenMember> OpenMember for Option<T> {}
impl<T: OpenMember> OpenMember for Box<T> {}
impl<T: OpenMember> OpenMember for Vec<T> {}
impl<T: OpenMember> OpenMember for BTreeSet<T> {}
impl<K, V: OpenMember> OpenMember for BTreeMap<K, V> {}
impl<T: OpenMember, const N: usize> OpenMember for [T; N] {}
