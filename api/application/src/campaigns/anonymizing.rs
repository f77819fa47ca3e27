//! Making a campaign's persons unknowable: who occurs in it alone is erased as a person; who cannot be is
//! counted and named with the reason. Figures and calls stay.

use super::persons::Enrolments;
use crate::carried_out::{caused, erase};
use crate::installation::Installation;
use domain::call::RecordingStanding;
use domain::calling_plan::Preset;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::{AnonymizedCounts, CampaignEvent};
use domain::customer::{CustomerState, Erasure};
use domain::event_filter::EventFilter;
use domain::four_eyes::FourEyes;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, EventId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::retention::{DataClass, floor, kept_from};
use domain::stored_event::{Cause, Position};
use schemars::JsonSchema;
use serde::Serialize;

/// Most persons that one request erases: some seconds; the same request again goes on.
const ERASED_MAX: u64 = 2_000;

/// Persons named in a reply with why they are still known.
const NAMED_MAX: usize = 100;

/// Why somebody is still known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum WhyKnown {
    /// Their one key opens what another campaign knows too.
    InOtherCampaign,
    Held,
    OpenCall,
    /// A recording of theirs is younger than it has to be kept.
    RecordingBelowFloor,
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
    /// At most 100 of them.
    still_known: Vec<StillKnown>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// Looks at everybody who was ever enrolled, and erases who may be. Whoever demands that somebody else agrees
/// first, demands it here.
pub async fn anonymize(
    installation: &Installation,
    campaign: &CampaignId,
    reason: String,
    dry_run: bool,
    four_eyes: Option<Box<FourEyes>>,
    cause: Cause,
) -> Result<AnonymizedShown, Problem> {
    let mut shown = AnonymizedShown {
        campaign: campaign.clone(),
        dry_run,
        counts: AnonymizedCounts::default(),
        left: 0,
        still_known: Vec::new(),
        position: Position(0),
    };
    let mut begun = None;
    if !dry_run {
        let command = CampaignCommand::BeginAnonymization { reason, four_eyes };
        installation
            .entities
            .campaigns
            .ask(campaign, command, cause)
            .await?;
        begun = last_begun(installation, campaign).await?;
    }
    let mut enrolments = Enrolments::of(campaign);
    while let Some(page) = enrolments.next(installation).await? {
        for customer in &page {
            look_at(installation, campaign, customer, begun, &mut shown).await?;
        }
    }
    if let Some(begun) = begun.filter(|_| shown.left == 0) {
        let counts = shown.counts;
        let command = CampaignCommand::CompleteAnonymization { counts };
        let cause = caused(begun, "complete");
        installation
            .entities
            .campaigns
            .ask(campaign, command, cause)
            .await?;
    }
    shown.position = installation.store().head().await?;
    Ok(shown)
}

async fn look_at(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    begun: Option<EventId>,
    shown: &mut AnonymizedShown,
) -> Result<(), Problem> {
    let person = installation.entities.customers.state(customer).await?.state;
    shown.counts.persons = shown.counts.persons.saturating_add(1);
    if !matches!(person.erasure(), Erasure::None) {
        shown.counts.erased = shown.counts.erased.saturating_add(1);
        return Ok(());
    }
    let why = match why_known(installation, campaign, customer, &person).await? {
        Some(why) => why,
        None => match begun {
            Some(begun) if shown.counts.erased < ERASED_MAX => {
                let reason = format!("anonymization of campaign {campaign}");
                if erase(installation, customer, begun, reason).await? {
                    shown.counts.erased = shown.counts.erased.saturating_add(1);
                    return Ok(());
                }
                // A hold came between.
                WhyKnown::Held
            }
            Some(_) | None => {
                shown.left = shown.left.saturating_add(1);
                return Ok(());
            }
        },
    };
    let count = match why {
        WhyKnown::InOtherCampaign => &mut shown.counts.in_other_campaigns,
        WhyKnown::Held => &mut shown.counts.held,
        WhyKnown::OpenCall | WhyKnown::RecordingBelowFloor => &mut shown.counts.not_yet,
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

/// `None` where nothing stands against an erasure.
async fn why_known(
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
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let presets = state.plan().into_iter().flat_map(|plan| plan.presets());
    let floors = presets.map(|preset| floor(DataClass::Recordings, preset).days);
    let days = floors
        .max()
        .unwrap_or_else(|| floor(DataClass::Recordings, Preset::default()).days);
    let latest = kept_from(installation.now(), days);
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
