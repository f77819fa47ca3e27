//! Prompts that are made while somebody waits on the line: whoever is to be hung up waits for none.

use super::talk::Talk;
use super::{HEARD_MAX, Heard};
use crate::drivers::live_calls::{Order, Working};
use domain::ports::speech::{Clip, SpeechError};
use std::sync::Arc;
use tokio::sync::watch;

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

    /// Returns once it is to be hung up. Cancel-safe.
    pub(super) async fn given(&mut self) {
        let given = self.0.wait_for(|order| order.against_talking().is_some());
        if given.await.map(|_| ()).is_err() {
            // The book outlives its workers; without it nobody gives orders.
            std::future::pending::<()>().await;
        }
    }
}

impl Talk<'_> {
    /// The clip of a text; `None` when the call is to be hung up. Meanwhile the leg is listened to, so that a
    /// hang-up keeps its own time.
    pub(super) async fn clip(
        &mut self,
        text: &str,
        personal: bool,
    ) -> Result<Option<Arc<Clip>>, SpeechError> {
        let (kit, voice) = (Arc::clone(&self.kit), self.voice.clone());
        let speaking = voice.speak(&kit, text, personal);
        tokio::pin!(speaking);
        loop {
            tokio::select! {
                biased;
                () = self.orders.given() => return Ok(None),
                clip = &mut speaking => return clip.map(Some),
                event = self.leg.next(), if self.unheard.len() < HEARD_MAX => {
                    let heard: Heard = (event, kit.now());
                    self.unheard.push_back(heard);
                }
            }
        }
    }
}
