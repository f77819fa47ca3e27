//! Masks everything in transcripts that identifies a person: long numbers, announced secrets, mail addresses,
//! names.
//!
//! Any run of seven or more digits is masked, written or spoken, regardless of its check digits. Check digits
//! only show the kind of a number, and so which ends of it stay readable: a phone keeps its first three and
//! last four digits, a card its last four, an identity number its first three and last four; every other
//! number keeps none. Text is masked when it is stored, shown or sent out; rules, slots and the model in this
//! process read it unmasked. Each masked character becomes one star, so that a masked text has as many
//! characters as before.

mod announced_secrets;
mod introduced_names;
mod mail;
mod numbers;
#[cfg(test)]
mod tests;

pub(crate) use introduced_names::find_introduced_names;

use crate::entities::{DigitRun, Value, runs};
use crate::text::FoldedText;
use numbers::{dictated_runs, masked_places};
use std::collections::BTreeSet;
use std::ops::Range;

/// A masked text, with the number of masked items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedText {
    /// The text with stars.
    pub text: String,
    /// Number of numbers, names and addresses that were masked.
    pub masked_count: usize,
}

/// Masks a text.
pub fn mask(text: &str) -> MaskedText {
    mask_among(text, "")
}

/// Masks an answer to a flow. Words of the flow's own texts (`own_words`) are not masked as names.
pub fn mask_among(text: &str, own_words: &str) -> MaskedText {
    let folded = FoldedText::of(text);
    let mut hidden: BTreeSet<usize> = BTreeSet::new();
    let mut masked_count = 0;
    let readable = readable_ends(&folded);
    for number in masked_places(&folded) {
        let places = number.into_iter().flatten();
        let before = hidden.len();
        hidden.extend(places.filter(|place| !readable.contains(place)));
        masked_count += usize::from(hidden.len() > before);
    }
    for place in find_introduced_names(&folded, own_words).chain(mail::addresses(&folded)) {
        hidden.extend(place);
        masked_count += 1;
    }
    let star = |(place, found): (usize, char)| if hidden.contains(&place) { '*' } else { found };
    MaskedText {
        text: text.chars().enumerate().map(star).collect(),
        masked_count,
    }
}

/// Masks the turns of one question together, so that a number dictated in parts is masked as a whole.
pub fn mask_turns(turns: &[&str], own_words: &str) -> Vec<String> {
    if turns.is_empty() {
        return Vec::new();
    }
    // A line break counts as one blank here, and no turn contains one afterwards.
    let one_line = |turn: &&str| turn.replace(['\n', '\r'], " ");
    let joined: Vec<String> = turns.iter().map(one_line).collect();
    let masked = mask_among(&joined.join("\n"), own_words).text;
    masked.split('\n').map(str::to_owned).collect()
}

/// Masks an answer in which digits were asked for: every run of two or more, since the rest of the number may
/// follow in another turn.
pub fn mask_digits_asked_for(text: &str, own_words: &str) -> MaskedText {
    let masked = mask_among(text, own_words);
    let folded = FoldedText::of(&masked.text);
    let runs = dictated_runs(&folded)
        .into_iter()
        .filter(|run| run.places.len() > 1);
    let hidden: BTreeSet<usize> = runs.flat_map(|run| run.places).flatten().collect();
    let star = |(place, found): (usize, char)| if hidden.contains(&place) { '*' } else { found };
    MaskedText {
        masked_count: masked.masked_count + usize::from(!hidden.is_empty()),
        text: masked.text.chars().enumerate().map(star).collect(),
    }
}

/// Returns the characters of phones, cards and identity numbers that stay readable.
fn readable_ends(text: &FoldedText) -> BTreeSet<usize> {
    let mut readable = BTreeSet::new();
    for run in runs(text) {
        for (range, value) in crate::entities::classify_run(&run) {
            readable.extend(ends(&run, range, &value).into_iter().flatten());
        }
    }
    readable
}

fn ends(run: &DigitRun, range: Range<usize>, value: &Value) -> Vec<Range<usize>> {
    let (first, last) = match value {
        Value::BankCard(_) => (0, 4),
        _ => (3, 4),
    };
    let (head, tail) = (
        range.start..range.start + first,
        range.end.saturating_sub(last)..range.end,
    );
    let places = |part: Range<usize>| run.places.get(part).unwrap_or_default().to_vec();
    [places(head), places(tail)].concat()
}
