//! Orders for a single call now: one customer of one campaign. A customer who is not in the campaign yet is
//! enrolled by a list of one. Permit, caps and events are those of every call.

mod idempotent_response;
mod known_values;

use crate::installation::{Installation, follow};
use crate::lists::enroller::CampaignEnroller;
use crate::lists::load::{ImportReport, ListImport, SharedRowsFilter, load};
use domain::campaign::{CampaignState, CampaignStatus};
use domain::customer::command::CustomerCommand;
use domain::customer::{Customer, CustomerState};
use domain::decider::Decider;
use domain::disposition::Disposition;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, EventId};
use domain::problem::{MemberError, Problem, ProblemKind};
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::time::Timestamp;
use intake::body::BodySource;
use intake::list_country::ListCountry;
use intake::row::RowRules;
use projections::views::worklist;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Longest wait until the read model contains an order that was just given, in milliseconds. The caller of
/// a cancellation waits for the reply.
const ROWS_WITHIN_MS: u64 = 1_000;

/// An order for a single call.
#[derive(Debug)]
pub struct CallNowRequest {
    pub campaign: CampaignId,
    /// The institution's own customer id, or ours.
    pub customer: String,
    /// Phone number of a customer who is new in the campaign. Default: the first known number.
    pub phone: Option<String>,
    pub name: Option<String>,
    /// The flow that the sender expects the campaign to have.
    pub flow: Option<String>,
    pub variables: Map<String, Value>,
    pub deadline: Option<Timestamp>,
}

/// A call that was requested.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestedCall {
    /// Id of the call that follows when the rules permit it. The call does not exist until it is dialed.
    pub call: CallId,
    #[schemars(example = &"TASK20261120")]
    pub campaign: CampaignId,
    pub customer: CustomerId,
    /// Status of the campaign. If it is not running, the call waits until it is.
    pub campaign_status: CampaignStatus,
    /// True if the customer was enrolled for this call, false if the customer was in the campaign already.
    pub enrolled: bool,
    pub due_at: Timestamp,
    /// The call is not dialed after this time.
    pub deadline: Option<Timestamp>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    #[serde(skip)]
    pub version: StreamVersion,
}

/// The customer that an order names.
pub struct CallNowCustomer {
    pub customer: CustomerId,
    /// State of the customer. `None` if no customer has this id yet.
    pub state: Option<Arc<CustomerState>>,
}

/// Returns the customer that the order names by our id or by the external id; `state` is `None` for an
/// external id that is new.
pub async fn person(installation: &Installation, order: &CallNowRequest) -> Result<CallNowCustomer, Problem> {
    match installation.customer_named(&order.customer).await {
        Ok((customer, state)) => Ok(CallNowCustomer {
            customer,
            state: Some(state),
        }),
        Err(problem) if problem.kind == ProblemKind::Missing => Ok(CallNowCustomer {
            customer: installation.customer_of_external(&order.customer).await?,
            state: None,
        }),
        Err(other) => Err(other),
    }
}

