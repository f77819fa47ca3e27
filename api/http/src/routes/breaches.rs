//! The worksheet of a breach over HTTP: whose data a user or a key saw from one time to another, and whom
//! to tell.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::approvals::{Doing, four_eyes};
use application::inquiring::{Shown, put_on_record};
use domain::approval::{Act, Asked};
use domain::ids::{ApprovalId, KeyId, UserId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm, USER_BYTES_MAX};
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use evidence::inspection::Values;
use evidence::seen::{Contact, NOTICES_MAX, Seen, SeenAsk, seen};
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// How a person can be told.
const CONTACT: &[&str] = &["external_id", "name", "phone"];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/inspections/seen",
            "Whose data a user or a key saw from one time to another, and, where asked for, how to tell them",
            worksheet,
        )
        .needs(Permission::InspectionsMake, About::Everybody)
        .heavy()
        .takes::<WorksheetOrder>(),
    ]
}

/// Who looked, and when; and whether the persons are to be told.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{
    "user": "wang", "from": "2026-11-01T00:00:00+08:00", "to": "2026-11-20T00:00:00+08:00"
}]))]
struct WorksheetOrder {
    /// As the audit trail names them.
    #[schemars(length(max = USER_BYTES_MAX))]
    user: Option<String>,
    /// Only by this key; alone it says whose it is.
    key: Option<KeyId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Also how each person can be told; on record for each, so a reason is needed.
    notice: Option<bool>,
    /// Names and numbers as they are, instead of masked.
    clear: Option<bool>,
    /// Stored for ever; nothing personal.
    #[schemars(length(max = REASON_BYTES_MAX))]
    reason: Option<String>,
    /// The approval by which values are shown as they are, where one is needed.
    approval: Option<ApprovalId>,
}

impl Order for WorksheetOrder {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("user") && body.is_absent("key") {
            body.wrong("user", "or key says who looked: one of them at least");
        }
        let notice: Option<bool> = body.value("notice");
        if notice == Some(true) && body.is_absent("reason") {
            body.wrong("reason", "is missing: the values of persons are shown");
        }
        Self {
            user: body.short_text("user", USER_BYTES_MAX),
            key: body.parsed("key"),
            from: body.parsed("from"),
            to: body.parsed("to"),
            notice,
            clear: body.value("clear"),
            reason: body.short_text("reason", REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

async fn worksheet(ctx: Ctx, input: Input) -> Result<Read<Seen>, Problem> {
    let installation = &ctx.installation;
    let (reader, caller) = (input.reader_by_post(), input.caller.clone());
    let cause = input.cause(installation, "inspections/seen")?;
    let order: WorksheetOrder = input.order().await?;
    let by = match (order.user, order.key) {
        (Some(user), _) => user,
        (None, Some(key)) => owner(&ctx, key).await?.to_string(),
        (None, None) => return Err(Problem::missing("this user")),
    };
    let asked = Asked::of(Act::NoticeClear).with("user", Some(&by));
    let asked = asked
        .with("key", order.key)
        .with("from", order.from)
        .with("to", order.to);
    let ask = SeenAsk {
        by,
        key: order.key,
        without_claims: false,
        from: order.from,
        to: order.to,
    };
    let mut found = seen(installation, ask).await?;
    if order.notice != Some(true) {
        return Ok(Read(found));
    }
    if found.persons.len() > NOTICES_MAX {
        let why = format!("there are more than {NOTICES_MAX} customers: shorten the period");
        return Err(Problem::new(Kind::Refused, "too-many-persons", why));
    }
    let (values, form) = match order.clear {
        Some(true) => (Values::Clear, ReadForm::Clear),
        Some(false) | None => (Values::Masked, ReadForm::Masked),
    };
    let reason = order.reason.unwrap_or_default();
    let four_eyes = match values {
        Values::Masked => None,
        Values::Clear => {
            let doing = Doing {
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
        let shown = Shown {
            customer: Some(person.customer.clone()),
            ..Shown::of(CONTACT, form)
        };
        let count = person.contact.as_ref().map_or(0, Contact::values_count);
        put_on_record(installation, reader.clone(), shown.with_values(count)).await?;
    }
    Ok(Read(found))
}

/// Whose key it is.
async fn owner(ctx: &Ctx, key: KeyId) -> Result<UserId, Problem> {
    let state = ctx.installation.entities.api_keys.state(&key).await?.state;
    let facts = state.facts().ok_or_else(|| Problem::missing("this key"))?;
    Ok(facts.user.clone())
}
