//! How the calls ended whose first leg was dialed in a span of time: what reports of a period count.

use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Ended calls by disposition, as known now, of those whose first leg was dialed in a span.
pub async fn dispositions(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
    (from, to): (Timestamp, Timestamp),
) -> Result<BTreeMap<String, u64>, ProjectionError> {
    let campaign = campaign.map_or_else(String::new, ToString::to_string);
    let values = [Val::at(from), Val::at(to), Val::Text(campaign)];
    read_as(db, move |tx| {
        let rows = tx.query(
            "select disposition, cast(count(*) as bigint) from call_history
             where dialing_at >= $1 and dialing_at < $2 and (campaign = $3 or $3 = '')
             and disposition is not null
             group by disposition order by disposition",
            &values,
        )?;
        rows.into_iter()
            .map(|mut row| Ok((row.text()?, row.count()?)))
            .collect()
    })
    .await
}
