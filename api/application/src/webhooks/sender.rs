//! Sends the events of one webhook: reads the log from the last position, sends in parallel what may be
//! sent in parallel, and stores the results, several in one append.
//!
//! Memory is bounded by the queue. While the queue is full nothing is read, so a receiver that accepts
//! nothing falls behind and costs nothing. Messages that were sent but not recorded when a process ends are
//! sent again: delivery is at least once, with the same `webhook-id`.
//!
//! The owner is checked before each attempt. If the owner lost the right, nothing more is sent; the results
//! of messages in progress are stored, then the webhook is disabled. Waiting events are kept.

use super::attempt::{AttemptResult, Settings, read_at};
use super::event_filter::{is_unmuted, is_wanted, kinds_to_read};
use super::outcome_storage::{OutcomeBatch, StorageResult};
use super::owner::{NotSentReason, attempt_delivery, disable};
use super::queue::{Item, Queue};
use crate::event_stream::{Feed, FeedMessage, FeedPorts};
use crate::installation::Installation;
use crate::owners::LostOwner;
use domain::event_filter::EventFilter;
use domain::ids::WebhookId;
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use domain::webhook::{AttemptEnd, AttemptOutcome, DeliveryFault, WebhookState};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// Most messages in progress to one receiver: at 10 ms each, 6,400 per second.
const FLYING_MAX: usize = 64;

/// Results per append, which holds at most 256 events.
const STORED_AT_ONCE_MAX: usize = 128;

/// Most results that wait to be stored before sending pauses: eight appends.
const UNSTORED_MAX: usize = 1_024;

/// Wait before a failed log or store operation is repeated, in milliseconds.
const AGAIN_MS: u64 = 500;

/// Number of consecutive connection failures after which only one event at a time is sent as a probe.
const MISSED_MAX: u32 = 8;

/// Longest interval between two probes, in milliseconds.
const LOOK_MS_MAX: u64 = 30_000;

/// Why the sender of a webhook ends.
pub(super) enum SenderEnd {
    /// The webhook was removed or disabled.
    Nothing,
    /// The log could not be read. Another sender starts where this one stopped.
    Broken(String),
}

/// Delivers the events of one webhook until it is removed or disabled, or the log cannot be read. `changed`
/// signals that its secrets have changed.
pub(super) async fn run(installation: Arc<Installation>, id: WebhookId, changed: Arc<Notify>) -> SenderEnd {
    match Sender::begin(installation, id).await {
        Ok(Some(sender)) => sender.run(changed).await,
        Ok(None) => SenderEnd::Nothing,
        Err(problem) => SenderEnd::Broken(problem.to_string()),
    }
}

/// An event with the result of its attempt.
struct CompletedAttempt {
    item: Item,
    tried: Result<AttemptResult, NotSentReason>,
}

struct Sender {
    installation: Arc<Installation>,
    settings: Settings,
    run: u32,
    queue: Queue,
    /// The state at the start, which may already contain results of the first events that are read.
    known: Arc<WebhookState>,
    feed: Feed,
    flights: FuturesUnordered<BoxFuture<'static, CompletedAttempt>>,
    unstored: VecDeque<AttemptOutcome>,
    storing: Option<BoxFuture<'static, StorageResult>>,
    missed_count: u32,
    look_at: Timestamp,
    /// Set when the owner lost the right; nothing more is sent then.
    lost: Option<LostOwner>,
}

impl Sender {
    async fn begin(installation: Arc<Installation>, id: WebhookId) -> Result<Option<Self>, Problem> {
        let state = installation.entities.webhooks.state(&id).await?.state;
        let settings = Settings::of(id, &state).filter(|_| !state.is_disabled());
        let Some(settings) = settings else { return Ok(None) };
        let mut queue = Queue::behind(state.through());
        for (position, waiting) in state.waiting() {
            let stored = read_at(&installation, *position).await?;
            let mut item = item_of(stored)?;
            item.attempts = waiting.attempts;
            item.stored = None;
            queue.push_known(item, waiting.due_at);
        }
        let environment = &installation.environment;
        let ports = FeedPorts {
            store: Arc::clone(&environment.store),
            clock: Arc::clone(&environment.clock),
            stop: environment.tasks.stop_signal(),
        };
        let filter = EventFilter {
            kinds: kinds_to_read(&settings.facts),
            ..EventFilter::default()
        };
        let feed = Feed::new(ports, filter, state.through());
        let look_at = installation.now();
        Ok(Some(Self {
            run: state.run(),
            known: state,
            installation,
            settings,
            queue,
            feed,
            flights: FuturesUnordered::new(),
            unstored: VecDeque::new(),
            storing: None,
            missed_count: 0,
            look_at,
            lost: None,
        }))
    }

