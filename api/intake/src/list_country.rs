//! The country of numbers in a list that are written without a country code: the import says it, or the
//! presets of the campaign.

use domain::calling_code::{CallingCode, DefaultCountry};
use domain::calling_plan::Preset;
use domain::customer::CountrySource;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};

/// Of a number without a country code, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCountry {
    country: DefaultCountry,
    source: CountrySource,
}

impl Default for ListCountry {
    /// Of the preset that counts where none is named.
    fn default() -> Self {
        Self::of_presets([Preset::default()])
    }
}

impl ListCountry {
    /// By the presets of a campaign; not known where they are of several countries.
    pub fn of_presets(presets: impl IntoIterator<Item = Preset>) -> Self {
        let countries = presets.into_iter().map(Preset::default_country);
        Self {
            country: DefaultCountry::common_to(countries),
            source: CountrySource::Preset,
        }
    }

    /// As the setting of the installation has it.
    pub const fn of_setting(country: DefaultCountry) -> Self {
        Self {
            country,
            source: CountrySource::Setting,
        }
    }

    pub const fn is_known(self) -> bool {
        matches!(self.country, DefaultCountry::Of(_))
    }

    /// As the import names it.
    pub const fn named(country: CallingCode) -> Self {
        Self {
            country: DefaultCountry::Of(country),
            source: CountrySource::List,
        }
    }

    /// Reads a phone of a row, and how its country was known.
    pub fn read(self, text: &str) -> Result<(PhoneNumber, CountrySource), InvalidPhoneNumber> {
        let phone = PhoneNumber::parse(text, self.country)?;
        let source = match PhoneNumber::has_country_code(text) {
            true => CountrySource::Written,
            false => self.source,
        };
        Ok((phone, source))
    }
}
