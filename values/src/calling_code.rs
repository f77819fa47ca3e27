//! Country calling codes (ITU-T E.164), and the default country of numbers without one.

use phonenumber::country;
use phonenumber::metadata::DATABASE;
use std::fmt;

/// A country calling code, such as 86 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallingCode(u16);

/// The country that is assumed for a phone number without a country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultCountry {
    Of(CallingCode),
    /// Not known. A number without a country code is refused.
    Unknown,
}

impl DefaultCountry {
    /// Returns the country that all `countries` share; `Unknown` if they differ or there are none.
    pub fn common_to(countries: impl IntoIterator<Item = Self>) -> Self {
        let mut countries = countries.into_iter();
        let first = countries.next().unwrap_or(Self::Unknown);
        match countries.all(|country| country == first) {
            true => first,
            false => Self::Unknown,
        }
    }
}

impl CallingCode {
    pub const MAINLAND_CHINA: Self = Self(86);
    /// The United States, Canada and the other countries of the North American Numbering Plan.
    pub const NORTH_AMERICA: Self = Self(1);

    /// The codes of the European Union, the European Economic Area, Switzerland and the United Kingdom (ITU-T
    /// E.164, list of assigned codes of 2024).
    pub const EUROPE: [Self; 32] = [
        Self(30),
        Self(31),
        Self(32),
        Self(33),
        Self(34),
        Self(36),
        Self(39),
        Self(40),
        Self(41),
        Self(43),
        Self(44),
        Self(45),
        Self(46),
        Self(47),
        Self(48),
        Self(49),
        Self(351),
        Self(352),
        Self(353),
        Self(354),
        Self(356),
        Self(357),
        Self(358),
        Self(359),
        Self(370),
        Self(371),
        Self(372),
        Self(385),
        Self(386),
        Self(420),
        Self(421),
        Self(423),
    ];

    /// All countries that a preset is for: mainland China, North America and Europe.
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated by the compiler, which refuses an index out of bounds"
    )]
    pub const OF_PRESETS: [Self; 34] = {
        let mut all = [Self::MAINLAND_CHINA; 34];
        all[1] = Self::NORTH_AMERICA;
        let mut index = 0;
        while index < Self::EUROPE.len() {
            all[index + 2] = Self::EUROPE[index];
            index += 1;
        }
        all
    };

    /// Returns the calling code; `None` if no country has it.
    pub fn new(code: u16) -> Option<Self> {
        let regions = DATABASE.by_code(&code)?;
        let region = regions.first()?.id().parse::<country::Id>();
        region.is_ok().then_some(Self(code))
    }

    /// Reads a calling code (`86`, `+86`) or the ISO 3166 code of a country (`CN`, any case). `None` for
    /// other texts and unknown countries.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix('+').unwrap_or(text);
        if let Ok(code) = digits.parse() {
            return Self::new(code);
        }
        let region = DATABASE.by_id(text.to_ascii_uppercase().as_str())?;
        Self::new(region.country_code())
    }

    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns the main region of the code (US for 1); `None` for a code without a region. Other
    /// regions share its numbering plan.
    pub(crate) fn main_region(self) -> Option<country::Id> {
        DATABASE.by_code(&self.0)?.first()?.id().parse().ok()
    }

    /// Returns the digits that precede national numbers within the country: 0 in China, 8 in Russia; `None`
    /// if it has none.
    pub(crate) fn trunk_prefix(self) -> Option<&'static str> {
        DATABASE.by_code(&self.0)?.first()?.national_prefix()
    }
}

impl fmt::Display for CallingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_that_a_country_has() {
        let read = |text: &str| CallingCode::read(text).map(CallingCode::get);
        for (text, code) in [
            ("86", Some(86)),
            ("+1", Some(1)),
            ("us", Some(1)),
            ("CN", Some(86)),
            ("GB", Some(44)),
            ("999", None),
            ("0", None),
            ("", None),
            ("中国", None),
            ("XX", None),
        ] {
            assert_eq!(read(text), code, "{text:?}");
        }
        for code in CallingCode::EUROPE {
            assert_eq!(CallingCode::new(code.get()), Some(code));
        }
    }

    #[test]
    fn countries_that_differ_have_none_in_common() {
        let china = DefaultCountry::Of(CallingCode::MAINLAND_CHINA);
        let america = DefaultCountry::Of(CallingCode::NORTH_AMERICA);
        assert_eq!(DefaultCountry::common_to([china, china]), china);
        assert_eq!(
            DefaultCountry::common_to([china, america]),
            DefaultCountry::Unknown
        );
        assert_eq!(
            DefaultCountry::common_to([china, DefaultCountry::Unknown]),
            DefaultCountry::Unknown
        );
        assert_eq!(DefaultCountry::common_to([]), DefaultCountry::Unknown);
    }
}
