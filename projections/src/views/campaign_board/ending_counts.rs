//! Counts of ended calls by disposition and outcome, for one campaign and for all others together.

use super::figures::ResultCount;
use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::ids::CampaignId;

/// Counts of ended calls by disposition and, for those that have one, by outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Endings {
    pub dispositions: Vec<ResultCount>,
    pub outcomes: Vec<ResultCount>,
}

/// Returns the counts of a campaign, and the sums of all other campaigns, from one snapshot of the
/// database.
pub async fn endings(db: &dyn ReadDb, campaign: &CampaignId) -> Result<(Endings, Endings), ProjectionError> {
    let campaign = Val::text(campaign);
    read_as(db, move |tx| {
        let mut of = |which: &str, what: &str| {
            let sql = format!(
                "select code, cast(sum(count) as bigint) from campaign_board_count
                 where campaign {which} $1 and what = $2 group by code order by code"
            );
            let rows = tx.query(&sql, &[campaign.clone(), Val::text(what)])?;
            let read = |mut row: Row| {
                Ok(ResultCount {
                    code: row.text()?,
                    count: row.count()?,
                })
            };
            rows.into_iter()
                .map(read)
                .collect::<Result<Vec<_>, ProjectionError>>()
        };
        let own = Endings {
            dispositions: of("=", "disposition")?,
            outcomes: of("=", "outcome")?,
        };
        let others = Endings {
            dispositions: of("<>", "disposition")?,
            outcomes: of("<>", "outcome")?,
        };
        Ok((own, others))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::super::CampaignBoard;
    use super::*;
    use crate::testing::{TestHistory, campaign};

    #[tokio::test]
    async fn the_others_are_every_campaign_but_this_one() {
        let mut story = TestHistory::new();
        for (name, of) in [("T", 1), ("T", 2), ("U", 3), ("V", 4), ("V", 6)] {
            story.whole_call(name, of);
        }
        let (db, _runner) = story.shown_by(CampaignBoard).await;
        let (own, others) = endings(db.as_ref(), &campaign("T")).await.unwrap();
        let counts = |all: &[ResultCount]| {
            all.iter()
                .map(|one| (one.code.clone(), one.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            counts(&own.dispositions),
            [("answered".to_owned(), 1), ("busy".to_owned(), 1)]
        );
        assert_eq!(
            counts(&others.dispositions),
            [("answered".to_owned(), 2), ("busy".to_owned(), 1)]
        );
        assert_eq!(counts(&others.outcomes), [("success".to_owned(), 2)]);
    }
}
