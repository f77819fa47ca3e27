//! Open files and sockets of this process: how many it may have, and how many legs they are enough for.
//!
//! A leg that begins without a descriptor is not recorded, or looks like a failure of the trunk. So the limit
//! is raised as far as the system allows at the start, and trunks have no more legs than it leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use schemars::JsonSchema;
use serde::Serialize;

/// What one leg opens at most: its audio port and the control port behind it, its recording, and the place of
/// another or a recording whose hash is taken. At a peak of 80 legs 3.8 each were counted (decision 0053).
const PER_LEG: u64 = 4;

/// Kept for the log, its index, rows, keys, proofs and the runtime. Under exports and questions 54 were
/// counted on SQLite and 67 on PostgreSQL; as many again for an import, a rebuild and a backup at once.
const FILES: u64 = 128;

/// Fewest places for connections: health, pause, stop and opt-out, a console and its integrations.
const CONNECTIONS_MIN: u64 = 128;

/// Most places for connections: a hundred times what one console and its integrations open.
const CONNECTIONS_MAX: u64 = 1_024;

/// Of all descriptors, the part that connections may have between these two: one of so many.
const CONNECTIONS_SHARE: u64 = 4;

/// Raises the limit to what the system allows; answers it, `None` where there is none.
pub fn raise() -> Option<u64> {
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
pub fn limits() -> (Option<u64>, Option<u64>) {
    let limit = getrlimit(Resource::Nofile);
    (limit.current, limit.maximum)
}

/// Places for connections under this limit: no more, or silent strangers take what the legs need.
pub fn connections_within(limit: Option<u64>) -> u64 {
    limit.map_or(CONNECTIONS_MAX, |limit| {
        (limit / CONNECTIONS_SHARE).clamp(CONNECTIONS_MIN, CONNECTIONS_MAX)
    })
}

/// Legs that so many descriptors are enough for; 0: not for one.
pub fn legs_within(limit: Option<u64>) -> u64 {
    limit.map_or(u64::MAX, |descriptors| {
        descriptors.saturating_sub(connections_within(limit) + FILES) / PER_LEG
    })
}

/// Descriptors that so many legs need, beside everything else: the least limit that leaves room for them.
pub fn needed(legs: u64) -> u64 {
    let own = legs.saturating_mul(PER_LEG).saturating_add(FILES);
    // Where connections have their share: the least limit of which the other parts are enough.
    let by_share = own.saturating_sub(1).saturating_mul(CONNECTIONS_SHARE) / (CONNECTIONS_SHARE - 1) + 1;
    let most = own.saturating_add(CONNECTIONS_MAX);
    own.saturating_add(CONNECTIONS_MIN).max(by_share.min(most))
}

/// For readiness: the limit, and the legs and connections that it leaves room for; null where there is none.
pub fn shown() -> DescriptorsShown {
    let (limit, _) = limits();
    DescriptorsShown {
        limit,
        legs_room: limit.map(|limit| legs_within(Some(limit))),
        connections_room: connections_within(limit),
    }
}

/// Descriptors in a reply; null where the system sets no limit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DescriptorsShown {
    limit: Option<u64>,
    legs_room: Option<u64>,
    connections_room: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_have_what_connections_and_files_leave() {
        assert_eq!(legs_within(None), u64::MAX);
        assert_eq!(legs_within(Some(59)), 0);
        assert_eq!(legs_within(Some(259)), 0);
        assert_eq!(legs_within(Some(260)), 1);
        for legs in 1..2_000 {
            let least = needed(legs);
            assert!(legs_within(Some(least)) >= legs, "{legs} legs, {least}");
            assert!(legs_within(Some(least - 1)) < legs, "{legs} legs, {least}");
        }
    }

    #[test]
    fn legs_connections_and_files_together_stay_within_the_limit() {
        for limit in 256..6_000 {
            let limit = Some(limit);
            let all = legs_within(limit) * PER_LEG + connections_within(limit) + FILES;
            assert!(Some(all) <= limit, "{limit:?}: {all}");
        }
        assert_eq!(connections_within(Some(288)), CONNECTIONS_MIN);
        assert_eq!(connections_within(None), CONNECTIONS_MAX);
    }

    #[test]
    fn what_was_counted_on_both_databases_is_allowed_for() {
        // Audio and control ports and recordings at the peak of 80 legs, then all the rest but connections.
        for (of_legs, rest) in [(162 + 142, 54), (162 + 129, 67)] {
            assert!(of_legs <= 80 * PER_LEG && rest <= FILES);
            assert!(of_legs > 80 * (PER_LEG - 1), "{of_legs}: fewer would do");
        }
    }

    #[test]
    fn the_limit_is_raised_to_what_the_system_allows() {
        let raised = raise();
        let (current, maximum) = limits();
        assert_eq!((raised, current), (current, maximum));
    }
}
