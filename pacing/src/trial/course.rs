//! How the answer rate goes over a day: steady, up and down, in bursts, halved.

use libm::sin;

/// The answer rate of a moment, around the trial's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    Steady,
    /// Up and down by three tenths, three times a day.
    Drifts,
    /// Half as high again for five minutes of each half hour.
    Bursts,
    /// Half of it from noon on.
    HalvesAtNoon,
}

impl Course {
    pub const ALL: [Self; 4] = [Self::Steady, Self::Drifts, Self::Bursts, Self::HalvesAtNoon];

    /// As figures name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Drifts => "drifts",
            Self::Bursts => "bursts",
            Self::HalvesAtNoon => "halves_at_noon",
        }
    }

    /// The rate at a second of an eight-hour day.
    pub fn rate(self, rate: f64, second: f64) -> f64 {
        let of_day = second / super::day::DAY_S;
        let factor = match self {
            Self::Steady => 1.0,
            Self::Drifts => 1.0 + 0.3 * sin(of_day * 3.0 * std::f64::consts::TAU),
            Self::Bursts if second % 1_800.0 < 300.0 => 1.5,
            Self::Bursts => 1.0,
            Self::HalvesAtNoon if of_day >= 0.5 => 0.5,
            Self::HalvesAtNoon => 1.0,
        };
        (rate * factor).min(0.95)
    }
}
