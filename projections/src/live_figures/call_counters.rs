//! Counters of calls for monitoring: ended calls by disposition, and the post-dial delay by trunk, since this
//! process started to follow the log.
//!
//! They are fed by the same events as the other live figures, so a call is counted when its event is read and
//! never on the path of a call. Events that were recorded before the start are not counted: a counter that
//! began with the past would count it again after each restart.

use crate::error::ProjectionError;
use crate::view::{AnyEvent, ViewEvent};
use domain::call::event::CallEvent;
use domain::disposition::Disposition;
use domain::histogram::{DurationHistogram, HistogramReading, POST_DIAL_BOUNDS_US};
use domain::ids::CallId;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most trunks with a post-dial delay of their own; installations have a handful. Calls of further ones are
/// not counted.
const TRUNKS_MAX: usize = 100;

/// The event kinds that are counted.
const KINDS: &[&str] = &[
    CallEvent::DIALING,
    CallEvent::RINGING,
    CallEvent::ANSWERED,
    CallEvent::LEG_FAILED,
    CallEvent::ENDED,
];

/// The counters, as a scrape reads them.
#[derive(Debug)]
pub struct CallCounters {
    ended: BTreeMap<Disposition, AtomicU64>,
    post_dial: Mutex<BTreeMap<String, Arc<DurationHistogram>>>,
}

impl Default for CallCounters {
    fn default() -> Self {
        let all = Disposition::ALL.iter();
        Self {
            ended: all.map(|one| (*one, AtomicU64::new(0))).collect(),
            post_dial: Mutex::default(),
        }
    }
}

impl CallCounters {
    /// Returns the number of ended calls by disposition.
    pub fn ended(&self) -> impl Iterator<Item = (Disposition, u64)> + '_ {
        let counts = self.ended.iter();
        counts.map(|(disposition, count)| (*disposition, count.load(Ordering::Relaxed)))
    }

    /// Returns the post-dial delay by trunk: from the dial of a leg to the first ringing.
    pub fn post_dial_delays(&self) -> Vec<(String, HistogramReading)> {
        let by_trunk = self.post_dial();
        let read = by_trunk
            .iter()
            .map(|(trunk, histogram)| (trunk.clone(), histogram.read()));
        read.collect()
    }

    fn post_dial(&self) -> MutexGuard<'_, BTreeMap<String, Arc<DurationHistogram>>> {
        self.post_dial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the histogram of a trunk; `None` if there are too many trunks.
    fn post_dial_of(&self, trunk: &str) -> Option<Arc<DurationHistogram>> {
        let mut by_trunk = self.post_dial();
        if !by_trunk.contains_key(trunk) && by_trunk.len() >= TRUNKS_MAX {
            return None;
        }
        let histogram = by_trunk
            .entry(trunk.to_owned())
            .or_insert_with(|| Arc::new(DurationHistogram::new(POST_DIAL_BOUNDS_US)));
        Some(Arc::clone(histogram))
    }
}

/// Feeds the counters with the events of calls.
#[derive(Debug)]
pub struct CallCounting {
    counters: Arc<CallCounters>,
    /// Events that were recorded before are not counted.
    since: Timestamp,
    /// The last dial of each call that has not rung yet.
    dialed: BTreeMap<CallId, (Timestamp, String)>,
}

impl CallCounting {
    /// Counts events that are recorded from `since` on.
    pub const fn new(counters: Arc<CallCounters>, since: Timestamp) -> Self {
        Self {
            counters,
            since,
            dialed: BTreeMap::new(),
        }
    }

    /// Counts the next event. Fails if it cannot be read.
    pub fn apply(&mut self, event: &ViewEvent) -> Result<(), ProjectionError> {
        if event.recorded_at < self.since || !KINDS.contains(&event.envelope.kind.as_str()) {
            return Ok(());
        }
        let AnyEvent::Call(fact) = event.event()? else {
            return Ok(());
        };
        let call = event.call()?;
        match fact {
            CallEvent::Dialing { trunk, .. } => self.dialing(call, event.at(), trunk),
            CallEvent::Ringing { .. } => self.ringing(call, event.at()),
            CallEvent::Ended { disposition, .. } => {
                self.dialed.remove(&call);
                if let Some(count) = self.counters.ended.get(disposition) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            // A leg that was answered or failed before it rang has no post-dial delay, as in the metric.
            _ => {
                self.dialed.remove(&call);
            }
        }
        Ok(())
    }

    fn dialing(&mut self, call: CallId, at: Timestamp, trunk: &str) {
        if self.dialed.len() < super::CALLS_MAX {
            self.dialed.insert(call, (at, trunk.to_owned()));
        }
    }

    fn ringing(&mut self, call: CallId, at: Timestamp) {
        let Some((dialed_at, trunk)) = self.dialed.remove(&call) else {
            return;
        };
        if let Some(histogram) = self.counters.post_dial_of(&trunk) {
            histogram.observe(at.duration_since(dialed_at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, call};

    fn counted(story: &TestHistory, since: Timestamp) -> Arc<CallCounters> {
        let counters = Arc::<CallCounters>::default();
        let mut counting = CallCounting::new(Arc::clone(&counters), since);
        for event in &story.events {
            counting.apply(&ViewEvent::read(event).unwrap()).unwrap();
        }
        assert!(counting.dialed.is_empty(), "{:?}", counting.dialed);
        counters
    }

    fn rings() -> CallEvent {
        CallEvent::Ringing {
            leg: 1,
            sip_code: 180,
            early_media: false,
        }
    }

    /// Two calls: one rings and is answered on the trunk `east`, one is busy before it rings.
    fn two_calls() -> TestHistory {
        let mut story = TestHistory::new();
        let (one, other) = (call("T", 1, 1), call("T", 2, 1));
        story.permitted("T", 1, 1).dialing(one, 1, "east");
        story.call(one, rings()).answered(one, 1);
        story.ended(one, Disposition::Answered, None, 9_000);
        story.permitted("T", 2, 1).dialing(other, 1, "west");
        story.ended(other, Disposition::Busy, None, 0);
        story
    }

    #[test]
    fn calls_count_by_disposition_and_the_delay_of_those_that_rang_by_trunk() {
        let counters = counted(&two_calls(), Timestamp::EPOCH);
        let ended: Vec<_> = counters.ended().filter(|(_, count)| *count > 0).collect();
        assert_eq!(ended, [(Disposition::Answered, 1), (Disposition::Busy, 1)]);
        assert_eq!(counters.ended().count(), Disposition::ALL.len());
        let delays = counters.post_dial_delays();
        let counts: Vec<_> = delays
            .iter()
            .map(|(trunk, read)| (trunk.as_str(), read.count))
            .collect();
        assert_eq!(counts, [("east", 1)]);
    }

    #[test]
    fn events_from_before_the_start_do_not_count() {
        let story = two_calls();
        let after = story.at.plus_ms(1_000);
        let counters = counted(&story, after);
        assert_eq!(counters.ended().map(|(_, count)| count).sum::<u64>(), 0);
        assert!(counters.post_dial_delays().is_empty());
    }

    #[test]
    fn there_are_histograms_for_so_many_trunks_and_no_more() {
        let counters = CallCounters::default();
        for trunk in 0..TRUNKS_MAX {
            assert!(counters.post_dial_of(&format!("t{trunk}")).is_some());
        }
        assert!(counters.post_dial_of("one more").is_none());
        assert!(counters.post_dial_of("t0").is_some());
    }
}
