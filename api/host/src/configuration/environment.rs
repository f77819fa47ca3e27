//! Reads settings from environment variables: `LEDGERLINE__HTTP__LISTEN` is `http.listen`.

use crate::configuration::fault::ConfigurationFault;
use crate::configuration::key_search::{self, KeyMatch};
use crate::configuration::origin::Origin;
use crate::configuration::setting::Setting;
use crate::configuration::settings::SETTINGS;
use crate::configuration::source_value::{SourceValue, ValueForm, WrittenKey};
use crate::configuration::toml_text;
use crate::configuration::trunk_settings::TRUNK_SETTINGS;
use application::format_localized;
use std::ffi::OsString;

/// The beginning of the name of every variable that is a setting.
pub const VARIABLE_PREFIX: &str = "LEDGERLINE__";
/// The variable of the log level from before there were others; it wins over that of `log.level`.
pub const LOG_VARIABLE: &str = "LEDGERLINE_LOG";
/// What divides the parts of a key.
const DIVIDER: &str = "__";

/// Returns the environment variables that are settings, or want to be.
pub fn own_variables() -> Vec<(OsString, OsString)> {
    let is_own = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with(VARIABLE_PREFIX) || name == LOG_VARIABLE
    };
    let mut own: Vec<_> = std::env::vars_os().filter(|(name, _)| is_own(name)).collect();
    own.sort();
    own
}

/// One value of a trunk from a variable.
pub(crate) struct TrunkVariable {
    /// The name of the trunk as the variable writes it: upper case, with `_` for any other character.
    pub(crate) trunk: String,
    pub(crate) setting: &'static Setting,
    pub(crate) given: SourceValue,
}

/// The settings that variables give.
#[derive(Default)]
pub(crate) struct EnvironmentEntries {
    pub(crate) settings: Vec<(&'static Setting, SourceValue)>,
    pub(crate) trunks: Vec<TrunkVariable>,
    pub(crate) faults: Vec<ConfigurationFault>,
}

/// Reads the variables with our prefix; a name that is no setting is a fault.
pub(crate) fn read(variables: &[(OsString, OsString)]) -> EnvironmentEntries {
    let mut found = EnvironmentEntries::default();
    for (name, value) in variables {
        let name = name.to_string_lossy().into_owned();
        let origin = Origin::Variable(name.clone());
        let Some(text) = value.to_str() else {
            let text = format_localized!("值不是 UTF-8", "its value is not UTF-8");
            found.faults.push(ConfigurationFault::new(&origin, text));
            continue;
        };
        if name == LOG_VARIABLE {
            found.add_log_level(text, origin);
            continue;
        }
        let Some(key) = name.strip_prefix(VARIABLE_PREFIX) else {
            continue;
        };
        if let Err(fault) = found.add(key, text, origin) {
            found.faults.push(fault);
        }
    }
    found
}

impl EnvironmentEntries {
    /// Adds the level of `LEDGERLINE_LOG`. It is not checked: a wrong directive was always ignored.
    fn add_log_level(&mut self, text: &str, origin: Origin) {
        let row = SETTINGS.iter().find(|setting| setting.key == "log.level");
        if let Some(setting) = row.filter(|_| !text.is_empty()) {
            let given = SourceValue {
                form: ValueForm::Direct,
                values: vec![text.to_owned()],
                origin,
            };
            self.settings.push((setting, given));
        }
    }

    fn add(&mut self, name: &str, text: &str, origin: Origin) -> Result<(), ConfigurationFault> {
        if let Some((trunk, key)) = name
            .strip_prefix("TRUNK__")
            .and_then(|rest| rest.rsplit_once(DIVIDER))
        {
            let head = format!("{VARIABLE_PREFIX}TRUNK__{}__", toml_text::key_part(trunk));
            let (setting, form) = known(&key.to_ascii_lowercase(), TRUNK_SETTINGS, &head, &origin)?;
            let key = WrittenKey {
                prefix: "trunk.",
                setting,
                form,
            };
            let given = SourceValue::from_text(key, text, origin)?;
            self.trunks.push(TrunkVariable {
                trunk: trunk.to_owned(),
                setting,
                given,
            });
            return Ok(());
        }
        let key = name.to_ascii_lowercase().replace(DIVIDER, ".");
        let (setting, form) = known(&key, SETTINGS, VARIABLE_PREFIX, &origin)?;
        let key = WrittenKey {
            prefix: "",
            setting,
            form,
        };
        self.settings
            .push((setting, SourceValue::from_text(key, text, origin)?));
        Ok(())
    }
}

/// Returns the setting of a key, or the fault of an unknown variable with the variable that was perhaps
/// meant: `head` and its key.
fn known(
    key: &str,
    settings: &'static [Setting],
    head: &str,
    origin: &Origin,
) -> Result<(&'static Setting, ValueForm), ConfigurationFault> {
    let suggestion = match key_search::find(key, settings) {
        KeyMatch::Known(setting, form) => return Ok((setting, form)),
        KeyMatch::Table => None,
        KeyMatch::Unknown(suggestion) => suggestion,
    };
    let text = match suggestion {
        None => format_localized!("未知环境变量", "unknown variable"),
        Some(key) => {
            let meant = format!("{head}{}", key.replace('.', DIVIDER).to_ascii_uppercase());
            format_localized!(
                "未知环境变量；是否应为 {meant}？",
                "unknown variable; did you mean {meant}?"
            )
        }
    };
    Err(ConfigurationFault::new(origin, text))
}
