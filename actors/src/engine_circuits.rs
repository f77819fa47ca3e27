//! Circuit breakers for the speech engines: one for the recognizer, one for the synthesizer.
//!
//! Three failures in a row open a circuit. While it is open, campaigns with a flow that needs the engine
//! start no calls. A stored clip probes it every 10 s, never a customer's call, and the first answered probe
//! closes the circuit. Each process has its own circuits; they are not stored.

use domain::call::EngineKind;
use domain::time::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Consecutive failures that open a circuit: two can be a lost connection and its retry within one call.
pub(crate) const FAILURES_MAX: u32 = 3;

/// Longest stored reason of a failure, in bytes; the rest is cut off.
const REASON_BYTES_MAX: usize = 200;

/// A speech engine that does not respond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCircuit {
    pub engine_kind: EngineKind,
    /// The engine's name, for example `funasr`.
    pub engine: String,
    /// The time at which its circuit was opened.
    pub since: Timestamp,
    /// The text of the last failure.
    pub reason: String,
}

#[derive(Debug, Default)]
struct Circuit {
    failures_in_row: u32,
    open: Option<OpenCircuit>,
}

#[derive(Debug, Default)]
struct Circuits {
    recognizer: Circuit,
    synthesizer: Circuit,
}

impl Circuits {
    const fn of(&mut self, kind: EngineKind) -> &mut Circuit {
        match kind {
            EngineKind::Recognizer => &mut self.recognizer,
            EngineKind::Synthesizer => &mut self.synthesizer,
        }
    }
}

/// The circuit breakers of the speech engines of one process, shared by calls and status pages.
#[derive(Debug, Default)]
pub struct EngineCircuits {
    circuits: Mutex<Circuits>,
    opened: Notify,
}

impl EngineCircuits {
    /// Records a success of an engine in a call or a probe. Closes its circuit.
    pub fn note_success(&self, kind: EngineKind) {
        let mut circuits = self.lock();
        let circuit = circuits.of(kind);
        circuit.failures_in_row = 0;
        if let Some(open) = circuit.open.take() {
            tracing::warn!(
                engine = open.engine,
                "an engine responds again: its campaigns resume"
            );
        }
    }

    /// Records a failure of an engine in a call or a probe. The third consecutive one opens its circuit.
    pub fn note_failure(&self, kind: EngineKind, engine: &str, reason: &str, now: Timestamp) {
        let mut circuits = self.lock();
        let circuit = circuits.of(kind);
        circuit.failures_in_row = circuit.failures_in_row.saturating_add(1);
        let reason = bounded(reason);
        if let Some(open) = &mut circuit.open {
            open.reason = reason;
            return;
        }
        if circuit.failures_in_row < FAILURES_MAX {
            return;
        }
        tracing::error!(
            engine,
            reason,
            "an engine does not respond: campaigns that need it start no calls until it answers a probe"
        );
        circuit.open = Some(OpenCircuit {
            engine_kind: kind,
            engine: engine.to_owned(),
            since: now,
            reason,
        });
        drop(circuits);
        self.opened.notify_one();
    }

    /// Returns the engines with an open circuit.
    pub fn open(&self) -> Vec<OpenCircuit> {
        let circuits = self.lock();
        let both = [&circuits.recognizer, &circuits.synthesizer];
        both.into_iter()
            .filter_map(|circuit| circuit.open.clone())
            .collect()
    }

    /// Returns the first engine of these kinds that has an open circuit.
    pub fn first_open_of(&self, kinds: &[EngineKind]) -> Option<OpenCircuit> {
        self.open()
            .into_iter()
            .find(|open| kinds.contains(&open.engine_kind))
    }

    /// Waits until a circuit opens; returns at once if one opened since the last call.
    pub(crate) async fn opened(&self) {
        self.opened.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Circuits> {
        self.circuits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bounded(reason: &str) -> String {
    let mut end = reason.len().min(REASON_BYTES_MAX);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{EngineCircuits, FAILURES_MAX};
    use domain::call::EngineKind::{Recognizer, Synthesizer};
    use domain::time::Timestamp;

    #[test]
    fn three_failures_in_a_row_open_a_circuit_and_a_success_closes_it() {
        let circuits = EngineCircuits::default();
        let fail = |kind| circuits.note_failure(kind, "vosk", "unreachable", Timestamp::EPOCH);
        for _ in 1..FAILURES_MAX {
            fail(Recognizer);
        }
        circuits.note_success(Recognizer);
        for _ in 1..FAILURES_MAX {
            fail(Recognizer);
        }
        assert_eq!(circuits.open(), [], "not in a row");
        fail(Synthesizer);
        assert_eq!(circuits.open(), [], "each engine has its own");
        fail(Recognizer);
        let open = circuits.first_open_of(&[Synthesizer, Recognizer]).unwrap();
        assert_eq!((open.engine_kind, open.engine.as_str()), (Recognizer, "vosk"));
        assert_eq!(circuits.first_open_of(&[Synthesizer]), None);
        circuits.note_success(Synthesizer);
        assert_eq!(circuits.open().len(), 1);
        circuits.note_success(Recognizer);
        assert_eq!(circuits.open(), []);
    }
}
