//! The JSON Schema of the configuration file, for editors and for checks of other tools.

use crate::configuration::flags;
use crate::configuration::key_search::forms;
use crate::configuration::setting::{ReloadRule, Setting, SettingKind};
use crate::configuration::settings::SETTINGS;
use crate::configuration::source_value::{ValueForm, own_texts};
use crate::configuration::trunk_settings::TRUNK_SETTINGS;
use clap::Command;
use serde_json::{Map, Value, json};

/// Returns the schema (draft 2020-12). `serve` has the defaults and the possible values of the flags.
pub fn schema(serve: &Command) -> Value {
    let mut root = Map::new();
    for setting in SETTINGS {
        let (table, name) = setting.table_and_name();
        let mut members = &mut root;
        if !table.is_empty() {
            let below = members.entry(table).or_insert_with(
                || json!({ "type": "object", "additionalProperties": false, "properties": {} }),
            );
            let Some(below) = below.get_mut("properties").and_then(Value::as_object_mut) else {
                continue;
            };
            members = below;
        }
        add(members, name, setting, Some(serve));
    }
    let mut trunk = Map::new();
    for setting in TRUNK_SETTINGS {
        add(&mut trunk, setting.key, setting, None);
    }
    root.insert(
        "trunk".to_owned(),
        json!({
            "type": "array",
            "description": "线路，按顺序使用 / Trunks, used in the order given",
            "items": { "type": "object", "additionalProperties": false, "properties": trunk },
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ledgerline.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": root,
    })
}

fn add(members: &mut Map<String, Value>, name: &str, setting: &Setting, serve: Option<&Command>) {
    for form in forms(setting) {
        members.insert(format!("{name}{}", form.suffix()), property(setting, form, serve));
    }
}

fn property(setting: &Setting, form: ValueForm, serve: Option<&Command>) -> Value {
    let about = setting.about;
    match form {
        ValueForm::InFile => {
            return json!({ "type": "string", "minLength": 1, "description": format!("{name}：写在文件中 / {name}, in a file", name = setting.key) });
        }
        ValueForm::InVariable => {
            return json!({ "type": "string", "minLength": 1, "description": format!("{name}：写在环境变量中 / {name}, in an environment variable", name = setting.key) });
        }
        ValueForm::Direct => {}
    }
    let mut property = match setting.kind {
        SettingKind::Text => json!({ "type": "string", "minLength": 1 }),
        SettingKind::Integer => json!({ "type": "integer", "minimum": 1 }),
        SettingKind::Switch => json!({ "type": "boolean" }),
        SettingKind::InvertedSwitch => json!({ "type": "boolean", "default": true }),
        SettingKind::List { .. } => json!({ "type": "array", "items": { "type": "string", "minLength": 1 } }),
    };
    let Some(members) = property.as_object_mut() else {
        return property;
    };
    members.insert(
        "description".to_owned(),
        json!(format!("{} / {}", about.zh, about.en)),
    );
    members.insert("examples".to_owned(), json!([example(setting)]));
    if let Some(serve) = serve {
        let applied = match setting.reload {
            ReloadRule::Restart => "restart",
            ReloadRule::Reload => "reload",
        };
        members.insert("x-applied-by".to_owned(), json!(applied));
        let names = possible_values(serve, setting);
        if !names.is_empty() {
            let names = match setting.kind {
                SettingKind::List { .. } => {
                    members.insert("items".to_owned(), json!({ "type": "string", "enum": names }));
                    None
                }
                SettingKind::Text
                | SettingKind::Integer
                | SettingKind::Switch
                | SettingKind::InvertedSwitch => Some(names),
            };
            members.extend(names.map(|names| ("enum".to_owned(), json!(names))));
        }
        if let Some(default) = flags::default(serve, setting)
            && setting.kind == SettingKind::Text
        {
            members.insert("default".to_owned(), json!(default.values.first()));
        }
    }
    property
}

fn example(setting: &Setting) -> Value {
    match setting.kind {
        SettingKind::List { .. } => json!(setting.example),
        SettingKind::Text => json!(setting.example.first()),
        SettingKind::Integer => {
            let digits = own_texts(setting.example).pop();
            json!(digits.and_then(|digits| digits.parse::<i64>().ok()))
        }
        SettingKind::Switch | SettingKind::InvertedSwitch => json!(true),
    }
}

/// Returns the names between which a setting chooses; empty if it takes any text.
pub(crate) fn possible_values(serve: &Command, setting: &Setting) -> Vec<String> {
    if !matches!(setting.kind, SettingKind::Text | SettingKind::List { .. }) {
        return Vec::new();
    }
    let argument = flags::argument(serve, setting.flag);
    let values = argument.map(clap::Arg::get_possible_values).unwrap_or_default();
    values.iter().map(|value| value.get_name().to_owned()).collect()
}
