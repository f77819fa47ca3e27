//! A merged configuration: the value of each setting with its sources, and the trunks.

use crate::config::TrunkSpec;
use crate::configuration::environment::LOG_VARIABLE;
use crate::configuration::origin::Origin;
use crate::configuration::secrets;
use crate::configuration::setting::{ReloadRule, Secrecy, Setting, SettingKind};
use crate::configuration::source_value::{SourceValue, ValueForm};
use crate::configuration::trunk_settings::TRUNK_SETTINGS;
use crate::store_spec::passwords_of;
use application::format_localized;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One setting with all sources that give it a value.
#[derive(Clone)]
pub(crate) struct EffectiveSetting {
    pub(crate) setting: &'static Setting,
    /// The value that applies, then those that it overrides.
    pub(crate) sources: Vec<SourceValue>,
    /// The value that applies, read from the file or variable that the source names.
    pub(crate) values: Vec<String>,
}

impl EffectiveSetting {
    /// Returns the source whose value applies.
    pub(crate) fn origin(&self) -> &Origin {
        self.sources
            .first()
            .map_or(&Origin::Default, |given| &given.origin)
    }

    /// Returns true if the flag of this setting is needed: a switch that is off has none.
    fn has_flag(&self) -> bool {
        let first = self.values.first().map(String::as_str);
        match self.setting.kind {
            SettingKind::Switch => first == Some("true"),
            SettingKind::InvertedSwitch => first == Some("false"),
            SettingKind::Text | SettingKind::Integer | SettingKind::List { .. } => !self.values.is_empty(),
        }
    }

    /// Returns true if a source other than the default gives the value, and the value has an effect.
    pub(crate) fn is_set(&self) -> bool {
        *self.origin() != Origin::Default && self.has_flag()
    }
}

/// One trunk with its settings.
#[derive(Clone)]
pub(crate) struct EffectiveTrunk {
    pub(crate) name: String,
    pub(crate) settings: Vec<EffectiveSetting>,
    pub(crate) spec: TrunkSpec,
}

/// The configuration of a server, merged from all sources. `Debug` shows nothing, because it contains
/// secrets.
#[derive(Clone)]
pub struct Configuration {
    pub(crate) settings: Vec<EffectiveSetting>,
    pub(crate) trunks: Vec<EffectiveTrunk>,
    pub(crate) file: Option<PathBuf>,
}

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Configuration(..)")
    }
}

/// A setting whose value differs between two configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedSetting {
    /// The key, or `trunk NAME`.
    pub key: String,
    pub reload: ReloadRule,
}

