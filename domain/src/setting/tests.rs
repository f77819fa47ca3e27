//! Tests of the setting decider: bounds, reasons, and the default value before the first change.

use super::*;

const NAME: SettingName = SettingName::AbandonedPerMilleMax;

fn change(to: u64, reason: &str) -> SettingCommand {
    SettingCommand::Change {
        name: NAME,
        to,
        reason: reason.to_owned(),
    }
}

fn changed(before: u64, after: u64) -> SettingEvent {
    SettingEvent::Changed {
        name: NAME,
        before,
        after,
        reason: "why".to_owned(),
    }
}

fn when(given: &[SettingEvent], command: SettingCommand) -> Result<Vec<SettingEvent>, SettingRefusal> {
    let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let mut state = SettingState::default();
    for event in given {
        Setting::evolve(&mut state, event, now);
    }
    Setting::decide(&state, command, Context { now })
}

#[test]
fn a_change_says_what_was_before_also_the_first() {
    assert_eq!(when(&[], change(20, "why")), Ok(vec![changed(24, 20)]));
    assert_eq!(
        when(&[changed(24, 20)], change(22, "why")),
        Ok(vec![changed(20, 22)])
    );
    assert_eq!(when(&[], change(24, "why")), Ok(vec![]), "so already");
}

#[test]
fn a_value_lies_within_its_bounds_and_a_change_has_a_reason() {
    let (least, most) = NAME.bounds();
    assert!(when(&[], change(least, "why")).is_ok() && when(&[], change(most, "why")).is_ok());
    for asked in [least - 1, most + 1] {
        let refusal = SettingRefusal::OutOfBounds {
            name: NAME,
            asked,
            least,
            most,
        };
        assert_eq!(when(&[], change(asked, "why")), Err(refusal));
    }
    assert_eq!(when(&[], change(20, " ")), Err(SettingRefusal::NoReason));
    assert!(when(&[], change(20, &"x".repeat(REASON_BYTES_MAX))).is_ok());
    assert!(when(&[], change(20, &"x".repeat(REASON_BYTES_MAX + 1))).is_err());
}

#[test]
fn each_setting_has_a_default_within_its_bounds_and_a_name_of_its_own() {
    let codes: std::collections::BTreeSet<&str> = SettingName::ALL.iter().map(|name| name.code()).collect();
    assert_eq!(codes.len(), SettingName::ALL.len());
    for name in SettingName::ALL {
        let (least, most) = name.bounds();
        assert!((least..=most).contains(&name.default_value()), "{name}");
        assert_eq!(name.code().parse(), Ok(name));
        assert_eq!(serde_json::to_value(name).unwrap(), name.code());
    }
}

#[test]
fn the_default_country_is_one_that_exists() {
    let name = SettingName::DefaultCallingCode;
    let to = |to| SettingCommand::Change {
        name,
        to,
        reason: "why".to_owned(),
    };
    for code in [1, 44, 86] {
        assert_eq!(when(&[], to(code)).map(|events| events.len()), Ok(1), "{code}");
    }
    for code in [2, 999] {
        let refusal = SettingRefusal::NotACallingCode { asked: code };
        assert_eq!(when(&[], to(code)), Err(refusal));
    }
    assert_eq!(when(&[], to(0)), Ok(vec![]), "so already");
}
