//! `ledgerline trunk call`: makes one call on a trunk, with the same permit, caps and events as every call.
//! `ledgerline trunk quality`: shows the quality of trunks.

use crate::commands::trunk_quality;
use crate::kit::failure::Failure;
use crate::kit::output;
use application::campaigns::{create_campaign, start_campaign};
use application::installation::DialingState;
use application::lists::load::{ListImport, SharedRowsFilter};
use domain::approval_requirements::ApprovalRequirements;
use domain::call::event::CallEvent;
use domain::calling_code::DefaultCountry;
use domain::calling_plan::{CallingPlan, CallingWindow, DuplicatePolicy, RetryPolicy};
use domain::campaign::event::CampaignEvent;
use domain::compliance::closed_for_all;
use domain::customer::event::CustomerEvent;
use domain::ids::{CallId, CampaignId, EnrolmentId};
use domain::number::event::NumberEvent;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};
use domain::problem::Problem;
use domain::sensitive_words::SensitiveWordList;
use domain::stored_event::{Cause, Envelope, Position};
use domain::time::TimeOfDay;
use domain::working_calendar::Calendars;
use host::advertised_args::AdvertisedArgs;
use host::config::TrunkSpec;
use host::messaging_args::MessagingChoice;
use host::open_settings::OpenSettings;
use host::serve_settings::{RecordedClipFile, ServeSettings};
use host::sign_in_args::SignInSettings;
use host::signals::Signals;
use host::speech_args::SpeechChoice;
use host::tls_args::TlsChoice;
use http::list_import::import;
use http::listeners::Listeners;
use http::running_server::RunningServer;
use intake::body::BodySource;
use intake::campaign_body::{CampaignBody, FlowBody};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Id of the built-in campaign.
const CAMPAIGN: &str = "trial-call";

/// Default data directory of trial calls, so that opt-outs and caps apply from one trial to the next.
const DATA_DEFAULT: &str = "trial-data";

/// Longest time that a live trial may continue after ctrl-c, in milliseconds.
const DRAIN_MS: u64 = 2_000;

/// Trunks (线路): test a trunk with one call, or show the quality of trunks
///
/// `call`: the number is enrolled as a new customer in the built-in campaign `trial-call`: the permit, caps
/// and events are those of any call, and an opt-out refuses it. On a trunk that is not a loopback address the
/// number must be your own (--own-number), and calling hours apply. Prints the call's `call.ended`; the
/// recording of an answered call is DIR/recordings/<call>.wav.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make one call and print how it ended
    Call(CallArgs),
    /// Show legs, answers, failures, post-dial delay and final codes of each trunk by Beijing day, from the
    /// running server
    Quality(trunk_quality::QualityArgs),
}

#[derive(Debug, clap::Args)]
struct CallArgs {
    /// Number to call
    number: String,
    /// Trunk, as for `serve`
    #[arg(long, value_name = "SPEC")]
    trunk: TrunkSpec,
    #[command(flatten)]
    advertised: AdvertisedArgs,
    /// Play this file instead of the built-in text: WAV, 8 kHz, mono, 16 bit
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
    /// Data directory; default: trial-data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Confirms that you own this number, or that its owner agreed to this call
    #[arg(long)]
    own_number: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let args = match args.action {
        Action::Call(args) => args,
        Action::Quality(args) => return trunk_quality::quality(args, runtime).await,
    };
    // Refuses, before anything is opened, a text that is not a number in any country.
    match PhoneNumber::parse(&args.number, DefaultCountry::Unknown) {
        Ok(_) | Err(InvalidPhoneNumber::NoCountryCode) => {}
        Err(error) => return Err(Failure::usage(error.to_string())),
    }
    let loopback = args.trunk.is_loopback();
    if !loopback && !args.own_number {
        return Err(Failure::refused(
            "a trunk that is not a loopback address reaches real people: give --own-number if the number is yours or its owner agreed",
        ));
    }
    let mut signals = Signals::listen()?;
    let data = args.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
    let settings = ServeSettings {
        read_db: None,
        open: OpenSettings::of_directory(data.clone()),
        tls: TlsChoice::default(),
        public_url: None,
        sign_in: SignInSettings::default(),
        speech: SpeechChoice::default(),
        messaging: MessagingChoice::default(),
        trunks: vec![args.trunk.clone()],
        sip: None,
        rtp_ports: None,
        advertised: args.advertised.choice()?,
        drain_ms: DRAIN_MS,
        witnesses: Vec::new(),
        ntp: None,
        tsa: None,
        traces: None,
        given: args.wav.clone().map(|file| RecordedClipFile {
            text: speech::clips::DEMO_TEXT.to_owned(),
            file,
        }),
    };
    let running = RunningServer::start(settings, Listeners::none(), runtime).await?;
    if matches!(
        *running.installation.dialing.state().borrow(),
        DialingState::Unconfirmed | DialingState::Lost
    ) {
        running.stop().await;
        return Err(Failure::refused(
            "this log was restored from a backup: run `ledgerline serve` on it and confirm with `ledgerline backup confirm`",
        ));
    }
    let ended = tokio::select! {
        biased;
        () = signals.next() => None,
        ended = place(&running, &args.number, loopback) => Some(ended),
    };
    running
        .finish(&mut signals, Duration::from_millis(DRAIN_MS))
        .await?;
    let Some(ended) = ended else {
        return Err(Failure::unavailable("interrupted"));
    };
    let (call, ended) = ended?;
    show(call, ended, args.json)
}

