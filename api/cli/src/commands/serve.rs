//! `ledgerline serve`: the server, until a signal.

use crate::kit::failure::Failure;
use crate::kit::output;
use domain::calendar::PeriodLength;
use domain::time::Timestamp;
use evidence::compliance_report::begin_schedule;
use host::config::{HTTP_DEFAULT, TrunkSpec, parse_duration_ms, parse_port_range};
use host::keys_spec::KeysSpec;
use host::messaging_args::MessagingArgs;
use host::open_settings::OpenSettings;
use host::outbound::ntp::NtpServer;
use host::outbound::tsa::TsaUrl;
use host::outbound::witness::WitnessSpec;
use host::process::Standing;
use host::read_db_spec::ReadDbArgs;
use host::serve_settings::ServeSettings;
use host::sign_in_args::SignInArgs;
use host::signals::Signals;
use host::speech_args::SpeechArgs;
use host::store_spec::LogArgs;
use host::tls_args::TlsArgs;
use http::console::Console;
use http::kurrent::KurrentArgs;
use http::listeners::Listeners;
use http::proxies::ProxyArgs;
use http::running::Running;
use http::server;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Run the server: campaigns, calls and the HTTP API.
///
/// A trunk is
/// sip:HOST:PORT[;user=U;password-file=F|password-env=V][;name=N][;from=NUMBER[@LAST-DAY[@LICENCE]],…]
/// [;calls-per-number=N][;legs-max=N][;dials-per-second=10][;ring-timeout=30s][;first-response=32s]
/// [;hold-off=180s][;dial=e164|digits|national][;prefix=P][;replies=same-port|any-port][;media=IP,IP…]
/// [;latch=exact|port|subnet][;silence=60s][;from-domain=D][;identity=pai|ppi][;user=phone]
/// [;outbound-proxy=HOST:PORT][;nat=yes][;probe=off]. Several trunks: their order is preference. `from`
/// rotates and is required unless the trunk is a loopback address; a number is shown on its last day
/// (2027-03-31), and never after, and by at most `calls-per-number` calls at once, over all trunks. `dial`
/// says how numbers are dialed: +8613800138000, 8613800138000 or 13800138000. Responses come from the
/// trunk's own port unless `replies=any-port`; audio comes from `media` only, where it is given, at
/// whatever port. `latch` says how far audio may come from the address that the far end described: that
/// address and port (`exact`), any port of it (`port`, the default), or its /24 or /64 too (`subnet`). A
/// far end that sends, and gives no sign of life for `silence` while the robot does not speak, is hung up.
/// `from-domain` is the host of From; `identity` adds P-Asserted-Identity (pai) or P-Preferred-Identity
/// (ppi) with the number shown; `user=phone` marks URIs with a telephone number; `outbound-proxy` takes all
/// requests, and is named in a Route; with `nat=yes` requests to a private Contact go to the trunk. Every
/// 10 s an OPTIONS asks whether the trunk is there; one that stops answering takes no calls until it
/// answers again. `probe=off`: it is never asked.
///
/// With --store postgres://… several servers may share one log; each has its own --data. One of them dials,
/// the others stand by and take over. They must share --keys. With --read-db postgres://… the rows stand in
/// a database too, and may be shared in the same way.
///
/// Whoever asks over HTTP sends the token of DIR/token, on loopback too: commands with --data DIR do, and the
/// plain status page takes it behind `/status#token=`. Users sign in to the console, at `/`.
///
/// SIGTERM or SIGINT drains: no new dials, live calls finish up to --drain, then they are ended and exit is
/// 0. A second signal cancels or hangs up every call, stores how they ended, and leaves within 5 s; exit
/// is 0 then, too. Give systemd (TimeoutStopSec), Docker (--stop-timeout) or Kubernetes
/// (terminationGracePeriodSeconds) more than --drain. The log's level is LEDGERLINE_LOG (default warn).
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
    /// Where to listen for HTTP
    #[arg(long, value_name = "ADDR", default_value_t = HTTP_DEFAULT)]
    http: SocketAddr,
    /// A trunk to dial on; may be given several times
    #[arg(long = "trunk", value_name = "SPEC")]
    trunks: Vec<TrunkSpec>,
    /// Our SIP address; default: the one this directory used before, else a fitting one
    #[arg(long, value_name = "ADDR")]
    sip: Option<SocketAddr>,
    /// UDP ports for audio, such as 20000-20199
    #[arg(long, value_name = "A-B", value_parser = parse_port_range)]
    rtp_ports: Option<RangeInclusive<u16>>,
    #[command(flatten)]
    keys: KeysSpec,
    /// How long live calls may go on after a signal
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration_ms)]
    drain: u64,
    /// Rehearse: start the clock at this instant; only with loopback trunks
    #[arg(long, value_name = "RFC3339")]
    rehearse_at: Option<Timestamp>,
    /// A witness that is asked to cosign each checkpoint, and its public key; may be given several times
    #[arg(long = "witness", value_name = "URL,VKEY")]
    witnesses: Vec<WitnessSpec>,
    /// A time stamp authority (RFC 3161) that stamps a checkpoint every hour
    #[arg(long, value_name = "URL")]
    tsa: Option<TsaUrl>,
    /// An NTP server to compare the clock with; beyond 2 s nothing new is dialed
    #[arg(long, value_name = "HOST[:PORT]")]
    ntp: Option<NtpServer>,
    /// Issue the signed compliance report of each period after its end; kept in DIR/reports
    #[arg(long, value_enum, value_name = "PERIOD")]
    compliance_report: Option<PeriodLength>,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    proxies: ProxyArgs,
    #[command(flatten)]
    speech: SpeechArgs,
    #[command(flatten)]
    messaging: MessagingArgs,
    #[command(flatten)]
    sign_in: SignInArgs,
    #[command(flatten)]
    kurrent: KurrentArgs,
    /// Leave the console out: `/` leads to the plain status page
    #[arg(long)]
    no_console: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let (data, store) = args.log.place()?;
    let listener = server::bind(args.http)
        .await
        .map_err(|error| Failure::unavailable(format!("cannot listen on {}: {error}", args.http)))?;
    let listeners = Listeners::http(listener)
        .and_kurrent(args.kurrent.listen().await?)
        .and_console(Console::of(!args.no_console))
        .and_proxies(args.proxies.proxies()?);
    let settings = ServeSettings {
        read_db: args.read_db.read_db.clone(),
        open: OpenSettings {
            data: data.clone(),
            store: store.clone(),
            keys: args.keys.dir(),
            keys_url: args.keys.url(),
            master_key: args.keys.master_key,
            rehearse_at: args.rehearse_at,
        },
        tls: args.tls.files(),
        sign_in: args.sign_in.settings()?,
        speech: args.speech.choice(),
        messaging: args
            .messaging
            .choice()
            .map_err(|fault| Failure::usage(fault.to_string()))?,
        trunks: args.trunks,
        sip: args.sip,
        rtp_ports: args.rtp_ports,
        drain_ms: args.drain,
        witnesses: args.witnesses,
        tsa: args.tsa,
        ntp: args.ntp,
        given: None,
    };
    let running = Running::start(settings, listeners, runtime).await?;
    if let Some(length) = args.compliance_report {
        begin_schedule(&running.installation, length);
    }
    output::line(&format!("data      {}", data.display()))?;
    output::line(&format!("log       {store}"))?;
    output::line(&format!("rows      {}", args.read_db.spec(&data)))?;
    if let Some(url) = running.url.as_ref().filter(|_| !args.no_console) {
        output::line(&format!("console   {url}"))?;
    }
    output::line(&format!("status    {}", running.page().unwrap_or_default()))?;
    if let Some(address) = running.kurrent {
        let secured = running.identity.is_some();
        output::line(&format!("kurrent   kurrentdb://{address}?tls={secured}"))?;
    }
    until_signal(&running, &mut signals).await?;
    output::notice("draining; a second signal ends every call and leaves within 5 s");
    running
        .finish(&mut signals, Duration::from_millis(args.drain))
        .await?;
    Ok(())
}

