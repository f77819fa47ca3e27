//! The metric `ledgerline_dialing_paused`: for each reason, whether it pauses dialing, or how many trunks,
//! presets or campaigns it pauses. No label names one of them.

use crate::exposition::Exposition;
use crate::metric_catalogue as catalogue;
use domain::dialing_pause::{PauseCode, PauseScope, PauseSubject};
use host::process::DialingReport;
use std::collections::BTreeSet;

/// Writes one sample for each code, also if it does not apply, so that an alert on it resolves. Codes of
/// campaigns are left out if not every campaign could be looked at: 0 would say that none is paused.
pub(crate) fn write_dialing_pauses(shown: &mut Exposition, report: &DialingReport) {
    for code in PauseCode::ALL {
        if !report.is_complete && code.scope() == PauseScope::Campaign {
            continue;
        }
        // A trunk, preset or campaign with two reasons of one code counts once.
        let of_code = report.pauses.iter().filter(|pause| pause.code == *code);
        let subjects: BTreeSet<&PauseSubject> = of_code.map(|pause| &pause.subject).collect();
        shown.put(&catalogue::DIALING_PAUSED, &[code.name()], subjects.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::dialing_pause::DialingPause;

    fn text_of(pauses: Vec<DialingPause>, is_complete: bool) -> String {
        let mut shown = Exposition::default();
        write_dialing_pauses(&mut shown, &DialingReport { pauses, is_complete });
        shown.text()
    }

    #[test]
    fn codes_of_campaigns_are_left_out_if_not_every_campaign_was_read() {
        let text = text_of(Vec::new(), false);
        assert!(text.contains("{reason=\"disk_full\"} 0"), "{text}");
        assert!(!text.contains("campaign_stopped"), "{text}");
    }

    #[test]
    fn each_code_has_a_sample_and_campaigns_are_counted_once() {
        let campaign = |id: &str| PauseSubject::Campaign(id.parse().unwrap());
        let pauses = vec![
            DialingPause::new(PauseCode::DiskFull, PauseSubject::Installation),
            DialingPause::new(PauseCode::CampaignStopped, campaign("A")),
            DialingPause::new(PauseCode::CampaignStopped, campaign("A")),
            DialingPause::new(PauseCode::CampaignStopped, campaign("B")),
        ];
        let text = text_of(pauses, true);
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
