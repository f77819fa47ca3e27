//! The country of numbers that have no country code in a list. It comes from the import, or from the
//! presets of the campaign.

use domain::calling_code::{CallingCode, DefaultCountry};
use domain::calling_plan::Preset;
use domain::customer::CountrySource;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};

/// The country of a list's numbers without a country code, and which setting it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCountry {
    country: DefaultCountry,
    source: CountrySource,
}

impl Default for ListCountry {
    /// The country of the default preset.
    fn default() -> Self {
        Self::of_presets([Preset::default()])
    }
}

impl ListCountry {
    /// Returns the default country of the presets; unknown if they have different ones.
    pub fn of_presets(presets: impl IntoIterator<Item = Preset>) -> Self {
        let countries = presets.into_iter().map(Preset::default_country);
        Self {
            country: DefaultCountry::common_to(countries),
            source: CountrySource::Preset,
        }
    }

    /// Creates it from the country in the installation's setting.
    pub const fn of_setting(country: DefaultCountry) -> Self {
        Self {
            country,
            source: CountrySource::Setting,
        }
    }

    pub const fn is_known(self) -> bool {
        matches!(self.country, DefaultCountry::Of(_))
    }

    /// Creates it from the country that the import names.
    pub const fn named(country: CallingCode) -> Self {
        Self {
            country: DefaultCountry::Of(country),
            source: CountrySource::List,
        }
    }

    /// Parses a phone number of a row. Returns it with the source of its country: `Written` if the text has
    /// a country code. Fails without one if the list's country is unknown.
    pub fn read(self, text: &str) -> Result<(PhoneNumber, CountrySource), InvalidPhoneNumber> {
        let phone = PhoneNumber::parse(text, self.country)?;
        let source = match PhoneNumber::has_country_code(text) {
            true => CountrySource::Written,
            false => self.source,
        };
        Ok((phone, source))
    }
}
