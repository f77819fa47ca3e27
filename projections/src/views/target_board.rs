//! The view of each campaign's targets: for each metric the one that was set last.

use crate::database::{ReadDb, Select, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::campaign::event::CampaignEvent;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use serde::Serialize;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "target_board";

/// Most targets in one response.
pub const TARGETS_MAX: usize = 2_000;

/// The view of campaign targets.
pub struct TargetBoard;

static TABLES: [Table; 1] = [Table {
    name: "target_board",
    ddl: &[
        "create table target_board (campaign text not null, metric text not null, version bigint not null,
        per_mille bigint not null, set_by text, set_at bigint not null, pos bigint not null,
        primary key (campaign, metric))",
    ],
    key_columns: 2,
}];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[CampaignEvent::TARGETS_SET]),
};

impl View for TargetBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let AnyEvent::Campaign(fact) = event.event()? else {
            return Ok(());
        };
        let CampaignEvent::TargetsSet { targets, by } = fact.as_ref() else {
            return Ok(());
        };
        let campaign: CampaignId = event.stream_id()?;
        tx.exec(
            "delete from target_board where campaign = $1",
            &[Val::text(&campaign)],
        )?;
        for target in targets {
            let [table] = &TABLES;
            let row = vec![
                Val::text(&campaign),
                Val::text(&target.metric),
                Val::count(target.version),
                Val::count(target.per_mille),
                Val::maybe_text(by.as_ref()),
                Val::at(event.at()),
                Val::position(event.position),
            ];
            tx.put(table, row)?;
        }
        Ok(())
    }
}

/// One target of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct TargetRow {
    pub campaign: CampaignId,
    pub metric: String,
    pub version: u32,
    pub per_mille: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    pub set_at: Timestamp,
}

/// Returns the targets of one campaign or of all, by campaign and metric; at most `TARGETS_MAX`.
pub async fn targets(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
) -> Result<Vec<TargetRow>, ProjectionError> {
    let (sql, values) =
        Select::new("select campaign, metric, version, per_mille, set_by, set_at from target_board")
            .when("campaign =", campaign.map(Val::text))
            .limited("campaign, metric", TARGETS_MAX);
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<TargetRow, ProjectionError> {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(TargetRow {
        campaign: row.parse()?,
        metric: row.text()?,
        version: small(row.count()?),
        per_mille: small(row.count()?),
        set_by: row.maybe_text()?,
        set_at: row.at()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, campaign};
    use domain::campaign::event::Target;

    fn set(targets: &[(&str, u32)]) -> CampaignEvent {
        let target = |(metric, per_mille): &(&str, u32)| Target {
            metric: (*metric).to_owned(),
            version: 1,
            per_mille: *per_mille,
        };
        CampaignEvent::TargetsSet {
            targets: targets.iter().map(target).collect(),
            by: None,
        }
    }

    #[tokio::test]
    async fn the_last_set_replaces_all_targets() {
        let mut story = TestHistory::new();
        story.campaign("T", set(&[("a", 650), ("b", 150)]));
        story
            .campaign("U", set(&[("a", 700)]))
            .campaign("T", set(&[("b", 120), ("c", 5)]));
        let (db, _runner) = story.shown_by(TargetBoard).await;
        let rows = targets(db.as_ref(), None).await.unwrap();
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.campaign.as_str(), row.metric.as_str(), row.per_mille))
            .collect();
        assert_eq!(rows, [("T", "b", 120), ("T", "c", 5), ("U", "a", 700)]);
        assert_eq!(targets(db.as_ref(), Some(&campaign("U"))).await.unwrap().len(), 1);
    }
}