    async fn run(mut self, changed: Arc<Notify>) -> SenderEnd {
        loop {
            self.launch();
            self.store();
            if self.is_stored()
                && let Some(lost) = self.lost.take()
            {
                return disable(&self.installation, &self.settings, lost).await;
            }
            let may_read = self.lost.is_none() && !self.queue.is_full() && self.unstored.len() < UNSTORED_MAX;
            let wake_at = self.wake_at();
            let clock = Arc::clone(&self.installation.environment.clock);
            tokio::select! {
                biased;
                Some(landed) = self.flights.next(), if !self.flights.is_empty() => self.land(landed),
                stored = storing(&mut self.storing), if self.storing.is_some() => {
                    self.storing = None;
                    if matches!(stored, StorageResult::Over) {
                        return SenderEnd::Nothing;
                    }
                }
                () = changed.notified() => {
                    if let Some(ended) = self.renew().await {
                        return ended;
                    }
                }
                note = self.feed.next(), if may_read => {
                    if let Some(ended) = self.take(note).await {
                        return ended;
                    }
                }
                () = clock.wait_until(wake_at.unwrap_or(Timestamp::EPOCH)), if wake_at.is_some() => {}
            }
        }
    }

    /// Returns when a message can be sent that cannot be sent now; `None` if nothing waits for a time.
    fn wake_at(&self) -> Option<Timestamp> {
        if !self.may_launch() {
            return None;
        }
        let due = self.queue.next_due();
        let look =
            (self.is_looking() && self.flights.is_empty() && self.queue.has_ready()).then_some(self.look_at);
        match (due, look) {
            (Some(due), Some(look)) => Some(due.min(look)),
            (due, look) => due.or(look),
        }
    }

    fn may_launch(&self) -> bool {
        self.lost.is_none() && self.flights.len() < FLYING_MAX && self.unstored.len() < UNSTORED_MAX
    }

    /// Returns true if no message is in progress and all results are stored.
    fn is_stored(&self) -> bool {
        self.flights.is_empty() && self.unstored.is_empty() && self.storing.is_none()
    }

    const fn is_looking(&self) -> bool {
        self.missed_count >= MISSED_MAX
    }

    /// Starts as many attempts as permitted. While the receiver cannot be reached, events that were never
    /// tried are sent one at a time, so that an outage makes few events wait.
    fn launch(&mut self) {
        while self.may_launch() {
            let now = self.installation.now();
            let item = match self.queue.take_due(now) {
                Some(item) => Some(item),
                None if self.is_looking() && (!self.flights.is_empty() || now < self.look_at) => None,
                None => self.queue.take_ready(),
            };
            let Some(item) = item else { return };
            let installation = Arc::clone(&self.installation);
            let settings = self.settings.clone();
            let flight = async move {
                let tried = attempt_delivery(&installation, &settings, &item).await;
                if matches!(tried, Err(NotSentReason::Away(_))) {
                    installation.pause(AGAIN_MS).await;
                }
                CompletedAttempt { item, tried }
            };
            self.flights.push(flight.boxed());
        }
    }

    /// Processes the result of an attempt: the next event of the same key becomes ready, or all of the key
    /// wait.
    fn land(&mut self, landed: CompletedAttempt) {
        let CompletedAttempt { item, tried } = landed;
        let tried = match tried {
            Ok(tried) => tried,
            Err(NotSentReason::OwnerLost(lost)) => {
                self.lost = Some(lost);
                self.queue.put_back(&item.key);
                return;
            }
            Err(NotSentReason::Away(problem)) => {
                tracing::warn!(webhook = %self.settings.id, %problem, "an event could not be delivered yet");
                self.queue.put_back(&item.key);
                return;
            }
        };
        self.note_presence(tried.attempt.fault);
        let attempts = item.attempts + 1;
        let due_in_ms = match tried.attempt.fault {
            None => None,
            Some(_) => domain::webhook::wait_ms(attempts, tried.retry_after_ms),
        };
        let key = item.key.clone();
        let position = item.position;
        let retry_after_ms = tried.retry_after_ms;
        self.unstored.push_back(AttemptOutcome {
            event: item.event,
            position,
            campaign: item.campaign,
            customer: item.customer,
            attempts,
            end: AttemptEnd::Tried {
                attempt: tried.attempt,
                retry_after_ms,
            },
        });
        match due_in_ms {
            None => self.queue.settle(&key),
            Some(wait_ms) => {
                let due_at = self.installation.now().plus_ms(wait_ms);
                let behind = self.queue.wait(&key, due_at);
                self.unstored.extend(behind.into_iter().map(deferred(position)));
            }
        }
    }

