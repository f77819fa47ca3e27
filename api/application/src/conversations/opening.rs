//! Opening of a conversation: the customer, the flow, and the check of the compliance rules.

use super::open_conversations::{CONVERSATIONS_OPEN_MAX, OPEN_PER_CUSTOMER_MAX};
use crate::contact_gate::may_be_reached;
use crate::flows::definition_of;
use crate::installation::Installation;
use crate::why_not::hashed_on;
use actors::Answer;
use domain::calling_plan::{CampaignFacts, FlowRef};
use domain::campaign::CampaignStatus;
use domain::compliance::{CustomerFacts, Decision, NumberFacts, Verdict, judge_text, strictest};
use domain::conversation::{Channel, Conversation, ConversationCommand, ConversationInitiator, OpenedFact};
use domain::customer::{CustomerState, Erasure};
use domain::flow::{FlowDefinition, FlowSelector};
use domain::ids::{CampaignId, ConversationId, CustomerId, NumberId};
use domain::key_rule::KeyRule;
use domain::number::NumberState;
use domain::personal::Personal;
use domain::problem::{Problem, ProblemKind};
use domain::registry::NumberRegistryId;
use domain::screening::NumberListName;
use domain::stored_event::Cause;
use domain::texting;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A request to open a conversation.
#[derive(Debug)]
pub struct ConversationRequest {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub channel: Channel,
    pub begun_by: ConversationInitiator,
}

/// Opens a conversation with a customer of a campaign, after the check of the compliance rules. A repeated
/// request returns the same conversation. Fails with the verdict if the rules do not allow it.
pub async fn open(
    installation: &Installation,
    order: ConversationRequest,
    cause: Cause,
) -> Result<(ConversationId, Answer<Conversation>), Problem> {
    let id = ConversationId::derive(cause.command);
    let entities = &installation.entities;
    let is_new = entities.conversations.state(&id).await?.state.opened().is_none();
    let campaign = entities.campaigns.state(&order.campaign).await?.state;
    let facts = campaign
        .facts(order.campaign.clone())
        .ok_or_else(|| Problem::missing("this campaign"))?;
    if campaign.status() == Some(CampaignStatus::Stopped) {
        return Err(Problem::refused(
            "campaign-over",
            format!("campaign {} was ended permanently", order.campaign),
        ));
    }
    let person = entities.customers.state(&order.customer).await?.state;
    let number = number_of(&person, &order)?;
    if is_new && order.begun_by == ConversationInitiator::Us {
        may_be_reached(installation, &facts).await?;
    }
    if is_new {
        has_room(installation, &order.customer).await?;
    }
    let number_state = entities.numbers.state(&number).await?.state;
    let answers = order.begun_by == ConversationInitiator::Customer;
    let hashed_on = hashed_lists_of(installation, &person, &number).await?;
    let judged = MessageFacts {
        facts: &facts,
        person: &person,
        number: &number,
        number_state: &number_state,
        hashed_on: &hashed_on,
    };
    let verdicts = judged.verdicts(answers, installation.now())?;
    if is_new {
        allowed(&verdicts)?;
    }
    let graph = graph_of(installation, &facts.flow).await?;
    let opened = Box::new(OpenedFact {
        variables: variables_of(&person, &order.campaign)?,
        campaign: order.campaign,
        customer: order.customer,
        number,
        channel: order.channel,
        begun_by: order.begun_by,
        flow: facts.flow,
        key_rule: KeyRule::CURRENT,
        verdicts,
    });
    let follows = texting::begin(id, &opened, &graph);
    let command = ConversationCommand::Open { opened, follows };
    let answer = entities.conversations.ask(&id, command, cause).await?;
    Ok((id, answer))
}

/// Returns the number lists imported as hashes that contain the customer's number; empty if the number is
/// not known in clear.
pub(crate) async fn hashed_lists_of(
    installation: &Installation,
    person: &CustomerState,
    number: &NumberId,
) -> Result<Vec<NumberListName>, Problem> {
    let Some(e164) = person.phone(number).and_then(Personal::value) else {
        return Ok(Vec::new());
    };
    let known = installation
        .entities
        .registries
        .state(&NumberRegistryId)
        .await?
        .state;
    hashed_on(installation, known.book(), e164, None).await
}

/// Returns the definition of the flow version that a conversation runs.
pub(super) async fn graph_of(
    installation: &Installation,
    flow: &FlowRef,
) -> Result<Arc<FlowDefinition>, Problem> {
    let named = FlowSelector {
        flow: flow.flow.clone(),
        version: Some(flow.version),
    };
    let (_, graph) = definition_of(installation, &named).await?;
    Ok(graph)
}

