//! What a model answered, read strictly: one text that keeps every place of what stands there now and names
//! no other figure, or why it is none. What may not be kept as a draft is on record as refused.

use super::task::DraftTask;
use crate::ports::assistant::AssistantFailure;
use crate::ports::masking::Masking;
use crate::ports::understanding::SensitiveWords;
use crate::ports::writer::Figures;
use serde::Deserialize;
use std::collections::BTreeSet;
use values::braces::{Piece, pieces};

/// Longest text: as in a knowledge file.
pub const TEXT_CHARS_MAX: usize = 500;
/// Longest that is kept of what was refused: enough to see why.
const OUTPUT_CHARS_MAX: usize = 2_000;

/// Why there is no draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftFailure {
    Unanswered(AssistantFailure),
    TooLong,
    /// Word for word what stands there now.
    Unchanged,
    Placeholders,
    Figures,
    Sensitive,
    /// It named somebody, or a number of somebody.
    Personal,
}

impl DraftFailure {
    /// As events name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unanswered(failure) => failure.name(),
            Self::TooLong => "too_long",
            Self::Unchanged => "unchanged",
            Self::Placeholders => "placeholders",
            Self::Figures => "figures",
            Self::Sensitive => "sensitive",
            Self::Personal => "personal",
        }
    }
}

/// The same, with what it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoDraft {
    pub failure: DraftFailure,
    /// Which places, figures or word.
    pub detail: Option<String>,
    /// What was written, masked and cut.
    pub output: Option<String>,
}

impl From<AssistantFailure> for NoDraft {
    fn from(failure: AssistantFailure) -> Self {
        Self {
            failure: DraftFailure::Unanswered(failure),
            detail: None,
            output: None,
        }
    }
}

/// What a text is held to.
pub struct HeldTo<'a> {
    pub figures: &'a dyn Figures,
    pub masking: &'a dyn Masking,
    /// Words that end calls which answer from this base.
    pub sensitive: Option<&'a dyn SensitiveWords>,
}

/// What is agreed that it answers, and nothing beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreed {
    text: String,
}

/// A text without its places, and the places.
struct Apart<'a> {
    plain: String,
    /// Sorted; one that stands twice is here twice.
    places: Vec<&'a str>,
}

/// Reads an answer, or says why nothing of it may be kept.
pub fn read(answer: &str, task: &DraftTask, held: &HeldTo<'_>) -> Result<String, NoDraft> {
    let no_draft = |failure: DraftFailure, detail: Option<String>, output: &str| NoDraft {
        failure,
        detail: detail.map(|detail| cut(&held.masking.masked(&detail))),
        output: Some(cut(&held.masking.masked(output))),
    };
    let garbled = DraftFailure::Unanswered(AssistantFailure::Garbled);
    let agreed = serde_json::from_str::<Agreed>(answer);
    let agreed = agreed.map_err(|_prose| no_draft(garbled, None, answer))?;
    let text = agreed.text.trim();
    match fault(text, task, held) {
        None => Ok(text.to_owned()),
        Some((failure, detail)) => Err(no_draft(failure, detail, text)),
    }
}

fn fault(text: &str, task: &DraftTask, held: &HeldTo<'_>) -> Option<(DraftFailure, Option<String>)> {
    let garbled = DraftFailure::Unanswered(AssistantFailure::Garbled);
    if text.is_empty() || text.chars().any(char::is_control) {
        return Some((garbled, None));
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return Some((DraftFailure::TooLong, None));
    }
    if text == task.original {
        return Some((DraftFailure::Unchanged, None));
    }
    let (Some(said), Some(original)) = (apart(text), apart(&task.original)) else {
        return Some((DraftFailure::Placeholders, None));
    };
    if said.places != original.places || said.plain.contains(['{', '}']) {
        let detail = differing(&said.places, &original.places);
        return Some((DraftFailure::Placeholders, detail));
    }
    let allowed: BTreeSet<String> = std::iter::once(&original.plain)
        .chain(task.facts.values())
        .flat_map(|told| held.figures.figures(told))
        .collect();
    let named = held.figures.figures(&said.plain);
    let invented: Vec<&str> = named.difference(&allowed).map(String::as_str).collect();
    if !invented.is_empty() {
        return Some((DraftFailure::Figures, Some(invented.join(", "))));
    }
    if let Some(word) = held.sensitive.and_then(|words| words.first(&said.plain)) {
        return Some((DraftFailure::Sensitive, Some(word.word)));
    }
    // A number that people ring may stand there already; its figures were compared above.
    let masks = |plain: &str| held.masking.masked(plain) != plain;
    if masks(&said.plain) && !masks(&original.plain) {
        return Some((DraftFailure::Personal, None));
    }
    None
}

/// `None` where a place is not closed. Two plain pieces stay apart, so that no figure is made of two halves.
fn apart(text: &str) -> Option<Apart<'_>> {
    let mut plain = String::with_capacity(text.len());
    let mut places = Vec::new();
    for piece in pieces(text).ok()? {
        match piece {
            Piece::Plain(said) => plain.push_str(said),
            Piece::Braced(place) => {
                plain.push(' ');
                places.push(place.trim());
            }
        }
    }
    places.sort_unstable();
    Some(Apart { plain, places })
}

/// Places that one of the two has and the other has not.
fn differing(said: &[&str], original: &[&str]) -> Option<String> {
    let (said, original): (BTreeSet<&str>, BTreeSet<&str>) =
        (said.iter().copied().collect(), original.iter().copied().collect());
    let differing: Vec<&str> = said.symmetric_difference(&original).copied().collect();
    (!differing.is_empty()).then(|| differing.join(", "))
}

fn cut(text: &str) -> String {
    text.chars().take(OUTPUT_CHARS_MAX).collect()
}
