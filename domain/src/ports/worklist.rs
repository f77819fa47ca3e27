//! The Worklist port: open work, read from a view. It is only a hint: the decider decides.
//!
//! At start a driver waits until the view has reached the head position, reads its open work here, then
//! follows events.

use crate::ranking::{RankingBucket, RankingFacts};
use crate::record::stored_event::{Envelope, Position};
use crate::time::Timestamp;
use async_trait::async_trait;
use values::ids::{CallId, CampaignId, CustomerId, NumberId};

/// An enrolment that waits for its due time, or is due already.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueEnrolment {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub due_at: Timestamp,
}

/// A due enrolment with the facts by which the ranking orders it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankedEnrolment {
    pub due: DueEnrolment,
    pub standing: RankingFacts,
}

/// A grant for a dial that has been neither used nor released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGrant {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    /// True if `call.permitted` exists: the call must be withdrawn before the grants are released.
    pub permitted: bool,
    /// True if `number.dial_granted` exists.
    pub number_granted: bool,
}

/// A call that was dialed and has not ended: `call.dialing` without `call.ended`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCall {
    pub call: CallId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub number: NumberId,
    pub dialed_at: Timestamp,
}

/// An ended call that its customer or number has not recorded yet: work of the retry driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclosedCall {
    pub call: CallId,
    pub customer: CustomerId,
    pub number: NumberId,
    /// Position of the stored `call.ended`.
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
    /// Number of enrolments with an open grant or open call.
    pub open_count: u64,
    /// The earliest due time among waiting enrolments.
    pub next_due_at: Option<Timestamp>,
    /// True if a start was ordered and waits for its time or for another campaign.
    pub start_scheduled: bool,
}

/// The reason why open work cannot be read from the view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the worklist is unavailable: {0}")]
pub struct WorklistError(pub String);

/// The most customers that one `due_of` accepts: as many as a campaign's test stage admits.
pub const NAMED_MAX: usize = 200;

/// The open work of all campaigns, read from a view. Reads are pages of at most `limit` rows, in a fixed
/// order.
#[async_trait]
pub trait Worklist: Send + Sync {
    /// Returns the log position up to which the view's rows are complete.
    async fn position(&self) -> Result<Position, WorklistError>;
    /// Waits until the view's rows are complete up to `position`.
    async fn wait_for(&self, position: Position) -> Result<(), WorklistError>;
    /// Returns enrolments of a campaign that are due at or before `now` and have no open grant or call, by
    /// due time, then customer.
    async fn due(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEnrolment>, WorklistError>;
    /// Returns the due enrolments from which a ranking can find its first `limit`: those with a requested
    /// call, and for each of the given rungs the first `limit` by due time. In no particular order.
    async fn due_ranked(
        &self,
        campaign: &CampaignId,
        rungs: &[RankingBucket],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RankedEnrolment>, WorklistError>;
    /// Returns what `due` lists at `now` for these customers only, at most `NAMED_MAX`, in one answer. With a
    /// future `now` it lists those who will be due by then.
    async fn due_of(
        &self,
        campaign: &CampaignId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<DueEnrolment>, WorklistError>;
    /// Returns the earliest due time after `now` among the campaign's waiting enrolments. Enrolments that are
    /// already due do not count.
    async fn next_due_after(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, WorklistError>;
    async fn open_grants(&self, limit: usize) -> Result<Vec<OpenGrant>, WorklistError>;
    async fn open_calls(&self, limit: usize) -> Result<Vec<OpenCall>, WorklistError>;
    async fn unclosed_calls(&self, limit: usize) -> Result<Vec<UnclosedCall>, WorklistError>;
    async fn unfinished_campaigns(&self) -> Result<Vec<CampaignWork>, WorklistError>;
    /// Returns enrolments of stopped campaigns without open grant or call, with a callback that is still
    /// open.
    async fn callbacks_of_stopped(&self, limit: usize) -> Result<Vec<DueEnrolment>, WorklistError>;
}

/// A consumer of the log: the runner passes it events page by page, in order. The simulation uses it too.
pub trait Follower: Send {
    fn apply(&mut self, position: Position, event: &Envelope) -> Result<(), WorklistError>;
}
