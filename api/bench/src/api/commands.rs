//! Durable commands: at a steady rate beside the same commits without HTTP, at the peak, and at three times
//! the peak, where commands that cannot be executed are refused soon.
//!
//! The peak is measured before the overload and after it, and the mean of both is used: log and people in
//! memory grow by some hundred thousand meanwhile, and the overload would otherwise be compared with a server
//! that has less data.
//!
//! Times count from when a request was due, not from when its client sent it, so that a server that has
//! stopped does not get fewer requests (Tene, "coordinated omission").

use super::connection::{Connection, ServerAccess};
use crate::append::actors::run_in_tasks;
use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, Times, float};
use application::installation::Installation;
use domain::ids::NumberId;
use domain::number::NumberCommand;
use domain::number::event::OptOutSource;
use domain::problem::Problem;
use domain::stored_event::Cause;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The steady rate in commands per second, for which the delay of HTTP is limited (issue 13, figures to
/// reach).
const A_SECOND: u64 = 1_000;

/// Target in microseconds: how much longer 99 of 100 commands over HTTP may take than the same commits
/// without it.
const BEYOND_COMMIT_US_MAX: f64 = 20_000.0;

/// The longest time of a refusal.
const REFUSAL_US_MAX: f64 = 10_000.0;

/// Target: the least share of the peak rate that is executed when three times the peak is offered.
const GOODPUT_MIN: f64 = 0.9;

/// The clients at the steady rate: so many that no request waits for another client's response.
const STEADY_CLIENTS: usize = 64;

/// The clients that send without a pause to measure the peak.
const PEAK_CLIENTS: usize = 128;

/// The load that is offered, in multiples of the peak.
const OVERLOAD: u64 = 3;

/// The clients of the overload: each has one request in progress.
const OVERLOAD_CLIENTS: usize = 768;

/// The results of requests.
#[derive(Debug, Default)]
struct RequestResults {
    done: Times,
    refused: Times,
    other: u64,
}

impl RequestResults {
    fn add(&mut self, status: u16, nanos: u64) {
        match status {
            200 | 201 => self.done.add(nanos),
            429 | 503 => self.refused.add(nanos),
            _ => self.other += 1,
        }
    }
}

/// The times at which requests are due.
#[derive(Debug)]
struct RequestSchedule {
    watch: Stopwatch,
    next: AtomicU64,
    /// 0: immediately.
    nanos_between: u64,
    until_nanos: u64,
}

impl RequestSchedule {
    fn of(a_second: u64, seconds: u64) -> Arc<Self> {
        Arc::new(Self {
            watch: Stopwatch::start(),
            next: AtomicU64::new(0),
            nanos_between: 1_000_000_000_u64.checked_div(a_second).unwrap_or(0),
            until_nanos: seconds * 1_000_000_000,
        })
    }

    /// Returns the number of the next request, and when it was due; `None` after the end of the measurement.
    async fn due(&self, installation: &Installation) -> Option<(u64, u64)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let now = self.watch.nanos();
        let due = match self.nanos_between {
            0 => now,
            between => number * between,
        };
        if due >= self.until_nanos || now >= self.until_nanos {
            return None;
        }
        while self.watch.nanos() < due {
            let left_ms = (due - self.watch.nanos().min(due)) / 1_000_000;
            installation.pause(left_ms.max(1)).await;
        }
        Some((number, due))
    }
}

pub(super) async fn measure(
    installation: &Arc<Installation>,
    door: &ServerAccess,
    seconds: u64,
    report: &mut Report,
) -> Result<(), Problem> {
    let commits = commits(installation, seconds).await?;
    let steady = asked(
        installation,
        door,
        RequestSchedule::of(A_SECOND, seconds),
        STEADY_CLIENTS,
        1,
    )
    .await?;
    report.row("1,000 commands a second", "the commit alone", &commits, 1);
    report.row("1,000 commands a second", "over HTTP", &steady.done, 1);
    report.fact("steady_not_done", steady.other + count(&steady.refused));
    report.value(
        "commands: over HTTP beyond the commit, p99 us",
        steady.done.p99_us() - commits.p99_us(),
        Some(Target::AtMost(BEYOND_COMMIT_US_MAX)),
    );
    let at_peak = |round| {
        asked(
            installation,
            door,
            RequestSchedule::of(0, seconds),
            PEAK_CLIENTS,
            round,
        )
    };
    let a_second = |found: &RequestResults| float(count(&found.done)) / float(seconds);
    let peak = at_peak(2).await?;
    report.value("commands: the peak, a second", a_second(&peak), None);
    report.value("commands: at the peak, p99 us", peak.done.p99_us(), None);
    let offered = OVERLOAD * count(&peak.done) / seconds.max(1);
    let over = asked(
        installation,
        door,
        RequestSchedule::of(offered, seconds),
        OVERLOAD_CLIENTS,
        3,
    )
    .await?;
    let later = at_peak(4).await?;
    report.value("commands: the peak afterwards, a second", a_second(&later), None);
    report.fact("offered_a_second", offered);
    report.fact("refused", count(&over.refused));
    report.fact("answered_otherwise", over.other);
    report.ratio(
        "commands: done at three times the peak / the peak",
        a_second(&over),
        f64::midpoint(a_second(&peak), a_second(&later)),
        Some(Target::AtLeast(GOODPUT_MIN)),
    );
    if count(&over.refused) > 0 {
        let target = Some(Target::AtMost(REFUSAL_US_MAX));
        report.value("commands: a refusal, p99 us", over.refused.p99_us(), target);
    }
    Ok(())
}

