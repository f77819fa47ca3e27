//! Removes the dialed number from SIP values that a carrier sends about a leg; many carriers put it into
//! their Contact.
//!
//! The number dialed, or its last seven or more digits, is stored as `{callee:N}`: the last N digits of the
//! callee, which the call keeps sealed. With the person's key the text is restored to the byte; without it
//! the text does not reveal the callee. A brace cannot occur in a SIP URI or a token (RFC 3261, 25.1), so no
//! original text looks like a placeholder.

use crate::ports::line::AnsweredDialog;

/// The fewest digits in a row that are replaced. Shorter runs are ports, parts of addresses or causes and
/// reveal no number.
const DIGITS_MIN: usize = 7;

const OPENS: &str = "{callee:";
const CLOSES: char = '}';

/// Returns the dialog in its stored form, with placeholders for the callee's number. If the callee's number
/// is not readable any more, the user part of each URI is removed instead.
pub(super) fn dialog_without_callee(dialog: AnsweredDialog, callee: Option<&str>) -> AnsweredDialog {
    each_word(dialog, |text| match callee {
        Some(callee) => without_callee(text, callee),
        None => without_user(text),
    })
}

/// Returns the stored dialog as the carrier sent it, for CANCEL and BYE. For an erased callee the URIs keep
/// only the host, which is enough to route a request: a dialog is identified by its tags, not by the user
/// (RFC 3261, 12.2.2).
pub fn dialog_with_callee(dialog: AnsweredDialog, callee: Option<&str>) -> AnsweredDialog {
    each_word(dialog, |text| match callee {
        Some(callee) => with_callee(text, callee),
        None if text.contains(OPENS) => without_user(text),
        None => text.to_owned(),
    })
}

fn each_word(dialog: AnsweredDialog, change: impl Fn(&str) -> String) -> AnsweredDialog {
    AnsweredDialog {
        remote_target: change(&dialog.remote_target),
        route_set: dialog.route_set.iter().map(|route| change(route)).collect(),
        ..dialog
    }
}

/// Returns the text with each occurrence of the callee's number, or of its last seven or more digits,
/// replaced by a placeholder.
pub(super) fn without_callee(text: &str, callee: &str) -> String {
    let digits: String = callee.chars().filter(char::is_ascii_digit).collect();
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    // One pass, because a packet may consist of digits only.
    while let Some(character) = rest.chars().next() {
        if let Some((count, after)) = tail_at(rest, &digits) {
            kept.push_str(OPENS);
            kept.push_str(&count.to_string());
            kept.push(CLOSES);
            rest = after;
        } else {
            kept.push(character);
            rest = rest.get(character.len_utf8()..).unwrap_or("");
        }
    }
    kept
}

/// Finds the longest tail of `digits` (at least seven) at the start of `text`. Returns its length and the
/// text after it; `None` if there is none.
fn tail_at<'a>(text: &'a str, digits: &str) -> Option<(usize, &'a str)> {
    (DIGITS_MIN..=digits.len()).rev().find_map(|count| {
        let after = text.strip_prefix(digits.get(digits.len() - count..)?)?;
        Some((count, after))
    })
}

/// Returns true if the text has at least seven digits in a row, which may be a phone number.
pub(super) fn may_tell_a_number(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_digit())
        .any(|run| run.len() >= DIGITS_MIN)
}

