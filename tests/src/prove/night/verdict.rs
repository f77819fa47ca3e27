//! The judgement of the night: the carrier's records are compared with the calling windows and with the
//! rules, by the carrier's own times and numbers. What the server reports about its calls is not used.

use super::night_server::{ClockLead, EndedServer};
use crate::carrier::CdrLine;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How long before a kill a call may have ended without its end being stored.
const STORED_WITHIN_MS: u64 = 3_000;

/// The most calls, in the short form, that ended longer before a kill and were interrupted by the log, and
/// the most dials that reached the carrier after their window closed: one second of dials of a machine that
/// is late.
const LATE_MAX: usize = super::DIALS_PER_SECOND as usize;

/// How long before a kill an answer may have come without being stored.
const ANSWER_STORED_WITHIN_MS: u64 = 500;

/// How long after the end of a server the carrier may still receive a datagram of it; judged in the long
/// form.
const ON_ITS_WAY_MS: u64 = 1_000;

/// The most calls to one number per day (`cn-service`).
const A_DAY_MAX: usize = 2;

/// The offset of Beijing from UTC, in microseconds.
const BEIJING_MICROS: i64 = 8 * 3_600 * 1_000_000;
const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// What is known of the night besides the carrier's records.
pub(super) struct Night<'a> {
    pub(super) shifts: &'a [EndedServer],
    /// The windows in which calls may be dialed.
    pub(super) windows: [[Timestamp; 2]; 2],
    pub(super) phones: BTreeSet<String>,
    /// What the log says of its dials, in the short form. The long form judges by the carrier's times
    /// instead.
    pub(super) logged: Option<LoggedDials>,
}

/// The dials of the log, by their SIP Call-IDs.
#[derive(Default)]
pub(super) struct LoggedDials {
    /// When each dial was stored, by the rehearsal's clock.
    pub(super) dialed: BTreeMap<String, Timestamp>,
    /// The dials of the calls that a kill interrupted.
    pub(super) interrupted: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(super) struct NightVerdict {
    dials: usize,
    called: usize,
    outside: usize,
    dialed_again: usize,
    at_once_to_one: usize,
    forgotten: usize,
    unknown_callees: usize,
    without_server: usize,
    over_the_days_cap: usize,
    /// The dials that only the log explains: late at the carrier, or repeated although they ended long before
    /// a kill.
    late_dials: usize,
    late_ends: usize,
    /// The calls open at the median INVITE, and the most at any.
    pub(super) at_once: usize,
    pub(super) at_once_max: usize,
    /// The dials in each window.
    pub(super) evening: usize,
    pub(super) morning: usize,
    pub(super) wrong: Vec<String>,
}

/// One INVITE as the carrier saw it, by its clock.
struct Dial<'a> {
    call_id: &'a str,
    callee: String,
    invited: Timestamp,
    answered: Option<Timestamp>,
    ended: Option<Timestamp>,
    /// The clock of the server that sent it.
    ahead: Option<ClockLead>,
}

impl Dial<'_> {
    /// Returns the day in Beijing by the rehearsal's clock.
    fn day(&self) -> Option<i64> {
        let (earliest, _) = self.ahead?.of_machine(self.invited);
        Some((earliest.micros() + BEIJING_MICROS).div_euclid(DAY_MICROS))
    }
}

pub(super) fn judge(lines: &BTreeMap<String, CdrLine>, night: &Night<'_>) -> NightVerdict {
    let mut dials: Vec<Dial<'_>> = lines.values().filter_map(|line| dial(line, night)).collect();
    dials.sort_by_key(|dial| dial.invited);
    let mut found = NightVerdict {
        dials: dials.len(),
        ..NightVerdict::default()
    };
    for dial in &dials {
        found.hold_to_windows(dial, night);
    }
    let mut of_number: BTreeMap<&str, Vec<&Dial<'_>>> = BTreeMap::new();
    for dial in &dials {
        of_number.entry(&dial.callee).or_default().push(dial);
    }
    found.called = of_number.len();
    let forgotten = night
        .phones
        .iter()
        .filter(|phone| !of_number.contains_key(phone.as_str()));
    found.forgotten = forgotten.count();
    found.unknown_callees = of_number
        .keys()
        .filter(|callee| !night.phones.contains(**callee))
        .count();
    for dials in of_number.values() {
        found.hold_to_once(dials, night);
    }
    let mut open: Vec<usize> = at_once(&dials);
    open.sort_unstable();
    found.at_once = open.get(open.len() / 2).copied().unwrap_or(0);
    found.at_once_max = open.last().copied().unwrap_or(0);
    found
}

