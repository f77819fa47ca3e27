//! Sets and clears values of attributes and tags of a person, within limits.
//!
//! A request is applied completely or not at all. An unchanged value makes no event, except for values that
//! calls change too: there the last one set counts, also if it is the same.

use super::command::{AttributesChange, TagChange};
use super::decider_support::{DecideResult, check_not_erased, check_readable};
use super::event::CustomerEvent;
use super::profile::Profile;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::attribute::{Attribute, AttributeValue, TAG_BYTES_MAX, TagLevel};
use crate::personal::Personal;
use std::collections::{BTreeMap, BTreeSet};

/// The most attributes of one person; more are refused. Twice the 200 dimensions of CUS-4, and room.
pub const ATTRIBUTES_MAX: usize = 512;

/// The most tags of one person over all levels; more are refused.
pub const TAGS_MAX: usize = 256;

/// The most bytes of sealed values in one event: a record may have 64 KiB, and a sealed value is a third
/// longer than an open one.
const EVENT_BYTES_MAX: usize = 24 * 1024;

/// The bytes of a sealed value besides its text: nonce, tag and the id of its key.
const SEALED_BYTES: usize = 128;

pub(super) fn set_attributes(state: &CustomerState, order: AttributesChange) -> DecideResult {
    may_be_known(state)?;
    let mut profile = known_so_far(state);
    let mut set: BTreeMap<Attribute, AttributeValue> = BTreeMap::new();
    for (name, text) in &order.values {
        let attribute = named(name)?;
        let value = attribute
            .read(text)
            .map_err(|fault| CustomerRefusal::AttributeValue {
                attribute: attribute.to_string(),
                wanted: fault.wanted.written(),
            })?;
        set.insert(attribute, value);
    }
    let mut cleared = BTreeSet::new();
    for name in &order.cleared {
        let attribute = named(name)?;
        if set.contains_key(&attribute) {
            return Err(CustomerRefusal::SetAndCleared {
                attribute: attribute.to_string(),
            });
        }
        cleared.insert(attribute);
    }
    let follows = |attribute: &Attribute| attribute.known().is_some_and(|known| known.follows_calls);
    set.retain(|attribute, value| follows(attribute) || profile.value(attribute) != Some(value));
    cleared.retain(|attribute| follows(attribute) || profile.value(attribute).is_some());
    if set.is_empty() && cleared.is_empty() {
        return Ok(Vec::new());
    }
    let written: BTreeMap<String, String> = set
        .iter()
        .map(|(attribute, value)| (attribute.to_string(), value.written()))
        .collect();
    fits(written.iter().map(|(name, text)| name.len() + text.len()))?;
    let event = CustomerEvent::AttributesSet {
        attributes: written
            .into_iter()
            .map(|(name, text)| (name, Personal::open(text)))
            .collect(),
        cleared: cleared.iter().map(ToString::to_string).collect(),
        origin: order.origin,
    };
    profile.evolve(&event);
    at_most(profile.values().len(), ATTRIBUTES_MAX, "attributes")?;
    Ok(vec![event])
}

pub(super) fn tag(state: &CustomerState, order: TagChange) -> DecideResult {
    may_be_known(state)?;
    let mut profile = known_so_far(state);
    let (added, removed) = (tags(order.added)?, tags(order.removed)?);
    if let Some(tag) = added.intersection(&removed).next() {
        // Both lists come from the same request, so the user has to say which one is meant.
        return Err(CustomerRefusal::TagBoth { bytes: tag.len() });
    }
    let level: TagLevel = order.level;
    let has = |tag: &String| profile.tags().contains(&(level, tag.clone()));
    let added: Vec<String> = added.into_iter().filter(|tag| !has(tag)).collect();
    let removed: Vec<String> = removed.into_iter().filter(has).collect();
    if added.is_empty() && removed.is_empty() {
        return Ok(Vec::new());
    }
    fits(added.iter().chain(&removed).map(String::len))?;
    let personal = |tags: Vec<String>| tags.into_iter().map(Personal::open).collect();
    let event = CustomerEvent::Tagged {
        level,
        added: personal(added),
        removed: personal(removed),
        origin: order.origin,
    };
    profile.evolve(&event);
    at_most(profile.tags().len(), TAGS_MAX, "tags")?;
    Ok(vec![event])
}

fn may_be_known(state: &CustomerState) -> Result<(), CustomerRefusal> {
    check_not_erased(state)?;
    if !state.is_registered() {
        return Err(CustomerRefusal::NotRegistered);
    }
    check_readable(state)
}

fn known_so_far(state: &CustomerState) -> Profile {
    state.profile().cloned().unwrap_or_default()
}

fn named(name: &str) -> Result<Attribute, CustomerRefusal> {
    Attribute::named(name).map_err(|fault| CustomerRefusal::AttributeName { why: fault })
}

fn tags(given: Vec<String>) -> Result<BTreeSet<String>, CustomerRefusal> {
    let mut tags = BTreeSet::new();
    for tag in given {
        let tag = tag.trim();
        if tag.is_empty() || tag.len() > TAG_BYTES_MAX || tag.chars().any(char::is_control) {
            return Err(CustomerRefusal::TagShape {
                bytes_max: TAG_BYTES_MAX,
            });
        }
        tags.insert(tag.to_owned());
    }
    Ok(tags)
}

fn fits(bytes: impl Iterator<Item = usize>) -> Result<(), CustomerRefusal> {
    let sum: usize = bytes.map(|bytes| bytes + SEALED_BYTES).sum();
    if sum > EVENT_BYTES_MAX {
        return Err(CustomerRefusal::TooManyAtOnce {
            bytes_max: EVENT_BYTES_MAX,
        });
    }
    Ok(())
}

const fn at_most(count: usize, count_max: usize, of: &'static str) -> Result<(), CustomerRefusal> {
    super::decider_support::check_count(count, count_max, of)
}