/// Says whether this process is ready and whether it dials, at first and whenever that changes. An error: it
/// cannot go on, and what is open is closed by the next start.
async fn until_signal(running: &Running, signals: &mut Signals) -> Result<(), Failure> {
    let process = &running.process;
    let mut standing = tokio::select! {
        biased;
        () = signals.next() => return Ok(()),
        why = process.opened.fell() => return Err(Failure::unavailable(why)),
        standing = process.standing() => standing,
    };
    say_dialing(&standing);
    say_ready(&standing);
    loop {
        let now = tokio::select! {
            biased;
            () = signals.next() => break,
            why = process.opened.fell() => return Err(Failure::unavailable(why)),
            now = process.changed_from(&standing) => now,
        };
        if !now.dials_as(&standing) {
            say_dialing(&now);
        }
        if !now.is_as_ready_as(&standing) {
            say_ready(&now);
        }
        standing = now;
    }
    say("ready", "no: draining");
    Ok(())
}

fn say_dialing(standing: &Standing) {
    say("dialing", &standing.dialing_line());
}

fn say_ready(standing: &Standing) {
    let line = standing.ready_line();
    tracing::info!(ready = line, "readiness");
    say("ready", &line);
}

/// A line of what the process says of itself. A full disk behind standard output is no reason to end.
fn say(name: &str, line: &str) {
    if let Err(error) = output::line(&format!("{name:<10}{line}")) {
        tracing::warn!(%error, "what this process says of itself could not be printed");
    }
}
