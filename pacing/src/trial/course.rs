//! The course of the answer rate over a trial's day: steady, drifting, in bursts, or halved.

use libm::sin;

/// The course of the answer rate over a simulated day, relative to the trial's answer rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerRateCourse {
    Steady,
    /// Up and down by three tenths, three times a day.
    Drifts,
    /// One and a half times the rate for five minutes of each half hour.
    Bursts,
    /// Half the rate from noon on.
    HalvesAtNoon,
}

impl AnswerRateCourse {
    pub const ALL: [Self; 4] = [Self::Steady, Self::Drifts, Self::Bursts, Self::HalvesAtNoon];

    /// Returns the name in figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Drifts => "drifts",
            Self::Bursts => "bursts",
            Self::HalvesAtNoon => "halves_at_noon",
        }
    }

    /// Returns the answer rate at a second of the eight-hour day, at most 0.95. `rate`: the trial's answer
    /// rate.
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
