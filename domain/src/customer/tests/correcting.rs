//! Corrects values of a person by a person request, and refuses what cannot be corrected.

use super::*;
use crate::customer::{CORRECTED_BYTES_MAX, ValueCorrection};
use crate::decider::EventData;
use values::ids::{CommandId, PersonRequestId};

fn correct(name: Option<&str>, variables: &[(&str, &str)]) -> CustomerCommand {
    let owned = |text: &str| text.to_owned();
    CustomerCommand::Correct(Box::new(ValueCorrection {
        request: PersonRequestId::derive(CommandId::derive_from_text("correct")),
        name: name.map(owned),
        variables: variables
            .iter()
            .map(|(name, value)| (owned(name), owned(value)))
            .collect(),
    }))
}

fn enrolled_with(variables: &[(&str, &str)]) -> CustomerEvent {
    CustomerEvent::Enrolled {
        campaign: campaign(),
        list: list(),
        number: number(),
        basis: Basis::Contract,
        due_at: now(),
        variables: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Personal::open((*value).to_owned())))
            .collect(),
        placing: None,
    }
}

#[test]
fn a_name_is_corrected_wherever_it_is_spoken_and_a_variable_where_it_is_known() {
    let mut given = vec![
        registered(),
        enrolled_with(&[("customer_name", "张三"), ("days", "3")]),
    ];
    let right = correct(Some("张珊"), &[("days", "5")]);
    let mut done = decide(&given, right.clone()).unwrap();
    assert_eq!(done.len(), 1);
    let pointers: Vec<String> = done[0].personal().into_iter().map(|(at, _)| at).collect();
    let of = |variable: &str| format!("/variables/{}/{variable}", campaign());
    assert_eq!(pointers, ["/name".to_owned(), of("customer_name"), of("days")]);
    given.extend(done);
    let state = state_at(&given, now());
    assert_eq!(state.name().and_then(Personal::value).unwrap(), "张珊");
    let enrolment = state.enrolment(&campaign()).unwrap();
    let value = |name: &str| enrolment.variables.get(name).and_then(Personal::value).cloned();
    assert_eq!(value("customer_name").as_deref(), Some("张珊"));
    assert_eq!(value("days").as_deref(), Some("5"));
    assert_eq!(decide(&given, right), Ok(Vec::new()), "it is right already");
}

#[test]
fn what_is_unknown_empty_or_too_long_is_refused_and_of_an_erased_person_everything() {
    let given = [registered(), enrolled_with(&[("days", "3")])];
    let unknown = decide(&given, correct(None, &[("colour", "red")]));
    let variable = "colour".to_owned();
    assert_eq!(unknown, Err(CustomerRefusal::UnknownVariable { variable }));
    let long = "x".repeat(CORRECTED_BYTES_MAX + 1);
    for wrong in [correct(Some(" "), &[]), correct(None, &[("days", &long)])] {
        assert!(matches!(
            decide(&given, wrong),
            Err(CustomerRefusal::CorrectedValue { .. })
        ));
    }
    assert_eq!(
        decide(&[], correct(Some("x"), &[])),
        Err(CustomerRefusal::NotRegistered)
    );
    let asked = CustomerEvent::ErasureRequested {
        reason: "the person asked".to_owned(),
        requested_by: None,
        approved_by: None,
        four_eyes: None,
    };
    let gone = [registered(), asked];
    assert_eq!(
        decide(&gone, correct(Some("x"), &[])),
        Err(CustomerRefusal::Erased)
    );
}

#[test]
fn many_long_values_are_parted_into_events_that_a_record_holds() {
    let long = "好".repeat(CORRECTED_BYTES_MAX / 3);
    let names: Vec<String> = (0..20).map(|index| format!("v{index}")).collect();
    let before: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let after: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
    let mut given = vec![registered(), enrolled_with(&before)];
    let mut done = decide(&given, correct(Some("李四"), &after)).unwrap();
    assert!(done.len() > 1);
    let values: Vec<usize> = done.iter_mut().map(|event| event.personal().len()).collect();
    assert_eq!(values.iter().sum::<usize>(), 21, "the name once: {values:?}");
    assert!(values.iter().all(|count| *count <= 6), "{values:?}");
    given.extend(done);
    let state = state_at(&given, now());
    let variables = &state.enrolment(&campaign()).unwrap().variables;
    let are_long = |value: &Personal<String>| value.value().is_some_and(|value| *value == long);
    assert!(variables.values().all(are_long));
}
