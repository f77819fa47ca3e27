//! Random numbers from a seed: the same for the same seed on every machine.

/// The generator SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixes per number.
#[derive(Debug, Clone)]
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    /// Creates the sequence of random numbers of one caller. `seed`: that of the rehearsal; `caller`: its
    /// number.
    pub(super) const fn of(seed: u64, caller: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ caller.wrapping_mul(0xD134_2543_DE82_EF95))
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or_default()
    }

    /// Returns true with a probability of `percent` per cent.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Returns a random element of a list; `None` if it is empty.
    pub(super) fn one<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(list.len()).unwrap_or_default();
        let place = usize::try_from(self.below(count)).ok()?;
        list.get(place)
    }
}
