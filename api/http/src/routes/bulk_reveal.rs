//! The route that reveals values of many customers in clear. Another user must approve, and a read of each
//! customer is recorded before anything is shown.

use crate::api_description::ReadReply;
use crate::clear_values::{ClearCustomerValues, PersonalField, codes, fields_of, reveal_values};
use crate::comparison_gate::{count_own_ids, note_own_ids};
use crate::comparisons::Comparer;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::{require_campaign_in_scope, sees_person};
use application::approvals::{ProposedAct, four_eyes};
use application::campaigns::list_enrolled_customers;
use application::inquiries::{ReadContent, Reader, put_each_on_record};
use domain::approval::{Act, ApprovalSubject};
use domain::customer::{CustomerState, Erasure};
use domain::hex;
use domain::ids::{ApprovalId, CampaignId, CustomerId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::permission::{AssigneeScope, DataScope};
use domain::problem::{Problem, ProblemKind};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Maximum customers per request, more are refused. Each is a separate record, and all are stored before
/// the first value is shown.
const PERSONS_MAX: usize = 1_000;

/// Maximum length of a customer id in the body, in bytes.
const ID_BYTES_MAX: usize = 256;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/customers/reveal",
            "Reveal values of many customers in clear",
            reveal,
        )
        .describe(
            "For up to 1,000 named customers, or the customers of a campaign. Needs another user's \
             approval and a reason. A read of each customer is recorded before the reply is sent.",
        )
        .needs(Permission::CustomersReveal, EndpointSubject::Handler)
        .takes::<BulkRevealRequest>(),
    ]
}

/// The body of a bulk reveal: which customers, which fields, and why. Exactly one of `customers` and
/// `campaign` is given.
#[derive(ApiRequest, JsonSchema)]
#[request(before = require_customers_or_campaign)]
#[schemars(extend("examples" = [{
    "customers": ["C001", "C002"], "fields": ["name", "phones"], "reason": "letters to all of branch 3"
}]))]
struct BulkRevealRequest {
    /// External or internal ids, at most 1,000.
    #[schemars(length(min = 1, max = PERSONS_MAX))]
    #[member(read = customers)]
    customers: Option<Vec<String>>,
    /// All customers who were ever enrolled in this campaign; refused if they are more than 1,000.
    #[member(parse)]
    campaign: Option<CampaignId>,
    #[schemars(length(min = 1))]
    #[member(read = fields_of)]
    fields: BTreeSet<PersonalField>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
    /// The approval by another user.
    #[member(parse)]
    approval: Option<ApprovalId>,
}

fn require_customers_or_campaign(body: &mut Members) {
    if body.is_absent("customers") == body.is_absent("campaign") {
        body.wrong("customers", "give either customers or campaign");
    }
}

fn customers(body: &mut Members, name: &str) -> Option<Vec<String>> {
    let customers: Vec<String> = body.value(name)?;
    if customers.is_empty() || customers.len() > PERSONS_MAX {
        body.wrong(name, format!("names 1 to {PERSONS_MAX} persons"));
    }
    if let Some(at) = customers.iter().position(|id| id.len() > ID_BYTES_MAX) {
        let detail = format!("has more than {ID_BYTES_MAX} bytes");
        body.wrong_at(&format!("/customers/{at}"), detail);
    }
    Some(customers)
}

/// The revealed customers, and those without values to show.
#[derive(Debug, Serialize, JsonSchema)]
struct BulkRevealResponse {
    persons: Vec<ClearCustomerValues>,
    /// Customers who were erased; their values no longer exist.
    erased: Vec<CustomerId>,
    /// Ids of the request that match no customer, or no customer in the caller's data scope.
    #[schemars(example = ["C404"])]
    unknown: Vec<String>,
}

/// The customers that a reveal of many names: with values to show, erased, or unknown.
#[derive(Default)]
struct CustomersByState {
    known: BTreeMap<CustomerId, Arc<CustomerState>>,
    erased: BTreeSet<CustomerId>,
    unknown: Vec<String>,
}

