//! A planted bug of the call's decide function.

use domain::call::command::CallCommand;
use domain::call::event::CallEvent;
use domain::call::{Call, CallRefusal, CallState};
use domain::compliance::PermitRefusal;
use domain::decider::{Context, Decider};

/// Dials on grants that have expired.
pub(super) fn with_expired_grants(
    state: &CallState,
    command: CallCommand,
    context: Context,
) -> Result<Vec<CallEvent>, CallRefusal> {
    match Call::decide(state, command.clone(), context) {
        Err(CallRefusal::Permit(PermitRefusal::Expired(now))) => {
            Call::decide(state, command, Context { now })
        }
        decided => decided,
    }
}
