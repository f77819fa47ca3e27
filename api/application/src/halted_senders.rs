//! Senders that have stopped until a user acts: disabled webhooks and channels, and saved reports with an
//! owner who lost a permission. The sending process keeps them in memory for the alert watch.
//!
//! The number of entries is limited by the number of webhooks, channels and saved reports in the log.

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
    /// The receiver answered 410 (Gone). A replay starts delivery again.
    ReceiverGone,
    /// The owner is disabled, or was a guest until a time that has passed. Another user must take it over.
    OwnerDisabled,
    /// The owner lacks a permission or the data scope that the webhook needs. Another user must take it
    /// over.
    RightLost,
}

impl DisabledReason {
    /// Returns the reason from a webhook's state, or `None` if it delivers or was removed.
    pub fn of(state: &WebhookState) -> Option<Self> {
        let is_halted = state.is_disabled() && !state.is_removed();
        is_halted.then(|| Self::of_fault(state.owner_fault()))
    }

    /// Returns the reason for the fault that `webhook.disabled` recorded.
    pub const fn of_fault(fault: Option<OwnerFault>) -> Self {
        match fault {
            None => Self::ReceiverGone,
            Some(OwnerFault::OwnerDisabled) => Self::OwnerDisabled,
            Some(OwnerFault::RightLost) => Self::RightLost,
        }
    }
}

/// Disabled webhooks and halted reports, as far as this process knows them. A webhook or report without an
/// entry is unknown to it.
#[derive(Debug, Default)]
pub struct HaltedSenders {
    webhooks: Mutex<BTreeMap<WebhookId, Option<DisabledReason>>>,
    reports: Mutex<BTreeMap<SavedReportId, bool>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HaltedSenders {
    /// Records that a webhook is disabled for this reason, or that it delivers (`None`).
    pub fn note_webhook(&self, id: WebhookId, reason: Option<DisabledReason>) {
        locked(&self.webhooks).insert(id, reason);
    }

    /// Records that another user took over a webhook. It delivers again, unless it is disabled because its
    /// receiver is gone.
    pub fn note_taken_over(&self, id: WebhookId) {
        if let Some(reason) = locked(&self.webhooks).get_mut(&id)
            && *reason != Some(DisabledReason::ReceiverGone)
        {
            *reason = None;
        }
    }

    /// Forgets all webhooks, because another process delivers from now on.
    pub fn forget_webhooks(&self) {
        locked(&self.webhooks).clear();
    }

    /// Returns every known webhook, with the reason if it is disabled.
    pub fn webhooks(&self) -> BTreeMap<WebhookId, Option<DisabledReason>> {
        locked(&self.webhooks).clone()
    }

    /// Records whether a saved report is halted because its owner lost a permission.
    pub fn note_report(&self, name: SavedReportId, is_owner_lost: bool) {
        locked(&self.reports).insert(name, is_owner_lost);
    }

    /// Forgets all saved reports, because another process sends them from now on.
    pub fn forget_reports(&self) {
        locked(&self.reports).clear();
    }

    /// Returns every known saved report, with true if its owner lost a permission.
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
        let halted = HaltedSenders::default();
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
