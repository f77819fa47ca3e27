//! Shows a configuration as TOML or JSON: the value of each setting, its source, and what it overrides.
//! Secrets are masked. A server reads the TOML again and has the same configuration, except for the masks.

use crate::configuration::effective::{Configuration, EffectiveSetting};
use crate::configuration::origin::Origin;
use crate::configuration::secrets::masked;
use crate::configuration::setting::{Setting, SettingKind};
use crate::configuration::source_value::{SourceValue, ValueForm};
use crate::configuration::toml_text;
use application::format_localized;
use serde_json::{Map, Value, json};

/// Whether each value is shown with its sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceDisplay {
    Hidden,
    Shown,
}

/// Returns the lines of a TOML file with every value that is set or has a default.
pub fn toml_lines(configuration: &Configuration, sources: SourceDisplay) -> Vec<String> {
    let mut lines = Vec::new();
    let mut table = "";
    for effective in &configuration.settings {
        let (own_table, name) = effective.setting.table_and_name();
        if own_table != table {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.push(format!("[{own_table}]"));
            table = own_table;
        }
        lines.extend(toml_line(name, effective, sources));
    }
    for trunk in &configuration.trunks {
        lines.push(String::new());
        lines.push("[[trunk]]".to_owned());
        for effective in &trunk.settings {
            lines.extend(toml_line(effective.setting.key, effective, sources));
        }
    }
    lines
}

fn toml_line(name: &str, effective: &EffectiveSetting, sources: SourceDisplay) -> Option<String> {
    let mut all = effective.sources.iter();
    let first = all.next()?;
    let line = format!(
        "{name}{} = {}",
        first.form.suffix(),
        toml_value(effective.setting, first)
    );
    if sources == SourceDisplay::Hidden {
        return Some(line);
    }
    let origin = &first.origin;
    let overridden: Vec<String> = all
        .filter(|given| given.origin != Origin::Default)
        .map(|given| format!("{} ({})", given.origin, toml_value(effective.setting, given)))
        .collect();
    if overridden.is_empty() {
        return Some(format!("{line}  # {origin}"));
    }
    let overridden = overridden.join(", ");
    Some(format_localized!(
        "{line}  # {origin}，覆盖 {overridden}",
        "{line}  # {origin}, overrides {overridden}"
    ))
}

/// Returns the value of one source in TOML, masked if it is a secret.
fn toml_value(setting: &Setting, given: &SourceValue) -> String {
    toml_text::value(given.form.kind(setting), &shown_values(setting, given))
}

fn shown_values(setting: &Setting, given: &SourceValue) -> Vec<String> {
    match given.form {
        ValueForm::Direct => given.values.iter().map(|value| masked(setting, value)).collect(),
        ValueForm::InFile | ValueForm::InVariable => given.values.clone(),
    }
}

/// Returns the configuration as one JSON object: tables and keys as in the file, or, with sources, a list of
/// settings.
pub fn json_value(configuration: &Configuration, sources: SourceDisplay) -> Value {
    if sources == SourceDisplay::Shown {
        let settings: Vec<Value> = configuration
            .settings
            .iter()
            .map(|one| with_sources("", one))
            .collect();
        let trunks: Vec<Value> = configuration
            .trunks
            .iter()
            .map(|trunk| {
                let settings: Vec<Value> = trunk
                    .settings
                    .iter()
                    .map(|one| with_sources("trunk.", one))
                    .collect();
                json!({ "name": trunk.name, "settings": settings })
            })
            .collect();
        return json!({ "settings": settings, "trunks": trunks });
    }
    let mut root = Map::new();
    for effective in &configuration.settings {
        let Some(first) = effective.sources.first() else {
            continue;
        };
        let (table, name) = effective.setting.table_and_name();
        let name = format!("{name}{}", first.form.suffix());
        let value = json_of(effective.setting, first);
        if table.is_empty() {
            root.insert(name, value);
            continue;
        }
        let members = root.entry(table).or_insert_with(|| json!({}));
        if let Some(members) = members.as_object_mut() {
            members.insert(name, value);
        }
    }
    let trunks = configuration.trunks.iter().map(|trunk| {
        let members = trunk.settings.iter().filter_map(|effective| {
            let first = effective.sources.first()?;
            let name = format!("{}{}", effective.setting.key, first.form.suffix());
            Some((name, json_of(effective.setting, first)))
        });
        Value::Object(members.collect())
    });
    let trunks: Vec<Value> = trunks.collect();
    if !trunks.is_empty() {
        root.insert("trunk".to_owned(), Value::Array(trunks));
    }
    Value::Object(root)
}

fn with_sources(prefix: &str, effective: &EffectiveSetting) -> Value {
    let setting = effective.setting;
    let sources = effective.sources.iter().map(|given| {
        json!({
            "key": format!("{prefix}{}{}", setting.key, given.form.suffix()),
            "source": given.origin.code(),
            "at": given.origin.to_string(),
            "value": json_of(setting, given),
        })
    });
    let sources: Vec<Value> = sources.collect();
    let value = effective.sources.first().map(|first| json_of(setting, first));
    json!({ "key": format!("{prefix}{}", setting.key), "value": value, "sources": sources })
}

fn json_of(setting: &Setting, given: &SourceValue) -> Value {
    let mut values = shown_values(setting, given);
    match given.form.kind(setting) {
        SettingKind::List { .. } => json!(values),
        SettingKind::Text => json!(values.pop()),
        SettingKind::Integer => json!(values.pop().and_then(|digits| digits.parse::<i64>().ok())),
        SettingKind::Switch | SettingKind::InvertedSwitch => {
            json!(values.pop().as_deref() == Some("true"))
        }
    }
}
