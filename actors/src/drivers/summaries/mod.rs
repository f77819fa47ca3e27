//! Writes the summary of each answered call when it has ended and of each conversation in text when it is
//! closed. A summary is derived from the call's or conversation's own events and stored on a stream of its
//! own.
//!
//! No other work waits for it: it follows the log beside the drivers that dial. Summaries that a crash cut
//! off are found again in the log of the last days. Their command ids are derived from the stored
//! `call.ended`, so writing one twice has the effect of writing it once. An unanswered call gets no summary:
//! its end contains all there is.

mod brief;
mod call_replay;
mod tagging;
mod text;
mod wording;

pub use wording::SummaryWriter;

use super::event_follower::EventFollower;
use super::recent_events::last_before;
use crate::environment::Environment;
use crate::error::{AskError, StartError};
use crate::system::ActorSystem;
use crate::timers::wake_at;
use domain::call::event::CallEvent;
use domain::conversation::ConversationEvent;
use domain::customer::ProfileOrigin;
use domain::decider::EventData;
use domain::event_filter::EventFilter;
use domain::ids::CallId;
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::ports::masking::Masking;
use domain::ports::vault::VaultError;
use domain::stored_event::{Envelope, Position, UnreadableRecord};
use domain::summary::{SummaryCommand, SummaryEvent, write_summary};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, Semaphore};
use wording::WordingQueue;

/// Most summaries written at once; each reads one stream and appends once.
const WRITING_AT_ONCE_MAX: usize = 16;
/// Most summaries that wait for another try. At the limit no more of the log is read.
const WAITING_MAX: usize = 10_000;
/// Most tries of a summary that fails because of a fault of ours. An erasure between two reads causes one
/// fault; a permanent fault is then logged once instead of every second.
const FAULTS_MAX: u8 = 5;
/// Wait before a failed summary is tried again, in milliseconds: well within the ten seconds in which a
/// summary must exist (CAL-3).
const AGAIN_MS: u64 = 1_000;
/// How far back a start looks for ended calls without a summary, in milliseconds: an outage over the longest
/// holidays.
const LOOK_BACK_MS: u64 = 10 * 86_400_000;
/// Most ended calls of the past that are kept until it is known whether they have a summary. Above that the
/// summaries of the oldest are written.
const PAST_CALLS_MAX: usize = 50_000;

/// Why a summary could not be written now.
#[derive(Debug, thiserror::Error)]
enum SummaryFailure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableRecord),
    #[error("the summary did not answer: {0}")]
    Summary(String),
    #[error("the summary cannot be stored as it is")]
    Fault,
    #[error("the person did not answer: {0}")]
    Customer(String),
    #[error("the flow did not answer: {0}")]
    Flow(String),
}

impl SummaryFailure {
    /// Returns true if another try would not help.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Store(StoreError::Damaged(_)))
    }
}

/// Starts the tasks that write summaries: of calls that end from now on, and of those that ended in the
/// last ten days and have none. For the process that dials.
pub async fn start_summarizing(
    system: &ActorSystem,
    environment: &Environment,
    ports: SummaryPorts,
) -> Result<(), StartError> {
    let head = environment.store.head().await?;
    let SummaryPorts { of, masking, writer } = ports;
    let wording = writer.map(|writer| WordingQueue::start(system, environment, Arc::clone(&masking), writer));
    let writing = Arc::new(SummaryTask {
        system: system.clone(),
        environment: environment.clone(),
        of,
        masking,
        wording,
        places: Arc::new(Semaphore::new(WRITING_AT_ONCE_MAX)),
        failed: Mutex::default(),
        has_failed: Notify::new(),
    });
    let tasks = &environment.tasks;
    tasks.spawn("summaries-past", Box::pin(past(Arc::clone(&writing), head)));
    tasks.spawn_vital("summaries", Box::pin(run(writing, head)));
    Ok(())
}

/// Which summaries a process writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummaryScope {
    /// Summaries of calls and of conversations in text: for a process that dials.
    CallsAndTexts,
    /// Only of conversations in text: for a process that does not dial. The dialing process writes those of
    /// calls.
    Texts,
}

