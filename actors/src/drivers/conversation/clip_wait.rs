//! Waits for a prompt's clip while the callee waits on the line, and stops waiting when the call is to be
//! hung up.

use crate::drivers::live_calls::{EnrolmentLease, WorkerOrder};
use domain::call::event::EndReason;
use domain::ports::clock::Clock;
use domain::ports::line::{Leg, LegEvent};
use domain::ports::speech::{Clip, SpeechError};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::watch;

/// Most events of the leg that are collected while a prompt is made; further ones wait in the line.
pub(super) const HEARD_MAX: usize = 64;

/// An event of the leg, and when it came.
pub(super) type TimedLegEvent = (LegEvent, Timestamp);

/// Whether this call is to be hung up by an order to its worker; other tasks can wait for the order.
#[derive(Clone)]
pub(super) struct HangUpOrders(watch::Receiver<WorkerOrder>);

impl HangUpOrders {
    pub(super) fn of(working: &EnrolmentLease) -> Self {
        Self(working.orders())
    }

    /// Returns true if this call is to be hung up; its worker does so at its next step.
    pub(super) fn stand(&self) -> bool {
        self.0.borrow().against_talking().is_some()
    }

    /// Returns why the call is to be hung up; `None` if it is not.
    pub(super) fn reason(&self) -> Option<EndReason> {
        self.0.borrow().against_talking()
    }

    /// Waits until the call is to be hung up. Cancel-safe.
    pub(super) async fn given(&mut self) {
        let given = self.0.wait_for(|order| order.against_talking().is_some());
        if given.await.map(|_| ()).is_err() {
            // The book outlives its workers; without it no orders come.
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for the clip of a text. `None` if the call is to be hung up before. Events of the leg are
/// collected in `unheard` meanwhile, with their times.
pub(super) async fn wait_for_clip(
    orders: &mut HangUpOrders,
    leg: &mut dyn Leg,
    unheard: &mut VecDeque<TimedLegEvent>,
    clock: &dyn Clock,
    speaking: impl Future<Output = Result<Arc<Clip>, SpeechError>>,
) -> Result<Option<Arc<Clip>>, SpeechError> {
    tokio::pin!(speaking);
    loop {
        tokio::select! {
            biased;
            () = orders.given() => return Ok(None),
            clip = &mut speaking => return clip.map(Some),
            event = leg.next(), if unheard.len() < HEARD_MAX => unheard.push_back((event, clock.now())),
        }
    }
}
