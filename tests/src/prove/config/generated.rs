//! Generated configurations: seeded values in file, variables and flags, with the value and source that each
//! key must have. The expected values are computed here, without the code under test.

use crate::program::{command, ledgerline};
use crate::split_mix::SplitMix64;
use host::configuration::setting::{Secrecy, Setting, SettingKind};
use host::configuration::settings::SETTINGS;
use host::configuration::trunk_settings::TRUNK_SETTINGS;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The seed of the first configuration.
const SEED: u64 = 53;
/// The most trunks of one configuration.
const TRUNKS_MAX: u64 = 3;

/// More values of settings than the example of their rows, with characters that need quoting.
const VALUES: &[(&str, &[&str])] = &[
    ("data", &["/srv/外呼 data", "./first", "/srv/a\"b\\c"]),
    ("drain", &["30s", "0s", "24h", "1500ms"]),
    ("log.level", &["warn", "off", "warn,host=debug"]),
    ("http.listen", &["[::1]:0", "0.0.0.0:443"]),
    (
        "http.trusted_proxies",
        &["10.0.0.0/24", "2001:db8::1", "192.0.2.0/25"],
    ),
    ("rtp.ports", &["20000-20199", "16384-16387"]),
    ("messages.signature", &["示例银行", "A # B", "it's = [ok]"]),
    ("sign_in.require_second_factor", &["admin", "auditor"]),
    ("reports.compliance", &["month"]),
    (
        "store.url",
        &["sqlite:first", "kurrent://admin:hidden0@db.example:2113"],
    ),
];

/// A value of one source.
#[derive(Clone)]
struct DrawnValue {
    /// `file`, `environment` or `flag`.
    source: &'static str,
    texts: Vec<String>,
}