/// Requests the call; enrolls the customer first if the customer is not in the campaign. Fails if the
/// campaign is over, has another flow than the order names, has completed the customer, or stores other
/// values than the order. The same order again returns the first reply.
pub async fn call_now(
    installation: &Arc<Installation>,
    order: CallNowRequest,
    known: CallNowCustomer,
    cause: Cause,
) -> Result<RequestedCall, Problem> {
    refuse_reused(installation, &known.customer, cause).await?;
    let first = Box::pin(idempotent_response::first_reply(
        installation,
        &order,
        &known,
        cause,
    ));
    if let Some(first) = first.await? {
        return Ok(first);
    }
    let campaign = installation
        .entities
        .campaigns
        .state(&order.campaign)
        .await?
        .state;
    let mut status = open(&campaign, &order)?;
    if let Some(deadline) = order.deadline.filter(|deadline| *deadline <= installation.now()) {
        return Err(wrong("/deadline", &format!("{deadline} is over")));
    }
    let state = known.state.as_ref();
    let enrolment = state.and_then(|state| state.enrolment(&order.campaign));
    let is_in = enrolment.is_some();
    if let Some((state, enrolment)) = state.zip(enrolment) {
        if let Some(settled) = enrolment.settled {
            return Err(over(&order.campaign, settled.disposition));
        }
        let country = country_of(installation, &order.campaign).await?;
        known_values::check_known_values(&order, state, enrolment, country)?;
    }
    if !is_in {
        enrol(installation, &order, state, cause).await?;
        // A list of one makes a draft campaign ready.
        let campaigns = &installation.entities.campaigns;
        status = open(&campaigns.state(&order.campaign).await?.state, &order)?;
    }
    let command = CustomerCommand::CallNow {
        campaign: order.campaign.clone(),
        deadline: order.deadline,
    };
    let customers = &installation.entities.customers;
    let answer = customers.ask(&known.customer, command, cause).await?;
    let enrolment = answer.state.enrolment(&order.campaign);
    let enrolment = enrolment.ok_or_else(|| Problem::fault("a person without the enrolment just made"))?;
    let id = EnrolmentId {
        campaign: order.campaign.clone(),
        customer: known.customer.clone(),
    };
    Ok(RequestedCall {
        call: CallId::derive(&id, enrolment.attempts.saturating_add(1)),
        campaign: order.campaign,
        customer: known.customer,
        campaign_status: status,
        enrolled: !is_in,
        due_at: enrolment.due_at,
        deadline: enrolment.deadline,
        position: answer.position,
        version: answer.version,
    })
}

/// Returns the enrolment with a requested call that has this id and is not permitted yet. `None` if there
/// is none. A repeated cancellation still finds it.
pub async fn find_requested_enrolment(
    installation: &Installation,
    call: CallId,
    cause: Cause,
) -> Result<Option<EnrolmentId>, Problem> {
    // A repeated cancellation still finds the customer, although the request is gone.
    let first = EventId::derive(cause.command, 0);
    if let Some(first) = installation.store().find(first).await? {
        let envelope = first
            .envelope()
            .map_err(|error| Problem::fault(error.to_string()))?;
        if let Some((campaign, customer)) = envelope.campaign.zip(envelope.customer) {
            return Ok(Some(EnrolmentId { campaign, customer }));
        }
    }
    let db = installation.rows.db();
    if let Some(asked) = worklist::find_requested_enrolment(db.as_ref(), call).await? {
        return Ok(Some(asked));
    }
    // For a request made a moment ago, the rows must have caught up.
    let head = installation.store().head().await?;
    installation.rows_at(head, ROWS_WITHIN_MS).await?;
    Ok(worklist::find_requested_enrolment(db.as_ref(), call).await?)
}

/// Fails if the campaign has ended and makes no calls any more. Passes for an unknown campaign.
pub async fn check_campaign_calls(installation: &Installation, campaign: &CampaignId) -> Result<(), Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    state.status().map_or(Ok(()), |status| not_over(campaign, status))
}

fn not_over(campaign: &CampaignId, status: CampaignStatus) -> Result<(), Problem> {
    if status == CampaignStatus::Stopped {
        return Err(Problem::refused(
            "campaign-over",
            format!("campaign {campaign} was ended permanently: it places no more calls"),
        ));
    }
    Ok(())
}

/// Returns the campaign's status if it may still call and has the flow that the order names, if any;
/// otherwise fails.
fn open(campaign: &CampaignState, order: &CallNowRequest) -> Result<CampaignStatus, Problem> {
    let status = campaign.status();
    let status = status.ok_or_else(|| Problem::missing("this campaign"))?;
    not_over(&order.campaign, status)?;
    let used = campaign.flow().map(|used| used.flow.to_string());
    match (&order.flow, used) {
        (Some(asked), Some(used)) if *asked != used => Err(wrong(
            "/flow",
            &format!("is not the campaign's flow, which is {used}: leave it out, or name that"),
        )),
        _ => Ok(status),
    }
}

