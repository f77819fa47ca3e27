//! Making a campaign's persons unknowable: what they said is kept without them, then who occurs in it alone
//! is erased as a person; who cannot be is counted and named with the reason. Figures and calls stay.

use super::anonymous::{self, Copied, Copying, is_all_copied};
use super::persons::Enrolments;
use crate::carried_out::{caused, certified, erase};
use crate::installation::Installation;
use crate::retention::{dispose, finish_left_over};
use domain::call::RecordingStanding;
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
use domain::retention::{DataClass, GENERAL_FLOOR, floor, kept_from};
use domain::stored_event::{Cause, Position};
use schemars::JsonSchema;
use serde::Serialize;

/// Most persons that one request erases: some seconds; the same request again goes on.
const ERASED_MAX: u64 = 2_000;

/// Most copies that one request makes: some seconds, since each has a key that is made durable first.
const COPIES_MAX: u64 = 1_000;

/// Persons named in a reply with why they are still known.
const NAMED_MAX: usize = 100;

/// Why somebody is still known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum WhyKnown {
    /// Their one key opens what another campaign knows too.
    InOtherCampaign,
    Held,
    OpenCall,
    /// A recording of theirs is younger than it has to be kept.
    RecordingBelowFloor,
    /// They were held, or called, when the copies were made: the same request again makes theirs.
    NotCopied,
}

/// Somebody who is still known.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct StillKnown {
    customer: CustomerId,
    why: WhyKnown,
}

/// What was found and done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnonymizedShown {
    pub campaign: CampaignId,
    /// Nobody was erased, and nothing stored.
    pub dry_run: bool,
    #[serde(flatten)]
    pub counts: AnonymizedCounts,
    /// To be erased yet: the same request again goes on. Of a dry run all who would be.
    pub left: u64,
    /// Calls and conversations to be copied, or transcripts to be disposed of, yet: nobody is erased before.
    pub to_copy: u64,
    /// Decided now, or by a request that was cut: their keys may be there yet.
    #[serde(skip)]
    uncertified: Vec<CustomerId>,
    #[serde(skip)]
    newly_erased: u64,
    /// At most 100 of them.
    still_known: Vec<StillKnown>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

impl AnonymizedShown {
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

/// How an order is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrying {
    /// Nothing is stored and nobody erased.
    DryRun,
    /// At most so many copies are made now.
    Copies(u64),
}

/// As much as one request does.
pub const CARRYING: Carrying = Carrying::Copies(COPIES_MAX);

