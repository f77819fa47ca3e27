//! Finds mail addresses in a text, written (a.b@example.com) or spoken (zhangsan 艾特 qq 点 com).

use crate::text::FoldedText;
use std::ops::Range;

/// The spoken and written forms of @.
const AT: &[&str] = &["@", "艾特", "圈a", " at "];

/// The spoken and written forms of the dot in a domain.
const DOTS: &[&str] = &[".", "点", "dot"];

/// The endings of domains.
const ENDINGS: &[&str] = &["com", "cn", "net", "org", "edu", "gov", "io", "co"];

/// Longest domain, in characters (RFC 1035, 2.3.4).
const DOMAIN_MAX: usize = 255;

/// Returns the places of every mail address in a text, written or spoken.
pub(super) fn addresses(text: &FoldedText) -> Vec<Range<usize>> {
    (0..text.chars().len())
        .filter_map(|place| address_around(text, place))
        .collect()
}

fn address_around(text: &FoldedText, place: usize) -> Option<Range<usize>> {
    let (_, end) = text.one_of(place, AT)?;
    let end = domain_end(text, end)?;
    let local_end = (0..place).rev().find(|place| text.at(*place) != Some(' '))? + 1;
    let is_local = |place: &usize| {
        text.at(*place).is_some_and(|found| {
            found.is_alphanumeric() && !crate::text::is_han(found) || ".+-_%".contains(found)
        })
    };
    let length = (0..local_end).rev().take_while(is_local).count();
    (length > 0).then_some(local_end - length..end)
}

/// Returns the end of the domain that begins here (words with dots between them, up to a known ending);
/// `None` if there is none.
fn domain_end(text: &FoldedText, start: usize) -> Option<usize> {
    let is_blank = |place: usize| text.at(place) == Some(' ');
    let is_of_word = |place: usize| {
        text.at(place)
            .is_some_and(|found| found.is_ascii_alphanumeric() || found == '-')
    };
    let (mut place, mut last) = (start, None);
    while place < start + DOMAIN_MAX {
        while is_blank(place) {
            place += 1;
        }
        let length = (place..).take_while(|place| is_of_word(*place)).count();
        let word: String = text.chars().get(place..place + length)?.iter().collect();
        if length == 0 {
            break;
        }
        place += length;
        if place - length > start && ENDINGS.contains(&word.as_str()) {
            last = Some(place);
        }
        let dot = (place..).find(|place| !is_blank(*place)).unwrap_or(place);
        match text.one_of(dot, DOTS) {
            Some((_, end)) => place = end,
            None => break,
        }
    }
    last
}
