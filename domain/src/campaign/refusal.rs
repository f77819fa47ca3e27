//! Why a command to a campaign can be refused: a rule said no, nothing was written.

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
    /// The preset lets nobody's phone ring so shortly.
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
        "seller is missing: under {} who answers and finds no agent free is told the name and the telephone number \
         of the seller; say seller: {{name, number}}, the number as +12025550100",
        preset.code()
    )]
    SellerMissing { preset: Preset },
    #[error("seller: {why}")]
    SellerFaulty { why: &'static str },
    #[error("the preset {} is said twice", preset.code())]
    PresetTwice { preset: Preset },
    #[error("{0}")]
    Quotas(String),
    #[error("{0}")]
    Caps(CapFault),
    #[error("{0}")]
    Dispositions(MapFault),
    #[error("the campaign has no closed list yet: import one before starting")]
    NoClosedList,
    /// The command does not fit the state the campaign is in.
    #[error("the campaign is {}", .status.label_en())]
    WrongStatus { status: CampaignStatus },
    #[error("the campaign ended at {ends_at}")]
    PastEnd { ends_at: Timestamp },
    #[error(
        "the campaign can never dial: its hours and its preset's have nothing in common, or open no more before \
         its end"
    )]
    NeverOpens,
    #[error("the campaign can never run: {why}")]
    NeverRuns { why: &'static str },
    #[error("the campaign cannot dial so: {why}")]
    NeverDials { why: &'static str },
    #[error("the campaign dials by the mode {}: nobody is offered before a call", mode.code())]
    NoPreviews { mode: DialingMode },
    #[error("the agent has an offer of this campaign until {until}: accept or skip it first")]
    OfferOpen { until: Timestamp },
    #[error("another agent has an offer of this person")]
    OfferedToAnother,
    #[error("{offers_max} agents have offers of this campaign, the most it makes at once")]
    TooManyOffers { offers_max: usize },
    /// Never made, over, skipped, or taken back.
    #[error("the agent has no offer of this person any more: ask for the next")]
    NoOffer,
    #[error("the offer is accepted: its call is on its way")]
    OfferAccepted,
    #[error("the campaign's time to start has not come, or what it waits for has not")]
    NotStartedYet,
    #[error("{in_flight} calls are open, and the campaign may hold {max_concurrent} at once")]
    NothingFree { in_flight: u32, max_concurrent: u32 },
    /// That stands in the log already.
    #[error("the calling window is closed for everybody until {until}")]
    WindowClosed { until: Timestamp },
    #[error("agents take the calls of this campaign, and nobody knows how many are free")]
    NoFloor,
    #[error("{free} agents are free, {ringing} calls ring and {waiting} callees wait: one more finds nobody")]
    NobodyFree { free: u32, ringing: u32, waiting: u32 },
    #[error("robots take the calls of this campaign: it keeps no account of abandoned calls")]
    NoAccount,
    #[error("its plan does not learn when people answer: best_times is not said")]
    LearnsNothing,
    #[error("its plan tells {groups} groups of people apart, and something was counted of another one")]
    GroupBeyond { groups: usize },
    #[error("{drops} of {answers} answers cannot have found nobody")]
    DropsBeyondAnswers { answers: u64, drops: u64 },
    #[error("the quotas of all who are due are full, or taken by calls in flight")]
    QuotasFull,
    #[error("no dial was asked for")]
    NothingWanted,
    #[error(
        "this campaign takes only lists that another person approved: import it as a list, and not by the way \
         that was taken"
    )]
    ListNotApproved { list: ListId },
    #[error("list {list} was never opened")]
    UnknownList { list: ListId },
    #[error("list {list} was closed with {closed} enrolments, not {count}")]
    ListClosedOtherwise { list: ListId, closed: u64, count: u64 },
    #[error(
        "list {list} was undone: nobody is enrolled by it again; change the file, or import it elsewhere"
    )]
    ListUndone { list: ListId },
    #[error(
        "this Idempotency-Key was used for list {other}: the same key is for the same list; take a new one for \
         another"
    )]
    KeyOfOtherList { other: ListId },
    #[error("a query is marked by 64 hexadecimal digits, a column and a number or a time")]
    MarkInvalid,
    #[error("the campaign keeps the last value of {queries_max} queries, the most it may")]
    TooManyQueries { queries_max: usize },
    #[error("the campaign has {lists_max} undone lists, the most it may have: stop it, and make another")]
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
    #[error("the segment means nobody: there is nothing to freeze")]
    NobodyMeant,
    #[error("a reason of 1 to {bytes_max} bytes is needed")]
    NoReason { bytes_max: usize },
    /// The stage of going live permits no more now.
    #[error("{0}")]
    Staged(Waiting),
    #[error("the campaign does not go live in stages: it is fully live from its start")]
    NotStaged,
    #[error("the campaign is {}, and {} does not follow", .stage.label_en(), .to.code())]
    NotTheNextStage { stage: Stage, to: Stage },
    #[error("the promotion lacks its evidence: {0}")]
    WithoutEvidence(Lacking),
    #[error("another person is to approve this promotion first")]
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
