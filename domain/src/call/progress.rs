//! Call progress: derives the disposition of a call from the network's responses (`docs/call_progress.md`),
//! as one pure, versioned function. Raw values stay in the events, so history can be derived again.
//!
//! Order of evidence: our own cause (CANCEL, timers) > Q.850 cause > SIP status.

use super::end_cause::EndCause;
use super::event::EndReason;
use super::q850::parse_q850;
use crate::compliance::LEGS_MAX;
use crate::ports::line::{FailureCause, LegFailure};
use values::disposition::Disposition;

/// Version of the table from raw network values to dispositions; stored in every `call.ended`.
pub const DISPOSITION_VERSION: u32 = 1;

/// An answer is false answer supervision if the callee's BYE comes within this time after the 200 and no RTP
/// was received (`docs/call_progress.md`).
pub const ANSWERED_SHORT_BELOW_MS: u64 = 1_000;

/// A 480 without 18x and cause within this time permits another trunk (`docs/call_progress.md`).
const UNREACHABLE_FAILOVER_BELOW_MS: u64 = 1_000;

/// A 404 with cause 3 within this time permits another trunk (`docs/call_progress.md`).
const NO_ROUTE_404_FAILOVER_BELOW_MS: u64 = 200;

/// What a failed or ended leg says about the health of its trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrunkHealth {
    /// The trunk worked.
    Healthy,
    /// No statement about the trunk, or only about a route or a setting.
    Neutral,
    /// A suspicion; counted separately.
    Soft,
    /// A failure that counts towards opening the circuit breaker.
    Counts,
    /// As `Counts`, and raises an alarm.
    CountsHard,
}

/// Whether a call may have a further leg after a leg's failure, and on which trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextLeg {
    Never,
    /// A further leg may follow only the first leg.
    Once,
    /// A further leg may follow on a trunk that this call has not tried.
    AnotherTrunk,
}

impl NextLeg {
    /// Returns true if a further leg may follow leg number `leg` (from 1).
    pub const fn allowed_after(self, leg: u8) -> bool {
        match self {
            Self::Never => false,
            Self::Once => leg == 1,
            Self::AnotherTrunk => leg < LEGS_MAX,
        }
    }
}

/// The result of one row of the table: a call's disposition and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DispositionEffect {
    pub disposition: Disposition,
    /// True if the retry policy counts the call as an attempt. Caps count every dial.
    pub charged: bool,
    pub health: TrunkHealth,
    pub next_leg: NextLeg,
    /// True if an operator should check the configuration.
    pub alarm: bool,
}

impl DispositionEffect {
    /// Returns true if the trunk caused the failure. Three of these in a row pause the campaign.
    pub const fn trunk_attributable(self) -> bool {
        matches!(self.health, TrunkHealth::Counts | TrunkHealth::CountsHard)
    }

    const fn of(disposition: Disposition, health: TrunkHealth, next_leg: NextLeg) -> Self {
        Self {
            disposition,
            charged: true,
            health,
            next_leg,
            alarm: false,
        }
    }

    const fn person(disposition: Disposition) -> Self {
        Self::of(disposition, TrunkHealth::Healthy, NextLeg::Never)
    }

    const fn uncharged(self) -> Self {
        Self {
            charged: false,
            ..self
        }
    }

    const fn alarming(self) -> Self {
        Self { alarm: true, ..self }
    }
}

/// The facts about an ended call from which its disposition is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallFacts<'a> {
    pub reason: EndReason,
    pub progress: CallProgress<'a>,
}

/// How far a call had come when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallProgress<'a> {
    /// There was no `call.dialing`.
    NotDialed,
    /// There was no answer, or one that came after we had given up.
    Unanswered {
        /// True if a leg of this call rang.
        rang: bool,
        /// True if `call.cancel_requested` exists for the last leg.
        cancel_requested: bool,
        /// The failure of the last leg, if it failed.
        failure: Option<&'a LegFailure>,
    },
    /// `talk_ms`: from answer to end. `heard_rtp`: at least one RTP packet came from the callee.
    Answered { talk_ms: u64, heard_rtp: bool },
}

