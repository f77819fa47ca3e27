//! Attributes derived from a person's calls, as the customer's state keeps them.
//!
//! `Profile` derives the same values from the whole stream. The state keeps them as numbers and codes,
//! because it stays in memory for every loaded customer. A value that a user or a list sets replaces the
//! derived one, and the next call replaces it again: the last event counts.

use super::event::CustomerEvent;
use super::profile::{COUNTS, FOLLOW_UP_STATES, Profile, ProfileChange, profile_changes};
use crate::attribute::{AttributeValue, BuiltInAttribute};
use crate::time::Timestamp;
use values::disposition::{Disposition, InterestLevel, Outcome};

/// The attribute values derived from a person's calls. A member is `None` while no call has set it, or
/// while a value set by a user or a list replaces it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CallAttributes {
    is_registered: bool,
    /// The counts, in the order of `COUNTS`.
    counts: [Option<u32>; COUNTS.len()],
    last_call_time: Option<Timestamp>,
    last_answered_time: Option<Timestamp>,
    last_outcome: Option<Outcome>,
    intent_level: Option<InterestLevel>,
    last_disposition: Option<Disposition>,
    follow_up_state: Option<&'static str>,
}

impl CallAttributes {
    /// Applies one event of the customer. `set` holds the values that users and lists had set before it.
    pub(super) fn evolve(&mut self, event: &CustomerEvent, set: Option<&Profile>) {
        let is_set_by_hand = matches!(event, CustomerEvent::AttributesSet { .. });
        for change in profile_changes(event) {
            match change {
                ProfileChange::Begin => {
                    self.is_registered = true;
                    self.counts = [Some(0); COUNTS.len()];
                }
                ProfileChange::Set(attribute, value) if !is_set_by_hand => {
                    self.set(attribute.name(), &value);
                }
                ProfileChange::Count(attribute) => {
                    let before = set.and_then(|set| set.value(&attribute));
                    self.count(attribute.name(), before);
                }
                ProfileChange::Set(attribute, _) | ProfileChange::Clear(attribute) => {
                    self.drop_value(attribute.name());
                }
                ProfileChange::Tag(..) | ProfileChange::Untag(..) => {}
                ProfileChange::Forget => *self = Self::default(),
            }
        }
    }

    /// Returns the complete profile: the values in `set`, replaced by those derived from calls.
    pub(super) fn over(&self, set: Option<&Profile>) -> Profile {
        let mut profile = set.cloned().unwrap_or_default();
        if !self.is_registered {
            return profile;
        }
        profile.register();
        for (name, value) in self.values() {
            if let Some(known) = BuiltInAttribute::named(name) {
                profile.change(ProfileChange::Set(known.attribute(), value));
            }
        }
        profile
    }

    fn values(&self) -> Vec<(&'static str, AttributeValue)> {
        let text = |code: &'static str| AttributeValue::Text(code.to_owned());
        let counts = COUNTS.iter().zip(self.counts);
        let counts =
            counts.filter_map(|(name, count)| Some((*name, AttributeValue::Integer(i64::from(count?)))));
        let others = [
            ("last_call_time", self.last_call_time.map(AttributeValue::Time)),
            (
                "last_answered_time",
                self.last_answered_time.map(AttributeValue::Time),
            ),
            ("last_outcome", self.last_outcome.map(|one| text(one.code()))),
            ("intent_level", self.intent_level.map(|one| text(one.code()))),
            (
                "last_disposition",
                self.last_disposition.map(|one| text(one.code())),
            ),
            ("follow_up_state", self.follow_up_state.map(text)),
        ];
        let others = others
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        counts.chain(others).collect()
    }

    fn set(&mut self, name: &str, value: &AttributeValue) {
        match (name, value) {
            ("last_call_time", AttributeValue::Time(at)) => self.last_call_time = Some(*at),
            ("last_answered_time", AttributeValue::Time(at)) => self.last_answered_time = Some(*at),
            ("last_outcome", AttributeValue::Text(code)) => self.last_outcome = Outcome::from_code(code),
            ("intent_level", AttributeValue::Text(code)) => {
                self.intent_level = InterestLevel::from_code(code);
            }
            ("last_disposition", AttributeValue::Text(code)) => {
                self.last_disposition = Disposition::from_code(code);
            }
            ("follow_up_state", AttributeValue::Text(code)) => {
                self.follow_up_state = FOLLOW_UP_STATES.into_iter().find(|state| state == code);
            }
            _ => {}
        }
    }

    fn count(&mut self, name: &str, set: Option<&AttributeValue>) {
        let count = COUNTS.iter().position(|known| *known == name);
        let Some(count) = count.and_then(|place| self.counts.get_mut(place)) else {
            return;
        };
        let set = set.and_then(AttributeValue::ordered);
        let set = || set.and_then(|set| u32::try_from(set).ok());
        *count = Some(count.or_else(set).unwrap_or(0).saturating_add(1));
    }

    fn drop_value(&mut self, name: &str) {
        let count = COUNTS.iter().position(|known| *known == name);
        if let Some(count) = count.and_then(|place| self.counts.get_mut(place)) {
            *count = None;
        }
        match name {
            "last_call_time" => self.last_call_time = None,
            "last_answered_time" => self.last_answered_time = None,
            "last_outcome" => self.last_outcome = None,
            "intent_level" => self.intent_level = None,
            "last_disposition" => self.last_disposition = None,
            "follow_up_state" => self.follow_up_state = None,
            _ => {}
        }
    }
}