fn dial<'a>(line: &'a CdrLine, night: &Night<'_>) -> Option<Dial<'a>> {
    let invited: Timestamp = line.invited_at.parse().ok()?;
    let is_by = |shift: &EndedServer| {
        let until = shift.ended.plus_ms(ON_ITS_WAY_MS);
        shift.began <= invited && (night.logged.is_some() || invited <= until)
    };
    // If the next server has begun meanwhile, the dial is its own: a datagram takes less time than a start.
    let by = night.shifts.iter().rev().find(|shift| is_by(shift));
    Some(Dial {
        call_id: &line.call_id,
        callee: line
            .callee
            .trim_start_matches('+')
            .trim_start_matches("86")
            .to_owned(),
        invited,
        answered: line.answered_at.as_deref().and_then(|at| at.parse().ok()),
        ended: line.ended_at.as_deref().and_then(|at| at.parse().ok()),
        ahead: by.map(|shift| shift.ahead),
    })
}

impl NightVerdict {
    /// Checks that a dial is in a window, as precisely as the clocks can be compared.
    fn hold_to_windows(&mut self, dial: &Dial<'_>, night: &Night<'_>) {
        let Some(ahead) = dial.ahead else {
            self.without_server += 1;
            self.say(format!("{}: no server was there to send it", dial.call_id));
            return;
        };
        let (earliest, latest) = ahead.of_machine(dial.invited);
        let window_of = |from: Timestamp, to: Timestamp| {
            let mut windows = night.windows.iter();
            windows.position(|[opens, closes]| to >= *opens && from < *closes)
        };
        let mut window = window_of(earliest, latest);
        if window.is_none()
            && let Some(stored) = night.logged.as_ref().and_then(|all| all.dialed.get(dial.call_id))
            && self.late_dials < LATE_MAX
        {
            window = window_of(*stored, *stored);
            self.late_dials += usize::from(window.is_some());
        }
        match window {
            Some(0) => self.evening += 1,
            Some(_) => self.morning += 1,
            None => {
                self.outside += 1;
                self.say(format!("{}: dialed at {earliest}", dial.call_id));
            }
        }
    }

