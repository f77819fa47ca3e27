//! The profile of a person: values of attributes and tags, folded from the person's events. Deciders, rows of
//! segments and the check of one person against a segment share this fold.
//!
//! Behavior follows from the ends of calls in the person's own stream: last call and answer, outcome, intent,
//! and the follow-up state. Nothing is guessed: a value without an event is unknown.

use super::event::CustomerEvent;
use crate::attribute::{Attribute, AttributeValue, TagLevel};
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use values::disposition::{InterestLevel, Outcome};

/// One change that an event makes to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileChange {
    /// The person is registered: counts begin.
    Begin,
    Set(Attribute, AttributeValue),
    /// A count grows by one.
    Count(Attribute),
    Clear(Attribute),
    Tag(TagLevel, String),
    Untag(TagLevel, String),
    /// The person is erased: all values are dropped.
    Forget,
}

/// The profile of a person: values by attribute, and tags by level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    values: BTreeMap<Attribute, AttributeValue>,
    tags: BTreeSet<(TagLevel, String)>,
    is_forgotten: bool,
    is_registered: bool,
}

impl Profile {
    /// Returns the profile of a registered person with exactly these attribute values and tags.
    pub const fn of_registered(
        values: BTreeMap<Attribute, AttributeValue>,
        tags: BTreeSet<(TagLevel, String)>,
    ) -> Self {
        Self {
            values,
            tags,
            is_forgotten: false,
            is_registered: true,
        }
    }

    pub fn value(&self, attribute: &Attribute) -> Option<&AttributeValue> {
        self.values.get(attribute)
    }
    pub const fn values(&self) -> &BTreeMap<Attribute, AttributeValue> {
        &self.values
    }
    pub const fn tags(&self) -> &BTreeSet<(TagLevel, String)> {
        &self.tags
    }
    /// Returns the names of the profile's tags, of all levels.
    pub fn tag_names(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(|(_, tag)| tag.as_str())
    }
    /// Returns true if the person is registered and not erased, so that segments include the person.
    pub const fn is_active(&self) -> bool {
        self.is_registered && !self.is_forgotten
    }

    /// Applies one event of the person; its personal values must be open.
    pub fn evolve(&mut self, event: &CustomerEvent) {
        for change in profile_changes(event) {
            self.change(change);
        }
    }

    /// Marks the person as registered without resetting the counts.
    pub(super) const fn register(&mut self) {
        self.is_registered = true;
    }

    pub(super) fn change(&mut self, change: ProfileChange) {
        match change {
            ProfileChange::Begin => {
                self.is_registered = true;
                for count in COUNTS {
                    self.values
                        .extend(known(count).map(|of| (of, AttributeValue::Integer(0))));
                }
            }
            ProfileChange::Set(attribute, value) => {
                self.values.insert(attribute, value);
            }
            ProfileChange::Count(attribute) => {
                let before = self.values.get(&attribute).and_then(AttributeValue::ordered);
                let count = before.unwrap_or(0).saturating_add(1);
                self.values.insert(attribute, AttributeValue::Integer(count));
            }
            ProfileChange::Clear(attribute) => {
                self.values.remove(&attribute);
            }
            ProfileChange::Tag(level, tag) => {
                self.tags.insert((level, tag));
            }
            ProfileChange::Untag(level, tag) => {
                self.tags.remove(&(level, tag));
            }
            ProfileChange::Forget => {
                self.values.clear();
                self.tags.clear();
                self.is_forgotten = true;
            }
        }
    }
}

/// The values of `follow_up_state`: before the first call, before a further one, after the last one,
/// settled.
pub(super) const FOLLOW_UP_STATES: [&str; 4] = ["to_call", "to_call_again", "called", "closed"];

/// The count attributes that start at zero for a registered person.
pub const COUNTS: [&str; 3] = ["calls_count", "answered_count", "success_count"];

