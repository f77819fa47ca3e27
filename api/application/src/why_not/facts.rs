//! Reads the facts for a question about the past or the present: customer, number, campaign and stops, each
//! from its own stream.

use crate::as_of::{ResolvedMoment, entity_then};
use crate::installation::Installation;
use actors::{Entities, OpenCircuit};
use domain::calling_plan::CampaignFacts;
use domain::campaign::{Campaign, CampaignState, CampaignStatus, Gates, StageWaitReason};
use domain::compliance::{JoinedFacts, PresetRules, calendars_asked, needs_facts, rules_at};
use domain::customer::{
    CampaignBlock, CampaignBlockEnd, Customer, CustomerState, WhyNotInput, dialed_number,
};
use domain::decider::Decider;
use domain::dialing_plan::DialingMode;
use domain::go_live::Stage;
use domain::holiday::Holiday;
use domain::ids::{CampaignId, CustomerId, NumberId};
use domain::number::{Number, NumberState, facts_of};
use domain::ports::vault::PersonKey;
use domain::preset_facts::OwnNumbers;
use domain::problem::Problem;
use domain::quota_members::QuotaMatcher;
use domain::registry::{NumberRegistry, NumberRegistryId};
use domain::registry_book::RegistryBook;
use domain::screening::NumberListName;
use domain::stop::{Stop, StopId};
use domain::test_phones::{TestPhones, TestPhonesId};
use domain::time::Timestamp;
use domain::working_calendar::Calendars;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A customer's state at the moment of the question.
#[derive(Debug)]
pub struct PersonFacts {
    pub state: Arc<CustomerState>,
}

/// What is known of one campaign and of the customer's number that it would dial.
#[derive(Debug)]
pub(super) struct CampaignDialFacts {
    pub(super) facts: CampaignFacts,
    pub(super) number: NumberId,
    pub(super) number_state: Arc<NumberState>,
    pub(super) hashed_on: Vec<NumberListName>,
    above: Vec<CampaignBlock>,
    pub(super) joined: Vec<JoinedFacts>,
}

impl CampaignDialFacts {
    /// Adds the holiday years that a version of a preset which is tried needs.
    pub(super) async fn know_days_of(
        &mut self,
        installation: &Installation,
        tried: &PresetRules,
        at: Timestamp,
    ) -> Result<(), Problem> {
        if tried.holidays.is_some() {
            self.facts.calendars = calendars(installation, &self.facts, tried, at, None).await?;
        }
        Ok(())
    }

    /// Assumes that the campaign is running and that nothing above the rules (stop, stage, agents) prevents
    /// a dial.
    pub(super) fn run_freely(&mut self) {
        self.facts.running = true;
        self.above.clear();
    }

    pub(super) fn judge<'a>(
        &'a self,
        customer: &CustomerId,
        coming: Option<&'a PresetRules>,
    ) -> WhyNotInput<'a> {
        WhyNotInput {
            number: facts_of(&self.number_state, customer, &self.facts, &self.hashed_on),
            above: self.above.clone(),
            coming,
            joined: &self.joined,
        }
    }
}

pub(super) async fn person(
    installation: &Installation,
    customer: &CustomerId,
    then: Option<&ResolvedMoment>,
) -> Result<PersonFacts, Problem> {
    let key = match then {
        None => None,
        Some(_) => installation.vault().existing_key(customer).await?,
    };
    let entities = &installation.entities.customers;
    let state = state_of::<Customer>(installation, entities, customer, then, key.as_ref()).await?;
    if !state.is_registered() {
        return Err(Problem::missing("this customer, at the time asked for,"));
    }
    Ok(PersonFacts { state })
}

