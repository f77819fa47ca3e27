//! Personal values as they are shown to whoever may see that there is one.

use domain::personal::Personal;

/// A personal value as shown: masked where it can be read, nothing where it cannot.
pub fn masked(value: Option<&Personal<String>>, mask: fn(&str) -> String) -> Option<String> {
    value.and_then(Personal::value).map(|value| mask(value))
}
