//! `ledgerline serve`: runs the server until a signal.

use crate::commands::serve_configuration::ServerConfiguration;
use crate::commands::serve_reload::{LoadedServer, ReloadTask};
use crate::kit::failure::Failure;
use crate::kit::log_output::LogControl;
use crate::kit::output;
use crate::kit::table::pad;
use application::language::localized;
use domain::calendar::PeriodLength;
use domain::time::Timestamp;
use evidence::compliance_report::begin_schedule;
use host::advertised_args::AdvertisedArgs;
use host::config::{HTTP_DEFAULT, parse_duration_ms, parse_port_range};
use host::keys_spec::KeysSpec;
use host::log_level::parse_log_level;
use host::log_writer::LogFormat;
use host::messaging_args::MessagingArgs;
use host::open_settings::OpenSettings;
use host::outbound::ntp::NtpServer;
use host::outbound::tsa::TsaUrl;
use host::outbound::witness::WitnessSpec;
use host::process::ProcessStatus;
use host::public_url::PublicUrl;
use host::read_db_spec::ReadDbArgs;
use host::secret_text::SecretText;
use host::serve_settings::ServeSettings;
use host::service_manager;
use host::sign_in_args::SignInArgs;
use host::signals::Signals;
use host::speech_args::SpeechArgs;
use host::store_spec::LogArgs;
use host::tls_args::TlsArgs;
use host::trace_args::TraceArgs;
use http::console::ConsoleMode;
use http::kurrent::KurrentArgs;
use http::listeners::Listeners;
use http::proxies::ProxyArgs;
use http::redirect::RedirectArgs;
use http::running_server::RunningServer;
use http::server;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Width of the labels before the printed values, in columns.
const LABEL_COLUMNS: usize = 10;

/// Run the server: campaigns, calls and the HTTP API
///
/// A trunk is
/// sip:HOST:PORT[;user=U;password-file=F|password-env=V][;name=N][;from=NUMBER[@LAST-DAY[@LICENCE]],…]
/// [;calls-per-number=N][;legs-max=N][;dials-per-second=10][;ring-timeout=30s][;first-response=32s]
/// [;hold-off=180s][;dial=e164|digits|national][;prefix=P][;replies=same-port|any-port][;media=IP,IP…]
/// [;latch=exact|port|subnet][;silence=60s][;from-domain=D][;identity=pai|ppi][;user=phone]
/// [;outbound-proxy=HOST:PORT][;nat=yes][;probe=off]. Several trunks are used in the order given. `from` is
/// the number pool, used in rotation; it is required unless the trunk is a loopback address. A number is
/// shown up to its last day (2027-03-31), and by at most `calls-per-number` concurrent calls over all trunks.
/// `dial` is the format of dialed numbers: +8613800138000, 8613800138000 or 13800138000. Responses must come
/// from the trunk's own port unless `replies=any-port`; audio is accepted only from `media`, if given, at any
/// port. `latch` limits how far the source of audio may differ from the address in the SDP: that address and
/// port (`exact`), any port of it (`port`, the default), or also its /24 or /64 (`subnet`). If a far end that
/// sends audio gives no sign of life for `silence` while the robot does not speak, the call is hung up.
/// `from-domain` is the host of From; `identity` adds P-Asserted-Identity (pai) or P-Preferred-Identity (ppi)
/// with the number shown; `user=phone` marks URIs with a telephone number; `outbound-proxy` receives all
/// requests and is named in a Route; with `nat=yes` requests to a private Contact go to the trunk. Every 10 s
/// an OPTIONS request checks the trunk; if it stops answering, it gets no calls until it answers again.
/// `probe=off` disables the check.
///
/// With --store postgres://… several servers can share one log; each has its own --data. One of them dials,
/// the others stand by and take over. They must share --keys. With --read-db postgres://… the rows are in a
/// database too, and can be shared in the same way.
///
/// HTTP clients send the token of DIR/token, also on loopback: commands with --data DIR do so, and the plain
/// status page takes it in `/status#token=`. Users sign in to the console at `/`.
///
/// SIGTERM or SIGINT drains: no new dials, live calls may finish until --drain, then they are ended and the
/// exit code is 0. A second signal cancels or hangs up every call, stores how they ended, and exits within 5
/// s, also with 0. Give systemd (TimeoutStopSec), Docker (--stop-timeout) or Kubernetes
/// (terminationGracePeriodSeconds) more time than --drain.
///
/// Each flag is also a setting of the configuration file (`ledgerline config example`) and an environment
/// variable such as LEDGERLINE__HTTP__LISTEN. SIGHUP reads the file again: log level and trusted proxies
/// change at once. LEDGERLINE_LOG overrides the log level of the file.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
    /// Address to listen on for HTTP
    #[arg(long, value_name = "ADDR", default_value_t = HTTP_DEFAULT)]
    http: SocketAddr,
    #[command(flatten)]
    sources: SourceArgs,
    /// URL under which browsers reach this server, without a path: of set-up links, redirects, and returns
    /// from an identity provider
    #[arg(long, value_name = "URL")]
    public_url: Option<PublicUrl>,
    #[command(flatten)]
    redirect: RedirectArgs,
    /// Trunk to dial on; may be repeated. The configuration reads it before this command is parsed
    #[arg(long = "trunk", value_name = "SPEC")]
    trunks: Vec<SecretText>,
    /// Our SIP address; default: the one this directory used before, else a suitable one
    #[arg(long, value_name = "ADDR")]
    sip: Option<SocketAddr>,
    /// UDP ports for audio, for example 20000-20199
    #[arg(long, value_name = "A-B", value_parser = parse_port_range)]
    rtp_ports: Option<RangeInclusive<u16>>,
    #[command(flatten)]
    advertised: AdvertisedArgs,
    #[command(flatten)]
    keys: KeysSpec,
    /// Longest time that live calls may continue after a signal
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration_ms)]
    drain: u64,
    /// Rehearsal: start the clock at this instant; only with loopback trunks
    #[arg(long, value_name = "RFC3339")]
    rehearse_at: Option<Timestamp>,
    /// Witness that cosigns each checkpoint, and its public key; may be repeated
    #[arg(long = "witness", value_name = "URL,VKEY")]
    witnesses: Vec<WitnessSpec>,
    /// Time stamp authority (RFC 3161) that stamps a checkpoint every hour
    #[arg(long, value_name = "URL")]
    tsa: Option<TsaUrl>,
    /// NTP server to compare the clock with; beyond 2 s no new call is dialed
    #[arg(long, value_name = "HOST[:PORT]")]
    ntp: Option<NtpServer>,
    /// Issue the signed compliance report of each period after its end; stored in DIR/reports
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
    traces: TraceArgs,
    #[command(flatten)]
    kurrent: KurrentArgs,
    /// Serve no console: `/` leads to the plain status page
    #[arg(long)]
    no_console: bool,
    #[arg(skip)]
    configured: Option<LoadedServer>,
}

