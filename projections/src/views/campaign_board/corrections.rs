//! Applies corrections of calls: moves a call from one count to another, and counts the move.

use super::{Board, COUNTS, CountColumn, HourColumn};
use crate::cells::Cells;
use crate::database::RowAction;
use crate::error::ProjectionError;
use crate::person_answered;
use crate::value::Val;
use domain::call::Finding;
use domain::disposition::Outcome;
use domain::ids::CallId;

impl Board<'_> {
    /// Moves a corrected call from its former disposition and outcome to the new ones, and counts the
    /// correction. Dialed and answered calls and talk time stay, because the network measured them.
    pub(super) fn corrected(
        &mut self,
        call: CallId,
        before: Finding,
        after: Finding,
    ) -> Result<(), ProjectionError> {
        let Some(place) = self.place(call, &mut |_| RowAction::Keep)? else {
            return Ok(());
        };
        let campaign = place.campaign.clone();
        self.count(&campaign, "corrected", &correction_code(before, after))?;
        self.uncount(&campaign, "disposition", before.disposition.code())?;
        self.count(&campaign, "disposition", after.disposition.code())?;
        if let Some(outcome) = before.outcome {
            self.uncount(&campaign, "outcome", outcome.code())?;
        }
        if let Some(outcome) = after.outcome {
            self.count(&campaign, "outcome", outcome.code())?;
        }
        let converted = |finding: Finding| i64::from(finding.outcome == Some(Outcome::Success));
        let conversions = converted(after) - converted(before);
        let people = place.answered * person_answered::count_correction(before, after);
        if conversions == 0 && people == 0 {
            return Ok(());
        }
        self.add_at(&place, &|row| {
            row.add(HourColumn::Conversions, conversions);
            row.add(HourColumn::PersonAnswered, people);
        })
    }

    /// Decreases a count by one, and removes its row if it reaches zero.
    fn uncount(&mut self, campaign: &Val, what: &str, code: &str) -> Result<(), ProjectionError> {
        let key = [campaign.clone(), Val::text(what), Val::text(code)];
        let pos = self.pos.clone();
        self.tx.edit(&COUNTS, &key, &mut |row| {
            let mut cells = Cells(row);
            cells.add(CountColumn::Count, -1);
            cells.set(CountColumn::Pos, pos.clone());
            Ok(match cells.int(CountColumn::Count) {
                1.. => RowAction::Write,
                _ => RowAction::Remove,
            })
        })?;
        Ok(())
    }
}

/// Returns the code under which a correction is counted, for example `answered/success>machine`.
pub(super) fn correction_code(before: Finding, after: Finding) -> String {
    let name = |finding: Finding| match finding.outcome {
        Some(outcome) => format!("{}/{}", finding.disposition.code(), outcome.code()),
        None => finding.disposition.code().to_owned(),
    };
    format!("{}>{}", name(before), name(after))
}
