//! Golden tests: the stored form of every registry event equals its golden file.

use super::event::RegistryEvent;
use crate::record::golden_support::{check, check_with};
use crate::registry_book::{DigestScheme, Edition};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    check(
        "registry",
        RegistryEvent::Imported {
            registry: "us-dnc".parse().unwrap(),
            edition: Box::new(Edition {
                as_of: "2026-03-02".parse().unwrap(),
                areas: vec!["202".parse().unwrap()],
                digests: Some(DigestScheme {
                    salt: "pepper".to_owned(),
                }),
                numbers: 12,
                bad: 1,
                uncallable: 0,
            }),
            reason: "the list of March".to_owned(),
        },
    );
}

#[test]
fn an_edition_with_numbers_that_nobody_can_call_is_written_as_its_golden_file() {
    check_with(
        "registry",
        "uncallable",
        RegistryEvent::Imported {
            registry: "us-dnc".parse().unwrap(),
            edition: Box::new(Edition {
                as_of: "2026-03-02".parse().unwrap(),
                areas: vec!["202".parse().unwrap()],
                digests: None,
                numbers: 12,
                bad: 0,
                uncallable: 1,
            }),
            reason: "the list of March".to_owned(),
        },
    );
}