impl CallProgress<'_> {
    /// Returns true if the last leg failed definitely, and not because a drain or stop cancelled it: the call
    /// had nothing open any more when it was interrupted.
    fn was_over(&self, reason: EndReason) -> bool {
        let by_itself = |failure: &LegFailure| {
            let by_us = matches!(reason, EndReason::Drain | EndReason::EmergencyStop);
            failure.definite && !(by_us && failure.cause == FailureCause::Cancelled)
        };
        match self {
            Self::Unanswered { failure, .. } => failure.is_some_and(by_itself),
            Self::NotDialed | Self::Answered { .. } => false,
        }
    }
}

/// Returns a call's disposition and what follows from it, from the facts known at its end.
pub fn derive_disposition(facts: &CallFacts<'_>) -> DispositionEffect {
    if facts.progress == CallProgress::NotDialed {
        return DispositionEffect::of(Disposition::Withdrawn, TrunkHealth::Neutral, NextLeg::Never)
            .uncharged();
    }
    // An interrupted call counts as an attempt: the phone may have rung. If the last leg had failed
    // definitely before the interruption, the call keeps the disposition of that failure.
    let interrupted = DispositionEffect::of(Disposition::Interrupted, TrunkHealth::Neutral, NextLeg::Never);
    let interrupts = matches!(
        facts.reason,
        EndReason::Crash | EndReason::Drain | EndReason::EmergencyStop
    );
    if interrupts && !facts.progress.was_over(facts.reason) {
        return interrupted;
    }
    match facts.progress {
        CallProgress::Answered { talk_ms, heard_rtp } => dispose_answered(facts.reason, talk_ms, heard_rtp),
        CallProgress::Unanswered {
            rang,
            failure: Some(failure),
            ..
        } => {
            let mut disposed = derive_failure_disposition(failure);
            disposed.charged |= rang && disposed.disposition == Disposition::Congestion;
            disposed
        }
        // We gave up, and no final response is known: CANCEL race (c) or (d).
        CallProgress::Unanswered { cancel_requested, .. }
            if cancel_requested || facts.reason == EndReason::RingTimeout =>
        {
            DispositionEffect::of(Disposition::NoAnswer, TrunkHealth::Soft, NextLeg::Never)
        }
        CallProgress::Unanswered { .. } | CallProgress::NotDialed => interrupted,
    }
}

fn dispose_answered(reason: EndReason, talk_ms: u64, heard_rtp: bool) -> DispositionEffect {
    if reason == EndReason::NoAgent {
        return DispositionEffect::person(Disposition::Abandoned);
    }
    let gone_at_once = reason == EndReason::CalleeHungUp && talk_ms < ANSWERED_SHORT_BELOW_MS;
    if gone_at_once && !heard_rtp {
        return DispositionEffect::of(Disposition::AnsweredShort, TrunkHealth::Soft, NextLeg::Never);
    }
    DispositionEffect::person(Disposition::Answered)
}

/// Returns the row for one leg's failure: by our own cause, then its Q.850 cause, then its SIP status.
pub fn derive_failure_disposition(failure: &LegFailure) -> DispositionEffect {
    if failure.lack.is_some_and(EndCause::is_own_lack) {
        // Nothing left this machine: no attempt, no fault of the trunk; another trunk would lack the same.
        return DispositionEffect::of(Disposition::Interrupted, TrunkHealth::Neutral, NextLeg::Never)
            .uncharged();
    }
    match failure.cause {
        FailureCause::Cancelled => match failure.sip_code {
            Some(_) => DispositionEffect::person(Disposition::NoAnswer),
            // CANCEL race (d): no final response within 64*T1.
            None => DispositionEffect::of(Disposition::NoAnswer, TrunkHealth::Soft, NextLeg::Never),
        },
        FailureCause::NoResponse | FailureCause::OnlyTrying => {
            trunk_failure(Disposition::TrunkTimeout, failure)
        }
        FailureCause::Refused | FailureCause::Local => trunk_failure(Disposition::TrunkUnreachable, failure),
        FailureCause::Response => {
            let by_cause = cause_of(failure).and_then(|cause| by_q850(cause, failure));
            by_cause.unwrap_or_else(|| by_code(failure))
        }
    }
}

