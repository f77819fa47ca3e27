//! A phone number of a person, as the state of the customer keeps it.

use super::event::CustomerEvent;
use super::state::CustomerState;
use crate::compliance::PhoneCountry;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use values::ids::NumberId;

/// From where the country of a phone number was known when the number was stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum CountrySource {
    /// The number was written with its country code.
    Written,
    /// From the presets of the campaign.
    Preset,
    /// From the import of the list, which named the country.
    List,
    /// From the installation's setting.
    Setting,
    /// A user confirmed the number as it is stored.
    Confirmed,
}

/// A phone number of a person. Numbers are kept in the order in which they were added.
#[derive(Debug, Clone)]
pub struct KnownNumber {
    pub number: NumberId,
    pub phone: Personal<String>,
    /// How the number's country was known; `None` in older events, where numbers without a country code were
    /// taken to be Chinese.
    pub country: Option<CountrySource>,
    /// True if the network reported that the number does not exist.
    pub invalid: bool,
}

impl KnownNumber {
    /// Returns `Guessed` for a Chinese number without a stored source of its country, else `Known`.
    pub fn phone_country(&self) -> PhoneCountry {
        let is_mainland = self.phone.value().is_some_and(|phone| phone.starts_with("+86"));
        match self.country {
            None if is_mainland => PhoneCountry::Guessed,
            Some(_) | None => PhoneCountry::Known,
        }
    }
}

impl CustomerState {
    pub(super) fn evolve_numbers(&mut self, event: &CustomerEvent) {
        if let CustomerEvent::NumberAdded {
            number,
            phone,
            country,
        } = event
        {
            // Most people have one number: reserve no room for more.
            self.numbers.reserve_exact(1);
            self.numbers.push(KnownNumber {
                number: number.clone(),
                phone: phone.clone(),
                country: *country,
                invalid: false,
            });
        }
        if let CustomerEvent::NumberConfirmed { number, .. } = event {
            let confirmed = self.numbers.iter_mut().find(|known| known.number == *number);
            confirmed
                .into_iter()
                .for_each(|known| known.country = Some(CountrySource::Confirmed));
        }
    }
}
