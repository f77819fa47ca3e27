//! Counts the calls of a period by disposition and trunks.

use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Counts of calls by disposition, and within it by the trunks on which they were dialed (in order, separated
/// by blanks).
pub type DispositionCounts = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts the ended calls that were first dialed from `from` up to but not including `to`, with their
/// corrected dispositions; without a `campaign`, those of all campaigns.
pub async fn dispositions(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<DispositionCounts, ProjectionError> {
    let campaign = campaign.map_or_else(String::new, ToString::to_string);
    let values = [Val::at(from), Val::at(to), Val::Text(campaign)];
    read_as(db, move |tx| {
        let rows = tx.query(
            "select disposition, trunks, cast(count(*) as bigint) from call_history
             where dialing_at >= $1 and dialing_at < $2 and (campaign = $3 or $3 = '')
             and disposition is not null
             group by disposition, trunks order by disposition, trunks",
            &values,
        )?;
        let mut found = DispositionCounts::new();
        for mut row in rows {
            let (disposition, trunks) = (row.text()?, row.text()?);
            found.entry(disposition).or_default().insert(trunks, row.count()?);
        }
        Ok(found)
    })
    .await
}