/// The arguments that the configuration reads before this command is parsed.
#[derive(Debug, clap::Args)]
struct SourceArgs {
    /// Configuration file; flags and environment override it. Default: /etc/ledgerline/ledgerline.toml, if it
    /// exists
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log level (off, error, warn, info, debug, trace), or a filter by module such as warn,host=debug
    #[arg(long, value_name = "LEVEL", default_value = "warn", value_parser = parse_log_level)]
    log_level: String,
    /// Form of a log line: one JSON object, or text for people
    #[arg(long, value_name = "json|text", default_value = "json")]
    log_format: LogFormat,
}

impl Args {
    /// Adds the loaded configuration, with the trunks of all sources.
    pub(crate) fn configure(&mut self, configuration: ServerConfiguration, log: LogControl) {
        self.configured = Some(LoadedServer { configuration, log });
    }

    /// Prints warnings about secrets in flags, and starts to receive SIGHUP.
    fn start_reload(&mut self) -> Result<ReloadTask, Failure> {
        let sources = &self.sources;
        tracing::debug!(
            config = ?sources.config,
            trunks = self.trunks.len(),
            log_level = sources.log_level,
            log_format = ?sources.log_format,
            "arguments of the command line"
        );
        let loaded = self.configured.take();
        let loaded = loaded.ok_or_else(|| Failure::fault("serve has no configuration"))?;
        ReloadTask::start(loaded, self.proxies.proxies()?)
    }

    /// Checks what the parser of the command line does not: settings that belong together, and secrets.
    pub(crate) fn check(self) -> Result<(), Failure> {
        if self.log.data.is_some() || self.log.store.is_some() {
            self.log.place()?;
        }
        self.proxies.proxies()?;
        self.advertised.choice()?;
        self.sign_in.settings()?;
        let messaging = self.messaging.choice();
        messaging.map_err(|fault| Failure::usage(fault.to_string()))?;
        Ok(())
    }
}

