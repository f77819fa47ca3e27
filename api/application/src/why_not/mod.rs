//! Why a customer was called, or not called, at a time: the rules for customer and number, with the facts
//! of their own streams as known then; for a future time, with the present facts. Nothing is granted and no
//! rows are read.

mod calling_order;
mod facts;
mod nearby_dials;
mod preview;
mod responses;

pub use calling_order::CallingOrderPlace;
pub use facts::campaign_now;
pub(crate) use facts::hashed_on;
pub use responses::{CampaignVerdict, NearbyDial, RuleVerdict, WhyNotResponse};

use crate::as_of::{EntityReplay, Moment, ResolvedMoment};
use crate::installation::Installation;
use domain::calling_plan::{CampaignFacts, Preset};
use domain::campaign::Campaign;
use domain::compliance::PresetRules;
use domain::compliance::{describe_refusal, zone_of};
use domain::customer::{CampaignBlock, CustomerCommand, DialExplanation, SidedVerdict, why_not};
use domain::ids::{CampaignId, CustomerId, NumberId};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use facts::{CampaignDialFacts, PersonFacts, rules_alone};
use responses::ReplyParts;

/// A question why a customer is called, or not, at a time.
#[derive(Debug)]
pub struct Question {
    pub customer: CustomerId,
    /// The customer's campaigns that the caller may see.
    pub campaigns: Vec<CampaignId>,
    pub at: Timestamp,
}

/// Returns the moment at which the facts for a question about the time `at` are read: what was known then;
/// `None` (now) for a present or future time.
pub async fn moment_of(
    installation: &Installation,
    at: Timestamp,
) -> Result<Option<ResolvedMoment>, Problem> {
    let now = installation.now();
    if at >= now {
        return Ok(None);
    }
    let moment = Moment::parse(Some(&at.to_string()), None)?;
    Ok(Some(moment.resolve(installation.store(), now).await?))
}

/// Returns the customer's state at that moment, or now. Fails with `Missing` if the customer did not exist.
pub async fn person_then(
    installation: &Installation,
    customer: &CustomerId,
    then: Option<&ResolvedMoment>,
) -> Result<PersonFacts, Problem> {
    facts::person(installation, customer, then).await
}

/// The refusing rule under the current version of the preset, and under a tried version.
#[derive(Debug)]
pub struct PresetTrial {
    pub now: Option<String>,
    pub then: Option<String>,
}

/// Judges one customer of a campaign by the current and by a tried version of the preset, with the present
/// facts. Blocks above the rules are left out, and the campaign is assumed to be running.
pub async fn judged_now(
    installation: &Installation,
    customer: &CustomerId,
    campaign: &CampaignId,
    person: &PersonFacts,
    tried: &PresetRules,
    at: Timestamp,
) -> Result<PresetTrial, Problem> {
    let mut facts = facts::campaign(installation, customer, campaign, person, at, None).await?;
    facts.run_freely();
    facts.know_days_of(installation, tried, at).await?;
    let judged = |coming| {
        let said = why_not(&person.state, &facts.judge(customer, coming), at);
        said.and_then(|said| said.binding).map(|verdict| verdict.rule)
    };
    Ok(PresetTrial {
        now: judged(None),
        then: judged(Some(tried)),
    })
}

/// Returns every rule's verdict for one customer of a campaign, in order, with the present facts. Blocks
/// above the rules are left out, and the campaign is assumed to be running.
pub async fn verdicts_now(
    installation: &Installation,
    customer: &CustomerId,
    campaign: &CampaignId,
    person: &PersonFacts,
    at: Timestamp,
) -> Result<Vec<SidedVerdict>, Problem> {
    let mut facts = facts::campaign(installation, customer, campaign, person, at, None).await?;
    facts.run_freely();
    let said = why_not(&person.state, &facts.judge(customer, None), at);
    Ok(said.map(|said| said.verdicts).unwrap_or_default())
}

/// A dial that was granted at a position of the log.
#[derive(Debug, Clone, Copy)]
pub struct GrantedDial<'a> {
    pub customer: &'a CustomerId,
    pub number: &'a NumberId,
    pub campaign: &'a CampaignId,
    pub position: Position,
    pub at: Timestamp,
}

