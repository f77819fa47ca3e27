//! Builds the ending of a dialog from nothing but its 2xx, for an answer that belongs to no leg known here.
//! The Call-ID, tags, Contact and routes of the 2xx are all that is used.

use super::{LeftOverOutput, LegTeardown};
use crate::sip::dialog::Party;
use crate::sip::header_value::Address;
use crate::sip::message::SipMessage;
use domain::call::LegIdentity;
use domain::time::Timestamp;
use std::net::IpAddr;

impl LegTeardown {
    /// Makes the teardown of the dialog of this 2xx: an ACK and a BYE. `None` if the message is not a 2xx
    /// to an INVITE or lacks a tag or header that names the dialog. `local` is our own `host:port`.
    pub fn of_stray(answer: &SipMessage, local: &str, trunk_ip: IpAddr, now: Timestamp) -> Option<Self> {
        let is_answer = answer.code().is_some_and(|code| (200..300).contains(&code));
        let (cseq, method) = answer.cseq()?;
        if !is_answer || method != "INVITE" {
            return None;
        }
        let (tag, to) = (answer.tag_of_from()?, answer.header("To")?);
        answer.tag_of_to()?;
        let party = Party {
            identity: LegIdentity::of_message(answer.call_id(), tag),
            local: local.to_owned(),
            from: answer.header("From")?.to_owned(),
            to: to.to_owned(),
            uri: Address::read(to)?.uri.to_owned(),
            asserted: None,
            route: None,
            behind_nat: None,
        };
        let mut left_over = Self::of_party(party, trunk_ip, None, [0; 16], now);
        left_over.take_answer(now, answer, cseq);
        Some(left_over)
    }

    /// Removes the BYEs of this leg, also queued ones, because its dialog was hung up before. Only copies
    /// of its 2xx are answered then, with an ACK.
    pub fn send_no_bye(&mut self) {
        for one in &mut self.dialogs {
            one.bye = None;
        }
        let is_bye = |output: &LeftOverOutput| matches!(output, LeftOverOutput::Send { bytes, .. } if bytes.starts_with(b"BYE "));
        self.outputs.retain(|output| !is_bye(output));
    }
}
