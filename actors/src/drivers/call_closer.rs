//! Closes ended calls: records at the number and the customer how each call ended. The customer's decider
//! sets the next due time or settles the enrolment.
//!
//! Command ids are derived from the stored `call.ended`, so closing a call twice has the effect of closing it
//! once.

use super::driver_context::{DriverContext, Halt};
use super::event_follower::EventFollower;
use super::facts::{add_installation_facts, call_closing, closing_facts, is_unwanted};
use super::named_callback::read_named_callback;
use crate::timers::wake_at;
use domain::call::event::CallEvent;
use domain::customer::command::CustomerCommand;
use domain::decider::EventData;
use domain::disposition::Disposition;
use domain::ids::{CallId, CustomerId, NumberId};
use domain::number::command::NumberCommand;
use domain::ports::worklist::{UnclosedCall, WorklistError};
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Most ended calls that are closed at once; each is two appends.
const CLOSING_AT_ONCE_MAX: usize = 32;
/// Most calls in one page of unclosed calls.
const PAGE_ROWS_MAX: usize = 1_000;
/// Wait before unclosed calls are read again after one could not be closed, in milliseconds.
const AGAIN_MS: u64 = 5_000;

/// Closes ended calls: sends the end of each call to its customer and its number, so that both record it.
pub(crate) struct CallCloser {
    kit: Arc<DriverContext>,
    places: Arc<Semaphore>,
    failed: tokio::sync::Notify,
}

impl CallCloser {
    pub(crate) fn new(kit: &Arc<DriverContext>) -> Arc<Self> {
        Arc::new(Self {
            kit: Arc::clone(kit),
            places: Arc::new(Semaphore::new(CLOSING_AT_ONCE_MAX)),
            failed: tokio::sync::Notify::new(),
        })
    }

