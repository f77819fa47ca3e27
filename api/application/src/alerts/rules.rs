//! The rules of the alert watch (REP-6): current figures and the state of this process, each compared with
//! its limit.

use crate::clock_doubt::doubt_in_words;
use crate::engine_down::engine_down_in_words;
use crate::installation::DialingState;
use crate::installation::Installation;
use actors::OpenCircuit;
use domain::alert::{AlertFigure, AlertLimits, AlertRule, NOTE_BYTES_MAX, Severity};
use domain::call::EngineKind;
use domain::ids::CampaignId;
use domain::installation::{CLOCK_SKEW_MS_MAX, ClockDoubt, ClockOffset};
use projections::ViewStatus;
use projections::live_figures::{EngineFigures, KEPT_MS, LiveSnapshot, TrunkFigures, WindowFigures};

/// The short window of live figures in milliseconds, five minutes (REP-6).
const WINDOW_MS: u64 = 300_000;

/// The result of one check: a figure, its limit, and whether it is beyond the limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub rule: AlertRule,
    pub subject: String,
    pub campaign: Option<CampaignId>,
    pub severity: Severity,
    pub figure: AlertFigure,
    pub detail: String,
    pub is_beyond: bool,
}

/// Returns the findings of all rules with figures that can be read now. A figure that cannot be read yields
/// no finding, so its alert is neither raised nor cleared.
pub(super) async fn findings(installation: &Installation, limits: &AlertLimits) -> Vec<Finding> {
    let mut all = Vec::new();
    if let Ok(snapshot) = installation.live.latest() {
        of_figures(&snapshot, limits, &mut all);
    }
    // Readiness reports an unavailable read database. A figure that cannot be read neither raises nor
    // clears an alert.
    if let Ok(statuses) = installation.rows.statuses().await {
        of_views(&statuses, limits, &mut all);
    }
    let down = installation.environment.engines.open();
    all.extend(ENGINE_KINDS.map(|(kind, subject)| of_engine(kind, subject, &down)));
    let standing = *installation.dialing.state().borrow();
    all.push(of_log(standing));
    all.push(of_history(standing));
    let offsets = installation.environment.skew.all();
    all.extend(offsets.iter().map(|(offset, _)| of_clock(offset)));
    all.push(of_wall(installation.environment.skew.doubted()));
    all
}

fn of_figures(snapshot: &LiveSnapshot, limits: &AlertLimits, all: &mut Vec<Finding>) {
    for row in &snapshot.campaigns {
        all.push(answer_ratio(&row.campaign, &row.last_5_minutes, limits));
        all.push(sensitive_words(&row.campaign, &row.last_hour));
        all.push(angry_callers(&row.campaign, &row.last_hour));
    }
    for row in &snapshot.trunks {
        let value = count(row.failures_in_row);
        let last = row.last_failure.map_or("", |disposition| disposition.code());
        all.push(Finding {
            rule: AlertRule::LineFailures,
            subject: bounded(&row.trunk),
            campaign: None,
            severity: Severity::Critical,
            figure: figure(value, limits.line_failures_max, "count", 0),
            detail: bounded(&format!("{value} in a row, the last was {last}")),
            is_beyond: value >= limits.line_failures_max,
        });
        all.push(keyless(row));
    }
    all.extend(snapshot.engines.iter().map(|engine| failing(engine, limits)));
    let left_over = count(snapshot.last_5_minutes.left_over);
    all.push(Finding {
        rule: AlertRule::CallsLeftOver,
        subject: "calls".to_owned(),
        campaign: None,
        severity: Severity::Warning,
        figure: figure(left_over, 0, "count", WINDOW_MS),
        detail: format!("{left_over} calls were ended for a process that did not"),
        is_beyond: left_over > 0,
    });
}

/// Returns the finding for a trunk on which the last answered calls had no way to receive keypresses. One
/// call is enough: its callee cannot opt out by key.
fn keyless(row: &TrunkFigures) -> Finding {
    let value = count(row.keyless_in_row);
    Finding {
        rule: AlertRule::NoKeyPath,
        subject: bounded(&row.trunk),
        campaign: None,
        severity: Severity::Critical,
        figure: figure(value, 0, "count", 0),
        detail: format!("keys cannot arrive in the last {value} answered calls of this trunk"),
        is_beyond: value > 0,
    }
}

/// Returns the finding for calls of a campaign that a sensitive word ended in the window. One is enough: a
/// user must look into it.
fn sensitive_words(campaign: &CampaignId, window: &WindowFigures) -> Finding {
    let value = count(window.sensitive_words);
    Finding {
        rule: AlertRule::SensitiveWord,
        subject: campaign.to_string(),
        campaign: Some(campaign.clone()),
        severity: Severity::Critical,
        figure: figure(value, 0, "count", KEPT_MS),
        detail: format!("{value} calls were ended by a word of the campaign's lists"),
        is_beyond: value > 0,
    }
}

