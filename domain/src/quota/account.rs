//! The counts and reserved places of a campaign's quotas, folded from the campaign's own events.

use super::{Quota, QuotaMeasure, QuotaPeriod};
use crate::time::Timestamp;
use chrono::{Days as ManyDays, NaiveDate, NaiveTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use values::ids::{CallId, CustomerId};

/// Days for which a quota's counts are kept; older ones are dropped. Enough for a call that ends after
/// midnight, and for a crash before a weekend.
const DAYS_KEPT: usize = 8;

/// A reserved place in quotas: from the grant of a batch until the customer's call has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(attempt, quotas)]
pub struct QuotaReservation {
    pub customer: CustomerId,
    /// Number of the enrolment's attempt. It identifies the call.
    pub attempt: u32,
    /// Indexes of the quotas in the plan, from 0.
    pub quotas: Vec<u8>,
}

/// How the call of a reserved place ended, which decides if the place is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(attempt)]
pub struct QuotaEnd {
    pub customer: CustomerId,
    pub attempt: u32,
    /// The call. Absent if none was dialed; the place is then free again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// A person answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub connected: bool,
    /// The conversation reached its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completed: bool,
}

impl QuotaEnd {
    const fn counts_as(&self, counted: QuotaMeasure) -> bool {
        match counted {
            QuotaMeasure::Dials => self.call.is_some(),
            QuotaMeasure::Connected => self.call.is_some() && self.connected,
            QuotaMeasure::Completed => self.call.is_some() && self.completed,
        }
    }
}

/// A customer's reserved place, with the time of its grant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reservation {
    attempt: u32,
    quotas: Vec<u8>,
    at: Timestamp,
}

/// Counts of a quota by the day of the grant. A quota for the whole campaign has one entry under `None`.
type DailyCounts = BTreeMap<Option<NaiveDate>, u32>;

/// The counts and reserved places of a campaign's quotas, from its own events.
#[derive(Debug, Clone, Default)]
pub struct QuotaAccount {
    zone: Option<Tz>,
    quotas: Vec<Quota>,
    counted: BTreeMap<u8, DailyCounts>,
    places: BTreeMap<CustomerId, Reservation>,
}

/// A due customer of a requested batch, with the quotas that apply to the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaPerson {
    pub customer: CustomerId,
    /// Number of the attempt that the next grant starts.
    pub attempt: u32,
    pub quotas: Vec<u8>,
}

/// A full quota: its name and counts, and the time at which it opens again. `until` is `None` if it stays
/// full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullQuota {
    pub facts: BTreeMap<String, String>,
    pub until: Option<Timestamp>,
}

/// Whether a quota has free places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaStatus {
    Open,
    /// Counts and calls in flight fill it; the results of these calls are not known yet.
    Taken,
    /// Full until the next day.
    FullUntil(Timestamp),
    /// Full for the rest of the campaign.
    Full,
}

/// A quota with its counts and status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaUsage<'a> {
    pub quota: &'a Quota,
    /// Count of the campaign, or of today.
    pub counted: u32,
    pub in_flight: u32,
    pub standing: QuotaStatus,
}

impl QuotaUsage<'_> {
    /// Returns the number of free places of the quota; 0 unless it is open.
    fn left(&self) -> u32 {
        let (_, most) = self.quota.bound();
        match self.standing {
            QuotaStatus::Open => most.saturating_sub(self.counted.saturating_add(self.in_flight)),
            QuotaStatus::Taken | QuotaStatus::FullUntil(_) | QuotaStatus::Full => 0,
        }
    }

    /// Returns the quota's facts if it is full; `None` if its customers can be called now, or once calls in
    /// flight have ended.
    pub fn full(&self) -> Option<FullQuota> {
        let until = match self.standing {
            QuotaStatus::Open | QuotaStatus::Taken => return None,
            QuotaStatus::FullUntil(until) => Some(until),
            QuotaStatus::Full => None,
        };
        let facts = self.facts();
        Some(FullQuota { facts, until })
    }

    /// Returns the quota's name and counts as facts for a verdict.
    fn facts(&self) -> BTreeMap<String, String> {
        let (counted, most) = self.quota.bound();
        let facts = [
            ("quota", self.quota.name.clone()),
            ("counted_as", counted.code().to_owned()),
            ("per", self.quota.per.code().to_owned()),
            ("counted", self.counted.to_string()),
            ("in_flight", self.in_flight.to_string()),
            ("at_most", most.to_string()),
        ];
        facts.map(|(name, fact)| (name.to_owned(), fact)).into()
    }
}

impl QuotaAccount {
    pub fn of(quotas: &[Quota], zone: Tz) -> Self {
        Self {
            zone: Some(zone),
            quotas: quotas.to_vec(),
            ..Self::default()
        }
    }

    pub fn quotas(&self) -> &[Quota] {
        &self.quotas
    }

    /// Returns the reserved places: customer, number of the attempt, and time of the grant.
    pub fn places(&self) -> impl Iterator<Item = (&CustomerId, u32, Timestamp)> {
        self.places
            .iter()
            .map(|(customer, taken)| (customer, taken.attempt, taken.at))
    }

    /// Returns true if the customer has a reserved place for this attempt.
    pub fn has_place(&self, customer: &CustomerId, attempt: u32) -> bool {
        self.places
            .get(customer)
            .is_some_and(|taken| taken.attempt == attempt)
    }

