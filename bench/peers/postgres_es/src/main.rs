//! postgres-es at the level of its event repository: what a `CqrsFramework` persists with, without commands.

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::postgres::{PgPool, PgPoolOptions};
use std::sync::Arc;
use std::time::Instant;

/// As many producers as a server of 100 connections serves.
const PRODUCERS_MAX: usize = 90;

/// Commits of each producer before the watch starts.
const WARM_UP_COMMITS: usize = 20;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Bench;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Recorded;

impl DomainEvent for Recorded {
    fn event_type(&self) -> String {
        "Recorded".to_owned()
    }
    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Bench {
    const TYPE: &'static str = "bench";
    type Command = ();
    type Event = Recorded;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _sink: &EventSink<Self>) -> Result<(), Self::Error> {
        Ok(())
    }
    fn apply(&mut self, _event: Recorded) {}
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let server = std::env::var("PEER_URL")?;
    let pool = database(&server).await?;
    for case in std::env::var("PEER_CASES")?.split_whitespace() {
        let numbers: Vec<usize> = case.split(':').map(str::parse).collect::<Result<_, _>>()?;
        let [producers, batch, commits] = numbers[..] else {
            return Err("a case is PRODUCERS:EVENTS_A_COMMIT:COMMITS_EACH".into());
        };
        run(&pool, producers, batch, commits).await?;
    }
    Ok(())
}

/// Drops and creates the database and the events table of postgres-es, on a durable server.
async fn database(server: &str) -> Result<PgPool, Failure> {
    let admin = PgPoolOptions::new().max_connections(1).connect(server).await?;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let (value,): (String,) = sqlx::query_as(&format!("SHOW {setting}")).fetch_one(&admin).await?;
        if value == "off" {
            return Err(format!("{setting} is off").into());
        }
    }
    sqlx::query("DROP DATABASE IF EXISTS peer_postgres_es").execute(&admin).await?;
    sqlx::query("CREATE DATABASE peer_postgres_es").execute(&admin).await?;
    let (before, _) = server.rsplit_once('/').ok_or("the URL names no database")?;
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(PRODUCERS_MAX)?)
        .connect(&format!("{before}/peer_postgres_es"))
        .await?;
    sqlx::query(include_str!("schema.sql")).execute(&pool).await?;
    Ok(pool)
}

async fn run(pool: &PgPool, asked: usize, batch: usize, commits: usize) -> Result<(), Failure> {
    let producers = asked.min(PRODUCERS_MAX);
    let repository = Arc::new(PostgresEventRepository::new(pool.clone()));
    let mut times = Vec::new();
    let mut seconds = 0.0;
    for (first, last) in [(0, WARM_UP_COMMITS), (WARM_UP_COMMITS, WARM_UP_COMMITS + commits)] {
        let began = Instant::now();
        let mut producing = tokio::task::JoinSet::new();
        for producer in 0..producers {
            let repository = Arc::clone(&repository);
            let id = format!("{producer}x{producers}x{batch}");
            producing.spawn(async move { produce(&repository, &id, batch, first..last).await });
        }
        times.clear();
        while let Some(own) = producing.join_next().await {
            times.extend(own??);
        }
        seconds = began.elapsed().as_secs_f64();
    }
    times.sort_by(f64::total_cmp);
    let place = |percent: usize| times.get((times.len() * percent / 100).min(times.len() - 1)).copied();
    let events = producers * commits * batch;
    println!(
        "{}",
        json!({
            "peer": "postgres-es", "producers": producers, "asked": asked, "batch": batch, "events": events,
            "per_second": events as f64 / seconds, "p50_us": place(50), "p99_us": place(99),
        })
    );
    Ok(())
}

async fn produce(
    repository: &PostgresEventRepository,
    id: &str,
    batch: usize,
    commits: std::ops::Range<usize>,
) -> Result<Vec<f64>, Failure> {
    let mut times = Vec::new();
    for commit in commits {
        let events: Vec<SerializedEvent> = (1..=batch)
            .map(|step| SerializedEvent {
                aggregate_id: id.to_owned(),
                sequence: commit * batch + step,
                aggregate_type: Bench::TYPE.to_owned(),
                event_type: "Recorded".to_owned(),
                event_version: "1".to_owned(),
                payload: json!({ "text": "x".repeat(388) }),
                metadata: json!({}),
            })
            .collect();
        let began = Instant::now();
        repository.persist::<Bench>(&events, None).await?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(times)
}
