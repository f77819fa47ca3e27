//! The route of the breach worksheet: lists the persons that a user or key had access to in a period, with
//! the contact data needed to notify them.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::approvals::{ProposedAct, four_eyes};
use application::inquiries::{ReadContent, put_on_record};
use domain::approval::{Act, ApprovalSubject};
use domain::ids::{ApprovalId, KeyId, UserId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm, USER_BYTES_MAX};
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use evidence::breach_worksheet::{BreachWorksheetScope, Contact, NOTICES_MAX, Seen, seen};
use evidence::inspection::PersonalValueForm;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

/// Fields by which a person can be notified, as the reads record them.
const CONTACT: &[&str] = &["external_id", "name", "phone"];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/inspections/seen",
            "Make the worksheet of a data breach",
            worksheet,
        )
        .describe(
            "Lists every person that a user or API key had access to in a period. With `notice` the reply \
             also has contact data, masked unless `clear` is set. A read is recorded for each person; \
             clear values need another user's approval.",
        )
        .needs(Permission::InspectionsMake, EndpointSubject::Everybody)
        .heavy()
        .takes::<BreachWorksheetRequest>(),
    ]
}

/// The body of a breach worksheet: the user or key, the period, and whether contact data is needed.
#[derive(ApiRequest, JsonSchema)]
#[request(before = require_a_subject, check = require_a_reason)]
#[schemars(extend("examples" = [{
    "user": "wang", "from": "2026-11-01T00:00:00+08:00", "to": "2026-11-20T00:00:00+08:00"
}]))]
struct BreachWorksheetRequest {
    /// The user, named as in the audit trail.
    #[schemars(length(max = USER_BYTES_MAX))]
    user: Option<String>,
    /// Only accesses with this key. Without `user` the worksheet is about the owner of the key.
    #[member(parse)]
    key: Option<KeyId>,
    #[member(parse)]
    from: Option<Timestamp>,
    #[member(parse)]
    to: Option<Timestamp>,
    /// Adds each person's contact data. A read is recorded for each person, so `reason` is required.
    notice: Option<bool>,
    /// Shows names and numbers in clear instead of masked.
    clear: Option<bool>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
    /// The approval for showing values in clear, if one is needed.
    #[member(parse)]
    approval: Option<ApprovalId>,
}

fn require_a_subject(body: &mut Members) {
    if body.is_absent("user") && body.is_absent("key") {
        body.wrong("user", "or key says who looked: one of them at least");
    }
}

fn require_a_reason(request: &BreachWorksheetRequest, body: &mut Members) {
    if request.notice == Some(true) && request.reason.is_none() {
        body.wrong("reason", "is missing: the values of persons are shown");
    }
}

async fn worksheet(ctx: Ctx, input: Input) -> Result<ReadReply<Seen>, Problem> {
    let installation = &ctx.installation;
    let (reader, caller) = (input.reader_by_post(), input.caller.clone());
    let cause = input.cause(installation, "inspections/seen")?;
    let order: BreachWorksheetRequest = input.order().await?;
    let by = match (order.user, order.key) {
        (Some(user), _) => user,
        (None, Some(key)) => owner(&ctx, key).await?.to_string(),
        (None, None) => return Err(Problem::missing("this user")),
    };
    let asked = ApprovalSubject::of(Act::NoticeClear).with("user", Some(&by));
    let asked = asked
        .with("key", order.key)
        .with("from", order.from)
        .with("to", order.to);
    let ask = BreachWorksheetScope {
        by,
        key: order.key,
        without_claims: false,
        from: order.from,
        to: order.to,
    };
    let mut found = seen(installation, ask).await?;
    if order.notice != Some(true) {
        return Ok(ReadReply(found));
    }
    if found.persons.len() > NOTICES_MAX {
        let why = format!("there are more than {NOTICES_MAX} customers: shorten the period");
        return Err(Problem::new(ProblemKind::Refused, "too-many-persons", why));
    }
    let (values, form) = match order.clear {
        Some(true) => (PersonalValueForm::Clear, ReadForm::Clear),
        Some(false) | None => (PersonalValueForm::Masked, ReadForm::Masked),
    };
    let reason = order.reason.unwrap_or_default();
    let four_eyes = match values {
        PersonalValueForm::Masked => None,
        PersonalValueForm::Clear => {
            let doing = ProposedAct {
                asked,
                reason: reason.clone(),
                approval: order.approval,
            };
            Some(four_eyes(installation, &caller, doing, cause).await?)
        }
    };
    let reader = reader.because(reason).behind(four_eyes);
    found.add_contacts(installation, values).await?;
    for person in &found.persons {
        let shown = ReadContent {
            customer: Some(person.customer.clone()),
            ..ReadContent::of(CONTACT, form)
        };
        let count = person.contact.as_ref().map_or(0, Contact::values_count);
        put_on_record(installation, reader.clone(), shown.with_values(count)).await?;
    }
    Ok(ReadReply(found))
}

/// Returns the user who owns the key, or `missing` if the key is unknown.
async fn owner(ctx: &Ctx, key: KeyId) -> Result<UserId, Problem> {
    let state = ctx.installation.entities.api_keys.state(&key).await?.state;
    let facts = state.facts().ok_or_else(|| Problem::missing("this key"))?;
    Ok(facts.user.clone())
}
