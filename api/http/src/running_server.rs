//! A running server: started in order, and stopped in the reverse order.

use crate::auth::{self, AuthenticationMode};
use crate::certificate;
use crate::context::{Context, Ctx};
use crate::listeners::Listeners;
use crate::routes::oidc::RETURN_PATH;
use crate::served_listeners::serve_all;
use actors::Environment;
use application::engines::Engines;
use application::format_localized;
use application::installation::Installation;
use application::notice::notice;
use application::{alerts, webhooks};
use application::{conversations, messages};
use application::{number_check_runner, retention};
use application::{private_file, saved_reports};
use domain::ports::speech::Synthesizer;
use domain::problem::Problem;
use evidence::compliance_report::REPORTS_DIR;
use host::app::{self, InstallationUse, OpenDataDir};
use host::clock_evidence::ClockEvidence;
use host::data_dir::{Mode, PROMPTS_DIR, TOKEN_FILE};
use host::driver_runner;
use host::log_proofs::{LogTreeMaintainer, history};
use host::outbound::messenger::OutsideMessenger;
use host::outbound::number_checker::ask_outside;
use host::outbound::oidc::OidcProvider;
use host::outbound::trace_exporter;
use host::process::Process;
use host::public_url::PublicUrl;
use host::rebuild_record;
use host::sandbox;
use host::serve_settings::{RecordedClipFile, ServeSettings};
use host::single_event::note_index_remade;
use speech::recognition::spec::RecognizerSpec;
use speech::recorded_clip::RecordedClipSynthesizer;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tls::Identity;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A server with running drivers and routes.
pub struct RunningServer {
    pub installation: Arc<Installation>,
    pub process: Arc<Process>,
    /// The context of its routes.
    pub ctx: Ctx,
    /// URL of its HTTP listener.
    pub url: Option<String>,
    /// Address of the KurrentDB endpoint.
    pub kurrent: Option<SocketAddr>,
    /// The certificate of its listeners; without one they use plain text.
    pub identity: Option<Arc<Identity>>,
}

impl RunningServer {
    /// Opens the directory, recovers, starts the listeners, closes what a crash left open, and starts the
    /// drivers. Calls and the log run on the runtime `calls`, everything else on the current runtime
    /// (decision 0192).
    pub async fn start(
        settings: ServeSettings,
        listeners: Listeners,
        calls: Arc<Runtime>,
    ) -> Result<Self, Problem> {
        refuse_rehearsal_off_loopback(&settings)?;
        refuse_trunks_of_one_name(&settings)?;
        let identity = certificate::load(&settings.tls)?;
        let opened = OpenDataDir::open_on_call_runtime(&settings.open, calls.handle()).await?;
        history::check_history(&opened.environment, &settings.open).await?;
        opened.name_log().await?;
        let mode = Mode::of_rehearsal(opened.environment.rehearsal);
        let identity = certificate::or_self_signed(identity, &settings.tls, &opened.directory)?;
        note_index_remade(opened.environment.store.as_ref(), mode, opened.index_remade()).await?;
        say_who_is_unreadable(&opened);
        for folder in ["", PROMPTS_DIR, REPORTS_DIR] {
            private_file::narrow(&opened.directory.join(folder))?;
        }
        let door = door_of(&opened, listeners.http.as_ref())?;
        let entities = opened.entities(calls);
        let voice = opened.synthesizer(settings.speech.synthesizer.as_ref()).await?;
        let synthesizer = with_given_sound(settings.given.as_ref(), voice)?;
        let installation = opened
            .installation(
                entities,
                settings.read_db.as_ref(),
                InstallationUse::Many,
                synthesizer,
            )
            .await?;
        set_access(&installation, &settings);
        carry_messages(&installation, &settings);
        app::ask_writer(&installation, &settings.speech)?;
        let environment = &installation.environment;
        let traces = settings.traces.as_ref();
        traces.map_or(Ok(()), |traces| trace_exporter::begin(environment, traces))?;
        let evidence = ClockEvidence::new(
            environment,
            &installation.entities,
            settings.ntp.clone(),
            opened.shared(),
            opened.system_clock(),
        );
        // No key of an erased person may open anything, so erasures are completed before the first request.
        actors::start_erasures(&installation.entities, environment, opened.recordings()).await?;
        // Readers of the log (proofs, webhooks …) start here, before anything new is appended.
        LogTreeMaintainer::new(environment, &settings.open, &settings.witnesses)?
            .stamped_by(settings.tsa.clone())
            .begin();
        let engines = engines(environment, settings.speech.recognizer.as_ref())?;
        let process = Arc::new(Process::new(opened, Arc::clone(&installation), evidence));
        let ctx = Arc::new(Context {
            identity: identity.clone(),
            ..Context::of_server(&installation, &process, door, engines)
        });
        let (url, kurrent) = serve_all(&ctx, listeners, identity.as_ref(), &settings)?;
        ask_provider(&installation, &settings, url.as_deref())?;
        // The clock is checked before the first call is dialed.
        process.clock_evidence.begin().await?;
        // Only `driving` decides whether and when the drivers run.
        let driving = Box::pin(driver_runner::begin(Arc::clone(&process), settings));
        process.opened.on_calls(driving).await?;
        begin_beside(&installation);
        sandbox::begin(&process);
        process.begin();
        let running = Self {
            installation,
            process,
            ctx,
            url,
            kurrent,
            identity,
        };
        if let Some(url) = running.url_for_browsers() {
            offer_first_set_up(&running.installation, url);
        }
        Ok(running)
    }

