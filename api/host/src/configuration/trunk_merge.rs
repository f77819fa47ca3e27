//! Merges the trunks of all sources by name, key by key, and builds their SPECs.

use crate::config::{LiteralPassword, TrunkSpec};
use crate::configuration::effective::{EffectiveSetting, EffectiveTrunk};
use crate::configuration::environment::TrunkVariable;
use crate::configuration::fault::ConfigurationFault;
use crate::configuration::key_search::{self, KeyMatch};
use crate::configuration::origin::Origin;
use crate::configuration::secrets;
use crate::configuration::setting::{Secrecy, Setting};
use crate::configuration::source_value::{Leaf, SourceValue, ValueForm, WrittenKey};
use crate::configuration::toml_entries::TrunkEntries;
use crate::configuration::trunk_settings::{ADDRESS, NAME, PASSWORD, TRUNK_SETTINGS, from_spec, spec_value};
use application::format_localized;
use std::path::Path;
use std::sync::Arc;

/// The most trunks of a configuration; an installation has a few.
const TRUNKS_MAX: usize = 64;

/// The values of one trunk from one or more sources.
struct TrunkSources {
    name: String,
    /// Where the trunk is named first.
    origin: Origin,
    values: Vec<(&'static Setting, SourceValue)>,
}

/// The trunks of all sources, before they are built.
#[derive(Default)]
pub(crate) struct TrunkCollection {
    trunks: Vec<TrunkSources>,
    pub(crate) faults: Vec<ConfigurationFault>,
}

impl TrunkCollection {
    /// Adds the trunks of `--trunk`. They come first, in their order; two with one name remain two.
    pub(crate) fn add_flags(&mut self, specs: &[String]) {
        for spec in specs {
            let origin = Origin::Flag("--trunk".to_owned());
            let mut parts = spec.split(';');
            let address = parts.next().unwrap_or_default().to_owned();
            let mut values = Vec::new();
            add_row(
                &mut values,
                ADDRESS,
                ValueForm::Direct,
                vec![address.clone()],
                &origin,
            );
            for part in parts.filter(|part| !part.is_empty()) {
                match flag_value(part, &origin) {
                    Ok(value) => values.push(value),
                    Err(why) => {
                        // Errors repeat only the address: the rest may contain a password.
                        let text = format!("trunk {address:?}: {why}");
                        self.faults.push(ConfigurationFault::new(&origin, text));
                    }
                }
            }
            self.trunks.push(TrunkSources {
                name: name_of(&values),
                origin,
                values,
            });
        }
    }

    /// Adds the `[[trunk]]` tables of the file.
    pub(crate) fn add_tables(&mut self, tables: &[TrunkEntries], path: &Arc<Path>) {
        let mut names: Vec<(String, usize)> = Vec::new();
        for table in tables {
            let at = |line| Origin::File {
                path: Arc::clone(path),
                line: Some(line),
            };
            let mut values = Vec::new();
            for entry in &table.entries {
                match file_value(entry.key.as_str(), &entry.leaf, at(entry.line)) {
                    Ok(value) => values.push(value),
                    Err(fault) => self.faults.push(fault),
                }
            }
            let name = name_of(&values);
            if name.is_empty() {
                let text = format_localized!(
                    "线路缺少 address（sip:HOST:PORT）和 name",
                    "a trunk needs its address (sip:HOST:PORT), or the name of a trunk of another source"
                );
                self.faults.push(ConfigurationFault::new(&at(table.line), text));
                continue;
            }
            if let Some((_, line)) = names.iter().find(|(other, _)| *other == name) {
                let text = format_localized!(
                    "线路 {name} 重复（首次在第 {line} 行）",
                    "trunk {name} is defined twice, first in line {line}"
                );
                self.faults.push(ConfigurationFault::new(&at(table.line), text));
                continue;
            }
            names.push((name.clone(), table.line));
            match self.trunks.iter_mut().find(|trunk| trunk.name == name) {
                Some(trunk) => trunk.values.extend(values),
                None => self.trunks.push(TrunkSources {
                    name,
                    origin: at(table.line),
                    values,
                }),
            }
        }
    }

    /// Adds values from variables to the trunks with that name, in upper case and with `_` for any other
    /// character. A name that no other source has is a trunk of its own, after all others.
    pub(crate) fn add_variables(&mut self, mut variables: Vec<TrunkVariable>) {
        variables.sort_by(|one, other| one.trunk.cmp(&other.trunk));
        for variable in variables {
            let mut named = self
                .trunks
                .iter_mut()
                .filter(|trunk| in_variable(&trunk.name) == variable.trunk);
            match (named.next(), named.next()) {
                (Some(trunk), None) => trunk.values.push((variable.setting, variable.given)),
                (Some(one), Some(other)) => {
                    let (one, other) = (&one.name, &other.name);
                    let text = format_localized!(
                        "线路 {one} 和 {other} 都符合该名称",
                        "the trunks {one} and {other} both have this name"
                    );
                    self.faults
                        .push(ConfigurationFault::new(&variable.given.origin, text));
                }
                (None, _) => self.trunks.push(TrunkSources {
                    name: variable.trunk.to_lowercase(),
                    origin: variable.given.origin.clone(),
                    values: vec![(variable.setting, variable.given)],
                }),
            }
        }
    }

