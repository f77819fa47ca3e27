//! A left-over leg with a far end that follows a script.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::line::{LeftOverEvent, LeftOverLeg};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;

/// The events of the far end, each with its time in milliseconds after the order to end the leg.
pub(crate) struct LeftOverScript {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Vec<(u64, LeftOverEvent)>,
}

/// A left-over leg that is silent after the end of its script. Without a script it is `Closed` at once.
pub(super) struct FakeLeftOver {
    events: VecDeque<(Timestamp, LeftOverEvent)>,
    clock: Option<Arc<dyn Clock>>,
}

impl FakeLeftOver {
    pub(super) fn of(script: Option<LeftOverScript>) -> Self {
        let Some(LeftOverScript { clock, events }) = script else {
            let closed = (Timestamp::EPOCH, LeftOverEvent::Closed);
            return Self {
                events: VecDeque::from([closed]),
                clock: None,
            };
        };
        let began = clock.now();
        let events = events.into_iter().map(|(ms, event)| (began.plus_ms(ms), event));
        Self {
            events: events.collect(),
            clock: Some(clock),
        }
    }
}

#[async_trait]
impl LeftOverLeg for FakeLeftOver {
    async fn next(&mut self) -> LeftOverEvent {
        let Some((at, _)) = self.events.front() else {
            return std::future::pending().await;
        };
        if let Some(clock) = &self.clock {
            clock.wait_until(*at).await;
        }
        match self.events.pop_front() {
            Some((_, event)) => event,
            None => std::future::pending().await,
        }
    }
}
