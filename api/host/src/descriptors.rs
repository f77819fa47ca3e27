//! The limit of open files and sockets of this process, and how many legs and connections it allows.
//!
//! A leg that begins without a free descriptor is not recorded, or looks like a failure of the trunk. At the
//! start the limit is therefore raised as far as the system allows, and trunks get no more legs than it has
//! room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use schemars::JsonSchema;
use serde::Serialize;

/// The most descriptors that one leg uses: its audio port and the control port after it, its recording, and
/// one of another leg or of a recording that is being hashed. At a peak of 80 legs 3.8 each were counted
/// (decision 0053).
const PER_LEG: u64 = 4;

/// Descriptors reserved for the log, its index, rows, keys, proofs and the runtime. During exports and
/// queries 54 were counted on SQLite and 67 on PostgreSQL; the same number again is for an import, a rebuild
/// and a backup at once.
const FILES: u64 = 128;

/// The fewest HTTP connections that are allowed: health, pause, stop and opt-out, a console and its
/// integrations.
const CONNECTIONS_MIN: u64 = 128;

/// The most HTTP connections that are allowed: a hundred times what one console and its integrations open.
const CONNECTIONS_MAX: u64 = 1_024;

/// The divisor for connections: between these two limits they get a quarter of all descriptors.
const CONNECTIONS_SHARE: u64 = 4;

/// Raises the limit of open files to the most that the system allows. Returns the limit, or `None` if there
/// is none.
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

/// Returns the limit of open files now, and the highest that it may be raised to. `None`: unlimited.
pub fn limits() -> (Option<u64>, Option<u64>) {
    let limit = getrlimit(Resource::Nofile);
    (limit.current, limit.maximum)
}

/// Returns the most HTTP connections under this limit of descriptors. Without a bound, idle connections of
/// strangers would take the descriptors of legs.
pub fn connections_within(limit: Option<u64>) -> u64 {
    limit.map_or(CONNECTIONS_MAX, |limit| {
        (limit / CONNECTIONS_SHARE).clamp(CONNECTIONS_MIN, CONNECTIONS_MAX)
    })
}

/// Returns the most legs under this limit of descriptors; 0 if it is too low for a single one.
pub fn legs_within(limit: Option<u64>) -> u64 {
    limit.map_or(u64::MAX, |descriptors| {
        descriptors.saturating_sub(connections_within(limit) + FILES) / PER_LEG
    })
}

/// Returns the lowest limit of descriptors that leaves room for so many legs, besides everything else.
pub fn needed(legs: u64) -> u64 {
    let own = legs.saturating_mul(PER_LEG).saturating_add(FILES);
    // In the range where connections get a share: the lowest limit that leaves enough.
    let by_share = own.saturating_sub(1).saturating_mul(CONNECTIONS_SHARE) / (CONNECTIONS_SHARE - 1) + 1;
    let most = own.saturating_add(CONNECTIONS_MAX);
    own.saturating_add(CONNECTIONS_MIN).max(by_share.min(most))
}

/// Returns the limit for the readiness response, with the legs and connections that it has room for.
pub fn shown() -> DescriptorsResponse {
    let (limit, _) = limits();
    DescriptorsResponse {
        limit,
        legs_room: limit.map(|limit| legs_within(Some(limit))),
        connections_room: connections_within(limit),
    }
}

/// The limit of open files, and the legs and connections that it has room for. Null: the system sets no
/// limit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DescriptorsResponse {
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
        // Audio and control ports and recordings at the peak of 80 legs; then everything else except
        // connections.
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
