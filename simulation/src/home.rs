//! The home of a campaign's customers: their phone numbers, the time zone in their list, and the end of
//! calling. The oracle has its own knowledge of hours and days there.

/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;

/// Numbers per area code of New York.
const LINES_OF_AN_AREA: u64 = 10_000;

/// Area codes of New York, of the customers' numbers there. The exchange 555 is not assigned.
pub(crate) const NEW_YORK: [&str; 4] = ["212", "332", "646", "917"];

/// Where the customers of a world live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CustomerHome {
    China,
    Berlin,
    NewYork,
}

impl CustomerHome {
    /// Returns when a campaign ends, in milliseconds from the midnight of its last day in Beijing; what is
    /// due later is settled. It is evening in China, seven in the evening in Berlin, two or three in the
    /// afternoon in New York.
    pub(crate) const fn end_ms(self) -> u64 {
        match self {
            Self::China => 19 * HOUR_MS,
            Self::Berlin => 26 * HOUR_MS,
            Self::NewYork => 27 * HOUR_MS,
        }
    }

    /// Returns the first letter of the external ids of these customers, so that no customer lives in two
    /// countries.
    pub(crate) const fn side(self) -> &'static str {
        match self {
            Self::China => "S",
            Self::Berlin => "F",
            Self::NewYork => "A",
        }
    }

    /// Returns the time zone in a customer's row; `None` for China, where the number implies it.
    pub(crate) fn time_zone(self) -> Option<String> {
        match self {
            Self::China => None,
            Self::Berlin => Some("Europe/Berlin".to_owned()),
            Self::NewYork => Some("America/New_York".to_owned()),
        }
    }

    /// Returns the phone number of the `index`-th customer: generated, in a form that no directory
    /// contains.
    pub(crate) fn phone(self, index: u64) -> String {
        match self {
            Self::China => format!("+86138{:08}", 1_000_000 + index),
            Self::Berlin => format!("+4930{:08}", 1_000_000 + index),
            Self::NewYork => {
                let areas = NEW_YORK.len() as u64;
                let nth = usize::try_from(index % areas).unwrap_or(0);
                let area = NEW_YORK.get(nth).copied().unwrap_or("212");
                format!("+1{area}555{:04}", index / areas % LINES_OF_AN_AREA)
            }
        }
    }
}
