//! `ledgerline-bench webhook`: messages per second to a receiver that accepts them immediately, alone and
//! beside one that takes half a second for each.
//!
//! Every delivery is an event, which is stored in the same time, with the views after it. The receivers
//! respond on loopback, in this process.

use crate::append::actors::run_in_tasks;
use crate::cost::read_load_average;
use crate::figures::{Report, Target};
use crate::opt_out_command;
use crate::stopwatch::{Stopwatch, float};
use application::access::Caller;
use application::installation::Installation;
use application::webhooks::{WebhookEditor, WebhookRequest, add_webhook};
use domain::ids::WebhookId;
use domain::number::event::NumberEvent;
use domain::permission::DataScope;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::webhook::WebhookFormat;
use host::advertised_args::AdvertisedChoice;
use host::messaging_args::MessagingChoice;
use host::open_settings::OpenSettings;
use host::serve_settings::ServeSettings;
use host::sign_in_args::SignInSettings;
use host::speech_args::SpeechChoice;
use host::tls_args::TlsChoice;
use http::listeners::Listeners;
use http::running_server::RunningServer;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Target: messages per second to a fast receiver, at least (issue 13, figures to reach).
const A_SECOND_MIN: f64 = 2_000.0;

/// Target: the least share of its rate that a fast receiver keeps beside a slow one; a loss of a quarter is
/// the difference of two runs on two processors.
const BESIDE_SLOW_MIN: f64 = 0.75;

/// How long the slow receiver takes for each message, in milliseconds.
const SLOW_MS: u64 = 500;

/// The most events of one measurement.
const EVENTS_MAX: i64 = 1_000_000;

/// The parallel appends while the events are made.
const APPENDS_AT_ONCE: usize = 256;

/// The longest wait for a receiver.
const WAIT_MS: u64 = 600_000;
/// Between two checks of it.
const STEP_MS: u64 = 10;

/// Send events to receivers on this machine, and print messages per second.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Events to send
    #[arg(long, value_name = "N", default_value_t = 20_000,
          value_parser = clap::value_parser!(u32).range(1..=EVENTS_MAX))]
    events: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let directory = tempfile::tempdir()?;
    let running = RunningServer::start(settings(directory.path()), Listeners::none(), runtime).await?;
    let installation = Arc::clone(&running.installation);
    let mut report = Report::default();
    report.fact("events", args.events);
    report.fact("load", read_load_average());
    let wanted = args.events as usize;
    make_events(&installation, wanted).await?;
    let alone = measure(&installation, wanted).await?;
    report.ratio(
        "to a fast receiver, messages a second",
        float(wanted as u64) * 1e9,
        float(alone),
        Some(Target::AtLeast(A_SECOND_MIN)),
    );
    let slow = Receiver::start(&installation, SLOW_MS).await?;
    let telling_slowly = tell(&installation, &slow).await?;
    let beside = measure(&installation, wanted).await?;
    report.fact("taken_by_the_slow_one_meanwhile", slow.count() as u64);
    report.ratio(
        "beside a slow one, messages a second",
        float(wanted as u64) * 1e9,
        float(beside),
        Some(Target::AtLeast(A_SECOND_MIN)),
    );
    report.ratio(
        "beside a slow one / alone",
        float(alone),
        float(beside),
        Some(Target::AtLeast(BESIDE_SLOW_MIN)),
    );
    let state = installation.entities.webhooks.state(&telling_slowly).await?.state;
    report.fact("waiting_for_the_slow_one", state.waiting().len() as u64);
    running.stop().await;
    report.show(args.json)
}

/// Returns the settings of a server on its own directory, without lines.
pub(crate) fn settings(directory: &Path) -> ServeSettings {
    ServeSettings {
        read_db: None,
        open: OpenSettings::of_directory(directory.to_owned()),
        tls: TlsChoice::default(),
        public_url: None,
        sign_in: SignInSettings::default(),
        speech: SpeechChoice::default(),
        messaging: MessagingChoice::default(),
        trunks: Vec::new(),
        sip: None,
        rtp_ports: None,
        advertised: AdvertisedChoice::default(),
        drain_ms: 0,
        witnesses: Vec::new(),
        ntp: None,
        tsa: None,
        traces: None,
        given: None,
    }
}

/// Opts `wanted` numbers out: events of different streams, which webhooks may send in parallel.
async fn make_events(installation: &Arc<Installation>, wanted: usize) -> Result<(), Problem> {
    let next = Arc::new(AtomicUsize::new(0));
    run_in_tasks(installation.tasks(), APPENDS_AT_ONCE, |askers| {
        let (installation, next) = (Arc::clone(installation), Arc::clone(&next));
        let count = askers.len();
        async move {
            let each = (0..count).map(|_| opt_out(&installation, &next, wanted));
            futures_util::future::try_join_all(each).await.map(drop)
        }
    })
    .await
    .map(drop)
}

