//! The facts that the rules judge: values kept by customer and number, and the campaign's facts.

use super::contact_history::ContactHistory;
use super::preset::{PresetRules, rules_at};
use crate::calling_plan::{Basis, CampaignFacts};
use crate::number_check::NumberCheckResult;
use crate::preferred_times::PreferredTime;
use crate::screening::NumberListName;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::call_caps::CallCap;
use values::ids::{CampaignId, CustomerId};

/// The facts by which the customer's side of a dial is judged.
#[derive(Debug, Clone, Copy)]
pub struct CustomerFacts<'a> {
    pub campaign: &'a CampaignFacts,
    /// The legal basis that the list states for this person.
    pub basis: Basis,
    /// The consent for the campaign's purpose.
    pub consent: Option<&'a ConsentFacts>,
    /// E.164; `None` if the person was erased.
    pub phone: Option<&'a str>,
    pub phone_country: PhoneCountry,
    /// The number's home location in the customer record; takes precedence over the number library.
    pub home_location: Option<&'a str>,
    /// IANA zone of the customer record.
    pub time_zone: Option<&'a str>,
    /// Dials of this enrolment that the retry policy counts.
    pub charged_dials: u32,
    pub uncharged_dials: u32,
    /// Time of the callback that the person requested, until it is made.
    pub callback: Option<Timestamp>,
    /// Caps set in the person's own record.
    pub own_caps: &'a [CallCap],
    /// The times at which the person prefers to be called.
    pub preferred: &'a [PreferredTime],
    /// True if the person requested erasure.
    pub erasing: bool,
    /// True if the person is under a legal hold.
    pub held: bool,
    pub history: &'a ContactHistory,
    /// Other ids of the same person; `history` and `own_caps` then cover all of them.
    pub joined: &'a [JoinedFacts],
    /// A preset version to judge by instead of the current one: a dry run.
    pub coming: Option<&'a PresetRules>,
}

impl<'a> CustomerFacts<'a> {
    /// Returns the rules of the campaign's preset at an instant, or the version given for a dry run.
    pub fn rules(&self, now: Timestamp) -> &'a PresetRules {
        let preset = self.campaign.plan.preset;
        self.coming.unwrap_or_else(|| rules_at(preset, now))
    }
}

/// How certain the country of a phone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneCountry {
    Known,
    /// The number was stored as Chinese without a known source of the country.
    Guessed,
}

/// The facts by which the number's side of a dial is judged. They contain no person's data and no digits of
/// the number.
#[derive(Debug, Clone, Copy)]
pub struct NumberFacts<'a> {
    pub campaign: &'a CampaignFacts,
    pub opted_out: bool,
    /// A list forbids dialing the number.
    pub suppressed: Option<SuppressionEnd>,
    /// True if the network reported that this number does not exist.
    pub invalid: bool,
    /// Another customer that this campaign already calls at the number.
    pub claimed_by: Option<&'a CustomerId>,
    /// Our own lists that contain the number.
    pub listed_on: &'a [NumberListName],
    /// Lists of digests that contain this number's digest.
    pub hashed_on: &'a [NumberListName],
    /// The result of the last number check.
    pub checked: Option<NumberCheckResult>,
    pub history: &'a ContactHistory,
    /// A preset version to judge by instead of the current one: a dry run.
    pub coming: Option<&'a PresetRules>,
}

impl<'a> NumberFacts<'a> {
    /// Returns the rules of the campaign's preset at an instant, or the version given for a dry run.
    pub fn rules(&self, now: Timestamp) -> &'a PresetRules {
        let preset = self.campaign.plan.preset;
        self.coming.unwrap_or_else(|| rules_at(preset, now))
    }
}

/// How long a number's suppression applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressionEnd {
    Until(Timestamp),
    ForGood,
}

/// A person's consent for one scope: the latest one given, and the latest withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsentFacts {
    pub given_at: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// True if evidence was kept; its content is personal and may be erased.
    pub has_evidence: bool,
    pub withdrawn_at: Option<Timestamp>,
}

/// The stored name of the rule about a person's other ids.
pub const MERGED_PERSON: &str = "merged_person";

/// The restrictions on a dial that come from another id of the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedFacts {
    pub customer: CustomerId,
    /// Its consents, by scope.
    pub consents: BTreeMap<String, ConsentFacts>,
    pub history: ContactHistory,
    pub caps: Vec<CallCap>,
    pub preferred: Vec<PreferredTime>,
    pub erasing: bool,
    pub held: bool,
    /// The longest suppression of any of its numbers.
    pub silenced: Option<SuppressionEnd>,
}

impl JoinedFacts {
    /// Returns these facts with any legal hold lifted, for forecasts: a hold has no known end.
    pub fn released(&self) -> Self {
        Self {
            held: false,
            ..self.clone()
        }
    }

    /// Records that a number of this id is on a list of digests, which has no end.
    pub fn note_listed(&mut self) {
        self.note_number(false, Some(SuppressionEnd::ForGood));
    }

    /// Adds the opt-out or suppression of a number of this id; the longest one counts. An opt-out has no
    /// end.
    pub fn note_number(&mut self, opted_out: bool, suppressed: Option<SuppressionEnd>) {
        let said = match opted_out {
            true => Some(SuppressionEnd::ForGood),
            false => suppressed,
        };
        self.silenced = match (self.silenced, said) {
            (Some(SuppressionEnd::ForGood), _) | (_, Some(SuppressionEnd::ForGood)) => {
                Some(SuppressionEnd::ForGood)
            }
            (Some(SuppressionEnd::Until(one)), Some(SuppressionEnd::Until(other))) => {
                Some(SuppressionEnd::Until(one.max(other)))
            }
            (one, None) => one,
            (None, other) => other,
        };
    }
}

/// What a frequency cap counts over: the dials, and the campaign as the matter.
pub(super) struct Counters<'a> {
    pub(super) history: &'a ContactHistory,
    pub(super) matter: &'a CampaignId,
}
