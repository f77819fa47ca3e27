//! The event kinds that webhooks can receive, and those that a format can express. Events about deliveries
//! are not among them: each would cause the next one.

use super::contact;
use domain::alert::AlertEvent;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::number::event::NumberEvent;
use domain::webhook::WebhookFormat;
use std::collections::BTreeSet;

/// The kinds that webhooks can receive, each with whether a webhook that names none receives it.
const KINDS: &[Kind] = &[
    Kind::usual(CallEvent::ENDED),
    Kind::named(CallEvent::CORRECTED),
    Kind::named(CampaignEvent::CREATED),
    Kind::usual(CampaignEvent::STARTED),
    Kind::usual(CampaignEvent::PAUSED),
    Kind::usual(CampaignEvent::RESUMED),
    Kind::usual(CampaignEvent::STOPPED),
    Kind::usual(CampaignEvent::COMPLETED),
    Kind::usual(CampaignEvent::REOPENED),
    Kind::usual(CampaignEvent::LIST_CLOSED),
    Kind::usual(CustomerEvent::ENROLMENT_SETTLED),
    Kind::named(CustomerEvent::CONSENT_RECORDED),
    Kind::named(CustomerEvent::CONSENT_WITHDRAWN),
    Kind::usual(NumberEvent::OPTED_OUT),
    Kind::named(NumberEvent::SUPPRESSED),
    Kind::named(AlertEvent::RAISED),
    Kind::named(AlertEvent::ESCALATED),
    Kind::named(AlertEvent::CLEARED),
];

/// The event kinds that every alert channel receives.
const OF_CHANNELS: [&str; 3] = [AlertEvent::RAISED, AlertEvent::ESCALATED, AlertEvent::CLEARED];

struct Kind {
    kind: &'static str,
    is_usual: bool,
}

impl Kind {
    const fn usual(kind: &'static str) -> Self {
        Self { kind, is_usual: true }
    }
    const fn named(kind: &'static str) -> Self {
        Self {
            kind,
            is_usual: false,
        }
    }
}

/// Returns the event kinds of a webhook of this format that names none.
pub(super) fn usual(format: WebhookFormat) -> BTreeSet<String> {
    if format.is_personal() {
        return [CallEvent::ENDED.to_owned()].into();
    }
    let usual = KINDS.iter().filter(|kind| kind.is_usual);
    usual.map(|kind| kind.kind.to_owned()).collect()
}

pub(super) fn of_channels() -> BTreeSet<String> {
    OF_CHANNELS.into_iter().map(str::to_owned).collect()
}

/// Fails for a kind that no webhook can receive, or that this format cannot express.
pub(super) fn refuse_others(kinds: &BTreeSet<String>, format: WebhookFormat) -> Result<(), String> {
    for kind in kinds {
        if !KINDS.iter().any(|known| known.kind == kind) {
            let known: Vec<&str> = KINDS.iter().map(|known| known.kind).collect();
            return Err(format!(
                "{kind:?} is not an event kind that webhooks receive; choose from {}",
                known.join(", ")
            ));
        }
        let is_personal = kind == CallEvent::ENDED || contact::KINDS.contains(&kind.as_str());
        if format.is_personal() && !is_personal {
            return Err(format!(
                "the format {} sends only call.ended, {}",
                format.code(),
                contact::KINDS.join(", ")
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::webhook::WebhookEvent;

    #[test]
    fn events_of_webhooks_are_not_delivered() {
        for kind in [
            WebhookEvent::DELIVERED,
            WebhookEvent::ADDED,
            "webhook.",
            "call.answered",
            "",
        ] {
            let asked = [kind.to_owned()].into();
            assert!(refuse_others(&asked, WebhookFormat::Standard).is_err(), "{kind}");
        }
        assert!(refuse_others(&usual(WebhookFormat::Standard), WebhookFormat::Standard).is_ok());
        assert!(refuse_others(&usual(WebhookFormat::Standard), WebhookFormat::Crm).is_err());
        assert!(refuse_others(&usual(WebhookFormat::Crm), WebhookFormat::Crm).is_ok());
        let contacts = contact::KINDS.map(str::to_owned).into();
        assert!(refuse_others(&contacts, WebhookFormat::Crm).is_ok());
        assert!(refuse_others(&of_channels(), WebhookFormat::Mail).is_ok());
    }
}
