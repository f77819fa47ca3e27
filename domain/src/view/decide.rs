//! Decides the commands of a view's rebuild record: each start and end once, and a reason for differences.

use super::command::ViewCommand;
use super::event::ViewEvent;
use super::refusal::ViewRefusal;
use super::state::ViewState;

/// Longest name of the user who requested a rebuild, in bytes; a longer one is refused.
pub const BY_BYTES_MAX: usize = 64;
/// Longest reason for accepting different rows, in bytes; a longer one is refused.
pub const REASON_BYTES_MAX: usize = 500;

pub(super) fn decide(state: &ViewState, command: ViewCommand) -> Result<Vec<ViewEvent>, ViewRefusal> {
    match command {
        ViewCommand::Rebuild {
            version,
            begun_at,
            by,
        } => {
            within("by", by.as_deref(), BY_BYTES_MAX)?;
            Ok(once(
                state.has_begun(begun_at),
                ViewEvent::RebuildBegun {
                    version,
                    begun_at,
                    by,
                },
            ))
        }
        ViewCommand::Switch {
            facts,
            accepted_differences,
            by,
        } => {
            within("by", by.as_deref(), BY_BYTES_MAX)?;
            let reason = accepted_differences.filter(|reason| !reason.trim().is_empty());
            within("reason", reason.as_deref(), REASON_BYTES_MAX)?;
            if !facts.agrees() && reason.is_none() {
                return Err(ViewRefusal::ReasonMissing);
            }
            let known = state.has_ended(facts.begun_at);
            let accepted_differences = reason.filter(|_| !facts.agrees());
            Ok(once(
                known,
                ViewEvent::Switched {
                    facts,
                    accepted_differences,
                    by,
                },
            ))
        }
        ViewCommand::Cancel { begun_at, by } => {
            within("by", by.as_deref(), BY_BYTES_MAX)?;
            let known = state.has_ended(begun_at);
            Ok(once(known, ViewEvent::RebuildCanceled { begun_at, by }))
        }
    }
}

/// Returns the event; none if it is recorded already.
fn once(is_known: bool, event: ViewEvent) -> Vec<ViewEvent> {
    if is_known { Vec::new() } else { vec![event] }
}

fn within(member: &'static str, text: Option<&str>, bytes_max: usize) -> Result<(), ViewRefusal> {
    match text.map_or(0, str::len) {
        bytes if bytes > bytes_max => Err(ViewRefusal::TooLong {
            member,
            bytes,
            bytes_max,
        }),
        _ => Ok(()),
    }
}