/// Keeps what was said, looks at everybody who was ever enrolled, and erases who may be. Whoever demands that
/// somebody else agrees first, demands it here.
pub async fn anonymize(
    installation: &Installation,
    campaign: &CampaignId,
    reason: String,
    carrying: Carrying,
    four_eyes: Option<Box<FourEyes>>,
    cause: Cause,
) -> Result<AnonymizedShown, Problem> {
    let (dry_run, copies_max) = match carrying {
        Carrying::DryRun => (true, 0),
        Carrying::Copies(most) => (false, most),
    };
    let mut shown = AnonymizedShown::nothing(campaign.clone(), dry_run);
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
    // Behind the secret all is copied and erased that was to be: only its end is missing.
    if dry_run || order.is_some() {
        let copied = Copying::of(installation, campaign, &presets, order).await?;
        let copied = copied.run(copies_max).await?;
        take(installation, &presets, begun, copied, &mut shown).await?;
    } else if let Some(begun) = begun {
        shown.counts.copied = anonymous::made_by(installation, campaign, begun).await?;
        step = Step::OnlyEnd;
    }
    if let Some((secret, begun)) = order.filter(|_| shown.to_copy == 0) {
        step = Step::Erase(Erasing {
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
    // Nothing is answered, and nothing stands on record as done, while a key of theirs may open anything.
    if begun.is_some() {
        certified(installation, &shown.uncertified).await?;
    }
    if let Some(begun) = begun.filter(|_| shown.left == 0 && shown.to_copy == 0) {
        complete(installation, campaign, shown.counts, begun).await?;
    }
    shown.position = installation.store().head().await?;
    Ok(shown)
}

/// What an order ended with is on record first; the secret of an order that is over is destroyed again by the
/// next start, and by the next order. From then on nobody can tell which copy is of which call.
async fn complete(
    installation: &Installation,
    campaign: &CampaignId,
    counts: AnonymizedCounts,
    begun: EventId,
) -> Result<(), Problem> {
    let command = CampaignCommand::CompleteAnonymization { counts };
    let campaigns = &installation.entities.campaigns;
    campaigns
        .ask(campaign, command, caused(begun, "complete"))
        .await?;
    anonymous::destroy_secret(installation, begun).await
}

/// Begins an order, or goes on with the one that is under way; answers the event that began it.
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

/// All that bind a campaign, its own first.
async fn presets_of(installation: &Installation, campaign: &CampaignId) -> Result<Vec<Preset>, Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let presets = state.plan().into_iter().flat_map(|plan| plan.presets());
    Ok(presets.collect())
}

/// For how many days recordings of the campaign have to be kept: by the strictest of its presets.
async fn recordings_days(installation: &Installation, campaign: &CampaignId) -> Result<u32, Problem> {
    let presets = presets_of(installation, campaign).await?.into_iter();
    let days = presets.map(|preset| floor(DataClass::Recordings, preset).days);
    Ok(days.max().unwrap_or(GENERAL_FLOOR.days))
}

/// Takes the counts of what was copied; disposes of what is behind its copy, once all are made.
async fn take(
    installation: &Installation,
    presets: &[Preset],
    begun: Option<EventId>,
    copied: Copied,
    shown: &mut AnonymizedShown,
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

/// How far an order is, where persons are looked at.
enum Step<'a> {
    OnlyLook,
    Erase(Erasing<'a>),
    /// Its secret is destroyed: what was said since has no copy by it, and waits for the next order.
    OnlyEnd,
}

/// An order under which persons are erased.
struct Erasing<'a> {
    secret: &'a PersonKey,
    begun: EventId,
    /// What they said is kept first; not where they are too few.
    copies: bool,
}

async fn look_at(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    step: &Step<'_>,
    shown: &mut AnonymizedShown,
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
    let why = match why_known(installation, campaign, customer, &person).await? {
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
            Step::OnlyEnd => WhyKnown::NotCopied,
            Step::Erase(_) | Step::OnlyLook => {
                shown.left = shown.left.saturating_add(1);
                return Ok(());
            }
        },
    };
    let count = match why {
        WhyKnown::InOtherCampaign => &mut shown.counts.in_other_campaigns,
        WhyKnown::Held => &mut shown.counts.held,
        WhyKnown::OpenCall | WhyKnown::RecordingBelowFloor | WhyKnown::NotCopied => &mut shown.counts.not_yet,
    };
    *count = count.saturating_add(1);
    if shown.still_known.len() < NAMED_MAX {
        shown.still_known.push(StillKnown {
            customer: customer.clone(),
            why,
        });
    }
    Ok(())
}

impl Erasing<'_> {
    /// Why not, where something came between.
    async fn erase(
        &self,
        installation: &Installation,
        campaign: &CampaignId,
        customer: &CustomerId,
    ) -> Result<Option<WhyKnown>, Problem> {
        if self.copies && !is_all_copied(installation, campaign, customer, self.secret).await? {
            return Ok(Some(WhyKnown::NotCopied));
        }
        let reason = format!("anonymization of campaign {campaign}");
        let is_erased = erase(installation, customer, self.begun, reason).await?;
        Ok((!is_erased).then_some(WhyKnown::Held))
    }
}

/// `None` where nothing stands against an erasure.
pub(super) async fn why_known(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    person: &CustomerState,
) -> Result<Option<WhyKnown>, Problem> {
    if person.held().is_some() {
        return Ok(Some(WhyKnown::Held));
    }
    if person.enrolments().iter().any(|(other, _)| other != campaign) {
        return Ok(Some(WhyKnown::InOtherCampaign));
    }
    if !person.open_calls().is_empty() {
        return Ok(Some(WhyKnown::OpenCall));
    }
    let latest = kept_from(installation.now(), recordings_days(installation, campaign).await?);
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
        let is_kept = state.recording() == RecordingStanding::Kept;
        if is_kept && state.ended().is_some_and(|ended| ended.at > latest) {
            return Ok(Some(WhyKnown::RecordingBelowFloor));
        }
    }
    Ok(None)
}

/// The event that began what is under way.
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
