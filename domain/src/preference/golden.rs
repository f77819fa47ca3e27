//! Golden tests: the stored form of every preference event equals its golden file.

use super::event::PreferenceEvent;
use super::user_preferences::{HomePage, PreferredLanguage, PreferredTheme, UserPreferences};
use crate::record::golden_support::check;

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let chosen = UserPreferences {
        language: Some(PreferredLanguage::Chinese),
        theme: Some(PreferredTheme::Dark),
        home: Some(HomePage::Wall),
    };
    check("preference", PreferenceEvent::Changed { chosen });
}