/// Fails if the request's `Idempotency-Key` was used for an order for another customer. Called before the
/// customer is enrolled.
async fn refuse_reused(
    installation: &Installation,
    customer: &CustomerId,
    cause: Cause,
) -> Result<(), Problem> {
    if cause.request.mark.is_none() {
        return Ok(());
    }
    let first = installation
        .store()
        .find(EventId::derive(cause.command, 0))
        .await?;
    let Some(first) = first else { return Ok(()) };
    let envelope = first
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    if envelope.stream == Customer::stream(customer) && envelope.request == cause.request.mark {
        return Ok(());
    }
    Err(actors::AskError::<domain::customer::CustomerRefusal>::AnotherRequest.into())
}

/// Enrolls the customer by a list of one row. The list's name is derived from the command, so that a
/// repeated request does not enroll the customer twice.
async fn enrol(
    installation: &Arc<Installation>,
    order: &CallNowRequest,
    state: Option<&Arc<CustomerState>>,
    cause: Cause,
) -> Result<(), Problem> {
    let record = record(order, state)?;
    let list = follow(cause, "list").command.to_string();
    let plan = ListImport {
        rules: RowRules {
            country: country_of(installation, &order.campaign).await?,
            ..installation.list_rules(&order.campaign, &list).await?
        },
        source: "calls".to_owned(),
        format: "JSON".to_owned(),
        dry_run: false,
        shared: SharedRowsFilter::All,
        course: Arc::default(),
    };
    let enroller = CampaignEnroller::new(Arc::clone(installation), &plan.rules, cause.by);
    let vault = Arc::clone(&installation.environment.vault);
    let rows = Box::new(BodySource::new(vec![record]));
    let report = load(plan, rows, &enroller, vault, installation.tasks()).await?;
    enrolled(report)
}

/// Returns the country of numbers without a country code: by the campaign's presets, otherwise by the
/// setting of the installation.
async fn country_of(installation: &Installation, campaign: &CampaignId) -> Result<ListCountry, Problem> {
    let by_presets = installation.list_rules(campaign, "").await?.country;
    if by_presets.is_known() {
        return Ok(by_presets);
    }
    Ok(ListCountry::of_setting(installation.default_country().await?))
}

/// Returns the order as the record of a list. The phone is the order's, otherwise the customer's first
/// valid number; fails if there is none.
fn record(order: &CallNowRequest, state: Option<&Arc<CustomerState>>) -> Result<Map<String, Value>, Problem> {
    let external = state.and_then(|state| state.external_id()?.value().cloned());
    let known_phone = || {
        let number = state?.numbers().iter().find(|known| !known.invalid)?;
        number.phone.value().cloned()
    };
    let phone = order.phone.clone().or_else(known_phone);
    let phone = phone.ok_or_else(|| wrong("/phone", "is missing: no number of this customer is known"))?;
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
    put(
        "customer_id",
        external.unwrap_or_else(|| order.customer.clone()).into(),
    );
    put("phone", phone.into());
    if let Some(name) = &order.name {
        put("name", name.clone().into());
    }
    put("variables", Value::Object(order.variables.clone()));
    Ok(record)
}

/// Fails if the list of one did not enroll the customer, with the reason and the order's member.
fn enrolled(report: ImportReport) -> Result<(), Problem> {
    if let Some(bad) = report.bad.into_iter().next() {
        let pointer = match bad.column.as_str() {
            "customer_id" => "/customer".to_owned(),
            "phone" | "name" => format!("/{}", bad.column),
            variable => format!("/variables/{variable}"),
        };
        return Err(wrong(&pointer, &bad.reason));
    }
    if !report.same_number.rows.is_empty() {
        return Err(Problem::refused(
            "number-shared",
            "another customer of this campaign has this number and is called on it",
        ));
    }
    Ok(())
}

/// Returns the refusal for an enrolment that is settled. A campaign completes each customer once, so it
/// does not call the customer again.
fn over(campaign: &CampaignId, disposition: Disposition) -> Problem {
    Problem::refused(
        "enrolment-settled",
        format!(
            "campaign {campaign} has completed this customer ({}): each campaign completes a customer once; \
             use another campaign, which may have the same flow and preset",
            disposition.code()
        ),
    )
}

fn wrong(pointer: &str, detail: &str) -> Problem {
    Problem::members(vec![MemberError {
        pointer: pointer.to_owned(),
        detail: detail.to_owned(),
    }])
}
