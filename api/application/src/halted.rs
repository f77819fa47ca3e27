//! What sends nothing until a person acts: webhooks and channels that are disabled, and saved reports with an
//! owner who lost the right. Kept in memory by the process that sends, for the alert watch.
//!
//! Entries are as many as there are webhooks, channels and saved reports in the log.

use domain::ids::WebhookId;
use domain::saved_report::SavedReportId;
use domain::webhook::{OwnerFault, WebhookState};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why a webhook or channel delivers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// The receiver answered 410; a replay begins again.
    ReceiverGone,
    /// The owner is disabled, or was a guest until a time that is over; another user takes it over.
    OwnerDisabled,
    /// The owner lacks a permission, or the data scope, that it needs; another user takes it over.
    RightLost,
}

impl DisabledReason {
    /// Of a webhook as its events say; `None` where it delivers or was removed.
    pub fn of(state: &WebhookState) -> Option<Self> {
        let is_halted = state.is_disabled() && !state.is_removed();
        is_halted.then(|| Self::of_fault(state.owner_fault()))
    }

    /// Of what `webhook.disabled` says.
    pub const fn of_fault(fault: Option<OwnerFault>) -> Self {
        match fault {
            None => Self::ReceiverGone,
            Some(OwnerFault::OwnerDisabled) => Self::OwnerDisabled,
            Some(OwnerFault::RightLost) => Self::RightLost,
        }
    }
}

/// What this process knows; a webhook or report without an entry is unknown to it.
#[derive(Debug, Default)]
pub struct Halted {
    webhooks: Mutex<BTreeMap<WebhookId, Option<DisabledReason>>>,
    reports: Mutex<BTreeMap<SavedReportId, bool>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Halted {
    /// A webhook is disabled for this reason, or delivers.
    pub fn note_webhook(&self, id: WebhookId, reason: Option<DisabledReason>) {
        locked(&self.webhooks).insert(id, reason);
    }

    /// Another user took it over: a receiver that is gone stays so.
    pub fn note_taken_over(&self, id: WebhookId) {
        if let Some(reason) = locked(&self.webhooks).get_mut(&id)
            && *reason != Some(DisabledReason::ReceiverGone)
        {
            *reason = None;
        }
    }

    /// Another process delivers from now on.
    pub fn forget_webhooks(&self) {
        locked(&self.webhooks).clear();
    }

    /// Every webhook that is known, and why it is disabled.
    pub fn webhooks(&self) -> BTreeMap<WebhookId, Option<DisabledReason>> {
        locked(&self.webhooks).clone()
    }

    /// Whether a saved report is not sent because its owner lost the right.
    pub fn note_report(&self, name: SavedReportId, is_owner_lost: bool) {
        locked(&self.reports).insert(name, is_owner_lost);
    }

    /// Another process sends reports from now on.
    pub fn forget_reports(&self) {
        locked(&self.reports).clear();
    }

    /// Every saved report that is known, and whether its owner lost the right.
    pub fn reports(&self) -> BTreeMap<SavedReportId, bool> {
        locked(&self.reports).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::CommandId;

    #[test]
    fn a_webhook_that_is_taken_over_delivers_unless_its_receiver_is_gone() {
        let halted = Halted::default();
        let id = |text: &str| WebhookId::derive(CommandId::derive_from_text(text));
        halted.note_taken_over(id("unknown"));
        assert!(halted.webhooks().is_empty(), "what is unknown stays unknown");
        halted.note_webhook(id("gone"), Some(DisabledReason::ReceiverGone));
        halted.note_webhook(id("lost"), Some(DisabledReason::RightLost));
        for one in ["gone", "lost"] {
            halted.note_taken_over(id(one));
        }
        assert_eq!(
            halted.webhooks(),
            [
                (id("gone"), Some(DisabledReason::ReceiverGone)),
                (id("lost"), None)
            ]
            .into()
        );
        halted.forget_webhooks();
        assert!(halted.webhooks().is_empty());
    }
}
