//! Golden tests: the stored form of every API key event equals its golden file.

use super::event::{ApiKeyEvent, KeyFacts};
use crate::record::golden_support::{at, campaign, check};
use values::digest::SecretDigest;
use values::permission::{CampaignScope, Permission};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let facts = KeyFacts {
        user: "crm".parse().unwrap(),
        sha256: SecretDigest::of("secret"),
        scopes: Some([Permission::EventsRead, Permission::CallsRead].into()),
        campaigns: CampaignScope::of([campaign()]),
        expires_at: at().plus_ms(86_400_000),
        label: Some("the CRM's own".to_owned()),
    };
    let events = [
        ApiKeyEvent::Created { facts },
        ApiKeyEvent::Revoked {
            reason: "replaced".to_owned(),
        },
    ];
    for event in events {
        check("api_key", event);
    }
}
