//! The response of `/readyz`, and the checks behind it: whether this process is ready, whether it dials,
//! and whether it can store and apply events.

use crate::clock_evidence::ClockOffsetResponse;
use crate::descriptors::{self, DescriptorsResponse};
use crate::process::Process;
use crate::process::worklist_age::worklist_age_ms;
use actors::OpenCircuit;
use application::engine_down::engine_down_in_words;
use application::installation::dialing_word;
use application::installation::pending_confirmations::{LostHistoryResponse, PendingRestoreResponse};
use application::language::Language;
use application::reply_value::value;
use domain::call::EngineKind;
use domain::dialing_pause::{DialingPause, PauseCode, PauseCodeSet};
use domain::problem::Problem;
use domain::stop::StopId;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::live_figures::EngineFigures;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::atomic::Ordering;

/// The state of a process that is ready.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Readiness {
    ready: bool,
    /// The state of dialing in one word.
    #[schemars(example = &"dialing")]
    dialing: &'static str,
    /// The codes of the reasons that pause every call of this process; `GET /api/v1/dialing` has all
    /// reasons with their texts.
    dialing_pauses: Vec<PauseCode>,
    /// Why dialing is stopped because of the clock; null if the clock is not a reason.
    dialing_refused: Option<String>,
    /// Speech engines that do not respond. Campaigns with a flow that needs one start no calls.
    engines_down: Vec<EngineDownResponse>,
    /// The engaged emergency stops that affect this process.
    #[schemars(example = &["all"])]
    stops: Vec<String>,
    /// The last offset of this server's clock from each reference clock; null if it was compared with none.
    clock: Option<Vec<ClockOffsetResponse>>,
    /// A restore that a user has not confirmed yet. Dialing is off until then.
    unconfirmed_restore: Option<PendingRestoreResponse>,
    /// Lost history that a user has not confirmed yet. Dialing is off until then.
    history_lost: Option<LostHistoryResponse>,
    /// SIP datagrams refused since the start; null if this process has no trunks.
    sip_datagrams_refused: Option<RefusedDatagrams>,
    /// The position of the last event in the log.
    position: String,
    views_lag_events: u64,
    worklist_age_ms: u64,
    descriptors: DescriptorsResponse,
    views_parked: Vec<ParkedView>,
    /// The name of the synthesizer.
    #[schemars(example = &"espeak-ng")]
    synthesizer: String,
    /// Speech engines with their figures of the last hour. An engine that is missing was not used in it.
    engines: Vec<EngineFiguresResponse>,
    /// True if this is a rehearsal, in which time is simulated.
    rehearsal: bool,
}

/// The figures of a readiness check: the head of the log, and how far views and worklist are behind it.
pub(super) struct ReadinessFigures {
    head: Position,
    /// The number of events that the views have not applied yet.
    lag: u64,
    worklist_age_ms: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RefusedDatagrams {
    /// Datagrams that were not SIP messages.
    malformed: u64,
    /// Datagrams dropped because a queue was full.
    dropped: u64,
    /// Datagrams that belong to no leg, or to a leg but came from another address than its peer.
    foreign: u64,
}

/// A speech engine with its figures.
#[derive(Debug, Serialize, JsonSchema)]
struct EngineFiguresResponse {
    /// `served` or `failed`: the result of the last call that used the engine.
    #[schemars(example = &"served")]
    last_call: &'static str,
    #[serde(flatten)]
    figures: EngineFigures,
}

impl EngineFiguresResponse {
    fn of(figures: EngineFigures) -> Self {
        let last_call = if figures.failed_last { "failed" } else { "served" };
        Self { last_call, figures }
    }
}

/// A speech engine that does not respond.
#[derive(Debug, Serialize, JsonSchema)]
struct EngineDownResponse {
    /// The kind of engine: `recognizer` or `synthesizer`.
    engine_kind: EngineKind,
    #[schemars(example = &"funasr")]
    engine: String,
    since: Timestamp,
    /// The effect of the failure in a sentence, with the last error.
    #[schemars(example = &"funasr has not answered since 10:00")]
    says: String,
}

impl EngineDownResponse {
    fn of(open: &OpenCircuit) -> Self {
        Self {
            engine_kind: open.engine_kind,
            engine: open.engine.clone(),
            since: open.since,
            says: engine_down_in_words(open),
        }
    }
}

/// A view that stopped before an event which it cannot apply.
#[derive(Debug, Serialize, JsonSchema)]
struct ParkedView {
    view: String,
    position: String,
    why: String,
}

impl Process {
    /// Returns the parked views with position and reason. Queries of them return old data; everything else
    /// continues.
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