    fn note_presence(&mut self, fault: Option<DeliveryFault>) {
        if !fault.is_some_and(DeliveryFault::is_unreachable) {
            self.missed_count = 0;
            return;
        }
        self.missed_count = self.missed_count.saturating_add(1);
        let looks = self.missed_count.saturating_sub(MISSED_MAX).min(10);
        let pause_ms = (AGAIN_MS << looks).min(LOOK_MS_MAX);
        self.look_at = self.installation.now().plus_ms(pause_ms);
    }

    /// Starts to store collected results in one append, unless an append is running or there are none.
    fn store(&mut self) {
        if self.storing.is_some() || self.unstored.is_empty() {
            return;
        }
        let count = self.unstored.len().min(STORED_AT_ONCE_MAX);
        let outcomes: Vec<AttemptOutcome> = self.unstored.drain(..count).collect();
        let through = self.queue.stored(outcomes.iter().map(|outcome| outcome.position));
        let storing = OutcomeBatch {
            webhooks: self.installation.entities.webhooks.clone(),
            id: self.settings.id,
            command: self.installation.new_command(),
            run: self.run,
            through,
            outcomes,
        };
        let installation = Arc::clone(&self.installation);
        self.storing = Some(async move { storing.append_until_stored(&installation).await }.boxed());
    }

    /// Reloads the settings after a change of secrets. Returns why the sender ends, if the webhook was
    /// removed or cannot be read.
    async fn renew(&mut self) -> Option<SenderEnd> {
        let state = match self.installation.entities.webhooks.state(&self.settings.id).await {
            Ok(loaded) => loaded.state,
            Err(error) => return Some(SenderEnd::Broken(error.to_string())),
        };
        match Settings::of(self.settings.id, &state) {
            Some(settings) => self.settings = settings,
            None => return Some(SenderEnd::Nothing),
        }
        None
    }

    async fn take(&mut self, note: Option<FeedMessage>) -> Option<SenderEnd> {
        match note {
            Some(FeedMessage::Event(stored)) => match self.take_event(stored).await {
                Ok(()) => None,
                Err(problem) => Some(SenderEnd::Broken(problem.to_string())),
            },
            Some(
                FeedMessage::CaughtUp(at) | FeedMessage::Reached(at) | FeedMessage::FellBehind { at, .. },
            ) => {
                self.queue.read_to(at);
                None
            }
            Some(FeedMessage::Beat) => None,
            Some(FeedMessage::Ended { why, .. }) => Some(SenderEnd::Broken(why.text().into_owned())),
            None => Some(SenderEnd::Broken("the log ended".to_owned())),
        }
    }

    /// Adds an event of the log to the queue if the webhook is to receive it.
    async fn take_event(&mut self, stored: StoredEvent) -> Result<(), Problem> {
        let position = stored.position;
        let envelope = stored.envelope();
        let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
        let is_wanted = !self.known.knows(position) && is_wanted(&self.settings, &envelope);
        let installation = Arc::clone(&self.installation);
        let facts = Arc::clone(&self.settings.facts);
        let is_unmuted = is_wanted && is_unmuted(&installation, &facts, &envelope).await?;
        if !is_unmuted {
            self.queue.read_to(position);
            return Ok(());
        }
        let item = Item::of(stored, envelope);
        let waits = item.without_record();
        if let Some(behind) = self.queue.push(item) {
            self.unstored.push_back(deferred(behind)(waits));
        }
        Ok(())
    }
}

fn item_of(stored: StoredEvent) -> Result<Item, Problem> {
    let envelope = stored.envelope();
    let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
    Ok(Item::of(stored, envelope))
}

fn deferred(behind: Position) -> impl Fn(Item) -> AttemptOutcome {
    move |item| AttemptOutcome {
        event: item.event,
        position: item.position,
        campaign: item.campaign,
        customer: item.customer,
        attempts: 0,
        end: AttemptEnd::Deferred { behind },
    }
}

/// Waits for the running append. Call it only while there is one.
async fn storing(storing: &mut Option<BoxFuture<'static, StorageResult>>) -> StorageResult {
    match storing {
        Some(running) => running.await,
        None => StorageResult::Done,
    }
}