/// Returns the text with the callee's digits in place of the placeholders; the rest is unchanged.
fn with_callee(text: &str, callee: &str) -> String {
    let digits: String = callee.chars().filter(char::is_ascii_digit).collect();
    let mut whole = String::with_capacity(text.len() + digits.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(OPENS) {
        whole.push_str(before);
        let known = behind.split_once(CLOSES).and_then(|(count, after)| {
            let from = digits.len().checked_sub(count.parse().ok()?)?;
            Some((digits.get(from..)?, after))
        });
        match known {
            Some((tail, after)) => {
                whole.push_str(tail);
                rest = after;
            }
            None => {
                whole.push_str(OPENS);
                rest = behind;
            }
        }
    }
    whole.push_str(rest);
    whole
}

/// Removes the user part of a SIP URI: `<sip:user@host;lr>` becomes `<sip:host;lr>`.
fn without_user(uri: &str) -> String {
    let Some((before, host)) = uri.split_once('@') else {
        // A `tel:` URI has no host.
        return if uri.contains("tel:") {
            String::new()
        } else {
            uri.to_owned()
        };
    };
    let scheme = before.find(':').and_then(|at| before.get(..=at)).unwrap_or("");
    format!("{scheme}{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLEE: &str = "+8613800138000";

    fn dialog(target: &str, route: &str) -> AnsweredDialog {
        AnsweredDialog {
            to_tag: "a".to_owned(),
            remote_target: target.to_owned(),
            route_set: vec![route.to_owned()],
            cseq: 1,
            key_paths: None,
        }
    }

    #[test]
    fn however_the_number_is_written_it_is_not_kept_and_comes_back_to_the_byte() {
        for (said, kept) in [
            (
                "sip:+8613800138000@192.0.2.9:5060",
                "sip:+{callee:13}@192.0.2.9:5060",
            ),
            (
                "sip:008613800138000@carrier.example",
                "sip:00{callee:13}@carrier.example",
            ),
            (
                "sip:013800138000@192.0.2.9;transport=udp",
                "sip:0{callee:11}@192.0.2.9;transport=udp",
            ),
            // The forms that `dial=` and `prefix=` of a trunk's SPEC produce.
            ("sip:8613800138000@192.0.2.9", "sip:{callee:13}@192.0.2.9"),
            ("sip:13800138000@192.0.2.9", "sip:{callee:11}@192.0.2.9"),
            ("sip:*88913800138000@192.0.2.9", "sip:*889{callee:11}@192.0.2.9"),
            ("sip:91138000@192.0.2.9", "sip:91138000@192.0.2.9"),
            ("sip:0138000@192.0.2.9", "sip:{callee:7}@192.0.2.9"),
            ("sip:138000@192.0.2.9", "sip:138000@192.0.2.9"),
            (
                "sip:%2B8613800138000@192.0.2.9;x=0138000,13800138000",
                "sip:%2B{callee:13}@192.0.2.9;x={callee:7},{callee:11}",
            ),
            ("sip:127.0.0.1:5070", "sip:127.0.0.1:5070"),
        ] {
            let stored = dialog_without_callee(dialog(said, said), Some(CALLEE));
            assert_eq!(
                (stored.remote_target.as_str(), stored.route_set[0].as_str()),
                (kept, kept)
            );
            assert_eq!(dialog_with_callee(stored, Some(CALLEE)), dialog(said, said));
        }
    }

    /// `dial=national` puts a 0 before the area code.
    #[test]
    fn a_landline_dialed_at_home_is_not_kept_either() {
        let said = "sip:01088886666@192.0.2.9";
        assert_eq!(
            without_callee(said, "+861088886666"),
            "sip:0{callee:10}@192.0.2.9"
        );
    }

    #[test]
    fn a_packet_full_of_the_number_is_no_danger() {
        let said = "0138000 ".repeat(8_000);
        let kept = without_callee(&said, CALLEE);
        assert_eq!(kept, "{callee:7} ".repeat(8_000));
        assert_eq!(with_callee(&kept, CALLEE), said);
    }

    #[test]
    fn of_an_erased_callee_the_host_is_left() {
        let stored = dialog("sip:+{callee:13}@192.0.2.9:5060", "<sip:192.0.2.1;lr>");
        let known = dialog_with_callee(stored, None);
        assert_eq!(known, dialog("sip:192.0.2.9:5060", "<sip:192.0.2.1;lr>"));
        let sent = dialog("<sip:13800138000@192.0.2.9>", "<sip:13800138000@192.0.2.1;lr>");
        let kept = dialog_without_callee(sent, None);
        assert_eq!(kept, dialog("<sip:192.0.2.9>", "<sip:192.0.2.1;lr>"));
        assert_eq!(without_user("tel:+8613800138000"), "");
        assert!(may_tell_a_number("Q.850;cause=1;text=\"8613800138000 vacant\""));
        assert!(!may_tell_a_number("Q.850;cause=16;text=\"Normal 138000\""));
    }

    #[test]
    fn what_older_events_hold_and_what_is_no_placeholder_stays() {
        for text in [
            "sip:callee@127.0.0.1:5070",
            "{callee:99}",
            "{callee:x}",
            "{callee:7",
            "{callee:",
        ] {
            assert_eq!(with_callee(text, CALLEE), text);
        }
    }
}