pub(super) async fn campaign(
    installation: &Installation,
    customer: &CustomerId,
    campaign: &CampaignId,
    person: &PersonFacts,
    at: Timestamp,
    then: Option<&ResolvedMoment>,
) -> Result<CampaignDialFacts, Problem> {
    let entities = &installation.entities;
    let state = state_of::<Campaign>(installation, &entities.campaigns, campaign, then, None).await?;
    let facts = state.facts(campaign.clone());
    let mut facts = facts.ok_or_else(|| Problem::missing("this campaign, at the time asked for,"))?;
    facts.full = match QuotaMatcher::of(&facts.plan.quotas) {
        Ok(members) => state.quotas().full_for(&members.judge(&person.state, at), at),
        Err(fault) => Some(fault.as_full()),
    }
    .map(Box::new);
    let mut above = stops(installation, &facts, then).await?;
    above.extend(over(state.status()));
    above.extend(stage(state.gates(), customer, at));
    let drivers = installation.dialing.drivers().filter(|_| then.is_none());
    let has_agents = drivers.as_ref().map(|drivers| drivers.has_agents());
    above.extend(without_agents(facts.plan.dialing_mode(), has_agents));
    if let Some(drivers) = drivers {
        above.extend(drivers.engine_down_for(&facts).await.map(engine_down));
    }
    above.extend(unaccepted(&facts, &state, customer, at));
    let below = rules_alone(installation, customer, facts, person, at, then).await?;
    Ok(CampaignDialFacts { above, ..below })
}

/// Returns the facts for the rules alone, from given campaign facts: nothing above the rules prevents a
/// dial.
pub(super) async fn rules_alone(
    installation: &Installation,
    customer: &CustomerId,
    facts: CampaignFacts,
    person: &PersonFacts,
    at: Timestamp,
    then: Option<&ResolvedMoment>,
) -> Result<CampaignDialFacts, Problem> {
    let facts = with_kept(installation, facts, at, then).await?;
    let campaign = &facts.campaign;
    let number = dialed_number(&person.state, campaign);
    let number = number.ok_or_else(|| {
        Problem::refused(
            "not-enrolled",
            format!("customer {customer} is not in a list of campaign {campaign}"),
        )
    })?;
    let numbers = &installation.entities.numbers;
    let number_state = state_of::<Number>(installation, numbers, &number, then, None).await?;
    let phone = person.state.phone(&number).and_then(|phone| phone.value());
    let hashed_on = match phone {
        Some(e164) => hashed_on(installation, &facts.kept.registries, e164, then).await?,
        None => Vec::new(),
    };
    let joined = joined(installation, &person.state, &facts.kept.registries, then).await?;
    Ok(CampaignDialFacts {
        facts,
        number,
        number_state,
        hashed_on,
        above: Vec::new(),
        joined,
    })
}

/// Returns the restrictions that come from ids merged into the customer, as a dial would receive them. For
/// a past moment, each id is read with its own key, if it exists.
async fn joined(
    installation: &Installation,
    person: &CustomerState,
    registries: &RegistryBook,
    then: Option<&ResolvedMoment>,
) -> Result<Vec<JoinedFacts>, Problem> {
    let entities = &installation.entities;
    let mut all = Vec::with_capacity(person.joined().len());
    for id in person.joined() {
        let key = match then {
            None => None,
            Some(_) => installation.vault().existing_key(id).await?,
        };
        let other = state_of::<Customer>(installation, &entities.customers, id, then, key.as_ref()).await?;
        let mut facts = other.as_joined(id.clone());
        for known in other.numbers() {
            let number = &known.number;
            let said = state_of::<Number>(installation, &entities.numbers, number, then, None).await?;
            facts.note_number(said.opted_out(), said.suppressed());
            let phone = other.phone(number).and_then(|phone| phone.value());
            if let Some(e164) = phone
                && !hashed_on(installation, registries, e164, then).await?.is_empty()
            {
                facts.note_listed();
            }
        }
        all.push(facts);
    }
    Ok(all)
}

/// Returns a campaign's facts as a dial would receive them now. Fails with `Missing`.
pub async fn campaign_now(
    installation: &Installation,
    campaign: &CampaignId,
) -> Result<CampaignFacts, Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let facts = state.facts(campaign.clone());
    let facts = facts.ok_or_else(|| Problem::missing("this campaign"))?;
    with_kept(installation, facts, installation.now(), None).await
}

