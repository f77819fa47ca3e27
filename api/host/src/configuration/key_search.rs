//! Finds the setting of a key, or the known key that is most like an unknown one.

use crate::configuration::setting::Setting;
use crate::configuration::source_value::ValueForm;

/// The longest key that is compared with known ones, in characters; more than any known key has.
const COMPARED_CHARS_MAX: usize = 48;

/// What a key names.
pub(crate) enum KeyMatch {
    Known(&'static Setting, ValueForm),
    /// A table that contains keys.
    Table,
    /// Nothing; perhaps this key was meant.
    Unknown(Option<String>),
}

/// Returns what a key with dots names among these settings.
pub(crate) fn find(key: &str, settings: &'static [Setting]) -> KeyMatch {
    for setting in settings {
        if let Some(form) = forms(setting).find(|form| is_written(key, setting, *form)) {
            return KeyMatch::Known(setting, form);
        }
    }
    let begins = |setting: &Setting| {
        setting
            .key
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    if settings.iter().any(begins) {
        return KeyMatch::Table;
    }
    KeyMatch::Unknown(nearest(key, settings))
}

/// Returns the forms in which a setting can be written.
pub(crate) fn forms(setting: &Setting) -> impl Iterator<Item = ValueForm> + use<> {
    let count = if setting.has_references() {
        ValueForm::ALL.len()
    } else {
        1
    };
    ValueForm::ALL.into_iter().take(count)
}

fn is_written(key: &str, setting: &Setting, form: ValueForm) -> bool {
    key.strip_prefix(setting.key) == Some(form.suffix())
}

/// Returns the known key that an unknown one may mean: that of the flag with this name, or the one with the
/// fewest differences, at most one in three characters.
fn nearest(key: &str, settings: &'static [Setting]) -> Option<String> {
    if key.chars().count() > COMPARED_CHARS_MAX {
        return None;
    }
    let flag = key.replace(['_', '.'], "-").to_ascii_lowercase();
    if let Some(setting) = settings.iter().find(|setting| setting.flag == flag) {
        return Some(setting.key.to_owned());
    }
    let names = settings
        .iter()
        .flat_map(|setting| forms(setting).map(|form| format!("{}{}", setting.key, form.suffix())));
    let limit = (key.chars().count() / 3).clamp(1, 3);
    names
        .map(|name| (differences(key, &name), name))
        .filter(|(count, _)| *count <= limit)
        .min_by_key(|(count, _)| *count)
        .map(|(_, name)| name)
}

/// Returns the differences of two texts: characters to insert, remove, replace, or swap with the next one
/// (optimal string alignment).
fn differences(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.to_lowercase().chars().collect();
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in one.iter().enumerate() {
        let mut now = vec![row + 1];
        for (column, b) in other.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&last, column) + usize::from(a != b))
                .min(at(&last, column + 1) + 1)
                .min(at(&now, column) + 1);
            let is_swapped =
                row > 0 && column > 0 && one.get(row - 1) == Some(b) && other.get(column - 1) == Some(a);
            if is_swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            now.push(least);
        }
        before = std::mem::replace(&mut last, now);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::settings::SETTINGS;

    #[test]
    fn differences_count_inserted_removed_replaced_and_swapped_characters() {
        for (one, other, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("http.lisen", "http.listen", 1),
            ("http.lisetn", "http.listen", 1),
            ("HTTP.listen", "http.listen", 0),
            ("drain", "brain", 1),
        ] {
            assert_eq!(differences(one, other), count, "{one} {other}");
        }
    }

    #[test]
    fn an_unknown_key_suggests_the_most_similar_one_or_that_of_the_flag() {
        let suggestion = |key: &str| match find(key, SETTINGS) {
            KeyMatch::Unknown(suggestion) => suggestion,
            KeyMatch::Known(..) | KeyMatch::Table => panic!("{key} is known"),
        };
        for (key, meant) in [
            ("http.lisen", Some("http.listen")),
            ("htpp.listen", Some("http.listen")),
            ("store.url_fil", Some("store.url_file")),
            ("trusted_proxy", Some("http.trusted_proxies")),
            ("rtp_ports", Some("rtp.ports")),
            ("date", Some("data")),
            ("colour", None),
            ("http.listen.address", None),
        ] {
            assert_eq!(suggestion(key).as_deref(), meant, "{key}");
        }
        assert_eq!(suggestion(&"x".repeat(100_000)), None);
    }
}
