//! What is known of a person when an offer is chosen, or why they are not to be told apart.

use super::KnownTag;
use crate::attribute::{Attribute, AttributeValue, Known};
use crate::customer::{CustomerState, Profile};
use crate::personal::Personal;
use std::collections::{BTreeMap, BTreeSet};

/// The attribute by which a person refuses that offers and wording go by who they are (PIPL, article 24).
const REFUSES: &str = "is_profiling_refused";

/// What an offer is chosen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownOfPerson {
    Told(Box<Profile>),
    /// They refuse it, or a hold stands on their data.
    Restricted,
    /// It could not be read in time.
    NotRead,
}

impl KnownOfPerson {
    /// By a person's profile, unless they are not to be told apart by it.
    pub fn of(profile: Profile, is_held: bool) -> Self {
        let refuses = Known::named(REFUSES).map(Known::attribute);
        let refuses = refuses.and_then(|attribute| profile.value(&attribute).cloned());
        match is_held || refuses == Some(AttributeValue::Boolean(true)) {
            true => Self::Restricted,
            false => Self::Told(Box::new(profile)),
        }
    }

    /// Whether their own record alone says that they are not to be told apart: then nothing more is read.
    pub fn is_restricted(state: &CustomerState) -> bool {
        let profile = state.profile().cloned().unwrap_or_default();
        Self::of(profile, state.held().is_some()) == Self::Restricted
    }
}

/// What was recorded, read again.
pub(super) fn told_again(
    values: &BTreeMap<String, Personal<String>>,
    tags: &[KnownTag],
) -> Option<KnownOfPerson> {
    let mut known = BTreeMap::new();
    for (name, value) in values {
        let attribute = Attribute::named(name).ok()?;
        let value = attribute.read(value.value()?).ok()?;
        known.insert(attribute, value);
    }
    let tags = tags.iter().map(|one| Some((one.level, one.tag.value()?.clone())));
    let tags: Option<BTreeSet<_>> = tags.collect();
    Some(KnownOfPerson::Told(Box::new(Profile::told(known, tags?))))
}
