//! `ledgerline demo`: runs complete campaigns on one machine, over real SIP and RTP, against a simulated
//! carrier.
//!
//! Server, routes, drivers and lines are those of the product; only the carrier and its customers are
//! simulated. The demo can be killed at any moment; started again with the same directory and seed, it
//! continues.

mod campaign;
mod conversation;
mod customers;
mod log;
mod logins;
mod people;
mod picture;
mod reconcile;
mod report;
mod speakers;
mod summary;
mod watch;

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::pad;
use application::format_localized;
use application::language::localized;
use application::private_file;
use campaign::DemoCampaign;
use conversation::ReplayedConversation;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::advertised_args::AdvertisedChoice;
use host::clock::SystemClock;
use host::config::{HTTP_DEFAULT, TrunkSpec};
use host::data_dir::RECORDINGS_DIR;
use host::messaging_args::MessagingChoice;
use host::open_settings::OpenSettings;
use host::read_db_spec::ReadDbArgs;
use host::rehearsal::{Carrier, CarrierSettings};
use host::serve_settings::ServeSettings;
use host::sign_in_args::SignInSettings;
use host::signals::Signals;
use host::speech_args::SpeechChoice;
use host::store_spec::{LogArgs, StoreSpec};
use host::tls_args::TlsChoice;
use http::listeners::Listeners;
use http::running_server::RunningServer;
use http::server;
use log::CallBook;
use people::People;
use reconcile::Reconciliation;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use summary::Summary;
use tokio::runtime::Runtime;

/// Width of the labels before the values of a demo, in columns.
const LABEL_COLUMNS: usize = 12;

/// Start of the demo's clock: a Monday morning in Beijing, within every calling window.
const REHEARSAL_INSTANT: &str = "2026-03-02T10:00:00+08:00";

/// Directory of the simulated world, inside the data directory.
const REHEARSAL_DIR: &str = "rehearsal";

/// List of the customers who press keys, in that directory.
const CUSTOMERS_FILE: &str = "customers.csv";

/// Longest time that live calls may continue after ctrl-c, in milliseconds.
const DRAIN_MS: u64 = 5_000;

/// Most customers of a demo: a million rows can be imported, but a demo should end the same day.
const CUSTOMERS_MAX: u32 = 100_000;

/// Concurrent legs on the demo's trunk: the 50 of a campaign, twice.
const LEGS_MAX: u32 = 100;

/// New legs per second: 50 concurrent calls of about ten seconds, doubled for retries.
const DIALS_PER_SECOND: u32 = 20;

/// Run a complete campaign: customers are called over real SIP and RTP, spoken to, recorded and reported
///
/// Kill it at any moment and start it again with the same --data and --seed: nothing is lost or dialed twice.
/// The last lines show dispositions, the answer rate, and that the carrier's own record matches ours.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Number of customers
    #[arg(long, value_name = "N", default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(CUSTOMERS_MAX)))]
    customers: u32,
    /// Seed that decides who the customers are and how they answer
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Data directory; default: a new one in demo-data/
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The log: sqlite:DIR, postgres://USER@db.example/DB or kurrent://db.example:2113; default: in the data
    /// directory
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    #[command(flatten)]
    read_db: ReadDbArgs,
    /// Address of the status page; if it is in use, the next free port
    #[arg(long, value_name = "ADDR", default_value_t = HTTP_DEFAULT)]
    http: SocketAddr,
    /// Exit when every customer is settled, instead of continuing to serve
    #[arg(long)]
    exit_when_done: bool,
    /// Print the summary as one JSON object at the end
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let (data, store) = place(&args)?;
    let rehearsal = data.join(REHEARSAL_DIR);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&rehearsal)
        .map_err(|error| Failure::unavailable(format!("{}: {error}", rehearsal.display())))?;
    hold_to_seed(&rehearsal, args.seed)?;
    // True until a list was written: a start that was killed before creates what is missing.
    let is_new = !rehearsal.join(CUSTOMERS_FILE).exists();
    let people = People::of(args.seed, args.customers, &rehearsal, is_new)?;
    let cdr = rehearsal.join("cdr.jsonl");
    let carrier = start_carrier(&args, &rehearsal, &cdr, people.profile())?;
    let running = start(&args, &data, &store, carrier.address(), people.speech()?, runtime).await?;
    greet(&args, &data, &running)?;
    let url = running.url.clone().unwrap_or_default();
    logins::show(&running.installation, &rehearsal, &url).await?;
    let done = tokio::select! {
        biased;
        () = signals.next() => None,
        why = watch::wait_until_stuck(&running) => return Err(Failure::unavailable(why)),
        done = perform(&people, &running, &rehearsal) => Some(done?),
    };
    let Some(book) = done else {
        output::notice(localized(
            "正在退出；再次发送信号立即退出",
            "draining; a second signal exits at once",
        ));
        running
            .finish(&mut signals, Duration::from_millis(DRAIN_MS))
            .await?;
        return Ok(());
    };
    watch::wait_until_quiet(&carrier, &running).await;
    carrier.stop().await;
    let talk = conversation::load_conversation(&running.installation, &book).await?;
    let summary = conclude(&args, &data, &cdr, &book, talk.as_ref())?;
    if !args.exit_when_done {
        output::line(localized(
            "服务仍在运行，按 Ctrl-C 停止",
            "still serving; press ctrl-c to stop",
        ))?;
        // Test calls and further campaigns need the trunk, so the carrier starts again at its address.
        let carrier = start_carrier(&args, &rehearsal, &cdr, people.profile())?;
        signals.next().await;
        carrier.stop().await;
    }
    running
        .finish(&mut signals, Duration::from_millis(DRAIN_MS))
        .await?;
    if args.json {
        let object = serde_json::to_value(&summary).map_err(|error| Failure::fault(error.to_string()))?;
        output::json(&object)?;
    }
    verdict(&summary)
}

