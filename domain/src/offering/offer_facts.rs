//! What is known of a customer when an offer is chosen, or why personal data is not used for it.

use super::KnownTag;
use crate::attribute::{Attribute, AttributeValue, BuiltInAttribute};
use crate::customer::{CustomerState, Profile};
use crate::personal::Personal;
use std::collections::{BTreeMap, BTreeSet};

/// The attribute of customers who refuse offers and wordings based on personal data (PIPL, article 24).
const REFUSES: &str = "is_profiling_refused";

/// The facts about a customer by which an offer is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferFacts {
    Known(Box<Profile>),
    /// The customer refuses it, or processing of the data is restricted.
    Restricted,
    /// The facts could not be read in time.
    NotRead,
}

impl OfferFacts {
    /// Returns the facts of a profile; `Restricted` if the customer refuses the use of personal data or is
    /// under a hold (`is_held`).
    pub fn of(profile: Profile, is_held: bool) -> Self {
        let refuses = BuiltInAttribute::named(REFUSES).map(BuiltInAttribute::attribute);
        let refuses = refuses.and_then(|attribute| profile.value(&attribute).cloned());
        match is_held || refuses == Some(AttributeValue::Boolean(true)) {
            true => Self::Restricted,
            false => Self::Known(Box::new(profile)),
        }
    }

    /// Returns true if the customer's own record restricts the use of personal data; then nothing more is
    /// read.
    pub fn is_restricted(state: &CustomerState) -> bool {
        let profile = state.profile().cloned().unwrap_or_default();
        Self::of(profile, state.held().is_some()) == Self::Restricted
    }
}

/// Returns the recorded facts about a customer; `None` if a value can no longer be decrypted or read.
pub(super) fn restore_offer_facts(
    values: &BTreeMap<String, Personal<String>>,
    tags: &[KnownTag],
) -> Option<OfferFacts> {
    let mut known = BTreeMap::new();
    for (name, value) in values {
        let attribute = Attribute::named(name).ok()?;
        let value = attribute.read(value.value()?).ok()?;
        known.insert(attribute, value);
    }
    let tags = tags.iter().map(|one| Some((one.level, one.tag.value()?.clone())));
    let tags: Option<BTreeSet<_>> = tags.collect();
    Some(OfferFacts::Known(Box::new(Profile::of_registered(known, tags?))))
}
