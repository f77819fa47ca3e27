//! Runs one sender per webhook, in the one process that may dial (or the only one there is).
//!
//! A standby process sends nothing. When it takes over, each sender starts where the events of its webhook
//! say that the last one stopped.

use super::sender::{SenderEnd, run};
use super::webhook_index::{WebhookIndex, found};
use crate::event_stream::{Feed, FeedMessage, FeedPorts};
use crate::halted_senders::DisabledReason;
use crate::installation::{DialingState, Installation};
use domain::decider::EventData;
use domain::event_filter::EventFilter;
use domain::ids::WebhookId;
use domain::stored_event::{Envelope, StoredEvent};
use domain::webhook::WebhookEvent;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// Wait before a failed sender is restarted, and before webhooks are looked for again, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// Starts the task that runs the senders until the process stops.
pub fn begin(installation: &Arc<Installation>) {
    let room = Arc::clone(installation);
    installation.until_stopped("webhooks", async move { keep(&room).await });
}

async fn keep(installation: &Arc<Installation>) {
    let mut dialing = installation.dialing.state();
    loop {
        if !may_tell(&mut dialing) {
            if dialing.changed().await.is_err() {
                return;
            }
            continue;
        }
        tokio::select! {
            biased;
            () = until_not(&mut dialing) => installation.halted.forget_webhooks(),
            why = tell(installation) => {
                tracing::warn!(why, "webhooks are looked for again");
                installation.pause(AGAIN_MS).await;
            }
        }
    }
}

fn may_tell(dialing: &mut watch::Receiver<DialingState>) -> bool {
    dialing.borrow_and_update().is_the_one()
}

async fn until_not(dialing: &mut watch::Receiver<DialingState>) {
    while may_tell(dialing) {
        if dialing.changed().await.is_err() {
            return;
        }
    }
}

/// The handle of a running sender. Dropping it ends the sender.
struct RunningSender {
    changed: Arc<Notify>,
    _ends: watch::Sender<()>,
}

/// Runs a sender for every webhook until the log cannot be followed. Returns the reason.
async fn tell(installation: &Arc<Installation>) -> String {
    let found = match found(installation).await {
        Ok(found) => found,
        Err(problem) => return problem.to_string(),
    };
    let environment = &installation.environment;
    let ports = FeedPorts {
        store: Arc::clone(&environment.store),
        clock: Arc::clone(&environment.clock),
        stop: environment.tasks.stop_signal(),
    };
    let kinds = [
        WebhookEvent::ADDED,
        WebhookEvent::CHANGED,
        WebhookEvent::ROTATED,
        WebhookEvent::REMOVED,
        WebhookEvent::DISABLED,
        WebhookEvent::TAKEN_OVER,
        WebhookEvent::REPLAY_ASKED,
    ];
    let filter = EventFilter {
        kinds: kinds.into_iter().map(str::to_owned).collect(),
        ..EventFilter::default()
    };
    let mut feed = Feed::new(ports, filter, found.reached);
    let mut running: BTreeMap<WebhookId, RunningSender> = BTreeMap::new();
    for id in &found.ids {
        running.insert(*id, start(installation, *id));
    }
    note_all(installation, &found).await;
    loop {
        match feed.next().await {
            Some(FeedMessage::Event(stored)) => change(installation, &mut running, &stored),
            Some(FeedMessage::Ended { why, .. }) => return why.text().into_owned(),
            Some(
                FeedMessage::CaughtUp(_)
                | FeedMessage::FellBehind { .. }
                | FeedMessage::Reached(_)
                | FeedMessage::Beat,
            ) => {}
            None => return "the log ended".to_owned(),
        }
    }
}

/// Applies an event of a webhook to its sender: starts, restarts, notifies or ends it.
fn change(
    installation: &Arc<Installation>,
    running: &mut BTreeMap<WebhookId, RunningSender>,
    stored: &StoredEvent,
) {
    let Ok(envelope) = stored.envelope() else { return };
    let Ok(id) = envelope.stream.id().parse::<WebhookId>() else {
        return;
    };
    note(installation, id, &envelope);
    match envelope.kind.as_str() {
        WebhookEvent::ADDED if running.contains_key(&id) => {}
        // After a replay or a change, messages in progress are dropped and sent again if they are not
        // settled. After a take-over, delivery continues where it was.
        WebhookEvent::ADDED
        | WebhookEvent::CHANGED
        | WebhookEvent::REPLAY_ASKED
        | WebhookEvent::TAKEN_OVER => {
            running.insert(id, start(installation, id));
        }
        WebhookEvent::ROTATED => {
            if let Some(sender) = running.get(&id) {
                sender.changed.notify_one();
            }
        }
        _ => {
            running.remove(&id);
        }
    }
}

/// Records for the alert watch which webhooks are disabled, and why. A webhook that cannot be read stays
/// unknown.
async fn note_all(installation: &Installation, found: &WebhookIndex) {
    for id in &found.ids {
        match installation.entities.webhooks.state(id).await {
            Ok(loaded) => installation
                .halted
                .note_webhook(*id, DisabledReason::of(&loaded.state)),
            Err(error) => tracing::warn!(webhook = %id, %error, "a webhook could not be read"),
        }
    }
}

/// Records for the alert watch what an event of a webhook changes.
fn note(installation: &Installation, id: WebhookId, envelope: &Envelope) {
    let halted = &installation.halted;
    match envelope.kind.as_str() {
        WebhookEvent::DISABLED => {
            let event = WebhookEvent::read(&envelope.kind, envelope.version, &envelope.data);
            if let Ok(WebhookEvent::Disabled { reason, .. }) = event {
                halted.note_webhook(id, Some(DisabledReason::of_fault(reason)));
            }
        }
        WebhookEvent::TAKEN_OVER => halted.note_taken_over(id),
        WebhookEvent::ADDED | WebhookEvent::REMOVED | WebhookEvent::REPLAY_ASKED => {
            halted.note_webhook(id, None);
        }
        // Changed or rotated: disabled or not, as before.
        _ => {}
    }
}

fn start(installation: &Arc<Installation>, id: WebhookId) -> RunningSender {
    let (ends, mut ended) = watch::channel(());
    let changed = Arc::new(Notify::new());
    let hears = Arc::clone(&changed);
    let sender_installation = Arc::clone(installation);
    let stop = installation.tasks().stop_signal();
    installation.tasks().spawn(
        "webhook",
        Box::pin(async move {
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                // Ends when the other end of the channel is dropped.
                _ = ended.changed() => {}
                () = again_and_again(&sender_installation, id, &hears) => {}
            }
        }),
    );
    RunningSender { changed, _ends: ends }
}

async fn again_and_again(installation: &Arc<Installation>, id: WebhookId, changed: &Arc<Notify>) {
    loop {
        match Box::pin(run(Arc::clone(installation), id, Arc::clone(changed))).await {
            SenderEnd::Nothing => return,
            SenderEnd::Broken(why) => {
                tracing::warn!(webhook = %id, why, "a webhook's sender restarts where it stopped");
                installation.pause(AGAIN_MS).await;
            }
        }
    }
}
