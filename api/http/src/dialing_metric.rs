//! The metric `ledgerline_dialing_paused`: for each reason, whether it pauses dialing, or how many trunks,
//! presets or campaigns it pauses. No label names one of them.

use crate::exposition::Exposition;
use crate::metric_catalogue as catalogue;
use domain::dialing_pause::{DialingPause, PauseCode, PauseSubject};
use std::collections::BTreeSet;

/// Writes one sample for each code, also if it does not apply, so that an alert on it resolves.
pub(crate) fn write_dialing_pauses(shown: &mut Exposition, pauses: &[DialingPause]) {
    for code in PauseCode::ALL {
        // A trunk, preset or campaign with two reasons of one code counts once.
        let of_code = pauses.iter().filter(|pause| pause.code == *code);
        let subjects: BTreeSet<&PauseSubject> = of_code.map(|pause| &pause.subject).collect();
        shown.put(&catalogue::DIALING_PAUSED, &[code.name()], subjects.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_sample_and_campaigns_are_counted_once() {
        let campaign = |id: &str| PauseSubject::Campaign(id.parse().unwrap());
        let pauses = [
            DialingPause::new(PauseCode::DiskFull, PauseSubject::Installation),
            DialingPause::new(PauseCode::CampaignStopped, campaign("A")),
            DialingPause::new(PauseCode::CampaignStopped, campaign("A")),
            DialingPause::new(PauseCode::CampaignStopped, campaign("B")),
        ];
        let mut shown = Exposition::default();
        write_dialing_pauses(&mut shown, &pauses);
        let text = shown.text();
        for sample in [
            "ledgerline_dialing_paused{reason=\"disk_full\"} 1",
            "ledgerline_dialing_paused{reason=\"campaign_stopped\"} 2",
            "ledgerline_dialing_paused{reason=\"no_trunk\"} 0",
        ] {
            assert!(text.lines().any(|line| line == sample), "{sample} in {text}");
        }
        assert!(!text.contains("\"A\""), "{text}");
    }
}