async fn reveal(ctx: Ctx, input: Input) -> Result<ReadReply<BulkRevealResponse>, Problem> {
    let installation = &ctx.installation;
    let (reader, caller, scope) = (input.reader_by_post(), input.caller.clone(), input.scope.clone());
    let cause = input.cause(installation, "customers/reveal")?;
    let comparer = input.comparer();
    let order: BulkRevealRequest = input.order().await?;
    let found = match (&order.campaign, order.customers) {
        (Some(campaign), _) => of_campaign(&ctx, &scope, campaign).await?,
        (None, named) => of_names(&ctx, &comparer, &scope, named.unwrap_or_default()).await?,
    };
    let known = found.known.iter();
    let persons: BTreeMap<CustomerId, ClearCustomerValues> = known
        .map(|(id, state)| {
            (
                id.clone(),
                reveal_values(id.clone(), state, &order.fields, &scope),
            )
        })
        .collect();
    if !persons.is_empty() {
        let doing = ProposedAct {
            asked: asked(&found, order.campaign.as_ref(), &order.fields),
            reason: order.reason.clone(),
            approval: order.approval,
        };
        let behind = four_eyes(installation, &caller, doing, cause).await?;
        let reader = reader.because(order.reason).behind(Some(behind));
        record(&ctx, &reader, &persons, order.campaign.as_ref(), &order.fields).await?;
    }
    Ok(ReadReply(BulkRevealResponse {
        persons: persons.into_values().collect(),
        erased: found.erased.into_iter().collect(),
        unknown: found.unknown,
    }))
}

impl CustomersByState {
    fn add(&mut self, customer: CustomerId, state: Arc<CustomerState>) {
        match state.erasure() {
            // A requested erasure waits for a hold or a call to end; the values still exist until then.
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
) -> Result<CustomersByState, Problem> {
    ctx.admit_guess(comparer)?;
    let mut found = CustomersByState::default();
    let own_ids = count_own_ids(&named);
    for name in named {
        let (customer, state) = match ctx.installation.customer_named(&name).await {
            Ok(person) => person,
            Err(problem) if problem.kind == ProblemKind::Missing => {
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

/// Returns the customers of a campaign that are in the caller's data scope. More than `PERSONS_MAX`
/// enrolled ones are refused. A caller with access to some customers only gets `missing` if none of them is
/// in the campaign.
async fn of_campaign(
    ctx: &Ctx,
    scope: &DataScope,
    campaign: &CampaignId,
) -> Result<CustomersByState, Problem> {
    let missing = || Problem::missing("this campaign");
    let installation = &ctx.installation;
    if scope.people == AssigneeScope::All {
        require_campaign_in_scope(scope, campaign)?;
    }
    let state = installation.entities.campaigns.state(campaign).await?.state;
    if state.status().is_none() {
        return Err(missing());
    }
    let Some(persons) = list_enrolled_customers(installation, campaign, PERSONS_MAX).await? else {
        // Only a caller who may see the campaign learns that it has too many customers.
        require_campaign_in_scope(scope, campaign)?;
        return Err(Problem::refused(
            "too-many-to-reveal",
            format!("the campaign has more than {PERSONS_MAX} customers: list the customers in `customers`"),
        ));
    };
    let mut found = CustomersByState::default();
    for customer in persons {
        let state = installation.entities.customers.state(&customer).await?.state;
        if sees_person(ctx, scope, &state).await? {
            found.add(customer, state);
        }
    }
    if found.known.is_empty() && found.erased.is_empty() && scope.people != AssigneeScope::All {
        return Err(missing());
    }
    Ok(found)
}

/// Builds the request for approval. It covers exactly these customers, by digest, and these fields.
fn asked(
    found: &CustomersByState,
    campaign: Option<&CampaignId>,
    fields: &BTreeSet<PersonalField>,
) -> ApprovalSubject {
    let mut persons = Sha256::new();
    for customer in found.known.keys() {
        persons.update(customer.as_str().as_bytes());
        persons.update(b"\n");
    }
    let asked = ApprovalSubject {
        campaign: campaign.cloned(),
        ..ApprovalSubject::of(Act::RevealMany)
    };
    asked
        .with("persons", Some(found.known.len()))
        .with("persons_sha256", Some(hex::encode(&persons.finalize())))
        .with("fields", Some(codes(fields).join(",")))
}

/// Records one read per customer, so that a search for the readers of a customer finds it. All are stored
/// before the first value is shown.
async fn record(
    ctx: &Ctx,
    reader: &Reader,
    persons: &BTreeMap<CustomerId, ClearCustomerValues>,
    campaign: Option<&CampaignId>,
    fields: &BTreeSet<PersonalField>,
) -> Result<(), Problem> {
    let read = |(customer, values): (&CustomerId, &ClearCustomerValues)| {
        let shown = ReadContent {
            fields: codes(fields),
            customer: Some(customer.clone()),
            campaign: campaign.cloned(),
            ..ReadContent::of(&[], ReadForm::Clear)
        };
        shown.with_values(values.values_count())
    };
    let reads: Vec<ReadContent> = persons.iter().map(read).collect();
    put_each_on_record(&ctx.installation, reader, reads).await
}
