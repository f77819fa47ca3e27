//! Chooses the response to a request of the trunk that belongs to no leg: this side only calls out, and says
//! so.

use super::message::{SipMessage, reason_phrase};
use super::user_agent::ALLOW;

/// Known methods that are refused with 405 everywhere; an unknown one gets 501 (RFC 3261, 8.2.1 and
/// 21.5.2).
const NOT_TAKEN: &[&str] = &["MESSAGE", "REFER", "REGISTER", "SUBSCRIBE", "NOTIFY", "PUBLISH"];

/// Methods that exist only within a dialog or transaction: outside they get 481.
const OF_A_DIALOG: &[&str] = &["BYE", "CANCEL", "INFO", "UPDATE", "PRACK"];

/// The To tag of all responses outside a dialog. It is constant, so that each repeat gets the same tag
/// although no state is kept (RFC 3261, 8.2.7).
const TAG: &str = "ledgerline";

/// Returns the response to a request of the trunk that belongs to no leg; `None` for an ACK, which gets
/// none. A new INVITE gets 480: no incoming call is accepted.
pub fn answer(request: &SipMessage) -> Option<SipMessage> {
    let plain = |code: u16| SipMessage::response(request, code, reason_phrase(code), Some(TAG));
    let method = request.method();
    match method {
        "ACK" => None,
        "OPTIONS" => Some(plain(200).with("Allow", ALLOW).with("Accept", "application/sdp")),
        "INVITE" if request.tag_of_to().is_some() => Some(plain(481)),
        // No incoming call is taken here. A later queue of agents would take it at this point.
        "INVITE" => Some(
            plain(480)
                .with("Reason", "SIP;cause=480;text=\"this line only calls out\"")
                .with("Warning", "399 ledgerline \"this line only calls out\""),
        ),
        _ if OF_A_DIALOG.contains(&method) => Some(plain(481)),
        _ if NOT_TAKEN.contains(&method) => Some(plain(405).with("Allow", ALLOW)),
        _ => Some(plain(501).with("Allow", ALLOW)),
    }
}

/// Returns the response to a request within a dialog with a method that is not handled there: 405 for a
/// known method, otherwise 501.
pub fn refuse_method(request: &SipMessage) -> SipMessage {
    let known = NOT_TAKEN.contains(&request.method());
    let code = if known { 405 } else { 501 };
    SipMessage::response(request, code, reason_phrase(code), None).with("Allow", ALLOW)
}

#[cfg(test)]
mod tests {
    use super::{SipMessage, answer, refuse_method};

    fn request(method: &str, to: &str) -> SipMessage {
        SipMessage::request(method, "sip:ledgerline@192.0.2.1")
            .with("Via", "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa")
            .with("From", "<sip:a@192.0.2.7>;tag=a")
            .with("To", to)
            .with("Call-ID", "c")
            .with("CSeq", format!("1 {method}"))
    }

    #[test]
    fn each_method_gets_the_answer_that_its_rfc_asks_for() {
        for (method, code, allow) in [
            ("INVITE", 480, false),
            ("OPTIONS", 200, true),
            ("MESSAGE", 405, true),
            ("REFER", 405, true),
            ("REGISTER", 405, true),
            ("BYE", 481, false),
            ("CANCEL", 481, false),
            ("FROBNICATE", 501, true),
        ] {
            let response = answer(&request(method, "<sip:b@192.0.2.1>")).unwrap();
            assert_eq!(response.code(), Some(code), "{method}");
            assert_eq!(response.header("Allow").is_some(), allow, "{method}");
            assert!(response.tag_of_to().is_some(), "{method}");
        }
        let invite = answer(&request("INVITE", "<sip:b@192.0.2.1>")).unwrap();
        assert!(invite.header("Reason").unwrap().contains("only calls out"));
        let within = answer(&request("INVITE", "<sip:b@192.0.2.1>;tag=b")).unwrap();
        assert_eq!(within.code(), Some(481));
        assert_eq!(answer(&request("ACK", "<sip:b@192.0.2.1>")), None);
        assert_eq!(
            refuse_method(&request("REFER", "<sip:b>;tag=b")).code(),
            Some(405)
        );
        assert_eq!(
            refuse_method(&request("FROBNICATE", "<sip:b>;tag=b")).code(),
            Some(501)
        );
    }
}
