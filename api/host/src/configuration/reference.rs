//! Generates the reference page `docs/reference/configuration.md` from the table of settings.

use crate::configuration::flags;
use crate::configuration::load::FILE_DEFAULT;
use crate::configuration::schema::possible_values;
use crate::configuration::setting::{ReloadRule, Secrecy, Setting, SettingKind};
use crate::configuration::settings::SETTINGS;
use crate::configuration::source_value::own_texts;
use crate::configuration::toml_text;
use crate::configuration::trunk_settings::TRUNK_SETTINGS;
use clap::Command;

/// Returns the page in Markdown. `serve` has the defaults and the possible values of the flags.
pub fn page(serve: &Command) -> String {
    let mut page = HEAD.replace("{FILE}", FILE_DEFAULT);
    let mut table = None;
    for setting in SETTINGS {
        let (own_table, _) = setting.table_and_name();
        if table != Some(own_table) {
            page.push_str(&heading(own_table));
            table = Some(own_table);
        }
        page.push_str(&row(serve, setting));
    }
    page.push_str(TRUNKS);
    for setting in TRUNK_SETTINGS {
        page.push_str(&trunk_row(setting));
    }
    page.push_str(TAIL);
    page
}

fn heading(table: &str) -> String {
    let title = if table.is_empty() {
        "Top of the file".to_owned()
    } else {
        format!("[{table}]")
    };
    format!(
        "\n### {title}\n\n| Key | Flag | Type | Default | Applied by | Meaning |\n| --- | --- | --- | --- | --- | --- |\n"
    )
}

fn row(serve: &Command, setting: &Setting) -> String {
    let default = flags::default(serve, setting);
    let default = default.map_or_else(String::new, |given| {
        format!("`{}`", toml_text::value(setting.kind, &given.values))
    });
    let applied = match setting.reload {
        ReloadRule::Restart => "restart",
        ReloadRule::Reload => "SIGHUP",
    };
    // A flag that only the configuration uses is not documented.
    let is_shown = flags::argument(serve, setting.flag).is_some_and(|argument| !argument.is_hide_set());
    let flag = if is_shown {
        Some(setting.flag)
    } else {
        setting.variable_flag
    };
    let flag = flag.map_or_else(String::new, |flag| format!("`--{flag}`"));
    let names = possible_values(serve, setting);
    let names = match names.is_empty() {
        true => String::new(),
        false => format!(": {}", names.join(", ")),
    };
    format!(
        "| {} | {flag} | {}{names} | {default} | {applied} | {} |\n",
        keys(setting.key, setting),
        type_of(setting),
        meaning(setting)
    )
}

fn trunk_row(setting: &Setting) -> String {
    let spec = match setting.key {
        "address" => "`sip:HOST:PORT`".to_owned(),
        "user" => "`user`".to_owned(),
        "user_phone" => "`user=phone`".to_owned(),
        _ => format!("`{}`", setting.flag),
    };
    format!(
        "| {} | {spec} | {} | {} |\n",
        keys(setting.key, setting),
        type_of(setting),
        meaning(setting)
    )
}

/// Returns the key with the forms of a secret.
fn keys(key: &str, setting: &Setting) -> String {
    match setting.has_references() {
        true => format!("`{key}`, `{key}_file`, `{key}_env`"),
        false => format!("`{key}`"),
    }
}

const fn type_of(setting: &Setting) -> &'static str {
    match (setting.kind, setting.secrecy) {
        (SettingKind::Text, Secrecy::Secret) => "text, secret",
        (SettingKind::Text, Secrecy::Url) => "text, secret if it is a URL with a password",
        (SettingKind::Text, Secrecy::Public | Secrecy::MasterKey) => "text",
        (SettingKind::Integer, _) => "integer",
        (SettingKind::Switch | SettingKind::InvertedSwitch, _) => "boolean",
        (SettingKind::List { .. }, _) => "list of text",
    }
}

