//! Writes what each answered call came to, once it has ended: read from the call's own events, recorded on a
//! stream of its own.
//!
//! Nothing waits for it: it follows the log beside the drivers that dial. What a crash cut is found again in
//! the log of the last week; its command id follows from the stored `call.ended`, so that writing twice is
//! writing once. Of a call that nobody answered nothing is written: its end says all there is.

mod tagging;

use super::follow::Follow;
use crate::error::{AskError, StartError};
use crate::system::{ActorSystem, Environment};
use crate::timers::wake_at;
use domain::call::Call;
use domain::call::course::take;
use domain::call::event::CallEvent;
use domain::call_course::{CallCourse, CallNotes};
use domain::decider::{Decider, EventData};
use domain::event_filter::EventFilter;
use domain::ids::CallId;
use domain::personal::Personal;
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::ports::masking::Masking;
use domain::ports::vault::{PersonKey, VaultError, key_to_read};
use domain::stored_event::{
    Cause, Envelope, Position, StoredEvent, StreamVersion, UnreadableRecord, open_personal, read_event,
};
use domain::summary::{MadeAt, SummaryCommand, SummaryEvent, written};
use domain::time::Timestamp;
use domain::transcript::TranscriptOf;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, Semaphore};

/// Summaries written at once; each reads one stream and appends once.
const WRITING_AT_ONCE_MAX: usize = 16;
/// Calls whose summary could not be written and is tried again. When it is full the log is read no further.
const WAITING_MAX: usize = 10_000;
/// Tries at a summary that fails for a fault of ours. An erasure between two reads is such a fault once; what
/// is wrong for good is said once, and not each second for ever.
const FAULTS_MAX: u8 = 5;
/// Wait before that: well within the ten seconds in which a summary is there (CAL-3).
const AGAIN_MS: u64 = 1_000;
/// How far back a start looks for calls that ended without one: an outage over the longest holidays.
const LOOK_BACK_MS: u64 = 10 * 86_400_000;
/// Ended calls of the past held until it is known whether they have one; beyond it the oldest are asked for.
const PAST_CALLS_MAX: usize = 50_000;
/// Events of one call read at once; a call has a few dozen.
const CALL_PAGE_EVENTS: usize = 1_024;
/// What is written in where a flow cannot be read: the presets' own language.
const LANGUAGE_UNKNOWN: &str = "zh-CN";

/// Why a summary is not written yet.
#[derive(Debug, thiserror::Error)]
enum NotWritten {
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

impl NotWritten {
    /// What no further try changes.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Store(StoreError::Damaged(_)))
    }
}

/// Begins to write, from the log's head on and of the last days; for the process that dials.
pub async fn start_summarizing(
    system: &ActorSystem,
    environment: &Environment,
    masking: Arc<dyn Masking>,
) -> Result<(), StartError> {
    let head = environment.store.head().await?;
    let writing = Arc::new(Writing {
        system: system.clone(),
        environment: environment.clone(),
        masking,
        places: Arc::new(Semaphore::new(WRITING_AT_ONCE_MAX)),
        failed: Mutex::default(),
        has_failed: Notify::new(),
    });
    let tasks = &environment.tasks;
    tasks.spawn("summaries-past", Box::pin(past(Arc::clone(&writing), head)));
    tasks.spawn_vital("summaries", Box::pin(run(writing, head)));
    Ok(())
}

/// A call's course, where its end stands, and the person's key where it is there.
type ToldCourse = (CallCourse, MadeAt, Option<PersonKey>);

/// An ended call whose summary is to be written.
struct Owed {
    ended: Arc<Envelope>,
    faults: u8,
}

struct Writing {
    system: ActorSystem,
    environment: Environment,
    masking: Arc<dyn Masking>,
    places: Arc<Semaphore>,
    failed: Mutex<VecDeque<Owed>>,
    has_failed: Notify,
}

async fn run(writing: Arc<Writing>, after: Position) {
    let stop = writing.environment.tasks.stop_signal();
    let clock = Arc::clone(&writing.environment.clock);
    let mut follow = Follow::new(&writing.environment, after);
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
                        if may_have_one(&envelope) {
                            writing.write_later(Owed::of(envelope)).await;
                        }
                    }
                }
                // What ended before the damage is still written.
                Err(_) => is_following = false,
            },
        }
    }
}