    /// Closes the calls that ended before `after` and are still unclosed, then those that end later, until
    /// the process stops.
    pub(crate) async fn run(self: Arc<Self>, after: Position) {
        let stop = self.kit.environment.tasks.stop_signal();
        let mut follow = EventFollower::new(&self.kit.environment, after);
        // Calls that ended before `after` and were not closed.
        let mut again_at = Some(self.kit.now());
        loop {
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = wake_at(self.kit.environment.clock.as_ref(), again_at) => {
                    again_at = self.tell_untold().await;
                }
                () = self.failed.notified() => again_at = Some(self.kit.now().plus_ms(AGAIN_MS)),
                page = follow.next() => match page {
                    Ok(page) => self.react(page).await,
                    // Calls that end from here on are closed by the next start.
                    Err(_) => return,
                },
            }
        }
    }

    async fn react(self: &Arc<Self>, page: Vec<(Position, Arc<Envelope>)>) {
        for (_, envelope) in page {
            if envelope.kind == CallEvent::ENDED {
                self.tell_later(envelope).await;
            }
        }
    }

    /// Waits for one of `CLOSING_AT_ONCE_MAX` slots, then closes the call in a task of its own. A failure
    /// makes `run` look for unclosed calls again.
    async fn tell_later(self: &Arc<Self>, ended: Arc<Envelope>) {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await;
        let retry = Arc::clone(self);
        let work = async move {
            if let Err(halt) = retry.tell(&ended).await
                && !retry.kit.is_stopping()
            {
                tracing::warn!(stream = %ended.stream, %halt, "an ended call could not be closed yet");
                retry.failed.notify_one();
            }
            drop(place);
        };
        self.kit.environment.tasks.spawn("retry", Box::pin(work));
    }

    /// Closes the calls that the worklist lists as unclosed. Returns when to look again if any could not be
    /// closed; otherwise `None`.
    async fn tell_untold(&self) -> Option<Timestamp> {
        match self.tell_pages().await {
            Ok(0) => None,
            Ok(left) => {
                tracing::warn!(left, "some ended calls cannot be closed");
                Some(self.kit.now().plus_ms(AGAIN_MS))
            }
            Err(error) => {
                tracing::warn!(%error, "unclosed calls cannot be read");
                Some(self.kit.now().plus_ms(AGAIN_MS))
            }
        }
    }

    /// Closes unclosed calls page by page. A damaged call does not block others; an outage of the store
    /// ends the run. Returns how many are left.
    async fn tell_pages(&self) -> Result<usize, WorklistError> {
        let mut before = Vec::new();
        loop {
            let page = self.kit.ports.worklist.unclosed_calls(PAGE_ROWS_MAX).await?;
            // The same page again: no more calls can be closed now.
            if page == before {
                return Ok(page.len());
            }
            let (mut last, mut left) = (Position(0), 0);
            for unclosed in &page {
                match self.tell_unclosed(unclosed).await {
                    Ok(position) => last = last.max(position),
                    Err(Halt::Unavailable) => {
                        return Err(WorklistError("the store is unavailable".to_owned()));
                    }
                    Err(Halt::Refused | Halt::Fault) => left += 1,
                }
            }
            if page.len() < PAGE_ROWS_MAX {
                return Ok(left);
            }
            self.kit.ports.worklist.wait_for(last).await?;
            before = page;
        }
    }

    async fn tell_unclosed(&self, unclosed: &UnclosedCall) -> Result<Position, Halt> {
        let before = Position(unclosed.ended.0.saturating_sub(1));
        let page = self.kit.environment.store.read_all(before, 1).await;
        let Ok(Some(Ok(envelope))) = page.map(|page| page.first().map(|one| one.envelope())) else {
            return Err(Halt::Unavailable);
        };
        self.tell(&envelope).await
    }

    /// Records at the number and at the customer how the call ended. Does nothing for a call that was never
    /// dialed: it was released. Returns the position of the last event.
    async fn tell(&self, ended: &Envelope) -> Result<Position, Halt> {
        let Ok(call) = ended.stream.id().parse::<CallId>() else {
            return Err(Halt::Fault);
        };
        match CallEvent::read(&ended.kind, ended.version, &ended.data) {
            Ok(CallEvent::Ended { disposition, .. }) if disposition != Disposition::Withdrawn => {}
            Ok(_) => return Ok(Position(0)),
            Err(error) => {
                tracing::error!(%call, %error, "a call.ended cannot be read");
                return Err(Halt::Fault);
            }
        }
        let loaded = self.kit.state(&self.kit.system.calls, &call).await?;
        let Some((mut closing, customer)) = call_closing(call, &loaded.state) else {
            tracing::error!(%call, "an ended call has no facts to close it by");
            return Err(Halt::Fault);
        };
        let number = closing.number.clone();
        let number_command = NumberCommand::CloseCall {
            call,
            disposition: closing.disposition,
            answered: closing.answered,
            unwanted: is_unwanted(&loaded.state),
            dialed_at: closing.dialed_at,
        };
        let number_at = self.tell_number(&number, number_command, ended).await?;
        let mut facts = closing_facts(&self.kit, &closing.campaign).await?;
        closing.callback_at =
            read_named_callback(&self.kit, call, &loaded.state, &customer, &facts.flow).await?;
        if closing.callback_at.is_some() {
            facts = add_installation_facts(&self.kit, facts).await?;
        }
        let command = CustomerCommand::CloseCall {
            closing: Box::new(closing),
            facts: Box::new(facts),
        };
        let customer_at = self.tell_customer(&customer, command, ended).await?;
        Ok(number_at.max(customer_at))
    }

    async fn tell_number(
        &self,
        number: &NumberId,
        command: NumberCommand,
        ended: &Envelope,
    ) -> Result<Position, Halt> {
        let numbers = &self.kit.system.numbers;
        let answer = self
            .kit
            .ask_because(numbers, number, command, ended, "close_call_on_number");
        let answer = answer.await;
        accept_refusal(answer.map(|answer| answer.position))
    }

    async fn tell_customer(
        &self,
        customer: &CustomerId,
        command: CustomerCommand,
        ended: &Envelope,
    ) -> Result<Position, Halt> {
        let customers = &self.kit.system.customers;
        let answer = self
            .kit
            .ask_because(customers, customer, command, ended, "close_call_on_customer");
        let answer = answer.await;
        accept_refusal(answer.map(|answer| answer.position))
    }
}

/// Returns a refusal as success: the call was closed before.
fn accept_refusal(answer: Result<Position, Halt>) -> Result<Position, Halt> {
    match answer {
        Err(Halt::Refused) => Ok(Position(0)),
        answer => answer,
    }
}
