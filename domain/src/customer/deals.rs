//! Deals that external systems report: attributed to a call within a window, and superseded by later reports
//! of the same reference.
//!
//! Guarantees: a deal for a call that this person never had, or dated before the call, is refused. A repeated
//! report makes no event. A correction states the change of the amount, so that sums follow from the events
//! alone.

use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::deal::{
    ATTRIBUTION_DAYS_MAX, Currency, DEAL_AMOUNT_MINOR_MAX, Deal, DealCounts, DealKind, is_reference,
};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::ids::{CallId, CampaignId, CustomerId, EnrolmentId};

/// The most deals kept of one person; a further one is refused. A repayment a month for thirty years.
pub const DEALS_MAX: usize = 400;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// A deal as an external system reports it, with the call that it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealReport {
    /// The entity's own id, from which the ids of its calls are derived.
    pub customer: CustomerId,
    pub reference: String,
    pub kind: DealKind,
    pub amount_minor: u64,
    pub currency: Currency,
    pub happened_at: Timestamp,
    pub campaign: CampaignId,
    /// The call that the deal follows, or the last one of the campaign, with facts from the call's stream.
    pub call: DealCall,
    /// The attribution window: a deal within this many days after a call is attributed to it.
    pub window_days: u32,
}

/// Facts about the call that a deal follows. They come with the request, because the customer reads no
/// other stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DealCall {
    pub call: CallId,
    pub dialed_at: Timestamp,
    /// The first dial of this person in the campaign.
    pub first_dialed_at: Timestamp,
}

/// A deal according to its last report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDeal {
    pub deal: Deal,
    /// True if that report's event states what figures count; older events do not.
    pub has_counts: bool,
}

/// The known deals of a person, by their reference.
pub type Deals = BTreeMap<String, KnownDeal>;

pub(super) fn report(
    state: &CustomerState,
    report: DealReport,
    now: Timestamp,
) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
    super::decider_support::check_not_erased(state)?;
    check(&report, now)?;
    let enrolment = state.enrolment(&report.campaign).ok_or_else(|| {
        let campaign = report.campaign.clone();
        CustomerRefusal::NotEnrolled { campaign }
    })?;
    let id = EnrolmentId {
        campaign: report.campaign.clone(),
        customer: report.customer.clone(),
    };
    let known = (1..=enrolment.attempts).any(|attempt| CallId::derive(&id, attempt) == report.call.call);
    if !known {
        return Err(CustomerRefusal::DealOfUnknownCall);
    }
    if report.happened_at < report.call.dialed_at {
        return Err(CustomerRefusal::DealBeforeCall {
            dialed_at: report.call.dialed_at,
        });
    }
    let known = state.deals().and_then(|deals| deals.get(&report.reference));
    let before = known.map(|known| &known.deal);
    if let Some(before) = before
        && (before.campaign != report.campaign
            || before.kind != report.kind
            || before.currency != report.currency)
    {
        return Err(CustomerRefusal::DealOfAnother);
    }
    let count = state.deals().map_or(0, BTreeMap::len) + usize::from(before.is_none());
    super::decider_support::check_count(count, DEALS_MAX, "deals")?;
    let deal = attributed(report);
    if before == Some(&deal) {
        return Ok(Vec::new());
    }
    let was = before.map_or(0, |before| before.amount_minor);
    let counts = counts(state, known, &deal);
    Ok(vec![CustomerEvent::DealReported {
        counts: Some(counts),
        change_minor: signed(deal.amount_minor) - signed(was),
        corrects: before.is_some(),
        deal: Box::new(deal),
    }])
}

fn check(report: &DealReport, now: Timestamp) -> Result<(), CustomerRefusal> {
    let wrong = if !is_reference(&report.reference) {
        Some("its reference must have 1 to 64 letters, digits, - _ and .")
    } else if report.amount_minor > DEAL_AMOUNT_MINOR_MAX {
        Some("the amount is out of range")
    } else if report.window_days == 0 || report.window_days > ATTRIBUTION_DAYS_MAX {
        Some("the attribution window must be 1 to 365 days")
    } else if report.happened_at > now {
        Some("it is in the future")
    } else {
        None
    };
    wrong.map_or(Ok(()), |why| Err(CustomerRefusal::DealInvalid { why }))
}

/// Returns the deal as it is stored: attributed to the call if it happened within the window, else only to
/// the campaign.
fn attributed(report: DealReport) -> Deal {
    let window_ms = u64::from(report.window_days).saturating_mul(DAY_MS);
    let after_ms = report.happened_at.ms_since(report.call.dialed_at);
    let is_within = after_ms <= window_ms;
    Deal {
        cycle_ms: is_within.then(|| report.happened_at.ms_since(report.call.first_dialed_at)),
        call: is_within.then_some(report.call.call),
        reference: report.reference,
        kind: report.kind,
        amount_minor: report.amount_minor,
        currency: report.currency,
        happened_at: report.happened_at,
        campaign: report.campaign,
    }
}

/// Returns by how much a report changes the figures of its campaign. An earlier report without counts had
/// contributed nothing.
fn counts(state: &CustomerState, before: Option<&KnownDeal>, deal: &Deal) -> DealCounts {
    let (was, is) = (before.and_then(in_figures), is_counted(deal).then_some(deal));
    let minor = |deal: Option<&Deal>| signed(deal.map_or(0, |deal| deal.amount_minor));
    let cycle_ms = |deal: Option<&Deal>| signed(deal.and_then(|deal| deal.cycle_ms).unwrap_or(0));
    let one = |deal: Option<&Deal>| i64::from(deal.is_some());
    let known = state.deals().into_iter().flat_map(BTreeMap::values);
    let has_another = known.filter_map(in_figures).any(|other| {
        let is_same = other.campaign == deal.campaign && other.kind == deal.kind;
        is_same && other.reference != deal.reference
    });
    DealCounts {
        counted_minor: minor(is) - minor(was),
        counted_deals: one(is) - one(was),
        counted_people: if has_another { 0 } else { one(is) - one(was) },
        cycle_change_ms: cycle_ms(is) - cycle_ms(was),
    }
}

/// Returns the known deal if the figures count it.
fn in_figures(known: &KnownDeal) -> Option<&Deal> {
    Some(&known.deal).filter(|deal| known.has_counts && is_counted(deal))
}

/// Returns true if the deal is attributed to a call and its amount is not zero (zero: withdrawn).
const fn is_counted(deal: &Deal) -> bool {
    deal.call.is_some() && deal.amount_minor > 0
}

/// Returns an amount or time as a signed number; the limits are far below the maximum.
fn signed(amount_minor: u64) -> i64 {
    i64::try_from(amount_minor).unwrap_or(i64::MAX)
}
