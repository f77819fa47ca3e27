//! `ledgerline-bench dial-decision`: how long the decision to dial takes, from the worklist's next row to the
//! permit, with many people waiting in many campaigns. `ledgerline-bench append` measures appends.
//!
//! The rows are those of the product, in a file, filled by its own view. Each decision reads the person that
//! its campaign calls next, sends commands to the campaign, the person and the number, each with its own
//! rules, and creates the permit. The view gets the grant after the measurement, so that the next decision
//! finds another person.

use crate::bounded_figures::{self, BoundedFigure};
use crate::dial_order::{DECISION_P99_MS_MAX, WAITING_BYTES_MAX, build_placing, pop, priority};
use crate::output;
use crate::stopwatch::{Stopwatch, Times, float};
use domain::calling_plan::{Basis, CallingPlan, CallingWindow, FlowRef};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::CampaignEvent;
use domain::campaign::{Campaign, CampaignState};
use domain::compliance::permit;
use domain::customer::event::CustomerEvent;
use domain::customer::{Customer, CustomerCommand, CustomerState};
use domain::decider::{Context, Decider, EventData};
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, ListId, NumberId, StreamId};
use domain::number::{Number, NumberCommand, NumberState};
use domain::personal::Personal;
use domain::ports::worklist::DueEnrolment;
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent};
use domain::time::{TimeOfDay, Timestamp};
use domain::working_calendar::Calendars;
use host::app::OpenDataDir;
use host::open_settings::OpenSettings;
use projections::views::worklist::Worklist;
use projections::{InlineRunner, ReadDb, SqlWorklist, SqliteReadDb};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The most waiting people: rows of them take some hundred megabytes.
const WAITING_MAX: u64 = 5_000_000;

/// The most campaigns that they wait in.
const CAMPAIGNS_MAX: u64 = 1_000;

/// The most measured decisions: after each the rows are updated.
const DECISIONS_MAX: i64 = 100_000;

/// The events of one page that the rows are filled with.
const PAGE_EVENTS: u64 = 10_000;

/// Time the decision to dial with many people waiting, and measure the memory of each
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// People who wait
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=WAITING_MAX))]
    waiting: u64,
    /// Campaigns that they wait in
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=CAMPAIGNS_MAX))]
    campaigns: u64,
    /// Decisions that are timed
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=DECISIONS_MAX))]
    decisions: u32,
    /// Different values of people for campaigns with an order; 0: no order
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    values: u8,
    /// End with an error above 1 ms per decision (99th percentile), or above 200 bytes per waiting person
    #[arg(long)]
    check: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Result<(), Problem> {
    let directory = tempfile::tempdir()?;
    let opened = OpenDataDir::open(&OpenSettings::of_directory(directory.path().to_owned())).await?;
    let rows = directory.path().join("bench-rows");
    std::fs::create_dir(&rows)?;
    let mut floor = DialFixture::fill(&rows, &opened, &args).await?;
    let (before_bytes, rows_bytes) = (floor.resident_before, file_bytes(&rows)?);
    let (mut popped, mut whole) = (Times::default(), Times::default());
    for nth in 0..args.decisions {
        let campaign = u64::from(nth) % args.campaigns;
        let decided = floor.decide(campaign).await?;
        popped.add(decided.popped_nanos);
        whole.add(decided.nanos);
        floor.tell(decided.granted).await?;
    }
    let waiting = float(args.waiting);
    let p99_ms = whole.p99_us() / 1_000.0;
    // Memory is read when they wait: by then the view has released what it needed to catch up.
    let memory = float(resident_bytes().saturating_sub(before_bytes)) / waiting;
    let held = [
        BoundedFigure::new("decision_ms_p99", p99_ms, DECISION_P99_MS_MAX, "ms"),
        BoundedFigure::new("memory_bytes_per_waiting", memory, WAITING_BYTES_MAX, "bytes"),
    ];
    let line = json!({
        "bench": "dial-decision", "waiting": args.waiting, "campaigns": args.campaigns,
        "decisions": args.decisions, "values": args.values,
        "decision_ms_p50": whole.p50_us() / 1_000.0, "decision_ms_p99": p99_ms,
        "pop_ms_p50": popped.p50_us() / 1_000.0, "pop_ms_p99": popped.p99_us() / 1_000.0,
        "decision_ms_p99_max": DECISION_P99_MS_MAX, "within": p99_ms <= DECISION_P99_MS_MAX,
        "memory_bytes_per_waiting": memory,
        "row_bytes_per_waiting": float(rows_bytes) / waiting,
        "filled_ms": floor.filled_ms, "targets": bounded_figures::to_json_values(&held),
    });
    if args.json {
        output::json(&line)?;
    } else {
        output::pretty(&line)?;
        bounded_figures::lines(&held)?;
    }
    bounded_figures::check(&held, args.check)
}

/// The rows of waiting people, and what decisions about them need.
struct DialFixture {
    worklist: SqlWorklist,
    runner: InlineRunner,
    campaigns: Vec<CampaignState>,
    position: u64,
    now: Timestamp,
    resident_before: u64,
    filled_ms: u64,
}

