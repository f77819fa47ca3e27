//! Carries out erasures. After `customer.erased` it deletes the person's recordings, destroys the key,
//! deletes the voiceprint and asks for the certificate.
//!
//! It needs no line and runs in every process: each drops the key from its memory and deletes the recordings
//! in its own directory. Destroying and certifying are idempotent. Work cut off by a crash is found in the
//! log at the next start. Keys restored with an old copy of the key store are destroyed first.

use super::event_follower::EventFollower;
use crate::environment::Environment;
use crate::error::{AskError, StartError};
use crate::system::ActorSystem;
use crate::timers::wake_at;
use domain::anonymous_transcript::secret_destroyed_by;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::conversation::ConversationEvent;
use domain::customer::command::{CustomerCommand, DoneErasure};
use domain::customer::event::CustomerEvent;
use domain::customer::{CustomerState, DeletedRecording, Erasure};
use domain::decider::EventData;
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CommandId, CustomerId, EnrolmentId, EventId, StreamId};
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::ports::recording::Recordings;
use domain::ports::vault::VaultError;
use domain::stored_event::{Cause, Envelope, Position, RequestFacts, WritePriority};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use domain::voiceprint::{VoiceprintCommand, VoiceprintEvent};
use std::collections::VecDeque;
use std::sync::Arc;

/// Most erasures that wait for their effects. At the limit no more of the log is read until some are done.
const WAITING_MAX: usize = 10_000;

/// Wait before a failed erasure is tried again, in milliseconds: a disk or key store may be away.
const AGAIN_MS: u64 = 5_000;

/// Most commands for one certificate of erasure: each settles as many enrolments as fit into one append.
const CERTIFY_ASKS_MAX: u32 = 64;

/// A decided erasure: the person, and the id of `customer.erased`.
#[derive(Debug, Clone)]
struct PendingErasure {
    person: CustomerId,
    erasure: EventId,
}

/// Why the effects of an erasure are not complete.
#[derive(Debug, thiserror::Error)]
enum ErasureFailure {
    #[error("the customer did not answer: {0}")]
    Customer(String),
    #[error("the voiceprint did not answer: {0}")]
    Voiceprint(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("{0}")]
    Recording(String),
}

/// Destroys again all keys that the log says are destroyed, then starts the task that carries out erasures.
/// Call it before anything is served: when it returns, no key of an erased person is left.
pub async fn start_erasures(
    system: &ActorSystem,
    environment: &Environment,
    recordings: Arc<dyn Recordings>,
) -> Result<(), StartError> {
    let forgetting = ErasureWorker {
        system: system.clone(),
        environment: environment.clone(),
        recordings,
        waiting: VecDeque::new(),
    };
    let head = forgetting.destroy_again().await?;
    let tasks = &environment.tasks;
    tasks.spawn_vital("forgetting", Box::pin(forgetting.run(head)));
    Ok(())
}

struct ErasureWorker {
    system: ActorSystem,
    environment: Environment,
    recordings: Arc<dyn Recordings>,
    waiting: VecDeque<PendingErasure>,
}

impl ErasureWorker {
    /// Destroys the keys of erased persons, disposed transcripts, deleted voiceprints and anonymized
    /// campaigns, if they exist. Returns the position up to which it read the log.
    async fn destroy_again(&self) -> Result<Position, StartError> {
        let filter = EventFilter {
            kinds: [
                CustomerEvent::ERASED,
                CallEvent::TRANSCRIPT_DISPOSED,
                ConversationEvent::TRANSCRIPT_DISPOSED,
                VoiceprintEvent::DELETED,
                CampaignEvent::ANONYMIZED,
            ]
            .map(str::to_owned)
            .into(),
            ..EventFilter::default()
        };
        let store = &self.environment.store;
        let mut after = Position(0);
        loop {
            let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
            for stored in &page.events {
                let envelope = stored
                    .envelope()
                    .map_err(|error| StoreError::Damaged(error.to_string()))?;
                let Some(key) = destroyed_by(&envelope) else {
                    continue;
                };
                if self.vault().destroyed(&key).await?.is_none() {
                    self.vault().destroy(&key, self.now()).await?;
                    let (stream, kind) = (&envelope.stream, &envelope.kind);
                    tracing::warn!(%stream, kind, "a key that the log says is destroyed was there and is destroyed");
                }
            }
            if page.reached == after {
                return Ok(after);
            }
            after = page.reached;
        }
    }