/// Returns the data directory and the log. A log in a database also needs a directory, for rows and
/// recordings.
fn place(args: &Args) -> Result<(PathBuf, StoreSpec), Failure> {
    let data = match (&args.data, &args.store) {
        (Some(data), _) => Some(data.clone()),
        (None, Some(StoreSpec::Sqlite(_))) => None,
        (None, _) => Some(new_directory()),
    };
    let log = LogArgs {
        data,
        store: args.store.clone(),
    };
    Ok(log.place()?)
}

/// Starts the carrier at its earlier address, so that legs left by a crash are ended there at once.
fn start_carrier(
    args: &Args,
    rehearsal: &Path,
    cdr: &Path,
    profile: Option<String>,
) -> Result<Carrier, Failure> {
    let file = rehearsal.join("carrier-address");
    let before: Option<SocketAddr> = std::fs::read_to_string(&file)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let start = |listen: SocketAddr| {
        Carrier::start(CarrierSettings {
            listen,
            seed: args.seed,
            cdr: cdr.to_owned(),
            profile: profile.clone(),
            auth: None,
        })
    };
    let carrier = match before.map(start) {
        Some(Ok(carrier)) => carrier,
        // The first start, or another program uses the port now.
        Some(Err(_)) | None => start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?,
    };
    std::fs::write(&file, format!("{}\n", carrier.address()))?;
    Ok(carrier)
}

async fn start(
    args: &Args,
    data: &Path,
    store: &StoreSpec,
    carrier: SocketAddr,
    speech: SpeechChoice,
    runtime: Arc<Runtime>,
) -> Result<RunningServer, Failure> {
    let listener = server::bind_near(args.http)
        .await
        .map_err(|error| Failure::unavailable(format!("cannot listen on {}: {error}", args.http)))?;
    let trunk: TrunkSpec = format!(
        "sip:{carrier};name=rehearsal;legs-max={LEGS_MAX};dials-per-second={DIALS_PER_SECOND};ring-timeout=6s"
    )
    .parse()?;
    let instant: Timestamp = REHEARSAL_INSTANT
        .parse()
        .map_err(|error: domain::time::InvalidTimestamp| Failure::fault(error.to_string()))?;
    let settings = ServeSettings {
        read_db: args.read_db.read_db.clone(),
        open: OpenSettings {
            store: store.clone(),
            rehearse_at: Some(instant),
            ..OpenSettings::of_directory(data.to_owned())
        },
        tls: TlsChoice::default(),
        public_url: None,
        sign_in: SignInSettings::default(),
        speech,
        messaging: MessagingChoice::default(),
        trunks: vec![trunk],
        sip: None,
        rtp_ports: None,
        advertised: AdvertisedChoice::default(),
        drain_ms: DRAIN_MS,
        witnesses: Vec::new(),
        ntp: None,
        tsa: None,
        traces: None,
        given: None,
    };
    Ok(RunningServer::start(settings, Listeners::http(listener), runtime).await?)
}

fn greet(args: &Args, data: &Path, running: &RunningServer) -> Result<(), Failure> {
    line(localized("目录", "directory"), &data.display())?;
    // The token is printed for a person at a terminal, not into a file of the output.
    let page = if std::io::stdout().is_terminal() {
        running.page_with_token()?
    } else {
        running.page()
    };
    line(localized("控制台", "console"), &page.unwrap_or_default())?;
    line(localized("随机种子", "seed"), &args.seed)?;
    line(localized("演练时间", "rehearsal"), &REHEARSAL_INSTANT)
}

/// Prints a value after its label; the values of several lines begin in one column.
fn line(label: &str, value: &dyn std::fmt::Display) -> Result<(), Failure> {
    output::line(&format!("{}{value}", pad(label, LABEL_COLUMNS)))
}