impl SummaryScope {
    /// Returns true if a summary may follow from this event: a closed conversation in text, or the end of a
    /// call that may have been answered.
    fn may_have_one(self, envelope: &Envelope) -> bool {
        if envelope.kind == ConversationEvent::CLOSED {
            return true;
        }
        if envelope.kind != CallEvent::ENDED || self == Self::Texts {
            return false;
        }
        match CallEvent::read(&envelope.kind, envelope.version, &envelope.data) {
            Ok(CallEvent::Ended { disposition, .. }) => disposition.may_follow_answer(),
            Ok(_) => false,
            // Reading the call itself then reports what is wrong with the event.
            Err(_) => true,
        }
    }
}

/// The ports with which summaries are written, and their scope.
pub struct SummaryPorts {
    pub of: SummaryScope,
    pub masking: Arc<dyn Masking>,
    /// The language model that words summaries if a campaign asks for it; `None` if none is configured.
    pub writer: Option<SummaryWriter>,
}

/// An ended call or closed conversation that has no summary yet.
struct PendingSummary {
    ended: Arc<Envelope>,
    faults: u8,
}

struct SummaryTask {
    system: ActorSystem,
    environment: Environment,
    of: SummaryScope,
    masking: Arc<dyn Masking>,
    wording: Option<WordingQueue>,
    places: Arc<Semaphore>,
    failed: Mutex<VecDeque<PendingSummary>>,
    has_failed: Notify,
}

async fn run(writing: Arc<SummaryTask>, after: Position) {
    let stop = writing.environment.tasks.stop_signal();
    let clock = Arc::clone(&writing.environment.clock);
    let mut follow = EventFollower::new(&writing.environment, after);
    let (mut again_at, mut is_following) = (None, true);
    loop {
        let has_room = writing.failed().len() < WAITING_MAX;
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = wake_at(clock.as_ref(), again_at) => {
                again_at = None;
                let again = std::mem::take(&mut *writing.failed());
                for owed in again {
                    writing.write_later(owed).await;
                }
            }
            () = writing.has_failed.notified() => {
                again_at = again_at.or_else(|| Some(clock.now().plus_ms(AGAIN_MS)));
            }
            page = follow.next(), if is_following && has_room => match page {
                Ok(page) => {
                    for (_, envelope) in page {
                        if writing.of.may_have_one(&envelope) {
                            writing.write_later(PendingSummary::of(envelope)).await;
                        }
                    }
                }
                // Calls that ended before the damage still get summaries.
                Err(_) => is_following = false,
            },
        }
    }
}

/// Writes the summaries of calls that ended in the last days and have none. Tries again if the store is
/// unavailable.
async fn past(writing: Arc<SummaryTask>, head: Position) {
    let stop = writing.environment.tasks.stop_signal();
    let work = async {
        let clock = &writing.environment.clock;
        while let Err(error) = writing.write_past(head).await {
            if error.is_final() {
                tracing::error!(%error, "ended calls without a summary cannot be read");
                return;
            }
            tracing::warn!(%error, "ended calls without a summary cannot be read yet");
            clock.wait_until(clock.now().plus_ms(AGAIN_MS)).await;
        }
    };
    tokio::select! {
        biased;
        () = stop.stopping() => {}
        () = work => {}
    }
}

impl PendingSummary {
    const fn of(ended: Arc<Envelope>) -> Self {
        Self { ended, faults: 0 }
    }
}

impl SummaryTask {
    fn failed(&self) -> std::sync::MutexGuard<'_, VecDeque<PendingSummary>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for one of `WRITING_AT_ONCE_MAX` slots, then writes the summary in a task of its own. A failed
    /// one is tried again later.
    async fn write_later(self: &Arc<Self>, mut owed: PendingSummary) {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await;
        let writing = Arc::clone(self);
        let work = async move {
            if let Err(error) = writing.write(&owed.ended).await
                && !writing.environment.tasks.stop_signal().is_stopping()
            {
                let stream = &owed.ended.stream;
                owed.faults += u8::from(matches!(error, SummaryFailure::Fault));
                if error.is_final() || owed.faults >= FAULTS_MAX {
                    tracing::error!(%stream, %error, "a call has no summary");
                } else {
                    tracing::warn!(%stream, %error, "a summary is not written yet");
                    writing.failed().push_back(owed);
                    writing.has_failed.notify_one();
                }
            }
            drop(place);
        };
        self.environment.tasks.spawn("summary", Box::pin(work));
    }

