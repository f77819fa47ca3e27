//! A telephone number of a person, as the person's own events leave it.

use super::event::CustomerEvent;
use super::state::CustomerState;
use crate::compliance::PhoneCountry;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use values::ids::NumberId;

/// How the country of a phone was known when it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountrySource {
    /// Its country code was written.
    Written,
    /// By the presets of the campaign.
    Preset,
    /// By the import of the list, which named the country.
    List,
    /// By the setting of the installation.
    Setting,
    /// A user confirmed it as it is stored.
    Confirmed,
}

/// A phone of this person, in the order they were added.
#[derive(Debug, Clone)]
pub struct KnownNumber {
    pub number: NumberId,
    pub phone: Personal<String>,
    /// How its country was known; `None` of events from before that was stored: numbers without a country
    /// code were taken to be Chinese.
    pub country: Option<CountrySource>,
    /// The network said that it does not exist.
    pub invalid: bool,
}

impl KnownNumber {
    /// Guessed: it is a Chinese number, and nothing says how that was known.
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
            // One for most people: no room for more before they come.
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
