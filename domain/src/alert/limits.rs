//! From where on something is raised (REP-6): what is beyond what.

/// Most abandoned calls of those a person answered, per mille, in the window of the budget (16 CFR
/// 310.4(b)(4)(i); 47 CFR 64.1200(a)(7)).
pub const ABANDONED_PER_MILLE_MAX: i64 = 30;

/// Days before the end of a caller number's licence from which on it is warned of: a renewal takes weeks.
pub const CALLER_NUMBER_DAYS: i64 = 30;

/// What is beyond what. Defaults are the requirement's.
#[derive(Debug, Clone)]
pub struct AlertLimits {
    /// Answer rate per call over five minutes, per mille.
    pub answer_per_mille_min: i64,
    /// Fewer settled calls than these say nothing about a rate.
    pub settled_min: u64,
    pub line_failures_max: i64,
    /// Events that the views may be behind.
    pub lag_events_max: i64,
    /// Calls abandoned of those a person answered, per mille: four fifths of what the law allows.
    pub abandoned_per_mille_max: i64,
    /// Of fewer calls a single one would be beyond it.
    pub person_answered_min: i64,
    /// Calls in which an engine failed, of its last ones, per mille.
    pub engine_failed_per_mille_max: i64,
    /// Fewer calls of an engine than these say nothing about a rate.
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
