//! Golden tests: the stored form of every preference event equals its golden file.

use super::chosen::{Chosen, HomePage, PreferredLanguage, PreferredTheme};
use super::event::PreferenceEvent;
use crate::record::golden_support::check;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let chosen = Chosen {
        language: Some(PreferredLanguage::Chinese),
        theme: Some(PreferredTheme::Dark),
        home: Some(HomePage::Wall),
    };
    check("preference", PreferenceEvent::Changed { chosen });
}