/// Returns the failure's Q.850 cause: as the line read it, else from the stored Reason header.
fn cause_of(failure: &LegFailure) -> Option<u16> {
    let from_header = || failure.reason_header.as_deref().and_then(parse_q850);
    failure.q850.or_else(from_header)
}

/// Returns the row for a trunk that did not respond or could not be reached. A definite failure is not
/// charged and permits another trunk. Otherwise the phone may have rung: charged, no further leg.
fn trunk_failure(disposition: Disposition, failure: &LegFailure) -> DispositionEffect {
    let next_leg = if failure.definite {
        NextLeg::AnotherTrunk
    } else {
        NextLeg::Never
    };
    let disposed = DispositionEffect::of(disposition, TrunkHealth::CountsHard, next_leg);
    if failure.definite {
        disposed.uncharged()
    } else {
        disposed
    }
}

/// Returns the row for a Q.850 cause; `None` if the SIP status decides (16, normal clearing, and others).
fn by_q850(cause: u16, failure: &LegFailure) -> Option<DispositionEffect> {
    match cause {
        17 => Some(DispositionEffect::person(Disposition::Busy)),
        18 | 19 => Some(DispositionEffect::person(Disposition::NoAnswer)),
        20 | 31 => Some(DispositionEffect::of(
            Disposition::Unreachable,
            TrunkHealth::Neutral,
            NextLeg::Never,
        )),
        // 607 and 608 say more than "call rejected".
        21 if !matches!(failure.sip_code, Some(607 | 608)) => {
            Some(DispositionEffect::person(Disposition::Rejected))
        }
        1 | 22 | 28 => Some(DispositionEffect::person(Disposition::InvalidNumber)),
        // Q.850 outranks the 404, but the time limit of the 404 still applies to the second leg.
        3 if failure.sip_code == Some(404) => {
            let soon = failure.after_ms < NO_ROUTE_404_FAILOVER_BELOW_MS;
            Some(no_route(if soon { NextLeg::Once } else { NextLeg::Never }))
        }
        2 | 3 | 27 => Some(no_route(NextLeg::AnotherTrunk)),
        34 | 38 | 41 | 42 | 44 | 47 => Some(congestion(failure)),
        _ => None,
    }
}

/// Returns the row for a number without a route: the dialed prefix is at fault, not the trunk.
const fn no_route(next_leg: NextLeg) -> DispositionEffect {
    DispositionEffect::of(Disposition::UnreachableRoute, TrunkHealth::Neutral, next_leg)
}

/// Returns the row for congestion: counts against the trunk; charged only if the leg rang.
const fn congestion(failure: &LegFailure) -> DispositionEffect {
    let disposed = DispositionEffect::of(
        Disposition::Congestion,
        TrunkHealth::Counts,
        NextLeg::AnotherTrunk,
    );
    DispositionEffect {
        charged: failure.rang,
        ..disposed
    }
}

