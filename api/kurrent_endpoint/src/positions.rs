//! Maps positions of the log to the positions that clients see: the same, or in tests with gaps between them.

use domain::stored_event::Position;

/// The highest position or version that a client's number is mapped to: stores count with 63 bits.
pub(crate) const POSITION_MAX: u64 = u64::MAX >> 2;

/// An increasing, invertible map: position p is shown as p × step + offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Positions {
    step: u64,
    offset: u64,
}

impl Positions {
    /// Shows positions unchanged.
    pub const SAME: Self = Self { step: 1, offset: 0 };

    /// Shows positions with gaps, like the log offsets of a KurrentDB server. For tests of clients and of our
    /// own adapter. `None` if `step` is 0.
    pub const fn sparse(step: u64, offset: u64) -> Option<Self> {
        if step == 0 {
            return None;
        }
        Some(Self { step, offset })
    }

    pub(crate) const fn shown(self, position: Position) -> u64 {
        position.0.saturating_mul(self.step).saturating_add(self.offset)
    }

    /// Returns the last position that is shown as at most `shown`; 0 if there is none.
    pub(crate) const fn at_or_below(self, shown: u64) -> Position {
        match shown.checked_sub(self.offset) {
            Some(above) => match above.checked_div(self.step) {
                Some(position) if position < POSITION_MAX => Position(position),
                Some(_) => Position(POSITION_MAX),
                None => Position(0),
            },
            None => Position(0),
        }
    }

    /// Returns the last position that is shown below `shown`; 0 if there is none.
    pub(crate) const fn below(self, shown: u64) -> Position {
        match shown.checked_sub(1) {
            Some(before) => self.at_or_below(before),
            None => Position(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_position_goes_back_and_one_between_two_goes_to_the_lower() {
        let sparse = Positions::sparse(1_000, 17).unwrap();
        for positions in [Positions::SAME, sparse] {
            for position in [1, 2, 500].map(Position) {
                assert_eq!(positions.at_or_below(positions.shown(position)), position);
                assert_eq!(positions.below(positions.shown(position)).0, position.0 - 1);
            }
        }
        assert_eq!(sparse.at_or_below(3_016), Position(2));
        assert_eq!(sparse.at_or_below(3_017), Position(3));
        assert_eq!(sparse.at_or_below(16), Position(0));
        assert_eq!(Positions::SAME.below(0), Position(0));
        assert_eq!(Positions::sparse(0, 1), None);
    }
}
