//! What of a prompt is given to a synthesizer that speaks any text.

use domain::ports::speech::{Prompt, SpeechError};

/// Longest text, in bytes: five minutes of speech, and what services take (4,096 characters) with room.
pub(crate) const TEXT_BYTES_MAX: usize = 4_096;

/// The text without blanks around it, where there is one and it is not too long.
pub(crate) fn text_of(prompt: &Prompt) -> Result<&str, SpeechError> {
    let text = prompt.text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return Err(SpeechError::Failed("the text is empty or too long".to_owned()));
    }
    Ok(text)
}
