//! The comparison that an import of a list makes with customers of other campaigns: whether it took place,
//! and its record.

use application::inquiries::Comparison;
use application::installation::Installation;
use application::lists::load::{ImportReport, OtherCampaignsCount};
use domain::ids::{CampaignId, ListId};
use domain::inquiry::ComparedValue;
use domain::problem::Problem;

/// True if this import compared rows of the list with customers of other campaigns: it succeeded and was no
/// repetition, or it failed after the list was opened, when it may have enrolled customers.
pub(crate) async fn was_compared(
    installation: &Installation,
    campaign: &CampaignId,
    list: &ListId,
    imported: &Result<ImportReport, Problem>,
) -> bool {
    if let Ok(report) = imported {
        return !report.repeated;
    }
    let Ok(loaded) = installation.entities.campaigns.state(campaign).await else {
        return true;
    };
    loaded.state.lists().contains_key(list) || loaded.state.undone_lists().contains(list)
}

/// Returns the comparison that an import makes, for its record: the number of rows, and how many of them
/// the report shows as known.
pub(crate) fn describe_comparison(report: &ImportReport, campaign: CampaignId) -> Comparison {
    let found = match report.duplicates_elsewhere {
        OtherCampaignsCount::About(count) => count,
        OtherCampaignsCount::NotChecked(_) => report.duplicates.saturating_add(report.same_number.count),
    };
    Comparison {
        what: ComparedValue::List,
        values: report.rows,
        found,
        campaign: Some(campaign),
    }
}
