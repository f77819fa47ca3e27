//! Sums the calls of a campaign by a group of their customers. Calls are read one by one; only the customers'
//! groups are held in memory.

use crate::database::{ReadDb, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::call::{CallAccount, Finding};
use domain::disposition::{Disposition, Outcome};
use domain::ids::CampaignId;
use std::collections::BTreeMap;

/// Most calls that are summed for one response: some seconds of reading. Further calls are left out.
pub const SUMMED_CALLS_MAX: usize = 5_000_000;

/// Counts of a group's calls, by their current findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, schemars::JsonSchema)]
pub struct CallCounts {
    /// Calls that were dialed, counted at their first leg.
    pub dialed: u64,
    /// Calls that a person or a machine answered.
    pub answered: u64,
    pub converted: u64,
    pub talk_ms: u64,
    /// Calls that a person answered and that have ended.
    pub person_answered: u64,
}

impl CallCounts {
    fn add(&mut self, mut row: Row) -> Result<(), ProjectionError> {
        let (is_dialed, is_answered) = (row.maybe_int()?.is_some(), row.maybe_int()?.is_some());
        let disposition = row.maybe_text()?.as_deref().and_then(Disposition::from_code);
        let outcome = row.maybe_text()?.as_deref().and_then(Outcome::from_code);
        let account = CallAccount {
            is_dialed,
            is_answered,
            finding: disposition.map(|disposition| Finding { disposition, outcome }),
            talk_ms: row.maybe_count()?.unwrap_or(0),
        };
        let sums = account.sums();
        self.dialed += sums.dialed.cast_unsigned();
        self.answered += sums.answered.cast_unsigned();
        self.converted += sums.conversions.cast_unsigned();
        self.talk_ms += sums.talk_ms.cast_unsigned();
        self.person_answered += sums.person_answered.cast_unsigned();
        Ok(())
    }
}

/// Returns the counts of each group, and true if all calls of the campaign are included. `of` maps a
/// customer's id to the index of the group; calls of other customers count in the first group.
pub async fn counts_by_group(
    db: &dyn ReadDb,
    campaign: &CampaignId,
    of: BTreeMap<String, usize>,
    groups_count: usize,
) -> Result<(Vec<CallCounts>, bool), ProjectionError> {
    let sql = format!(
        "select customer, dialing_at, answered_at, disposition, outcome, talk_ms from call_history
         where campaign = $1 limit {}",
        SUMMED_CALLS_MAX + 1
    );
    let asked = [Val::text(campaign)];
    read_as(db, move |tx| {
        let mut sums = vec![CallCounts::default(); groups_count.max(1)];
        let mut calls_count = 0_usize;
        tx.each(&sql, &asked, &mut |mut row| {
            calls_count += 1;
            let group = of.get(&row.text()?).copied().unwrap_or(0);
            if calls_count <= SUMMED_CALLS_MAX
                && let Some(sum) = sums.get_mut(group)
            {
                sum.add(row)?;
            }
            Ok(())
        })?;
        Ok((sums, calls_count <= SUMMED_CALLS_MAX))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, call, campaign, customer};
    use crate::views::call_history::CallHistory;

    #[tokio::test]
    async fn calls_count_in_the_group_of_their_person_as_they_were_corrected() {
        let mut story = TestHistory::new();
        for of in [2, 3, 4] {
            let id = call("T", of, 1);
            story.permitted("T", of, 1);
            story.dialing(id, 1, "first").answered(id, 1);
            story.ended(id, Disposition::Answered, Some(Outcome::Success), 1_000);
        }
        story.permitted("U", 2, 1);
        story.dialing(call("U", 2, 1), 1, "first");
        let before = (Disposition::Answered, Some(Outcome::Success));
        story.corrected(call("T", 3, 1), before, (Disposition::Machine, None));
        let (db, _runner) = story.shown_by(CallHistory).await;
        let of = BTreeMap::from([(customer(2).to_string(), 1), (customer(3).to_string(), 1)]);
        let (sums, is_whole) = counts_by_group(db.as_ref(), &campaign("T"), of, 2).await.unwrap();
        let counts = |calls: u64, people: u64| CallCounts {
            dialed: calls,
            answered: calls,
            converted: people,
            talk_ms: calls * 1_000,
            person_answered: people,
        };
        assert_eq!((sums, is_whole), (vec![counts(1, 1), counts(2, 1)], true));
    }
}
