//! Old versions of call events to current ones.

use super::event::CallEvent;
use crate::record::upcasting::Upcast;

/// Steps of every kind that has more than one version.
pub(super) const UPCASTS: &[Upcast] = &[
    // Version 2 names how keys can arrive. Version 1 did not say, so the member stays absent: unknown.
    Upcast {
        kind: CallEvent::ANSWERED,
        from: 1,
        step: |data| data,
    },
];
