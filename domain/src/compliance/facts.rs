//! What the rules may know of one dial: values that customer and number keep, and the campaign's facts.

use super::contact_history::ContactHistory;
use super::preset::{PresetRules, rules_at};
use crate::calling_plan::{Basis, CampaignFacts};
use crate::number_check::Checked;
use crate::preferred_times::PreferredTime;
use crate::screening::NumberListName;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::call_caps::CallCap;
use values::ids::{CampaignId, CustomerId};

/// What the person's side of a dial is judged by.
#[derive(Debug, Clone, Copy)]
pub struct CustomerFacts<'a> {
    pub campaign: &'a CampaignFacts,
    /// The basis the list named for this person.
    pub basis: Basis,
    /// What is known of consent for the campaign's purpose.
    pub consent: Option<&'a ConsentFacts>,
    /// E.164, if it can be read; `None` when the person was erased.
    pub phone: Option<&'a str>,
    pub phone_country: PhoneCountry,
    /// Where the record says that the number is of; goes before what the number library has.
    pub home_location: Option<&'a str>,
    /// IANA zone of the customer record.
    pub time_zone: Option<&'a str>,
    /// Dials of this enrolment that the retry policy counts.
    pub charged_dials: u32,
    pub uncharged_dials: u32,
    /// A time that the person named for being called again, while it is not kept.
    pub callback: Option<Timestamp>,
    /// Caps that the person's own record sets.
    pub own_caps: &'a [CallCap],
    /// When the person prefers to be called.
    pub preferred: &'a [PreferredTime],
    /// The person asked to be erased.
    pub erasing: bool,
    /// A legal hold stands on the person.
    pub held: bool,
    pub history: &'a ContactHistory,
    /// Other ids of the same person; `history` and `own_caps` are then those of all.
    pub joined: &'a [JoinedFacts],
    /// Judged by this version of the preset instead of the one that counts: a dry run.
    pub coming: Option<&'a PresetRules>,
}

impl<'a> CustomerFacts<'a> {
    /// What the preset asks at an instant.
    pub fn rules(&self, now: Timestamp) -> &'a PresetRules {
        let preset = self.campaign.plan.preset;
        self.coming.unwrap_or_else(|| rules_at(preset, now))
    }
}

/// How far the country of a phone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneCountry {
    Known,
    /// It was stored as Chinese, and nothing says how that was known.
    Guessed,
}

/// What the number's side of a dial is judged by. It names no person and no digits.
#[derive(Debug, Clone, Copy)]
pub struct NumberFacts<'a> {
    pub campaign: &'a CampaignFacts,
    pub opted_out: bool,
    /// On a list of numbers that must not be dialed.
    pub suppressed: Option<Suppressed>,
    /// The network has said that this number does not exist.
    pub invalid: bool,
    /// Another customer for whom the number is called in this campaign.
    pub claimed_by: Option<&'a CustomerId>,
    /// Lists of ours that it stands on.
    pub listed_on: &'a [NumberListName],
    /// Lists that came as digests, one of which is this number's.
    pub hashed_on: &'a [NumberListName],
    /// What a vacancy check said of it last.
    pub checked: Option<Checked>,
    pub history: &'a ContactHistory,
    /// Judged by this version of the preset instead of the one that counts: a dry run.
    pub coming: Option<&'a PresetRules>,
}

impl<'a> NumberFacts<'a> {
    /// What the preset asks at an instant.
    pub fn rules(&self, now: Timestamp) -> &'a PresetRules {
        let preset = self.campaign.plan.preset;
        self.coming.unwrap_or_else(|| rules_at(preset, now))
    }
}

/// How long a suppression holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppressed {
    Until(Timestamp),
    ForGood,
}

/// Consent of one person for one scope: the latest given, and the latest withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsentFacts {
    pub given_at: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Evidence was kept; its content is personal and may be erased by now.
    pub has_evidence: bool,
    pub withdrawn_at: Option<Timestamp>,
}

/// The stored name of the rule that asks what another id of the person says.
pub const MERGED_PERSON: &str = "merged_person";

/// What another id of the person brings to a dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedFacts {
    pub customer: CustomerId,
    /// By scope.
    pub consents: BTreeMap<String, ConsentFacts>,
    pub history: ContactHistory,
    pub caps: Vec<CallCap>,
    pub preferred: Vec<PreferredTime>,
    pub erasing: bool,
    pub held: bool,
    /// A number of theirs that must not be dialed: the longest that any holds.
    pub silenced: Option<Suppressed>,
}

impl JoinedFacts {
    /// The same for a look ahead: a hold has no known end, and is taken to be over by then.
    pub fn released(&self) -> Self {
        Self {
            held: false,
            ..self.clone()
        }
    }

    /// One of their numbers stands on a list that came as digests: there is no end of it.
    pub fn note_listed(&mut self) {
        self.note_number(false, Some(Suppressed::ForGood));
    }

    /// What one of their numbers says of being called.
    pub fn note_number(&mut self, opted_out: bool, suppressed: Option<Suppressed>) {
        let said = match opted_out {
            true => Some(Suppressed::ForGood),
            false => suppressed,
        };
        self.silenced = match (self.silenced, said) {
            (Some(Suppressed::ForGood), _) | (_, Some(Suppressed::ForGood)) => Some(Suppressed::ForGood),
            (Some(Suppressed::Until(one)), Some(Suppressed::Until(other))) => {
                Some(Suppressed::Until(one.max(other)))
            }
            (one, None) => one,
            (None, other) => other,
        };
    }
}

/// Whose counters and which campaign: what a frequency cap needs of either side.
pub(super) struct Counters<'a> {
    pub(super) history: &'a ContactHistory,
    pub(super) matter: &'a CampaignId,
}