/// Returns the changes that an event makes to a profile. A sealed or erased value is unknown: the attribute
/// is cleared.
pub fn profile_changes(event: &CustomerEvent) -> Vec<ProfileChange> {
    match event {
        CustomerEvent::Registered { .. } => vec![ProfileChange::Begin],
        CustomerEvent::AttributesSet {
            attributes, cleared, ..
        } => {
            let known = attributes.iter();
            let values = known.filter_map(|(name, value)| of_value(name, value));
            let cleared = cleared.iter().filter_map(|name| Attribute::named(name).ok());
            values.chain(cleared.map(ProfileChange::Clear)).collect()
        }
        CustomerEvent::Tagged {
            level,
            added,
            removed,
            ..
        } => {
            let open = |tags: &[Personal<String>]| -> Vec<String> {
                tags.iter().filter_map(|tag| tag.value().cloned()).collect()
            };
            let removed = open(removed)
                .into_iter()
                .map(|tag| ProfileChange::Untag(*level, tag));
            let added = open(added).into_iter().map(|tag| ProfileChange::Tag(*level, tag));
            removed.chain(added).collect()
        }
        CustomerEvent::Enrolled { .. } => set_text("follow_up_state", "to_call").into_iter().collect(),
        CustomerEvent::CallClosed {
            disposition,
            outcome,
            answered,
            dialed_at,
            next_due_at,
            ..
        } => {
            let follow_up = next_due_at.map_or("called", |_due| "to_call_again");
            let mut changes = after_call(*outcome, *answered, *dialed_at);
            changes.extend(set_text("last_disposition", disposition.code()));
            changes.extend(set_text("follow_up_state", follow_up));
            changes
        }
        CustomerEvent::EnrolmentSettled { .. } => set_text("follow_up_state", "closed").into_iter().collect(),
        CustomerEvent::Erased { .. } => vec![ProfileChange::Forget],
        CustomerEvent::NumberAdded { .. }
        | CustomerEvent::NumberConfirmed { .. }
        | CustomerEvent::ConsentRecorded { .. }
        | CustomerEvent::ConsentWithdrawn { .. }
        | CustomerEvent::DialGranted { .. }
        | CustomerEvent::DialRefused { .. }
        | CustomerEvent::DialReleased { .. }
        | CustomerEvent::CallBackOrdered { .. }
        | CustomerEvent::LateAnswered(_)
        | CustomerEvent::CallAsked { .. }
        | CustomerEvent::PreviewSkipped { .. }
        | CustomerEvent::Held { .. }
        | CustomerEvent::HoldReleased { .. }
        | CustomerEvent::Assigned { .. }
        | CustomerEvent::Unassigned { .. }
        | CustomerEvent::Corrected { .. }
        // A settlement follows, at once or when the call has ended.
        | CustomerEvent::EnrolmentWithdrawn { .. }
        | CustomerEvent::DealReported { .. }
        | CustomerEvent::ErasureRequested { .. }
        | CustomerEvent::HistoryImported { .. }
        | CustomerEvent::Merged { .. }
        | CustomerEvent::Unmerged { .. }
        | CustomerEvent::CapsSet { .. }
        | CustomerEvent::PreferredTimesSet { .. }
        | CustomerEvent::CallbackRequested { .. }
        | CustomerEvent::CallbackEnded { .. }
        | CustomerEvent::ErasureCertified { .. } => Vec::new(),
    }
}

fn of_value(name: &str, value: &Personal<String>) -> Option<ProfileChange> {
    let attribute = Attribute::named(name).ok()?;
    let known = value.value().and_then(|text| attribute.read(text).ok());
    Some(match known {
        Some(value) => ProfileChange::Set(attribute, value),
        None => ProfileChange::Clear(attribute),
    })
}

fn known(name: &str) -> Option<Attribute> {
    Attribute::named(name).ok()
}

fn set_text(name: &str, text: &str) -> Option<ProfileChange> {
    let value = AttributeValue::Text(text.to_owned());
    known(name).map(|attribute| ProfileChange::Set(attribute, value))
}

fn at(name: &str, instant: Timestamp) -> Option<ProfileChange> {
    known(name).map(|attribute| ProfileChange::Set(attribute, AttributeValue::Time(instant)))
}

fn after_call(outcome: Option<Outcome>, answered: bool, dialed_at: Timestamp) -> Vec<ProfileChange> {
    let count = |name| known(name).map(ProfileChange::Count);
    let mut changes = Vec::new();
    changes.extend(at("last_call_time", dialed_at));
    changes.extend(count("calls_count"));
    if answered {
        changes.extend(at("last_answered_time", dialed_at));
        changes.extend(count("answered_count"));
    }
    let Some(outcome) = outcome else {
        return changes;
    };
    changes.extend(set_text("last_outcome", outcome.code()));
    changes.extend(intent_of(outcome).and_then(|level| set_text("intent_level", level)));
    if outcome == Outcome::Success {
        changes.extend(count("success_count"));
    }
    changes
}

/// Returns the interest that an outcome shows; `None` if it says nothing about it.
const fn intent_of(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Success | Outcome::Transferred => Some(InterestLevel::High.code()),
        Outcome::Callback => Some(InterestLevel::Medium.code()),
        Outcome::Declined | Outcome::OptedOut => Some(InterestLevel::Low.code()),
        Outcome::WrongParty | Outcome::NoResponse | Outcome::HungUp | Outcome::Failed => None,
    }
}