/// Adds facts that are kept outside the campaign, as known at the moment: imported holidays around the time
/// judged, if the plan uses days; registries of numbers; and what its preset requires of its account. Only
/// the dialing process knows whether agents are available.
async fn with_kept(
    installation: &Installation,
    mut facts: CampaignFacts,
    about: Timestamp,
    then: Option<&ResolvedMoment>,
) -> Result<CampaignFacts, Problem> {
    let rules = rules_at(facts.plan.preset, about);
    facts.calendars = calendars(installation, &facts, rules, about, then).await?;
    let registries = &installation.entities.registries;
    let known = state_of::<NumberRegistry>(installation, registries, &NumberRegistryId, then, None).await?;
    facts.kept.registries = Arc::clone(known.book());
    if facts.plan.stages.is_some_and(|stages| stages.own_phones) {
        let phones = &installation.entities.test_phones;
        let own = state_of::<TestPhones>(installation, phones, &TestPhonesId, then, None).await?;
        let numbers = own.phones().iter().filter_map(|one| one.phone.value().cloned());
        facts.kept.own_phones = Some(Arc::new(OwnNumbers::of(numbers)));
    }
    if needs_facts(&facts.plan, about) {
        let campaigns = &installation.entities.campaigns;
        let state = state_of::<Campaign>(installation, campaigns, &facts.campaign, then, None).await?;
        facts.kept.abandoned = state.abandoned(about);
    }
    Ok(facts)
}

async fn calendars(
    installation: &Installation,
    facts: &CampaignFacts,
    rules: &PresetRules,
    about: Timestamp,
    then: Option<&ResolvedMoment>,
) -> Result<Calendars, Problem> {
    let mut imported = Vec::new();
    for id in calendars_asked(&facts.plan, rules, about) {
        let entities = &installation.entities.holidays;
        let state = state_of::<Holiday>(installation, entities, &id, then, None).await?;
        imported.extend(state.calendar().cloned());
    }
    Ok(Calendars::of(imported))
}

/// Returns the number lists imported as digests that contain this number, as known at the moment.
pub(crate) async fn hashed_on(
    installation: &Installation,
    registries: &RegistryBook,
    e164: &str,
    then: Option<&ResolvedMoment>,
) -> Result<Vec<NumberListName>, Problem> {
    let mut lists = Vec::new();
    for digests in registries.salts() {
        let id = installation
            .vault()
            .derive_number(&digests.of(e164).stream_text());
        let numbers = &installation.entities.numbers;
        let state = state_of::<Number>(installation, numbers, &id, then, None).await?;
        let on = state.listed_on().iter();
        lists.extend(on.filter(|list| registries.uses_digests(list, digests)).cloned());
    }
    Ok(lists)
}

/// Returns the block that the campaign is stopped for good; `None` otherwise.
fn over(status: Option<CampaignStatus>) -> Option<CampaignBlock> {
    let status = status.filter(|status| *status == CampaignStatus::Stopped)?;
    Some(CampaignBlock {
        rule: "campaign_over".to_owned(),
        facts: BTreeMap::from([("status".to_owned(), status.code().to_owned())]),
        until: CampaignBlockEnd::Never,
    })
}

/// Returns the block that a campaign needs agents and the dialing process has none. `None` if it has, and
/// if this is unknown: in a process that does not dial, and for past moments.
fn without_agents(mode: DialingMode, has_agents: Option<bool>) -> Option<CampaignBlock> {
    (mode.needs_agents() && has_agents == Some(false)).then(|| CampaignBlock {
        rule: "no_agents".to_owned(),
        facts: BTreeMap::from([("mode".to_owned(), mode.code().to_owned())]),
        until: CampaignBlockEnd::Sometime("agents_there"),
    })
}

/// Returns the block that a speech engine which the flow needs does not respond.
fn engine_down(open: OpenCircuit) -> CampaignBlock {
    CampaignBlock {
        rule: "engine_down".to_owned(),
        facts: BTreeMap::from([
            ("since".to_owned(), open.since.to_string()),
            ("reason".to_owned(), format!("{}: {}", open.engine, open.reason)),
        ]),
        until: CampaignBlockEnd::Sometime("engine_answers"),
    }
}