/// Returns the finding for calls of a campaign with an angry callee in the window. The count is 0 if the
/// campaign does not measure emotion.
fn angry_callers(campaign: &CampaignId, window: &WindowFigures) -> Finding {
    let value = count(window.angry_calls);
    Finding {
        rule: AlertRule::AngryCallers,
        subject: campaign.to_string(),
        campaign: Some(campaign.clone()),
        severity: Severity::Warning,
        figure: figure(value, 0, "count", KEPT_MS),
        detail: format!("{value} callees sounded angry, by their words and their voice"),
        is_beyond: value > 0,
    }
}

/// Returns the finding for the share of failed calls among an engine's last calls, per mille. With too few
/// calls it is never beyond the limit.
fn failing(engine: &EngineFigures, limits: &AlertLimits) -> Finding {
    let (calls, failed) = (count(engine.calls), count(engine.failed_calls));
    let value = failed.saturating_mul(1_000).checked_div(calls).unwrap_or(0);
    let last = engine.last_failure.as_deref().unwrap_or("nothing");
    Finding {
        rule: AlertRule::EngineFailing,
        subject: bounded(&engine.engine),
        campaign: None,
        severity: Severity::Critical,
        figure: figure(value, limits.engine_failed_per_mille_max, "per_mille", KEPT_MS),
        detail: bounded(&format!(
            "in {failed} of its last {calls} calls, the last failure was {last}"
        )),
        is_beyond: calls >= limits.engine_calls_min && value > limits.engine_failed_per_mille_max,
    }
}

fn answer_ratio(campaign: &CampaignId, window: &WindowFigures, limits: &AlertLimits) -> Finding {
    let per_mille = window.answered.saturating_mul(1_000).checked_div(window.settled);
    let value = per_mille.map_or(0, count);
    Finding {
        rule: AlertRule::AnswerRatioLow,
        subject: campaign.to_string(),
        campaign: Some(campaign.clone()),
        severity: Severity::Warning,
        figure: figure(value, limits.answer_per_mille_min, "per_mille", WINDOW_MS),
        detail: format!("{} of {} calls", window.answered, window.settled),
        is_beyond: window.settled >= limits.settled_min && value < limits.answer_per_mille_min,
    }
}

fn of_views(statuses: &[ViewStatus], limits: &AlertLimits, all: &mut Vec<Finding>) {
    for status in statuses {
        let parked = status.parked.as_ref();
        let detail = parked.map_or_else(String::new, |at| {
            format!("before position {}: {}", at.position, at.why)
        });
        all.push(Finding {
            rule: AlertRule::ViewParked,
            subject: status.view.clone(),
            campaign: None,
            severity: Severity::Critical,
            figure: figure(i64::from(parked.is_some()), 0, "count", 0),
            detail: bounded(&detail),
            is_beyond: parked.is_some(),
        });
    }
    let running = statuses.iter().filter(|status| status.parked.is_none());
    let furthest = running.max_by_key(|status| status.lag_events);
    let (lag, view) = furthest.map_or((0, ""), |status| (count(status.lag_events), status.view.as_str()));
    all.push(Finding {
        rule: AlertRule::ViewsLate,
        subject: "views".to_owned(),
        campaign: None,
        severity: Severity::Warning,
        figure: figure(lag, limits.lag_events_max, "events", 0),
        detail: format!("{view} is {lag} events behind the log"),
        is_beyond: lag > limits.lag_events_max,
    });
}

fn of_log(standing: DialingState) -> Finding {
    let is_damaged = standing == DialingState::Damaged;
    Finding {
        rule: AlertRule::LogDamaged,
        subject: "log".to_owned(),
        campaign: None,
        severity: Severity::Critical,
        figure: figure(i64::from(is_damaged), 0, "count", 0),
        detail: "nothing is dialed; ledgerline audit verify names the position".to_owned(),
        is_beyond: is_damaged,
    }
}

/// Both kinds of speech engine with the subjects of their alerts. The subject is the kind, so that an alert
/// stays the same if another engine is configured.
const ENGINE_KINDS: [(EngineKind, &str); 2] = [
    (EngineKind::Recognizer, "recognizer"),
    (EngineKind::Synthesizer, "synthesizer"),
];

