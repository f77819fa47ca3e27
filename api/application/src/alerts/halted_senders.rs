//! Alerts on webhooks, channels and saved reports that send nothing until a user acts. A removed one clears
//! its alert; one that is unknown to this process has no finding.

use super::rules::{Finding, figure};
use crate::halted_senders::{DisabledReason, HaltedSenders};
use domain::alert::{AlertRule, Severity};

/// Returns the findings for all known senders.
pub(super) fn findings(halted: &HaltedSenders) -> Vec<Finding> {
    let webhooks = halted.webhooks().into_iter();
    let mut found: Vec<Finding> = webhooks
        .map(|(id, reason)| of_webhook(id.to_string(), reason))
        .collect();
    let reports = halted.reports().into_iter();
    found.extend(reports.map(|(name, is_lost)| of_report(name.to_string(), is_lost)));
    found
}

fn of_webhook(subject: String, reason: Option<DisabledReason>) -> Finding {
    let detail = match reason {
        None => "",
        Some(DisabledReason::ReceiverGone) => {
            "its receiver answered 410 (gone): nothing is delivered until a replay"
        }
        Some(DisabledReason::OwnerDisabled) => {
            "its owner is disabled: nothing is delivered until another user takes it over"
        }
        Some(DisabledReason::RightLost) => {
            "its owner lost a right that it needs: nothing is delivered until another user takes it over"
        }
    };
    Finding {
        rule: AlertRule::WebhookDisabled,
        subject,
        campaign: None,
        severity: Severity::Critical,
        figure: figure(i64::from(reason.is_some()), 0, "count", 0),
        detail: detail.to_owned(),
        is_beyond: reason.is_some(),
    }
}

fn of_report(subject: String, is_lost: bool) -> Finding {
    let detail = if is_lost {
        "its owner is disabled or lost a right that it needs: it is not sent until another user takes it over"
    } else {
        ""
    };
    Finding {
        rule: AlertRule::SavedReportOwner,
        subject,
        campaign: None,
        severity: Severity::Warning,
        figure: figure(i64::from(is_lost), 0, "count", 0),
        detail: detail.to_owned(),
        is_beyond: is_lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{CommandId, WebhookId};
    use projections::alert_words::translate_detail;

    #[test]
    fn a_halted_sender_is_beyond_with_a_chinese_detail_and_a_sending_one_clears() {
        let halted = HaltedSenders::default();
        assert_eq!(findings(&halted), [], "what is unknown says nothing");
        let id = WebhookId::derive(CommandId::derive_from_text("a webhook"));
        for reason in [
            DisabledReason::ReceiverGone,
            DisabledReason::OwnerDisabled,
            DisabledReason::RightLost,
        ] {
            halted.note_webhook(id, Some(reason));
            let found = findings(&halted);
            assert_eq!(found.len(), 1);
            assert!(found[0].is_beyond && found[0].subject == id.to_string());
            assert!(translate_detail(&found[0].detail).is_some(), "{reason:?}");
        }
        halted.note_webhook(id, None);
        halted.note_report("weekly".parse().unwrap(), true);
        let found = findings(&halted);
        let beyond: Vec<(AlertRule, bool)> = found.iter().map(|one| (one.rule, one.is_beyond)).collect();
        assert_eq!(
            beyond,
            [
                (AlertRule::WebhookDisabled, false),
                (AlertRule::SavedReportOwner, true)
            ]
        );
        assert!(translate_detail(&found[1].detail).is_some());
        halted.note_report("weekly".parse().unwrap(), false);
        assert!(!findings(&halted)[1].is_beyond);
    }
}
