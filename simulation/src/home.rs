//! Where the people of a campaign live: their phones, what lists say of their zone, and until when they are
//! called. What hours and days that means the oracle knows by itself.

/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;

/// Lines of one area code of New York, by which people are told apart.
const LINES_OF_AN_AREA: u64 = 10_000;

/// Area codes of New York. The exchange 555 is nobody's.
pub(crate) const NEW_YORK: [&str; 4] = ["212", "332", "646", "917"];

/// A country's people, as far as worlds have some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    China,
    Berlin,
    NewYork,
}

impl Home {
    /// When a campaign ends, from the midnight of its last day in Beijing: what is due later is settled.
    /// Evening there, seven in the evening in Berlin, two or three in the afternoon in New York.
    pub(crate) const fn end_ms(self) -> u64 {
        match self {
            Self::China => 19 * HOUR_MS,
            Self::Berlin => 26 * HOUR_MS,
            Self::NewYork => 27 * HOUR_MS,
        }
    }

    /// How lists number its people: nobody lives in two countries.
    pub(crate) const fn side(self) -> &'static str {
        match self {
            Self::China => "S",
            Self::Berlin => "F",
            Self::NewYork => "A",
        }
    }

    /// What their rows say; of China's people the number says it.
    pub(crate) fn time_zone(self) -> Option<String> {
        match self {
            Self::China => None,
            Self::Berlin => Some("Europe/Berlin".to_owned()),
            Self::NewYork => Some("America/New_York".to_owned()),
        }
    }

    /// One person's phone: generated, in a form that no directory holds.
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