/// Returns the row for a SIP status, if no Q.850 cause decides. A status without a row of its own is read
/// as its class (RFC 3261, 8.1.3.2).
fn by_code(failure: &LegFailure) -> DispositionEffect {
    let Some(code) = failure.sip_code else {
        return trunk_failure(Disposition::TrunkTimeout, failure);
    };
    match code {
        408 if failure.rang => DispositionEffect::person(Disposition::NoAnswer),
        408 => trunk_failure(Disposition::TrunkTimeout, failure),
        480 => unavailable(failure),
        487 => DispositionEffect {
            health: TrunkHealth::Neutral,
            next_leg: NextLeg::Never,
            ..unavailable(failure)
        },
        403 if says_channel_limit(failure) => congestion(failure).uncharged(),
        401 | 407 => denied(Disposition::TrunkAuth),
        404 | 410 | 416 | 484 | 485 | 604 => DispositionEffect::person(Disposition::InvalidNumber),
        415 | 420 | 421 | 488 | 606 => DispositionEffect::of(
            Disposition::MediaIncompatible,
            TrunkHealth::Neutral,
            NextLeg::Once,
        )
        .uncharged()
        .alarming(),
        482 | 483 => DispositionEffect::of(Disposition::Loop, TrunkHealth::Neutral, NextLeg::Never)
            .uncharged()
            .alarming(),
        486 => DispositionEffect::person(Disposition::Busy),
        502 | 504 => no_route(NextLeg::AnotherTrunk),
        603 => DispositionEffect::person(Disposition::Rejected),
        607 | 608 => DispositionEffect::person(Disposition::Blocked),
        300..=399 => {
            DispositionEffect::of(Disposition::RedirectRefused, TrunkHealth::Neutral, NextLeg::Never)
        }
        500..=599 => congestion(failure),
        600..=699 => DispositionEffect::person(Disposition::Busy),
        // 400, 402, 403, 405, 423 and others: the trunk does not accept our requests as they are.
        _ => denied(Disposition::TrunkDenied),
    }
}

/// Returns the row for 480, and for a 487 without our CANCEL: no answer if it rang, else unreachable.
fn unavailable(failure: &LegFailure) -> DispositionEffect {
    if failure.rang {
        return DispositionEffect::person(Disposition::NoAnswer);
    }
    let soon = failure.after_ms < UNREACHABLE_FAILOVER_BELOW_MS && cause_of(failure).is_none();
    let next_leg = if soon { NextLeg::Once } else { NextLeg::Never };
    DispositionEffect::of(Disposition::Unreachable, TrunkHealth::Neutral, next_leg)
}

const fn denied(disposition: Disposition) -> DispositionEffect {
    DispositionEffect::of(disposition, TrunkHealth::CountsHard, NextLeg::AnotherTrunk)
        .uncharged()
        .alarming()
}

fn says_channel_limit(failure: &LegFailure) -> bool {
    failure
        .reason_header
        .as_deref()
        .is_some_and(|header| header.to_ascii_lowercase().contains("channel limit"))
}