impl Configuration {
    /// Returns the arguments for the parser of `serve` that stand for all values from variables and the
    /// file. Trunks are not among them.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        for effective in &self.settings {
            let is_old = *effective.origin() == Origin::Variable(LOG_VARIABLE.to_owned());
            let is_known = matches!(effective.origin(), Origin::Flag(_) | Origin::Default);
            // The parser of flags is stricter than LEDGERLINE_LOG ever was.
            if is_known || is_old || !effective.has_flag() {
                continue;
            }
            let flag = effective.setting.flag;
            match effective.setting.kind {
                SettingKind::Switch | SettingKind::InvertedSwitch => {
                    arguments.push(format!("--{flag}").into());
                }
                SettingKind::Text | SettingKind::Integer | SettingKind::List { .. } => {
                    let values = effective.values.iter();
                    arguments.extend(values.map(|value| OsString::from(format!("--{flag}={value}"))));
                }
            }
        }
        arguments
    }

    /// Returns every secret in the configuration: passwords, tokens and keys, and the passwords of URLs.
    pub fn secrets(&self) -> Vec<String> {
        let trunks = self.trunks.iter().flat_map(|trunk| &trunk.settings);
        let mut secrets = Vec::new();
        for effective in self.settings.iter().chain(trunks) {
            let given = effective
                .sources
                .iter()
                .filter(|one| one.form == ValueForm::Direct);
            for value in effective.values.iter().chain(given.flat_map(|one| &one.values)) {
                match effective.setting.secrecy {
                    Secrecy::Public | Secrecy::MasterKey => {}
                    Secrecy::Url => secrets.extend(passwords_of(value)),
                    Secrecy::Secret => secrets.push(value.clone()),
                }
            }
        }
        secrets
    }

    /// Returns the trunks in the order in which they are used.
    pub fn trunks(&self) -> Vec<TrunkSpec> {
        self.trunks.iter().map(|trunk| trunk.spec.clone()).collect()
    }

    /// Returns the values of the setting with this key; empty if it has none.
    pub fn values(&self, key: &str) -> &[String] {
        let found = self
            .settings
            .iter()
            .find(|effective| effective.setting.key == key);
        found.map_or(&[], |effective| &effective.values)
    }

    /// Returns the configuration file, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns the settings whose values differ in `later`, in the order of the table.
    pub fn changes(&self, later: &Self) -> Vec<ChangedSetting> {
        let mut changes = Vec::new();
        for setting in crate::configuration::settings::SETTINGS {
            if self.values(setting.key) != later.values(setting.key) {
                changes.push(ChangedSetting {
                    key: setting.key.to_owned(),
                    reload: setting.reload,
                });
            }
        }
        let mut names: Vec<&str> = Vec::new();
        for trunk in self.trunks.iter().chain(&later.trunks) {
            if !names.contains(&trunk.name.as_str()) {
                names.push(&trunk.name);
            }
        }
        let changed = names.into_iter().filter(|name| !is_same_trunk(self, later, name));
        changes.extend(changed.map(|name| ChangedSetting {
            key: format!("trunk {name}"),
            reload: ReloadRule::Restart,
        }));
        changes
    }

    /// Returns a warning for each secret on the command line, which every user of the machine can see.
    pub fn argument_warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for effective in &self.settings {
            let setting = effective.setting;
            let given = effective
                .sources
                .iter()
                .find(|given| matches!(given.origin, Origin::Flag(_)));
            let Some(given) = given.filter(|given| given.form == ValueForm::Direct) else {
                continue;
            };
            if given
                .values
                .iter()
                .any(|value| secrets::is_secret(setting, value))
            {
                let (flag, key) = (&given.origin, setting.key);
                warnings.push(format_localized!(
                    "警告：{flag} 中的密码对本机所有用户可见（ps）：请在配置文件中使用 {key}_file 或 {key}_env",
                    "warning: every user of this machine can see the secret in {flag} (ps): use {key}_file or \
                     {key}_env in the configuration file"
                ));
            }
        }
        for trunk in &self.trunks {
            let sources = trunk
                .settings
                .iter()
                .filter(|one| one.setting.secrecy == Secrecy::Secret);
            let is_shown = sources
                .flat_map(|one| &one.sources)
                .any(|given| matches!(given.origin, Origin::Flag(_)) && given.form == ValueForm::Direct);
            if is_shown {
                let name = &trunk.name;
                warnings.push(format_localized!(
                    "警告：线路 {name} 的密码在 --trunk 中，对本机所有用户可见（ps）：请使用 password-file 或 password-env",
                    "warning: every user of this machine can see the password of trunk {name} in --trunk (ps): use \
                     password-file or password-env"
                ));
            }
        }
        warnings
    }
}

fn is_same_trunk(one: &Configuration, other: &Configuration, name: &str) -> bool {
    let of = |configuration: &Configuration, setting: &Setting| {
        let trunk = configuration.trunks.iter().find(|trunk| trunk.name == name)?;
        let found = trunk
            .settings
            .iter()
            .find(|effective| effective.setting.key == setting.key);
        Some(found.map(|effective| effective.values.clone()))
    };
    TRUNK_SETTINGS
        .iter()
        .all(|setting| of(one, setting) == of(other, setting))
}
