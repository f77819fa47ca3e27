//! When an idle entity leaves memory, per aggregate, and how many may live at once.

use domain::decider::Decider;

/// How long entities of one aggregate stay in memory unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifespan {
    pub(crate) idle_ms: u64,
    /// The same for those of which nothing is under way.
    pub(crate) settled_ms: u64,
    /// Live entities from which on those of which nothing is under way leave as soon as they are not fresh.
    pub(crate) crowd_min: usize,
    /// Most live entities; beyond it idle ones leave at once, and without an idle one the asker hears Busy.
    pub(crate) live_max: usize,
}

/// How often idle entities are looked for.
pub(crate) const SWEEP_MS: u64 = 15_000;

/// A call's driver asks often while it lives and rarely after.
const CALL_IDLE_MS: u64 = 30_000;
/// Customers and numbers are asked before a call and after it: they stay for a call of usual length, or each
/// call would read both streams twice.
const PERSON_IDLE_MS: u64 = 120_000;
/// A campaign is asked each second while it runs, and its stream is long to read.
const CAMPAIGN_IDLE_MS: u64 = 600_000;
/// A webhook's stream has an event of each delivery, and is long to read.
const WEBHOOK_IDLE_MS: u64 = 600_000;
/// Who reads and answers takes a minute or two; later the stream is read again.
const CONVERSATION_IDLE_MS: u64 = 180_000;
/// A flow is read once per call and is large.
const FLOW_IDLE_MS: u64 = 600_000;
/// Of a call that ended, and of a person or number that is not being called, nothing more is asked for long:
/// what comes next reads a few events, some 20 us. Those of an import do not wait in memory for their dial.
const SETTLED_MS: u64 = 5_000;
/// Where a crowd comes, an import's for instance, what is settled stays only as long as its next request
/// takes: that of the enrolment after that of the registration waits for one group of the log.
pub(crate) const FRESH_MS: u64 = 500;
/// How much shorter that is, step by step down to nothing, where more than a crowd come within it: whoever
/// reads a list again that was enrolled before asks ten times as many people a second as an import that
/// stores.
pub(crate) const FRESH_SHORTER: u64 = 4;
/// Anything else.
const DEFAULT_IDLE_MS: u64 = 60_000;

/// A customer and its number take some 12 KB together, measured beside an import, which asks each of them
/// once: at most 250 MB of both. Those of two minutes of dialing 160 people a second fit in.
const LIVE_ENTITIES_MAX: usize = 20_000;

/// Some 12 MB of both, and at most twice that: of the 20,000 an import would fill all, for between two sweeps
/// it asks more than so many.
const CROWD_MIN: usize = 1_000;

impl Lifespan {
    pub(crate) fn of<D: Decider>() -> Self {
        let idle_ms = match D::AGGREGATE {
            "call" | "test_call" => CALL_IDLE_MS,
            "conversation" => CONVERSATION_IDLE_MS,
            "customer" | "number" => PERSON_IDLE_MS,
            "campaign" => CAMPAIGN_IDLE_MS,
            "flow" => FLOW_IDLE_MS,
            "webhook" => WEBHOOK_IDLE_MS,
            _ => DEFAULT_IDLE_MS,
        };
        Self {
            idle_ms,
            settled_ms: SETTLED_MS.min(idle_ms),
            crowd_min: CROWD_MIN,
            live_max: LIVE_ENTITIES_MAX,
        }
    }
}
