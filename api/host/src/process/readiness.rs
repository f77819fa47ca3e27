//! Whether this process is ready, and where it stands: what `/readyz` answers, and why it answers no.

use crate::clock_evidence::OffsetShown;
use crate::descriptors::{self, DescriptorsShown};
use crate::process::Process;
use crate::process::standing::{self, Held};
use crate::process::worklist_age::worklist_age_ms;
use actors::OpenCircuit;
use application::engine_down::engine_down_in_words;
use application::installation::DialingState;
use application::installation::waits::{LossShown, RestoreShown};
use application::reply_value::value;
use domain::call::EngineKind;
use domain::problem::Problem;
use domain::stop::StopId;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::live_figures::EngineFigures;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::Ordering;

/// Why no dial begins after one that could not be stored or recorded.
const NO_ROOM: &str =
    "the disk has no room for the log or for a recording, so nobody is dialed / 磁盘空间不足,暂停拨号";

/// That this process takes work, and where it stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Readiness {
    ready: bool,
    /// Whether it dials, or why not, in a word.
    #[schemars(example = &"dialing")]
    dialing: &'static str,
    /// Why nothing is dialed, when the clock is the reason.
    dialing_refused: Option<String>,
    /// Engines of speech that do not answer: campaigns whose flow needs one start no calls.
    engines_down: Vec<EngineDownShown>,
    /// The emergency stops that are engaged, of those that concern what is dialed here.
    #[schemars(example = &["all"])]
    stops: Vec<String>,
    /// What the clock was compared with; null where that is nothing.
    clock: Option<Vec<OffsetShown>>,
    /// A restore that waits for a person.
    unconfirmed_restore: Option<RestoreShown>,
    /// A lost history that waits for a person.
    history_lost: Option<LossShown>,
    /// Null where nothing dials.
    sip_datagrams_refused: Option<DatagramsRefused>,
    /// The log's head.
    position: String,
    views_lag_events: u64,
    worklist_age_ms: u64,
    descriptors: DescriptorsShown,
    views_parked: Vec<ParkedView>,
    /// Who speaks.
    #[schemars(example = &"espeak-ng")]
    synthesizer: String,
    /// How engines of speech served the last calls of an hour. One that is missing was not asked: nothing is
    /// known of it.
    engines: Vec<EngineShown>,
    /// The time is made up.
    rehearsal: bool,
}

/// Where a process stands that takes work.
pub(super) struct Followed {
    head: Position,
    /// Events that the views are behind.
    lag: u64,
    worklist_age_ms: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DatagramsRefused {
    /// No SIP message.
    malformed: u64,
    /// Refused by a full queue.
    dropped: u64,
    /// Of no leg, or of one but from a stranger.
    foreign: u64,
}

/// An engine of speech, by its last calls.
#[derive(Debug, Serialize, JsonSchema)]
struct EngineShown {
    /// `served` or `failed` the last call that asked it.
    #[schemars(example = &"served")]
    last_call: &'static str,
    #[serde(flatten)]
    figures: EngineFigures,
}

impl EngineShown {
    fn of(figures: EngineFigures) -> Self {
        let last_call = if figures.failed_last { "failed" } else { "served" };
        Self { last_call, figures }
    }
}

/// An engine of speech that does not answer.
#[derive(Debug, Serialize, JsonSchema)]
struct EngineDownShown {
    /// `recognizer` or `synthesizer`.
    engine_kind: EngineKind,
    #[schemars(example = &"funasr")]
    engine: String,
    since: Timestamp,
    /// What that means, with the last failure.
    #[schemars(example = &"funasr has not answered since 10:00")]
    says: String,
}

impl EngineDownShown {
    fn of(open: &OpenCircuit) -> Self {
        Self {
            engine_kind: open.engine_kind,
            engine: open.engine.clone(),
            since: open.since,
            says: engine_down_in_words(open),
        }
    }
}

/// A view that an event keeps.
#[derive(Debug, Serialize, JsonSchema)]
struct ParkedView {
    view: String,
    position: String,
    why: String,
}

impl Process {
    /// The views that an event keeps, and why: their answers stand still, everything else goes on.
    fn parked(&self) -> Vec<ParkedView> {
        let rows = self.installation.rows.status().into_iter();
        let parked = rows.filter_map(|row| {
            let (position, why) = row.parked?;
            Some(ParkedView {
                view: row.view,
                position: position.to_string(),
                why,
            })
        });
        parked.collect()
    }