/// Enrols the number, starts the campaign, and waits for the end of the call. Returns the data of
/// `call.ended`.
async fn place(running: &RunningServer, number: &str, loopback: bool) -> Result<(CallId, Value), Failure> {
    let installation = &running.installation;
    let phone = installation.phone_written(number).await?;
    let campaign: CampaignId = CAMPAIGN
        .parse()
        .map_err(|error: domain::ids::InvalidId| Failure::fault(error.to_string()))?;
    let body = campaign_body(&campaign, loopback);
    if let Some(closed) = closed_for_all(&body.plan, &Calendars::default(), installation.now()) {
        return Err(not_permitted(&json!(closed.verdict)));
    }
    create_campaign(installation, body, Cause::outside(installation.new_command())).await?;
    let after = installation.store().head().await?;
    // A new customer for each trial: an enrolment is permanent, and the same number may be tried again.
    let external_id = format!("trial-{}", installation.new_command());
    let customer = installation.vault().derive_customer(&external_id);
    let mut record = Map::new();
    record.insert("customer_id".to_owned(), Value::String(external_id.clone()));
    record.insert("phone".to_owned(), Value::String(phone.as_e164().to_owned()));
    let plan = ListImport {
        rules: installation.list_rules(&campaign, &external_id).await?,
        source: "trunk call".to_owned(),
        format: "trial".to_owned(),
        dry_run: false,
        shared: SharedRowsFilter::All,
        course: Arc::default(),
    };
    let report = import(installation, plan, Box::new(BodySource::new(vec![record])), None).await?;
    if let Some(bad) = report.bad.first() {
        return Err(Failure::refused(bad.reason.clone()));
    }
    start_again(running, &campaign).await?;
    let call = CallId::derive(
        &EnrolmentId {
            campaign,
            customer: customer.clone(),
        },
        1,
    );
    let watched = TrialStreams {
        call: format!("call-{call}"),
        customer: format!("customer-{customer}"),
    };
    watched
        .until_ended(running, after)
        .await
        .map(|ended| (call, ended))
}

/// Starts the campaign, or resumes it if an earlier trial paused it. A list imported later has already
/// reopened a completed one.
async fn start_again(running: &RunningServer, campaign: &CampaignId) -> Result<(), Failure> {
    use domain::campaign::CampaignStatus;
    use domain::campaign::command::CampaignCommand;
    let installation = &running.installation;
    let loaded = installation
        .entities
        .campaigns
        .state(campaign)
        .await
        .map_err(Problem::from)?;
    let cause = Cause::outside(installation.new_command());
    match loaded.state.status() {
        Some(CampaignStatus::Paused) => {
            let resumed = installation
                .entities
                .campaigns
                .ask(campaign, CampaignCommand::Resume, cause);
            resumed.await.map_err(Problem::from)?;
        }
        Some(CampaignStatus::Running) => {}
        Some(_) | None => {
            start_campaign(installation, campaign, cause).await?;
        }
    }
    Ok(())
}

