//! A corrected call leaves one figure for another; the move itself is counted.

use super::Board;
use crate::error::ProjectionError;
use crate::value::Val;
use domain::call::Finding;
use domain::disposition::Outcome;
use domain::ids::{CallId, CampaignId};

impl Board<'_> {
    /// Dialed, answered and talk time are what the network did: they stay.
    pub(super) fn corrected(
        &mut self,
        call: CallId,
        before: Finding,
        after: Finding,
    ) -> Result<(), ProjectionError> {
        let rows = self.tx.query(
            "select campaign from campaign_board_call where call = $1",
            &[Val::text(call)],
        )?;
        let Some(mut row) = rows.into_iter().next() else {
            return Ok(());
        };
        let campaign: CampaignId = row.parse()?;
        self.count(&campaign, "corrected", &moved(before, after))?;
        self.uncount(&campaign, "disposition", before.disposition.code())?;
        self.count(&campaign, "disposition", after.disposition.code())?;
        if let Some(outcome) = before.outcome {
            self.uncount(&campaign, "outcome", outcome.code())?;
        }
        if let Some(outcome) = after.outcome {
            self.count(&campaign, "outcome", outcome.code())?;
        }
        let converted = |finding: Finding| i64::from(finding.outcome == Some(Outcome::Success));
        let change = converted(after) - converted(before);
        if change == 0 {
            return Ok(());
        }
        self.add(call, "conversions = conversions + $3", vec![Val::Int(change)])
    }

    /// A count that came to nothing leaves no row.
    fn uncount(&mut self, campaign: &CampaignId, what: &str, code: &str) -> Result<(), ProjectionError> {
        let key = [Val::text(campaign), Val::text(what), Val::text(code)];
        let mut all = key.to_vec();
        all.push(self.pos.clone());
        self.exec(
            "update campaign_board_count set count = count - 1, pos = $4
             where campaign = $1 and what = $2 and code = $3",
            &all,
        )?;
        self.exec(
            "delete from campaign_board_count where campaign = $1 and what = $2 and code = $3 and count <= 0",
            &key,
        )
    }
}

/// A move as its count names it: `answered/success>machine`.
fn moved(before: Finding, after: Finding) -> String {
    let name = |finding: Finding| match finding.outcome {
        Some(outcome) => format!("{}/{}", finding.disposition.code(), outcome.code()),
        None => finding.disposition.code().to_owned(),
    };
    format!("{}>{}", name(before), name(after))
}