    /// Returns the URL of the console: the public one, else that of the listener; `None` without a listener.
    pub fn url_for_browsers(&self) -> Option<String> {
        let url = self.url.clone()?;
        let public_url = self.installation.access.public_url();
        Some(public_url.map_or(url, str::to_owned))
    }

    /// Returns the URL of the status page with the token; `None` without an HTTP listener. For a terminal,
    /// never for a log.
    pub fn page_with_token(&self) -> io::Result<Option<String>> {
        let ids = self.installation.environment.ids.as_ref();
        let token = auth::token(&self.installation.directory, ids)?;
        Ok(self.url.as_ref().map(|url| format!("{url}/status#token={token}")))
    }

    /// Returns the URL of the status page with the path of the file that contains the token, not the token
    /// itself; `None` without an HTTP listener.
    pub fn page(&self) -> Option<String> {
        let file = self.installation.directory.join(TOKEN_FILE);
        let url = self.url.as_ref()?;
        Some(format!("{url}/status#token=<content of {}>", file.display()))
    }
}

/// Builds the engines for other systems. They have a recognizer of their own, so that it stays when another
/// process takes over dialing.
fn engines(environment: &Environment, spec: Option<&RecognizerSpec>) -> Result<Engines, Problem> {
    let recognizer = spec.map(|spec| app::recognizer(environment, spec));
    Ok(Engines::new(recognizer.transpose()?))
}

/// Returns how requests are authenticated: by token on a listener; without a listener only by access to the
/// directory.
fn door_of(opened: &OpenDataDir, listener: Option<&TcpListener>) -> Result<AuthenticationMode, Problem> {
    // Created at the first start even without a listener, so that a later listener finds it.
    let token = auth::token(&opened.directory, opened.environment.ids.as_ref())?;
    let Some(address) = listener.map(TcpListener::local_addr).transpose()? else {
        return Ok(AuthenticationMode::Directory);
    };
    Ok(AuthenticationMode::Token {
        token,
        loopback_port: address.ip().is_loopback().then(|| address.port()),
    })
}

/// Connects the gateways for messages to customers and for number checks that this server was started with.
fn carry_messages(installation: &Installation, settings: &ServeSettings) {
    if let Some(choice) = &settings.messaging.number_check {
        ask_outside(installation, choice);
    }
    if settings.messaging.is_none() {
        return;
    }
    let courier = Arc::clone(&installation.courier);
    let messenger = OutsideMessenger::new(courier, settings.messaging.clone());
    installation.messages.carry_by(Arc::new(messenger));
}

/// Sets what sign-ins and set-up links need of the settings.
fn set_access(installation: &Installation, settings: &ServeSettings) {
    let roles = settings.sign_in.second_factor_for.clone();
    installation.access.demand_second_factor(roles);
    if let Some(url) = &settings.public_url {
        installation.access.name_public_url(url.as_str());
    }
}

