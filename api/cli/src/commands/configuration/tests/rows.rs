//! The table of settings beside the flags of `serve`: one row for each, with examples that are accepted.

use super::{Case, printed};
use crate::commands::serve_configuration::serve_command;
use clap::{ArgAction, Command};
use host::configuration::print::SourceDisplay;
use host::configuration::setting::{Setting, SettingKind};
use host::configuration::settings::SETTINGS;
use host::configuration::trunk_settings::TRUNK_SETTINGS;
use host::configuration::{example, reference};
use std::collections::BTreeSet;

fn flags(command: &Command) -> BTreeSet<String> {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let longs = shown.filter_map(|argument| argument.get_long().map(str::to_owned));
    longs
        .filter(|flag| !["config", "trunk", "help"].contains(&flag.as_str()))
        .collect()
}

#[test]
fn every_flag_has_one_setting_and_every_setting_a_flag() {
    let serve = serve_command();
    let known: Vec<&str> = SETTINGS
        .iter()
        .flat_map(|setting| [Some(setting.flag), setting.variable_flag])
        .flatten()
        .collect();
    let once: BTreeSet<&str> = known.iter().copied().collect();
    assert_eq!(once.len(), known.len(), "a flag has two settings");
    for flag in flags(&serve) {
        assert!(once.contains(flag.as_str()), "--{flag} needs a row in SETTINGS");
    }
    for setting in SETTINGS {
        let argument = serve
            .get_arguments()
            .find(|one| one.get_long() == Some(setting.flag));
        let argument = argument.unwrap_or_else(|| panic!("{} has no flag", setting.key));
        let is_right = match setting.kind {
            SettingKind::Text => matches!(argument.get_action(), ArgAction::Set),
            SettingKind::List { .. } => matches!(argument.get_action(), ArgAction::Append),
            SettingKind::Switch | SettingKind::InvertedSwitch => {
                matches!(argument.get_action(), ArgAction::SetTrue)
            }
            SettingKind::Integer => false,
        };
        assert!(is_right, "the kind of {} is not that of its flag", setting.key);
    }
    let keys: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), SETTINGS.len(), "a key is there twice");
    let tables: Vec<&str> = SETTINGS
        .iter()
        .map(|setting| setting.table_and_name().0)
        .collect();
    let mut runs = tables.clone();
    runs.dedup();
    let different: BTreeSet<&str> = tables.into_iter().collect();
    assert_eq!(
        runs.len(),
        different.len(),
        "the rows of a table are not together"
    );
}

#[test]
fn a_setting_requires_what_its_flag_requires() {
    for setting in SETTINGS
        .iter()
        .filter(|setting| setting.kind != SettingKind::InvertedSwitch)
    {
        let argument = match setting.kind {
            SettingKind::Switch => format!("--{}", setting.flag),
            _ => format!("--{}={}", setting.flag, setting.example[0]),
        };
        let is_refused = serve_command()
            .try_get_matches_from(["serve", &argument])
            .is_err();
        let is_known = !setting.requires.is_empty();
        assert!(
            is_known || !is_refused,
            "{argument} needs another flag that its row does not name"
        );
        for needed in setting.requires {
            assert!(SETTINGS.iter().any(|other| other.key == *needed), "{needed}");
        }
    }
}

#[test]
fn the_example_file_is_valid_when_its_settings_are_used() {
    let used: Vec<String> = example::lines()
        .iter()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
            _ => line.clone(),
        })
        .collect();
    let case = Case::of(used.join("\n"));
    assert_eq!(case.faults(), Vec::<String>::new());
    let loaded = case.load().unwrap();
    let shown = printed(&loaded, SourceDisplay::Hidden);
    for setting in SETTINGS {
        assert!(shown.contains(setting.table_and_name().1), "{}", setting.key);
        let is_default = !shown.contains(setting.example[0]) && !matches!(setting.kind, SettingKind::Switch);
        assert!(
            !is_default || setting.has_references(),
            "{} is not used",
            setting.key
        );
    }
    assert_eq!(
        Case::of(example::lines().join("\n")).faults(),
        Vec::<String>::new()
    );
    assert_eq!(loaded.trunks().len(), 1);
}

#[test]
fn the_published_page_is_generated() {
    let published = include_str!("../../../../../../docs/reference/configuration.md");
    let generated = reference::page(&serve_command());
    assert!(
        published.trim_end() == generated.trim_end(),
        "generate it again: ledgerline config reference > docs/reference/configuration.md"
    );
}

#[test]
fn every_row_of_a_trunk_is_accepted_with_its_example() {
    let plain = |setting: &&Setting| setting.key != "address";
    for setting in TRUNK_SETTINGS.iter().filter(plain) {
        let value = match setting.kind {
            SettingKind::Text => format!("{:?}", setting.example[0]),
            SettingKind::List { .. } => format!("{:?}", setting.example),
            _ => setting.example[0].to_owned(),
        };
        let rest = match setting.key {
            "user" => "password = \"p\"\n",
            "password" => "user = \"u\"\n",
            _ => "",
        };
        let file = format!(
            "[[trunk]]\naddress = \"sip:127.0.0.1:5070\"\n{} = {value}\n{rest}",
            setting.key
        );
        assert_eq!(Case::of(&file).faults(), Vec::<String>::new(), "{file}");
    }
}
