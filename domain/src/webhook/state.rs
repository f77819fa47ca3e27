//! The state of a webhook, folded from its events: its settings, its secrets and the progress of its
//! deliveries.
//!
//! Progress: every event up to `through` is delivered or a dead letter, except those in `waiting`; `beyond`
//! has the positions settled after that. Both stay small, because the sender has few events in flight and
//! reads no further while too many wait.

use super::event::{DeliveryAttempt, DeliveryFault, WebhookEvent, WebhookFacts, WebhookTerms};
use super::owner_fault::OwnerFault;
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use values::ids::{EventId, UserId};

/// Most dead letters that a webhook's state lists. Beyond it the oldest are only counted; their events
/// remain in the log.
pub const DEAD_LETTERS_MAX: usize = 1_000;

/// The state of one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookState {
    facts: Option<Box<WebhookFacts>>,
    since: Option<Timestamp>,
    revision: u64,
    old_secret: Option<OldSecret>,
    removed: bool,
    disabled: bool,
    owner_fault: Option<OwnerFault>,
    run: u32,
    through: Position,
    beyond: BTreeSet<Position>,
    waiting: BTreeMap<Position, WaitingDelivery>,
    dead: BTreeMap<Position, DeadLetter>,
    delivered_count: u64,
    failed_count: u64,
    dead_count: u64,
    last_delivered_at: Option<Timestamp>,
    last_fault: Option<DeliveryFault>,
}

/// A webhook's previous secret while it still signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSecret {
    pub secret: Personal<String>,
    pub until: Timestamp,
}

/// An event that the receiver has not accepted yet, or that waits behind one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingDelivery {
    /// 0 for an event that waits behind another.
    pub attempts: u32,
    pub due_at: Timestamp,
}

/// An event that is no longer sent after its last failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetter {
    pub event: EventId,
    pub attempts: u32,
    pub fault: Option<DeliveryFault>,
    pub status: Option<u16>,
    pub at: Timestamp,
}

/// Numbers of deliveries, failed attempts and dead letters since the webhook was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub delivered: u64,
    pub failed: u64,
    pub dead_lettered: u64,
}

