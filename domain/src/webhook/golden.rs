//! Golden tests: the stored form of every webhook event equals its golden file.

use super::event::{Delivery, DeliveryAttempt, DeliveryFault, WebhookEvent, WebhookFacts, WebhookTerms};
use super::format::WebhookFormat;
use super::owner_fault::OwnerFault;
use crate::personal::Personal;
use crate::record::golden_support::{at, campaign, check, check_with, customer};
use crate::record::stored_event::Position;
use values::ids::{CommandId, EventId};
use values::permission::CampaignScope;

fn delivery(attempts: u32) -> Delivery {
    Delivery {
        event: EventId::derive(CommandId::derive_from_text("golden"), 7),
        position: Position(42),
        campaign: Some(campaign()),
        customer: Some(customer()),
        attempts,
        run: 1,
        through: Position(41),
    }
}

fn attempt(fault: Option<DeliveryFault>, status: Option<u16>) -> DeliveryAttempt {
    DeliveryAttempt {
        fault,
        status,
        elapsed_ms: 12,
        answer: status.map(|_| Personal::open("{\"ok\":true}".to_owned())),
        answer_bytes: status.map_or(0, |_| 11),
    }
}

fn terms(format: WebhookFormat, shown: &str) -> WebhookTerms {
    WebhookTerms {
        format,
        shown: shown.to_owned(),
        kinds: ["call.ended".to_owned()].into(),
        allow_private: false,
    }
}

fn sealed(text: &str) -> Personal<String> {
    Personal::open(text.to_owned())
}

fn facts(owner: Option<&str>) -> WebhookFacts {
    WebhookFacts {
        format: WebhookFormat::Crm,
        target: sealed("https://api.example.com/crm/customers"),
        shown: "https://api.example.com/crm/customers".to_owned(),
        kinds: ["call.ended".to_owned()].into(),
        campaigns: CampaignScope::of([campaign()]),
        allow_private: true,
        secret: Some(sealed("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz")),
        bearer: Some(sealed("bearer")),
        to: Some(sealed("+8613800138000")),
        smtp: Some("mail.example.com:587".to_owned()),
        recordings_from: None,
        after: Position(40),
        is_channel: true,
        owner: owner.map(|owner| owner.parse().unwrap()),
    }
}

fn changed(owner: Option<&str>) -> WebhookEvent {
    WebhookEvent::Changed {
        before: Box::new(terms(WebhookFormat::Crm, "https://api.example.com/crm/customers")),
        after: Box::new(WebhookTerms {
            allow_private: true,
            ..terms(WebhookFormat::Standard, "https://hooks.example.com/in")
        }),
        target: Some(sealed("https://hooks.example.com/in?key=1")),
        bearer: Some(sealed("another bearer")),
        owner: owner.map(|owner| owner.parse().unwrap()),
        reason: "the CRM moved".to_owned(),
    }
}

#[test]
fn members_of_the_owner_are_written_and_read_as_their_golden_files_say() {
    let added = WebhookEvent::Added {
        facts: Box::new(facts(Some("wang"))),
    };
    check_with("webhook", "owner", added);
    check_with("webhook", "owner", changed(Some("wang")));
    let disabled = WebhookEvent::Disabled {
        status: None,
        reason: Some(OwnerFault::OwnerDisabled),
        owner: Some("wang".parse().unwrap()),
    };
    check_with("webhook", "reason", disabled);
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let events = [
        WebhookEvent::Added {
            facts: Box::new(facts(None)),
        },
        changed(None),
        WebhookEvent::Rotated {
            secret: sealed("whsec_OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2"),
            old_until: at().plus_ms(86_400_000),
        },
        WebhookEvent::Removed {
            reason: "the CRM moved".to_owned(),
        },
        WebhookEvent::Disabled {
            status: Some(410),
            reason: None,
            owner: None,
        },
        WebhookEvent::TakenOver {
            owner: Some("wang".parse().unwrap()),
            reason: "li left the company".to_owned(),
        },
        WebhookEvent::ReplayAsked {
            after: Position(12),
            run: 1,
        },
        WebhookEvent::Tested {
            attempt: attempt(None, Some(204)),
        },
        WebhookEvent::Delivered {
            delivery: delivery(1),
            attempt: attempt(None, Some(200)),
        },
        WebhookEvent::DeliveryFailed {
            delivery: delivery(2),
            attempt: attempt(Some(DeliveryFault::Status), Some(503)),
            due_at: at().plus_ms(2_000),
        },
        WebhookEvent::DeliveryDeferred {
            delivery: delivery(0),
            behind: Position(39),
        },
        WebhookEvent::DeadLettered {
            delivery: delivery(14),
            attempt: attempt(Some(DeliveryFault::Status), Some(500)),
        },
    ];
    for event in events {
        check("webhook", event);
    }
}
