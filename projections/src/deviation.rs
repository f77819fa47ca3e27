//! Explains why a ratio misses its target: splits the gap between target and actual over causes, so that
//! the parts add up to the gap (REP-4).
//!
//! Each counted call that did not succeed has one cause, derived from its disposition or outcome. The
//! share that a cause is expected to have is its share in a reference (all other campaigns together),
//! scaled so that all expected shares together leave the target. If the reference has fewer than
//! `REFERENCE_CALLS_MIN` calls, the cause's own share is scaled instead. The part of a cause is its
//! actual share minus the expected one: positive parts lower the figure, negative ones raise it.

use domain::disposition::{Disposition, Outcome};
use serde::Serialize;
use std::collections::BTreeMap;

/// Fewest calls of other campaigns that serve as a reference. With fewer, a share moves by whole percents
/// with each call.
pub const REFERENCE_CALLS_MIN: u64 = 100;

/// The cause why a call did not bring the result that was counted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    NumberQuality,
    CalleeAway,
    Blocked,
    Machine,
    Line,
    Own,
    ScriptAppeal,
    WrongParty,
    NoResponse,
    OptedOut,
    Later,
}

impl Cause {
    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::NumberQuality => "号码质量",
            Self::CalleeAway => "客户未接",
            Self::Blocked => "被拦截或标记",
            Self::Machine => "应答机或来电筛查",
            Self::Line => "线路",
            Self::Own => "系统自身",
            Self::ScriptAppeal => "话术吸引力",
            Self::WrongParty => "非本人接听",
            Self::NoResponse => "接听后无响应",
            Self::OptedOut => "谢绝来电",
            Self::Later => "待后续跟进",
        }
    }

    pub const fn label_en(self) -> &'static str {
        match self {
            Self::NumberQuality => "number quality",
            Self::CalleeAway => "callee away, busy or declining",
            Self::Blocked => "blocked or marked",
            Self::Machine => "answered by a machine",
            Self::Line => "line",
            Self::Own => "this system",
            Self::ScriptAppeal => "script appeal",
            Self::WrongParty => "wrong party",
            Self::NoResponse => "no response after the answer",
            Self::OptedOut => "opted out",
            Self::Later => "to be followed up",
        }
    }

    /// Returns the cause why a dialed call was not answered by a person; `None` for a call that was
    /// answered or never dialed.
    pub const fn of_disposition(disposition: Disposition) -> Option<Self> {
        match disposition {
            Disposition::Answered | Disposition::Withdrawn | Disposition::NotPermitted => None,
            Disposition::Machine | Disposition::Screened | Disposition::AnsweredShort => Some(Self::Machine),
            Disposition::NoAnswer | Disposition::Busy | Disposition::Rejected => Some(Self::CalleeAway),
            Disposition::Blocked => Some(Self::Blocked),
            Disposition::Unreachable | Disposition::InvalidNumber => Some(Self::NumberQuality),
            Disposition::UnreachableRoute
            | Disposition::Congestion
            | Disposition::TrunkAuth
            | Disposition::TrunkDenied
            | Disposition::TrunkTimeout
            | Disposition::TrunkUnreachable
            | Disposition::MediaIncompatible
            | Disposition::RedirectRefused
            | Disposition::Loop => Some(Self::Line),
            Disposition::Abandoned | Disposition::Interrupted => Some(Self::Own),
        }
    }

    /// Returns the cause why an answered call did not convert; `None` for one that did.
    pub const fn of_outcome(outcome: Option<Outcome>) -> Option<Self> {
        match outcome {
            Some(Outcome::Success) => None,
            Some(Outcome::Declined | Outcome::HungUp) => Some(Self::ScriptAppeal),
            Some(Outcome::WrongParty) => Some(Self::WrongParty),
            Some(Outcome::NoResponse) | None => Some(Self::NoResponse),
            Some(Outcome::OptedOut) => Some(Self::OptedOut),
            Some(Outcome::Callback | Outcome::Transferred) => Some(Self::Later),
            Some(Outcome::Failed) => Some(Self::Own),
        }
    }
}

/// Counts calls, and among them by cause those that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub total: u64,
    pub missed: BTreeMap<Cause, u64>,
}

impl Tally {
    /// Adds this number of calls; `cause` is `None` for calls that succeeded.
    pub fn count(&mut self, cause: Option<Cause>, calls: u64) {
        self.total += calls;
        if let Some(cause) = cause.filter(|_| calls > 0) {
            *self.missed.entry(cause).or_default() += calls;
        }
    }

    fn share(&self, cause: Cause) -> f64 {
        let missed = self.missed.get(&cause).copied().unwrap_or(0);
        if self.total == 0 {
            0.0
        } else {
            float(missed) / float(self.total)
        }
    }

    fn missed_share(&self) -> f64 {
        self.missed.keys().map(|cause| self.share(*cause)).sum()
    }
}

/// The part that one cause has in the gap between target and actual.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DeviationPart {
    pub cause: Cause,
    pub label_zh: &'static str,
    pub label_en: &'static str,
    pub calls: u64,
    /// The cause's share of all counted calls.
    pub share_ratio: f64,
    /// The share that the cause may have if the target is to be reached.
    pub expected_ratio: f64,
    /// The cause's part of the gap: actual share minus expected share.
    pub part_ratio: f64,
}

