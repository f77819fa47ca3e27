//! A dialog that is being ended: the ACK that answers each copy of its 2xx, and its one BYE.

use crate::sip::dialog::{Dialog, Hop, Party};
use crate::sip::transaction::{Retransmission, RetransmissionStep};
use domain::ports::line::AnsweredDialog;
use domain::time::Timestamp;

/// A dialog of a leg left over by a crash: it is acknowledged with `ack` and ended with a BYE.
pub(super) struct EndingDialog {
    pub(super) dialog: Dialog,
    pub(super) ack: (Vec<u8>, Hop),
    /// Our BYE and its retransmissions; `None` after its response or timeout.
    pub(super) bye: Option<Retransmission>,
    invite_cseq: u32,
}

impl EndingDialog {
    pub(super) fn of(dialog: Dialog, party: &Party, invite_cseq: u32) -> Self {
        let (ack, hop) = dialog.ack(party, invite_cseq);
        Self {
            dialog,
            ack: (ack.to_bytes(), hop),
            bye: None,
            invite_cseq,
        }
    }

    pub(super) fn facts(&self) -> AnsweredDialog {
        self.dialog.facts(self.invite_cseq)
    }

    /// Returns true if a response with this CSeq answers the current BYE. `tag`: its To tag, if there are
    /// several dialogs.
    pub(super) fn is_bye(&self, tag: Option<&str>, cseq: u32) -> bool {
        let is_dialog = tag.is_none_or(|tag| tag == self.dialog.remote_tag);
        self.bye.is_some() && self.dialog.local_cseq == cseq && is_dialog
    }

    /// Advances the BYE's timer. Returns the BYE if it is to be sent again; after the timeout there is no
    /// BYE.
    pub(super) fn elapse(&mut self, now: Timestamp) -> Option<(Vec<u8>, Hop)> {
        let running = self.bye.as_mut()?;
        match running.elapse(now) {
            RetransmissionStep::NotYet => None,
            RetransmissionStep::SendAgain => Some((running.bytes.clone(), running.hop)),
            RetransmissionStep::TimedOut => {
                self.bye = None;
                None
            }
        }
    }
}