pub(crate) async fn run(mut args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let mut reload = args.start_reload()?;
    let (data, store) = args.log.place()?;
    let listener = server::bind(args.http)
        .await
        .map_err(|error| Failure::unavailable(format!("cannot listen on {}: {error}", args.http)))?;
    let listeners = Listeners::http(listener)
        .and_kurrent(args.kurrent.listen().await?)
        .and_redirect(args.redirect.listen(args.public_url.as_ref()).await?)
        .and_console(ConsoleMode::of(!args.no_console))
        .and_proxies(reload.proxies.clone());
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
        tls: args.tls.choice(args.http, args.public_url.as_ref()),
        public_url: args.public_url.clone(),
        sign_in: args.sign_in.settings()?,
        speech: args.speech.choice(),
        messaging: args
            .messaging
            .choice()
            .map_err(|fault| Failure::usage(fault.to_string()))?,
        trunks: reload.started().trunks(),
        sip: args.sip,
        rtp_ports: args.rtp_ports,
        advertised: args.advertised.choice()?,
        drain_ms: args.drain,
        witnesses: args.witnesses,
        tsa: args.tsa,
        ntp: args.ntp,
        traces: args.traces.choice(),
        given: None,
    };
    let running = RunningServer::start(settings, listeners, runtime).await?;
    if let Some(length) = args.compliance_report {
        begin_schedule(&running.installation, length);
    }
    if let Some(file) = reload.started().file() {
        line(localized("配置文件", "config"), &file.display())?;
    }
    line(localized("数据目录", "data"), &data.display())?;
    line(localized("日志", "log"), &store)?;
    line(localized("读库", "rows"), &args.read_db.spec(&data))?;
    if let Some(url) = running.url_for_browsers().filter(|_| !args.no_console) {
        line(localized("控制台", "console"), &url)?;
    }
    if args.tls.tls_self_signed {
        print_fingerprint(&running)?;
    }
    print_endpoints(&running)?;
    service_manager::begin_watchdog(&running.process);
    until_signal(&running, &mut signals, &mut reload).await?;
    service_manager::notify_stopping(Duration::from_millis(args.drain));
    output::notice(localized(
        "正在退出；再次发送信号将挂断所有通话，并在 5 秒内退出",
        "draining; a second signal ends every call and exits within 5 s",
    ));
    running
        .finish(&mut signals, Duration::from_millis(args.drain))
        .await?;
    Ok(())
}

/// Prints the fingerprint of the certificate, which users compare with the one that their browser shows.
fn print_fingerprint(running: &RunningServer) -> Result<(), Failure> {
    match &running.identity {
        Some(identity) => line(localized("证书指纹", "sha-256"), &identity.fingerprint()),
        None => Ok(()),
    }
}

/// Prints where the status page and, if it is served, the KurrentDB endpoint are.
fn print_endpoints(running: &RunningServer) -> Result<(), Failure> {
    line(localized("状态页", "status"), &running.page().unwrap_or_default())?;
    if let Some(address) = running.kurrent {
        let secured = running.identity.is_some();
        line("kurrent", &format!("kurrentdb://{address}?tls={secured}"))?;
    }
    Ok(())
}

/// Prints a value after its label; the values of several lines begin in one column.
fn line(label: &str, value: &dyn std::fmt::Display) -> Result<(), Failure> {
    output::line(&format!("{}{value}", pad(label, LABEL_COLUMNS)))
}

/// Prints whether this process is ready and whether it dials, at first and at each change, until a signal.
/// Returns an error if the process cannot continue; the next start then closes open calls.
async fn until_signal(
    running: &RunningServer,
    signals: &mut Signals,
    reload: &mut ReloadTask,
) -> Result<(), Failure> {
    let process = &running.process;
    reload.keep_log_in(&running.installation.directory);
    let mut standing = tokio::select! {
        biased;
        () = signals.next() => return Ok(()),
        why = process.opened.fell() => return Err(Failure::unavailable(why)),
        standing = process.standing() => standing,
    };
    say_dialing(&standing);
    say_ready(&standing);
    service_manager::notify_status(&standing);
    loop {
        let now = tokio::select! {
            biased;
            () = signals.next() => break,
            why = process.opened.fell() => return Err(Failure::unavailable(why)),
            () = reload.signal.next() => {
                say("config", &reload.apply());
                continue;
            }
            now = process.changed_from(&standing) => now,
        };
        if !now.dials_as(&standing) {
            say_dialing(&now);
        }
        if !now.is_as_ready_as(&standing) {
            say_ready(&now);
        }
        service_manager::notify_status(&now);
        standing = now;
    }
    say("ready", "no: draining");
    Ok(())
}

fn say_dialing(standing: &ProcessStatus) {
    say("dialing", &standing.dialing_line());
}

fn say_ready(standing: &ProcessStatus) {
    let line = standing.ready_line();
    tracing::info!(ready = line, "readiness");
    say("ready", &line);
}

/// Prints a line about the state of the process. A full disk behind standard output does not end the process.
fn say(name: &str, line: &str) {
    if let Err(error) = output::line(&format!("{name:<10}{line}")) {
        tracing::warn!(%error, "cannot print the state of this process");
    }
}
