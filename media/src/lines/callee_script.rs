//! What the callees of a simulated line do with a call, and who chooses it.

use super::simulated_voice::Spoken;
use domain::ports::line::{FailureCause, LegFailure};
use domain::time::Timestamp;

/// What a callee does with one call; instants are milliseconds from the INVITE, keys from the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalleeScript {
    /// Rings, picks up, presses keys, and hangs up unless we do first.
    Answers {
        ring_ms: u64,
        answer_ms: u64,
        keys: Vec<(u64, char)>,
        hang_up_ms: Option<u64>,
    },
    /// A final response, after ringing when `ring_ms` is set.
    Refuses {
        ring_ms: Option<u64>,
        refuse_ms: u64,
        sip_code: u16,
        q850: Option<u16>,
    },
    /// Rings until we give up.
    Rings { ring_ms: u64 },
    /// Rings, and answers just as our CANCEL is on its way.
    CrossesCancel { ring_ms: u64 },
    /// Nobody listens there: an ICMP error comes back.
    Unreachable { refuse_ms: u64 },
    /// Never replies, or answers so long after we gave up.
    Silent { late_answer_ms: Option<u64> },
}

/// One INVITE as the outside world sees it.
#[derive(Debug, Clone, Copy)]
pub struct SimulatedInvite<'a> {
    pub sip_call_id: &'a str,
    /// The line's name.
    pub line: &'a str,
    pub callee: &'a str,
    /// Counts the INVITEs this callee has received, from 1.
    pub nth: u32,
    pub at: Timestamp,
}

/// Chooses a script; the same INVITE must give the same one.
pub trait SimulatedCallees: Send + Sync {
    fn script(&self, invite: &SimulatedInvite<'_>) -> CalleeScript;
    /// Our machine is dead: nothing that its legs would still send leaves it.
    fn machine_is_dead(&self) -> bool {
        false
    }
    /// The ACK of this leg's answer leaves our machine now.
    fn acknowledged(&self, _sip_call_id: &str) {}
    /// What an answering callee says, for whoever listens to the leg.
    fn voice(&self, _invite: &SimulatedInvite<'_>) -> Vec<Spoken> {
        Vec::new()
    }
}

/// How a leg ends that we gave up.
pub(super) fn cancelled(rang: bool) -> LegFailure {
    LegFailure {
        sip_code: Some(487),
        cause: FailureCause::Cancelled,
        definite: true,
        rang,
        ..LegFailure::default()
    }
}
