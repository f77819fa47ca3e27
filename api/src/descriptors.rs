//! Open files and sockets of this process: how many it may have, and how many legs they are enough for.
//!
//! A leg that begins without a descriptor is not recorded, or looks like a failure of the trunk. So the limit
//! is raised as far as the system allows at the start, and trunks have no more legs than it leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

/// What one leg opens: its audio port, its recording, and one on its way (a prompt, a hash).
const PER_LEG: u64 = 3;

/// Kept for connections: health, pause, stop and opt-out, and those of a console and its integrations. Where
/// there are no more, the longest silent connection gives way.
const CONNECTIONS: u64 = 128;

/// Kept for the log, its index, rows, keys, proofs and the runtime: a server without calls holds about 60.
const FILES: u64 = 128;

/// Raises the limit to what the system allows; answers it, `None` where there is none.
pub(crate) fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return limit.current;
    }
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            limit.current
        }
    }
}

/// Open files and sockets that this process may have now, and may have at most.
pub(crate) fn limits() -> (Option<u64>, Option<u64>) {
    let limit = getrlimit(Resource::Nofile);
    (limit.current, limit.maximum)
}

/// Legs that so many descriptors are enough for; 0: not for one.
pub(crate) const fn legs_within(limit: Option<u64>) -> u64 {
    match limit {
        None => u64::MAX,
        Some(limit) => limit.saturating_sub(CONNECTIONS + FILES) / PER_LEG,
    }
}

/// Descriptors that so many legs need, beside everything else.
pub(crate) const fn needed(legs: u64) -> u64 {
    legs.saturating_mul(PER_LEG).saturating_add(CONNECTIONS + FILES)
}

/// For readiness: the limit and the legs that it leaves room for; null where there is no limit.
pub(crate) fn shown() -> Value {
    let (limit, _) = limits();
    json!({ "limit": limit, "legs_room": limit.map(|limit| legs_within(Some(limit))) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_have_what_connections_and_files_leave() {
        assert_eq!(legs_within(None), u64::MAX);
        assert_eq!(legs_within(Some(59)), 0);
        assert_eq!(legs_within(Some(258)), 0);
        assert_eq!(legs_within(Some(259)), 1);
        assert_eq!(legs_within(Some(needed(200))), 200);
        assert_eq!(legs_within(Some(needed(200) - 1)), 199);
    }

    #[test]
    fn the_limit_is_raised_to_what_the_system_allows() {
        let raised = raise();
        let (current, maximum) = limits();
        assert_eq!((raised, current), (current, maximum));
    }
}