/// Returns the block that in a campaign with preview offers no agent has accepted the customer, with the
/// agent who has the offer.
fn unaccepted(
    facts: &CampaignFacts,
    state: &CampaignState,
    customer: &CustomerId,
    at: Timestamp,
) -> Option<CampaignBlock> {
    let mode = facts.plan.dialing_mode();
    let offers = state.offers();
    let offered_to = offers.agent_of(customer, at);
    let offer = offered_to.and_then(|agent| offers.of(agent, at));
    let is_accepted = offer.is_some_and(|offer| offer.accepted.is_some());
    (mode.only_accepted() && !is_accepted).then(|| CampaignBlock {
        rule: "preview".to_owned(),
        facts: offered_to
            .map(|agent| ("offered_to".to_owned(), agent.to_string()))
            .into_iter()
            .collect(),
        until: CampaignBlockEnd::Sometime("accepted"),
    })
}

/// Returns the reason that a rollout stage prevents the dial: a test that is full without this customer, or
/// a pilot that has used up its calls of the day.
fn stage(gates: &Gates, customer: &CustomerId, at: Timestamp) -> Option<CampaignBlock> {
    let waiting = gates.waiting(at)?;
    let (until, of) = match waiting {
        StageWaitReason::TestIsFull if gates.admits(customer) => return None,
        StageWaitReason::TestIsFull => (CampaignBlockEnd::Sometime("promoted"), "people_admitted"),
        StageWaitReason::DayIsFull { until } => (CampaignBlockEnd::At(until), "calls_of_day"),
    };
    let count = match waiting {
        StageWaitReason::TestIsFull => gates.admitted_count().to_string(),
        StageWaitReason::DayIsFull { .. } => gates.calls_today(at).to_string(),
    };
    let stage = gates.stage().map_or("full", Stage::code);
    Some(CampaignBlock {
        rule: "stage".to_owned(),
        facts: BTreeMap::from([("stage".to_owned(), stage.to_owned()), (of.to_owned(), count)]),
        until,
    })
}

/// Returns the emergency stops that apply to the campaign now or at the moment, whatever the trunk.
pub(super) async fn stops(
    installation: &Installation,
    facts: &CampaignFacts,
    then: Option<&ResolvedMoment>,
) -> Result<Vec<CampaignBlock>, Problem> {
    let reaching = [StopId::All, StopId::Campaign(facts.campaign.clone())].into_iter();
    let reaching = reaching.chain(facts.plan.presets().map(StopId::Preset));
    let mut engaged = Vec::new();
    for stop in reaching {
        let state = state_of::<Stop>(installation, &installation.entities.stops, &stop, then, None).await?;
        let since = state.engaged().map(|engaged| engaged.since);
        engaged.extend(since.map(|since| CampaignBlock {
            rule: "emergency_stop".to_owned(),
            facts: BTreeMap::from([
                ("stop".to_owned(), stop.to_string()),
                ("since".to_owned(), since.to_string()),
            ]),
            until: CampaignBlockEnd::Sometime("stop_lifted"),
        }));
    }
    Ok(engaged)
}

async fn state_of<D: Decider>(
    installation: &Installation,
    entities: &Entities<D>,
    id: &D::Id,
    then: Option<&ResolvedMoment>,
    key: Option<&PersonKey>,
) -> Result<Arc<D::State>, Problem>
where
    Problem: From<actors::AskError<D::Refusal>>,
{
    let Some(then) = then else {
        return Ok(entities.state(id).await?.state);
    };
    let folded = entity_then::<D>(installation.store(), id, then, installation.vault(), key).await?;
    Ok(Arc::new(folded.state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_campaign_for_agents_lacks_them_and_only_where_it_is_known() {
        for (mode, has_agents, lacks) in [
            (DialingMode::Progressive, Some(false), true),
            (DialingMode::Predictive, Some(false), true),
            (DialingMode::Predictive, Some(true), false),
            (DialingMode::Predictive, None, false),
            (DialingMode::Batch, Some(false), false),
            (DialingMode::Callback, Some(false), false),
            (DialingMode::Preview, Some(false), true),
        ] {
            assert_eq!(
                without_agents(mode, has_agents).is_some(),
                lacks,
                "{mode:?} {has_agents:?}"
            );
        }
    }
}