/// Returns the finding for one kind of speech engine. It is beyond the limit while the circuit breaker of
/// the engine is open.
fn of_engine(kind: EngineKind, subject: &str, down: &[OpenCircuit]) -> Finding {
    let open = down.iter().find(|open| open.engine_kind == kind);
    Finding {
        rule: AlertRule::EngineDown,
        subject: subject.to_owned(),
        campaign: None,
        severity: Severity::Critical,
        figure: figure(i64::from(open.is_some()), 0, "count", 0),
        detail: open.map_or_else(String::new, |open| bounded(&engine_down_in_words(open))),
        is_beyond: open.is_some(),
    }
}

fn of_history(standing: DialingState) -> Finding {
    let is_lost = standing == DialingState::Lost;
    Finding {
        rule: AlertRule::HistoryLost,
        subject: "log".to_owned(),
        campaign: None,
        severity: Severity::Critical,
        figure: figure(i64::from(is_lost), 0, "count", 0),
        detail: "nothing is dialed until ledgerline backup confirm; /readyz says since when".to_owned(),
        is_beyond: is_lost,
    }
}

/// Returns the finding for the offset of our clock from one reference clock. If the reference does not
/// answer any more, its last offset remains.
fn of_clock(offset: &ClockOffset) -> Finding {
    let away_ms = offset.offset_ms.unsigned_abs();
    Finding {
        rule: AlertRule::ClockOff,
        subject: bounded(&offset.source),
        campaign: None,
        severity: Severity::Critical,
        figure: figure(count(away_ms), count(CLOCK_SKEW_MS_MAX), "ms", 0),
        detail: format!(
            "{} ms from it, give or take {}; beyond the limit nothing is dialed",
            offset.offset_ms, offset.uncertainty_ms
        ),
        is_beyond: away_ms > CLOCK_SKEW_MS_MAX,
    }
}

/// Returns the finding for a doubt about the wall clock: it differs from the steady clock or is before the
/// end of the log. `None` clears the alert.
fn of_wall(doubt: Option<ClockDoubt>) -> Finding {
    let away_ms = doubt.map_or(0, |doubt| doubt.apart_ms.unsigned_abs());
    Finding {
        rule: AlertRule::ClockOff,
        subject: "wall".to_owned(),
        campaign: None,
        severity: Severity::Critical,
        figure: figure(count(away_ms), count(CLOCK_SKEW_MS_MAX), "ms", 0),
        detail: doubt.map_or_else(String::new, |doubt| bounded(&doubt_in_words(doubt))),
        is_beyond: doubt.is_some(),
    }
}

