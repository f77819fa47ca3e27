//! A 2xx that belongs to no leg known here is ended by what it says of itself: Call-ID, tags, Contact and
//! routes.

use super::{LeftOver, LeftOverOutput};
use crate::sip::dialog::Party;
use crate::sip::header_value::Address;
use crate::sip::message::SipMessage;
use domain::call::LegIdentity;
use domain::time::Timestamp;
use std::net::IpAddr;

impl LeftOver {
    /// Ends the dialog of a 2xx that belongs to no leg known here; `None` where it names no dialog.
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

    /// The dialog was hung up before: copies of its 2xx get their ACK, and that is all.
    pub fn send_no_bye(&mut self) {
        for one in &mut self.dialogs {
            one.bye = None;
        }
        let is_bye = |output: &LeftOverOutput| matches!(output, LeftOverOutput::Send { bytes, .. } if bytes.starts_with(b"BYE "));
        self.outputs.retain(|output| !is_bye(output));
    }
}
