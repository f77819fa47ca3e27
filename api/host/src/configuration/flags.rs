//! Reads settings from the parsed command line of `serve`, and the defaults of its flags.

use crate::configuration::origin::Origin;
use crate::configuration::setting::{Setting, SettingKind};
use crate::configuration::source_value::{SourceValue, ValueForm};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// Returns the argument of `serve` with this long flag.
pub(crate) fn argument<'a>(command: &'a Command, flag: &str) -> Option<&'a Arg> {
    command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(flag))
}

/// Returns the value that the command line gives a setting, if it does.
pub(crate) fn given(command: &Command, matches: &ArgMatches, setting: &Setting) -> Option<SourceValue> {
    let own = values(command, matches, setting.flag).map(|values| SourceValue {
        form: ValueForm::Direct,
        values: switched(setting.kind, values),
        origin: Origin::Flag(format!("--{}", setting.flag)),
    });
    own.or_else(|| {
        let flag = setting.variable_flag?;
        Some(SourceValue {
            form: ValueForm::InVariable,
            values: values(command, matches, flag)?,
            origin: Origin::Flag(format!("--{flag}")),
        })
    })
}

/// Returns the default of a setting; a text whose default depends on other things has none.
pub(crate) fn default(command: &Command, setting: &Setting) -> Option<SourceValue> {
    let values = match setting.kind {
        SettingKind::Switch => vec!["false".to_owned()],
        SettingKind::InvertedSwitch => vec!["true".to_owned()],
        SettingKind::List { .. } => return None,
        SettingKind::Text | SettingKind::Integer => {
            let values = argument(command, setting.flag)?.get_default_values();
            values
                .iter()
                .map(|value| value.to_string_lossy().into_owned())
                .collect()
        }
    };
    (!values.is_empty()).then_some(SourceValue {
        form: ValueForm::Direct,
        values,
        origin: Origin::Default,
    })
}

/// Returns the texts of a flag on the command line.
pub(crate) fn values(command: &Command, matches: &ArgMatches, flag: &str) -> Option<Vec<String>> {
    let id = argument(command, flag)?.get_id().as_str();
    if matches.value_source(id) != Some(ValueSource::CommandLine) {
        return None;
    }
    let texts = matches.get_raw(id).into_iter().flatten();
    Some(texts.map(|text| text.to_string_lossy().into_owned()).collect())
}

/// Returns `true` or `false` for a switch: the command line only says that it is there.
fn switched(kind: SettingKind, values: Vec<String>) -> Vec<String> {
    match kind {
        SettingKind::Switch => vec!["true".to_owned()],
        SettingKind::InvertedSwitch => vec!["false".to_owned()],
        SettingKind::Text | SettingKind::Integer | SettingKind::List { .. } => values,
    }
}