/// Lets users sign in with the configured identity provider, if there is one and an HTTP listener. Browsers
/// return to this server's public URL.
fn ask_provider(
    installation: &Installation,
    settings: &ServeSettings,
    url: Option<&str>,
) -> Result<(), Problem> {
    let Some((oidc, url)) = settings.sign_in.oidc.clone().zip(url) else {
        return Ok(());
    };
    let public_url = settings.public_url.as_ref().map(PublicUrl::as_str);
    let own = oidc.redirect.as_deref().or(public_url).unwrap_or(url);
    let own = own.trim_end_matches('/');
    let redirect = format!("{own}{RETURN_PATH}");
    let provider = OidcProvider::new(oidc, Arc::clone(&installation.environment.clock))?;
    installation.access.provider.ask(Arc::new(provider), redirect);
    Ok(())
}

/// Starts the background tasks of a server: live figures, alerts, webhooks, saved reports, retention,
/// conversations, messages, records of rebuilds.
fn begin_beside(installation: &Arc<Installation>) {
    installation.live.begin(&installation.environment);
    alerts::begin(installation);
    webhooks::begin(installation);
    saved_reports::begin(installation);
    retention::begin(installation);
    number_check_runner::begin(installation);
    conversations::begin(installation);
    messages::begin(installation);
    rebuild_record::begin(installation);
}

/// Prints the set-up link for the first admin of a fresh installation. It is printed to the terminal and to
/// no log, because it makes its reader an admin.
fn offer_first_set_up(installation: &Arc<Installation>, url: String) {
    let offering = Arc::clone(installation);
    installation.tasks().spawn(
        "first set-up",
        Box::pin(async move {
            match offering.access.first.offer(&offering).await {
                Ok(Some(link)) => notice(&format_localized!(
                    "尚无管理员：请在一小时内打开 {url}/set-up#{link} 设置首位管理员（仅一次有效）",
                    "no admin yet: make the first one at {url}/set-up#{link} (once, within the hour)"
                )),
                Ok(None) => {}
                Err(why) => tracing::warn!(%why, "whether there is an admin is not known"),
            }
        }),
    );
}

/// Prints a notice about persons without a key after a restore of the keys: they are neither read nor dialed.
fn say_who_is_unreadable(opened: &OpenDataDir) {
    let unreadable = opened.restored_keys().map_or(0, |keys| keys.unreadable_count);
    if unreadable > 0 {
        notice(&format_localized!(
            "恢复密钥后有 {unreadable} 位客户没有密钥：无法读取，也不会被呼叫",
            "{unreadable} people of this log have no key after the keys were restored: their data cannot be \
             read, and they are not dialed"
        ));
    }
}

/// Refuses two trunks with the same name, because events refer to a trunk by its name.
fn refuse_trunks_of_one_name(settings: &ServeSettings) -> Result<(), Problem> {
    let mut names = BTreeSet::new();
    match settings.trunks.iter().find(|trunk| !names.insert(&trunk.name)) {
        None => Ok(()),
        Some(twice) => Err(Problem::invalid(
            "setting-invalid",
            format!("two lines have the name {}; rename one with name=", twice.name),
        )),
    }
}

fn refuse_rehearsal_off_loopback(settings: &ServeSettings) -> Result<(), Problem> {
    if settings.open.rehearse_at.is_none() {
        return Ok(());
    }
    match settings.trunks.iter().find(|trunk| !trunk.is_loopback()) {
        None => Ok(()),
        Some(trunk) => Err(Problem::refused(
            "trunk-refused",
            format!(
                "--rehearse-at is refused: trunk {} is not a loopback address, and real people answer there",
                trunk.name
            ),
        )),
    }
}

/// Makes a synthesizer that plays the given audio file for its text and leaves other texts to `others`.
/// Fails for a file that is not an 8 kHz mono WAV of 16 bits.
fn with_given_sound(
    given: Option<&RecordedClipFile>,
    others: Arc<dyn Synthesizer>,
) -> Result<Arc<dyn Synthesizer>, Problem> {
    let Some(given) = given else { return Ok(others) };
    let wrong = |why: String| {
        Problem::invalid(
            "setting-invalid",
            format!("--wav {}: {why}", given.file.display()),
        )
    };
    let wav = std::fs::read(&given.file).map_err(|error| wrong(error.to_string()))?;
    let spoken = RecordedClipSynthesizer::new(given.text.as_str(), &wav, others);
    Ok(Arc::new(spoken.map_err(|error| wrong(error.to_string()))?))
}