    async fn write_past(self: &Arc<Self>, head: Position) -> Result<(), SummaryFailure> {
        let filter = EventFilter {
            kinds: [
                CallEvent::ENDED,
                SummaryEvent::RECORDED,
                ConversationEvent::CLOSED,
                SummaryEvent::TEXT_RECORDED,
            ]
            .map(str::to_owned)
            .to_vec(),
            ..EventFilter::default()
        };
        let store = &self.environment.store;
        let since = self.environment.clock.now().minus_ms(LOOK_BACK_MS);
        let mut after = last_before(store.as_ref(), since, head).await?;
        // By the position of the ended event, which is the order in which they are written.
        let mut open: BTreeMap<Position, Arc<Envelope>> = BTreeMap::new();
        let mut places: BTreeMap<String, Position> = BTreeMap::new();
        loop {
            let page = store
                .read_matching_until(&filter, after, head, PAGE_EVENTS_MAX)
                .await?;
            for stored in &page.events {
                let envelope = stored.shared_envelope()?;
                let call = envelope.stream.id().to_owned();
                let is_written = [SummaryEvent::RECORDED, SummaryEvent::TEXT_RECORDED];
                if is_written.contains(&envelope.kind.as_str()) {
                    places.remove(&call).map(|place| open.remove(&place));
                } else if self.of.may_have_one(&envelope) {
                    places.insert(call, stored.position);
                    open.insert(stored.position, envelope);
                }
            }
            while open.len() > PAST_CALLS_MAX
                && let Some((_, ended)) = open.pop_first()
            {
                places.remove(ended.stream.id());
                self.write_later(PendingSummary::of(ended)).await;
            }
            if page.reached == after || page.reached >= head {
                break;
            }
            after = page.reached;
        }
        if !open.is_empty() {
            tracing::info!(calls = open.len(), "ended calls without a summary are checked");
        }
        for ended in open.into_values() {
            self.write_later(PendingSummary::of(ended)).await;
        }
        Ok(())
    }

    async fn write(&self, ended: &Envelope) -> Result<(), SummaryFailure> {
        match ended.kind == ConversationEvent::CLOSED {
            true => self.write_text_summary(ended).await,
            false => self.write_of_call(ended).await,
        }
    }

    async fn write_of_call(&self, ended: &Envelope) -> Result<(), SummaryFailure> {
        let Ok(call) = ended.stream.id().parse::<CallId>() else {
            tracing::error!(stream = %ended.stream, "the stream of an ended call has no call id");
            return Ok(());
        };
        let Some(replayed) = self.replay_call(call).await? else {
            return Ok(());
        };
        let notes = self.notes(&replayed.course).await?;
        let Some(mut fact) = write_summary(&replayed.course, &notes, replayed.made_at, self.masking.as_ref())
        else {
            return Ok(());
        };
        if replayed.key.is_none() {
            fact.erase();
        } else {
            // Before the summary: a start finds unfinished work by the missing summary.
            let origin = ProfileOrigin::Call { call };
            self.tag(origin, &fact.customer, notes.tags, ended).await?;
        }
        // An erased person's summary has no words for a model.
        let to_word = self.wording.as_ref().filter(|_| replayed.key.is_some());
        let to_word = to_word.map(|wording| (wording, fact.clone()));
        let command = SummaryCommand::Record(Box::new(fact));
        let (summaries, of) = (&self.system.summaries, call.into());
        let recorded = summaries.ask_because(&of, command, ended, "record_summary");
        match recorded.await {
            Ok(_) => {
                if let Some((wording, fact)) = to_word {
                    wording.owe(call, ended, fact, replayed.heard).await;
                }
                Ok(())
            }
            Err(error @ (AskError::Refused(_) | AskError::AnotherRequest)) => {
                tracing::error!(%call, %error, "a summary was refused");
                Ok(())
            }
            Err(AskError::Fault) => Err(SummaryFailure::Fault),
            Err(error) => Err(SummaryFailure::Summary(error.to_string())),
        }
    }
}
