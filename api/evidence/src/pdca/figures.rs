//! Sums of calls and the ratios computed from them, each under the name and version of its metric.

use projections::ratio_change::PartCounts;
use projections::views::campaign_board::Cell;
use std::collections::BTreeMap;

/// Days before the end of a period that a forecast uses: thirteen whole weeks.
pub(super) const HISTORY_DAYS: u64 = 91;

/// Sums over the calls of some hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub dialed: u64,
    pub answered: u64,
    pub ended: u64,
    pub talked: u64,
    pub talk_ms: u64,
    pub conversions: u64,
    pub person_answered: u64,
}

impl Tally {
    pub(super) fn add(&mut self, cell: &Cell) {
        self.dialed += cell.dialed;
        self.answered += cell.answered;
        self.ended += cell.ended;
        self.talked += cell.talked;
        self.talk_ms += cell.talk_ms;
        self.conversions += cell.conversions;
        self.person_answered += cell.person_answered;
    }

    /// Returns the dialed and answered calls, from which the change of the answer rate is split.
    pub(super) const fn answers(&self) -> PartCounts {
        PartCounts {
            whole: self.dialed,
            counted: self.answered,
        }
    }

    pub(crate) fn dialed_volume(&self) -> f64 {
        float(self.dialed)
    }

    pub(super) fn answer_ratio(&self) -> Option<f64> {
        divide(self.answered, self.dialed)
    }

    pub(super) fn conversion_ratio(&self) -> Option<f64> {
        divide(self.conversions, self.answered)
    }

    /// Returns the answers by people per dialed call (`answer_ratio_per_call` v2); `None` without dialed
    /// calls.
    pub(crate) fn answer_ratio_people(&self) -> Option<f64> {
        divide(self.person_answered, self.dialed)
    }

    /// Returns the conversions per answer by a person (`conversion_ratio` v2); `None` without these.
    pub(crate) fn conversion_ratio_people(&self) -> Option<f64> {
        divide(self.conversions, self.person_answered)
    }

    pub(crate) fn talk_s_mean(&self) -> Option<f64> {
        divide(self.talk_ms, self.talked).map(|millis| millis / 1_000.0)
    }

    /// Returns the traffic in Erlang: the mean number of calls in conversation. Valid only for the calls of
    /// one hour.
    pub(crate) fn erlang(&self) -> f64 {
        float(self.talk_ms) / 3_600_000.0
    }
}

fn divide(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}

/// Converts a count to a floating-point number; exact up to 2^53.
pub(super) fn float(count: u64) -> f64 {
    let high = u32::try_from(count >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

pub(super) fn tally(cells: &[Cell]) -> Tally {
    let mut sum = Tally::default();
    cells.iter().for_each(|cell| sum.add(cell));
    sum
}

/// Returns the sums of the cells, grouped by the name that `part` gives to each.
pub(super) fn by(cells: &[Cell], part: &dyn Fn(&Cell) -> String) -> BTreeMap<String, Tally> {
    let mut parts: BTreeMap<String, Tally> = BTreeMap::new();
    for cell in cells {
        parts.entry(part(cell)).or_default().add(cell);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_beyond_32_bits_stays_exact() {
        assert_eq!(float(8_589_934_593), 8_589_934_593.0);
        assert_eq!(float(u64::from(u32::MAX)), 4_294_967_295.0);
    }
}
