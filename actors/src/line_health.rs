//! The health of a line, from how its legs ended and from its answers to probes.
//!
//! A line that has never answered a probe is judged by its calls alone: after 3 trunk-attributable failures
//! in a row it rests 10 s, and then one call tries it. A line that has answered a probe is never tried by a
//! call: after an unanswered probe, or after its third failure, it carries no calls until it answers the next
//! probe. Then a few calls at once are allowed, and 3 good ones close the breaker.

use domain::ports::line::ProbeAnswer;
use domain::time::Timestamp;

/// Consecutive trunk-attributable failures after which a line carries no calls (call progress, LIN-4).
pub(crate) const FAILURES_IN_A_ROW_MAX: u32 = 3;
/// Number of good calls after which a line that carries few calls carries all again (call progress).
const GOOD_CALLS_TO_CLOSE: u32 = 3;
/// How long a failed line that answers no probes rests before one call may try it, in milliseconds (call
/// progress: each 10 s).
pub(crate) const REST_MS: u64 = 10_000;
/// Longest suspension of a line by a `Retry-After`, in milliseconds (call progress: cap 300 s).
const RETRY_AFTER_MS_MAX: u64 = 300_000;

/// What the end of a leg says about its trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrunkSign {
    Healthy,
    Neutral,
    /// Trunk-attributable, with the value of `Retry-After` if there was one.
    Failed {
        retry_after_ms: Option<u64>,
    },
}

/// Which calls a line carries, apart from its load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineAdmission {
    /// As many as its limits allow.
    #[default]
    All,
    /// Only a few calls at once until this many more were good: the line has answered again.
    Few { good_calls_left: u32 },
    /// No calls: the line does not answer probes, or failed too often in a row.
    Nothing,
}

/// The last known answer of the far end to probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ProbeStatus {
    /// No probe was ever answered, or none is sent.
    #[default]
    Never,
    Alive,
    Dead,
}

/// The health of one line.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineHealth {
    probed: ProbeStatus,
    failures_in_a_row: u32,
    rests_until: Option<Timestamp>,
    carries: LineAdmission,
}

