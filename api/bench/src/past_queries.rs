//! `ledgerline-bench query --as-of`: how long answers about yesterday take, for one campaign among others.
//!
//! The routes of the product answer, in this process, over a made-up log. No answer comes from a cache,
//! because each question is about another moment.

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::load::processor_ms;
use crate::stopwatch::{Stopwatch, Times};
use domain::ids::{CallId, EnrolmentId};
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use domain::time::Timestamp;
use host::open_settings::OpenSettings;
use host::outbound::api_client::ApiClient;
use host::store_spec::StoreSpec;
use http::in_process;
use hyper::Method;
use projections::synthetic::SyntheticLog;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The customers of the measured campaign: every third is called twice, so these have 10,000 calls.
const CUSTOMERS: u64 = 7_500;

/// How often each question is asked, each time about another moment.
const TIMES: u64 = 20;

/// Target: the longest answer as of yesterday on a campaign of 10,000 calls, in microseconds (issue 4,
/// figures to reach).
const AS_OF_US_MAX: f64 = 500_000.0;

/// The longest time in milliseconds in which the views may catch up with the log before the first question.
const CATCH_UP_MS_MAX: u64 = 600_000;

/// The number of events between the moments of two questions, at the end of the log: the same day, other
/// events.
const APART_EVENTS: u64 = 50;

/// The log's place, and how much it contains besides the campaign.
pub(crate) struct PastQueryOptions {
    pub store: Option<StoreSpec>,
    /// Campaigns of the same size with events between those of the measured campaign.
    pub others: u64,
}

pub(crate) async fn measure(
    report: &mut Report,
    directory: &Path,
    wanted: PastQueryOptions,
    runtime: Arc<Runtime>,
) -> Result<(), Problem> {
    let data = directory.join("data");
    let store = wanted.store.unwrap_or_else(|| StoreSpec::Sqlite(data.clone()));
    let workshop = BenchInstallation::open(&data, store.clone(), 0, Arc::clone(&runtime)).await?;
    workshop.require_empty_log().await?;
    let at_once = wanted.others + 1;
    let end = fill(workshop.store().as_ref(), at_once).await?;
    let middle = Position(end.0 / 2);
    let until = recorded_at(workshop.store().as_ref(), end).await?;
    report.fact("log events", end.0);
    report.fact("campaigns side by side", at_once);
    let clock = Arc::clone(workshop.clock());
    let settings = OpenSettings {
        store,
        ..OpenSettings::of_directory(data)
    };
    let opened = workshop.into_opened();
    let client = in_process::open_client(opened, &settings, None, runtime, Box::new(|_, _| {})).await?;
    let asker = PastQueryClient {
        client,
        middle,
        until,
    };
    asker.wait_for_rows(clock.as_ref()).await?;
    for question in questions(at_once)? {
        asker.measure(report, &question).await?;
    }
    asker.client.close().await;
    Ok(())
}

/// Writes `at_once` campaigns of `CUSTOMERS` customers each, with their events interleaved; returns the
/// position of the last event.
async fn fill(store: &dyn EventStore, at_once: u64) -> Result<Position, Problem> {
    let mut log = SyntheticLog::side_by_side(at_once, CUSTOMERS);
    let mut end = Position(0);
    loop {
        let page = log.page_of_first(PAGE_EVENTS_MAX)?;
        if page.is_empty() {
            return Ok(end);
        }
        end = store.load(page).await?;
    }
}

async fn recorded_at(store: &dyn EventStore, position: Position) -> Result<Timestamp, Problem> {
    let before = Position(position.0.saturating_sub(1));
    let there = store.read_all(before, 1).await?;
    let event = there.first().ok_or_else(|| Problem::fault("the log is empty"))?;
    Ok(event.recorded_at)
}

/// A question without its moment.
struct Question {
    name: &'static str,
    path: String,
}

fn questions(at_once: u64) -> Result<Vec<Question>, Problem> {
    let campaign = SyntheticLog::campaign(0)?;
    // The second customer of this campaign, who was called once.
    let customer = SyntheticLog::customer(at_once)?;
    let enrolment = EnrolmentId {
        campaign: campaign.clone(),
        customer: customer.clone(),
    };
    let call = CallId::derive(&enrolment, 1 + u32::from(at_once.is_multiple_of(3)));
    let of = |name, path| Question { name, path };
    Ok(vec![
        of("campaign", format!("/api/v1/campaigns/{campaign}")),
        of(
            "report with metrics",
            format!("/api/v1/campaigns/{campaign}/report"),
        ),
        of("one call", format!("/api/v1/calls/{call}")),
        of("one customer", format!("/api/v1/customers/{customer}")),
        of(
            "timeline of a customer",
            format!("/api/v1/customers/{customer}/timeline"),
        ),
    ])
}

/// A client that asks the questions: as of the middle of the log by position, as of its end by instant.
struct PastQueryClient {
    client: ApiClient,
    middle: Position,
    until: Timestamp,
}

impl PastQueryClient {
    async fn measure(&self, report: &mut Report, question: &Question) -> Result<(), Problem> {
        for place in ["the middle", "yesterday"] {
            let (mut times, mut events) = (Times::default(), None);
            let before = processor_ms().unwrap_or(0);
            for turn in 0..TIMES {
                let moment = self.moment(place, turn);
                let watch = Stopwatch::start();
                let answer = self.ask(&format!("{}?as_of={moment}", question.path)).await?;
                times.add(watch.nanos());
                events = answer.pointer("/known/events").and_then(Value::as_u64);
            }
            let used = processor_ms().unwrap_or(0).saturating_sub(before);
            times.add_processor(used.saturating_mul(1_000_000));
            let name = format!("{}, as of {place}", question.name);
            report.row("as of a moment, one answer", &name, &times, 1);
            report.value(
                format!("{name}: p99 us"),
                times.p99_us(),
                Some(Target::AtMost(AS_OF_US_MAX)),
            );
            report.fact(&format!("events folded: {name}"), events.unwrap_or(0));
        }
        Ok(())
    }

    fn moment(&self, place: &str, turn: u64) -> String {
        let back = turn * APART_EVENTS;
        match place {
            "yesterday" => {
                let micros = i64::try_from(back * SyntheticLog::STEP_MICROS).unwrap_or(0);
                Timestamp::from_micros(self.until.micros() - micros).to_string()
            }
            _ => self.middle.0.saturating_sub(back).to_string(),
        }
    }

    /// Waits until the rows contain the whole log; fails after `CATCH_UP_MS_MAX`.
    async fn wait_for_rows(&self, clock: &dyn Clock) -> Result<(), Problem> {
        let deadline = clock.now().plus_ms(CATCH_UP_MS_MAX);
        while let Err(problem) = self.ask("/api/v1/campaigns").await {
            if problem.kind != ProblemKind::Unavailable || clock.now() > deadline {
                return Err(problem);
            }
        }
        Ok(())
    }

    async fn ask(&self, path: &str) -> Result<Value, Problem> {
        self.client.ask(Method::GET, path, None).await
    }
}
