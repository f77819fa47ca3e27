//! Loads a configuration: reads every source, merges them, and checks each value. All faults are collected,
//! not only the first.

use crate::configuration::bounded_file;
use crate::configuration::clap_check;
use crate::configuration::effective::{Configuration, EffectiveSetting};
use crate::configuration::environment;
use crate::configuration::fault::{ConfigurationFault, ConfigurationFaults};
use crate::configuration::flags;
use crate::configuration::key_search::{self, KeyMatch};
use crate::configuration::origin::Origin;
use crate::configuration::secrets::{self, FileGuard};
use crate::configuration::setting::{MaskRule, Setting};
use crate::configuration::settings::SETTINGS;
use crate::configuration::source_value::{Leaf, SourceValue, WrittenKey};
use crate::configuration::toml_entries::{self, FileEntries, TomlEntry};
use crate::configuration::toml_text;
use crate::configuration::trunk_merge::{TrunkCollection, two_forms_text};
use crate::store_spec::sqlite_directory;
use application::format_localized;
use clap::{ArgMatches, Command};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The configuration file of an installed server.
pub const FILE_DEFAULT: &str = "/etc/ledgerline/ledgerline.toml";

/// The largest configuration file, in bytes: one with every setting and trunk is a hundredth of it.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The configuration file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChoice {
    /// This file; it is an error if it is missing.
    Named(PathBuf),
    /// `FILE_DEFAULT` if it exists.
    Default,
}

/// The sources of a configuration.
pub struct ConfigurationSources<'a> {
    /// The command `serve`, with its arguments and their parsers.
    pub serve: &'a Command,
    /// The parsed command line of `serve`; it may lack required arguments.
    pub matches: &'a ArgMatches,
    pub file: FileChoice,
    /// Every environment variable that may be a setting.
    pub variables: Vec<(OsString, OsString)>,
    /// Looks up an environment variable that a setting names.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub masks: MaskRule,
}

/// The parsed configuration file.
struct LoadedFile {
    path: Arc<Path>,
    entries: FileEntries,
    guard: FileGuard,
}

/// Reads, merges and checks all sources. Returns every fault with its place.
pub fn load(sources: &ConfigurationSources<'_>) -> Result<Configuration, ConfigurationFaults> {
    let file = read_file(&sources.file).map_err(ConfigurationFaults::of)?;
    let variables = environment::read(&sources.variables);
    let mut faults = variables.faults;
    let mut given = variables.settings;
    let mut trunks = TrunkCollection::default();
    let specs = flags::values(sources.serve, sources.matches, "trunk");
    trunks.add_flags(&specs.unwrap_or_default());
    if let Some(file) = &file {
        given.extend(file_settings(file, &mut faults));
        trunks.add_tables(&file.entries.trunks, &file.path);
    }
    trunks.add_variables(variables.trunks);
    if let Some(file) = &file {
        let all = given.iter().map(|value| ("", value));
        let all = all.chain(trunks.values().map(|value| ("trunk.", value)));
        for (prefix, (setting, given)) in all {
            faults.extend(exposure(prefix, setting, given, file, sources.masks));
        }
    }
    let mut settings = Vec::new();
    for setting in SETTINGS {
        let own = given.iter().filter(|(own, _)| own.key == setting.key);
        let mut values: Vec<SourceValue> = own.map(|(_, given)| given.clone()).collect();
        values.extend(flags::given(sources.serve, sources.matches, setting));
        values.extend(flags::default(sources.serve, setting));
        settings.extend(merge(sources, setting, values, &mut faults));
    }
    faults.extend(missing(&settings));
    faults.extend(second_directory(&settings));
    let (trunks, wrong) = trunks.build(sources.variable);
    faults.extend(wrong);
    let configuration = Configuration {
        settings,
        trunks,
        file: file.map(|file| file.path.to_path_buf()),
    };
    ConfigurationFaults::or(faults, configuration)
}