/// Returns the number to which an opt-out in the conversation would apply: that of the customer's
/// enrolment. Fails with `not-enrolled` if the customer is not in the campaign.
fn number_of(person: &CustomerState, order: &ConversationRequest) -> Result<NumberId, Problem> {
    let enrolment = person.enrolment(&order.campaign);
    let enrolment = enrolment.ok_or_else(|| {
        Problem::refused(
            "not-enrolled",
            format!("the customer is not in a list of campaign {}", order.campaign),
        )
    })?;
    Ok(enrolment.number.clone())
}

async fn has_room(installation: &Installation, customer: &CustomerId) -> Result<(), Problem> {
    let under_way = &installation.conversations;
    under_way.follow(installation.store()).await?;
    let count = under_way.count(customer);
    if count.of_person >= OPEN_PER_CUSTOMER_MAX {
        return Err(Problem::refused(
            "conversations-open",
            format!(
                "{} conversations with this customer are open: continue one of them",
                count.of_person
            ),
        ));
    }
    if count.of_all >= CONVERSATIONS_OPEN_MAX {
        return Err(Problem::new(
            ProblemKind::Busy,
            "busy",
            format!("{} conversations are open, which is the limit", count.of_all),
        ));
    }
    Ok(())
}

/// The facts by which the rules judge a message to a customer.
pub(crate) struct MessageFacts<'a> {
    pub(crate) facts: &'a CampaignFacts,
    pub(crate) person: &'a CustomerState,
    pub(crate) number: &'a NumberId,
    pub(crate) number_state: &'a NumberState,
    /// Digest lists that contain this number.
    pub(crate) hashed_on: &'a [NumberListName],
}

impl MessageFacts<'_> {
    /// Returns the verdicts of the rules about writing to the customer at `now`. `answers` is true for a
    /// reply to the customer's own message.
    pub(crate) fn verdicts(&self, answers: bool, now: Timestamp) -> Result<Vec<Verdict>, Problem> {
        let Self {
            facts,
            person,
            number,
            number_state,
            hashed_on,
        } = self;
        let enrolment = person
            .enrolment(&facts.campaign)
            .ok_or_else(|| Problem::missing("this customer"))?;
        let phone = person.phone(number).and_then(Personal::value);
        let customer = CustomerFacts {
            campaign: facts,
            basis: enrolment.basis,
            consent: person.consents().get(&facts.plan.purpose),
            phone: phone.map(String::as_str),
            phone_country: person.phone_country(number),
            home_location: None,
            time_zone: person.time_zone(),
            charged_dials: enrolment.charged_dials,
            uncharged_dials: enrolment.uncharged_dials,
            callback: None,
            own_caps: &[],
            preferred: &[],
            erasing: person.erasure() != Erasure::None,
            held: person.held().is_some(),
            history: person.history(),
            joined: &[],
            coming: None,
        };
        let number = NumberFacts {
            campaign: facts,
            opted_out: number_state.opted_out(),
            suppressed: number_state.suppressed(),
            invalid: number_state.invalid(),
            claimed_by: None,
            listed_on: number_state.listed_on(),
            hashed_on,
            checked: None,
            history: number_state.history(),
            coming: None,
        };
        Ok(judge_text(&customer, &number, answers, now))
    }
}

/// Fails if the strictest of these verdicts does not allow a message now.
pub(crate) fn allowed(verdicts: &[Verdict]) -> Result<(), Problem> {
    let Some(verdict) = strictest(verdicts) else {
        return Ok(());
    };
    let until = match verdict.decision {
        Decision::DeferUntil(at) => format!("not before {at}"),
        Decision::Forbid | Decision::Allow => "not at all".to_owned(),
    };
    let facts = verdict
        .facts
        .iter()
        .map(|(name, value)| format!("; {name} {value}"));
    let detail = format!(
        "rule {} allows messages {until}{}",
        verdict.rule,
        facts.collect::<String>()
    );
    Err(Problem::refused("text-not-permitted", detail))
}

fn variables_of(
    person: &CustomerState,
    campaign: &CampaignId,
) -> Result<BTreeMap<String, Personal<String>>, Problem> {
    let enrolment = person
        .enrolment(campaign)
        .ok_or_else(|| Problem::missing("this customer"))?;
    let readable = |(name, value): (&String, &Personal<String>)| {
        value
            .value()
            .map(|value| (name.clone(), Personal::open(value.clone())))
    };
    Ok(enrolment.variables.iter().filter_map(readable).collect())
}