impl LineHealth {
    pub(crate) const fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row
    }

    pub(crate) const fn rests_until(&self) -> Option<Timestamp> {
        self.rests_until
    }

    /// Returns true after too many consecutive failures.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failures_in_a_row >= FAILURES_IN_A_ROW_MAX
    }

    /// Returns true if the line has failed and is not being tried again after an answered probe.
    pub(crate) const fn is_out(&self) -> bool {
        self.has_failed() && !matches!(self.carries, LineAdmission::Few { .. })
    }

    /// Returns which calls the line carries, as shown to operators: a failed line that one call may try
    /// after its rest counts as carrying none.
    pub(crate) const fn carries(&self) -> LineAdmission {
        match self.carries {
            LineAdmission::All if self.has_failed() => LineAdmission::Nothing,
            carries => carries,
        }
    }

    /// Returns the most simultaneous legs by the line's health. `of_line`: the line's own limit.
    pub(crate) fn legs_max(&self, of_line: u32) -> u32 {
        match self.carries {
            LineAdmission::All => of_line,
            LineAdmission::Few { good_calls_left } => of_line.min(good_calls_left),
            LineAdmission::Nothing => 0,
        }
    }

    /// Records that a leg begins. On a failed line other legs wait for its result.
    pub(crate) fn note_dial(&mut self, now: Timestamp) {
        if self.has_failed() && self.carries == LineAdmission::All {
            self.rests_until = Some(now.plus_ms(REST_MS));
        }
    }

    pub(crate) fn note(&mut self, sign: TrunkSign, now: Timestamp) {
        match sign {
            TrunkSign::Healthy => {
                self.rests_until = None;
                self.note_good();
            }
            TrunkSign::Neutral => {}
            TrunkSign::Failed { retry_after_ms } => self.note_failed(retry_after_ms, now),
        }
    }

    fn note_good(&mut self) {
        self.carries = match self.carries {
            LineAdmission::Few { good_calls_left } if good_calls_left > 1 => LineAdmission::Few {
                good_calls_left: good_calls_left - 1,
            },
            // A leg from before the far end became silent says nothing about now.
            LineAdmission::Nothing => return,
            LineAdmission::All | LineAdmission::Few { .. } => LineAdmission::All,
        };
        if self.carries == LineAdmission::All {
            self.failures_in_a_row = 0;
        }
    }

    fn note_failed(&mut self, retry_after_ms: Option<u64>, now: Timestamp) {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let is_open = self.has_failed() || self.carries != LineAdmission::All;
        let is_probed = self.probed != ProbeStatus::Never;
        if is_open && is_probed {
            self.carries = LineAdmission::Nothing;
        }
        let rest_ms = retry_after_ms
            .map(|asked_ms| asked_ms.min(RETRY_AFTER_MS_MAX))
            .or((is_open && !is_probed).then_some(REST_MS));
        if let Some(rest_ms) = rest_ms {
            self.rests_until = Some(now.plus_ms(rest_ms));
        }
    }

    /// Records the result of a probe. Returns true if it changed which calls the line carries.
    pub(crate) fn note_probe(&mut self, answer: ProbeAnswer) -> bool {
        let before = self.carries;
        match answer {
            ProbeAnswer::Alive => {
                self.probed = ProbeStatus::Alive;
                if self.carries == LineAdmission::Nothing
                    || (self.carries == LineAdmission::All && self.has_failed())
                {
                    self.carries = LineAdmission::Few {
                        good_calls_left: GOOD_CALLS_TO_CLOSE,
                    };
                }
            }
            // A far end that never answered may ignore OPTIONS of strangers and still take calls.
            ProbeAnswer::Dead if self.probed == ProbeStatus::Never => {}
            ProbeAnswer::Dead => {
                self.probed = ProbeStatus::Dead;
                self.carries = LineAdmission::Nothing;
            }
        }
        self.carries != before
    }

    /// Clears the failures. Called when the campaigns are paused: the user who resumes them has checked the
    /// trunk. A line that does not answer probes still carries no calls.
    pub(crate) fn forget_failures(&mut self) {
        self.failures_in_a_row = 0;
        self.rests_until = None;
        if self.probed != ProbeStatus::Dead {
            self.carries = LineAdmission::All;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LineAdmission, LineHealth, REST_MS, TrunkSign};
    use domain::ports::line::ProbeAnswer::{Alive, Dead};
    use domain::time::Timestamp;

    const NOW: Timestamp = Timestamp::EPOCH;
    const FAILED: TrunkSign = TrunkSign::Failed { retry_after_ms: None };

    fn failed(mut health: LineHealth, times: u32) -> LineHealth {
        for _ in 0..times {
            health.note(FAILED, NOW);
        }
        health
    }

    fn probed() -> LineHealth {
        let mut health = LineHealth::default();
        assert!(!health.note_probe(Alive), "it carried calls before");
        health
    }

    #[test]
    fn a_trunk_that_stops_answering_carries_nothing_before_a_call_finds_out() {
        let mut health = probed();
        assert!(health.note_probe(Dead));
        assert_eq!(
            (health.carries(), health.legs_max(100)),
            (LineAdmission::Nothing, 0)
        );
        health.note(TrunkSign::Healthy, NOW);
        assert_eq!(health.legs_max(100), 0, "a leg from before");
        assert!(!health.note_probe(Dead));
        assert!(health.note_probe(Alive));
        assert_eq!(health.legs_max(100), 3);
        for left in [2, 1, 100] {
            health.note(TrunkSign::Healthy, NOW);
            assert_eq!(health.legs_max(100), left);
        }
        assert_eq!(
            (health.carries(), health.failures_in_a_row()),
            (LineAdmission::All, 0)
        );
    }

    #[test]
    fn a_trunk_that_never_answered_a_probe_is_judged_by_its_calls_alone() {
        let mut health = LineHealth::default();
        assert!(!health.note_probe(Dead));
        assert_eq!(health.carries(), LineAdmission::All);
        let mut health = failed(health, 3);
        assert_eq!(
            (health.carries(), health.legs_max(100)),
            (LineAdmission::Nothing, 100)
        );
        assert_eq!(
            health.rests_until(),
            Some(NOW.plus_ms(REST_MS)),
            "one call tries it then"
        );
        health.note(TrunkSign::Healthy, NOW);
        assert_eq!(
            (health.carries(), health.rests_until()),
            (LineAdmission::All, None)
        );
    }

    #[test]
    fn a_trunk_that_answers_probes_and_fails_calls_is_tried_behind_a_probe_alone() {
        let mut health = failed(probed(), 3);
        assert_eq!((health.legs_max(100), health.rests_until()), (0, None));
        assert!(health.is_out());
        assert!(health.note_probe(Alive));
        assert_eq!(health.legs_max(100), 3);
        assert!(!health.is_out(), "the calls that try it say whether it serves");
        health.note(TrunkSign::Healthy, NOW);
        health.note(FAILED, NOW);
        assert_eq!(health.legs_max(100), 0, "one failure opens it again");
        assert!(health.is_out());
        health.note_probe(Alive);
        health.forget_failures();
        assert_eq!(health.carries(), LineAdmission::All);
        health.note_probe(Dead);
        health.forget_failures();
        assert_eq!(
            health.carries(),
            LineAdmission::Nothing,
            "a resumed campaign does not open a dead trunk"
        );
    }

    #[test]
    fn a_retry_after_is_a_rest_of_either() {
        let mut health = probed();
        let asked = TrunkSign::Failed {
            retry_after_ms: Some(900_000),
        };
        health.note(asked, NOW);
        assert_eq!(health.rests_until(), Some(NOW.plus_ms(300_000)));
        assert_eq!(health.carries(), LineAdmission::All);
    }
}
