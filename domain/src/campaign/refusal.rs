//! The reasons for which a command to a campaign is refused. A refused command writes no event.

use super::gates::StageWaitReason;
use super::status::CampaignStatus;
use crate::call_caps_check::CapFault;
use crate::calling_plan::Preset;
use crate::compliance::Contradiction;
use crate::dialing_plan::DialingMode;
use crate::disposition_map::DispositionMapFault;
use crate::problem::DomainRefusal;
use crate::promotion::MissingEvidence;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use values::go_live::Stage;
use values::ids::ListId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignRefusal {
    #[error("there is no such campaign")]
    NotCreated,
    #[error("a campaign with this id exists with another plan")]
    AnotherPlan,
    #[error("the plan allows no concurrent call: max_concurrent must be at least 1")]
    NoConcurrency,
    /// The plan's ring timeout is below the preset's minimum.
    #[error(
        "ring_timeout_ms is {ring_timeout_ms}: {} requires at least {ring_ms_min} ms of ringing before \
         hang-up",
        preset.code()
    )]
    RingTooShort {
        preset: Preset,
        ring_timeout_ms: u64,
        ring_ms_min: u64,
    },
    #[error("{0}")]
    Contradiction(Contradiction),
    #[error(
        "seller is missing: {} requires that a callee who finds no free agent hears the seller's name and \
         telephone number; give seller: {{name, number}} with the number as +12025550100",
        preset.code()
    )]
    SellerMissing { preset: Preset },
    #[error("seller: {why}")]
    SellerFaulty { why: &'static str },
    #[error("the preset {} is given twice", preset.code())]
    PresetTwice { preset: Preset },
    #[error("{0}")]
    Quotas(String),
    #[error("{0}")]
    Caps(CapFault),
    #[error("{0}")]
    Dispositions(DispositionMapFault),
    #[error("the campaign has no closed list yet: import one before starting")]
    NoClosedList,
    /// The command is not possible in the campaign's current status.
    #[error("the campaign is {}", .status.label_en())]
    WrongStatus { status: CampaignStatus },
    #[error("the campaign ended at {ends_at}")]
    PastEnd { ends_at: Timestamp },
    #[error(
        "the campaign can never dial: its calling hours do not overlap with those of its preset, or do not \
         open before its end"
    )]
    NeverOpens,
    #[error("the campaign can never run: {why}")]
    NeverRuns { why: &'static str },
    #[error("the campaign cannot dial with this plan: {why}")]
    NeverDials { why: &'static str },
    #[error("the campaign uses the dialing mode {}: there are no preview offers", mode.code())]
    NoPreviews { mode: DialingMode },
    #[error("the agent has a preview offer of this campaign until {until}: accept or skip it first")]
    OfferOpen { until: Timestamp },
    #[error("another agent has a preview offer of this customer")]
    OfferedToAnother,
    #[error("the limit of {offers_max} concurrent preview offers of this campaign is reached")]
    TooManyOffers { offers_max: usize },
    /// The offer was never made, is over, was skipped or was withdrawn.
    #[error("the agent no longer has the preview offer of this customer: get the next one")]
    NoOffer,
    #[error("the preview offer is accepted: the call is being placed")]
    OfferAccepted,
    #[error("the scheduled start is in the future, or the campaign to wait for is not complete")]
    NotStartedYet,
    #[error("{in_flight} calls are in progress; the campaign's concurrency limit is {max_concurrent}")]
    NothingFree { in_flight: u32, max_concurrent: u32 },
    /// The closing is in the log already.
    #[error("the calling window is closed for all customers until {until}")]
    WindowClosed { until: Timestamp },
    #[error("agents take the calls of this campaign, and the number of free agents is unknown")]
    NoFloor,
    #[error(
        "{free} agents are free, {ringing} calls are ringing and {waiting} callees are waiting: one more \
         call would find no agent"
    )]
    NoFreeAgent { free: u32, ringing: u32, waiting: u32 },
    #[error("robots answer the calls of this campaign: it has no abandonment ledger")]
    NoAccount,
    #[error("its plan does not use best call times: best_times is missing")]
    LearnsNothing,
    #[error("its plan has {groups} groups of hours, but the statistics are for another group")]
    GroupBeyond { groups: usize },
    #[error("{drops} abandoned calls of {answers} answered calls are not possible")]
    DropsBeyondAnswers { answers: u64, drops: u64 },
    #[error("the quotas of all due customers are full or reserved by calls in progress")]
    QuotasFull,
    #[error("no dials were requested")]
    NothingWanted,
    #[error("this campaign accepts only approved lists: import a list file instead")]
    ListNotApproved { list: ListId },
    #[error("list {list} was never opened")]
    UnknownList { list: ListId },
    #[error("list {list} was closed with {closed} enrolments, not {count}")]
    ListClosedOtherwise { list: ListId, closed: u64, count: u64 },
    #[error(
        "list {list} was undone and cannot be imported again: change the file or import it into another \
         campaign"
    )]
    ListUndone { list: ListId },
    #[error("this Idempotency-Key was used for list {other}: use a new key for another list")]
    KeyOfOtherList { other: ListId },
    #[error("a query mark needs 64 hexadecimal digits, a column, and a number or a time")]
    MarkInvalid,
    #[error("the campaign has reached the limit of {queries_max} stored query marks")]
    TooManyQueries { queries_max: usize },
    #[error("the campaign has reached the limit of {lists_max} undone lists: end it and create another")]
    TooManyUndone { lists_max: usize },
    #[error("the campaign has reached the limit of {lists_max} lists")]
    TooManyLists { lists_max: usize },
    #[error("{count} targets were given; a campaign can have 1 to {targets_max}")]
    TargetCount { count: usize, targets_max: usize },
    #[error("the target of {metric} is {per_mille} per mille; it must be 1 to 1,000, once per metric")]
    TargetInvalid { metric: String, per_mille: u32 },
    #[error(
        "the campaign already has a segment frozen at position {position}: create another campaign for \
         another segment"
    )]
    SegmentFrozen { position: Position },
    #[error("the segment has no customers: there is nothing to freeze")]
    EmptySegment,
    #[error("a reason of 1 to {bytes_max} bytes is required")]
    NoReason { bytes_max: usize },
    /// The stage of going live permits no further dial now.
    #[error("{0}")]
    Staged(StageWaitReason),
    #[error("the campaign has no rollout stages: it is fully live from its start")]
    NotStaged,
    #[error("the campaign is in stage {}; the next stage is not {}", .stage.label_en(), .to.code())]
    NotTheNextStage { stage: Stage, to: Stage },
    #[error("the promotion lacks its evidence: {0}")]
    WithoutEvidence(MissingEvidence),
    #[error("this promotion needs another person's approval first")]
    PromotionNotApproved,
    #[error("{open_count} lists are still open")]
    ListsOpen { open_count: usize },
    #[error("{settled} of {enrolled} enrolments are completed")]
    NotSettled { settled: u64, enrolled: u64 },
}

impl DomainRefusal for CampaignRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotCreated)
    }
}
