//! Decides the commands of a draft slot: one draft at a time, within its size limits.

use super::command::DraftCommand;
use super::content::{BODY_BYTES_MAX, DraftContent, TITLE_BYTES_MAX};
use super::event::DraftEvent;
use super::refusal::DraftRefusal;
use super::state::DraftState;
use crate::personal::Personal;

pub(super) fn decide(state: &DraftState, command: DraftCommand) -> Result<Vec<DraftEvent>, DraftRefusal> {
    match command {
        DraftCommand::Begin { content } => {
            if state.is_taken() {
                return Err(DraftRefusal::Taken);
            }
            saved(content)
        }
        DraftCommand::Replace { content } => {
            if !state.is_taken() {
                return Err(DraftRefusal::NotThere);
            }
            if state.content() == Some(&content) {
                return Ok(Vec::new());
            }
            saved(content)
        }
        DraftCommand::Remove if state.is_taken() => Ok(vec![DraftEvent::Removed {}]),
        DraftCommand::Remove => Ok(Vec::new()),
    }
}

fn saved(content: DraftContent) -> Result<Vec<DraftEvent>, DraftRefusal> {
    let DraftContent { title, body } = content;
    if title.trim().is_empty() {
        return Err(DraftRefusal::NoTitle);
    }
    for (what, text, bytes_max) in [
        ("title", &title, TITLE_BYTES_MAX),
        ("body", &body, BODY_BYTES_MAX),
    ] {
        let bytes = text.len();
        if bytes > bytes_max {
            return Err(DraftRefusal::TooLong {
                what,
                bytes,
                bytes_max,
            });
        }
    }
    Ok(vec![DraftEvent::Saved {
        title: Personal::open(title),
        body: Personal::open(body),
    }])
}