/// Creates, fills and starts the campaigns, then shows their progress until all customers are settled.
async fn perform(people: &People, running: &RunningServer, rehearsal: &Path) -> Result<CallBook, Failure> {
    let mut parts = vec![(
        DemoCampaign::Keys,
        CUSTOMERS_FILE,
        customers::to_csv(&people.others),
    )];
    if !people.speakers.is_empty() {
        let list = speakers::to_csv(&people.speakers);
        parts.push((DemoCampaign::Spoken, "speakers.csv", list));
    }
    for (part, name, list) in &parts {
        let file = rehearsal.join(name);
        private_file::write(&file, list.as_bytes())?;
        part.prepare(&running.installation, &file).await?;
    }
    let parts: Vec<DemoCampaign> = parts.into_iter().map(|(part, ..)| part).collect();
    watch::wait_until_settled(running, &parts).await
}

/// Writes the report and prints figures, reconciliation, and commands for further reading.
fn conclude(
    args: &Args,
    data: &Path,
    cdr: &Path,
    book: &CallBook,
    talk: Option<&ReplayedConversation>,
) -> Result<Summary, Failure> {
    let text = std::fs::read_to_string(cdr).unwrap_or_default();
    let carrier = reconcile::last_lines(&text)
        .map_err(|error| Failure::fault(format!("{}: {error}", cdr.display())))?;
    let found: Reconciliation = reconcile::reconcile(&carrier, book);
    for reason in &found.reasons {
        output::notice(&format_localized!("不一致：{reason}", "mismatch: {reason}"));
    }
    let summary = Summary::of(book, &data.join(RECORDINGS_DIR), found);
    let page = data.join("report.html");
    private_file::write(&page, report::page(&summary, book, talk, args.seed).as_bytes())?;
    for line in summary.lines() {
        output::line(&line)?;
    }
    line(localized("报告", "report"), &page.display())?;
    let example = book
        .calls
        .iter()
        .find(|(_, call)| call.answered_at.is_some())
        .map_or_else(|| "ID".to_owned(), |(call, _)| call.to_string());
    output::line(localized("继续查看：", "see also:"))?;
    let data = data.display();
    match &args.store {
        None | Some(StoreSpec::Sqlite(_)) => {
            output::line(&format!("  ledgerline events read --data {data}"))?;
            output::line(&format!("  ledgerline call show {example} --data {data}"))?;
            if let Some(talk) = talk {
                output::line(&format!("  ledgerline call replay {} --data {data}", talk.call))?;
            }
            output::line(&format!("  ledgerline projections verify --data {data}"))?;
        }
        Some(store) => {
            output::line(&format!("  ledgerline events read --store {store}"))?;
            output::line(&format!(
                "  ledgerline projections verify --store {store} --data {data}"
            ))?;
        }
    }
    Ok(summary)
}

/// Fails unless every dialed call ended, both sides agree, and every conversation has its recording.
fn verdict(summary: &Summary) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    if summary.terminal != summary.dialed {
        wrong.push(format!(
            "{} calls have no end",
            summary.dialed.abs_diff(summary.terminal)
        ));
    }
    if summary.reconcile.mismatched > 0 {
        wrong.push(format!(
            "{} calls differ from the carrier's record",
            summary.reconcile.mismatched
        ));
    }
    if summary.unrecorded > 0 {
        wrong.push(format!(
            "{} answered calls have no complete recording",
            summary.unrecorded
        ));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::found(wrong.join("; ")))
}

/// Refuses another seed for an existing directory: it would be another simulated world.
fn hold_to_seed(rehearsal: &Path, seed: u64) -> Result<(), Failure> {
    let path = rehearsal.join("seed");
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim() == seed.to_string() => Ok(()),
        Ok(text) => Err(Failure::refused(format!(
            "this directory was created with seed {}; continue with --seed {}, or give another --data",
            text.trim(),
            text.trim()
        ))),
        Err(_) => Ok(std::fs::write(&path, format!("{seed}\n"))?),
    }
}

/// Returns a new directory named by the wall clock, for example `demo-data/20260302-100000`.
fn new_directory() -> PathBuf {
    let now = SystemClock::default().now().to_utc();
    PathBuf::from("demo-data").join(now.format("%Y%m%d-%H%M%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_seed_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        hold_to_seed(directory.path(), 7).unwrap();
        hold_to_seed(directory.path(), 7).unwrap();
        assert!(hold_to_seed(directory.path(), 8).is_err());
    }

    #[test]
    fn the_rehearsal_begins_in_the_morning_in_beijing() {
        let instant: Timestamp = REHEARSAL_INSTANT.parse().unwrap();
        assert_eq!(instant.to_string(), "2026-03-02T02:00:00.000000Z");
    }
}
