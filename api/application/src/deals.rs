//! Imports deals (INT-5): orders or repayments that followed calls, as other systems report them. Each row
//! is attributed to a call from the call's own stream and stored in the customer's stream. A bad row is
//! returned with its reason; the other rows count.

use crate::installation::{Installation, follow};
use actors::AskError;
use domain::customer::{Customer, CustomerCommand, CustomerEvent, CustomerState, DealCall, DealReport};
use domain::deal::{Currency, DealKind};
use domain::decider::{Context, Decider};
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most deals in one request. Each deal may require reading a call's stream.
pub const DEALS_OF_REQUEST_MAX: usize = 500;

/// One deal as another system reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "customer": "C001", "reference": "ORDER-17", "type": "signed",
    "amount_minor": 128_000, "currency": "CNY", "happened_at": "2026-03-05T10:00:00+08:00",
    "campaign": "LOAN_REMIND" }]))]
pub struct DealRow {
    /// The institution's own `customer_id`, or our customer id.
    #[schemars(example = &"C001")]
    pub customer: String,
    /// The institution's own number of the deal. A second report with the same number replaces the first.
    #[schemars(example = &"ORDER-17")]
    pub reference: String,
    #[serde(rename = "type")]
    pub kind: DealKind,
    /// Amount in the currency's smallest unit. 0 cancels the deal.
    pub amount_minor: u64,
    pub currency: Currency,
    pub happened_at: Timestamp,
    /// The campaign of the deal: its last call before the deal counts. Required if no call is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The call that led to the deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
}

/// Options of an import of deals.
#[derive(Debug, Clone, Copy)]
pub struct DealImportOptions {
    /// Attribution window: a deal is attributed to a call if it happened at most this many days after it.
    pub window_days: u32,
    /// If true, the rows are checked and nothing is stored.
    pub dry_run: bool,
}

/// The result of an import of deals: counts, and the refused rows.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct DealImportReport {
    pub rows: usize,
    /// Number of deals that were not reported before.
    pub stored: usize,
    /// Deals that replaced an earlier report.
    pub corrected: usize,
    /// Deals that were stored before with the same values.
    pub unchanged: usize,
    /// Stored deals that are attributed to no call, because they happened after the attribution window.
    pub unattributed: usize,
    pub refused: Vec<RefusedDeal>,
    pub dry_run: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// A deal that was refused, with the reason.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusedDeal {
    /// Index of the row in the request, from 0.
    pub row: usize,
    #[schemars(example = &"ORDER-17")]
    pub reference: String,
    #[schemars(example = &"the deal names a call that is not this customer's")]
    pub why: String,
}

/// Stores the deals one after another, each attributed to a call. A row that is invalid, refused or names
/// no customer is returned and does not affect the others; any other failure ends the import. The same
/// report again changes nothing. A dry run stores nothing.
pub async fn take_deals(
    installation: &Installation,
    rows: Vec<DealRow>,
    taking: DealImportOptions,
    cause: Cause,
) -> Result<DealImportReport, Problem> {
    let mut taken = DealImportReport {
        rows: rows.len(),
        dry_run: taking.dry_run,
        ..DealImportReport::default()
    };
    for (index, row) in rows.into_iter().enumerate() {
        let reference = row.reference.clone();
        let cause = follow(cause, &format!("deal/{index}")).behind();
        match take_one(installation, row, taking, cause).await {
            Ok((events, position)) => {
                taken.position = taken.position.max(position);
                taken.note(&events);
            }
            Err(problem) if is_of_the_row(problem.kind) => taken.refused.push(RefusedDeal {
                row: index,
                reference,
                why: problem.detail,
            }),
            Err(problem) => return Err(problem),
        }
    }
    Ok(taken)
}

/// Returns true for the kinds of problem that concern one row only: invalid, missing, refused. All others
/// end the import.
const fn is_of_the_row(kind: ProblemKind) -> bool {
    matches!(
        kind,
        ProblemKind::Invalid | ProblemKind::Missing | ProblemKind::Refused
    )
}

