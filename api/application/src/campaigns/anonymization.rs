//! Anonymization of a campaign (匿名化): utterances are copied without their speakers, then the customers who
//! occur only in this campaign are erased, or counted and listed with the reason. Metrics and calls stay.

use super::anonymous::{self, CopyResult, CopyRun, is_all_copied};
use super::persons::Enrolments;
use crate::decision_execution::{derive_cause, erase, wait_for_certificates};
use crate::installation::Installation;
use crate::retention::{dispose, finish_left_over};
use domain::call::RecordingStatus;
use domain::calling_plan::Preset;
use domain::campaign::Anonymization;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::{AnonymizedCounts, CampaignEvent};
use domain::customer::{CustomerState, Erasure};
use domain::event_filter::EventFilter;
use domain::four_eyes::FourEyes;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, EventId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::ports::vault::PersonKey;
use domain::problem::Problem;
use domain::retention::{DataClass, GENERAL_FLOOR, compute_cutoff, floor};
use domain::stored_event::{Cause, Position};
use schemars::JsonSchema;
use serde::Serialize;

/// Most customers erased by one request, which takes seconds. The same request, sent again, continues.
const ERASED_MAX: u64 = 2_000;

/// Most copies made by one request, which takes seconds: the key of each must be durable first.
const COPIES_MAX: u64 = 1_000;

/// Most customers listed in a reply with the reason why they are not erased.
const NAMED_MAX: usize = 100;

/// Why a customer is not erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum NotErasedReason {
    /// The customer is enrolled in another campaign too. One key protects the data of both.
    InOtherCampaign,
    Held,
    OpenCall,
    /// A recording of the customer has not reached its minimum retention period.
    RecordingBelowFloor,
    /// The customer was under a legal hold or in a call when the copies were made. The same request again
    /// makes the missing copies.
    NotCopied,
}

/// A customer who is not erased, with the reason.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct RemainingCustomer {
    customer: CustomerId,
    why: NotErasedReason,
}

/// The result of an anonymization request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnonymizationResponse {
    pub campaign: CampaignId,
    /// True if nothing was stored and no customer was erased.
    pub dry_run: bool,
    #[serde(flatten)]
    pub counts: AnonymizedCounts,
    /// Customers who are still to be erased; the same request again continues. In a dry run: all who would
    /// be erased.
    pub left: u64,
    /// Calls and conversations still to be copied, or transcripts still to be disposed of. Erasure starts
    /// after that.
    pub to_copy: u64,
    /// Customers with a decided erasure and keys that may still exist, from this request or an interrupted
    /// one.
    #[serde(skip)]
    uncertified: Vec<CustomerId>,
    #[serde(skip)]
    newly_erased: u64,
    /// Customers who are not erased, at most 100.
    still_known: Vec<RemainingCustomer>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

impl AnonymizationResponse {
    fn nothing(campaign: CampaignId, dry_run: bool) -> Self {
        Self {
            campaign,
            dry_run,
            counts: AnonymizedCounts::default(),
            left: 0,
            to_copy: 0,
            uncertified: Vec::new(),
            newly_erased: 0,
            still_known: Vec::new(),
            position: Position(0),
        }
    }
}

/// What an anonymization request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnonymizationMode {
    /// Nothing is stored and no customer is erased.
    DryRun,
    /// At most this many copies are made now.
    Copies(u64),
}

/// The work of one full request.
pub const CARRYING: AnonymizationMode = AnonymizationMode::Copies(COPIES_MAX);

