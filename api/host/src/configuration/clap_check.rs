//! Checks a value with the parser of its flag, so that file, variable and command line accept the same.

use crate::configuration::flags;
use crate::configuration::setting::{Setting, SettingKind};
use application::format_localized;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;

/// Returns why the flag's parser refuses one of the values; `None` if it accepts them.
pub(crate) fn refusal(serve: &Command, setting: &Setting, values: &[String]) -> Option<String> {
    match setting.kind {
        SettingKind::Switch | SettingKind::InvertedSwitch | SettingKind::Integer => None,
        SettingKind::Text | SettingKind::List { .. } => values
            .iter()
            .find_map(|value| refusal_of_one(serve, setting.flag, value)),
    }
}

fn refusal_of_one(serve: &Command, flag: &str, value: &str) -> Option<String> {
    let argument = flags::argument(serve, flag)?;
    let arguments = ["serve".to_owned(), format!("--{flag}={value}")];
    // Other flags are missing here, which is no fault of the value.
    let error = serve.clone().try_get_matches_from(arguments).err()?;
    match error.kind() {
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string);
            Some(why.unwrap_or_else(|| format_localized!("无效的值", "invalid value")))
        }
        ErrorKind::InvalidValue => {
            let names = argument.get_possible_values();
            let mut names: Vec<String> = names.iter().map(|one| one.get_name().to_owned()).collect();
            if names.is_empty()
                && let Some(ContextValue::Strings(known)) = error.get(ContextKind::ValidValue)
            {
                names.clone_from(known);
            }
            let names = names.join(", ");
            Some(format_localized!(
                "应为 {names} 之一",
                "it must be one of {names}"
            ))
        }
        _ => None,
    }
}
