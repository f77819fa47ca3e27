//! What a leg's state machine says, told to its owner and to the pace.

use super::Signalling;
use crate::driver::pace::Request;
use crate::rtp::keypress::KeySign;
use crate::sip::sdp::AudioStream;
use crate::sip::user_agent::UacEvent;
use domain::call::KeyPath;
use domain::ports::line::{LegEvent, LegSummary};
use std::sync::Arc;

impl Signalling {
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
                leg.mailbox.push(LegEvent::Ringing {
                    sip_code,
                    early_media: early_media.is_some(),
                });
                None
            }
            UacEvent::Failed(failure) => {
                leg.slot = None;
                leg.mailbox.push(LegEvent::Failed(failure));
                Some(Request::FreePort { leg: number })
            }
            UacEvent::LateAnswered(dialog) => {
                leg.slot = None;
                leg.mailbox.push(LegEvent::LateAnswered(dialog));
                None
            }
            UacEvent::Answered { dialog, media } => {
                self.begin(call_id, media).await;
                self.push(call_id, LegEvent::Answered(dialog));
                None
            }
            UacEvent::MediaMoved(stream) => Some(Request::Move { leg: number, stream }),
            UacEvent::Alive => Some(Request::NoteLife { leg: number }),
            UacEvent::Keypress(digit) => {
                let now_us = self.grounds.time.now().micros();
                let sign = KeySign::Pressed(digit);
                leg.mailbox.push_key(KeyPath::SipInfo, sign, now_us);
                None
            }
            UacEvent::HungUp {
                by,
                reason_header,
                q850,
            } => {
                leg.slot = None;
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
                if !self.ask_pace(Request::End { leg: number }).await {
                    // Nobody waits for ever for a leg's end.
                    mailbox.push(LegEvent::Closed(LegSummary::default()));
                }
                None
            }
        };
        if let Some(request) = request {
            self.ask_pace(request).await;
        }
    }

    /// Sound begins before the owner knows, so that a clip played at once finds it there.
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

    fn push(&self, call_id: &str, event: LegEvent) {
        if let Some(leg) = self.legs.get(call_id) {
            leg.mailbox.push(event);
        }
    }

    /// False when the pace is gone.
    pub(super) async fn ask_pace(&self, request: Request) -> bool {
        let asked = self.grounds.pace.send(request).await.is_ok();
        if !asked {
            tracing::error!("the media pace is gone");
        }
        asked
    }
}
