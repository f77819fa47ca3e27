//! The reasons for which a command to a campaign is refused. A refused command writes no event.

use super::gates::Waiting;
use super::status::CampaignStatus;
use crate::call_caps_checked::CapFault;
use crate::calling_plan::Preset;
use crate::compliance::Contradiction;
use crate::dialing_plan::DialingMode;
use crate::disposition_map::MapFault;
use crate::problem::Explained;
use crate::promotion::Lacking;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use values::go_live::Stage;
use values::ids::ListId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignRefusal {
    #[error("there is no such campaign")]
    NotCreated,
    #[error("the campaign exists with another plan")]
    AnotherPlan,
    #[error("the plan allows no concurrent call: max_concurrent must be at least 1")]
    NoConcurrency,
    /// The plan's ring timeout is below the preset's minimum.
    #[error(
        "ring_timeout_ms is {ring_timeout_ms}: under {} a phone rings at least {ring_ms_min} ms before the call \
         is given up",
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
        "seller is missing: under {} a callee for whom no agent is free must hear the seller's name and \
         telephone number; add seller: {{name, number}}, the number as +12025550100",
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
    Dispositions(MapFault),
    #[error("the campaign has no closed list yet: import one before starting")]
    NoClosedList,
    /// The command is not possible in the campaign's current status.
    #[error("the campaign is {}", .status.label_en())]
    WrongStatus { status: CampaignStatus },
    #[error("the campaign ended at {ends_at}")]
    PastEnd { ends_at: Timestamp },
    #[error(
        "the campaign can never dial: its hours and those of its preset do not overlap, or do not open \
         before its end"
    )]
    NeverOpens,
    #[error("the campaign can never run: {why}")]
    NeverRuns { why: &'static str },
    #[error("the campaign cannot dial this way: {why}")]
    NeverDials { why: &'static str },
    #[error("the campaign's dialing mode is {}: it makes no preview offers", mode.code())]
    NoPreviews { mode: DialingMode },
    #[error("the agent has an offer of this campaign until {until}: accept or skip it first")]
    OfferOpen { until: Timestamp },
    #[error("another agent has an offer of this person")]
    OfferedToAnother,
    #[error("{offers_max} agents have offers of this campaign, the most it makes at once")]
    TooManyOffers { offers_max: usize },
    /// The offer was never made, is over, was skipped or was withdrawn.
    #[error("the agent no longer has an offer of this person: request the next one")]
    NoOffer,
    #[error("the offer is already accepted and its call is being placed")]
    OfferAccepted,
    #[error(
        "the campaign's start time has not come, or the campaign that it waits for has not come far enough"
    )]
    NotStartedYet,
    #[error("{in_flight} calls are open, and the campaign may have {max_concurrent} at once")]
    NothingFree { in_flight: u32, max_concurrent: u32 },
    /// The closing is in the log already.
    #[error("the calling window is closed for all customers until {until}")]
    WindowClosed { until: Timestamp },
    #[error("agents take the calls of this campaign, and the number of free agents is unknown")]
    NoFloor,
    #[error(
        "{free} agents are free, {ringing} calls ring and {waiting} callees wait: no agent would be free for another call"
    )]
    NobodyFree { free: u32, ringing: u32, waiting: u32 },
    #[error("robots take the calls of this campaign: it keeps no account of abandoned calls")]
    NoAccount,
    #[error("the plan does not learn best call times: best_times is missing")]
    LearnsNothing,
    #[error("the plan has {groups} groups of customers, and the counts name another one")]
    GroupBeyond { groups: usize },
    #[error("{drops} abandoned calls of {answers} answers are impossible")]
    DropsBeyondAnswers { answers: u64, drops: u64 },
    #[error("the quotas of all who are due are full, or taken by calls in flight")]
    QuotasFull,
    #[error("no dial was asked for")]
    NothingWanted,
    #[error(
        "this campaign accepts only lists that another user approved: use the list import, not this route"
    )]
    ListNotApproved { list: ListId },
    #[error("list {list} was never opened")]
    UnknownList { list: ListId },
    #[error("list {list} was closed with {closed} enrolments, not {count}")]
    ListClosedOtherwise { list: ListId, closed: u64, count: u64 },
    #[error(
        "list {list} was undone and cannot be imported again; change the file, or import it into another campaign"
    )]
    ListUndone { list: ListId },
    #[error("this Idempotency-Key was used for list {other}: use a new key for another list")]
    KeyOfOtherList { other: ListId },
    #[error("a query is marked by 64 hexadecimal digits, a column and a number or a time")]
    MarkInvalid,
    #[error("the campaign keeps the last value of {queries_max} queries, the most it may")]
    TooManyQueries { queries_max: usize },
    #[error(
        "the campaign has {lists_max} undone lists, the most it may have: stop it and create another campaign"
    )]
    TooManyUndone { lists_max: usize },
    #[error("the campaign has {lists_max} lists, the most it may have")]
    TooManyLists { lists_max: usize },
    #[error("{count} targets were given; a campaign has 1 to {targets_max}")]
    TargetCount { count: usize, targets_max: usize },
    #[error("the target of {metric} is {per_mille} per mille; 1 to 1,000 are possible, once per metric")]
    TargetInvalid { metric: String, per_mille: u32 },
    #[error(
        "the campaign has a frozen segment already, of position {position}: another one needs another campaign"
    )]
    SegmentFrozen { position: Position },
    #[error("the segment selects no customer: there is nothing to freeze")]
    NobodyMeant,
    #[error("a reason of 1 to {bytes_max} bytes is needed")]
    NoReason { bytes_max: usize },
    /// The stage of going live permits no further dial now.
    #[error("{0}")]
    Staged(Waiting),
    #[error("the campaign does not go live in stages: it is fully live from its start")]
    NotStaged,
    #[error("the campaign is {}, and {} does not follow", .stage.label_en(), .to.code())]
    NotTheNextStage { stage: Stage, to: Stage },
    #[error("the promotion lacks its evidence: {0}")]
    WithoutEvidence(Lacking),
    #[error("another user must approve this promotion first")]
    PromotionNotApproved,
    #[error("{open_count} lists are still open")]
    ListsOpen { open_count: usize },
    #[error("{settled} of {enrolled} enrolments are settled")]
    NotSettled { settled: u64, enrolled: u64 },
}

impl Explained for CampaignRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotCreated)
    }
}