fn read_file(choice: &FileChoice) -> Result<Option<LoadedFile>, Vec<ConfigurationFault>> {
    let path: Arc<Path> = match choice {
        FileChoice::Named(path) => Arc::from(path.as_path()),
        FileChoice::Default => match Path::new(FILE_DEFAULT).symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(_) | Err(_) => Arc::from(Path::new(FILE_DEFAULT)),
        },
    };
    let at = |line| Origin::File {
        path: Arc::clone(&path),
        line,
    };
    let whole = |why: String| vec![ConfigurationFault::new(&at(None), why)];
    let file = bounded_file::read(&path, FILE_BYTES_MAX).map_err(whole)?;
    let text = String::from_utf8(file.bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let line = before.map_or(0, |before| before.iter().filter(|byte| **byte == b'\n').count()) + 1;
        let text = format_localized!("内容不是 UTF-8", "not UTF-8");
        vec![ConfigurationFault::new(&at(Some(line)), text)]
    })?;
    let entries = toml_entries::parse(&text, &path)?;
    Ok(Some(LoadedFile {
        path,
        entries,
        guard: FileGuard {
            mode: file.mode,
            owner: file.owner,
            own_user: rustix::process::geteuid().as_raw(),
        },
    }))
}

/// Returns the settings of the file; unknown keys and wrong types become faults.
fn file_settings(
    file: &LoadedFile,
    faults: &mut Vec<ConfigurationFault>,
) -> Vec<(&'static Setting, SourceValue)> {
    let mut found = Vec::new();
    for entry in &file.entries.entries {
        let origin = Origin::File {
            path: Arc::clone(&file.path),
            line: Some(entry.line),
        };
        match file_setting(entry, origin) {
            Ok(value) => found.extend(value),
            Err(fault) => faults.push(fault),
        }
    }
    found
}

fn file_setting(
    entry: &TomlEntry,
    origin: Origin,
) -> Result<Option<(&'static Setting, SourceValue)>, ConfigurationFault> {
    let key = &entry.key;
    let text = match key_search::find(key, SETTINGS) {
        KeyMatch::Known(setting, form) => {
            let key = WrittenKey {
                prefix: "",
                setting,
                form,
            };
            return SourceValue::from_leaf(key, &entry.leaf, origin).map(|given| Some((setting, given)));
        }
        KeyMatch::Table if entry.leaf == Leaf::EmptyTable => return Ok(None),
        KeyMatch::Table => format_localized!("{key} 是表：请写 [{key}]", "{key} is a table: write [{key}]"),
        KeyMatch::Unknown(None) => format_localized!("未知配置项 {key}", "unknown key {key}"),
        KeyMatch::Unknown(Some(meant)) => format_localized!(
            "未知配置项 {key}；是否应为 {meant}？",
            "unknown key {key}; did you mean {meant}?"
        ),
    };
    Err(ConfigurationFault::new(&origin, text))
}

/// Returns the fault of a secret that the file contains and other users can read.
fn exposure(
    prefix: &str,
    setting: &'static Setting,
    given: &SourceValue,
    file: &LoadedFile,
    masks: MaskRule,
) -> Option<ConfigurationFault> {
    if !matches!(given.origin, Origin::File { .. }) {
        return None;
    }
    let key = WrittenKey {
        prefix,
        setting,
        form: given.form,
    };
    let why = secrets::exposure(key, given, &file.path, file.guard, masks)?;
    Some(ConfigurationFault::new(&given.origin, why))
}

/// Orders the values of a setting by their sources and checks each. `None` without a value that can be used.
fn merge(
    sources: &ConfigurationSources<'_>,
    setting: &'static Setting,
    mut values: Vec<SourceValue>,
    faults: &mut Vec<ConfigurationFault>,
) -> Option<EffectiveSetting> {
    values.sort_by_key(|given| (std::cmp::Reverse(given.origin.rank()), !is_log_variable(given)));
    let pairs = values.iter().zip(values.iter().skip(1));
    for (one, other) in pairs.filter(|(one, other)| one.origin.rank() == other.origin.rank()) {
        // LEDGERLINE_LOG and the variable of `log.level` are two names of one setting.
        if one.form != other.form {
            let text = two_forms_text("", setting, one, other);
            faults.push(ConfigurationFault::new(&one.origin, text));
        }
    }
    let mut effective = None;
    for (index, given) in values.iter().enumerate() {
        let key = WrittenKey {
            prefix: "",
            setting,
            form: given.form,
        };
        let has_mask = given.values.iter().any(|value| secrets::is_mask(setting, value));
        let is_own = matches!(given.origin, Origin::Default | Origin::Flag(_)) || is_log_variable(given);
        let is_checked = !is_own && !has_mask;
        let texts = match secrets::resolve(key, given, sources.variable) {
            Ok(texts) => texts,
            // The value that a flag overrides need not exist; the parser of the command line reports the
            // flag's own.
            Err(_) if index > 0 || matches!(given.origin, Origin::Flag(_)) => continue,
            Err(why) => {
                faults.push(ConfigurationFault::new(&given.origin, why));
                continue;
            }
        };
        if is_checked && let Some(why) = clap_check::refusal(sources.serve, setting, &texts) {
            let text = value_text(key, given, &texts, &why);
            faults.push(ConfigurationFault::new(&given.origin, text));
        }
        if index == 0 {
            effective = Some(texts);
        }
    }
    let is_from_flag = matches!(values.first()?.origin, Origin::Flag(_));
    Some(EffectiveSetting {
        setting,
        // A variable that a flag names is read by the flag's own code.
        values: effective.or_else(|| is_from_flag.then(Vec::new))?,
        sources: values,
    })
}

