//! Confirms numbers that were stored as Chinese without a known country.

use super::*;

fn stored(country: Option<CountrySource>) -> Vec<CustomerEvent> {
    vec![
        registered(),
        CustomerEvent::NumberAdded {
            number: number(),
            phone: Personal::open_hashed("+862025550123".to_owned()),
            country,
        },
        CustomerEvent::ConsentRecorded {
            scope: "service".to_owned(),
            source: "hotline".to_owned(),
            given_at: "2026-01-02T12:00:00+08:00".parse().unwrap(),
            until: None,
            evidence: Some(Personal::open("form 17".to_owned())),
        },
        enrolled(),
    ]
}

fn confirm(reason: &str) -> CustomerCommand {
    CustomerCommand::ConfirmNumber {
        number: number(),
        reason: reason.to_owned(),
    }
}

/// Returns the rule that refuses a dial under a preset, at noon in Beijing and in the evening before in New
/// York.
fn refused_under(preset: Preset, given: &[CustomerEvent]) -> Option<String> {
    let facts = campaign_facts(preset);
    let command = CustomerCommand::GrantDial {
        customer: customer(),
        facts: Box::new(facts),
        joined: Vec::new(),
    };
    let events = decide_at(given, command, "2026-03-02T12:00:00+08:00").unwrap();
    match events.first() {
        Some(CustomerEvent::DialRefused { verdict, .. }) => Some(verdict.rule.clone()),
        _ => None,
    }
}

#[test]
fn a_guessed_number_is_not_dialed_under_another_countrys_preset_until_it_is_confirmed() {
    let rule = Some("number_country".to_owned());
    assert_eq!(refused_under(Preset::UsRegf, &stored(None)), rule);
    assert_ne!(refused_under(Preset::CnService, &stored(None)), rule);
    let written = stored(Some(CountrySource::Written));
    assert_ne!(refused_under(Preset::UsRegf, &written), rule);
    let mut confirmed = stored(None);
    confirmed.extend(decide_at(&stored(None), confirm("asked"), "2026-03-02T12:00:00+08:00").unwrap());
    assert_eq!(confirmed.len(), 5);
    assert_ne!(refused_under(Preset::UsRegf, &confirmed), rule);
}

#[test]
fn only_a_guessed_number_of_the_person_is_confirmed_and_for_a_reason() {
    let at = "2026-03-02T12:00:00+08:00";
    let written = stored(Some(CountrySource::Preset));
    assert_eq!(decide_at(&written, confirm("asked"), at), Ok(vec![]));
    assert!(matches!(
        decide_at(&stored(None), confirm(" "), at),
        Err(CustomerRefusal::ReasonNeeded { .. })
    ));
    let other = CustomerCommand::ConfirmNumber {
        number: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        reason: "asked".to_owned(),
    };
    assert_eq!(
        decide_at(&stored(None), other, at),
        Err(CustomerRefusal::NotTheirNumber)
    );
}
