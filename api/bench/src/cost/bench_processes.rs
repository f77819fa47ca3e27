//! A server and a carrier, each in its own process, and the server's routes as an integrator uses them.

use crate::cost::server_usage::{ServerUsage, look};
use domain::ports::clock::Clock;
use domain::problem::Problem;
use host::app::ReadOnlyLog;
use host::clock::SystemClock;
use host::outbound::api_client::ApiClient;
use host::outbound::server_locator::{SERVER_FILE, ServerArgs, ServerConnection};
use host::store_spec::StoreSpec;
use hyper::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The time at which the server's clock starts: a Monday morning in Beijing, inside every calling window.
const INSTANT: &str = "2026-03-02T10:00:00+08:00";

/// The carrier's profile: all callees answer soon, listen for a second and a half and hang up, a short call
/// with a recording.
const PROFILE: &str = "{weights: {hangs_up_midway: 1}, post_dial_delay_ms: {min: 20, max: 50}, \
ring_ms: {min: 50, max: 150}, early_media_percent: 0, patience_ms: {min: 1500, max: 1500}}";

/// The most legs at a time: those of a second and a half at the highest rate, and some more.
const LEGS_MAX: u32 = 1_000;

/// The longest wait for a server to become ready, in milliseconds.
const READY_MS: u64 = 30_000;

/// How often its readiness is checked.
const READY_STEP_MS: u64 = 200;

/// Both processes; they end with this value.
pub(crate) struct BenchProcesses {
    data: PathBuf,
    cdr: PathBuf,
    clock: SystemClock,
    server: Child,
    _carrier: Child,
    routes: ApiClient,
}

/// A campaign of the measurement.
pub(crate) struct BenchCampaign<'a> {
    pub(crate) campaign: &'a str,
    /// The beginning and the end of the campaign's calling window.
    pub(crate) hours: (&'a str, &'a str),
    pub(crate) people: std::ops::Range<u32>,
}

impl BenchProcesses {
    /// Starts a carrier and a server from `program` in `directory`; the server's trunk begins `rate` legs
    /// per second. Returns when the server is ready.
    pub(crate) async fn start(program: &Path, directory: &Path, rate: u32) -> Result<Self, Problem> {
        let (data, cdr) = (directory.join("data"), directory.join("cdr.jsonl"));
        let profile = directory.join("profile.yaml");
        std::fs::write(&profile, PROFILE)?;
        let (carrier, address) = carrier(program, &profile, &cdr).await?;
        let trunk =
            format!("sip:{address};name=bench;legs-max={LEGS_MAX};dials-per-second={rate};ring-timeout=6s");
        let mut command = quiet(program);
        command.arg("serve").arg("--data").arg(&data);
        command.args([
            "--trunk",
            &trunk,
            "--rehearse-at",
            INSTANT,
            "--http",
            "127.0.0.1:0",
        ]);
        let server = command.spawn()?;
        let clock = SystemClock::default();
        let routes = until_ready(&data, &clock).await?;
        Ok(Self {
            data,
            cdr,
            clock,
            server,
            _carrier: carrier,
            routes,
        })
    }

    /// Returns what the server has used so far. The reading costs the server nothing.
    pub(crate) async fn look(&self) -> Result<ServerUsage, Problem> {
        let log = ReadOnlyLog::of(&StoreSpec::Sqlite(self.data.clone())).await?;
        let head = log.store.head().await;
        log.close().await;
        let pid = self
            .server
            .id()
            .ok_or_else(|| Problem::unavailable("the server has ended"))?;
        look(pid, &self.data, head?.0)
    }

    /// Creates a campaign and enrols its people.
    pub(crate) async fn fill(&self, order: &BenchCampaign<'_>) -> Result<(), Problem> {
        self.create(order).await?;
        let file = self.write_list(order)?;
        self.upload(order, &file).await.map(drop)
    }

    pub(crate) async fn create(&self, order: &BenchCampaign<'_>) -> Result<(), Problem> {
        let (start, end) = order.hours;
        let body = json!({
            "task_id": order.campaign,
            "script_template": speech::clips::DEMO_TEXT,
            "schedule": { "start_time": start, "end_time": end, "max_concurrent": LEGS_MAX },
            "retry_policy": { "retries_max": 0, "uncharged_max": 1, "rules": {} },
            "ring_timeout_ms": 6_000,
        });
        self.post("/api/v1/campaigns", &body).await
    }

