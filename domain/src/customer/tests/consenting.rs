//! Consent given and withdrawn by hand: what is refused, and which calls a withdrawal concerns.

use super::*;

const YESTERDAY: &str = "2026-03-01T10:00:00+08:00";
const TOMORROW: &str = "2026-03-03T10:00:00+08:00";

fn give(given_at: &str, until: Option<&str>, evidence: Option<&str>) -> CustomerCommand {
    CustomerCommand::RecordConsent {
        scope: "service".to_owned(),
        source: "hotline".to_owned(),
        given_at: instant(given_at),
        until: until.map(instant),
        evidence: evidence.map(str::to_owned),
    }
}

fn given(given_at: &str) -> CustomerEvent {
    CustomerEvent::ConsentRecorded {
        scope: "service".to_owned(),
        source: "hotline".to_owned(),
        given_at: instant(given_at),
        until: None,
        evidence: Some(Personal::open("form 17".to_owned())),
    }
}

fn withdraw(scope: &str) -> CustomerCommand {
    CustomerCommand::WithdrawConsent {
        scope: scope.to_owned(),
        source: "hotline".to_owned(),
    }
}

fn withdrawn(scope: &str, open_calls: Vec<values::ids::CallId>) -> CustomerEvent {
    CustomerEvent::ConsentWithdrawn {
        scope: scope.to_owned(),
        source: "hotline".to_owned(),
        open_calls,
    }
}

/// Returns a grant made by the rules, which states the scope for which they checked consent.
fn granted_by_the_rules() -> CustomerEvent {
    let mut events = decide(&person(&[]), grant_with(facts())).unwrap();
    events.remove(0)
}

#[test]
fn consent_is_withdrawn_once_and_only_of_a_known_person() {
    let withdraw = || withdraw("service");
    let withdrawn = withdrawn("service", Vec::new());
    check(&[], withdraw(), Err(CustomerRefusal::NotRegistered));
    check(&person(&[]), withdraw(), Ok(vec![withdrawn.clone()]));
    check(&person(&[withdrawn]), withdraw(), Ok(vec![]));
}

#[test]
fn a_consent_given_by_hand_is_kept_and_refused_without_what_makes_it_count() {
    let lacks = |lacks| {
        Err(CustomerRefusal::ConsentNotCounted {
            scope: "service".to_owned(),
            lacks,
        })
    };
    let evidence = Some("form 17");
    check(
        &person(&[]),
        give(YESTERDAY, None, evidence),
        Ok(vec![given(YESTERDAY)]),
    );
    check(
        &person(&[given(YESTERDAY)]),
        give(YESTERDAY, None, evidence),
        Ok(vec![]),
    );
    check(
        &[],
        give(YESTERDAY, None, evidence),
        Err(CustomerRefusal::NotRegistered),
    );
    check(
        &person(&[]),
        give(YESTERDAY, None, None),
        lacks("without_evidence"),
    );
    check(&person(&[]), give(TOMORROW, None, evidence), lacks("given_later"));
    check(
        &person(&[]),
        give(YESTERDAY, Some(NOW), evidence),
        lacks("expired"),
    );
    let gone = person(&[withdrawn("service", Vec::new())]);
    check(&gone, give(YESTERDAY, None, evidence), lacks("withdrawn"));
}

#[test]
fn a_withdrawal_names_the_open_calls_of_its_scope_and_no_grant_follows_for_it() {
    let open = person(&[granted_by_the_rules()]);
    check(
        &open,
        withdraw("service"),
        Ok(vec![withdrawn("service", vec![nth_call(1)])]),
    );
    check(
        &open,
        withdraw("marketing"),
        Ok(vec![withdrawn("marketing", vec![])]),
    );
    let after = [released(1, None), withdrawn("service", vec![nth_call(1)])];
    let after = person(&[&[granted_by_the_rules()], after.as_slice()].concat());
    for preset in [Preset::CnService, Preset::CnMarketing, Preset::CnCollection] {
        let mut asking = facts();
        asking.plan.preset = preset;
        let events = decide(&after, grant_with(asking)).unwrap();
        let refused =
            matches!(&events[0], CustomerEvent::DialRefused { verdict, .. } if verdict.rule == "consent");
        assert!(refused, "{preset:?}: {events:?}");
    }
    let mut of_another_scope = facts();
    of_another_scope.plan.purpose = "marketing".to_owned();
    let events = decide(&after, grant_with(of_another_scope)).unwrap();
    assert!(
        matches!(events[0], CustomerEvent::DialGranted { .. }),
        "{events:?}"
    );
}

#[test]
fn a_grant_that_does_not_say_its_scope_is_concerned_by_every_withdrawal() {
    let open = person(&[granted(1)]);
    let named = withdrawn("marketing", vec![nth_call(1)]);
    check(&open, withdraw("marketing"), Ok(vec![named]));
}

#[test]
fn a_row_cannot_undo_a_withdrawal_with_a_consent_of_tomorrow() {
    let consent = |given_at: &str| Enrolment {
        campaign: "ANOTHER".parse().unwrap(),
        consent: Some(GivenConsent {
            scope: "service".to_owned(),
            source: "web form".to_owned(),
            given_at: instant(given_at),
            until: None,
            evidence: Some("form 17".to_owned()),
        }),
        ..row()
    };
    let gone = person(&[withdrawn("service", Vec::new())]);
    check(
        &gone,
        enrol(consent(TOMORROW)),
        Err(CustomerRefusal::ConsentNotCounted {
            scope: "service".to_owned(),
            lacks: "given_later",
        }),
    );
    assert!(decide(&gone, enrol(consent(NOW))).is_ok());
    assert!(decide(&person(&[]), enrol(consent(TOMORROW))).is_ok());
}
