//! Prompts that are made while somebody waits on the line: whoever is to be hung up waits for none.

use crate::drivers::live_calls::{Order, Working};
use domain::call::event::EndReason;
use domain::ports::clock::Clock;
use domain::ports::line::{Leg, LegEvent};
use domain::ports::speech::{Clip, SpeechError};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::watch;

/// Events of the leg kept while a prompt is made; the line keeps what is beyond.
pub(super) const HEARD_MAX: usize = 64;

/// What the leg said, and when.
pub(super) type Heard = (LegEvent, Timestamp);

/// Orders to hang up, seen beside the worker that obeys them.
#[derive(Clone)]
pub(super) struct HangUpOrders(watch::Receiver<Order>);

impl HangUpOrders {
    pub(super) fn of(working: &Working) -> Self {
        Self(working.orders())
    }

    /// Whether this call is to be hung up; its worker does so as soon as it looks.
    pub(super) fn stand(&self) -> bool {
        self.0.borrow().against_talking().is_some()
    }

    /// Why it is to be hung up.
    pub(super) fn reason(&self) -> Option<EndReason> {
        self.0.borrow().against_talking()
    }

    /// Returns once it is to be hung up. Cancel-safe.
    pub(super) async fn given(&mut self) {
        let given = self.0.wait_for(|order| order.against_talking().is_some());
        if given.await.map(|_| ()).is_err() {
            // The book outlives its workers; without it nobody gives orders.
            std::future::pending::<()>().await;
        }
    }
}

/// The clip of a text; `None` when the call is to be hung up. Meanwhile the leg is listened to, so that a
/// hang-up keeps its own time.
pub(super) async fn clip(
    orders: &mut HangUpOrders,
    leg: &mut dyn Leg,
    unheard: &mut VecDeque<Heard>,
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