fn meaning(setting: &Setting) -> String {
    let example = toml_text::value(setting.kind, &own_texts(setting.example));
    let needs = listed(" Needs ", setting.requires);
    let not_with = listed(" Not with ", setting.conflicts);
    let (zh, en) = (setting.about.zh, setting.about.en);
    let text = format!("{zh}。<br>{en}.{needs}{not_with} Example: `{example}`");
    text.replace('|', "\\|")
}

/// Returns a sentence about other keys; empty without any.
fn listed(begins: &str, keys: &[&str]) -> String {
    if keys.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    format!("{begins}{}.", quoted.join(" and "))
}

/// The page above the tables.
const HEAD: &str = "# Configuration (配置)

For operators: every setting of a server, its flag, type and default. `ledgerline config reference`
generates this page.

```
ledgerline serve --config FILE                       default: {FILE}, if it exists
ledgerline config print [--config FILE] [--with-source] [--json] [-- FLAGS of serve]
ledgerline config check FILE                         all errors, each with its line; exit code 1
ledgerline config example > ledgerline.toml          every setting with a description
ledgerline config schema                             JSON Schema, for editors
```

A value is taken from the first of these sources that has it:

1. a flag of `serve`;
2. an environment variable: `LEDGERLINE__HTTP__LISTEN` is `http.listen`, `LEDGERLINE__TRUNK__MAIN__LEGS_MAX`
   is `legs_max` of the trunk `main` (a character that is no letter or digit is `_`). A list is a TOML list,
   or its values with commas between them. `LEDGERLINE_LOG` overrides `log.level` of the file and its
   variable;
3. the file (TOML, at most 1 MiB);
4. the default.

A list of one source replaces that of another. Trunks are merged by name, key by key. Relative paths start
at the working directory of the process, as those of flags do.

Errors stop the start, with exit code 2. All of them are printed, each with its line or variable:

```
ledgerline.toml:12: unknown key http.lisen; did you mean http.listen?
```

An empty value is an error, also in a variable: a variable that a script failed to fill must not start a
server on the default log.

## Secrets (密钥)

A secret `K` can be given as `K_file`, a file with the secret in one line, or as `K_env`, the name of an
environment variable. A URL with a password is a secret. If the configuration file contains a secret itself,
other users must not be able to read it (`chmod o-rwx`; the group may), and root or the user of the process
must own it. A secret in a flag is visible in the process list; `serve` then prints a warning. No secret of
file or environment is in the process list, in a log or in `config print`, which shows `***`. A server
refuses `***`.

## SIGHUP

SIGHUP reads file and `_file` secrets again. A changed log level and changed trusted proxies apply at once.
For every other changed setting the server prints and logs that it needs a restart. If the new configuration
has an error, nothing changes and the errors are logged. Certificates are read again without a signal.

## What is stored where (存放位置)

| What | Where | Changed by |
| --- | --- | --- |
| How a process starts: addresses, databases, keys, trunks, engines | flags, environment, this file | a restart, or SIGHUP where the tables say so |
| Settings of the installation: alerts, approvals, sessions, limits, costs ([settings](settings.md)) | events in the log | `ledgerline settings set`, at once in every process |
| Users, roles, keys, webhooks, alert channels, campaigns, rules | events in the log | commands, console or API |
| Retention periods ([retention](retention.md)) | events in the log | `ledgerline retention set` |

## Settings (配置项)
";

/// The page above the table of trunks.
const TRUNKS: &str = "
## Trunks (线路)

A `[[trunk]]` table acts as `--trunk` does. Trunks are used in this order: those of flags, those of the
file, those of variables alone. The defaults are those of `ledgerline serve --help`. A password of a trunk
that is not on this machine may be in the file, not in a flag.

| Key | In the SPEC of `--trunk` | Type | Meaning |
| --- | --- | --- | --- |
";

/// The page below the tables.
const TAIL: &str = "
Decision: [0224](../decisions/0224-one-table-of-settings-over-the-arguments-of-serve.md).
";
