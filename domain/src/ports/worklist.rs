//! The Worklist port: open work, read from a view. A hint only: the decider that is asked decides.
//!
//! A driver waits until the view has reached the head position at start, reads its open work here, then
//! follows events.

use crate::ranking::{Rung, Standing};
use crate::record::stored_event::{Envelope, Position};
use crate::time::Timestamp;
use async_trait::async_trait;
use values::ids::{CallId, CampaignId, CustomerId, NumberId};

/// An enrolment that is due or waiting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueEnrolment {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub due_at: Timestamp,
}

/// One of the first of a value, or of those that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedDue {
    pub due: DueEnrolment,
    pub standing: Standing,
}

/// A dial that was granted and neither dialed nor released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGrant {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    /// `call.permitted` exists, so the call must be withdrawn before the grants are released.
    pub permitted: bool,
    /// `number.dial_granted` exists.
    pub number_granted: bool,
}

/// A call with `call.dialing` and without `call.ended`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCall {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub dialed_at: Timestamp,
}

/// A call that ended while its customer or number was not told: the retry driver's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclosedCall {
    pub call: CallId,
    pub customer: CustomerId,
    pub number: NumberId,
    /// The stored `call.ended`.
    pub ended: Position,
    pub customer_closed: bool,
    pub number_closed: bool,
}

/// A campaign that is neither completed nor stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignWork {
    pub campaign: CampaignId,
    pub running: bool,
    pub enrolled_count: u64,
    pub settled_count: u64,
    /// Enrolments with an open grant or open call.
    pub open_count: u64,
    /// Earliest due time among waiting enrolments.
    pub next_due_at: Option<Timestamp>,
    /// It was told to start and waits for its time, or for another campaign.
    pub start_scheduled: bool,
}

/// Why open work cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the worklist is unavailable: {0}")]
pub struct WorklistError(pub String);

/// Most customers asked for by name at once: whom a test admits.
pub const NAMED_MAX: usize = 200;

/// Open work over all campaigns. Reads are pages of at most `limit`, in a fixed order.
#[async_trait]
pub trait Worklist: Send + Sync {
    /// Position up to which the rows are complete.
    async fn position(&self) -> Result<Position, WorklistError>;
    /// Returns when the rows are complete up to `position`.
    async fn wait_for(&self, position: Position) -> Result<(), WorklistError>;
    /// Enrolments of a campaign due at or before `now`, without open grant or call, by due time then
    /// customer.
    async fn due(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEnrolment>, WorklistError>;
    /// What an order needs to know the first `limit` of: whom a call was asked for, and of each of these
    /// rungs, the first `limit` by due time. In no order.
    async fn due_ranked(
        &self,
        campaign: &CampaignId,
        rungs: &[Rung],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RankedDue>, WorklistError>;
    /// What `due` lists at `now`, of these customers alone, at most `NAMED_MAX` of them, all in one answer. A
    /// `now` that is still to come tells who will be due by then.
    async fn due_of(
        &self,
        campaign: &CampaignId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<DueEnrolment>, WorklistError>;
    /// Earliest due time after `now` among the campaign's waiting enrolments. Enrolments that are due already
    /// do not count.
    async fn next_due_after(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, WorklistError>;
    async fn open_grants(&self, limit: usize) -> Result<Vec<OpenGrant>, WorklistError>;
    async fn open_calls(&self, limit: usize) -> Result<Vec<OpenCall>, WorklistError>;
    async fn unclosed_calls(&self, limit: usize) -> Result<Vec<UnclosedCall>, WorklistError>;
    async fn unfinished_campaigns(&self) -> Result<Vec<CampaignWork>, WorklistError>;
    /// Enrolments of stopped campaigns without open grant or call, whose callback has no end yet.
    async fn callbacks_of_stopped(&self, limit: usize) -> Result<Vec<DueEnrolment>, WorklistError>;
}

/// A follower of the log: what the runner feeds, page by page, in order (used by the simulation too).
pub trait Follower: Send {
    fn apply(&mut self, position: Position, event: &Envelope) -> Result<(), WorklistError>;
}