/// Anonymizes a campaign, as far as one request goes: copies the utterances, examines every customer who
/// was ever enrolled, and erases those who may be erased. The same request, sent again, continues. The
/// caller checks before that a required approval exists and passes it as `four_eyes`.
pub async fn anonymize(
    installation: &Installation,
    campaign: &CampaignId,
    reason: String,
    carrying: AnonymizationMode,
    four_eyes: Option<Box<FourEyes>>,
    cause: Cause,
) -> Result<AnonymizationResponse, Problem> {
    let (dry_run, copies_max) = match carrying {
        AnonymizationMode::DryRun => (true, 0),
        AnonymizationMode::Copies(most) => (false, most),
    };
    let mut shown = AnonymizationResponse::nothing(campaign.clone(), dry_run);
    let mut begun = None;
    if !dry_run {
        let command = CampaignCommand::BeginAnonymization { reason, four_eyes };
        begun = begin(installation, campaign, command, cause).await?;
        finish_left_over(installation).await?;
    }
    let secret = match begun {
        Some(begun) => anonymous::secret(installation, campaign, begun).await?,
        None => None,
    };
    let order = secret.as_ref().zip(begun);
    let presets = presets_of(installation, campaign).await?;
    let mut step = Step::OnlyLook;
    // If the secret is destroyed, everything has been copied and erased; only the completion is missing.
    if dry_run || order.is_some() {
        let copied = CopyRun::of(installation, campaign, &presets, order).await?;
        let copied = copied.run(copies_max).await?;
        take(installation, &presets, begun, copied, &mut shown).await?;
    } else if let Some(begun) = begun {
        shown.counts.copied = anonymous::count_copies(installation, campaign, begun).await?;
        step = Step::OnlyEnd;
    }
    if let Some((secret, begun)) = order.filter(|_| shown.to_copy == 0) {
        step = Step::Erase(ErasureContext {
            secret,
            begun,
            copies: shown.counts.too_few == 0,
        });
    }
    let mut enrolments = Enrolments::of(campaign);
    while let Some(page) = enrolments.next(installation).await? {
        for customer in &page {
            look_at(installation, campaign, customer, &step, &mut shown).await?;
        }
    }
    // The reply and the completion event must wait until no key of an erased customer can decrypt anything.
    if begun.is_some() {
        wait_for_certificates(installation, &shown.uncertified).await?;
    }
    if let Some(begun) = begun.filter(|_| shown.left == 0 && shown.to_copy == 0) {
        complete(installation, campaign, shown.counts, begun).await?;
    }
    shown.position = installation.store().head().await?;
    Ok(shown)
}

/// Records the counts of the anonymization, then destroys its secret: afterwards nothing shows which copy
/// belongs to which call. After a crash in between, the next start or request destroys the secret.
async fn complete(
    installation: &Installation,
    campaign: &CampaignId,
    counts: AnonymizedCounts,
    begun: EventId,
) -> Result<(), Problem> {
    let command = CampaignCommand::CompleteAnonymization { counts };
    let campaigns = &installation.entities.campaigns;
    campaigns
        .ask(campaign, command, derive_cause(begun, "complete"))
        .await?;
    anonymous::destroy_secret(installation, begun).await
}

/// Begins an anonymization or continues an unfinished one. Returns the id of the event that began it.
async fn begin(
    installation: &Installation,
    campaign: &CampaignId,
    command: CampaignCommand,
    cause: Cause,
) -> Result<Option<EventId>, Problem> {
    let campaigns = &installation.entities.campaigns;
    let state = campaigns.state(campaign).await?.state;
    if matches!(state.anonymization(), Anonymization::Done(_))
        && let Some(before) = last_begun(installation, campaign).await?
    {
        anonymous::destroy_secret(installation, before).await?;
    }
    campaigns.ask(campaign, command, cause).await?;
    last_begun(installation, campaign).await
}

/// Returns the campaign's presets, the main preset first.
async fn presets_of(installation: &Installation, campaign: &CampaignId) -> Result<Vec<Preset>, Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let presets = state.plan().into_iter().flat_map(|plan| plan.presets());
    Ok(presets.collect())
}

/// Returns the minimum retention of the campaign's recordings in days: the longest of its presets.
async fn recordings_days(installation: &Installation, campaign: &CampaignId) -> Result<u32, Problem> {
    let presets = presets_of(installation, campaign).await?.into_iter();
    let days = presets.map(|preset| floor(DataClass::Recordings, preset).days);
    Ok(days.max().unwrap_or(GENERAL_FLOOR.days))
}

/// Adds the counts of the copies to the reply. Once all copies are made, disposes of the transcripts that
/// are copied but belong to customers who are not erased.
async fn take(
    installation: &Installation,
    presets: &[Preset],
    begun: Option<EventId>,
    copied: CopyResult,
    shown: &mut AnonymizationResponse,
) -> Result<(), Problem> {
    let counts = &mut shown.counts;
    counts.copied = copied.copied;
    counts.without_words = copied.without_words;
    counts.too_few = copied.too_few;
    counts.transcripts_disposed = copied.transcripts_disposed;
    counts.transcripts_kept = copied.transcripts_kept;
    shown.to_copy = copied.left.saturating_add(copied.left_to_dispose);
    if let Some(begun) = begun.filter(|_| copied.left == 0) {
        let gone = dispose(installation, presets, &copied.to_dispose, begun).await?;
        shown.counts.transcripts_disposed = shown.counts.transcripts_disposed.saturating_add(gone);
    }
    Ok(())
}

/// What is done with each customer in this request.
enum Step<'a> {
    OnlyLook,
    Erase(ErasureContext<'a>),
    /// The secret is destroyed. Later utterances have no copy under it and wait for another anonymization.
    OnlyEnd,
}

/// The anonymization under which customers are erased.
struct ErasureContext<'a> {
    secret: &'a PersonKey,
    begun: EventId,
    /// True if the utterances of a customer must be copied before the erasure. False if there are too few
    /// customers for copies.
    copies: bool,
}

