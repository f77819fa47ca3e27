//! Test calls: the list of our own phones, a call to one of them with a campaign's flow, and its result. A
//! test call is not a call to a customer.

mod phones;
mod responses;

pub use phones::{PhoneListed, PhonesListed, TestPhonesChanged, add_phone, phones, remove_phone};
pub use responses::{TestCallResponse, TestStepResponse, shown};

use crate::installation::Installation;
use actors::{TestCallOrder, TestCallRefusal};
use domain::flow::FlowDefinition;
use domain::ids::{CallId, CampaignId};
use domain::phone_number::PhoneNumber;
use domain::problem::{MemberError, Problem};
use domain::stored_event::Cause;
use domain::test_phones::TestPhonesId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A request for a test call.
pub struct TestCallRequest {
    pub campaign: CampaignId,
    /// One of our own phones. It can be left out if the list has only one.
    pub phone: Option<String>,
    pub variables: Map<String, Value>,
}

/// A test call that was permitted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PermittedTestCall {
    pub call: CallId,
    #[schemars(example = &"TASK20261120")]
    pub campaign: CampaignId,
    /// True: it counts in no figure, and no customer was called.
    pub test: bool,
}

/// Dials one of our own phones for the campaign.
pub async fn test_call(
    installation: &Installation,
    ask: TestCallRequest,
    cause: Cause,
) -> Result<PermittedTestCall, Problem> {
    let campaign = installation.entities.campaigns.state(&ask.campaign).await?.state;
    let flow = campaign.flow().ok_or_else(|| Problem::missing("this campaign"))?;
    let loaded = installation.entities.flows.state(&flow.flow).await?.state;
    let published = loaded.version(flow.version);
    let definition = published.and_then(|one| one.definition.as_deref());
    let definition = definition.ok_or_else(|| Problem::missing("the campaign's flow"))?;
    let variables = values(definition, &ask.variables)?;
    let phone = phone(installation, ask.phone.as_deref()).await?;
    let drivers = installation.dialing.drivers();
    let drivers = drivers
        .ok_or_else(|| Problem::unavailable("this process does not dial: it has no line or is on standby"))?;
    let order = TestCallOrder {
        campaign: ask.campaign.clone(),
        number: installation.vault().derive_number(phone.as_e164()),
        phone: phone.as_e164().to_owned(),
        variables,
        cause,
    };
    let call = drivers.test_call(order).await.map_err(refused)?;
    Ok(PermittedTestCall {
        call,
        campaign: ask.campaign,
        test: true,
    })
}

/// Returns the phone that is named, or the only one in the list.
async fn phone(installation: &Installation, named: Option<&str>) -> Result<PhoneNumber, Problem> {
    let listed = installation
        .entities
        .test_phones
        .state(&TestPhonesId)
        .await?
        .state;
    let text = match (named, listed.phones()) {
        (Some(named), _) => named.to_owned(),
        (None, [only]) => {
            let known = only.phone.value().cloned();
            known.ok_or_else(|| Problem::unavailable("the key of the test phones is not available"))?
        }
        (None, []) => return Err(refused(TestCallRefusal::NotOurs)),
        (None, _) => return Err(wrong("/phone", "is missing: several phones are listed")),
    };
    let country = installation.default_country().await?;
    PhoneNumber::parse(&text, country).map_err(|error| wrong("/phone", &error.to_string()))
}

/// Returns the values of variables, as a row of a list would give them.
fn values(
    definition: &FlowDefinition,
    sent: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, Problem> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let known = sent
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), text(value)?)));
    let known: BTreeMap<String, String> = known.collect();
    let faults = definition.check_values(&known);
    if faults.is_empty() {
        return Ok(known);
    }
    let fault = |fault: &domain::flow::ValueFault| MemberError {
        pointer: "/variables".to_owned(),
        detail: fault.to_string(),
    };
    Err(Problem::members(faults.iter().map(fault).collect()))
}

fn wrong(pointer: &str, detail: &str) -> Problem {
    Problem::members(vec![MemberError {
        pointer: pointer.to_owned(),
        detail: detail.to_owned(),
    }])
}

fn refused(refusal: TestCallRefusal) -> Problem {
    match refusal {
        TestCallRefusal::NoCampaign => Problem::missing("this campaign"),
        TestCallRefusal::NotOurs => Problem::refused("test-number-not-listed", refusal.to_string()),
        TestCallRefusal::ForAgents => Problem::refused("test-call-for-agents", refusal.to_string()),
        TestCallRefusal::UnderWay => Problem::refused("test-call-under-way", refusal.to_string()),
        TestCallRefusal::Stopped => Problem::refused("test-call-stopped", refusal.to_string()),
        TestCallRefusal::NoPlace | TestCallRefusal::NotDialing | TestCallRefusal::NotRecorded => {
            Problem::unavailable(refusal.to_string())
        }
    }
}