    /// Returns the counts and status of every quota, in the order of the plan.
    pub fn standings(&self, now: Timestamp) -> Vec<QuotaUsage<'_>> {
        let all = (0..).zip(&self.quotas);
        all.map(|(place, quota)| self.standing(place, quota, now))
            .collect()
    }

    fn standing<'a>(&self, place: u8, quota: &'a Quota, now: Timestamp) -> QuotaUsage<'a> {
        let day = self.day(quota, now);
        let counted = self.counted.get(&place).and_then(|days| days.get(&day)).copied();
        let counted = counted.unwrap_or(0);
        let is_in_flight =
            |taken: &&Reservation| taken.quotas.contains(&place) && self.day(quota, taken.at) == day;
        let in_flight = self.places.values().filter(is_in_flight).count();
        let in_flight = u32::try_from(in_flight).unwrap_or(u32::MAX);
        let (_, most) = quota.bound();
        let standing = if counted >= most {
            match (quota.per, self.zone.and_then(|zone| start_of_next_day(zone, now))) {
                (QuotaPeriod::Day, Some(until)) => QuotaStatus::FullUntil(until),
                (QuotaPeriod::Day, None) | (QuotaPeriod::Campaign, _) => QuotaStatus::Full,
            }
        } else if counted.saturating_add(in_flight) >= most {
            QuotaStatus::Taken
        } else {
            QuotaStatus::Open
        };
        QuotaUsage {
            quota,
            counted,
            in_flight,
            standing,
        }
    }

    /// Returns the full quota because of which a customer in these quotas is not called: one that stays
    /// full, else the one that opens last. `None` if none is full.
    pub fn full_for(&self, quotas: &[u8], now: Timestamp) -> Option<FullQuota> {
        find_full_quota(&self.standings(now), quotas)
    }

    /// Selects, in their order, the first `wanted` due customers who can be called. Returns their number
    /// and the places that they reserve; a customer without a quota needs no place.
    pub(crate) fn take(
        &self,
        wanted: u32,
        people: &[QuotaPerson],
        now: Timestamp,
    ) -> (u32, Vec<QuotaReservation>) {
        let mut left: Vec<u32> = self.standings(now).iter().map(QuotaUsage::left).collect();
        let (mut count, mut places) = (0, Vec::<QuotaReservation>::new());
        let mut placed = BTreeSet::new();
        for person in people {
            if count >= wanted {
                break;
            }
            if person.quotas.is_empty() {
                count += 1;
                continue;
            }
            let is_open = |place: &u8| left.get(usize::from(*place)).is_some_and(|left| *left > 0);
            let has_place = self.places.contains_key(&person.customer);
            if has_place || !person.quotas.iter().all(is_open) || !placed.insert(&person.customer) {
                continue;
            }
            for place in &person.quotas {
                if let Some(left) = left.get_mut(usize::from(*place)) {
                    *left = left.saturating_sub(1);
                }
            }
            places.push(QuotaReservation {
                customer: person.customer.clone(),
                attempt: person.attempt,
                quotas: person.quotas.clone(),
            });
            count += 1;
        }
        (count, places)
    }

    pub(crate) fn taken(&mut self, place: &QuotaReservation, at: Timestamp) {
        let taken = Reservation {
            attempt: place.attempt,
            quotas: place.quotas.clone(),
            at,
        };
        self.places.insert(place.customer.clone(), taken);
    }

    pub(crate) fn ended(&mut self, end: &QuotaEnd) {
        if !self.has_place(&end.customer, end.attempt) {
            return;
        }
        let Some(taken) = self.places.remove(&end.customer) else {
            return;
        };
        for place in taken.quotas {
            let Some(quota) = self.quotas.get(usize::from(place)) else {
                continue;
            };
            if !end.counts_as(quota.bound().0) {
                continue;
            }
            let day = self.day(quota, taken.at);
            let days = self.counted.entry(place).or_default();
            let count = days.entry(day).or_default();
            *count = count.saturating_add(1);
            while days.len() > DAYS_KEPT {
                days.pop_first();
            }
        }
    }

    /// Returns the day under which a quota counts a grant at `at`; `None` for a quota of the whole
    /// campaign.
    fn day(&self, quota: &Quota, at: Timestamp) -> Option<NaiveDate> {
        match quota.per {
            QuotaPeriod::Campaign => None,
            QuotaPeriod::Day => self.zone.map(|zone| day_of(zone, at)),
        }
    }
}

/// Like `full_for`, with statuses that were computed once for many customers.
pub fn find_full_quota(standings: &[QuotaUsage<'_>], quotas: &[u8]) -> Option<FullQuota> {
    let own = quotas
        .iter()
        .filter_map(|place| standings.get(usize::from(*place)));
    let full = own.filter_map(QuotaUsage::full);
    full.max_by_key(|full| (full.until.is_none(), full.until))
}

/// Returns true if one of these quotas is filled by calls in flight; its customers wait for the results.
pub fn waits_for_calls(standings: &[QuotaUsage<'_>], quotas: &[u8]) -> bool {
    let own = quotas
        .iter()
        .filter_map(|place| standings.get(usize::from(*place)));
    own.into_iter().any(|one| one.standing == QuotaStatus::Taken)
}

fn day_of(zone: Tz, at: Timestamp) -> NaiveDate {
    at.to_utc().with_timezone(&zone).date_naive()
}

/// Returns the start of the next day in a zone: midnight, or one hour later if the zone skips midnight.
fn start_of_next_day(zone: Tz, at: Timestamp) -> Option<Timestamp> {
    let midnight = day_of(zone, at)
        .checked_add_days(ManyDays::new(1))?
        .and_time(NaiveTime::MIN);
    let either = [midnight, midnight + TimeDelta::hours(1)];
    let found = either
        .into_iter()
        .find_map(|local| zone.from_local_datetime(&local).earliest())?;
    Some(Timestamp::from_micros(found.timestamp_micros()))
}
