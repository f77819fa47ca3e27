//! Passes the events of a leg's state machine to its owner and to the pace.

use super::{LiveLeg, SignalingContext, SignalingTask};
use crate::driver::leg_mailbox::LegMailbox;
use crate::driver::pace::Request;
use crate::driver::recording_writer::LegNumber;
use crate::rtp::keypress::KeySign;
use crate::sip::sdp::AudioStream;
use crate::sip::user_agent::UacEvent;
use domain::call::KeyPath;
use domain::ports::line::{AnsweredDialog, LegEvent, LegSummary};
use std::sync::Arc;

impl LiveLeg {
    /// Passes an answer to the leg's owner, and to the reports of a leg that is ended as left over.
    fn note_answer(&mut self, event: LegEvent, dialog: &AnsweredDialog) {
        self.watch.note_answer(dialog);
        self.mailbox.push(event);
    }

    /// Records the end of the dialog: frees the trunk's slot, and remembers the dialog so that a copy of
    /// its 200 gets no second BYE.
    fn note_end(&mut self, call_id: &str, grounds: &SignalingContext) {
        self.slot = None;
        if let Some(dialog) = &self.watch.answered {
            grounds
                .hung_up
                .insert(call_id, &dialog.to_tag, grounds.time.now());
        }
    }
}

impl SignalingTask {
    pub(super) async fn tell(&mut self, call_id: &str, event: UacEvent) {
        let Some(leg) = self.legs.get_mut(call_id) else {
            return;
        };
        let number = leg.number;
        let request = match event {
            UacEvent::Ringing {
                sip_code,
                early_media,
            } => {
                let early_media = early_media.is_some();
                let ringing = LegEvent::Ringing {
                    sip_code,
                    early_media,
                };
                leg.mailbox.push(ringing);
                None
            }
            UacEvent::Failed(failure) => {
                leg.slot = None;
                leg.watch.note_failure(&failure);
                leg.mailbox.push(LegEvent::Failed(failure));
                Some(Request::FreePort { leg: number })
            }
            UacEvent::LateAnswered(dialog) => {
                leg.note_answer(LegEvent::LateAnswered(dialog.clone()), &dialog);
                leg.note_end(call_id, &self.grounds);
                None
            }
            UacEvent::Answered(dialog) => {
                leg.note_answer(LegEvent::Answered(dialog.clone()), &dialog);
                None
            }
            UacEvent::Talking(media) => {
                self.begin(call_id, media).await;
                None
            }
            UacEvent::MediaMoved(stream) => Some(Request::Move { leg: number, stream }),
            UacEvent::Alive => Some(Request::NoteLife { leg: number }),
            UacEvent::Keypress(digit) => {
                let now_us = self.grounds.time.now().micros();
                leg.mailbox
                    .push_key(KeyPath::SipInfo, KeySign::Pressed(digit), now_us);
                None
            }
            UacEvent::HungUp {
                by,
                reason_header,
                q850,
            } => {
                leg.note_end(call_id, &self.grounds);
                leg.mailbox.push(LegEvent::HungUp {
                    by,
                    reason_header,
                    q850,
                    heard_rtp: leg.mailbox.heard_rtp(),
                });
                None
            }
            UacEvent::Closed => {
                leg.slot = None;
                let mailbox = Arc::clone(&leg.mailbox);
                self.end_audio(number, &mailbox).await;
                None
            }
        };
        if let Some(request) = request {
            self.ask_pace(request).await;
        }
    }

    /// Makes the pace end the leg's audio and report `Closed`. Without the pace, reports `Closed` here,
    /// with an empty summary.
    async fn end_audio(&mut self, leg: LegNumber, mailbox: &LegMailbox) {
        if !self.ask_pace(Request::End { leg }).await {
            mailbox.push(LegEvent::Closed(LegSummary::default()));
        }
    }

    /// Starts the audio of an answered leg. Called before the owner learns that the ACK has left, so that a
    /// clip played at once finds it.
    async fn begin(&mut self, call_id: &str, stream: AudioStream) {
        let Some(leg) = self.legs.get_mut(call_id) else {
            return;
        };
        let number = leg.number;
        if let Some((out, recording)) = leg.begin.take() {
            let begin = Request::Begin {
                leg: number,
                stream,
                out,
                recording,
            };
            self.ask_pace(begin).await;
        }
    }

    /// Sends a request to the pace; waits while its queue is full. Returns false if the pace is gone.
    pub(super) async fn ask_pace(&self, request: Request) -> bool {
        let asked = self.grounds.pace.send(request).await.is_ok();
        if !asked {
            tracing::error!("the media pace is gone");
        }
        asked
    }
}
