//! The route that explains why a customer may or may not be called at a time. The request is recorded as a
//! read of the customer.

use crate::api_description::ReadReply;
use crate::comparisons::reveals_all;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::shows_campaign;
use application::inquiries::{BY, REASON, ReadContent, customer_page, put_on_record};
use application::parameter::Parameter;
use application::why_not::{Question, WhyNotResponse, explain, moment_of, person_then};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;

/// What the explanation records as shown.
const VERDICTS: ReadContent = customer_page::VERDICTS.shown();

/// Maximum campaigns of one customer per request.
const ASKED_MAX: usize = 64;

const PARAMETERS: &[Parameter] = &[
    Parameter::text(
        "campaign",
        "Only this campaign; default: all campaigns of the customer",
        "TASK20261120",
    ),
    Parameter::instant(
        "at",
        "Time of the evaluation (RFC 3339); default: now. A past time is evaluated by what was known then",
    ),
    BY,
    REASON,
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/customers/{id}/why-not",
            "Explain why a customer may or may not be called",
            show,
        )
        .describe(
            "Returns every rule with its verdict and facts, and the time from which a call is allowed. The \
             read is recorded.",
        )
        .needs(Permission::CustomersRead, EndpointSubject::Customer)
        .query(PARAMETERS),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<WhyNotResponse>, Problem> {
    let text = input.param(0)?;
    let query = input.query();
    let named: Option<CampaignId> = parsed(query.text("campaign"), "campaign", "a task_id")?;
    let at: Option<Timestamp> = parsed(query.text("at"), "at", "an RFC 3339 instant")?;
    let (reader, scope, reveals) = (input.reader(), input.scope.clone(), reveals_all(&input.caller));
    let installation = &ctx.installation;
    let (customer, _) = installation.customer_named(&text).await?;
    // Without a time the current state of the entities is used, not a moment that has just passed.
    let then = match at {
        Some(at) => moment_of(installation, at).await?,
        None => None,
    };
    let at = at.unwrap_or_else(|| installation.now());
    let person = person_then(installation, &customer, then.as_ref()).await?;
    let enrolled = person
        .state
        .enrolments()
        .iter()
        .map(|(campaign, _)| campaign.clone());
    let visible = enrolled.filter(|campaign| shows_campaign(&scope, campaign));
    let asked = |campaign: &CampaignId| named.as_ref().is_none_or(|named| named == campaign);
    let campaigns: Vec<CampaignId> = visible.filter(asked).take(ASKED_MAX).collect();
    let question = Question {
        customer: customer.clone(),
        campaigns,
        at,
    };
    let shown = explain(installation, question, person, then).await?;
    let what = ReadContent {
        customer: Some(customer),
        campaign: named,
        ..VERDICTS
    };
    put_on_record(installation, reader, what).await?;
    Ok(ReadReply(match reveals {
        true => shown,
        false => shown.without_other_customer(),
    }))
}

fn parsed<T: std::str::FromStr>(text: Option<&str>, name: &str, form: &str) -> Result<Option<T>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    let invalid = |_| {
        Problem::invalid(
            "query-invalid",
            format!("the query parameter {name} must be {form}"),
        )
    };
    text.parse().map(Some).map_err(invalid)
}
