//! The language of what a program prints: Chinese or English, one at a time.
//!
//! The program sets it once from the user's locale. Without that, as in tests, it is English. JSON replies,
//! reports for two readers and stored texts do not follow it.

use std::sync::OnceLock;

static CURRENT: OnceLock<Language> = OnceLock::new();

/// Language of what the program prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Zh,
    En,
}

impl Language {
    /// Returns the language of a locale like `zh_CN.UTF-8`: Chinese if it begins with `zh` in any letter
    /// case, otherwise English.
    pub fn of_locale(locale: &str) -> Self {
        match locale.to_ascii_lowercase().starts_with("zh") {
            true => Self::Zh,
            false => Self::En,
        }
    }

    /// Returns the language of this program's output: the one set, otherwise English.
    pub fn current() -> Self {
        CURRENT.get().copied().unwrap_or(Self::En)
    }

    /// Returns the first text for Chinese, the second for English.
    pub const fn pick<'a>(self, texts: (&'a str, &'a str)) -> &'a str {
        match self {
            Self::Zh => texts.0,
            Self::En => texts.1,
        }
    }
}

/// Sets the language of this program's output. Only the first call has an effect.
pub fn set_language(language: Language) {
    CURRENT.get_or_init(|| language);
}

/// Returns the Chinese or the English text, by the language of the output.
pub fn localized(zh: &'static str, en: &'static str) -> &'static str {
    Language::current().pick((zh, en))
}

/// Formats the first text (zh) or the second (en), by the language of the output. Both take the same
/// arguments.
#[macro_export]
macro_rules! format_localized {
    ($zh:literal, $en:literal $(, $($argument:tt)*)?) => {
        match $crate::language::Language::current() {
            $crate::language::Language::Zh => ::std::format!($zh $(, $($argument)*)?),
            $crate::language::Language::En => ::std::format!($en $(, $($argument)*)?),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_chooses_the_language() {
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::Zh),
            ("ZH", Language::Zh),
            ("en_US.UTF-8", Language::En),
            ("C", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }

    #[test]
    fn a_text_is_english_where_no_language_is_set() {
        let count = 3;
        assert_eq!(localized("用户", "user"), "user");
        assert_eq!(format_localized!("{count} 个用户", "{count} users"), "3 users");
    }
}
