//! One person over HTTP, beyond what everybody sees: values in clear with a reason, and who sees to them.

use crate::described::{Changed, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::tells_of;
use crate::reply::Written;
use application::inquiring::{Shown, put_on_record};
use domain::customer::{ASSIGNMENT_REASON_BYTES_MAX, Assignee, CustomerCommand, CustomerState};
use domain::ids::{CampaignId, CustomerId, NumberId, TeamId, UserId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::permission::DataScope;
use domain::personal::Personal;
use domain::problem::Problem;
use domain::stored_event::Position;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/{id}/reveal",
            "Values of one person in clear, for a reason: on record before they are shown",
            reveal,
        )
        .needs(Permission::CustomersReveal, About::Customer)
        .takes::<RevealOrder>(),
        Endpoint::post(
            "/api/v1/customers/{id}/assign",
            "Give the person to a user or a team, or with neither to nobody in particular",
            assign,
        )
        .needs(Permission::CustomersAssign, About::Customer)
        .takes::<AssignOrder>(),
    ]
}

/// What can be seen in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Field {
    ExternalId,
    Name,
    Phones,
    Variables,
}

impl Field {
    /// As the record of the read names it.
    const fn code(self) -> &'static str {
        match self {
            Self::ExternalId => "external_id",
            Self::Name => "name",
            Self::Phones => "phone",
            Self::Variables => "variables",
        }
    }
}

/// Which values, and why.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "fields": ["name", "phones"], "reason": "complaint 17" }]))]
struct RevealOrder {
    #[schemars(length(min = 1))]
    fields: BTreeSet<Field>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

impl Order for RevealOrder {
    fn read(body: &mut Members) -> Self {
        let fields: Option<BTreeSet<Field>> = body.value("fields");
        if fields.as_ref().is_none_or(BTreeSet::is_empty) {
            body.wrong(
                "fields",
                "names at least one of external_id, name, phones, variables",
            );
        }
        Self {
            fields: fields.unwrap_or_default(),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// A person's values in clear; of an erased person, and of what was not asked for, nothing.
#[derive(Debug, Serialize, JsonSchema)]
struct Revealed {
    id: CustomerId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"C001")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"张三")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phones: Option<Vec<PhoneRevealed>>,
    /// By campaign, each by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = BTreeMap::from([("TASK20261120", BTreeMap::from([("days", "3")]))]))]
    variables: Option<BTreeMap<CampaignId, BTreeMap<String, Option<String>>>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PhoneRevealed {
    number: NumberId,
    #[schemars(example = &"+8613800138000")]
    phone: Option<String>,
}

async fn reveal(ctx: Ctx, input: Input) -> Result<Read<Revealed>, Problem> {
    let (customer, state) = ctx.installation.customer_named(&input.param(0)?).await?;
    let (reader, scope) = (input.reader_by_post(), input.scope.clone());
    let RevealOrder { fields, reason } = input.order().await?;
    let shown = Shown {
        fields: Cow::Owned(fields.iter().map(|field| field.code()).collect()),
        customer: Some(customer.clone()),
        ..Shown::of(&[], ReadForm::Clear)
    };
    put_on_record(&ctx.installation, reader.because(reason), shown).await?;
    Ok(Read(revealed(customer, &state, &fields, &scope)))
}

fn revealed(id: CustomerId, state: &CustomerState, fields: &BTreeSet<Field>, scope: &DataScope) -> Revealed {
    let clear = |value: Option<&Personal<String>>| value.and_then(Personal::value).cloned();
    let asked = |field: Field| fields.contains(&field);
    let phones = || {
        let numbers = state.numbers().iter().map(|known| PhoneRevealed {
            number: known.number.clone(),
            phone: known.phone.value().cloned(),
        });
        numbers.collect()
    };
    let variables = || {
        let enrolments = state.enrolments().iter();
        let told = enrolments.filter(|(campaign, _)| tells_of(scope, campaign));
        let told = told.map(|(campaign, enrolment)| {
            let values = enrolment.variables.iter();
            let values = values.map(|(name, value)| (name.clone(), value.value().cloned()));
            (campaign.clone(), values.collect())
        });
        told.collect()
    };
    Revealed {
        external_id: asked(Field::ExternalId)
            .then(|| clear(state.external_id()))
            .flatten(),
        name: asked(Field::Name).then(|| clear(state.name())).flatten(),
        phones: asked(Field::Phones).then(phones),
        variables: asked(Field::Variables).then(variables),
        id,
    }
}

/// To whom; at most one of `user` and `team`.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "user": "wang", "reason": "speaks the dialect" }]))]
struct AssignOrder {
    user: Option<UserId>,
    team: Option<TeamId>,
    #[schemars(length(min = 1, max = ASSIGNMENT_REASON_BYTES_MAX))]
    reason: String,
}

impl Order for AssignOrder {
    fn read(body: &mut Members) -> Self {
        let (user, team) = (body.parsed("user"), body.parsed("team"));
        if user.is_some() && team.is_some() {
            body.wrong("team", "is given beside user: one of them sees to the person");
        }
        Self {
            user,
            team,
            reason: body.needed_short_text("reason", ASSIGNMENT_REASON_BYTES_MAX),
        }
    }
}

/// Who sees to the person now.
#[derive(Debug, Serialize, JsonSchema)]
struct Assigned {
    id: CustomerId,
    assignee: Option<Assignee>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    position: Position,
}

async fn assign(ctx: Ctx, input: Input) -> Result<Changed<Assigned>, Problem> {
    let (customer, _) = ctx.installation.customer_named(&input.param(0)?).await?;
    let cause = input.cause(&ctx.installation, "customers/assign")?;
    let AssignOrder { user, team, reason } = input.order().await?;
    if let Some(user) = &user
        && ctx
            .installation
            .entities
            .users
            .state(user)
            .await?
            .state
            .active()
            .is_none()
    {
        return Err(Problem::missing("this user"));
    }
    let to = user.map(Assignee::User).or(team.map(Assignee::Team));
    let command = match to {
        Some(to) => CustomerCommand::Assign { to, reason },
        None => CustomerCommand::Unassign { reason },
    };
    let answer = ctx
        .installation
        .entities
        .customers
        .ask(&customer, command, cause)
        .await?;
    Ok(Changed(Written {
        body: Assigned {
            id: customer,
            assignee: answer.state.assignee().cloned(),
            position: answer.position,
        },
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
