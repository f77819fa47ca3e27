//! Values of many persons in clear at once: another person stands behind it, and each read is on record
//! before anything is shown.

use crate::clear_values::{Field, Revealed, codes, fields_of, revealed};
use crate::comparison_gate::{count_own_ids, note_own_ids};
use crate::comparisons::Comparer;
use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::{in_scope, sees_person};
use application::approvals::{Doing, four_eyes};
use application::campaigns::enrolled;
use application::inquiring::{Reader, Shown, put_each_on_record};
use domain::approval::{Act, Asked};
use domain::customer::{CustomerState, Erasure};
use domain::ids::{ApprovalId, CampaignId, CustomerId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::permission::{DataScope, People};
use domain::problem::{Kind, Problem};
use intake::members::{Members, Order};
use intake::spool::hex;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most persons of one request: each is a record of its own, and all are stored before the first is shown.
const PERSONS_MAX: usize = 1_000;

/// Longest id of a person that a body names.
const ID_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/reveal",
            "Values of many persons in clear, for a reason: another person approves, each read is on record first",
            reveal,
        )
        .needs(Permission::CustomersReveal, About::Handler)
        .takes::<BulkRevealOrder>(),
    ]
}

/// Whose values, which, and why.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{
    "customers": ["C001", "C002"], "fields": ["name", "phones"], "reason": "letters to all of branch 3"
}]))]
struct BulkRevealOrder {
    /// The institution's own ids, or ours.
    #[schemars(length(min = 1, max = PERSONS_MAX))]
    customers: Option<Vec<String>>,
    /// Or everybody who was ever enrolled in this campaign, where they are no more than that.
    campaign: Option<CampaignId>,
    #[schemars(length(min = 1))]
    fields: BTreeSet<Field>,
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// The approval that another person gave.
    approval: Option<ApprovalId>,
}