    /// Checks that each number is dialed once, unless a kill explains a second dial; and not again on a day
    /// on which the callee was connected.
    fn hold_to_once(&mut self, dials: &[&Dial<'_>], night: &Night<'_>) {
        for (first, second) in dials.iter().zip(dials.iter().skip(1)) {
            if first.ended.is_none_or(|ended| ended > second.invited) {
                self.at_once_to_one += 1;
                self.say(format!("{}: while {} was open", second.call_id, first.call_id));
            }
            let is_same_day = first.day() == second.day();
            let is_explained = self.is_explained(first, second, night);
            if !is_explained || (was_spoken_to(first, night) && is_same_day) {
                self.dialed_again += 1;
                self.say(format!(
                    "{} at {}: called before at {}, answered {:?}, over {:?}, in {}",
                    second.call_id,
                    second.invited,
                    first.invited,
                    first.answered.map(|at| at.to_string()),
                    first.ended.map(|at| at.to_string()),
                    first.call_id
                ));
            }
        }
        let days: BTreeSet<_> = dials.iter().map(|dial| dial.day()).collect();
        let most = days
            .iter()
            .map(|day| dials.iter().filter(|dial| dial.day() == *day).count())
            .max();
        self.over_the_days_cap += usize::from(most > Some(A_DAY_MAX));
    }

    /// Returns true if a kill explains why the customer of `first` was dialed again. In the short form the
    /// log must say that a kill before `second` interrupted the call, however late its end would have been
    /// stored.
    fn is_explained(&mut self, first: &Dial<'_>, second: &Dial<'_>, night: &Night<'_>) -> bool {
        let by_time = was_killed(first, night);
        let Some(logged) = &night.logged else {
            return by_time;
        };
        let mut kills = night.shifts.iter().filter(|shift| shift.is_killed);
        let is_after_kill = kills.any(|shift| shift.ended <= second.invited);
        let is_interrupted = is_after_kill && logged.interrupted.contains(first.call_id);
        self.late_ends += usize::from(is_interrupted && !by_time);
        is_interrupted && self.late_ends <= LATE_MAX
    }

    fn say(&mut self, what: String) {
        if self.wrong.len() < 10 {
            self.wrong.push(what);
        }
    }

    pub(super) fn line(&self) -> Value {
        json!({"dialed": self.dials, "called": self.called, "in_the_evening": self.evening,
            "in_the_morning": self.morning, "outside": self.outside, "dialed_again": self.dialed_again,
            "at_once_to_one": self.at_once_to_one, "forgotten": self.forgotten,
            "unknown_callees": self.unknown_callees, "by_nobody": self.without_server,
            "over_the_days_cap": self.over_the_days_cap, "late_dials": self.late_dials,
            "late_ends": self.late_ends, "at_once": self.at_once, "at_once_max": self.at_once_max})
    }
}

/// Returns true if the call was open when a server was killed, or over before without its end being stored.
fn was_killed(dial: &Dial<'_>, night: &Night<'_>) -> bool {
    let is_open_at = |kill: Timestamp| {
        dial.invited <= kill
            && dial
                .ended
                .is_none_or(|ended| ended.plus_ms(STORED_WITHIN_MS) >= kill)
    };
    let mut kills = night.shifts.iter().filter(|shift| shift.is_killed);
    kills.any(|shift| is_open_at(shift.ended))
}

/// Returns true if the callee answered while a server was there. If the server was gone, the callee hears
/// nothing, and no log can contain the answer.
fn was_spoken_to(dial: &Dial<'_>, night: &Night<'_>) -> bool {
    let is_unheard = |answered: Timestamp, kill: Timestamp| {
        dial.invited <= kill && kill <= answered.plus_ms(ANSWER_STORED_WITHIN_MS)
    };
    let mut kills = night.shifts.iter().filter(|shift| shift.is_killed);
    dial.answered
        .is_some_and(|answered| !kills.any(|shift| is_unheard(answered, shift.ended)))
}

/// Returns how many calls are open at each INVITE, including itself.
fn at_once(dials: &[Dial<'_>]) -> Vec<usize> {
    let mut ends: Vec<Timestamp> = dials.iter().filter_map(|dial| dial.ended).collect();
    ends.sort_unstable();
    let open = dials.iter().enumerate().map(|(index, dial)| {
        let over = ends.partition_point(|ended| *ended <= dial.invited);
        (index + 1).saturating_sub(over)
    });
    open.collect()
}

#[cfg(test)]
mod tests {
    use super::super::night_server::instant_of;
    use super::super::process_usage::ProcessUsage;
    use super::*;

    const EVENING: [&str; 2] = ["2026-03-02T01:00:00Z", "2026-03-02T10:00:00Z"];
    const MORNING: [&str; 2] = ["2026-03-03T01:00:00Z", "2026-03-03T10:00:00Z"];

    /// The machine's clock is the rehearsal's, except for 10 ms.
    const AHEAD: ClockLead = ClockLead {
        least: -10_000,
        most: 0,
    };

    fn shift(began: &str, ended: &str, is_killed: bool) -> EndedServer {
        EndedServer {
            began: instant_of(began),
            ended: instant_of(ended),
            is_killed,
            is_dirty: false,
            ahead: AHEAD,
            used: ProcessUsage::default(),
        }
    }

    /// A number, when it was invited, whether it answered (a second later), and when it was over.
    type Call = (&'static str, &'static str, bool, &'static str);

    fn line(index: usize, (callee, invited, is_answered, ended): &Call) -> (String, CdrLine) {
        let line = CdrLine {
            call_id: format!("call-{index}"),
            callee: format!("+86{callee}"),
            invites: 1,
            invited_at: (*invited).to_owned(),
            code: Some(200),
            answered_at: is_answered.then(|| instant_of(invited).plus_ms(1_000).to_string()),
            acked_at: None,
            ended_at: Some((*ended).to_owned()),
            ended_by: None,
            digits: String::new(),
            turns: None,
        };
        (line.call_id.clone(), line)
    }

    fn judged(calls: &[Call]) -> NightVerdict {
        judged_by(calls, None)
    }

    fn judged_by(calls: &[Call], logged: Option<LoggedDials>) -> NightVerdict {
        let shifts = [
            shift("2026-03-02T09:59:00Z", "2026-03-02T10:00:01Z", true),
            shift("2026-03-03T00:59:00Z", "2026-03-03T01:30:00Z", false),
        ];
        let night = Night {
            shifts: &shifts,
            windows: [EVENING, MORNING].map(|day| day.map(instant_of)),
            phones: ["1", "2"].map(str::to_owned).into(),
            logged,
        };
        let lines = calls.iter().enumerate();
        judge(&lines.map(|(index, call)| line(index, call)).collect(), &night)
    }

    const FIRST: Call = ("1", "2026-03-02T09:59:10Z", true, "2026-03-02T09:59:14Z");
    const SECOND: Call = ("2", "2026-03-03T01:00:10Z", false, "2026-03-03T01:00:14Z");

    #[test]
    fn everybody_called_once_in_a_window_is_right() {
        let found = judged(&[FIRST, SECOND]);
        assert_eq!((found.evening, found.morning, found.called), (1, 1, 2));
        assert!(found.wrong.is_empty() && found.forgotten == 0 && found.over_the_days_cap == 0);
    }

    #[test]
    fn what_is_wrong_is_counted() {
        let outside = ("2", "2026-03-02T10:00:00.020Z", true, "2026-03-02T10:00:03Z");
        let edge = ("2", "2026-03-02T10:00:00.009Z", true, "2026-03-02T10:00:03Z");
        assert_eq!(judged(&[FIRST, outside]).outside, 1);
        assert_eq!(
            judged(&[FIRST, edge]).outside,
            0,
            "the clocks cannot be compared more precisely"
        );
        let unsent = ("2", "2026-03-02T20:00:00Z", true, "2026-03-02T20:00:03Z");
        assert_eq!(judged(&[FIRST, unsent]).without_server, 1);
        assert_eq!(judged(&[FIRST]).forgotten, 1);
        let stranger = ("3", "2026-03-02T09:59:20Z", true, "2026-03-02T09:59:24Z");
        assert_eq!(judged(&[FIRST, SECOND, stranger]).unknown_callees, 1);
        let again = ("1", "2026-03-02T09:59:30Z", true, "2026-03-02T09:59:34Z");
        assert_eq!(judged(&[FIRST, again, SECOND]).dialed_again, 1);
        let meanwhile = ("1", "2026-03-02T09:59:12Z", true, "2026-03-02T09:59:34Z");
        assert_eq!(judged(&[FIRST, meanwhile, SECOND]).at_once_to_one, 1);
    }

    #[test]
    fn a_callee_left_by_a_kill_is_called_again_and_an_answered_one_not_on_that_day() {
        let open = ("2", "2026-03-02T09:59:57Z", true, "2026-03-02T10:00:02Z");
        assert_eq!(judged(&[FIRST, open, SECOND]).dialed_again, 0);
        let just_over = ("2", "2026-03-02T09:59:50Z", false, "2026-03-02T09:59:58.500Z");
        assert_eq!(judged(&[FIRST, just_over, SECOND]).dialed_again, 0);
        let long_over = ("2", "2026-03-02T09:59:50Z", false, "2026-03-02T09:59:57Z");
        assert_eq!(judged(&[FIRST, long_over, SECOND]).dialed_again, 1);
        let same_day = ("2", "2026-03-02T10:00:01.500Z", true, "2026-03-02T10:00:05Z");
        let left = ("2", "2026-03-02T09:59:57Z", true, "2026-03-02T10:00:01.100Z");
        assert_eq!(judged(&[FIRST, left, same_day]).dialed_again, 1);
        let unheard = ("2", "2026-03-02T10:00:00.900Z", true, "2026-03-02T10:00:01.400Z");
        assert_eq!(
            judged(&[FIRST, unheard, same_day]).dialed_again,
            0,
            "answered after the kill"
        );
    }

    #[test]
    fn a_dial_just_behind_a_change_of_servers_is_of_the_one_that_began() {
        let apart = |ahead: i64| ClockLead {
            least: ahead,
            most: ahead,
        };
        let hours = 3_600 * 1_000_000;
        let evening = EndedServer {
            ahead: apart(0),
            ..shift("2026-03-02T09:59:00Z", "2026-03-02T10:00:20Z", false)
        };
        let morning = EndedServer {
            ahead: apart(15 * hours),
            ..shift("2026-03-02T10:00:20Z", "2026-03-02T10:30:00Z", false)
        };
        let night = Night {
            shifts: &[evening, morning],
            windows: [EVENING, MORNING].map(|day| day.map(instant_of)),
            phones: ["1"].map(str::to_owned).into(),
            logged: None,
        };
        let lines = [line(
            0,
            &("1", "2026-03-02T10:00:20.900Z", true, "2026-03-02T10:00:24Z"),
        )];
        let found = judge(&lines.into(), &night);
        assert_eq!((found.outside, found.morning), (0, 1), "{:?}", found.wrong);
    }

    #[test]
    fn calls_are_counted_while_they_are_open() {
        let other = ("2", "2026-03-02T09:59:12Z", true, "2026-03-02T09:59:20Z");
        let found = judged(&[FIRST, other]);
        assert_eq!((found.at_once, found.at_once_max), (2, 2));
        assert_eq!(judged(&[FIRST, SECOND]).at_once_max, 1);
    }

    /// Returns a log in which `call-0` was interrupted, and `call-1` stored at this time.
    fn logged(stored: &str) -> Option<LoggedDials> {
        Some(LoggedDials {
            dialed: [("call-1".to_owned(), instant_of(stored))].into(),
            interrupted: ["call-0".to_owned()].into(),
        })
    }

    #[test]
    fn the_log_explains_a_second_dial_only_after_an_interruption() {
        let long_over = ("1", "2026-03-02T09:59:50Z", false, "2026-03-02T09:59:52Z");
        let next_day = ("1", "2026-03-03T01:00:20Z", true, "2026-03-03T01:00:24Z");
        let calls = [long_over, SECOND, next_day];
        let found = judged_by(&calls, logged(SECOND.1));
        assert_eq!((found.dialed_again, found.late_ends), (0, 1));
        assert_eq!(judged_by(&calls, Some(LoggedDials::default())).dialed_again, 1);
        let before_kill = ("1", "2026-03-02T09:59:55Z", true, "2026-03-02T09:59:59Z");
        let calls = [long_over, SECOND, before_kill];
        assert_eq!(judged_by(&calls, logged(SECOND.1)).dialed_again, 1);
    }

    #[test]
    fn a_dial_that_reached_the_carrier_late_was_stored_in_a_window() {
        let late = ("2", "2026-03-02T10:00:00.900Z", true, "2026-03-02T10:00:03Z");
        let found = judged_by(&[FIRST, late], logged("2026-03-02T09:59:59.900Z"));
        assert_eq!((found.outside, found.late_dials), (0, 1));
        let stored_outside = judged_by(&[FIRST, late], logged("2026-03-02T10:00:00.100Z"));
        assert_eq!(stored_outside.outside, 1);
    }

    #[test]
    fn the_log_explains_only_so_many_dials() {
        let call = |_| ("1", "2026-03-02T10:00:00.900Z", false, "2026-03-02T10:00:01Z");
        let calls: Vec<Call> = (0..=LATE_MAX).map(call).collect();
        let stored = instant_of("2026-03-02T09:59:59Z");
        let ids = || (0..calls.len()).map(|index| format!("call-{index}"));
        let all = LoggedDials {
            dialed: ids().map(|id| (id, stored)).collect(),
            interrupted: ids().collect(),
        };
        let found = judged_by(&calls, Some(all));
        assert_eq!((found.late_dials, found.outside), (LATE_MAX, 1));
    }
}