/// The gap between target and actual, with its parts. They are sorted from the largest and add up to the
/// gap.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Deviation {
    pub actual_ratio: f64,
    /// Target minus actual: positive if the target is missed.
    pub gap_ratio: f64,
    /// `true` if the expected shares come from the other campaigns, `false` if from this campaign's own
    /// shares.
    pub compared_with_others: bool,
    pub parts: Vec<DeviationPart>,
}

/// Splits the gap between the target and the actual share of successful calls over the causes. `tally`: the
/// calls; `target_ratio`: 0 to 1; `reference`: other campaigns' calls, for the expected shares if there are
/// enough. `None` if no calls were counted.
pub fn deviation(tally: &Tally, target_ratio: f64, reference: &Tally) -> Option<Deviation> {
    if tally.total == 0 {
        return None;
    }
    let with_others = reference.total >= REFERENCE_CALLS_MIN && reference.missed_share() > 0.0;
    let shape = if with_others { reference } else { tally };
    let scale = match shape.missed_share() {
        missed if missed > 0.0 => (1.0 - target_ratio) / missed,
        _ => 0.0,
    };
    let mut causes: Vec<Cause> = tally.missed.keys().chain(shape.missed.keys()).copied().collect();
    causes.sort_unstable();
    causes.dedup();
    let part = |cause: Cause| {
        let (share, expected) = (tally.share(cause), shape.share(cause) * scale);
        DeviationPart {
            cause,
            label_zh: cause.label_zh(),
            label_en: cause.label_en(),
            calls: tally.missed.get(&cause).copied().unwrap_or(0),
            share_ratio: share,
            expected_ratio: expected,
            part_ratio: share - expected,
        }
    };
    let mut parts: Vec<DeviationPart> = causes.into_iter().map(part).collect();
    parts.sort_by(|one, other| other.part_ratio.total_cmp(&one.part_ratio));
    let actual_ratio = 1.0 - tally.missed_share();
    Some(Deviation {
        actual_ratio,
        gap_ratio: target_ratio - actual_ratio,
        compared_with_others: with_others,
        parts,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls stay far below 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(total: u64, missed: &[(Cause, u64)]) -> Tally {
        Tally {
            total,
            missed: missed.iter().copied().collect(),
        }
    }

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() < 1e-12, "{one} and {other}");
    }

    #[test]
    fn the_parts_add_up_to_the_gap_and_the_worst_comes_first() {
        let own = tally(
            1_000,
            &[
                (Cause::NumberQuality, 200),
                (Cause::CalleeAway, 150),
                (Cause::Line, 10),
            ],
        );
        let others = tally(
            10_000,
            &[(Cause::NumberQuality, 1_000), (Cause::CalleeAway, 2_000)],
        );
        let found = deviation(&own, 0.70, &others).unwrap();
        near(found.actual_ratio, 0.64);
        near(found.gap_ratio, 0.06);
        near(found.parts.iter().map(|part| part.part_ratio).sum(), 0.06);
        assert_eq!(found.parts[0].cause, Cause::NumberQuality);
        near(found.parts[0].expected_ratio, 0.10);
        near(found.parts[0].part_ratio, 0.10);
        let away = found.parts.last().unwrap();
        assert_eq!((away.cause, away.calls), (Cause::CalleeAway, 150));
        near(away.part_ratio, -0.05);
    }

    #[test]
    fn without_a_reference_each_cause_has_its_own_share_of_the_gap() {
        let own = tally(100, &[(Cause::NumberQuality, 30), (Cause::CalleeAway, 10)]);
        for others in [
            Tally::default(),
            tally(REFERENCE_CALLS_MIN - 1, &[(Cause::Line, 9)]),
        ] {
            let found = deviation(&own, 0.70, &others).unwrap();
            assert!(!found.compared_with_others);
            near(found.gap_ratio, 0.10);
            near(found.parts[0].part_ratio, 0.075);
            near(found.parts[1].part_ratio, 0.025);
        }
        let enough = tally(REFERENCE_CALLS_MIN, &[(Cause::Line, 9)]);
        assert!(deviation(&own, 0.70, &enough).unwrap().compared_with_others);
    }

    #[test]
    fn of_nothing_there_is_no_deviation_and_a_reached_target_has_a_negative_gap() {
        assert_eq!(deviation(&Tally::default(), 0.5, &Tally::default()), None);
        let own = tally(100, &[(Cause::CalleeAway, 20)]);
        near(deviation(&own, 0.65, &Tally::default()).unwrap().gap_ratio, -0.15);
        let all = deviation(&tally(100, &[]), 0.65, &Tally::default()).unwrap();
        assert!(all.parts.is_empty());
        near(all.gap_ratio, -0.35);
    }

    #[test]
    fn every_disposition_and_outcome_has_its_cause() {
        let of = |disposition| Cause::of_disposition(disposition);
        assert_eq!(of(Disposition::Answered), None);
        assert_eq!(of(Disposition::InvalidNumber), Some(Cause::NumberQuality));
        assert_eq!(of(Disposition::TrunkTimeout), Some(Cause::Line));
        assert_eq!(Cause::of_outcome(Some(Outcome::Success)), None);
        assert_eq!(Cause::of_outcome(None), Some(Cause::NoResponse));
        let mut tally = Tally::default();
        for disposition in Disposition::ALL {
            tally.count(of(*disposition), 1);
        }
        assert_eq!(tally.total, Disposition::ALL.len() as u64);
        assert_eq!(tally.missed.values().sum::<u64>(), tally.total - 3);
    }
}