impl WebhookState {
    /// Returns the webhook's settings; `None` if it was never added or was removed.
    pub fn active(&self) -> Option<&WebhookFacts> {
        self.facts.as_deref().filter(|_| !self.removed)
    }
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }
    /// Returns the revision: the number of changes to the settings. Deliveries do not count.
    pub const fn revision(&self) -> u64 {
        self.revision
    }
    pub const fn is_there(&self) -> bool {
        self.facts.is_some()
    }
    pub const fn is_removed(&self) -> bool {
        self.removed
    }
    /// Returns true if nothing is sent any more: the receiver is gone, or the owner lost the right.
    pub const fn is_disabled(&self) -> bool {
        self.disabled
    }
    /// Returns why the owner lost the right, if the webhook is disabled because of it; otherwise `None`.
    pub const fn owner_fault(&self) -> Option<OwnerFault> {
        self.owner_fault
    }
    /// Returns the previous secret and the time until which it signs as well; `None` if there is none.
    pub const fn old_secret(&self) -> Option<&OldSecret> {
        self.old_secret.as_ref()
    }
    /// Returns the number of replays requested so far.
    pub const fn run(&self) -> u32 {
        self.run
    }
    /// Returns the log position up to which every event is settled, except waiting ones.
    pub const fn through(&self) -> Position {
        self.through
    }
    /// Returns true if the event at this position needs no first attempt: it is settled or known to wait.
    pub fn knows(&self, position: Position) -> bool {
        position <= self.through || self.beyond.contains(&position) || self.waiting.contains_key(&position)
    }
    pub const fn waiting(&self) -> &BTreeMap<Position, WaitingDelivery> {
        &self.waiting
    }
    pub const fn dead_letters(&self) -> &BTreeMap<Position, DeadLetter> {
        &self.dead
    }
    pub const fn counts(&self) -> Counts {
        Counts {
            delivered: self.delivered_count,
            failed: self.failed_count,
            dead_lettered: self.dead_count,
        }
    }
    pub const fn last_delivered_at(&self) -> Option<Timestamp> {
        self.last_delivered_at
    }
    /// Returns the fault of the last delivery attempt; `None` if it succeeded.
    pub const fn last_fault(&self) -> Option<DeliveryFault> {
        self.last_fault
    }

    pub(super) fn apply(&mut self, event: &WebhookEvent, at: Timestamp) {
        match event {
            WebhookEvent::Added { facts } => {
                self.through = facts.after;
                self.since = Some(at);
                self.revision += 1;
                self.facts = Some(facts.clone());
            }
            WebhookEvent::Changed {
                after,
                target,
                bearer,
                owner,
                ..
            } => {
                self.change(after, target.as_ref(), bearer.as_ref());
                self.hand_over(owner.as_ref());
            }
            WebhookEvent::Rotated { secret, old_until } => self.rotate(secret, *old_until),
            WebhookEvent::Removed { .. } => self.remove(),
            WebhookEvent::Disabled { reason, .. } => {
                self.disabled = true;
                self.owner_fault = *reason;
            }
            WebhookEvent::TakenOver { owner, .. } => self.take_over(owner.as_ref()),
            WebhookEvent::ReplayAsked { after, run } => self.replay(*after, *run),
            WebhookEvent::Tested { .. } => {}
            WebhookEvent::Delivered { delivery, attempt } => {
                self.delivered_count += 1;
                self.last_delivered_at = Some(at);
                self.last_fault = attempt.fault;
                self.settle(delivery.run, delivery.position, delivery.through);
                self.dead.remove(&delivery.position);
            }
            WebhookEvent::DeliveryFailed {
                delivery,
                attempt,
                due_at,
            } => {
                self.failed_count += 1;
                self.last_fault = attempt.fault;
                let waiting = WaitingDelivery {
                    attempts: delivery.attempts,
                    due_at: *due_at,
                };
                self.wait(delivery.run, delivery.position, waiting);
                self.reach(delivery.run, delivery.through);
            }
            WebhookEvent::DeliveryDeferred { delivery, .. } => {
                let waiting = WaitingDelivery {
                    attempts: 0,
                    due_at: at,
                };
                self.wait(delivery.run, delivery.position, waiting);
                self.reach(delivery.run, delivery.through);
            }
            WebhookEvent::DeadLettered { delivery, attempt } => {
                self.dead_count += 1;
                self.last_fault = attempt.fault;
                self.settle(delivery.run, delivery.position, delivery.through);
                let letter = dead_letter(delivery.event, delivery.attempts, attempt, at);
                self.dead.insert(delivery.position, letter);
                if self.dead.len() > DEAD_LETTERS_MAX {
                    self.dead.pop_first();
                }
            }
        }
    }

    fn change(
        &mut self,
        after: &WebhookTerms,
        target: Option<&Personal<String>>,
        bearer: Option<&Personal<String>>,
    ) {
        self.revision += 1;
        let Some(facts) = &mut self.facts else { return };
        let WebhookTerms {
            format,
            shown,
            kinds,
            allow_private,
        } = after;
        facts.format = *format;
        facts.shown.clone_from(shown);
        facts.kinds.clone_from(kinds);
        facts.allow_private = *allow_private;
        if let Some(target) = target {
            facts.target = target.clone();
            // The bearer token is a credential of the old address and is not sent to the new one.
            facts.bearer = None;
        }
        if let Some(bearer) = bearer {
            facts.bearer = Some(bearer.clone());
        }
    }

    fn replay(&mut self, after: Position, run: u32) {
        self.run = run;
        self.through = after;
        self.disabled = false;
        self.beyond.clear();
        self.waiting.clear();
        self.dead.retain(|position, _| *position <= after);
    }

    /// Changes the owner, which enables a webhook that was disabled for the owner's fault. One with a
    /// receiver that is gone stays disabled.
    fn take_over(&mut self, owner: Option<&UserId>) {
        self.revision += 1;
        self.hand_over(owner);
        self.disabled = self.disabled && self.owner_fault.is_none();
        self.owner_fault = None;
    }

    fn hand_over(&mut self, owner: Option<&UserId>) {
        if let Some(facts) = &mut self.facts {
            facts.owner = owner.cloned();
        }
    }

    fn rotate(&mut self, secret: &Personal<String>, until: Timestamp) {
        if let Some(facts) = &mut self.facts {
            let old = facts.secret.replace(secret.clone());
            self.old_secret = old.map(|secret| OldSecret { secret, until });
        }
    }

    /// Marks the webhook as removed; drops the old secret and the waiting events from memory.
    fn remove(&mut self) {
        self.removed = true;
        self.old_secret = None;
        self.beyond.clear();
        self.waiting.clear();
    }

    fn settle(&mut self, run: u32, position: Position, through: Position) {
        if run != self.run {
            return;
        }
        self.waiting.remove(&position);
        if position > self.through {
            self.beyond.insert(position);
        }
        self.reach(run, through);
    }

    fn wait(&mut self, run: u32, position: Position, waiting: WaitingDelivery) {
        if run == self.run {
            self.waiting.insert(position, waiting);
        }
    }

    fn reach(&mut self, run: u32, through: Position) {
        if run == self.run && through > self.through {
            self.through = through;
            self.beyond = self.beyond.split_off(&Position(through.0.saturating_add(1)));
        }
    }
}

fn dead_letter(event: EventId, attempts: u32, attempt: &DeliveryAttempt, at: Timestamp) -> DeadLetter {
    DeadLetter {
        event,
        attempts,
        fault: attempt.fault,
        status: attempt.status,
        at,
    }
}
