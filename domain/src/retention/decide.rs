//! Decides the commands of the retention of one data class: no period below its floor, no disposal before its
//! time, and one disposal at a time.

use super::class::DataClass;
use super::command::{DisposalBasis, DisposalRequest, RetentionCommand};
use super::event::{DisposalResult, DisposalRule, RetentionEvent};
use super::floor::{Floor, GENERAL_FLOOR, floor};
use super::refusal::RetentionRefusal;
use super::state::{Period, RetentionState};
use crate::calling_plan::Preset;
use crate::time::Timestamp;

/// Longest reason of a retention period, in bytes; a longer one is refused. It is stored permanently and
/// must not contain personal data.
pub const REASON_BYTES_MAX: usize = 256;

/// Longest retention period, in days; a longer one is refused. One hundred years: to keep data longer, set
/// no period.
pub const PERIOD_DAYS_MAX: u32 = 36_525;

/// Most items of one disposal; more are refused. 500 ids take 20 KB of the 64 KB of a record.
pub const DISPOSAL_ITEMS_MAX: usize = 500;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

type DecideResult = Result<Vec<RetentionEvent>, RetentionRefusal>;

pub(super) fn decide(state: &RetentionState, command: RetentionCommand, now: Timestamp) -> DecideResult {
    match command {
        RetentionCommand::SetPeriod {
            class,
            preset,
            days,
            reason,
        } => set(state, class, preset, days, reason),
        RetentionCommand::BeginDisposal(beginning) => begin(state, *beginning, now),
        RetentionCommand::CompleteDisposal { disposal, result } => complete(state, disposal, result),
        RetentionCommand::Review(reviewed) => Ok(vec![RetentionEvent::Reviewed { reviewed }]),
    }
}

fn set(
    state: &RetentionState,
    class: DataClass,
    preset: Option<Preset>,
    days: Option<u32>,
    reason: String,
) -> DecideResult {
    if reason.trim().is_empty() {
        return Err(RetentionRefusal::NoReason);
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(RetentionRefusal::TooLong {
            bytes: reason.len(),
            bytes_max: REASON_BYTES_MAX,
        });
    }
    if let Some(days) = days {
        let Floor { days: least, source } = preset.map_or(GENERAL_FLOOR, |preset| floor(class, preset));
        if days < least {
            return Err(RetentionRefusal::BelowFloor {
                days,
                least,
                rests_on: source,
            });
        }
        if days > PERIOD_DAYS_MAX {
            return Err(RetentionRefusal::AboveMax { days });
        }
    }
    let before_days = state.set_for(preset);
    if before_days == days {
        return Ok(Vec::new());
    }
    Ok(vec![RetentionEvent::PeriodSet {
        preset,
        before_days,
        after_days: days,
        reason,
    }])
}

/// Begins a disposal: records which items will be destroyed. The caller selected the items; here they are
/// checked against the current period and the clock. Refused while another disposal is open.
fn begin(state: &RetentionState, beginning: DisposalRequest, now: Timestamp) -> DecideResult {
    let DisposalRequest {
        class,
        preset,
        oldest_at,
        newest_at,
        what,
        under,
    } = beginning;
    if let Some(under_way) = state.under_way() {
        return Err(RetentionRefusal::UnderWay {
            disposal: under_way.disposal,
        });
    }
    if what.count() == 0 || what.count() > DISPOSAL_ITEMS_MAX || !what.is_of(class) {
        return Err(RetentionRefusal::NotOfClass);
    }
    let period = match under {
        DisposalBasis::Period => state.period(class, preset).ok_or(RetentionRefusal::NoPeriod)?,
        DisposalBasis::Order => state.period_of_order(class, preset),
    };
    let Period { days, rule } = period;
    if newest_at > compute_cutoff(now, days) {
        return Err(RetentionRefusal::TooEarly { days });
    }
    Ok(vec![RetentionEvent::DisposalBegun {
        disposal: state.disposals().saturating_add(1),
        under: DisposalRule {
            class,
            preset,
            days,
            rule,
            oldest_at,
            newest_at,
        },
        what: Box::new(what),
    }])
}

/// Returns the instant before or at which data must have ended to be kept for at least `days` at `now`.
pub fn compute_cutoff(now: Timestamp, days: u32) -> Timestamp {
    now.minus_ms(u64::from(days).saturating_mul(DAY_MS))
}

/// Completes the open disposal with its result. No event for a disposal that is completed already; refused
/// for one that was not begun.
fn complete(state: &RetentionState, disposal: u64, result: DisposalResult) -> DecideResult {
    match state.under_way() {
        Some(under_way) if under_way.disposal == disposal => Ok(vec![RetentionEvent::Disposed {
            disposal,
            under: under_way.under.clone(),
            result,
        }]),
        Some(_) | None if disposal <= state.disposals() => Ok(Vec::new()),
        Some(_) | None => Err(RetentionRefusal::NotBegun { disposal }),
    }
}
