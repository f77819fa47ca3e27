//! The session timer (RFC 4028) for the side that does not refresh: computes until when the far end has to.

use crate::sip::message::SipMessage;
use domain::time::Timestamp;

/// Shortest session interval that is enforced, in seconds (RFC 4028, 5); a shorter one is ignored, because
/// it would end working calls.
const INTERVAL_S_MIN: u64 = 90;
/// Longest time before the session's end at which the leg is hung up, in milliseconds (RFC 4028, 10): a third
/// of the interval, but at most this.
const MARGIN_MS_MAX: u64 = 32_000;

/// Returns the side that refreshes (`uac` or `uas`) by a `Session-Expires` value; `None` if it names none.
fn refresher(expires: &str) -> Option<&str> {
    expires.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("refresher")
            .then(|| value.trim())
    })
}

/// Returns the time at which a session that the far end refreshes is given up unless it is refreshed;
/// `None` if the far end does not refresh it. `far_end` is its role in this exchange: `uas` in the answer
/// to our INVITE, `uac` in its own request, which it also refreshes if no side is named.
pub(super) fn refresh_until(message: &SipMessage, far_end: &str, now: Timestamp) -> Option<Timestamp> {
    let expires = message.header("Session-Expires")?;
    let interval_s: u64 = expires.split(';').next()?.trim().parse().ok()?;
    let unnamed = message.is_request();
    let its_own = refresher(expires).map_or(unnamed, |named| named.eq_ignore_ascii_case(far_end));
    if !its_own || interval_s < INTERVAL_S_MIN {
        return None;
    }
    let interval_ms = interval_s.saturating_mul(1_000);
    Some(now.plus_ms(interval_ms - (interval_ms / 3).min(MARGIN_MS_MAX)))
}

/// Returns the `Session-Expires` of our answer to a request: the same interval, with the far end as the
/// refresher if none was named.
pub(super) fn accept_session_expires(expires: &str) -> String {
    match refresher(expires) {
        Some(_) => expires.to_owned(),
        None => format!("{expires};refresher=uac"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::UacHarness;
    use super::super::{Input, UacEvent};
    use crate::sip::message::SipMessage;
    use crate::sip::sdp;
    use domain::call::EndCause;
    use domain::ports::line::HangupSource;

    fn offer() -> Vec<u8> {
        sdp::offer("192.0.2.1:6000".parse().unwrap(), 2)
    }

    fn hung_up(scene: &UacHarness) -> Option<HangupSource> {
        scene.events.iter().find_map(|event| match event {
            UacEvent::HungUp { by, .. } => Some(*by),
            _ => None,
        })
    }

    /// Has the far end refresh the session and acknowledge our answer.
    fn refresh(scene: &mut UacHarness, cseq: u32, expires: &str) {
        let invite = scene.last("INVITE");
        let request = |method: &str| {
            SipMessage::request(method, "sip:ledgerline@127.0.0.1:5070")
                .with(
                    "Via",
                    format!("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKp{cseq}{method}"),
                )
                .with("Max-Forwards", "70")
                .with("From", format!("{};tag=t", invite.header("To").unwrap()))
                .with("To", invite.header("From").unwrap())
                .with("Call-ID", invite.call_id())
                .with("CSeq", format!("{cseq} {method}"))
        };
        let asked = request("INVITE").with("Session-Expires", expires);
        scene.deliver(&asked.with_body("application/sdp", offer()));
        assert_eq!(scene.last_code(), Some(200));
        scene.deliver(&request("ACK"));
    }

    #[test]
    fn a_far_end_that_refreshes_no_more_is_hung_up_before_the_session_ends() {
        for (expires, ends_ms) in [("90", 60_000), ("90;refresher=uac", 60_000), ("1800", 1_768_000)] {
            let mut scene = UacHarness::answered();
            refresh(&mut scene, 9, expires);
            let (_, answer) = scene
                .sent
                .iter()
                .rev()
                .find(|(_, one)| one.code().is_some())
                .unwrap();
            assert!(
                answer
                    .header("Session-Expires")
                    .unwrap()
                    .ends_with(";refresher=uac")
            );
            scene.wait(ends_ms - 1);
            assert_eq!(hung_up(&scene), None, "{expires}");
            scene.wait(1);
            assert_eq!(
                hung_up(&scene),
                Some(HangupSource::Media(EndCause::RefreshMissed)),
                "{expires}"
            );
            assert_eq!(scene.count("BYE"), 1);
            scene.finish();
        }
    }

    #[test]
    fn each_refresh_restarts_the_count_and_is_a_sign_of_life() {
        let mut scene = UacHarness::answered();
        for cseq in 9..15 {
            refresh(&mut scene, cseq, "90;refresher=uac");
            scene.wait(59_999);
        }
        assert_eq!(hung_up(&scene), None);
        let lives = scene.events.iter().filter(|event| **event == UacEvent::Alive);
        assert_eq!(lives.count(), 6);
        scene.input(Input::GiveUp);
        scene.finish();
    }

    #[test]
    fn a_timer_without_agreement_ends_no_call() {
        for expires in ["90;refresher=uas", "89", "0", "x"] {
            let mut scene = UacHarness::answered();
            refresh(&mut scene, 9, expires);
            scene.wait(7_200_000);
            assert_eq!(hung_up(&scene), None, "{expires}");
            scene.input(Input::GiveUp);
            scene.finish();
        }
    }

    #[test]
    fn the_answer_to_our_own_invite_may_ask_it_of_the_far_end() {
        let mut scene = UacHarness::new();
        scene.respond(180, "t");
        let invite = scene.last("INVITE");
        let answer = SipMessage::response(&invite, 200, "OK", Some("t"))
            .with("Contact", "<sip:192.0.2.1:5060>")
            .with("Session-Expires", "120;refresher=uas")
            .with_body("application/sdp", offer());
        scene.deliver(&answer);
        scene.wait(88_000);
        assert_eq!(
            hung_up(&scene),
            Some(HangupSource::Media(EndCause::RefreshMissed))
        );
        scene.finish();
    }

    #[test]
    fn silence_says_so() {
        let mut scene = UacHarness::answered();
        scene.input(Input::MediaLost);
        assert_eq!(hung_up(&scene), Some(HangupSource::Media(EndCause::MediaSilent)));
        scene.finish();
    }
}