fn is_log_variable(given: &SourceValue) -> bool {
    given.origin == Origin::Variable(environment::LOG_VARIABLE.to_owned())
}

/// Returns the text about a value that the flag's parser refuses. It never contains a secret.
fn value_text(key: WrittenKey<'_>, given: &SourceValue, texts: &[String], why: &str) -> String {
    let is_secret = key.setting.has_references();
    let why = match texts.first().filter(|_| is_secret) {
        Some(secret) => why.replace(secret.as_str(), secrets::MASK),
        None => why.to_owned(),
    };
    let is_repeated = texts.iter().any(|text| why.contains(text.as_str()));
    if is_secret || is_repeated {
        return format_localized!("{key}：{why}", "{key}: {why}");
    }
    let value = toml_text::value(key.setting.kind, &given.values);
    format_localized!("{key} = {value}：{why}", "{key} = {value}: {why}")
}

/// Returns a fault for each setting that another one needs and no source gives, or that contradicts it.
fn missing(settings: &[EffectiveSetting]) -> Vec<ConfigurationFault> {
    let is_set = |key: &str| {
        let found = settings.iter().find(|effective| effective.setting.key == key);
        found.is_some_and(|effective| !effective.sources.iter().all(|one| one.origin == Origin::Default))
    };
    let mut faults = Vec::new();
    for effective in settings.iter().filter(|effective| effective.is_set()) {
        let key = effective.setting.key;
        for needed in effective.setting.requires.iter().filter(|needed| !is_set(needed)) {
            let text = format_localized!("{key} 需要 {needed}", "{key} needs {needed}");
            faults.push(ConfigurationFault::new(effective.origin(), text));
        }
        for other in effective.setting.conflicts {
            let other = settings
                .iter()
                .find(|one| one.setting.key == *other && one.is_set());
            faults.extend(other.map(|other| conflict(effective, other)));
        }
    }
    faults
}

/// Returns the fault of two settings of which only one may be there.
fn conflict(one: &EffectiveSetting, other: &EffectiveSetting) -> ConfigurationFault {
    let (key, contradicted, place) = (one.setting.key, other.setting.key, other.origin());
    let text = format_localized!(
        "{key} 与 {contradicted}（{place}）矛盾：只保留一个",
        "{key} contradicts {contradicted} ({place}): keep one of them"
    );
    ConfigurationFault::new(one.origin(), text)
}

/// Returns the fault of an embedded log in another directory than the data directory.
fn second_directory(settings: &[EffectiveSetting]) -> Option<ConfigurationFault> {
    let of = |key: &str| settings.iter().find(|effective| effective.setting.key == key);
    let (store, data) = (of("store.url")?, of("data")?);
    let log = sqlite_directory(store.values.first()?)?.ok()?;
    let directory = data.values.first()?;
    if log == Path::new(directory) {
        return None;
    }
    let log = log.display();
    let text = format_localized!(
        "store.url = \"sqlite:{log}\" 与 data = \"{directory}\"（{}）矛盾：内嵌日志必须在数据目录中",
        "store.url = \"sqlite:{log}\" contradicts data = \"{directory}\" ({}): an embedded log is in the data directory",
        data.origin()
    );
    Some(ConfigurationFault::new(store.origin(), text))
}