async fn look_at(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    step: &Step<'_>,
    shown: &mut AnonymizationResponse,
) -> Result<(), Problem> {
    let person = installation.entities.customers.state(customer).await?.state;
    shown.counts.persons = shown.counts.persons.saturating_add(1);
    if person.erasure().is_final() {
        shown.counts.erased = shown.counts.erased.saturating_add(1);
        if matches!(person.erasure(), Erasure::Decided { .. }) {
            shown.uncertified.push(customer.clone());
        }
        return Ok(());
    }
    let why = match find_not_erased_reason(installation, campaign, customer, &person).await? {
        Some(why) => why,
        None => match step {
            Step::Erase(erasing) if shown.newly_erased < ERASED_MAX => {
                match erasing.erase(installation, campaign, customer).await? {
                    Some(why) => why,
                    None => {
                        shown.newly_erased = shown.newly_erased.saturating_add(1);
                        shown.counts.erased = shown.counts.erased.saturating_add(1);
                        shown.uncertified.push(customer.clone());
                        return Ok(());
                    }
                }
            }
            Step::OnlyEnd => NotErasedReason::NotCopied,
            Step::Erase(_) | Step::OnlyLook => {
                shown.left = shown.left.saturating_add(1);
                return Ok(());
            }
        },
    };
    let count = match why {
        NotErasedReason::InOtherCampaign => &mut shown.counts.in_other_campaigns,
        NotErasedReason::Held => &mut shown.counts.held,
        NotErasedReason::OpenCall | NotErasedReason::RecordingBelowFloor | NotErasedReason::NotCopied => {
            &mut shown.counts.not_yet
        }
    };
    *count = count.saturating_add(1);
    if shown.still_known.len() < NAMED_MAX {
        shown.still_known.push(RemainingCustomer {
            customer: customer.clone(),
            why,
        });
    }
    Ok(())
}

impl ErasureContext<'_> {
    /// Erases a customer. Returns the reason if that is not possible: a missing copy or a legal hold.
    async fn erase(
        &self,
        installation: &Installation,
        campaign: &CampaignId,
        customer: &CustomerId,
    ) -> Result<Option<NotErasedReason>, Problem> {
        if self.copies && !is_all_copied(installation, campaign, customer, self.secret).await? {
            return Ok(Some(NotErasedReason::NotCopied));
        }
        let reason = format!("anonymization of campaign {campaign}");
        let is_erased = erase(installation, customer, self.begun, reason).await?;
        Ok((!is_erased).then_some(NotErasedReason::Held))
    }
}

/// Returns why a customer cannot be erased now (hold, other campaign, open call, recording within its
/// retention); `None` if nothing prevents it.
pub(super) async fn find_not_erased_reason(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    person: &CustomerState,
) -> Result<Option<NotErasedReason>, Problem> {
    if person.held().is_some() {
        return Ok(Some(NotErasedReason::Held));
    }
    if person.enrolments().iter().any(|(other, _)| other != campaign) {
        return Ok(Some(NotErasedReason::InOtherCampaign));
    }
    if !person.open_calls().is_empty() {
        return Ok(Some(NotErasedReason::OpenCall));
    }
    let latest = compute_cutoff(installation.now(), recordings_days(installation, campaign).await?);
    let attempts = person
        .enrolments()
        .iter()
        .map(|(_, enrolment)| enrolment.attempts);
    let id = EnrolmentId {
        campaign: campaign.clone(),
        customer: customer.clone(),
    };
    for attempt in 1..=attempts.max().unwrap_or(0) {
        let call = CallId::derive(&id, attempt);
        let state = installation.entities.calls.state(&call).await?.state;
        let is_kept = state.recording() == RecordingStatus::Kept;
        if is_kept && state.ended().is_some_and(|ended| ended.at > latest) {
            return Ok(Some(NotErasedReason::RecordingBelowFloor));
        }
    }
    Ok(None)
}

/// Returns the id of the event that began the campaign's latest anonymization; `None` if there was none.
async fn last_begun(installation: &Installation, campaign: &CampaignId) -> Result<Option<EventId>, Problem> {
    let filter = EventFilter {
        kinds: vec![CampaignEvent::ANONYMIZATION_BEGUN.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let (mut after, mut found) = (Position(0), None);
    loop {
        let page = installation
            .store()
            .read_matching(&filter, after, PAGE_EVENTS_MAX)
            .await?;
        if let Some(last) = page.events.last() {
            let envelope = last
                .envelope()
                .map_err(|error| Problem::fault(error.to_string()))?;
            found = Some(envelope.id);
        }
        if page.reached == after {
            return Ok(found);
        }
        after = page.reached;
    }
}
