//! Exit codes of the programs: how a command ended, for scripts.

use domain::problem::Kind;

/// A check found something wrong.
pub const FOUND: u8 = 1;
/// Wrong usage.
pub const USAGE: u8 = 2;
/// Refused, or there is no such thing.
pub const REFUSED: u8 = 3;
/// No server, disk, port or lock.
pub const UNAVAILABLE: u8 = 4;
/// A fault of ours.
pub const FAULT: u8 = 5;

/// The exit codes, shown by `--help`.
pub const EXIT_CODES: &str = "Exit codes: 0 done; 1 a check found something wrong; 2 wrong usage; \
3 refused, or there is no such thing; 4 unavailable (no server, disk, port, lock); 5 a fault of ours";

/// The exit code of each kind of problem.
pub const fn exit_code(kind: Kind) -> u8 {
    match kind {
        Kind::Disproved => FOUND,
        Kind::Missing
        | Kind::Refused
        | Kind::Conflict
        | Kind::Stale
        | Kind::Unconditional
        | Kind::ApprovalNeeded
        | Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::TooLarge
        | Kind::WrongMediaType
        | Kind::WrongMethod => REFUSED,
        Kind::Invalid => USAGE,
        Kind::Busy | Kind::Unavailable => UNAVAILABLE,
        Kind::Fault => FAULT,
    }
}
