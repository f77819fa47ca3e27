//! A value as one source gives it: checked for its type, with its source.

use crate::configuration::fault::ConfigurationFault;
use crate::configuration::origin::Origin;
use crate::configuration::setting::{Setting, SettingKind};
use crate::configuration::toml_text;
use application::format_localized;
use application::language::localized;

/// How a value is given: itself, or by the name of a file or variable that contains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueForm {
    Direct,
    InFile,
    InVariable,
}

impl ValueForm {
    pub(crate) const ALL: [Self; 3] = [Self::Direct, Self::InFile, Self::InVariable];

    /// Returns the ending of the key.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Direct => "",
            Self::InFile => "_file",
            Self::InVariable => "_env",
        }
    }

    /// Returns the type of the value in this form.
    pub(crate) const fn kind(self, setting: &Setting) -> SettingKind {
        match self {
            Self::Direct => setting.kind,
            Self::InFile | Self::InVariable => SettingKind::Text,
        }
    }
}

/// The value of a TOML key, or its type if no setting has a value of this type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leaf {
    Text(String),
    /// In decimal digits.
    Integer(String),
    Boolean(bool),
    List(Vec<String>),
    /// A table without keys.
    EmptyTable,
    /// Another type, in both languages.
    Other(&'static str, &'static str),
}

impl Leaf {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => localized("文本", "text"),
            Self::Integer(_) => localized("整数", "an integer"),
            Self::Boolean(_) => localized("true 或 false", "true or false"),
            Self::List(_) => localized("列表", "a list"),
            Self::EmptyTable => localized("表", "a table"),
            Self::Other(zh, en) => localized(zh, en),
        }
    }
}

/// The value of one source. `Debug` is left out, because it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SourceValue {
    pub(crate) form: ValueForm,
    /// One text, or those of a list. A switch is `true` or `false`.
    pub(crate) values: Vec<String>,
    pub(crate) origin: Origin,
}

/// A key as a source writes it, for messages.
#[derive(Clone, Copy)]
pub(crate) struct WrittenKey<'a> {
    /// `trunk.` for the keys of a trunk.
    pub(crate) prefix: &'a str,
    pub(crate) setting: &'static Setting,
    pub(crate) form: ValueForm,
}

impl std::fmt::Display for WrittenKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}{}", self.prefix, self.setting.key, self.form.suffix())
    }
}

impl SourceValue {
    /// Reads the value of a key of the file. Fails if its type is not that of the setting.
    pub(crate) fn from_leaf(
        key: WrittenKey<'_>,
        leaf: &Leaf,
        origin: Origin,
    ) -> Result<Self, ConfigurationFault> {
        let values = match (key.form.kind(key.setting), leaf) {
            (SettingKind::Text, Leaf::Text(text)) => vec![text.clone()],
            (SettingKind::Integer, Leaf::Integer(digits)) => vec![digits.clone()],
            (SettingKind::Switch | SettingKind::InvertedSwitch, Leaf::Boolean(is_on)) => {
                vec![is_on.to_string()]
            }
            (SettingKind::List { .. }, Leaf::List(values)) => values.clone(),
            (kind, leaf) => return Err(ConfigurationFault::new(&origin, wrong_type(key, kind, leaf))),
        };
        Self::checked(key, values, origin)
    }

    /// Reads the value of an environment variable.
    pub(crate) fn from_text(
        key: WrittenKey<'_>,
        text: &str,
        origin: Origin,
    ) -> Result<Self, ConfigurationFault> {
        let wrong =
            |leaf: &Leaf| ConfigurationFault::new(&origin, wrong_type(key, key.form.kind(key.setting), leaf));
        let values = match key.form.kind(key.setting) {
            SettingKind::Text => vec![text.to_owned()],
            SettingKind::Integer if text.parse::<i64>().is_ok() => vec![text.to_owned()],
            SettingKind::Switch | SettingKind::InvertedSwitch if matches!(text, "true" | "false") => {
                vec![text.to_owned()]
            }
            SettingKind::Integer | SettingKind::Switch | SettingKind::InvertedSwitch => {
                return Err(wrong(&Leaf::Text(text.to_owned())));
            }
            SettingKind::List { .. } if text.starts_with('[') => match toml_text::parse_list(text) {
                Some(values) => values,
                None => return Err(wrong(&Leaf::Text(text.to_owned()))),
            },
            SettingKind::List { separator } => {
                text.split(separator).map(|one| one.trim().to_owned()).collect()
            }
        };
        Self::checked(key, values, origin)
    }

    /// Refuses empty values and control characters, which no setting has.
    fn checked(key: WrittenKey<'_>, values: Vec<String>, origin: Origin) -> Result<Self, ConfigurationFault> {
        let is_list = matches!(key.form.kind(key.setting), SettingKind::List { .. });
        let has_empty = values.iter().any(String::is_empty);
        if has_empty || (values.is_empty() && !is_list) {
            let text = format_localized!(
                "{key} 为空；请填写，或删除该项",
                "{key} is empty; give a value, or leave it out"
            );
            return Err(ConfigurationFault::new(&origin, text));
        }
        if let Some(control) = values
            .iter()
            .flat_map(|value| value.chars())
            .find(|c| c.is_control())
        {
            let code = u32::from(control);
            let text = format_localized!(
                "{key} 含有控制字符（U+{code:04X}）",
                "{key} contains a control character (U+{code:04X})"
            );
            return Err(ConfigurationFault::new(&origin, text));
        }
        Ok(Self {
            form: key.form,
            values,
            origin,
        })
    }
}

fn wrong_type(key: WrittenKey<'_>, kind: SettingKind, leaf: &Leaf) -> String {
    let wanted = match kind {
        SettingKind::Text => localized("文本", "text"),
        SettingKind::Integer => localized("整数", "an integer"),
        SettingKind::Switch | SettingKind::InvertedSwitch => localized("true 或 false", "true or false"),
        SettingKind::List { .. } => localized("文本列表", "a list of text"),
    };
    let example = match key.form {
        ValueForm::Direct => toml_text::value(key.setting.kind, &own_texts(key.setting.example)),
        ValueForm::InFile => toml_text::quote("/run/secrets/NAME"),
        ValueForm::InVariable => toml_text::quote("VARIABLE"),
    };
    let given = leaf.type_name();
    format_localized!(
        "{key} 应为{wanted}，而不是{given}；例如 {example}",
        "{key} must be {wanted}, not {given}; example: {example}"
    )
}

pub(crate) fn own_texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
