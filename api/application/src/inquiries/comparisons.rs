//! Comparisons of values chosen by the caller with sealed values of customers. Each comparison is logged
//! before its result is returned, with counts and without the values.

use super::read_log::Reader;
use crate::installation::Installation;
use domain::ids::{CampaignId, InquiryId};
use domain::inquiry::{ComparedValue, ComparisonFacts, InquiryCommand};
use domain::problem::Problem;
use domain::stored_event::Cause;

/// What was compared, and the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub what: ComparedValue,
    /// Number of values that were compared.
    pub values: u64,
    /// Number of values that a customer has, as far as the caller learns it.
    pub found: u64,
    pub campaign: Option<CampaignId>,
}

impl Comparison {
    /// Returns the comparison of a single value.
    pub fn of_one(what: ComparedValue, is_found: bool) -> Self {
        Self {
            what,
            values: 1,
            found: u64::from(is_found),
            campaign: None,
        }
    }
}

/// Logs a comparison of values with those of customers. If this fails, the result must not be returned.
pub async fn put_comparison_on_record(
    installation: &Installation,
    reader: &Reader,
    comparison: Comparison,
) -> Result<(), Problem> {
    let facts = ComparisonFacts {
        route: reader.route().to_owned(),
        door: reader.door().to_owned(),
        what: comparison.what,
        values: comparison.values,
        found: comparison.found,
        campaign: comparison.campaign,
    };
    // Each repetition has its own entry: the log shows how often a caller tries.
    let cause = Cause::outside(installation.new_command()).asked_by(reader.actor());
    let id = InquiryId::derive(cause.command);
    let command = InquiryCommand::Compare {
        facts,
        by: reader.by().map(str::to_owned),
    };
    installation.entities.inquiries.ask(&id, command, cause).await?;
    Ok(())
}
