//! Kinds that may begin a chain of causes: subscribers, webhooks, channels, saved reports.

use super::cause_origins::CauseOrigin;
use domain::saved_report::SavedReportEvent;
use domain::subscriber::SubscriberEvent;
use domain::webhook::WebhookEvent;

/// Kind, origin, and the reason why it may have no cause.
pub(super) const AT_RECEIVERS: &[(&str, CauseOrigin, &str)] = &[
    (
        SavedReportEvent::SAVED,
        CauseOrigin::Outside,
        "a user saves a report",
    ),
    (
        SavedReportEvent::SENT,
        CauseOrigin::Clock,
        "the scheduled time of a saved report is reached, or a user sends it",
    ),
    (
        SavedReportEvent::REMOVED,
        CauseOrigin::Outside,
        "a user removes a saved report",
    ),
    (
        SavedReportEvent::TAKEN_OVER,
        CauseOrigin::Outside,
        "another user takes a saved report over",
    ),
    (
        SubscriberEvent::ADDED,
        CauseOrigin::Outside,
        "a subscriber follows under a name",
    ),
    (
        SubscriberEvent::REACHED,
        CauseOrigin::Outside,
        "a subscriber acknowledges events",
    ),
    (
        SubscriberEvent::RESET,
        CauseOrigin::Outside,
        "a user resets a subscriber",
    ),
    (
        SubscriberEvent::REMOVED,
        CauseOrigin::Outside,
        "a user removes a subscriber",
    ),
    (WebhookEvent::ADDED, CauseOrigin::Outside, "a user adds a webhook"),
    (
        WebhookEvent::CHANGED,
        CauseOrigin::Outside,
        "a user changes a webhook",
    ),
    (
        WebhookEvent::ROTATED,
        CauseOrigin::Outside,
        "a user rotates the secret",
    ),
    (
        WebhookEvent::REMOVED,
        CauseOrigin::Outside,
        "a user removes a webhook",
    ),
    (
        WebhookEvent::REPLAY_ASKED,
        CauseOrigin::Outside,
        "a user requests a replay",
    ),
    (
        WebhookEvent::TESTED,
        CauseOrigin::Outside,
        "a user sends a test message",
    ),
    (
        WebhookEvent::DELIVERED,
        CauseOrigin::Outside,
        "a receiver accepted the event; several deliveries are stored at once",
    ),
    (
        WebhookEvent::DELIVERY_FAILED,
        CauseOrigin::Outside,
        "a receiver did not accept the event",
    ),
    (
        WebhookEvent::DELIVERY_DEFERRED,
        CauseOrigin::Outside,
        "a receiver did not accept the event before",
    ),
    (
        WebhookEvent::DEAD_LETTERED,
        CauseOrigin::Outside,
        "a receiver never accepted the event",
    ),
    (
        WebhookEvent::DISABLED,
        CauseOrigin::Outside,
        "a receiver is gone, or the owner lost the permission",
    ),
    (
        WebhookEvent::TAKEN_OVER,
        CauseOrigin::Outside,
        "another user takes the webhook over",
    ),
];
