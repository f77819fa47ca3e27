//! What is asked of calls of a span of time: how they ended, on which trunks.

use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Calls by disposition, and of each by the trunks they were dialed on (in order, joined by a blank).
pub type Dispositions = BTreeMap<String, BTreeMap<String, u64>>;

/// How the calls ended that were first dialed from `from` on and before `to`; corrections are in it.
pub async fn dispositions(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Dispositions, ProjectionError> {
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
        let mut found = Dispositions::new();
        for mut row in rows {
            let (disposition, trunks) = (row.text()?, row.text()?);
            found.entry(disposition).or_default().insert(trunks, row.count()?);
        }
        Ok(found)
    })
    .await
}