fn count(times: &Times) -> u64 {
    times.count() as u64
}

/// Sends the same commands to the entities themselves, without HTTP, at the steady rate. Returns their
/// times.
async fn commits(installation: &Arc<Installation>, seconds: u64) -> Result<Times, Problem> {
    let pace = RequestSchedule::of(A_SECOND, seconds);
    let parts = run_in_tasks(installation.tasks(), STEADY_CLIENTS, |clients| {
        let (installation, pace) = (Arc::clone(installation), Arc::clone(&pace));
        let count = clients.len();
        async move {
            let each = (0..count).map(|_| commit_on(&installation, &pace));
            futures_util::future::try_join_all(each).await
        }
    });
    let mut all = Times::default();
    for times in parts.await?.into_iter().flatten() {
        all.join(times);
    }
    Ok(all)
}

async fn commit_on(installation: &Installation, pace: &RequestSchedule) -> Result<Times, Problem> {
    let mut times = Times::default();
    while let Some((number, due)) = pace.due(installation).await {
        let id: NumberId = installation.vault().derive_number(&phone(0, number));
        let command = NumberCommand::OptOut {
            reason: "a measurement".to_owned(),
            source: OptOutSource::Import,
            call: None,
        };
        let cause = Cause::outside(installation.new_command());
        installation.entities.numbers.ask(&id, command, cause).await?;
        times.add(pace.watch.nanos().saturating_sub(due));
    }
    Ok(times)
}

/// Sends requests by the schedule `pace`, by so many clients with a connection each. Returns the times and
/// refusals.
async fn asked(
    installation: &Arc<Installation>,
    door: &ServerAccess,
    pace: Arc<RequestSchedule>,
    clients: usize,
    round: u64,
) -> Result<RequestResults, Problem> {
    let parts = run_in_tasks(installation.tasks(), clients, |clients| {
        let (installation, pace, door) = (Arc::clone(installation), Arc::clone(&pace), door.clone());
        let count = clients.len();
        async move {
            let each = (0..count).map(|_| ask_on(&installation, &door, &pace, round));
            futures_util::future::try_join_all(each).await
        }
    });
    let mut all = RequestResults::default();
    for found in parts.await?.into_iter().flatten() {
        all.done.join(found.done);
        all.refused.join(found.refused);
        all.other += found.other;
    }
    Ok(all)
}

async fn ask_on(
    installation: &Installation,
    door: &ServerAccess,
    pace: &RequestSchedule,
    round: u64,
) -> Result<RequestResults, Problem> {
    let mut found = RequestResults::default();
    let mut connection = None;
    while let Some((number, due)) = pace.due(installation).await {
        let body = format!("{{\"number\":\"{}\",\"reason\":\"list\"}}", phone(round, number));
        let request = door.post("/api/v1/numbers/suppress", &body);
        let mut open = match connection.take() {
            Some(open) => open,
            None => match Connection::open(door.address).await {
                Ok(open) => open,
                Err(_) => {
                    found.other += 1;
                    continue;
                }
            },
        };
        let sent = pace.watch.nanos();
        match open.ask(&request).await {
            // The time of a refusal counts from when the request was sent: it does not contain the wait
            // before.
            Ok(reply) if reply.status == 429 || reply.status == 503 => {
                found.add(reply.status, pace.watch.nanos().saturating_sub(sent));
            }
            Ok(reply) => {
                found.add(reply.status, pace.watch.nanos().saturating_sub(due));
                connection = Some(open);
            }
            Err(_) => found.other += 1,
        }
    }
    Ok(found)
}

/// Returns a number that no other request has.
fn phone(round: u64, number: u64) -> String {
    format!("+861{}{number:08}", 30 + round)
}
