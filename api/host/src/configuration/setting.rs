//! The description of one setting: its key, its flag, its type, and what the reference says about it.

use application::language::Language;

/// The type of a setting's value in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    Text,
    Integer,
    /// `true` is the flag.
    Switch,
    /// `false` is the flag: `http.console = false` is `--no-console`.
    InvertedSwitch,
    /// A list of text. In an environment variable the separator divides the values.
    List {
        separator: char,
    },
}

/// Whether a setting is a secret. A secret `K` may also be given as `K_file` or `K_env`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    Public,
    /// A URL, which is a secret if it contains a password.
    Url,
    Secret,
    /// The name of a source of the master key: `K_file` and `K_env` are its forms `file:` and `env:`.
    MasterKey,
}

/// Whether the mask of `config print` may be in place of a secret: to show a printed file again, not to
/// start a server with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskRule {
    Refuse,
    Accept,
}

/// What applies a changed setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadRule {
    Restart,
    /// SIGHUP or a restart.
    Reload,
}

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BilingualText {
    pub zh: &'static str,
    pub en: &'static str,
}

impl BilingualText {
    /// Returns the text in the language of the output.
    pub fn current(self) -> &'static str {
        Language::current().pick((self.zh, self.en))
    }
}

/// One setting. A row of `settings` is made with one of the constructors and the methods that change it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The key with dots, such as `http.listen`.
    pub key: &'static str,
    /// The flag of `serve` without dashes. For a trunk, the key in its SPEC.
    pub flag: &'static str,
    /// The flag that names the environment variable of a secret, if there is one.
    pub variable_flag: Option<&'static str>,
    pub kind: SettingKind,
    pub secrecy: Secrecy,
    pub reload: ReloadRule,
    /// Settings without which this one has no meaning.
    pub requires: &'static [&'static str],
    /// Settings that this one contradicts.
    pub conflicts: &'static [&'static str],
    pub about: BilingualText,
    /// Values for the example file: one, or those of a list.
    pub example: &'static [&'static str],
}

impl Setting {
    /// Describes a setting that is one text.
    pub(crate) const fn text(
        key: &'static str,
        flag: &'static str,
        zh: &'static str,
        en: &'static str,
        example: &'static [&'static str],
    ) -> Self {
        Self {
            key,
            flag,
            variable_flag: None,
            kind: SettingKind::Text,
            secrecy: Secrecy::Public,
            reload: ReloadRule::Restart,
            requires: &[],
            conflicts: &[],
            about: BilingualText { zh, en },
            example,
        }
    }

    /// Describes a setting that is `true` or `false`; `true` gives the flag.
    pub(crate) const fn switch(
        key: &'static str,
        flag: &'static str,
        zh: &'static str,
        en: &'static str,
    ) -> Self {
        Self {
            kind: SettingKind::Switch,
            ..Self::text(key, flag, zh, en, &["true"])
        }
    }

    /// Describes a setting that is a list of text, separated by commas in a variable.
    pub(crate) const fn list(
        key: &'static str,
        flag: &'static str,
        zh: &'static str,
        en: &'static str,
        example: &'static [&'static str],
    ) -> Self {
        Self {
            kind: SettingKind::List { separator: ',' },
            ..Self::text(key, flag, zh, en, example)
        }
    }

    /// Describes a setting that is an integer.
    pub(crate) const fn integer(
        key: &'static str,
        flag: &'static str,
        zh: &'static str,
        en: &'static str,
        example: &'static [&'static str],
    ) -> Self {
        Self {
            kind: SettingKind::Integer,
            ..Self::text(key, flag, zh, en, example)
        }
    }

    pub(crate) const fn of_kind(self, kind: SettingKind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) const fn secret(self, secrecy: Secrecy) -> Self {
        Self { secrecy, ..self }
    }

    /// Names the flag that takes the name of an environment variable with this secret.
    pub(crate) const fn with_variable_flag(self, flag: &'static str) -> Self {
        Self {
            variable_flag: Some(flag),
            ..self
        }
    }

    pub(crate) const fn reloaded(self) -> Self {
        Self {
            reload: ReloadRule::Reload,
            ..self
        }
    }

    pub(crate) const fn with_required(self, requires: &'static [&'static str]) -> Self {
        Self { requires, ..self }
    }

    pub(crate) const fn with_conflicts(self, conflicts: &'static [&'static str]) -> Self {
        Self { conflicts, ..self }
    }

    /// Returns true if `K_file` and `K_env` exist besides this key.
    pub const fn has_references(&self) -> bool {
        !matches!(self.secrecy, Secrecy::Public)
    }

    /// Returns the table that contains the key, empty at the top, and the key within it.
    pub fn table_and_name(&self) -> (&'static str, &'static str) {
        self.key.rsplit_once('.').unwrap_or(("", self.key))
    }

    /// Returns the environment variable of the key.
    pub fn variable(&self) -> String {
        let name = self.key.replace('.', "__").to_ascii_uppercase();
        format!("LEDGERLINE__{name}")
    }
}
