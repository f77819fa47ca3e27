//! Kinds that may begin a chain of causes: subscribers, webhooks, channels, saved reports.

use super::beginning::Beginning;
use domain::saved_report::SavedReportEvent;
use domain::subscriber::SubscriberEvent;
use domain::webhook::WebhookEvent;

/// Kind, origin, and the reason why it may have no cause.
pub(super) const AT_RECEIVERS: &[(&str, Beginning, &str)] = &[
    (
        SavedReportEvent::SAVED,
        Beginning::Outside,
        "a user saves a report",
    ),
    (
        SavedReportEvent::SENT,
        Beginning::Clock,
        "the scheduled time of a saved report is reached, or a user sends it",
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
        "a subscriber follows under a name",
    ),
    (
        SubscriberEvent::REACHED,
        Beginning::Outside,
        "a subscriber acknowledges events",
    ),
    (
        SubscriberEvent::RESET,
        Beginning::Outside,
        "a user resets a subscriber",
    ),
    (
        SubscriberEvent::REMOVED,
        Beginning::Outside,
        "a user removes a subscriber",
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
        "a user requests a replay",
    ),
    (
        WebhookEvent::TESTED,
        Beginning::Outside,
        "a user sends a test message",
    ),
    (
        WebhookEvent::DELIVERED,
        Beginning::Outside,
        "a receiver accepted the event; several deliveries are stored at once",
    ),
    (
        WebhookEvent::DELIVERY_FAILED,
        Beginning::Outside,
        "a receiver did not accept the event",
    ),
    (
        WebhookEvent::DELIVERY_DEFERRED,
        Beginning::Outside,
        "a receiver did not accept the event before",
    ),
    (
        WebhookEvent::DEAD_LETTERED,
        Beginning::Outside,
        "a receiver never accepted the event",
    ),
    (
        WebhookEvent::DISABLED,
        Beginning::Outside,
        "a receiver is gone, or the owner lost the permission",
    ),
    (
        WebhookEvent::TAKEN_OVER,
        Beginning::Outside,
        "another user takes the webhook over",
    ),
];
