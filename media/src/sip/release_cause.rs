//! Reads why the network ended a leg: the `Reason` header (RFC 3326), as raw text and as a Q.850 cause.

use super::header_value::{parameter, split_list};
use super::message::SipMessage;

/// Longest Reason value that is kept, in bytes; the rest is cut off. It goes into the log as it came, and a
/// far end may send any length.
const REASON_BYTES_MAX: usize = 256;

/// The release cause that a message states in its Reason headers; both fields are `None` without such a
/// header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseCause {
    /// The raw value of the Reason header: the Q.850 one if there are several protocols, else the first.
    pub reason_header: Option<String>,
    pub q850: Option<u16>,
}

impl ReleaseCause {
    /// Reads the `Reason` headers of a message (RFC 3326): the first value with a Q.850 cause, otherwise
    /// the first value.
    pub fn of(message: &SipMessage) -> Self {
        let values: Vec<&str> = message
            .headers("Reason")
            .flat_map(|value| split_list(value).unwrap_or_else(|| vec![value]))
            .collect();
        let with_cause = values.iter().find_map(|value| Some((*value, q850(value)?)));
        let kept = with_cause.map(|(value, _)| value).or(values.first().copied());
        Self {
            reason_header: kept.map(bounded),
            q850: with_cause.map(|(_, cause)| cause),
        }
    }
}

fn q850(value: &str) -> Option<u16> {
    let (protocol, parameters) = value.split_once(';')?;
    if !protocol.trim().eq_ignore_ascii_case("Q.850") {
        return None;
    }
    // Q.850 causes have seven bits.
    parameter(parameters, "cause")?
        .parse()
        .ok()
        .filter(|cause| *cause < 128)
}

fn bounded(value: &str) -> String {
    let mut kept = value.to_owned();
    while kept.len() > REASON_BYTES_MAX {
        kept.pop();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::ReleaseCause;
    use crate::sip::message::SipMessage;

    #[test]
    fn q850_is_taken_over_sip_and_the_raw_value_kept() {
        let rows: [(&[&str], Option<&str>, Option<u16>); 6] = [
            (&[], None, None),
            (&["Q.850;cause=17"], Some("Q.850;cause=17"), Some(17)),
            (
                &["SIP;cause=486;text=\"a, b\"", "q.850 ; cause=16;text=\"x\""],
                Some("q.850 ; cause=16;text=\"x\""),
                Some(16),
            ),
            (
                &["SIP;cause=200, Q.850;cause=127"],
                Some("Q.850;cause=127"),
                Some(127),
            ),
            (&["Q.850;cause=128"], Some("Q.850;cause=128"), None),
            (&["Q.850;cause=\"open"], Some("Q.850;cause=\"open"), None),
        ];
        for (values, raw, q850) in rows {
            let mut message = SipMessage::request("BYE", "sip:a");
            for value in values {
                message.push("Reason", value);
            }
            let cause = ReleaseCause::of(&message);
            assert_eq!(
                (cause.reason_header.as_deref(), cause.q850),
                (raw, q850),
                "{values:?}"
            );
        }
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let message = SipMessage::request("BYE", "sip:a").with("Reason", "é".repeat(200));
        assert_eq!(ReleaseCause::of(&message).reason_header.unwrap().len(), 256);
    }
}
