//! One customer over HTTP: who it is (masked), in which campaigns, and which calls.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::{Done, Problem, masked};
use crate::serving::App;
use domain::customer::{CustomerState, EnrolmentState};
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId};
use domain::personal::{Personal, mask_name};
use domain::phone_number::mask_e164;
use serde_json::{Value, json};

/// Characters of an external id that are shown: enough to recognise one's own, too few to be it.
const EXTERNAL_ID_SHOWN: usize = 2;

/// Most attempts of one enrolment that are looked up for their calls; caps stop far earlier.
const ATTEMPTS_SHOWN_MAX: u32 = 100;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(
        "/api/v1/customers/{id}",
        "One customer by the institution's own id or by ours, with enrolments and calls",
        |ctx, input| Box::pin(show(ctx, input)),
    )]
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let text = input.param(0)?;
    let (customer, state) = find(&ctx, &text).await?;
    let mut enrolments = Vec::new();
    let mut calls = Vec::new();
    for (campaign, enrolment) in state.enrolments() {
        let made = calls_of(&ctx, campaign, &customer, enrolment).await?;
        enrolments.push(describe(campaign, enrolment));
        calls.extend(made);
    }
    Ok(Done::Read(json!({
        "id": customer,
        "customer_id": masked_id(state.external_id()),
        "name": masked(state.name(), mask_name),
        "time_zone": state.time_zone(),
        "numbers": state.numbers().iter().map(|known| json!({
            "id": known.number,
            "phone": masked(Some(&known.phone), mask_e164),
            "invalid": known.invalid,
        })).collect::<Vec<_>>(),
        "enrolments": enrolments,
        "calls": calls,
    })))
}

/// An internal id that has events wins; any other text is an external id.
async fn find(app: &App, text: &str) -> Result<(CustomerId, std::sync::Arc<CustomerState>), Problem> {
    let internal = text.parse::<CustomerId>().ok();
    let external = app.vault().derive_customer(text);
    for customer in internal.into_iter().chain([external]) {
        let loaded = app.system().customers.state(&customer).await?;
        if loaded.state.is_registered() {
            return Ok((customer, loaded.state));
        }
    }
    Err(Problem::missing("this customer"))
}

/// Calls follow from the enrolment and the attempt; an attempt that was never permitted has none.
async fn calls_of(
    app: &App,
    campaign: &CampaignId,
    customer: &CustomerId,
    enrolment: &EnrolmentState,
) -> Result<Vec<CallId>, Problem> {
    let id = EnrolmentId {
        campaign: campaign.clone(),
        customer: customer.clone(),
    };
    let mut calls = Vec::new();
    for attempt in 1..=enrolment.attempts.min(ATTEMPTS_SHOWN_MAX) {
        let call = CallId::derive(&id, attempt);
        if app.system().calls.state(&call).await?.version.0 > 0 {
            calls.push(call);
        }
    }
    Ok(calls)
}

fn describe(campaign: &CampaignId, enrolment: &EnrolmentState) -> Value {
    json!({
        "campaign": campaign,
        "list": enrolment.list,
        "basis": enrolment.basis,
        "attempts": enrolment.attempts,
        "calls_count": enrolment.calls_count(),
        "due_at": enrolment.due_at,
        "open_call": enrolment.open,
        "settled": enrolment.settled.map(|settled| json!({
            "disposition": settled.disposition,
            "outcome": settled.outcome,
        })),
    })
}

fn masked_id(value: Option<&Personal<String>>) -> Value {
    masked(value, |text| {
        let count = text.chars().count();
        // At least half is hidden, so that a short one is not shown whole.
        let hidden = count.saturating_sub(EXTERNAL_ID_SHOWN.min(count / 2));
        let shown = text.chars().skip(hidden);
        std::iter::repeat_n('*', hidden).chain(shown).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_personal_is_shown_in_clear() {
        let id = Personal::open_hashed("110101199001011234".to_owned());
        assert_eq!(masked_id(Some(&id)), json!("****************34"));
        for (id, shown) in [("X3", "*3"), ("7", "*"), ("C01", "**1")] {
            let id = Personal::open_hashed(id.to_owned());
            assert_eq!(masked_id(Some(&id)), json!(shown));
        }
        let phone = Personal::open_hashed("+8613800138000".to_owned());
        assert_eq!(masked(Some(&phone), mask_e164), json!("138****8000"));
        assert_eq!(masked(None, mask_name), Value::Null);
    }
}
