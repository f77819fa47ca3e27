//! Prepares the figures of a report for the rules that suggest actions (`suggestions`).

use crate::pdca::PdcaReportFigures;
use crate::pdca::suggestions::{PartEffect, SuggestionInputs};
use domain::disposition::Disposition;

/// Selects those figures of a report that the suggestion rules read.
pub(super) fn select_suggestion_inputs(gathered: &PdcaReportFigures) -> SuggestionInputs {
    let (_, now) = &gathered.dispositions;
    let ended = now.iter().filter_map(|(code, trunks)| {
        let disposition = Disposition::from_code(code)?;
        Some((disposition, trunks.values().sum()))
    });
    let watch = &gathered.watch;
    let most = watch.refusals.iter().max_by_key(|(_, count)| **count);
    let effects = gathered.splits.iter().flat_map(|split| {
        split.swing.effects.iter().map(|effect| PartEffect {
            by: split.by,
            part: effect.part.clone(),
            rate: effect.rate,
            mix: effect.mix,
        })
    });
    SuggestionInputs {
        ended: ended.collect(),
        answered: gathered.now.answered,
        opt_outs: watch.opt_outs,
        refused_most: most.map(|(rule, count)| (rule.clone(), *count)),
        alerts: watch.alerts.values().sum(),
        effects: effects.collect(),
    }
}