async fn opt_out(installation: &Installation, next: &AtomicUsize, wanted: usize) -> Result<(), Problem> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= wanted {
            return Ok(());
        }
        opt_out_command::opt_out(installation, &format!("+86138{number:08}")).await?;
    }
}

/// Adds a webhook to a new receiver that accepts immediately, and returns the nanoseconds until it has got
/// all messages.
async fn measure(installation: &Arc<Installation>, wanted: usize) -> Result<u64, Problem> {
    let receiver = Receiver::start(installation, 0).await?;
    let watch = Stopwatch::start();
    let id = tell(installation, &receiver).await?;
    let until = installation.now().plus_ms(WAIT_MS);
    while receiver.count() < wanted {
        if installation.now() >= until {
            return Err(Problem::unavailable(format!(
                "{} of {wanted} messages arrived",
                receiver.count()
            )));
        }
        installation.pause(STEP_MS).await;
    }
    // What was sent is stored too before the next measurement.
    loop {
        let state = installation.entities.webhooks.state(&id).await?.state;
        if state.counts().delivered >= wanted as u64 {
            return Ok(watch.nanos());
        }
        installation.pause(STEP_MS).await;
    }
}

/// Creates a webhook that gets every opt-out.
async fn tell(installation: &Installation, receiver: &Receiver) -> Result<WebhookId, Problem> {
    let order = WebhookRequest {
        url: receiver.url.clone(),
        events: Some(vec![NumberEvent::OPTED_OUT.to_owned()]),
        format: WebhookFormat::Standard,
        campaigns: None,
        bearer: None,
        secret: None,
        to: None,
        smtp: None,
        allow_private: true,
        recordings_from: None,
        after: Some(Position(0)),
    };
    let adding = WebhookEditor {
        caller: &Caller::Directory { door: "directory" },
        scope: &DataScope::ALL,
        is_channel: false,
    };
    let cause = Cause::outside(installation.new_command());
    Ok(add_webhook(installation, order, adding, cause).await?.id)
}

/// A receiver on loopback that accepts everything.
struct Receiver {
    url: String,
    taken: Arc<AtomicUsize>,
}

impl Receiver {
    #[expect(
        clippy::disallowed_methods,
        reason = "the measurement's own receiver, on loopback"
    )]
    async fn start(installation: &Arc<Installation>, slow_ms: u64) -> Result<Self, Problem> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let taken = Arc::new(AtomicUsize::new(0));
        let (counts, world) = (Arc::clone(&taken), Arc::clone(installation));
        installation.tasks().spawn(
            "measured receiver",
            Box::pin(async move {
                let stop = world.tasks().stop_signal();
                loop {
                    let accepted = tokio::select! {
                        biased;
                        () = stop.stopping() => return,
                        accepted = listener.accept() => accepted,
                    };
                    let Ok((stream, _)) = accepted else { return };
                    serve(&world, stream, slow_ms, &counts);
                }
            }),
        );
        Ok(Self { url, taken })
    }

    fn count(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

/// Serves one connection, message after message.
fn serve(installation: &Arc<Installation>, stream: TcpStream, slow_ms: u64, counts: &Arc<AtomicUsize>) {
    let (world, counts) = (Arc::clone(installation), Arc::clone(counts));
    let stop = installation.tasks().stop_signal();
    installation.tasks().spawn(
        "measured connection",
        Box::pin(async move {
            let answering = async {
                drop(stream.set_nodelay(true));
                let mut stream = BufReader::new(stream);
                let mut body = Vec::new();
                while let Some(length) = head(&mut stream).await {
                    body.resize(length, 0);
                    if stream.read_exact(&mut body).await.is_err() {
                        return;
                    }
                    if slow_ms > 0 {
                        world.pause(slow_ms).await;
                    }
                    counts.fetch_add(1, Ordering::Relaxed);
                    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
                    if stream.get_mut().write_all(answer).await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                () = answering => {}
            }
        }),
    );
}

/// Reads the head of a request; returns the length of the body after it, `None` at the end of the
/// connection.
async fn head(stream: &mut BufReader<TcpStream>) -> Option<usize> {
    let mut length = 0;
    let mut line = String::new();
    let mut is_first = true;
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let text = line.trim_end();
        if text.is_empty() && !is_first {
            return Some(length);
        }
        is_first = false;
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
}