/// One decision.
struct TimedDialDecision {
    popped_nanos: u64,
    nanos: u64,
    granted: (StreamId, CampaignId, CustomerId, CustomerEvent),
}

impl DialFixture {
    /// Fills the rows as the log would.
    async fn fill(rows: &Path, opened: &OpenDataDir, args: &Args) -> Result<Self, Problem> {
        let watch = Stopwatch::start();
        let resident_before = resident_bytes();
        let db = Arc::new(SqliteReadDb::open(rows, opened.environment.tasks.as_ref())?);
        let rows: Arc<dyn ReadDb> = Arc::<SqliteReadDb>::clone(&db);
        let runner = InlineRunner::begin(rows, vec![Arc::new(Worklist)]).await?;
        let progress = runner.progress();
        let mut floor = Self {
            worklist: SqlWorklist::over(db, progress),
            runner,
            campaigns: Vec::new(),
            position: 0,
            now: "2026-03-02T10:00:00+08:00".parse().map_err(|_never| made_up())?,
            resident_before,
            filled_ms: 0,
        };
        floor.make_campaigns(args).await?;
        for first in (0..args.waiting).step_by(usize::try_from(PAGE_EVENTS).unwrap_or(1)) {
            let last = (first + PAGE_EVENTS).min(args.waiting);
            let mut page = Vec::new();
            for nth in first..last {
                let (campaign, customer) = (campaign(nth % args.campaigns)?, customer(nth)?);
                let event = enrolled(&campaign, nth, floor.now, args.values)?;
                let stream = StreamId::new("customer", &customer);
                page.push(floor.stored(&stream, &campaign, Some(&customer), &event)?);
            }
            floor.runner.apply_page(&page).await?;
        }
        floor.filled_ms = watch.nanos() / 1_000_000;
        Ok(floor)
    }

    async fn make_campaigns(&mut self, args: &Args) -> Result<(), Problem> {
        let mut page = Vec::new();
        for nth in 0..args.campaigns {
            let id = campaign(nth)?;
            let mut state = CampaignState::default();
            for event in begun(&id, args)? {
                Campaign::evolve(&mut state, &event, self.now);
                page.push(self.stored(&StreamId::new("campaign", &id), &id, None, &event)?);
            }
            self.campaigns.push(state);
        }
        Ok(self.runner.apply_page(&page).await?)
    }

    /// Makes and times one decision, from the person that the `nth` campaign calls next to the permit.
    async fn decide(&mut self, nth: u64) -> Result<TimedDialDecision, Problem> {
        let id = campaign(nth)?;
        let state = usize::try_from(nth)
            .ok()
            .and_then(|nth| self.campaigns.get_mut(nth));
        let state = state.ok_or_else(made_up)?;
        let (context, now) = (Context { now: self.now }, self.now);
        let watch = Stopwatch::start();
        let due = pop(&self.worklist, &id, state, now).await;
        let popped_nanos = watch.nanos();
        let due = due.map_err(|error| Problem::fault(error.to_string()))?;
        let next = due.first().ok_or_else(made_up)?;
        // Loading a person is a read, and is measured separately.
        let (person, number) = (known(next, now)?, NumberState::default());
        let watch = Stopwatch::start();
        let leave = CampaignCommand::GrantDials {
            wanted: 1,
            in_flight: 0,
            floor: None,
            people: Vec::new(),
            calendars: Calendars::default(),
            unused: Vec::new(),
            quota_people: Vec::new(),
        };
        let leave = Campaign::decide(state, leave, context).map_err(refused)?;
        let facts = state.facts(id.clone()).ok_or_else(made_up)?;
        let wants = CustomerCommand::GrantDial {
            customer: next.customer.clone(),
            facts: Box::new(facts.clone()),
            joined: Vec::new(),
        };
        let of_person = Customer::decide(&person, wants, context).map_err(refused)?;
        let granted = of_person.into_iter().next().ok_or_else(made_up)?;
        let (_, customer_grant) = granted.dial_granted().ok_or_else(made_up)?;
        let wants = NumberCommand::GrantDial {
            number: next.number.clone(),
            call: customer_grant.call,
            customer: next.customer.clone(),
            facts: Box::new(facts),
            hashed_on: Vec::new(),
        };
        let of_number = Number::decide(&number, wants, context).map_err(refused)?;
        let number_grant = of_number.first().and_then(|event| event.dial_granted());
        let minted = permit(customer_grant, number_grant.ok_or_else(made_up)?, now);
        let nanos = popped_nanos + watch.nanos();
        minted.map_err(refused)?;
        for event in &leave {
            Campaign::evolve(state, event, now);
        }
        let stream = StreamId::new("customer", &next.customer);
        Ok(TimedDialDecision {
            popped_nanos,
            nanos,
            granted: (stream, id, next.customer.clone(), granted),
        })
    }

    /// Applies the event of a grant to the rows, as if it came from the log.
    async fn tell(
        &mut self,
        granted: (StreamId, CampaignId, CustomerId, CustomerEvent),
    ) -> Result<(), Problem> {
        let (stream, campaign, customer, event) = granted;
        let stored = self.stored(&stream, &campaign, Some(&customer), &event)?;
        Ok(self.runner.apply_page(&[stored]).await?)
    }

