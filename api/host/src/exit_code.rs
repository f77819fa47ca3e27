//! Exit codes of the programs, for scripts.

use domain::problem::ProblemKind;

/// Exit code: a check found something wrong.
pub const FOUND: u8 = 1;
/// Exit code: wrong usage.
pub const USAGE: u8 = 2;
/// Exit code: the request was refused, or the thing does not exist.
pub const REFUSED: u8 = 3;
/// Exit code: a server, disk, port or lock is unavailable.
pub const UNAVAILABLE: u8 = 4;
/// Exit code: a bug of this program.
pub const FAULT: u8 = 5;

/// The text of the exit codes in `--help`.
pub const EXIT_CODES: &str = "Exit codes: 0 done; 1 a check found something wrong; 2 wrong usage; \
3 refused, or there is no such thing; 4 unavailable (no server, disk, port, lock); 5 a fault of ours";

/// Returns the exit code for a kind of problem.
pub const fn exit_code(kind: ProblemKind) -> u8 {
    match kind {
        ProblemKind::Disproved => FOUND,
        ProblemKind::Missing
        | ProblemKind::Refused
        | ProblemKind::Conflict
        | ProblemKind::Stale
        | ProblemKind::Unconditional
        | ProblemKind::ApprovalNeeded
        | ProblemKind::Unauthenticated
        | ProblemKind::Forbidden
        | ProblemKind::TooLarge
        | ProblemKind::WrongMediaType
        | ProblemKind::WrongMethod => REFUSED,
        ProblemKind::Invalid => USAGE,
        ProblemKind::Busy | ProblemKind::Unavailable => UNAVAILABLE,
        ProblemKind::Fault => FAULT,
    }
}
