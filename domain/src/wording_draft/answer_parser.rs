//! Strict reading of a model's answer: one text that keeps every placeholder of the current text and adds no
//! figure, or the reason of its refusal. A refused text is recorded.

use super::task::DraftTask;
use crate::ports::assistant::AssistantFailure;
use crate::ports::masking::Masking;
use crate::ports::understanding::SensitiveWords;
use crate::ports::writer::Figures;
use serde::Deserialize;
use std::collections::BTreeSet;
use values::placeholders::{TemplatePiece, pieces};

/// Longest text of a wording draft, in characters; a longer one is refused. The same as in a knowledge
/// file.
pub const TEXT_CHARS_MAX: usize = 500;
/// Longest part of a refused text that is stored, in characters: enough to see the reason. The rest is cut.
const OUTPUT_CHARS_MAX: usize = 2_000;

/// Why a model's wording is refused or missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftFailure {
    Unanswered(AssistantFailure),
    TooLong,
    /// The text equals the current one.
    Unchanged,
    Placeholders,
    Figures,
    Sensitive,
    /// The text names a person or a person's number.
    Personal,
}

impl DraftFailure {
    /// Returns the name of the failure in events.
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

/// A failed wording draft: the reason, its details, and the model's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDraft {
    pub failure: DraftFailure,
    /// The placeholders, figures or word that caused it.
    pub detail: Option<String>,
    /// The model's text, masked and cut.
    pub output: Option<String>,
}

impl From<AssistantFailure> for FailedDraft {
    fn from(failure: AssistantFailure) -> Self {
        Self {
            failure: DraftFailure::Unanswered(failure),
            detail: None,
            output: None,
        }
    }
}

/// What a model's wording is checked with.
pub struct DraftChecks<'a> {
    pub figures: &'a dyn Figures,
    pub masking: &'a dyn Masking,
    /// Words that end calls of the campaigns that use this knowledge base.
    pub sensitive: Option<&'a dyn SensitiveWords>,
}

/// The members of a model's answer; other members are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftAnswer {
    text: String,
}

/// A text without its placeholders, and the placeholders apart.
struct SplitText<'a> {
    plain: String,
    /// Sorted; a placeholder that occurs twice is listed twice.
    places: Vec<&'a str>,
}

/// Reads a model's answer and returns its text. Fails, with the reason, if the answer is not of the agreed
/// form or the text does not pass the checks.
pub fn read(answer: &str, task: &DraftTask, held: &DraftChecks<'_>) -> Result<String, FailedDraft> {
    let no_draft = |failure: DraftFailure, detail: Option<String>, output: &str| FailedDraft {
        failure,
        detail: detail.map(|detail| cut(&held.masking.masked(&detail))),
        output: Some(cut(&held.masking.masked(output))),
    };
    let garbled = DraftFailure::Unanswered(AssistantFailure::Garbled);
    let agreed = serde_json::from_str::<DraftAnswer>(answer);
    let agreed = agreed.map_err(|_prose| no_draft(garbled, None, answer))?;
    let text = agreed.text.trim();
    match fault(text, task, held) {
        None => Ok(text.to_owned()),
        Some((failure, detail)) => Err(no_draft(failure, detail, text)),
    }
}

fn fault(text: &str, task: &DraftTask, held: &DraftChecks<'_>) -> Option<(DraftFailure, Option<String>)> {
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
        .flat_map(|fact| held.figures.figures(fact))
        .collect();
    let named = held.figures.figures(&said.plain);
    let invented: Vec<&str> = named.difference(&allowed).map(String::as_str).collect();
    if !invented.is_empty() {
        return Some((DraftFailure::Figures, Some(invented.join(", "))));
    }
    if let Some(word) = held.sensitive.and_then(|words| words.first(&said.plain)) {
        return Some((DraftFailure::Sensitive, Some(word.word)));
    }
    // The current text may contain a phone number to call; its figures were compared above.
    let masks = |plain: &str| held.masking.masked(plain) != plain;
    if masks(&said.plain) && !masks(&original.plain) {
        return Some((DraftFailure::Personal, None));
    }
    None
}

/// Separates the placeholders from a text; `None` if one is not closed. A blank replaces each, so that its
/// two sides never form a figure.
fn apart(text: &str) -> Option<SplitText<'_>> {
    let mut plain = String::with_capacity(text.len());
    let mut places = Vec::new();
    for piece in pieces(text).ok()? {
        match piece {
            TemplatePiece::Plain(said) => plain.push_str(said),
            TemplatePiece::Braced(place) => {
                plain.push(' ');
                places.push(place.trim());
            }
        }
    }
    places.sort_unstable();
    Some(SplitText { plain, places })
}

/// Returns the placeholders that only one of the two texts has, as text; `None` if both have the same.
fn differing(said: &[&str], original: &[&str]) -> Option<String> {
    let (said, original): (BTreeSet<&str>, BTreeSet<&str>) =
        (said.iter().copied().collect(), original.iter().copied().collect());
    let differing: Vec<&str> = said.symmetric_difference(&original).copied().collect();
    (!differing.is_empty()).then(|| differing.join(", "))
}

fn cut(text: &str) -> String {
    text.chars().take(OUTPUT_CHARS_MAX).collect()
}