    fn stored<E: EventData>(
        &mut self,
        stream: &StreamId,
        campaign: &CampaignId,
        customer: Option<&CustomerId>,
        event: &E,
    ) -> Result<StoredEvent, Problem> {
        self.position += 1;
        let wrong = |error: serde_json::Error| Problem::fault(error.to_string());
        let mut data = serde_json::to_value(event).map_err(wrong)?;
        let data = data.get_mut("data").map(Value::take);
        let command = CommandId::derive_from_text(&format!("dial-decision {}", self.position));
        let envelope = json!({
            "id": EventId::derive(command, 0), "kind": event.kind(), "version": 1, "stream": stream,
            "stream_version": self.position, "at": self.now, "campaign": campaign, "customer": customer,
            "command": command, "data": data,
        });
        let mut envelope = envelope;
        if let (None, Some(members)) = (customer, envelope.as_object_mut()) {
            members.remove("customer");
        }
        let bytes = serde_json::to_vec(&envelope).map_err(wrong)?;
        Ok(StoredEvent::new(Position(self.position), self.now, bytes.into()))
    }
}

fn made_up() -> Problem {
    Problem::fault("what was made up for the measurement does not hold")
}

fn refused(why: impl std::fmt::Display) -> Problem {
    Problem::fault(format!("a decision of the measurement was refused: {why}"))
}

fn campaign(nth: u64) -> Result<CampaignId, Problem> {
    format!("DIAL-{nth}").parse().map_err(|_never| made_up())
}

/// Returns an id; the ids are spread as hashes are.
fn spread(nth: u64, salt: u128) -> String {
    let drawn = u128::from(nth)
        .wrapping_add(salt)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    format!("{drawn:032x}")
}

fn customer(nth: u64) -> Result<CustomerId, Problem> {
    spread(nth, 0).parse().map_err(|_never| made_up())
}

fn number(nth: u64) -> Result<NumberId, Problem> {
    spread(nth, 1 << 64).parse().map_err(|_never| made_up())
}

/// Returns the events of a running campaign with one list; high limits leave only the decision to time.
fn begun(id: &CampaignId, args: &Args) -> Result<Vec<CampaignEvent>, Problem> {
    let hour = |minutes| TimeOfDay::from_minutes(minutes).ok_or_else(made_up);
    let window = CallingWindow {
        start: hour(9 * 60)?,
        end: hour(18 * 60)?,
        rests: Vec::new(),
    };
    let list = ListId::derive(id, "00");
    Ok(vec![
        CampaignEvent::Created {
            campaign: id.clone(),
            customer_segment: None,
            flow: FlowRef {
                flow: "greeting".parse().map_err(|_never| made_up())?,
                version: 1,
                content_hash: "00".repeat(32),
            },
            plan: CallingPlan {
                max_concurrent: 1_000,
                priority: priority(args.values)?,
                ..CallingPlan::within(window)
            },
        },
        CampaignEvent::ListOpened {
            list,
            source: "bench".to_owned(),
            four_eyes: None,
            request_key: None,
        },
        CampaignEvent::Started {},
        CampaignEvent::ListClosed {
            list,
            count: args.waiting / args.campaigns,
            before: None,
        },
    ])
}

fn enrolled(
    campaign: &CampaignId,
    nth: u64,
    due_at: Timestamp,
    values: u8,
) -> Result<CustomerEvent, Problem> {
    Ok(CustomerEvent::Enrolled {
        campaign: campaign.clone(),
        list: ListId::derive(campaign, "00"),
        number: number(nth)?,
        basis: Basis::Contract,
        due_at,
        variables: BTreeMap::new(),
        placing: build_placing(values, nth),
    })
}

/// Returns the state of the person who is due, from the events that registered and enrolled them.
fn known(due: &DueEnrolment, now: Timestamp) -> Result<CustomerState, Problem> {
    let mut state = CustomerState::default();
    let events = [
        CustomerEvent::Registered {
            external_id: Personal::open_hashed("C1".to_owned()),
            name: None,
            time_zone: None,
        },
        CustomerEvent::NumberAdded {
            number: due.number.clone(),
            phone: Personal::open_hashed("+8613800138000".to_owned()),
            country: None,
        },
        CustomerEvent::Enrolled {
            campaign: due.campaign.clone(),
            list: ListId::derive(&due.campaign, "00"),
            number: due.number.clone(),
            basis: Basis::Contract,
            due_at: due.due_at,
            variables: BTreeMap::new(),
            placing: None,
        },
    ];
    for event in &events {
        Customer::evolve(&mut state, event, now);
    }
    Ok(state)
}

/// Returns the resident memory of this process in bytes; 0 if the system does not report it.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}

fn file_bytes(folder: &Path) -> Result<u64, Problem> {
    std::fs::read_dir(folder)?.try_fold(0, |bytes, file| Ok(bytes + file?.metadata()?.len()))
}
