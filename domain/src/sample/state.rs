//! The state of a sample, folded from its events: the draw, the findings and the sign-off.

use super::event::{DrawnSample, Finding, SampleEvent};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::ids::CallId;

/// The state of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SampleState {
    drawn: Option<Box<DrawnSample>>,
    drawn_at: Option<Timestamp>,
    findings: BTreeMap<CallId, (Finding, Timestamp)>,
    signed_off: Option<(String, Timestamp)>,
}

impl SampleState {
    pub fn drawn(&self) -> Option<&DrawnSample> {
        self.drawn.as_deref()
    }

    pub const fn drawn_at(&self) -> Option<Timestamp> {
        self.drawn_at
    }

    /// Returns the last finding of a drawn call, and when it was recorded; `None` if there is none.
    pub fn finding(&self, call: CallId) -> Option<&(Finding, Timestamp)> {
        self.findings.get(&call)
    }

    /// Returns the name of the signer and the time of the sign-off; `None` before it.
    pub const fn signed_off(&self) -> Option<&(String, Timestamp)> {
        self.signed_off.as_ref()
    }

    /// Returns the drawn calls that have no finding yet, in the order of the draw.
    pub fn lacking(&self) -> impl Iterator<Item = CallId> {
        let calls = self.drawn.iter().flat_map(|drawn| drawn.calls.iter().copied());
        calls.filter(|call| !self.findings.contains_key(call))
    }

    pub(super) fn apply(&mut self, event: &SampleEvent, at: Timestamp) {
        match event {
            SampleEvent::Drawn { drawn } => {
                self.drawn = Some(drawn.clone());
                self.drawn_at = Some(at);
            }
            SampleEvent::FindingRecorded { call, finding } => {
                self.findings.insert(*call, (finding.clone(), at));
            }
            SampleEvent::SignedOff { by, .. } => self.signed_off = Some((by.clone(), at)),
        }
    }
}
