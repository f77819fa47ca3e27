//! The carrier's record of a call: one JSON line at the INVITE and one at the end.
//!
//! The last line of a Call-ID counts. Numbers are written in clear: the carrier is the outside world. Times
//! are the carrier's own clock. Members are never left out; an event that has not happened is `null`.

use super::turns::TurnDetails;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The party that ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The dialing side: CANCEL or BYE.
    Caller,
    /// The person or machine called: a refusal or BYE.
    Callee,
    /// The carrier: the call was not answered, the peer was gone, or the carrier stopped.
    Carrier,
}

/// One line of the carrier's file: what it knows of one call. The last line of a `call_id` counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallDetails {
    /// The SIP Call-ID.
    pub call_id: String,
    pub caller: String,
    pub callee: String,
    /// Number of INVITE transactions outside a dialog that were not answered 401, 407, 422 or 494.
    pub invites: u32,
    pub invited_at: Timestamp,
    /// The final status code of the INVITE; `null` before it is sent.
    pub code: Option<u16>,
    pub answered_at: Option<Timestamp>,
    /// The time at which the ACK of the 200 came; `null` if none came, and in files of versions that did
    /// not store it.
    #[serde(default)]
    pub acked_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<EndedBy>,
    /// The keys that the callee pressed.
    pub digits: String,
    pub rtp_received: u64,
    pub rtp_sent: u64,
    /// The measurements of a speaking callee; `null` for all others, and in files of versions without
    /// speaking callees.
    #[serde(default)]
    pub turns: Option<TurnDetails>,
}

impl CallDetails {
    /// Returns the line with its line end, ready to be appended.
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_every_member_in_order() {
        let details = CallDetails {
            call_id: "a@b".to_owned(),
            caller: "+15550100".to_owned(),
            callee: "+8613800138000".to_owned(),
            invites: 1,
            invited_at: Timestamp::from_millis(1_500),
            code: None,
            answered_at: None,
            acked_at: None,
            ended_at: None,
            ended_by: Some(EndedBy::Callee),
            digits: "19".to_owned(),
            rtp_received: 3,
            rtp_sent: 4,
            turns: None,
        };
        let line = String::from_utf8(details.to_line()).unwrap();
        assert_eq!(
            line,
            concat!(
                r#"{"call_id":"a@b","caller":"+15550100","callee":"+8613800138000","invites":1,"#,
                r#""invited_at":"1970-01-01T00:00:01.500000Z","code":null,"answered_at":null,"acked_at":null,"#,
                r#""ended_at":null,"ended_by":"callee","digits":"19","rtp_received":3,"rtp_sent":4,"turns":null}"#,
                "\n"
            )
        );
    }
}