/// The sources of one configuration, and what is expected of them.
#[derive(Default)]
struct Generated {
    file: String,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
    /// The value and source of each key.
    expected: BTreeMap<String, (Value, &'static str)>,
}

/// Returns how many of `count` configurations are as expected; the others are described in `wrong`.
pub(super) fn count_equal(count: u64, wrong: &mut Vec<String>) -> u64 {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = run(folder.path(), &["config", "schema"], &[]);
    let schema: Value = serde_json::from_str(&schema).unwrap_or_default();
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    let mut equal = 0;
    for index in 0..count {
        let mut random = SplitMix64(SEED + index);
        let generated = generate(&mut random);
        match difference(folder.path(), &generated, &schema) {
            None => equal += 1,
            Some(what) => wrong.push(format!("seed {}: {what}\n{}", SEED + index, generated.file)),
        }
    }
    equal
}

fn difference(folder: &Path, generated: &Generated, schema: &jsonschema::Validator) -> Option<String> {
    write(&folder.join("one.toml"), &generated.file);
    let flags: Vec<&str> = generated.flags.iter().map(String::as_str).collect();
    let variables = &generated.variables;
    let print = |more: &[&str]| {
        let args = [
            &["config", "print", "--config", "one.toml"],
            more,
            &["--"],
            &flags,
        ]
        .concat();
        run(folder, &args, variables)
    };
    let first = print(&[]);
    let detailed: Value = serde_json::from_str(&print(&["--json", "--with-source"])).unwrap_or_default();
    if let Some(what) = unexpected(&detailed, &generated.expected) {
        return Some(what);
    }
    write(&folder.join("two.toml"), &first);
    let second = run(folder, &["config", "print", "--config", "two.toml"], &[]);
    if first != second || first.is_empty() {
        return Some(format!("printed {first:?}, then {second:?}"));
    }
    let json = run(
        folder,
        &["config", "print", "--config", "two.toml", "--json"],
        &[],
    );
    let json: Value = serde_json::from_str(&json).unwrap_or_default();
    let error = schema.iter_errors(&json).next();
    error.map(|error| format!("differs from the schema: {error}"))
}

/// Returns the first key whose value or source is not the expected one.
fn unexpected(shown: &Value, expected: &BTreeMap<String, (Value, &str)>) -> Option<String> {
    let list = |value: &Value, name| {
        let rows = value.get(name).and_then(Value::as_array);
        rows.cloned().unwrap_or_default()
    };
    let mut found = BTreeMap::new();
    let mut add = |prefix: &str, setting: &Value| {
        let text = |pointer| {
            setting
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let source = text("/sources/0/source").to_owned();
        if source != "default" {
            let key = format!("{prefix}{}", text("/key"));
            found.insert(key, (setting.get("value").cloned().unwrap_or_default(), source));
        }
    };
    for setting in list(shown, "settings") {
        add("", &setting);
    }
    for trunk in list(shown, "trunks") {
        let name = trunk.get("name").and_then(Value::as_str);
        let prefix = format!("{} ", name.unwrap_or_default());
        for setting in list(&trunk, "settings") {
            add(&prefix, &setting);
        }
    }
    for (key, (value, source)) in expected {
        match found.remove(key) {
            Some((shown, from)) if shown == *value && from == *source => {}
            other => return Some(format!("{key} should be {value} of {source}, but is {other:?}")),
        }
    }
    found
        .pop_first()
        .map(|(key, value)| format!("{key} should not be there, but is {value:?}"))
}

fn generate(random: &mut SplitMix64) -> Generated {
    let mut chosen: Vec<&Setting> = SETTINGS.iter().filter(|_| random.in_one_of(3)).collect();
    let mut index = 0;
    while let Some(setting) = chosen.get(index).copied() {
        for needed in setting.requires {
            let needed = SETTINGS.iter().find(|other| other.key == *needed);
            let is_new = |needed: &&Setting| chosen.iter().all(|one| one.key != needed.key);
            if let Some(needed) = needed.filter(is_new) {
                chosen.push(needed);
            }
        }
        index += 1;
    }
    let mut generated = Generated::default();
    let mut lines: Vec<String> = Vec::new();
    for setting in SETTINGS
        .iter()
        .filter(|one| chosen.iter().any(|other| other.key == one.key))
    {
        let values = values_of(random, setting);
        // An embedded log is in the data directory: the file has both or neither.
        let is_embedded =
            setting.key == "store.url" && values.iter().any(|one| one.texts.concat().starts_with("sqlite:"));
        let has_data = generated.expected.contains_key("data");
        let is_excluded = setting
            .conflicts
            .iter()
            .any(|other| generated.expected.contains_key(*other));
        if (is_embedded && has_data) || is_excluded {
            continue;
        }
        place(&mut generated, &mut lines, setting, &values);
    }
    lines.push(String::new());
    add_trunks(random, &mut generated, &mut lines);
    let line_end = if random.in_one_of(4) { "\r\n" } else { "\n" };
    generated.file = lines.join(line_end);
    generated
}

/// Draws the values of a setting: of one, two or three sources.
fn values_of(random: &mut SplitMix64, setting: &Setting) -> Vec<DrawnValue> {
    let mut sources = vec!["file", "environment", "flag"];
    // The flag of a secret's value is not for users.
    let has_flag = setting.secrecy != Secrecy::Secret;
    sources.retain(|source| has_flag || *source != "flag");
    let keep = 1 + random.index(sources.len());
    while sources.len() > keep {
        sources.remove(random.index(sources.len()));
    }
    let drawn = sources.into_iter().map(|source| DrawnValue {
        source,
        texts: texts_of(random, setting, source),
    });
    drawn.collect()
}

fn texts_of(random: &mut SplitMix64, setting: &Setting, source: &str) -> Vec<String> {
    let known = VALUES.iter().find(|(key, _)| *key == setting.key);
    let pool: Vec<&str> = known.map_or(setting.example.to_vec(), |(_, values)| values.to_vec());
    match setting.kind {
        SettingKind::Switch | SettingKind::InvertedSwitch => match (source, setting.kind) {
            // A flag can only switch on, or off if it is inverted.
            ("flag", SettingKind::Switch) => vec!["true".to_owned()],
            ("flag", _) => vec!["false".to_owned()],
            _ => vec![random.in_one_of(2).to_string()],
        },
        SettingKind::List { .. } => {
            let keep = 1 + random.index(pool.len());
            pool.iter().take(keep).map(|text| (*text).to_owned()).collect()
        }
        SettingKind::Text | SettingKind::Integer => vec![(*random.one(&pool)).to_owned()],
    }
}

/// Writes the values into their sources, and notes which one must apply.
fn place(generated: &mut Generated, lines: &mut Vec<String>, setting: &Setting, values: &[DrawnValue]) {
    for value in values {
        match value.source {
            "file" => lines.push(format!("{} = {}", setting.key, toml(setting.kind, &value.texts))),
            "environment" => {
                let name = format!("LEDGERLINE__{}", setting.key.replace('.', "__").to_uppercase());
                let text = match setting.kind {
                    SettingKind::List { separator } => value.texts.join(&separator.to_string()),
                    _ => value.texts.concat(),
                };
                generated.variables.push((name, text));
            }
            _ => match setting.kind {
                SettingKind::Switch | SettingKind::InvertedSwitch => {
                    generated.flags.push(format!("--{}", setting.flag));
                }
                _ => {
                    let flags = value
                        .texts
                        .iter()
                        .map(|text| format!("--{}={text}", setting.flag));
                    generated.flags.extend(flags);
                }
            },
        }
    }
    let last = values.last().expect("a setting has a value");
    let expected = (shown(setting, &last.texts), last.source);
    generated.expected.insert(setting.key.to_owned(), expected);
}

fn add_trunks(random: &mut SplitMix64, generated: &mut Generated, lines: &mut Vec<String>) {
    for index in 0..random.below(TRUNKS_MAX + 1) {
        let name = format!("trunk-{index}");
        let address = format!("sip:127.0.0.1:{}", 5_070 + index);
        lines.push("[[trunk]]".to_owned());
        lines.push(format!("name = '{name}'"));
        lines.push(format!("address = '{address}'"));
        let mut expect = |key: &str, value: Value, source| {
            generated
                .expected
                .insert(format!("{name} trunk.{key}"), (value, source));
        };
        expect("name", json!(name), "file");
        expect("address", json!(address), "file");
        let has_user = random.in_one_of(2);
        for setting in TRUNK_SETTINGS {
            let is_login = ["user", "password"].contains(&setting.key);
            let is_left_out = ["name", "address"].contains(&setting.key)
                || (is_login && !has_user)
                || (!is_login && random.in_one_of(2));
            if is_left_out {
                continue;
            }
            let in_file: Vec<String> = match setting.kind {
                SettingKind::Switch => vec![random.in_one_of(2).to_string()],
                _ => setting.example.iter().map(|text| (*text).to_owned()).collect(),
            };
            lines.push(format!("{} = {}", setting.key, toml(setting.kind, &in_file)));
            let mut applied = (shown(setting, &in_file), "file");
            if setting.kind == SettingKind::Integer && random.in_one_of(2) {
                let digits = (1 + random.below(9)).to_string();
                let name = name.to_uppercase().replace('-', "_");
                let key = setting.key.to_uppercase();
                applied = (shown(setting, std::slice::from_ref(&digits)), "environment");
                generated
                    .variables
                    .push((format!("LEDGERLINE__TRUNK__{name}__{key}"), digits));
            }
            generated
                .expected
                .insert(format!("{name} trunk.{}", setting.key), applied);
        }
    }
}

/// Returns values in TOML, as a person might write them: literal strings where that is possible.
fn toml(kind: SettingKind, texts: &[String]) -> String {
    let quote = |text: &String| match text.contains('\'') {
        false => format!("'{text}'"),
        true => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    match kind {
        SettingKind::Text => texts.iter().map(quote).collect(),
        SettingKind::Integer | SettingKind::Switch | SettingKind::InvertedSwitch => texts.concat(),
        SettingKind::List { .. } => {
            let quoted: Vec<String> = texts.iter().map(quote).collect();
            format!("[\n  {}, # the last\n]", quoted.join(",\n  "))
        }
    }
}

/// Returns values as the output must show them.
fn shown(setting: &Setting, texts: &[String]) -> Value {
    let first = texts.first().map_or("", String::as_str);
    match (setting.secrecy, setting.kind) {
        (Secrecy::Secret, _) => json!("***"),
        (Secrecy::Url, _) => json!(first.replace(":PASSWORD@", ":***@").replace(":hidden0@", ":***@")),
        (_, SettingKind::List { .. }) => json!(texts),
        (_, SettingKind::Text) => json!(first),
        (_, SettingKind::Integer) => json!(first.parse::<i64>().unwrap_or_default()),
        (_, SettingKind::Switch | SettingKind::InvertedSwitch) => json!(first == "true"),
    }
}

/// Runs the program in a folder with these variables and returns its standard output.
fn run(folder: &Path, args: &[&str], variables: &[(String, String)]) -> String {
    let output = command(ledgerline())
        .args(args)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .env_remove("LEDGERLINE_LOG")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("the built binary starts");
    if !output.status.success() {
        return format!("{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file can be written");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("our own file has a mode");
}
