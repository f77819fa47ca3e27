//! The behavior of the callees of a simulated line, and the trait that chooses it.

use super::simulated_voice::SpokenClip;
use domain::ports::line::{FailureCause, LegFailure};
use domain::time::Timestamp;

/// What a simulated callee does with one call. Times are in milliseconds from the INVITE, those of keys
/// from the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalleeScript {
    /// Rings, answers, presses keys, and hangs up unless we do so first.
    Answers {
        ring_ms: u64,
        answer_ms: u64,
        keys: Vec<(u64, char)>,
        hang_up_ms: Option<u64>,
    },
    /// Sends a final response, after ringing if `ring_ms` is set.
    Refuses {
        ring_ms: Option<u64>,
        refuse_ms: u64,
        sip_code: u16,
        q850: Option<u16>,
    },
    /// Rings until we give up.
    Rings { ring_ms: u64 },
    /// Rings, and answers while our CANCEL is on its way.
    CrossesCancel { ring_ms: u64 },
    /// No program listens there: an ICMP error comes back.
    Unreachable { refuse_ms: u64 },
    /// Never replies, or answers this long after we gave up.
    Silent { late_answer_ms: Option<u64> },
}

/// One INVITE as a simulated callee sees it.
#[derive(Debug, Clone, Copy)]
pub struct SimulatedInvite<'a> {
    pub sip_call_id: &'a str,
    /// The line's name.
    pub line: &'a str,
    pub callee: &'a str,
    /// How many INVITEs this callee has received, this one included.
    pub nth: u32,
    pub at: Timestamp,
}

/// Chooses the behavior of simulated callees. The same INVITE must give the same script.
pub trait SimulatedCallees: Send + Sync {
    fn script(&self, invite: &SimulatedInvite<'_>) -> CalleeScript;
    /// Returns true if our machine is simulated as dead: its legs send no more messages.
    fn machine_is_dead(&self) -> bool {
        false
    }
    /// Called when the ACK of this leg's answer leaves our machine.
    fn acknowledged(&self, _sip_call_id: &str) {}
    /// Returns what an answering callee says, for the leg's listener.
    fn voice(&self, _invite: &SimulatedInvite<'_>) -> Vec<SpokenClip> {
        Vec::new()
    }
}

/// Returns the failure of a leg that we canceled: 487, definite.
pub(super) fn build_cancellation_failure(rang: bool) -> LegFailure {
    LegFailure {
        sip_code: Some(487),
        cause: FailureCause::Cancelled,
        definite: true,
        rang,
        ..LegFailure::default()
    }
}