fn campaign_body(campaign: &CampaignId, loopback: bool) -> CampaignBody {
    let hour = |hour: u16| TimeOfDay::from_minutes(hour * 60).expect("an hour of the day is a time of day");
    CampaignBody {
        campaign: campaign.clone(),
        customer_segment: None,
        // The bundled text, so that a trunk can be tested without a synthesizer.
        flow: FlowBody::ScriptTemplate(speech::clips::DEMO_TEXT.to_owned()),
        model: None,
        model_tiers: Vec::new(),
        knowledge: None,
        plan: CallingPlan {
            retry_policy: RetryPolicy {
                retries_max: 0,
                uncharged_max: 0,
                calls_max: None,
                interrupted_after_answer: None,
                rules: BTreeMap::new(),
            },
            trial: loopback,
            // The same number may be tried again under another customer id.
            duplicates: Some(DuplicatePolicy::ByCustomer),
            approvals: ApprovalRequirements::NONE,
            sensitive_words: SensitiveWordList::default(),
            model: None,
            model_tiers: Default::default(),
            knowledge: None,
            assist: None,
            speech: None,
            emotion: None,
            dialing: None,
            days: None,
            screening: None,
            stages: None,
            running: None,
            dispositions: Default::default(),
            caps: Vec::new(),
            ignores_preferred_times: false,
            priority: None,
            ..CallingPlan::within(CallingWindow {
                start: hour(0),
                end: hour(24),
                rests: Vec::new(),
            })
        },
    }
}

/// Longest time for settling the enrolment after the call has ended, in milliseconds.
const SETTLE_MS: u64 = 3_000;

/// The streams that a trial watches: the call, until it ends, and the customer, until the enrolment is
/// settled.
struct TrialStreams {
    call: String,
    customer: String,
}

impl TrialStreams {
    async fn until_ended(&self, running: &RunningServer, after: Position) -> Result<Value, Failure> {
        let clock = &running.installation.environment.clock;
        let mut events = running.installation.store().subscribe(after).await?;
        let mut ended = None;
        let mut limit = None;
        loop {
            let page = tokio::select! {
                biased;
                page = events.next() => page?,
                () = clock.wait_until(limit.unwrap_or_default()), if limit.is_some() => {
                    return ended.ok_or_else(|| Failure::fault("the trial was settled without an end of its call"));
                }
            };
            for stored in page {
                let envelope = stored
                    .envelope()
                    .map_err(|error| Failure::fault(error.to_string()))?;
                self.refuse_refused(&envelope)?;
                let stream = envelope.stream.as_str();
                if stream == self.call && envelope.kind == CallEvent::ENDED {
                    ended = Some(data_of(&envelope));
                    limit = Some(clock.now().plus_ms(SETTLE_MS));
                }
                if stream == self.customer && envelope.kind == CustomerEvent::ENROLMENT_SETTLED {
                    limit = Some(clock.now());
                }
            }
        }
    }

    /// Fails if the event means that there will be no call.
    fn refuse_refused(&self, envelope: &Envelope) -> Result<(), Failure> {
        let data = data_of(envelope);
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        let refused = match envelope.kind.as_str() {
            CustomerEvent::DIAL_REFUSED => envelope.stream.as_str() == self.customer,
            // The calling window has just closed.
            CampaignEvent::WINDOW_CLOSED => envelope.stream.id() == CAMPAIGN,
            NumberEvent::DIAL_REFUSED => format!("call-{}", text("call")) == self.call,
            CustomerEvent::ENROLMENT_SETTLED => {
                envelope.stream.as_str() == self.customer && text("disposition") == "not_permitted"
            }
            _ => false,
        };
        if refused {
            return Err(not_permitted(&data));
        }
        Ok(())
    }
}

fn not_permitted(verdict: &Value) -> Failure {
    Failure::refused(format!("this call is not permitted: {verdict}"))
}

fn data_of(envelope: &Envelope) -> Value {
    serde_json::from_str(envelope.data.get()).unwrap_or_default()
}

fn show(call: CallId, ended: Value, json_wanted: bool) -> Result<(), Failure> {
    let mut shown = json!({ "call": call });
    if let (Some(members), Value::Object(data)) = (shown.as_object_mut(), ended) {
        members.extend(data);
    }
    if json_wanted {
        return output::json(&shown);
    }
    output::pretty(&shown)
}