/// The ended calls of the last days that have none.
async fn past(writing: Arc<Writing>, head: Position) {
    let stop = writing.environment.tasks.stop_signal();
    let work = async {
        let clock = &writing.environment.clock;
        while let Err(error) = writing.write_past(head).await {
            if error.is_final() {
                tracing::error!(%error, "ended calls without a summary cannot be looked for");
                return;
            }
            tracing::warn!(%error, "ended calls without a summary cannot be looked for yet");
            clock.wait_until(clock.now().plus_ms(AGAIN_MS)).await;
        }
    };
    tokio::select! {
        biased;
        () = stop.stopping() => {}
        () = work => {}
    }
}

/// Only a call whose end leaves open that it was answered is read.
fn may_have_one(envelope: &Envelope) -> bool {
    if envelope.kind != CallEvent::ENDED {
        return false;
    }
    match CallEvent::read(&envelope.kind, envelope.version, &envelope.data) {
        Ok(CallEvent::Ended { disposition, .. }) => disposition.may_follow_answer(),
        Ok(_) => false,
        // The call's own reading says what is wrong with it.
        Err(_) => true,
    }
}

impl Owed {
    const fn of(ended: Arc<Envelope>) -> Self {
        Self { ended, faults: 0 }
    }
}

impl Writing {
    fn failed(&self) -> std::sync::MutexGuard<'_, VecDeque<Owed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, then writes beside the others.
    async fn write_later(self: &Arc<Self>, mut owed: Owed) {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await;
        let writing = Arc::clone(self);
        let work = async move {
            if let Err(error) = writing.write(&owed.ended).await
                && !writing.environment.tasks.stop_signal().is_stopping()
            {
                let stream = &owed.ended.stream;
                owed.faults += u8::from(matches!(error, NotWritten::Fault));
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

    async fn write_past(self: &Arc<Self>, head: Position) -> Result<(), NotWritten> {
        let filter = EventFilter {
            kinds: vec![CallEvent::ENDED.to_owned(), SummaryEvent::RECORDED.to_owned()],
            ..EventFilter::default()
        };
        let store = &self.environment.store;
        let since = self.environment.clock.now().minus_ms(LOOK_BACK_MS);
        let mut after = self.last_before(since, head).await?;
        // By the ended event's position, which is the order in which they are asked for.
        let mut open: BTreeMap<Position, Arc<Envelope>> = BTreeMap::new();
        let mut places: BTreeMap<String, Position> = BTreeMap::new();
        loop {
            let page = store
                .read_matching_until(&filter, after, head, PAGE_EVENTS_MAX)
                .await?;
            for stored in &page.events {
                let envelope = stored.shared_envelope()?;
                let call = envelope.stream.id().to_owned();
                if envelope.kind == SummaryEvent::RECORDED {
                    places.remove(&call).map(|place| open.remove(&place));
                } else if may_have_one(&envelope) {
                    places.insert(call, stored.position);
                    open.insert(stored.position, envelope);
                }
            }
            while open.len() > PAST_CALLS_MAX
                && let Some((_, ended)) = open.pop_first()
            {
                places.remove(ended.stream.id());
                self.write_later(Owed::of(ended)).await;
            }
            if page.reached == after || page.reached >= head {
                break;
            }
            after = page.reached;
        }
        if !open.is_empty() {
            tracing::info!(calls = open.len(), "ended calls without a summary are looked at");
        }
        for ended in open.into_values() {
            self.write_later(Owed::of(ended)).await;
        }
        Ok(())
    }

    /// A position before which everything was recorded before `since`: times never decrease along the log.
    async fn last_before(&self, since: Timestamp, head: Position) -> Result<Position, StoreError> {
        let (mut before, mut behind) = (0, head.0);
        while behind.saturating_sub(before) > 1 {
            let middle = before + (behind - before) / 2;
            let page = self.environment.store.read_all(Position(middle), 1).await?;
            match page.first() {
                Some(event) if event.recorded_at < since => before = event.position.0.min(behind),
                Some(_) | None => behind = middle,
            }
        }
        Ok(Position(before))
    }

    async fn write(&self, ended: &Envelope) -> Result<(), NotWritten> {
        let Ok(call) = ended.stream.id().parse::<CallId>() else {
            tracing::error!(stream = %ended.stream, "the stream of an ended call names none");
            return Ok(());
        };
        let Some((course, made_at, key)) = self.course(call).await? else {
            return Ok(());
        };
        let notes = self.notes(&course).await?;
        let Some(mut fact) = written(&course, &notes, made_at, self.masking.as_ref()) else {
            return Ok(());
        };
        if key.is_none() {
            fact.erase();
        } else {
            // Before the summary, by whose absence a start finds what is owed.
            self.tag(call, &fact.customer, notes.tags, ended).await?;
        }
        let cause = Cause::follow(ended, "record_summary");
        let command = SummaryCommand::Record(Box::new(fact));
        match self.system.summaries.ask(&call, command, cause).await {
            Ok(_) => Ok(()),
            Err(error @ (AskError::Refused(_) | AskError::AnotherRequest)) => {
                tracing::error!(%call, %error, "a summary is refused");
                Ok(())
            }
            Err(AskError::Fault) => Err(NotWritten::Fault),
            Err(error) => Err(NotWritten::Summary(error.to_string())),
        }
    }

    /// What the call's events up to its end add up to, and where that end stands.
    async fn course(&self, call: CallId) -> Result<Option<ToldCourse>, NotWritten> {
        let stream = Call::stream(&call);
        let (mut course, mut after, mut key) = (CallCourse::default(), StreamVersion(0), None);
        loop {
            let page = self
                .environment
                .store
                .read_stream(&stream, after, CALL_PAGE_EVENTS)
                .await?;
            for stored in &page {
                let (envelope, event) = self.opened(stored, key.as_ref())?;
                if let CallEvent::Permitted { customer_grant, .. } = &event {
                    let vault = self.environment.vault.as_ref();
                    let of = TranscriptOf::Call(call);
                    key = key_to_read(vault, &customer_grant.customer, of).await?;
                }
                // Of words that are gone alone, with an older copy of the keys, nothing is told either; and
                // no other key is made for them.
                if key.is_some() && is_gone(&event) {
                    key = None;
                }
                take(&mut course, &event, envelope.at);
                if course.ended.is_some() {
                    let made_at = MadeAt {
                        position: stored.position,
                        version: envelope.stream_version,
                    };
                    return Ok(Some((course, made_at, key)));
                }
                after = envelope.stream_version;
            }
            if page.len() < CALL_PAGE_EVENTS {
                return Ok(None);
            }
        }
    }

    /// The number dialed comes before the key is asked for, and stays sealed: nothing of it is told.
    fn opened(
        &self,
        stored: &StoredEvent,
        key: Option<&PersonKey>,
    ) -> Result<(Arc<Envelope>, CallEvent), NotWritten> {
        let envelope = stored.shared_envelope()?;
        let unreadable = |why: String| UnreadableRecord {
            position: stored.position,
            why,
        };
        let mut event = read_event::<Call>(&envelope).map_err(|error| unreadable(error.to_string()))?;
        if !matches!(event, CallEvent::Permitted { .. }) {
            open_personal(&envelope, &mut event, self.environment.vault.as_ref(), key)?;
        }
        Ok((envelope, event))
    }

    /// What its flow notes of it.
    async fn notes(&self, course: &CallCourse) -> Result<CallNotes, NotWritten> {
        let unknown = || CallNotes {
            lang: LANGUAGE_UNKNOWN.to_owned(),
            ..CallNotes::default()
        };
        let Some(flow) = &course.flow else {
            return Ok(unknown());
        };
        let loaded = self.system.flows.state(&flow.flow).await;
        let loaded = loaded.map_err(|error| NotWritten::Flow(error.to_string()))?;
        let published = loaded.state.version(flow.version);
        let definition = published.and_then(|one| one.definition.as_ref());
        Ok(definition.map_or_else(unknown, |one| one.notes_of(&course.entered)))
    }
}

/// Whether words of it cannot be read, though it has some.
fn is_gone(event: &CallEvent) -> bool {
    let mut event = event.clone();
    let is_of_transcript = event.is_of_transcript();
    let is_erased = |field: &Personal<String>| matches!(field, Personal::Erased { .. });
    is_of_transcript && event.personal().iter().any(|(_, field)| is_erased(field))
}
