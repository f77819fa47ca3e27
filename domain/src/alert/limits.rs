//! The limits beyond which alerts are raised (REP-6).

/// Most abandoned calls per thousand calls answered by a person, in the period of the abandonment budget
/// (16 CFR 310.4(b)(4)(i); 47 CFR 64.1200(a)(7)).
pub const ABANDONED_PER_MILLE_MAX: i64 = 30;

/// Days before the end of a caller number's licence from which an alert is raised: a renewal takes weeks.
pub const CALLER_NUMBER_DAYS: i64 = 30;

/// The limits beyond which alerts are raised. The defaults are those of the requirement.
#[derive(Debug, Clone)]
pub struct AlertLimits {
    /// Lowest answer rate per call over five minutes, in thousandths.
    pub answer_per_mille_min: i64,
    /// Fewest settled calls for which a rate is evaluated.
    pub settled_min: u64,
    pub line_failures_max: i64,
    /// Most events that the views may be behind the log.
    pub lag_events_max: i64,
    /// Most abandoned calls per thousand calls answered by a person: four fifths of the legal limit.
    pub abandoned_per_mille_max: i64,
    /// Fewest calls answered by a person for which the abandon rate is evaluated. With fewer, one call would
    /// exceed it.
    pub person_answered_min: i64,
    /// Most failed calls of an engine per thousand of its last calls.
    pub engine_failed_per_mille_max: i64,
    /// Fewest calls of an engine for which its failure rate is evaluated.
    pub engine_calls_min: i64,
}

impl Default for AlertLimits {
    fn default() -> Self {
        Self {
            answer_per_mille_min: 300,
            settled_min: 20,
            line_failures_max: 3,
            lag_events_max: 10_000,
            abandoned_per_mille_max: ABANDONED_PER_MILLE_MAX * 4 / 5,
            person_answered_min: 50,
            engine_failed_per_mille_max: 200,
            engine_calls_min: 5,
        }
    }
}
