//! Queries of a period: its hours by campaign, trunk and flow version, and the position up to which the rows
//! are complete.

use crate::checkpoint::read_checkpoints;
use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::ids::CampaignId;
use domain::stored_event::Position;
use domain::time::Timestamp;

/// Most rows of a period: a year of hours on ten trunks with five flow versions.
pub const CELLS_MAX: usize = 500_000;

/// The figures of the calls of one hour, campaign, trunk and flow version, by the time of their first dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub campaign: String,
    pub hour_at: Timestamp,
    pub trunk: String,
    pub flow_version: u64,
    pub dialed: u64,
    pub answered: u64,
    pub ended: u64,
    pub talked: u64,
    pub talk_ms: u64,
    pub conversions: u64,
    /// Calls that a person answered and that have ended.
    pub person_answered: u64,
}

/// Returns the hours that begin from `from` up to but not including `to`, in order, with the position up to
/// which they are complete. The caller must keep the period below `CELLS_MAX` rows; otherwise the latest are
/// missing.
pub async fn cells(
    db: &dyn ReadDb,
    campaign: Option<&CampaignId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<Cell>, Position), ProjectionError> {
    let campaign = campaign.map_or_else(String::new, ToString::to_string);
    let values = [
        Val::at(from),
        Val::at(to),
        Val::Text(campaign),
        Val::count(CELLS_MAX),
    ];
    read_as(db, move |tx| {
        let checkpoints = read_checkpoints(tx)?;
        let position = checkpoints.iter().find(|one| one.view == super::NAME);
        let position = position.map_or(Position(0), |one| one.position);
        let rows = tx.query(
            "select campaign, hour_at, trunk, flow_version, dialed, answered, ended, talked, talk_ms,
             conversions, person_answered from campaign_board_hour
             where hour_at >= $1 and hour_at < $2 and (campaign = $3 or $3 = '')
             order by hour_at, campaign, trunk, flow_version limit $4",
            &values,
        )?;
        let cells: Result<Vec<Cell>, ProjectionError> = rows.into_iter().map(read).collect();
        Ok((cells?, position))
    })
    .await
}

fn read(mut row: Row) -> Result<Cell, ProjectionError> {
    Ok(Cell {
        campaign: row.text()?,
        hour_at: row.at()?,
        trunk: row.text()?,
        flow_version: row.count()?,
        dialed: row.count()?,
        answered: row.count()?,
        ended: row.count()?,
        talked: row.count()?,
        talk_ms: row.count()?,
        conversions: row.count()?,
        person_answered: row.count()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::CampaignBoard;
    use super::*;
    use crate::testing::{TestHistory, campaign, ten};

    #[tokio::test]
    async fn a_span_holds_its_first_hour_and_not_its_end() {
        let mut story = TestHistory::new();
        story.created("T").whole_call("T", 2);
        story.created("U").whole_call("U", 3);
        let (db, _runner) = story.shown_by(CampaignBoard).await;
        let hour = ten().minus_ms(u64::try_from(ten().micros() / 1_000 % 3_600_000).unwrap());
        let of = async |campaign: Option<&CampaignId>, from, to| {
            let (cells, position) = cells(db.as_ref(), campaign, from, to).await.unwrap();
            assert_eq!(position, story.head());
            cells.iter().map(|cell| cell.dialed).sum::<u64>()
        };
        let next = hour.plus_ms(3_600_000);
        assert_eq!(of(None, hour, next).await, 2);
        assert_eq!(of(Some(&campaign("U")), hour, next).await, 1);
        assert_eq!(of(None, next, next.plus_ms(3_600_000)).await, 0);
        assert_eq!(of(None, hour.minus_ms(3_600_000), hour).await, 0);
    }
}