/// Returns the disposition of a final SIP status in a carrier's call record, which has no Reason header. A
/// 2xx is `answered`; a 487 is `no_answer`: it can only follow our own CANCEL.
pub fn disposition_of_code(code: u16, rang: bool) -> Disposition {
    match code {
        200..=299 => Disposition::Answered,
        487 => Disposition::NoAnswer,
        _ => {
            let failure = LegFailure {
                sip_code: Some(code),
                definite: true,
                rang,
                ..LegFailure::default()
            };
            derive_failure_disposition(&failure).disposition
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Disposition as D;
    use NextLeg::{AnotherTrunk, Never, Once};
    use TrunkHealth::{Counts, CountsHard, Healthy, Neutral, Soft};

    fn response(code: u16) -> LegFailure {
        LegFailure {
            sip_code: Some(code),
            definite: true,
            after_ms: 5_000,
            ..LegFailure::default()
        }
    }

    fn rang(code: u16) -> LegFailure {
        LegFailure {
            rang: true,
            ..response(code)
        }
    }

    fn with_cause(q850: u16, failure: LegFailure) -> LegFailure {
        LegFailure {
            q850: Some(q850),
            ..failure
        }
    }

    fn after(after_ms: u64, failure: LegFailure) -> LegFailure {
        LegFailure { after_ms, ..failure }
    }

    fn local(cause: FailureCause, definite: bool) -> LegFailure {
        LegFailure {
            cause,
            definite,
            ..LegFailure::default()
        }
    }

    fn channel_limit() -> LegFailure {
        LegFailure {
            reason_header: Some("SIP;cause=403;text=\"Channel limit reached\"".to_owned()),
            ..response(403)
        }
    }

    type Row = (LegFailure, Disposition, bool, TrunkHealth, NextLeg);

    #[track_caller]
    fn check(rows: &[Row]) {
        for (failure, disposition, charged, health, next_leg) in rows {
            let disposed = derive_failure_disposition(failure);
            let found = (
                disposed.disposition,
                disposed.charged,
                disposed.health,
                disposed.next_leg,
            );
            assert_eq!(found, (*disposition, *charged, *health, *next_leg), "{failure:?}");
        }
    }

    #[test]
    fn what_a_person_did_is_charged_and_leaves_the_trunk_healthy() {
        check(&[
            (response(486), D::Busy, true, Healthy, Never),
            (response(600), D::Busy, true, Healthy, Never),
            (with_cause(17, response(480)), D::Busy, true, Healthy, Never),
            (rang(480), D::NoAnswer, true, Healthy, Never),
            (with_cause(18, rang(480)), D::NoAnswer, true, Healthy, Never),
            (with_cause(19, rang(480)), D::NoAnswer, true, Healthy, Never),
            (rang(408), D::NoAnswer, true, Healthy, Never),
            (
                LegFailure {
                    cause: FailureCause::Cancelled,
                    ..rang(487)
                },
                D::NoAnswer,
                true,
                Healthy,
                Never,
            ),
            (
                local(FailureCause::Cancelled, false),
                D::NoAnswer,
                true,
                Soft,
                Never,
            ),
            (response(603), D::Rejected, true, Healthy, Never),
            (with_cause(21, response(403)), D::Rejected, true, Healthy, Never),
            (response(607), D::Blocked, true, Healthy, Never),
            (response(608), D::Blocked, true, Healthy, Never),
            (with_cause(21, response(608)), D::Blocked, true, Healthy, Never),
        ]);
    }

    #[test]
    fn an_unreachable_number_is_distinguished_from_one_that_does_not_exist() {
        check(&[
            (response(480), D::Unreachable, true, Neutral, Never),
            (after(1_000, response(480)), D::Unreachable, true, Neutral, Never),
            (after(999, response(480)), D::Unreachable, true, Neutral, Once),
            (
                with_cause(20, response(480)),
                D::Unreachable,
                true,
                Neutral,
                Never,
            ),
            (with_cause(31, rang(480)), D::Unreachable, true, Neutral, Never),
            (response(487), D::Unreachable, true, Neutral, Never),
            (after(10, response(487)), D::Unreachable, true, Neutral, Never),
            (rang(487), D::NoAnswer, true, Neutral, Never),
            (response(404), D::InvalidNumber, true, Healthy, Never),
            (after(10, response(404)), D::InvalidNumber, true, Healthy, Never),
            (response(410), D::InvalidNumber, true, Healthy, Never),
            (response(416), D::InvalidNumber, true, Healthy, Never),
            (response(484), D::InvalidNumber, true, Healthy, Never),
            (response(485), D::InvalidNumber, true, Healthy, Never),
            (response(604), D::InvalidNumber, true, Healthy, Never),
            (
                with_cause(1, response(503)),
                D::InvalidNumber,
                true,
                Healthy,
                Never,
            ),
            (
                with_cause(22, response(480)),
                D::InvalidNumber,
                true,
                Healthy,
                Never,
            ),
            (
                with_cause(28, response(480)),
                D::InvalidNumber,
                true,
                Healthy,
                Never,
            ),
        ]);
    }

    #[test]
    fn a_missing_route_takes_the_next_trunk_and_spares_this_one() {
        check(&[
            (
                with_cause(2, response(500)),
                D::UnreachableRoute,
                true,
                Neutral,
                AnotherTrunk,
            ),
            (
                with_cause(3, response(500)),
                D::UnreachableRoute,
                true,
                Neutral,
                AnotherTrunk,
            ),
            (
                with_cause(27, response(480)),
                D::UnreachableRoute,
                true,
                Neutral,
                AnotherTrunk,
            ),
            (response(502), D::UnreachableRoute, true, Neutral, AnotherTrunk),
            (response(504), D::UnreachableRoute, true, Neutral, AnotherTrunk),
            (
                after(199, with_cause(3, response(404))),
                D::UnreachableRoute,
                true,
                Neutral,
                Once,
            ),
            (
                after(200, with_cause(3, response(404))),
                D::UnreachableRoute,
                true,
                Neutral,
                Never,
            ),
        ]);
    }

    #[test]
    fn congestion_counts_against_the_trunk_and_is_charged_only_after_ringing() {
        let mut rows: Vec<Row> = [500, 503, 580, 599]
            .into_iter()
            .map(|code| (response(code), D::Congestion, false, Counts, AnotherTrunk))
            .collect();
        for cause in [34, 38, 41, 42, 44, 47] {
            let failure = with_cause(cause, response(480));
            rows.push((failure, D::Congestion, false, Counts, AnotherTrunk));
        }
        rows.push((rang(503), D::Congestion, true, Counts, AnotherTrunk));
        rows.push((
            after(99, with_cause(34, response(486))),
            D::Congestion,
            false,
            Counts,
            AnotherTrunk,
        ));
        rows.push((channel_limit(), D::Congestion, false, Counts, AnotherTrunk));
        check(&rows);
    }

    #[test]
    fn what_the_trunk_did_counts_hard_and_is_not_charged_when_definite() {
        check(&[
            (response(401), D::TrunkAuth, false, CountsHard, AnotherTrunk),
            (response(407), D::TrunkAuth, false, CountsHard, AnotherTrunk),
            (response(403), D::TrunkDenied, false, CountsHard, AnotherTrunk),
            (response(402), D::TrunkDenied, false, CountsHard, AnotherTrunk),
            (response(423), D::TrunkDenied, false, CountsHard, AnotherTrunk),
            (response(408), D::TrunkTimeout, false, CountsHard, AnotherTrunk),
            (
                local(FailureCause::NoResponse, false),
                D::TrunkTimeout,
                true,
                CountsHard,
                Never,
            ),
            (
                local(FailureCause::OnlyTrying, false),
                D::TrunkTimeout,
                true,
                CountsHard,
                Never,
            ),
            (
                local(FailureCause::OnlyTrying, true),
                D::TrunkTimeout,
                false,
                CountsHard,
                AnotherTrunk,
            ),
            (
                local(FailureCause::Refused, true),
                D::TrunkUnreachable,
                false,
                CountsHard,
                AnotherTrunk,
            ),
            (
                local(FailureCause::Local, true),
                D::TrunkUnreachable,
                false,
                CountsHard,
                AnotherTrunk,
            ),
        ]);
    }

    #[test]
    fn what_this_machine_lacked_says_nothing_of_a_trunk_and_is_not_charged() {
        for lack in [EndCause::NoRtpPort, EndCause::NoDescriptor, EndCause::TooLate] {
            let failure = LegFailure {
                lack: Some(lack),
                ..local(FailureCause::Local, true)
            };
            check(&[(failure.clone(), D::Interrupted, false, Neutral, Never)]);
            assert!(!derive_failure_disposition(&failure).trunk_attributable());
        }
    }

    #[test]
    fn what_is_wrongly_configured_raises_an_alarm_and_is_not_charged() {
        let mut rows: Vec<Row> = [415, 420, 421, 488, 606]
            .into_iter()
            .map(|code| (response(code), D::MediaIncompatible, false, Neutral, Once))
            .collect();
        rows.push((response(482), D::Loop, false, Neutral, Never));
        rows.push((response(483), D::Loop, false, Neutral, Never));
        check(&rows);
        assert!(rows.iter().all(|row| derive_failure_disposition(&row.0).alarm));
        check(&[(response(302), D::RedirectRefused, true, Neutral, Never)]);
    }

    #[test]
    fn a_status_without_a_row_is_read_as_its_class() {
        check(&[
            (response(499), D::TrunkDenied, false, CountsHard, AnotherTrunk),
            (response(555), D::Congestion, false, Counts, AnotherTrunk),
            (response(699), D::Busy, true, Healthy, Never),
            (with_cause(16, response(486)), D::Busy, true, Healthy, Never),
        ]);
    }

    #[test]
    fn our_own_cause_outranks_q850_and_q850_outranks_the_status() {
        let canceled_busy = LegFailure {
            cause: FailureCause::Cancelled,
            ..with_cause(17, rang(486))
        };
        assert_eq!(
            derive_failure_disposition(&canceled_busy).disposition,
            D::NoAnswer
        );
        assert_eq!(
            derive_failure_disposition(&with_cause(17, response(503))).disposition,
            D::Busy
        );
    }

    #[test]
    fn once_means_after_the_first_leg_and_no_leg_follows_the_third() {
        assert!(Once.allowed_after(1) && !Once.allowed_after(2));
        assert!(AnotherTrunk.allowed_after(2) && !AnotherTrunk.allowed_after(3));
        assert!(!Never.allowed_after(1));
    }

    fn network(progress: CallProgress<'_>) -> DispositionEffect {
        derive_disposition(&CallFacts {
            reason: EndReason::Network,
            progress,
        })
    }

    #[test]
    fn congestion_of_a_later_leg_is_charged_when_an_earlier_one_rang() {
        let failure = response(503);
        for rang in [false, true] {
            let disposed = network(CallProgress::Unanswered {
                rang,
                cancel_requested: false,
                failure: Some(&failure),
            });
            assert_eq!(disposed.charged, rang);
        }
    }

    #[test]
    fn a_dialed_call_that_ends_without_any_evidence_was_interrupted() {
        for (cancel_requested, disposition) in [(false, D::Interrupted), (true, D::NoAnswer)] {
            let disposed = network(CallProgress::Unanswered {
                rang: true,
                cancel_requested,
                failure: None,
            });
            assert_eq!(disposed.disposition, disposition);
        }
    }

    #[test]
    fn three_kinds_of_health_do_not_open_the_breaker() {
        for (code, attributable) in [(486, false), (480, false), (488, false), (503, true), (407, true)] {
            let disposed = derive_failure_disposition(&response(code));
            assert_eq!(disposed.trunk_attributable(), attributable, "{code}");
        }
    }

    #[test]
    fn a_carriers_code_maps_to_the_disposition_a_caller_records() {
        for (code, rang, disposition) in [
            (200, true, D::Answered),
            (486, true, D::Busy),
            (487, true, D::NoAnswer),
            (487, false, D::NoAnswer),
            (480, true, D::NoAnswer),
            (480, false, D::Unreachable),
            (404, false, D::InvalidNumber),
            (603, true, D::Rejected),
            (503, false, D::Congestion),
        ] {
            assert_eq!(disposition_of_code(code, rang), disposition, "{code}");
        }
    }

    #[test]
    fn what_failed_definitely_before_a_crash_keeps_its_disposition() {
        let silent = local(FailureCause::NoResponse, false);
        for (failure, disposition) in [
            (Some(&response(603)), D::Rejected),
            (Some(&silent), D::Interrupted),
            (None, D::Interrupted),
        ] {
            let disposed = derive_disposition(&CallFacts {
                reason: EndReason::Crash,
                progress: CallProgress::Unanswered {
                    rang: false,
                    cancel_requested: false,
                    failure,
                },
            });
            assert_eq!(disposed.disposition, disposition);
        }
    }

    #[test]
    fn a_cause_that_only_the_stored_header_names_counts_too() {
        let failure = LegFailure {
            reason_header: Some("Q.850;cause=17".to_owned()),
            ..response(480)
        };
        assert_eq!(derive_failure_disposition(&failure).disposition, D::Busy);
    }

    #[test]
    fn the_q850_cause_is_found_among_other_values_and_never_inside_a_quoted_text() {
        for (header, cause) in [
            ("Q.850;cause=17", Some(17)),
            ("q.850 ; text=\"busy\" ; Cause = 17", Some(17)),
            (
                "SIP;cause=487;text=\"gone, Q.850;cause=1\", Q.850;cause=16",
                Some(16),
            ),
            ("SIP;cause=603;text=\"a \\\", Q.850;cause=1\"", None),
            ("Q.850;text=\"none\"", None),
            ("Q.850;cause=128", None),
            ("Q.850;cause=127", Some(127)),
            ("Q.850;cause=-1", None),
            ("Q.8500;cause=1", None),
            ("", None),
        ] {
            assert_eq!(parse_q850(header), cause, "{header}");
        }
    }
}
