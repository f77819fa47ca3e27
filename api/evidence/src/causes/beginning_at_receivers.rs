//! Kinds that may begin a story, of what is sent outside: subscribers, webhooks, channels, saved reports.

use super::beginning::Beginning;
use domain::saved_report::SavedReportEvent;
use domain::subscriber::SubscriberEvent;
use domain::webhook::WebhookEvent;

/// As the list of all others: a kind, where it begins, and why without a cause.
pub(super) const AT_RECEIVERS: &[(&str, Beginning, &str)] = &[
    (
        SavedReportEvent::SAVED,
        Beginning::Outside,
        "a user saves a report",
    ),
    (
        SavedReportEvent::SENT,
        Beginning::Clock,
        "the time of a saved report came, or a user sends it",
    ),
    (
        SavedReportEvent::REMOVED,
        Beginning::Outside,
        "a user removes a saved report",
    ),
    (
        SavedReportEvent::TAKEN_OVER,
        Beginning::Outside,
        "another user takes a saved report over",
    ),
    (
        SubscriberEvent::ADDED,
        Beginning::Outside,
        "a reader follows under a name",
    ),
    (
        SubscriberEvent::REACHED,
        Beginning::Outside,
        "a reader says what it has",
    ),
    (
        SubscriberEvent::RESET,
        Beginning::Outside,
        "a user sends a reader back",
    ),
    (
        SubscriberEvent::REMOVED,
        Beginning::Outside,
        "a user removes the name of a reader",
    ),
    (WebhookEvent::ADDED, Beginning::Outside, "a user adds a webhook"),
    (
        WebhookEvent::CHANGED,
        Beginning::Outside,
        "a user changes a webhook",
    ),
    (
        WebhookEvent::ROTATED,
        Beginning::Outside,
        "a user rotates the secret",
    ),
    (
        WebhookEvent::REMOVED,
        Beginning::Outside,
        "a user removes a webhook",
    ),
    (
        WebhookEvent::REPLAY_ASKED,
        Beginning::Outside,
        "a user asks for a replay",
    ),
    (
        WebhookEvent::TESTED,
        Beginning::Outside,
        "a user sends a test message",
    ),
    (
        WebhookEvent::DELIVERED,
        Beginning::Outside,
        "a receiver took it: deliveries are stored several at once",
    ),
    (
        WebhookEvent::DELIVERY_FAILED,
        Beginning::Outside,
        "a receiver did not take it",
    ),
    (
        WebhookEvent::DELIVERY_DEFERRED,
        Beginning::Outside,
        "a receiver did not take the one before it",
    ),
    (
        WebhookEvent::DEAD_LETTERED,
        Beginning::Outside,
        "a receiver never took it",
    ),
    (
        WebhookEvent::DISABLED,
        Beginning::Outside,
        "a receiver is gone, or the owner lost the right",
    ),
    (
        WebhookEvent::TAKEN_OVER,
        Beginning::Outside,
        "another user takes it over",
    ),
];