    /// Returns every value, for checks of what a file contains.
    pub(crate) fn values(&self) -> impl Iterator<Item = &(&'static Setting, SourceValue)> {
        self.trunks.iter().flat_map(|trunk| &trunk.values)
    }

    /// Builds the trunks. Faults of a value name its source; of the trunk as a whole, that of its first
    /// table.
    pub(crate) fn build(
        mut self,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> (Vec<EffectiveTrunk>, Vec<ConfigurationFault>) {
        let mut built = Vec::new();
        if self.trunks.len() > TRUNKS_MAX
            && let Some(last) = self.trunks.last()
        {
            let text = format_localized!("最多 {TRUNKS_MAX} 条线路", "at most {TRUNKS_MAX} trunks");
            self.faults.push(ConfigurationFault::new(&last.origin, text));
        }
        for trunk in self.trunks {
            match build(trunk, variable) {
                Ok(trunk) => built.push(trunk),
                Err(fault) => self.faults.push(fault),
            }
        }
        (built, self.faults)
    }
}

/// Returns a trunk's name as it is in the name of a variable.
fn in_variable(name: &str) -> String {
    let letter = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_uppercase(),
        false => '_',
    };
    name.chars().map(letter).collect()
}

fn add_row(
    values: &mut Vec<(&'static Setting, SourceValue)>,
    key: &str,
    form: ValueForm,
    texts: Vec<String>,
    origin: &Origin,
) {
    if let Some(setting) = TRUNK_SETTINGS.iter().find(|setting| setting.key == key) {
        let given = SourceValue {
            form,
            values: texts,
            origin: origin.clone(),
        };
        values.push((setting, given));
    }
}

/// Returns the setting and value of one part of a SPEC, `key=value`.
fn flag_value(part: &str, origin: &Origin) -> Result<(&'static Setting, SourceValue), String> {
    let (key, text) = part
        .split_once('=')
        .ok_or_else(|| "a setting is not key=value".to_owned())?;
    let (key, text) = (key.trim(), text.trim());
    let given = |form, values| SourceValue {
        form,
        values,
        origin: origin.clone(),
    };
    let form = match key {
        "password-file" => ValueForm::InFile,
        "password-env" => ValueForm::InVariable,
        _ => ValueForm::Direct,
    };
    if key == ADDRESS {
        return Err(format!("{key:?} is not a setting of a trunk"));
    }
    let spec_key = if form == ValueForm::Direct { key } else { PASSWORD };
    let (setting, values) =
        from_spec(spec_key, text).ok_or_else(|| format!("{key:?} is not a setting of a trunk"))?;
    Ok((setting, given(form, values)))
}

fn file_value(
    key: &str,
    leaf: &Leaf,
    origin: Origin,
) -> Result<(&'static Setting, SourceValue), ConfigurationFault> {
    match key_search::find(key, TRUNK_SETTINGS) {
        KeyMatch::Known(setting, form) => {
            let key = WrittenKey {
                prefix: "trunk.",
                setting,
                form,
            };
            Ok((setting, SourceValue::from_leaf(key, leaf, origin)?))
        }
        KeyMatch::Table | KeyMatch::Unknown(None) => Err(ConfigurationFault::new(
            &origin,
            format_localized!("未知配置项 trunk.{key}", "unknown key trunk.{key}"),
        )),
        KeyMatch::Unknown(Some(meant)) => Err(ConfigurationFault::new(
            &origin,
            format_localized!(
                "未知配置项 trunk.{key}；是否应为 trunk.{meant}？",
                "unknown key trunk.{key}; did you mean trunk.{meant}?"
            ),
        )),
    }
}

/// Returns the name of a trunk, which is its address if it has none.
fn name_of(values: &[(&'static Setting, SourceValue)]) -> String {
    let text = |key: &str| {
        let found = values.iter().rev().find(|(setting, _)| setting.key == key);
        found.and_then(|(_, given)| given.values.first())
    };
    let name = text(NAME).or_else(|| text(ADDRESS));
    name.map(|name| name.trim_start_matches("sip:").to_owned())
        .unwrap_or_default()
}

fn build(
    mut trunk: TrunkSources,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<EffectiveTrunk, ConfigurationFault> {
    let mut settings = Vec::new();
    // The printed name stays the same when another source changes the address.
    if trunk.values.iter().all(|(setting, _)| setting.key != NAME) {
        let (name, origin) = (vec![trunk.name.clone()], trunk.origin.clone());
        add_row(&mut trunk.values, NAME, ValueForm::Direct, name, &origin);
    }
    for setting in TRUNK_SETTINGS {
        let own = trunk.values.iter().filter(|(own, _)| own.key == setting.key);
        let mut sources: Vec<SourceValue> = own.map(|(_, given)| given.clone()).collect();
        // Of one source the last value counts, as in a SPEC.
        sources.reverse();
        sources.sort_by_key(|given| std::cmp::Reverse(given.origin.rank()));
        let Some(first) = sources.first() else {
            continue;
        };
        refuse_two_forms(setting, &sources)?;
        let key = WrittenKey {
            prefix: "trunk.",
            setting,
            form: first.form,
        };
        let values = secrets::resolve(key, first, variable);
        let values = values.map_err(|why| ConfigurationFault::new(&first.origin, why))?;
        settings.push(EffectiveSetting {
            setting,
            sources,
            values,
        });
    }
    let spec = build_spec(&trunk, &settings)?;
    Ok(EffectiveTrunk {
        name: trunk.name,
        settings,
        spec,
    })
}

/// Refuses a password that one source gives in two forms.
fn refuse_two_forms(setting: &'static Setting, sources: &[SourceValue]) -> Result<(), ConfigurationFault> {
    let mut rows = sources.iter();
    let Some(first) = rows.next() else {
        return Ok(());
    };
    let is_again = |other: &&SourceValue| {
        setting.secrecy == Secrecy::Secret && other.origin.rank() == first.origin.rank()
    };
    match rows.find(is_again) {
        None => Ok(()),
        Some(other) => Err(ConfigurationFault::new(
            &first.origin,
            two_forms_text("trunk.", setting, first, other),
        )),
    }
}

/// Returns the text about a setting that one source gives in two forms.
pub(crate) fn two_forms_text(
    prefix: &str,
    setting: &'static Setting,
    one: &SourceValue,
    other: &SourceValue,
) -> String {
    let key = |given: &SourceValue| format!("{prefix}{}{}", setting.key, given.form.suffix());
    let (one, other, place) = (key(one), key(other), &other.origin);
    format_localized!(
        "{one} 与 {other}（{place}）矛盾：只保留一个",
        "{one} contradicts {other} ({place}): keep one of them"
    )
}

fn build_spec(trunk: &TrunkSources, settings: &[EffectiveSetting]) -> Result<TrunkSpec, ConfigurationFault> {
    let name = &trunk.name;
    let origin_of = |key: &str| {
        let found = settings.iter().find(|effective| effective.setting.key == key);
        found.map_or(&trunk.origin, EffectiveSetting::origin)
    };
    let mut literal = LiteralPassword::Refused;
    let mut pairs: Vec<(&str, String)> = vec![("name", name.clone())];
    let mut address = None;
    for effective in settings {
        let setting = effective.setting;
        let Some(first) = effective.sources.first() else {
            continue;
        };
        match (setting.key, first.form) {
            (NAME, _) => {}
            (ADDRESS, _) => address = first.values.first(),
            (PASSWORD, ValueForm::InFile) => pairs.push(("password-file", first.values.join(""))),
            (PASSWORD, ValueForm::InVariable) => pairs.push(("password-env", first.values.join(""))),
            _ => {
                if setting.key == PASSWORD && !matches!(first.origin, Origin::Flag(_)) {
                    literal = LiteralPassword::Allowed;
                }
                let text = spec_value(setting, &first.values);
                pairs.extend(text.map(|text| (setting.flag, text)));
            }
        }
    }
    let Some(address) = address else {
        let text = format_localized!(
            "线路 {name} 缺少 address（sip:HOST:PORT）",
            "trunk {name} needs its address (sip:HOST:PORT)"
        );
        return Err(ConfigurationFault::new(&trunk.origin, text));
    };
    let pairs = pairs.iter().map(|(key, text)| (*key, text.as_str()));
    TrunkSpec::of_pairs(address, pairs, literal).map_err(|fault| {
        let row = fault
            .key
            .and_then(|key| TRUNK_SETTINGS.iter().find(|row| row.flag == key));
        let Some(row) = row else {
            let text = format_localized!("线路 {name}：{}", "trunk {name}: {}", fault.why);
            return ConfigurationFault::new(origin_of(ADDRESS), text);
        };
        let why = fault
            .why
            .strip_prefix(row.flag)
            .map(|rest| rest.trim_start_matches([':', ' ']));
        let why = why.unwrap_or(&fault.why);
        let key = row.key;
        ConfigurationFault::new(
            origin_of(key),
            format_localized!("线路 {name} 的 {key}：{why}", "trunk.{key} of {name}: {why}"),
        )
    })
}
