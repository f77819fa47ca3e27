//! Reads the states of entities and builds the facts that drivers put into commands and orders.

use super::driver_context::{DriverContext, Halt};
use domain::call::{CallState, LegIdentity, LegState, dialog_with_callee};
use domain::calling_plan::{CallingPlan, CampaignFacts};
use domain::compliance::{calendars_asked, needs_facts, rules_at};
use domain::customer::command::{CallClosing, RedialRule};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::ports::line::LegFacts;
use domain::ports::vault::Vault;
use domain::preset_facts::{AgentPresence, OwnNumbers};
use domain::registry::NumberRegistryId;
use domain::registry_book::RegistryBook;
use domain::screening::NumberListName;
use domain::test_phones::TestPhonesId;
use domain::working_calendar::Calendars;
use std::sync::Arc;

/// 607 Unwanted (RFC 8197).
const SIP_UNWANTED: u16 = 607;

/// Returns the campaign's current facts. Fails with `Fault` if the campaign does not exist.
pub(crate) async fn campaign_facts(
    kit: &DriverContext,
    campaign: &CampaignId,
) -> Result<CampaignFacts, Halt> {
    let loaded = kit.state(&kit.system.campaigns, campaign).await?;
    loaded.state.facts(campaign.clone()).ok_or_else(|| {
        tracing::error!(%campaign, "a campaign with work does not exist");
        Halt::Fault
    })
}

/// Returns the campaign's facts for the closing of a call. With best call times, they include the holiday
/// calendars, by which the next hour is chosen.
pub(crate) async fn closing_facts(kit: &DriverContext, campaign: &CampaignId) -> Result<CampaignFacts, Halt> {
    let mut facts = campaign_facts(kit, campaign).await?;
    if facts.plan.best_times.is_some() {
        facts.calendars = calendars(kit, &facts.plan).await?;
    }
    Ok(facts)
}

/// Returns the imported holiday calendars that the campaign or its compliance rules need now.
pub(crate) async fn calendars(kit: &DriverContext, plan: &CallingPlan) -> Result<Calendars, Halt> {
    let now = kit.now();
    let mut imported = Vec::new();
    for id in calendars_asked(plan, rules_at(plan.preset, now), now) {
        let loaded = kit.state(&kit.system.holidays, &id).await?;
        imported.extend(loaded.state.calendar().cloned());
    }
    Ok(Calendars::of(imported))
}

/// Adds to the campaign's facts what its compliance rules need of the installation: holiday calendars,
/// abandoned calls, presence and number of free agents, own test phones, number registries.
pub(crate) async fn add_installation_facts(
    kit: &DriverContext,
    mut facts: CampaignFacts,
) -> Result<CampaignFacts, Halt> {
    facts.calendars = calendars(kit, &facts.plan).await?;
    if needs_facts(&facts.plan, kit.now()) {
        let state = kit.state(&kit.system.campaigns, &facts.campaign).await?.state;
        facts.kept.abandoned = state.abandoned(kit.now());
        let floor = kit
            .ports
            .agents
            .as_ref()
            .and_then(|agents| agents.floor(&facts.campaign, kit.now()));
        if floor.is_some_and(|floor| floor.agents() > 0) {
            facts.kept.agents = AgentPresence::Present;
        }
    }
    if facts.plan.stages.is_some_and(|stages| stages.own_phones) {
        let own = kit.state(&kit.system.test_phones, &TestPhonesId).await?;
        let numbers = own
            .state
            .phones()
            .iter()
            .filter_map(|one| one.phone.value().cloned());
        facts.kept.own_phones = Some(Arc::new(OwnNumbers::of(numbers)));
    }
    let registries = kit.state(&kit.system.registries, &NumberRegistryId).await?;
    facts.kept.registries = Arc::clone(registries.state.book());
    if facts.plan.dialing_mode().needs_agents()
        && let Some(agents) = &kit.ports.agents
    {
        facts.free_agents = agents.free_agents(&facts.campaign, kit.now());
    }
    Ok(facts)
}

/// Returns the imported digest lists that contain this number. Its digest, which is computed and not
/// stored, gives the id of the number entity with the entry.
pub(crate) async fn find_digest_lists(
    kit: &DriverContext,
    registries: &RegistryBook,
    e164: &str,
) -> Result<Vec<NumberListName>, Halt> {
    let mut lists = Vec::new();
    for digests in registries.salts() {
        let id = kit
            .environment
            .vault
            .derive_number(&digests.of(e164).stream_text());
        let loaded = kit.state(&kit.system.numbers, &id).await?;
        let on = loaded.state.listed_on().iter();
        lists.extend(on.filter(|list| registries.uses_digests(list, digests)).cloned());
    }
    Ok(lists)
}

/// Returns true if `call.dialing` is stored. From then on the call's grant is never released.
pub(crate) fn is_dialed(state: &CallState) -> bool {
    !state.legs().is_empty()
}

/// Returns the trunk and the facts of the call's last leg, which may still be open at the far end; `None`
/// if no leg was dialed. Works for an erased callee too: CANCEL and BYE use the dialog.
pub(crate) fn dialed_leg(vault: &dyn Vault, call: CallId, state: &CallState) -> Option<(String, LegFacts)> {
    let LegState {
        leg,
        trunk,
        sip_call_id,
        local,
        caller,
        answered,
        late_answered,
        ..
    } = state.last_leg()?;
    let callee = state.callee().and_then(|callee| callee.value().cloned());
    let dialog = answered.clone().or_else(|| late_answered.clone());
    let facts = LegFacts {
        call,
        leg: *leg,
        identity: LegIdentity::of_stored(vault.derive_leg(&call, *leg), call, *leg, sip_call_id),
        local: local.clone(),
        answered: dialog.map(|dialog| dialog_with_callee(dialog, callee.as_deref())),
        callee: callee.unwrap_or_default(),
        caller: caller.clone(),
    };
    Some((trunk.clone(), facts))
}

/// Returns what customer and number record about an ended call, and its customer; `None` if the call was
/// never dialed or has not ended.
pub(crate) fn call_closing(call: CallId, state: &CallState) -> Option<(CallClosing, CustomerId)> {
    let ended = state.ended()?;
    let first = state.legs().first()?;
    // From the first dial to the last end of a leg's hold-off: a later leg may be the one that still rings.
    let held_off_ms = |leg: &LegState| {
        leg.dialing_at
            .ms_since(first.dialing_at)
            .saturating_add(leg.hold_off_ms)
    };
    let hold_off_ms = state.legs().iter().map(held_off_ms).max();
    let closing = CallClosing {
        call,
        campaign: state.campaign()?.clone(),
        number: state.number()?.clone(),
        disposition: ended.disposition,
        outcome: ended.outcome,
        charged: ended.charged,
        answered: state.answered_at().is_some(),
        late_leg: state
            .legs()
            .iter()
            .find(|leg| leg.late_answered.is_some())
            .map(|leg| leg.leg),
        again: match state.end_ordered() {
            Some(_) => RedialRule::Never,
            None => RedialRule::ByPolicy,
        },
        dialed_at: first.dialing_at,
        ended_at: ended.at,
        callback_at: None,
        hold_off_ms: hold_off_ms.unwrap_or(first.hold_off_ms),
    };
    Some((closing, state.customer()?.clone()))
}

/// Returns true if the callee's network reported the call as unwanted (SIP 607, RFC 8197).
pub(crate) fn is_unwanted(state: &CallState) -> bool {
    let failure = state.last_leg().and_then(|leg| leg.failure.as_ref());
    failure.is_some_and(|failure| failure.sip_code == Some(SIP_UNWANTED))
}