    /// Why nothing moves now, though it may again: the log, the keys or the views cannot be written, or no
    /// recording has room.
    pub async fn held_up(&self) -> Option<String> {
        if let Some(failure) = self.opened.failure() {
            return Some(failure);
        }
        let head = self.installation.store().head().await.ok();
        if head > self.installation.rows.position()
            && let Some(why) = self.installation.rows.waits_because()
        {
            return Some(why);
        }
        let drivers = self.installation.dialing.drivers()?;
        drivers.are_dials_held().then(|| NO_ROOM.to_owned())
    }

    /// Not draining, the store writes, the log can be read, the worklist follows.
    pub(super) async fn followed(&self) -> Result<Followed, Problem> {
        if !self.ready.load(Ordering::Acquire) {
            return Err(Problem::unavailable("the server is starting or draining"));
        }
        if let Some(why) = self.opened.fallen() {
            return Err(Problem::unavailable(why));
        }
        if let Some(failure) = self.opened.failure() {
            return Err(Problem::unavailable(failure));
        }
        if let Some(damage) = self.installation.environment.damage.first() {
            return Err(Problem::unavailable(format!(
                "{damage}. Later events are not processed and dialing is off. Run `ledgerline audit verify` \
                 to list every damaged position; restore the log from a backup or a copy, or use a newer \
                 ledgerline if it says so; then start again"
            )));
        }
        let head = self.installation.store().head().await?;
        let reached = self.installation.rows.position().ok_or_else(|| {
            Problem::unavailable(format!("all views are parked: {}", value(&self.parked())))
        })?;
        let lag = head.0.saturating_sub(reached.0);
        if let Some(why) = self.installation.rows.waits_because().filter(|_| lag > 0) {
            return Err(Problem::unavailable(format!(
                "the views cannot be written: {why}"
            )));
        }
        let worklist_age_ms = worklist_age_ms(&self.installation, head).await?;
        Ok(Followed {
            head,
            lag,
            worklist_age_ms,
        })
    }

    /// The same, with where it stands.
    pub async fn readiness(&self) -> Result<Readiness, Problem> {
        let Followed {
            head,
            lag,
            worklist_age_ms,
        } = self.followed().await?;
        let refused = self.opened.sip_counts().map(|counts| DatagramsRefused {
            malformed: counts.malformed,
            dropped: counts.dropped,
            foreign: counts.foreign,
        });
        let installation = actors::installation_now(self.installation.store()).await?;
        Ok(Readiness {
            ready: true,
            dialing: self.dialing_word(),
            dialing_refused: self.clock_evidence.refusal(),
            engines_down: self.engines_down(),
            stops: self.stops().iter().map(StopId::to_string).collect(),
            clock: self.clock_evidence.shown(),
            unconfirmed_restore: installation.unconfirmed_restore().map(RestoreShown::of),
            history_lost: installation
                .unconfirmed_loss()
                .map(|(lost, since)| LossShown::of(lost, *since)),
            sip_datagrams_refused: refused,
            position: head.to_string(),
            views_lag_events: lag,
            worklist_age_ms,
            descriptors: descriptors::shown(),
            views_parked: self.parked(),
            synthesizer: self.installation.synthesizer.name().to_owned(),
            engines: self.engines(),
            rehearsal: self.installation.environment.rehearsal,
        })
    }

    /// An engine that is away makes no process unready: its calls are answered by keys, or by a person.
    fn engines(&self) -> Vec<EngineShown> {
        let figures = self.installation.live.latest();
        let figures = figures.map_or_else(|_| Vec::new(), |figures| figures.engines.clone());
        figures.into_iter().map(EngineShown::of).collect()
    }

    fn engines_down(&self) -> Vec<EngineDownShown> {
        let open = self.installation.environment.engines.open();
        open.iter().map(EngineDownShown::of).collect()
    }

    fn stops(&self) -> Vec<StopId> {
        let drivers = self.installation.dialing.drivers();
        drivers.map_or_else(Vec::new, |drivers| drivers.engaged_stops())
    }

    fn dialing_word(&self) -> &'static str {
        self.dials_held_by()
            .map_or_else(|| self.installation.dialing.now().word(), |held| held.word)
    }

    /// What keeps a process from dialing that would.
    pub(super) fn dials_held_by(&self) -> Option<Held> {
        if self.installation.dialing.now() != DialingState::Dialing {
            return None;
        }
        if self.installation.environment.skew.stops_dialing() {
            return Some(standing::CLOCK_WRONG);
        }
        if self.stops().contains(&StopId::All) {
            return Some(standing::STOPPED);
        }
        let drivers = self.installation.dialing.drivers();
        let is_without_room = drivers.is_some_and(|drivers| drivers.are_dials_held());
        is_without_room.then_some(standing::NO_ROOM)
    }
}
