//! Every stored kind of an event of a registry, held against its golden file.

use super::event::RegistryEvent;
use crate::record::golden_support::check;
use crate::registry_book::{Digests, Edition};

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    check(
        "registry",
        RegistryEvent::Imported {
            registry: "us-dnc".parse().unwrap(),
            edition: Box::new(Edition {
                as_of: "2026-03-02".parse().unwrap(),
                areas: vec!["202".parse().unwrap()],
                digests: Some(Digests {
                    salt: "pepper".to_owned(),
                }),
                numbers: 12,
                bad: 1,
            }),
            reason: "the list of March".to_owned(),
        },
    );
}