    /// Returns why events cannot be stored or applied now: the log, the keys or the views cannot be
    /// written, or dialing pauses because a write of the log or of a recording has just failed. These
    /// states can end without a restart. `None` if nothing is wrong.
    pub async fn find_storage_failure(&self) -> Option<String> {
        if let Some(failure) = self.opened.failure() {
            return Some(failure);
        }
        let head = self.installation.store().head().await.ok();
        if head > self.installation.rows.position()
            && let Some(why) = self.installation.rows.wait_reason()
        {
            return Some(why);
        }
        let drivers = self.installation.dialing.drivers()?;
        drivers
            .are_dials_held()
            .then(|| Language::current().pick(PauseCode::DiskFull.texts()).to_owned())
    }

    /// Checks that the process is ready: it has started and is not draining, its vital tasks run, the log
    /// and the keys can be written, the log can be read and is not damaged, the views can be written and
    /// are not all parked, and the worklist is up to date. Returns the figures, or why the process is not
    /// ready.
    pub(super) async fn check_ready(&self) -> Result<ReadinessFigures, Problem> {
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
        if let Some(why) = self.installation.rows.wait_reason().filter(|_| lag > 0) {
            return Err(Problem::unavailable(format!(
                "the views cannot be written: {why}"
            )));
        }
        let worklist_age_ms = worklist_age_ms(&self.installation, head).await?;
        Ok(ReadinessFigures {
            head,
            lag,
            worklist_age_ms,
        })
    }

    /// Returns the response of `/readyz`, or why the process is not ready, with the codes of the reasons that
    /// pause every call.
    pub async fn readiness(&self) -> Result<Readiness, Problem> {
        match self.read_readiness().await {
            Ok(ready) => Ok(ready),
            Err(problem) => {
                let pauses = self.installation_pauses().await;
                Err(problem.with_dialing_pauses(installation_codes(&pauses)))
            }
        }
    }

    /// Returns that the store has not answered, with the codes that are known without it.
    pub fn no_answer(&self, detail: String) -> Problem {
        Problem::unavailable(detail).with_dialing_pauses(installation_codes(&self.known_pauses()))
    }

    async fn read_readiness(&self) -> Result<Readiness, Problem> {
        let ReadinessFigures {
            head,
            lag,
            worklist_age_ms,
        } = self.check_ready().await?;
        let refused = self.opened.sip_counts().map(|counts| RefusedDatagrams {
            malformed: counts.malformed,
            dropped: counts.dropped,
            foreign: counts.foreign,
        });
        let installation = actors::installation_now(self.installation.store()).await?;
        Ok(Readiness {
            ready: true,
            dialing: dialing_word(self.find_dialing_code()),
            dialing_pauses: installation_codes(&self.installation_pauses().await).codes(),
            dialing_refused: self.clock_evidence.refusal(),
            engines_down: self.engines_down(),
            stops: self.stops().iter().map(StopId::to_string).collect(),
            clock: self.clock_evidence.shown(),
            unconfirmed_restore: installation.unconfirmed_restore().map(PendingRestoreResponse::of),
            history_lost: installation
                .unconfirmed_loss()
                .map(|(lost, since)| LostHistoryResponse::of(lost, *since)),
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

    /// Returns the figures of the speech engines. A failing engine does not make the process unready: its
    /// calls are answered by keypresses or by an agent.
    fn engines(&self) -> Vec<EngineFiguresResponse> {
        let figures = self.installation.live.latest();
        let figures = figures.map_or_else(|_| Vec::new(), |figures| figures.engines.clone());
        figures.into_iter().map(EngineFiguresResponse::of).collect()
    }

    fn engines_down(&self) -> Vec<EngineDownResponse> {
        let open = self.installation.environment.engines.open();
        open.iter().map(EngineDownResponse::of).collect()
    }

    fn stops(&self) -> Vec<StopId> {
        let drivers = self.installation.dialing.drivers();
        drivers.map_or_else(Vec::new, |drivers| drivers.engaged_stops())
    }
}

/// Returns the codes of the reasons that pause every call.
fn installation_codes(pauses: &[DialingPause]) -> PauseCodeSet {
    let wide = pauses.iter().filter(|pause| pause.is_installation_wide());
    wide.map(|pause| pause.code).collect()
}
