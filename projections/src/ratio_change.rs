//! Explains why a ratio changed between two periods: splits the change over parts (a trunk, an hour, a
//! flow version) into mix and rate.
//!
//! A part's mix effect is caused by its changed share of the calls, its rate effect by its own changed
//! ratio. Shares and ratios are weighted by their mean over both periods, as Marshall and Edgeworth
//! weight prices. The effects of all parts add up to the change, without a remainder.

use crate::ratio::ratio;
use serde::Serialize;
use std::collections::BTreeMap;

/// The calls of one part: how many there are, and how many of them count in the ratio's numerator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartCounts {
    pub whole: u64,
    pub counted: u64,
}

impl PartCounts {
    /// Returns the part's ratio; `None` without calls.
    fn ratio(self) -> Option<f64> {
        ratio(self.counted, self.whole)
    }
}

/// The effect of one part (for example a trunk) on the change of the ratio.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    pub part: String,
    pub before: PartFigures,
    pub now: PartFigures,
    /// The effect of the part's changed share of all calls.
    pub mix: f64,
    /// The effect of the part's own changed ratio.
    pub rate: f64,
}

/// The figures of one part in one period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PartFigures {
    pub calls: u64,
    /// The part's share of all calls, 0 to 1.
    pub share: f64,
    /// Counted calls ÷ calls; `None` without calls.
    pub ratio: Option<f64>,
}

/// The change of a ratio between two periods, with the effects of its parts, the largest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RatioChange {
    pub before: f64,
    pub now: f64,
    pub effects: Vec<Effect>,
}

impl RatioChange {
    /// Returns `now` minus `before`; the sum of all effects.
    pub fn change(&self) -> f64 {
        self.now - self.before
    }
}

/// Splits the change of a ratio between two periods over the parts. `None` if one period has no calls and
/// thus no ratio.
pub fn split_ratio_change(
    before: &BTreeMap<String, PartCounts>,
    now: &BTreeMap<String, PartCounts>,
) -> Option<RatioChange> {
    let (whole_before, whole_now) = (sum(before), sum(now));
    let (ratio_before, ratio_now) = (whole_before.ratio()?, whole_now.ratio()?);
    let middle = f64::midpoint(ratio_before, ratio_now);
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut effects: Vec<Effect> = Vec::with_capacity(names.len());
    for name in names {
        let of = |parts: &BTreeMap<String, PartCounts>, whole: PartCounts| {
            let part = parts.get(name).copied().unwrap_or_default();
            PartFigures {
                calls: part.whole,
                share: ratio(part.whole, whole.whole).unwrap_or(0.0),
                ratio: part.ratio(),
            }
        };
        let (was, is) = (of(before, whole_before), of(now, whole_now));
        // A part that exists in only one period has no changed ratio; its whole effect is mix.
        let (Some(rate_was), Some(rate_is)) = (was.ratio.or(is.ratio), is.ratio.or(was.ratio)) else {
            continue;
        };
        effects.push(Effect {
            part: name.clone(),
            before: was,
            now: is,
            mix: (is.share - was.share) * (f64::midpoint(rate_was, rate_is) - middle),
            rate: (rate_is - rate_was) * f64::midpoint(was.share, is.share),
        });
    }
    let size = |effect: &Effect| (effect.mix + effect.rate).abs();
    effects.sort_by(|one, other| size(other).total_cmp(&size(one)));
    Some(RatioChange {
        before: ratio_before,
        now: ratio_now,
        effects,
    })
}

fn sum(parts: &BTreeMap<String, PartCounts>) -> PartCounts {
    parts
        .values()
        .fold(PartCounts::default(), |sum, part| PartCounts {
            whole: sum.whole + part.whole,
            counted: sum.counted + part.counted,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[(&str, u64, u64)]) -> BTreeMap<String, PartCounts> {
        let part = |(name, whole, counted): &(&str, u64, u64)| {
            let (whole, counted) = (*whole, *counted);
            ((*name).to_owned(), PartCounts { whole, counted })
        };
        parts.iter().map(part).collect()
    }

    fn total(swing: &RatioChange) -> f64 {
        swing.effects.iter().map(|effect| effect.mix + effect.rate).sum()
    }

    #[test]
    fn two_trunks_by_hand() {
        // Half of the calls at 40 %, half at 20 %. Then three quarters at 50 % and a quarter at 20 %.
        let before = parts(&[("a", 100, 40), ("b", 100, 20)]);
        let now = parts(&[("a", 300, 150), ("b", 100, 20)]);
        let swing = split_ratio_change(&before, &now).unwrap();
        assert_eq!((swing.before, swing.now), (0.3, 0.425));
        let a = &swing.effects[0];
        assert_eq!(a.part, "a");
        // Mix: 0.25 x (0.45 - 0.3625); rate: 0.10 x 0.625.
        assert!((a.mix - 0.021_875).abs() < 1e-12 && (a.rate - 0.0625).abs() < 1e-12);
        let b = &swing.effects[1];
        // Mix: -0.25 x (0.20 - 0.3625); rate: none.
        assert!((b.mix - 0.040_625).abs() < 1e-12 && b.rate == 0.0);
        assert!((total(&swing) - swing.change()).abs() < 1e-12);
    }

    #[test]
    fn parts_that_come_and_go_still_add_up_to_the_whole() {
        let mut seed: u64 = 7;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..200 {
            let mut some = || -> BTreeMap<String, PartCounts> {
                (0..8)
                    .filter_map(|part| {
                        let whole = draw(50);
                        let counted = draw(whole + 1);
                        (draw(4) > 0).then(|| (part.to_string(), PartCounts { whole, counted }))
                    })
                    .collect()
            };
            let (before, now) = (some(), some());
            if let Some(swing) = split_ratio_change(&before, &now) {
                assert!((total(&swing) - swing.change()).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_new_part_has_no_rate_effect_and_an_empty_period_no_swing() {
        let before = parts(&[("a", 10, 5)]);
        let now = parts(&[("a", 10, 5), ("b", 10, 10)]);
        let swing_of = split_ratio_change(&before, &now).unwrap();
        assert!(swing_of.effects.iter().all(|effect| effect.rate == 0.0));
        assert!(split_ratio_change(&before, &BTreeMap::new()).is_none());
    }
}
