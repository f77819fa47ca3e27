//! Prepares the text of a prompt for a synthesizer that speaks any text.

use domain::ports::speech::{Prompt, SpeechError};

/// Most bytes of a prompt's text; a longer one is an error. Five minutes of speech, and below the limit of
/// services (4,096 characters).
pub(crate) const TEXT_BYTES_MAX: usize = 4_096;

/// Returns a prompt's text without the blanks around it. Fails if it is empty or too long.
pub(crate) fn text_of(prompt: &Prompt) -> Result<&str, SpeechError> {
    let text = prompt.text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return Err(SpeechError::Failed("the text is empty or too long".to_owned()));
    }
    Ok(text)
}