    /// Writes the people of a campaign into a CSV file, one row each, and returns its path.
    pub(crate) fn write_list(&self, order: &BenchCampaign<'_>) -> Result<PathBuf, Problem> {
        let file = self.data.with_file_name(format!("{}.csv", order.campaign));
        let mut list = "customer_id,phone,customer_name,days,account\n".to_owned();
        for number in order.people.clone() {
            let days = 1 + number % 30;
            list.push_str(&format!(
                "C{number:07},138{number:08},客户{number},{days},尾号{:04}\n",
                number % 10_000
            ));
        }
        std::fs::write(&file, list)?;
        Ok(file)
    }

    /// Lets the server read and check a list file as a dry run; no customers are enrolled.
    pub(crate) async fn try_list(&self, order: &BenchCampaign<'_>, file: &Path) -> Result<(), Problem> {
        let path = format!(
            "/api/v1/campaigns/{}/lists?dry_run=true&encoding=utf-8&source=bench&map=",
            order.campaign
        );
        let list = tokio::fs::File::open(file).await?;
        self.routes.upload(&path, list).await.map(drop)
    }

    /// Imports a list file and returns the report. Fails unless all its customers were enrolled.
    pub(crate) async fn upload(&self, order: &BenchCampaign<'_>, file: &Path) -> Result<Value, Problem> {
        let path = format!(
            "/api/v1/campaigns/{}/lists?dry_run=false&encoding=utf-8&source=bench&map=",
            order.campaign
        );
        let list = tokio::fs::File::open(file).await?;
        let report = self.routes.upload(&path, list).await?;
        let enrolled = report.get("enrolled").and_then(Value::as_u64).unwrap_or(0);
        if enrolled == u64::from(order.people.end - order.people.start) {
            return Ok(report);
        }
        Err(Problem::fault(format!(
            "not all customers were enrolled: {report}"
        )))
    }

    /// Returns true if the rows of all views have reached a position; the server waits a few seconds for
    /// that.
    pub(crate) async fn has_rows_at(&self, position: &str) -> bool {
        let path = format!("/api/v1/campaigns?after_position={position}");
        self.routes.ask(Method::GET, &path, None).await.is_ok()
    }

    /// Returns the server's data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) async fn begin(&self, campaign: &str) -> Result<(), Problem> {
        self.post(&format!("/api/v1/campaigns/{campaign}/start"), &json!({}))
            .await
    }

    /// Returns the number of INVITEs with an ended call, as the carrier recorded them.
    pub(crate) fn ended_count(&self) -> u64 {
        let text = std::fs::read(&self.cdr).unwrap_or_default();
        String::from_utf8_lossy(&text).matches("\"ended_at\":\"").count() as u64
    }

    pub(crate) async fn is_complete(&self, campaign: &str) -> Result<bool, Problem> {
        let path = format!("/api/v1/campaigns/{campaign}");
        let shown = self.routes.ask(Method::GET, &path, None).await?;
        Ok(shown.get("status").and_then(Value::as_str) == Some("completed"))
    }

    pub(crate) async fn pause(&self, ms: u64) {
        self.clock.wait_until(self.clock.now().plus_ms(ms)).await;
    }

    pub(crate) fn now(&self) -> domain::time::Timestamp {
        self.clock.now()
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(), Problem> {
        self.routes.ask(Method::POST, path, Some(body)).await?;
        Ok(())
    }
}

fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Starts a carrier process and returns it with its address, which its first line contains.
async fn carrier(program: &Path, profile: &Path, cdr: &Path) -> Result<(Child, String), Problem> {
    let mut command = quiet(program);
    command.args(["carrier", "--listen", "127.0.0.1:0", "--seed", "7"]);
    command.arg("--cdr").arg(cdr).arg("--profile").arg(profile);
    let mut carrier = command.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(output) = carrier.stdout.take() {
        BufReader::new(output).read_line(&mut line).await?;
    }
    let address = line.split_once("sip:").and_then(|(_, rest)| rest.split_once(','));
    match address {
        Some((address, _)) => Ok((carrier, address.to_owned())),
        None => Err(Problem::unavailable(format!(
            "the carrier did not start: {line:?}"
        ))),
    }
}

async fn until_ready(data: &Path, clock: &SystemClock) -> Result<ApiClient, Problem> {
    let until = clock.now().plus_ms(READY_MS);
    while clock.now() < until {
        clock.wait_until(clock.now().plus_ms(READY_STEP_MS)).await;
        if !data.join(SERVER_FILE).exists() {
            continue;
        }
        let routes = ServerConnection::find(&ServerArgs {
            server: None,
            token_file: None,
            data: Some(data.to_owned()),
            ca_file: None,
        })?;
        if routes.ask(Method::GET, "/readyz", None).await.is_ok() {
            return Ok(routes);
        }
    }
    Err(Problem::unavailable("the server did not become ready"))
}
