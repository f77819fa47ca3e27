//! When an idle entity leaves memory, per aggregate, and how many may be live at once.

use domain::decider::Decider;

/// How long idle entities of one aggregate stay in memory, in milliseconds, and how many stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifespan {
    pub(crate) idle_ms: u64,
    /// The same for entities without work in progress, in milliseconds.
    pub(crate) settled_ms: u64,
    /// Number of live entities from which entities without work in progress leave as soon as they are not
    /// fresh.
    pub(crate) crowd_min: usize,
    /// Most live entities. Above it idle ones leave at once; if none is idle, the caller gets `Busy`.
    pub(crate) live_max: usize,
}

/// Interval for removing idle entities, in milliseconds.
pub(crate) const SWEEP_MS: u64 = 15_000;

/// For calls: a call's driver asks often while the call lives and rarely after.
const CALL_IDLE_MS: u64 = 30_000;
/// For customers and numbers: they are asked before and after a call. They stay for a call of usual length;
/// otherwise each call would read both streams twice.
const PERSON_IDLE_MS: u64 = 120_000;
/// For campaigns: a running campaign is asked each second, and its stream is long to read.
const CAMPAIGN_IDLE_MS: u64 = 600_000;
/// For webhooks: a webhook's stream has an event per delivery and is long to read.
const WEBHOOK_IDLE_MS: u64 = 600_000;
/// For conversations: reading and answering a text takes a minute or two; later the stream is read again.
const CONVERSATION_IDLE_MS: u64 = 180_000;
/// For flows: a flow is read once per call and is large.
const FLOW_IDLE_MS: u64 = 600_000;
/// For entities without work in progress: after a call has ended, or while a person or number is not being
/// called, the next request is far away and reads a few events in some 20 us. Entities of an import do not
/// wait in memory for their dial.
const SETTLED_MS: u64 = 5_000;
/// In a crowd, for instance an import's, entities without work in progress stay this long: the time until
/// their next request. The enrolment after a registration waits for one group commit of the log.
pub(crate) const FRESH_MS: u64 = 500;
/// The divisor of `FRESH_MS`, applied repeatedly down to zero while more entities than a crowd are fresh:
/// reading a list again that was enrolled before asks ten times as many customers per second as an import
/// that stores.
pub(crate) const FRESH_SHORTER: u64 = 4;
/// For all other aggregates.
const DEFAULT_IDLE_MS: u64 = 60_000;

/// A customer and its number take some 12 KB together, measured with an import, which asks each of them once:
/// at most 250 MB of both. Those of two minutes of dialing 160 customers a second fit in.
const LIVE_ENTITIES_MAX: usize = 20_000;

/// Some 12 MB of both, and at most twice that. Without it an import would fill all 20,000, because it asks
/// more than that between two sweeps.
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
