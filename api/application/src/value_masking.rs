//! Masking of personal values for replies: numbers, names and other fields.

use domain::personal::Personal;

/// Returns a personal value masked by `mask`; `None` if it is absent, sealed or erased.
pub fn masked(value: Option<&Personal<String>>, mask: fn(&str) -> String) -> Option<String> {
    value.and_then(Personal::value).map(|value| mask(value))
}
