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
        "somebody saves a report",
    ),
    (
        SavedReportEvent::SENT,
        Beginning::Clock,
        "the time of a saved report came, or somebody sends it",
    ),
    (
        SavedReportEvent::REMOVED,
        Beginning::Outside,
        "somebody removes a saved report",
    ),
    (
        SavedReportEvent::TAKEN_OVER,
        Beginning::Outside,
        "another user takes a saved report over",
    ),
    (
        SubscriberEvent::ADDED,
        Beginning::Outside,
        "somebody follows under a name",
    ),
    (
        SubscriberEvent::REACHED,
        Beginning::Outside,
        "a reader says what it has",
    ),
    (
        SubscriberEvent::RESET,
        Beginning::Outside,
        "somebody sends a reader back",
    ),
    (
        SubscriberEvent::REMOVED,
        Beginning::Outside,
        "nobody follows under the name any more",
    ),
    (
        WebhookEvent::ADDED,
        Beginning::Outside,
        "somebody wants to be told",
    ),
    (
        WebhookEvent::CHANGED,
        Beginning::Outside,
        "somebody wants to be told otherwise",
    ),
    (
        WebhookEvent::ROTATED,
        Beginning::Outside,
        "somebody wants another secret",
    ),
    (
        WebhookEvent::REMOVED,
        Beginning::Outside,
        "somebody is to be told no more",
    ),
    (
        WebhookEvent::REPLAY_ASKED,
        Beginning::Outside,
        "somebody wants to be told again",
    ),
    (WebhookEvent::TESTED, Beginning::Outside, "somebody tries it"),
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