    /// Returns the erasures in the next page of the log, and the position up to which it was read.
    async fn erased_after(&self, after: Position) -> Result<(Vec<PendingErasure>, Position), StoreError> {
        let filter = EventFilter {
            kinds: vec![CustomerEvent::ERASED.to_owned()],
            ..EventFilter::default()
        };
        let store = &self.environment.store;
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        let mut works = Vec::with_capacity(page.events.len());
        for stored in &page.events {
            let envelope = stored
                .envelope()
                .map_err(|error| StoreError::Damaged(error.to_string()))?;
            works.extend(work_of(&envelope));
        }
        Ok((works, page.reached))
    }

    /// Carries out the erasures up to `head`, then follows the log for new ones, until the process stops.
    async fn run(mut self, head: Position) {
        let stop = self.environment.tasks.stop_signal();
        let past = async {
            let mut after = Position(0);
            while after < head {
                after = self.take_up(after, head).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = past => {}
        }
        let mut follow = EventFollower::new(&self.environment, head);
        let clock = Arc::clone(&self.environment.clock);
        let mut is_following = true;
        loop {
            let again_at = self.again_at();
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = wake_at(clock.as_ref(), again_at) => self.work_off().await,
                page = follow.next(), if is_following && self.waiting.len() < WAITING_MAX => {
                    // Decided erasures are carried out; later ones wait for the next start.
                    let Ok(page) = page else {
                        is_following = false;
                        continue;
                    };
                    page.iter().for_each(|(_, envelope)| self.note(envelope));
                    self.work_off().await;
                }
            }
        }
    }

    /// Carries out the erasures of one page of the past and returns the position reached. If the page
    /// cannot be read, waits and returns the same position.
    async fn take_up(&mut self, after: Position, head: Position) -> Position {
        match self.erased_after(after).await {
            Ok((works, reached)) => {
                self.waiting.extend(works);
                self.work_off().await;
                // A page that makes no progress is the last.
                if reached > after { reached } else { head }
            }
            Err(error) => {
                tracing::warn!(%error, "the log's erasures cannot be read");
                self.pause().await;
                after
            }
        }
    }

    fn note(&mut self, envelope: &Envelope) {
        match envelope.kind.as_str() {
            CustomerEvent::ERASED => self.waiting.extend(work_of(envelope)),
            // Another process has destroyed the key: a copy cached here since then is dropped too.
            CustomerEvent::ERASURE_CERTIFIED => {
                if let Ok(person) = envelope.stream.id().parse() {
                    self.vault().forget_cached(&person);
                }
            }
            // Also for the key of a transcript, a voiceprint or an anonymization.
            _ => {
                if let Some(key) = destroyed_by(envelope) {
                    self.vault().forget_cached(&key);
                }
            }
        }
    }

    /// Returns when to try the waiting erasures again; `None` if none waits.
    fn again_at(&self) -> Option<Timestamp> {
        (!self.waiting.is_empty()).then(|| self.now().plus_ms(AGAIN_MS))
    }

    /// Tries each waiting erasure once. Those that fail keep waiting, in the same order.
    async fn work_off(&mut self) {
        for work in std::mem::take(&mut self.waiting) {
            if let Err(error) = self.forget(&work).await {
                tracing::warn!(%error, person = %work.person, "an erasure is not carried out yet");
                self.waiting.push_back(work);
            }
        }
    }

    async fn forget(&self, work: &PendingErasure) -> Result<(), ErasureFailure> {
        self.vault().forget_cached(&work.person);
        let loaded = self.system.customers.state(&work.person).await;
        let state = loaded
            .map_err(|error| ErasureFailure::Customer(error.to_string()))?
            .state;
        let recordings = self.delete_recordings(&work.person, &state).await?;
        let destroyed = self.vault().destroy(&work.person, self.now()).await?;
        self.forget_voice(work).await?;
        if matches!(state.erasure(), Erasure::Certified { .. }) {
            return Ok(());
        }
        let done = DoneErasure {
            erasure: work.erasure,
            key_destroyed_at: destroyed.at,
            recordings,
        };
        self.certify(work, &done).await
    }

    /// Erases the person's voiceprint and destroys its key. Also for persons who were erased before
    /// voiceprints were part of an erasure.
    async fn forget_voice(&self, work: &PendingErasure) -> Result<(), ErasureFailure> {
        let voiceprints = &self.system.voiceprints;
        let cause = Cause {
            command: CommandId::derive(work.erasure, "voiceprint"),
            causation: Some(work.erasure),
            correlation: None,
            by: None,
            request: RequestFacts::NONE,
            urgency: WritePriority::First,
        };
        let asked = voiceprints
            .ask(&work.person, VoiceprintCommand::Erase, cause)
            .await;
        let answer = asked.map_err(|error| ErasureFailure::Voiceprint(error.to_string()))?;
        if let Some(key) = answer.state.key_to_destroy(&work.person) {
            self.vault().destroy(&key, self.now()).await?;
        }
        Ok(())
    }