/// Returns every rule's verdict for a granted dial under another preset, by what was known just before the
/// grant; `None` if the customer cannot be read any more. `course` replays the dials' campaign, so they
/// must be given in the order of their grants.
pub async fn judged_before(
    installation: &Installation,
    course: &mut EntityReplay<Campaign>,
    dial: GrantedDial<'_>,
    preset: Preset,
) -> Result<Option<Vec<SidedVerdict>>, Problem> {
    let then = ResolvedMoment::up_to(Position(dial.position.0.saturating_sub(1)));
    let person = facts::person(installation, dial.customer, Some(&then)).await?;
    let phone = person.state.phone(dial.number);
    if phone.and_then(|phone| phone.value()).is_none() {
        return Ok(None);
    }
    let campaign = course.up_to(installation.store(), then.position).await?;
    let known = campaign.facts(dial.campaign.clone());
    let mut known = known.ok_or_else(|| Problem::missing("this campaign, at the time asked for,"))?;
    known.plan.preset = preset;
    let about = rules_alone(installation, dial.customer, known, &person, dial.at, Some(&then));
    let mut facts = about.await?;
    facts.run_freely();
    let said = why_not(&person.state, &facts.judge(dial.customer, None), dial.at);
    Ok(said.map(|said| said.verdicts))
}

/// Returns the names of the emergency stops that apply to a campaign now; empty without a campaign.
pub async fn engaged_stops(
    installation: &Installation,
    campaign: Option<CampaignFacts>,
) -> Result<Vec<String>, Problem> {
    let Some(campaign) = campaign else {
        return Ok(Vec::new());
    };
    let above = facts::stops(installation, &campaign, None).await?;
    let name = |above: CampaignBlock| above.facts.get("stop").cloned();
    Ok(above.into_iter().filter_map(name).collect())
}

/// Returns the command that judges a customer by the rules before the customer is offered to an agent. That
/// agent is assumed to be free.
pub async fn judged_for_preview(
    installation: &Installation,
    customer: &CustomerId,
    facts: CampaignFacts,
) -> Result<CustomerCommand, Problem> {
    preview::preview(installation, customer, facts, installation.now()).await
}

/// Applies the rules of each campaign to the customer. The reply is for the first campaign that permits a
/// dial, otherwise for the one that will permit it first.
pub async fn explain(
    installation: &Installation,
    question: Question,
    person: PersonFacts,
    then: Option<ResolvedMoment>,
) -> Result<WhyNotResponse, Problem> {
    let Question {
        customer,
        campaigns,
        at,
    } = question;
    let mut explained: Vec<(CampaignDialFacts, DialExplanation)> = Vec::new();
    for campaign in campaigns {
        let facts = facts::campaign(installation, &customer, &campaign, &person, at, then.as_ref()).await?;
        let said = why_not(&person.state, &facts.judge(&customer, None), at);
        let said = said.ok_or_else(|| Problem::fault("an enrolment that was there is gone"))?;
        explained.push((facts, said));
    }
    let all: Vec<CampaignVerdict> = explained
        .iter()
        .map(|(of, said)| CampaignVerdict::of(of, said))
        .collect();
    let never = Timestamp::from_micros(i64::MAX);
    explained.sort_by_key(|(_, said)| (!said.permitted(), said.not_before.unwrap_or(never)));
    let Some((of, said)) = explained.into_iter().next() else {
        return Err(Problem::refused(
            "not-enrolled",
            "the customer is not in a list of any campaign that could call them",
        ));
    };
    let near = nearby_dials::dials(installation, &customer, &of, at).await?;
    let phone = person.state.phone(&of.number).and_then(|phone| phone.value());
    let zone = zone_of(person.state.time_zone(), phone.map(String::as_str));
    let enrolment = person.state.enrolment(&of.facts.campaign);
    let order = enrolment.and_then(|enrolment| CallingOrderPlace::of(&of.facts, enrolment, at));
    let parts = ReplyParts {
        customer,
        order,
        of,
        said,
        all,
        near,
        at,
        known: then.map(|then| then.describe()),
    };
    Ok(WhyNotResponse::of(parts, &|rule, facts, next| {
        describe_refusal(rule, facts, next, zone)
    }))
}
