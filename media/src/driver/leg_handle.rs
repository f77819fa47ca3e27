//! The owner's handle to a dialed leg: the orders that the owner may give, and the mailbox of the leg's
//! events.

use super::abandoned_legs::AbandonedLegs;
use super::leg_mailbox::LegMailbox;
use super::pace::Request;
use super::recording_writer::LegNumber;
use super::signaling::SignalingCommand;
use crate::audio::audio_ring::{HeardReceiver, heard_audio};
use domain::ports::line::LineError;
use domain::ports::speech::Clip;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The owner's handle to a dialed leg.
pub(crate) struct LegHandle {
    pub(crate) mailbox: Arc<LegMailbox>,
    pub(super) call_id: String,
    pub(super) number: LegNumber,
    pub(super) orders: mpsc::Sender<SignalingCommand>,
    pub(super) pace: mpsc::Sender<Request>,
    pub(super) abandoned: Arc<AbandonedLegs>,
}

impl LegHandle {
    /// Asks signaling to end the leg, by CANCEL or BYE depending on its state then.
    pub(crate) async fn give_up(&self) -> Result<(), LineError> {
        let order = SignalingCommand::GiveUp(self.call_id.clone());
        self.orders.send(order).await.map_err(|_gone| LineError::Ended)
    }

    /// Sends the ACK of the 200 and starts the leg's audio. Returns false if the leg is over.
    pub(crate) async fn acknowledge(&self) -> Result<bool, LineError> {
        let (reply, talks) = oneshot::channel();
        let order = SignalingCommand::Acknowledge(self.call_id.clone(), reply);
        self.orders.send(order).await.map_err(|_gone| LineError::Ended)?;
        talks.await.map_err(|_gone| LineError::Ended)
    }

    /// Asks signaling to end the leg like `give_up`, but without waiting, for an owner that is being
    /// dropped. If no command can be queued, notes the leg as abandoned.
    pub(crate) fn abandon(&self) {
        if self
            .orders
            .try_send(SignalingCommand::GiveUp(self.call_id.clone()))
            .is_err()
        {
            // First the mark, for a leg that signalling has not taken yet; then the name.
            self.mailbox.abandon();
            self.abandoned.note(&self.call_id);
        }
    }

    pub(crate) async fn play(&self, play: u32, clip: Arc<Clip>) -> Result<(), LineError> {
        self.ask(Request::Play {
            leg: self.number,
            play,
            clip,
        })
        .await
    }
    pub(crate) async fn stop_playing(&self) -> Result<(), LineError> {
        self.ask(Request::StopPlaying { leg: self.number }).await
    }
    /// Starts to deliver the leg's received audio to the returned listener. An earlier listener gets no
    /// more frames.
    pub(crate) async fn listen(&self) -> Result<HeardReceiver, LineError> {
        let (listener, heard) = heard_audio();
        self.ask(Request::Listen {
            leg: self.number,
            listener,
        })
        .await?;
        Ok(heard)
    }
    pub(crate) async fn record_callee(&self) -> Result<(), LineError> {
        self.ask(Request::RecordCallee { leg: self.number }).await
    }

    async fn ask(&self, request: Request) -> Result<(), LineError> {
        self.pace.send(request).await.map_err(|_gone| LineError::Ended)
    }
}