impl DealImportReport {
    fn note(&mut self, events: &[CustomerEvent]) {
        let reported = events.iter().find_map(|event| match event {
            CustomerEvent::DealReported { deal, corrects, .. } => Some((deal, *corrects)),
            _ => None,
        });
        match reported {
            None => self.unchanged += 1,
            Some((deal, corrects)) => {
                self.stored += usize::from(!corrects);
                self.corrected += usize::from(corrects);
                self.unattributed += usize::from(deal.call.is_none());
            }
        }
    }
}

async fn take_one(
    installation: &Installation,
    row: DealRow,
    taking: DealImportOptions,
    cause: Cause,
) -> Result<(Arc<Vec<CustomerEvent>>, Position), Problem> {
    let (customer, state) = installation.customer_named(&row.customer).await?;
    let (campaign, call) = meant(installation, &row, &customer, &state).await?;
    let report = DealReport {
        customer: customer.clone(),
        reference: row.reference,
        kind: row.kind,
        amount_minor: row.amount_minor,
        currency: row.currency,
        happened_at: row.happened_at,
        campaign,
        call,
        window_days: taking.window_days,
    };
    let command = CustomerCommand::ReportDeal(Box::new(report));
    if taking.dry_run {
        let context = Context {
            now: installation.now(),
        };
        let events = Customer::decide(&state, command, context).map_err(AskError::Refused)?;
        return Ok((Arc::new(events), Position(0)));
    }
    let answer = installation
        .entities
        .customers
        .ask(&customer, command, cause)
        .await?;
    Ok((answer.events, answer.position))
}

/// Returns the campaign and the call to which a deal belongs, read from the calls' own streams: the named
/// call, or the last call dialed before the deal in the named campaign. Fails if the customer never had
/// that call.
async fn meant(
    installation: &Installation,
    row: &DealRow,
    customer: &CustomerId,
    state: &CustomerState,
) -> Result<(CampaignId, DealCall), Problem> {
    let campaign = match (&row.call, &row.campaign) {
        (None, None) => {
            return Err(Problem::invalid(
                "deal-invalid",
                "a deal must name its call or a campaign",
            ));
        }
        (Some(call), _) => {
            let loaded = installation.entities.calls.state(call).await?;
            let of = loaded.state.campaign().cloned();
            let of = of.filter(|of| row.campaign.as_ref().is_none_or(|said| said == of));
            of.ok_or_else(|| Problem::refused("deal-invalid", "there is no such call in this campaign"))?
        }
        (None, Some(campaign)) => campaign.clone(),
    };
    let dials = dials_of(installation, customer, state, &campaign).await?;
    let first = dials.first().copied();
    let named = |(call, _): &&(CallId, Timestamp)| row.call.is_none_or(|named| named == *call);
    let in_time = |(_, at): &&(CallId, Timestamp)| row.call.is_some() || *at <= row.happened_at;
    let found = dials
        .iter()
        .rev()
        .filter(named)
        .find(in_time)
        .or_else(|| dials.iter().find(named));
    match (found, first) {
        (Some((call, dialed_at)), Some((_, first_dialed_at))) => {
            let deal_call = DealCall {
                call: *call,
                dialed_at: *dialed_at,
                first_dialed_at,
            };
            Ok((campaign, deal_call))
        }
        _ => Err(Problem::refused(
            "deal-invalid",
            "the deal names a call that is not this customer's",
        )),
    }
}

/// Returns the dialed calls of an enrolment with the time of dialing, earliest first. Calls that were
/// granted but not dialed are left out.
async fn dials_of(
    installation: &Installation,
    customer: &CustomerId,
    state: &CustomerState,
    campaign: &CampaignId,
) -> Result<Vec<(CallId, Timestamp)>, Problem> {
    let id = EnrolmentId {
        campaign: campaign.clone(),
        customer: customer.clone(),
    };
    let attempts = state
        .enrolment(campaign)
        .map_or(0, |enrolment| enrolment.attempts);
    let mut dials = Vec::new();
    for attempt in 1..=attempts {
        let call = CallId::derive(&id, attempt);
        let loaded = installation.entities.calls.state(&call).await?;
        dials.extend(loaded.state.dialing_at().map(|at| (call, at)));
    }
    Ok(dials)
}