impl Order for BulkRevealOrder {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("customers") == body.is_absent("campaign") {
            body.wrong(
                "customers",
                "or campaign says whose values are shown: one of them",
            );
        }
        let customers: Option<Vec<String>> = body.value("customers");
        if let Some(named) = &customers {
            if named.is_empty() || named.len() > PERSONS_MAX {
                body.wrong("customers", format!("names 1 to {PERSONS_MAX} persons"));
            }
            if let Some(at) = named.iter().position(|id| id.len() > ID_BYTES_MAX) {
                let detail = format!("has more than {ID_BYTES_MAX} bytes");
                body.wrong_at(&format!("/customers/{at}"), detail);
            }
        }
        Self {
            customers,
            campaign: body.parsed("campaign"),
            fields: fields_of(body),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}

/// The persons that were found, and who was not.
#[derive(Debug, Serialize, JsonSchema)]
struct BulkRevealed {
    persons: Vec<Revealed>,
    /// Their values are gone for good.
    erased: Vec<CustomerId>,
    /// As they were named: nobody here has these ids, or nobody whom the asker may see.
    #[schemars(example = ["C404"])]
    unknown: Vec<String>,
}

/// Whom the request is about.
#[derive(Default)]
struct Found {
    known: BTreeMap<CustomerId, Arc<CustomerState>>,
    erased: BTreeSet<CustomerId>,
    unknown: Vec<String>,
}

async fn reveal(ctx: Ctx, input: Input) -> Result<Read<BulkRevealed>, Problem> {
    let installation = &ctx.installation;
    let (reader, caller, scope) = (input.reader_by_post(), input.caller.clone(), input.scope.clone());
    let cause = input.cause(installation, "customers/reveal")?;
    let comparer = input.comparer();
    let order: BulkRevealOrder = input.order().await?;
    let found = match (&order.campaign, order.customers) {
        (Some(campaign), _) => of_campaign(&ctx, &scope, campaign).await?,
        (None, named) => of_names(&ctx, &comparer, &scope, named.unwrap_or_default()).await?,
    };
    let known = found.known.iter();
    let persons: BTreeMap<CustomerId, Revealed> = known
        .map(|(id, state)| (id.clone(), revealed(id.clone(), state, &order.fields, &scope)))
        .collect();
    if !persons.is_empty() {
        let doing = Doing {
            asked: asked(&found, order.campaign.as_ref(), &order.fields),
            reason: order.reason.clone(),
            approval: order.approval,
        };
        let behind = four_eyes(installation, &caller, doing, cause).await?;
        let reader = reader.because(order.reason).behind(Some(behind));
        record(&ctx, &reader, &persons, order.campaign.as_ref(), &order.fields).await?;
    }
    Ok(Read(BulkRevealed {
        persons: persons.into_values().collect(),
        erased: found.erased.into_iter().collect(),
        unknown: found.unknown,
    }))
}

impl Found {
    fn add(&mut self, customer: CustomerId, state: Arc<CustomerState>) {
        match state.erasure() {
            // What is asked for waits for a hold or a call: the values are there still.
            Erasure::None | Erasure::Requested { .. } => {
                self.known.insert(customer, state);
            }
            Erasure::Decided { .. } | Erasure::Certified { .. } => {
                self.erased.insert(customer);
            }
        }
    }
}

async fn of_names(
    ctx: &Ctx,
    comparer: &Comparer,
    scope: &DataScope,
    named: Vec<String>,
) -> Result<Found, Problem> {
    ctx.admit_guess(comparer)?;
    let mut found = Found::default();
    let own_ids = count_own_ids(&named);
    for name in named {
        let (customer, state) = match ctx.installation.customer_named(&name).await {
            Ok(person) => person,
            Err(problem) if problem.kind == Kind::Missing => {
                found.unknown.push(name);
                continue;
            }
            Err(problem) => return Err(problem),
        };
        if sees_person(ctx, scope, &state).await? {
            found.add(customer, state);
        } else {
            found.unknown.push(name);
        }
    }
    note_own_ids(ctx, comparer, own_ids, found.unknown.iter()).await?;
    Ok(found)
}

/// Whoever is held to people is shown those of them who are in the campaign; what is of others does not
/// exist.
async fn of_campaign(ctx: &Ctx, scope: &DataScope, campaign: &CampaignId) -> Result<Found, Problem> {
    let missing = || Problem::missing("this campaign");
    let installation = &ctx.installation;
    if scope.people == People::All {
        in_scope(scope, campaign)?;
    }
    let state = installation.entities.campaigns.state(campaign).await?.state;
    if state.status().is_none() {
        return Err(missing());
    }
    let Some(persons) = enrolled(installation, campaign, PERSONS_MAX).await? else {
        // How many there are is told to those who see the campaign.
        in_scope(scope, campaign)?;
        return Err(Problem::refused(
            "too-many-to-reveal",
            format!("the campaign has more than {PERSONS_MAX} customers: list the customers in `customers`"),
        ));
    };
    let mut found = Found::default();
    for customer in persons {
        let state = installation.entities.customers.state(&customer).await?.state;
        if sees_person(ctx, scope, &state).await? {
            found.add(customer, state);
        }
    }
    if found.known.is_empty() && found.erased.is_empty() && scope.people != People::All {
        return Err(missing());
    }
    Ok(found)
}

/// What somebody else approves: these persons and no others, and these fields.
fn asked(found: &Found, campaign: Option<&CampaignId>, fields: &BTreeSet<Field>) -> Asked {
    let mut persons = Sha256::new();
    for customer in found.known.keys() {
        persons.update(customer.as_str().as_bytes());
        persons.update(b"\n");
    }
    let asked = Asked {
        campaign: campaign.cloned(),
        ..Asked::of(Act::RevealMany)
    };
    asked
        .with("persons", Some(found.known.len()))
        .with("persons_sha256", Some(hex(&persons.finalize())))
        .with("fields", Some(codes(fields).join(",")))
}

/// A read for each person, so that whoever asks who saw a person finds it; all before the first is shown.
async fn record(
    ctx: &Ctx,
    reader: &Reader,
    persons: &BTreeMap<CustomerId, Revealed>,
    campaign: Option<&CampaignId>,
    fields: &BTreeSet<Field>,
) -> Result<(), Problem> {
    let read = |(customer, values): (&CustomerId, &Revealed)| {
        let shown = Shown {
            fields: codes(fields),
            customer: Some(customer.clone()),
            campaign: campaign.cloned(),
            ..Shown::of(&[], ReadForm::Clear)
        };
        shown.with_values(values.values_count())
    };
    let reads: Vec<Shown> = persons.iter().map(read).collect();
    put_each_on_record(&ctx.installation, reader, reads).await
}