/// Creates the figure of an alert: value and limit in `unit`, over a window in milliseconds (0: no window).
pub(super) fn figure(value: i64, limit: i64, unit: &str, window_ms: u64) -> AlertFigure {
    AlertFigure {
        value,
        limit,
        unit: unit.to_owned(),
        window_ms,
    }
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Returns a text from outside (a trunk's name, an error), cut to the `NOTE_BYTES_MAX` bytes that fit into
/// an event.
pub(super) fn bounded(text: &str) -> String {
    let mut taken = String::new();
    for character in text.chars() {
        if taken.len() + character.len_utf8() > NOTE_BYTES_MAX {
            break;
        }
        taken.push(character);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::installation::ClockDoubtCause;
    use domain::time::Timestamp;
    use projections::alert_words::translate_detail;

    fn window(answered: u64, settled: u64) -> WindowFigures {
        WindowFigures {
            answered,
            settled,
            ..WindowFigures::default()
        }
    }

    fn ratio_of(answered: u64, settled: u64) -> Finding {
        answer_ratio(
            &"T".parse().unwrap(),
            &window(answered, settled),
            &AlertLimits::default(),
        )
    }

    #[test]
    fn an_answer_rate_below_the_limit_is_beyond_it_once_enough_calls_settled() {
        assert!(ratio_of(5, 20).is_beyond);
        assert!(!ratio_of(6, 20).is_beyond, "30 per cent is not below 30 per cent");
        assert!(!ratio_of(0, 19).is_beyond, "too few say nothing");
        let found = ratio_of(299, 1_000);
        assert_eq!(
            (found.is_beyond, found.figure.value, found.figure.limit),
            (true, 299, 300)
        );
        assert_eq!(found.detail, "299 of 1000 calls");
    }

    fn down() -> OpenCircuit {
        OpenCircuit {
            engine_kind: EngineKind::Recognizer,
            engine: "funasr".to_owned(),
            since: Timestamp::EPOCH,
            reason: "unreachable".to_owned(),
        }
    }

    #[test]
    fn an_engine_that_is_down_is_named_by_its_kind_and_the_other_is_not() {
        let found = ENGINE_KINDS.map(|(kind, subject)| of_engine(kind, subject, &[down()]));
        assert_eq!(found.each_ref().map(|one| one.is_beyond), [true, false]);
        assert_eq!(found[0].subject, "recognizer");
        assert!(found[0].detail.contains("funasr") && found[0].detail.contains("unreachable"));
        assert!(!of_engine(EngineKind::Recognizer, "recognizer", &[]).is_beyond);
    }

    fn trunk(keyless_in_row: u64) -> TrunkFigures {
        TrunkFigures {
            trunk: "first".to_owned(),
            failures_in_row: 0,
            keyless_in_row,
            last_failure_at: None,
            last_failure: None,
            last_5_minutes: window(0, 0),
            last_hour: window(0, 0),
        }
    }

    #[test]
    fn a_trunk_on_which_keys_cannot_arrive_is_reported_from_its_first_call_on() {
        let found = keyless(&trunk(1));
        assert!(found.is_beyond);
        assert_eq!(
            (found.rule, found.subject.as_str()),
            (AlertRule::NoKeyPath, "first")
        );
        assert!(!keyless(&trunk(0)).is_beyond);
    }

    #[test]
    fn an_engine_is_failing_above_a_fifth_of_five_calls_and_a_word_is_reported_at_once() {
        let engine = |calls, failed_calls| EngineFigures {
            engine_kind: EngineKind::Recognizer,
            engine: "vosk".to_owned(),
            calls,
            failed_calls,
            failed_last: true,
            last_failure: Some("late".to_owned()),
            last_call_at: Timestamp::EPOCH,
        };
        let found = |calls, failed| failing(&engine(calls, failed), &AlertLimits::default());
        assert!(found(5, 2).is_beyond && found(20, 5).is_beyond);
        assert!(!found(4, 4).is_beyond, "too few say nothing");
        assert!(
            !found(5, 1).is_beyond && !found(20, 4).is_beyond,
            "a fifth is not above it"
        );
        assert_eq!(
            found(20, 5).detail,
            "in 5 of its last 20 calls, the last failure was late"
        );
        let campaign = "T".parse().unwrap();
        let said = |sensitive_words| WindowFigures {
            sensitive_words,
            ..WindowFigures::default()
        };
        assert!(sensitive_words(&campaign, &said(1)).is_beyond);
        assert!(!sensitive_words(&campaign, &said(0)).is_beyond);
        let sounded = |angry_calls| WindowFigures {
            angry_calls,
            ..WindowFigures::default()
        };
        assert!(angry_callers(&campaign, &sounded(1)).is_beyond);
        assert!(!angry_callers(&campaign, &sounded(0)).is_beyond);
    }

    #[test]
    fn the_detail_of_each_finding_is_translated_to_chinese() {
        let (campaign, limits) = ("T".parse().unwrap(), AlertLimits::default());
        let mut all = vec![
            keyless(&trunk(3)),
            answer_ratio(&campaign, &window(5, 20), &limits),
            sensitive_words(&campaign, &window(5, 20)),
            angry_callers(&campaign, &window(5, 20)),
            of_log(DialingState::Damaged),
            of_history(DialingState::Lost),
        ];
        let doubt = |cause| ClockDoubt {
            cause,
            apart_ms: -5_000,
        };
        all.push(of_engine(EngineKind::Recognizer, "recognizer", &[down()]));
        all.push(of_wall(Some(doubt(ClockDoubtCause::WallMoved))));
        all.push(of_wall(Some(doubt(ClockDoubtCause::BeforeLog))));
        of_views(&[], &limits, &mut all);
        all.push(of_clock(&ClockOffset {
            offset_ms: -2_500,
            round_trip_ms: 10,
            source: "ntp.example".to_owned(),
            uncertainty_ms: 5,
        }));
        for found in all {
            assert!(
                translate_detail(&found.detail).is_some(),
                "{:?} {}",
                found.rule,
                found.detail
            );
        }
    }

    #[test]
    fn a_clock_two_seconds_away_is_right_and_a_millisecond_more_is_not() {
        let away = |offset_ms| {
            of_clock(&ClockOffset {
                offset_ms,
                round_trip_ms: 10,
                source: "ntp.example".to_owned(),
                uncertainty_ms: 5,
            })
        };
        for (offset_ms, is_beyond) in [(2_000, false), (2_001, true), (-2_000, false), (-2_001, true)] {
            let found = away(offset_ms);
            assert_eq!(found.is_beyond, is_beyond, "{offset_ms} ms");
            assert_eq!((found.figure.value, found.figure.limit), (offset_ms.abs(), 2_000));
            assert_eq!(found.subject, "ntp.example");
        }
    }

    #[test]
    fn a_foreign_text_is_cut_to_fit_into_an_event() {
        assert_eq!(bounded("first"), "first");
        let long = bounded(&"线".repeat(200));
        assert!(long.len() <= NOTE_BYTES_MAX && long.len() > NOTE_BYTES_MAX - 3);
    }
}