    /// Deletes all recordings of the person. Returns those that existed according to the log or on this
    /// disk, with their hash if the log has it.
    async fn delete_recordings(
        &self,
        person: &CustomerId,
        state: &CustomerState,
    ) -> Result<Vec<DeletedRecording>, ErasureFailure> {
        let mut deleted = Vec::new();
        for call in calls_of(person, state) {
            let was_there = self.recordings.delete(call).await;
            let was_there = was_there.map_err(|error| ErasureFailure::Recording(error.to_string()))?;
            let sha256 = self.recorded_hash(call).await?;
            if was_there || sha256.is_some() {
                deleted.push(DeletedRecording { call, sha256 });
            }
        }
        Ok(deleted)
    }

    /// Returns the SHA-256 of the call's recording, if the log has one. Reads the stream, because loading
    /// the entity would decrypt the person's number once more.
    async fn recorded_hash(&self, call: CallId) -> Result<Option<String>, StoreError> {
        let stream = StreamId::new("call", &call);
        let store: &dyn EventStore = self.environment.store.as_ref();
        let events = store.read_whole_stream(&stream).await?;
        for stored in events.iter().rev() {
            let envelope = stored
                .envelope()
                .map_err(|error| StoreError::Damaged(error.to_string()))?;
            if envelope.kind != CallEvent::ENDED {
                continue;
            }
            let ended = CallEvent::read(&envelope.kind, envelope.version, &envelope.data);
            if let Ok(CallEvent::Ended { recording_sha256, .. }) = ended {
                return Ok(recording_sha256);
            }
        }
        Ok(None)
    }

    /// Sends commands until the certificate of erasure is stored. Fails after `CERTIFY_ASKS_MAX` commands.
    async fn certify(&self, work: &PendingErasure, done: &DoneErasure) -> Result<(), ErasureFailure> {
        for asked in 0..CERTIFY_ASKS_MAX {
            let cause = Cause {
                command: CommandId::derive(work.erasure, &format!("certify:{asked}")),
                causation: Some(work.erasure),
                correlation: None,
                by: None,
                request: RequestFacts::NONE,
                urgency: WritePriority::First,
            };
            let command = CustomerCommand::CertifyErasure(Box::new(done.clone()));
            let answer = self.system.customers.ask(&work.person, command, cause).await;
            let state = match answer {
                Ok(answer) => answer.state,
                Err(error @ AskError::Refused(_)) => {
                    // The log says erased and the entity does not; another try would not change that.
                    tracing::error!(%error, person = %work.person, "an erasure cannot be certified");
                    return Ok(());
                }
                Err(error) => return Err(ErasureFailure::Customer(error.to_string())),
            };
            if matches!(state.erasure(), Erasure::Certified { .. }) {
                return Ok(());
            }
        }
        Err(ErasureFailure::Customer(
            "no certificate after many asks".to_owned(),
        ))
    }

    async fn pause(&self) {
        let clock = &self.environment.clock;
        clock.wait_until(clock.now().plus_ms(AGAIN_MS)).await;
    }

    fn vault(&self) -> &dyn domain::ports::vault::Vault {
        self.environment.vault.as_ref()
    }

    fn now(&self) -> Timestamp {
        self.environment.clock.now()
    }
}

/// Returns all calls ever granted to the person: their ids follow from enrolment and attempt.
fn calls_of(person: &CustomerId, state: &CustomerState) -> Vec<CallId> {
    let mut calls = Vec::new();
    for (campaign, enrolment) in state.enrolments().iter() {
        let id = EnrolmentId {
            campaign: campaign.clone(),
            customer: person.clone(),
        };
        calls.extend((1..=enrolment.attempts).map(|attempt| CallId::derive(&id, attempt)));
    }
    calls
}

/// Returns the erasure that a `customer.erased` decides; `None` for any other event.
fn work_of(envelope: &Envelope) -> Option<PendingErasure> {
    let person = envelope.stream.id().parse().ok()?;
    (envelope.kind == CustomerEvent::ERASED).then_some(PendingErasure {
        person,
        erasure: envelope.id,
    })
}

/// Returns the id of the key that this event destroys; `None` if it destroys none.
fn destroyed_by(envelope: &Envelope) -> Option<CustomerId> {
    let id = envelope.stream.id();
    match envelope.kind.as_str() {
        CustomerEvent::ERASED => id.parse().ok(),
        CallEvent::TRANSCRIPT_DISPOSED => Some(TranscriptParent::Call(id.parse().ok()?).key()),
        ConversationEvent::TRANSCRIPT_DISPOSED => {
            Some(TranscriptParent::Conversation(id.parse().ok()?).key())
        }
        CampaignEvent::ANONYMIZED => secret_destroyed_by(envelope),
        _ => VoiceprintEvent::key_destroyed_by(envelope),
    }
}
