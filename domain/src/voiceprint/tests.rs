//! Tests of the voiceprint decider: no voiceprint without consent, one at a time, and a deletion is never
//! refused.

use super::*;
use crate::personal::Personal;
use crate::record::sample_values::customer;

type DecideResult = Result<Vec<VoiceprintEvent>, VoiceprintRefusal>;

const GOOD: TakeFacts = TakeFacts {
    spoken_ms: SPOKEN_MS_MIN,
    noise_below_db: NOISE_BELOW_DB_MIN,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-03-02T10:00:00Z")
}

fn june() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

pub(super) fn consented(consent: u32, until: Timestamp) -> VoiceprintEvent {
    VoiceprintEvent::Consented(Box::new(VoiceConsent {
        consent,
        source: "counter".to_owned(),
        wording: "v1".to_owned(),
        until,
        evidence: Personal::open("form 17".to_owned()),
    }))
}

pub(super) fn enrolled(enrolment: u32) -> VoiceprintEvent {
    VoiceprintEvent::Enrolled(Box::new(VoiceTemplate {
        enrolment,
        consent: 1,
        form: "mfcc12-dtw/1".to_owned(),
        takes: 3,
        template: Personal::open("00ff".to_owned()),
    }))
}

pub(super) fn compared(enrolment: u32, distance_milli: u32) -> VoiceprintComparison {
    VoiceprintComparison {
        enrolment,
        campaign: None,
        distance_milli,
        threshold_milli: 1_000,
        likeness: match distance_milli {
            ..=1_000 => VoiceLikeness::Alike,
            1_001.. => VoiceLikeness::Unlike,
        },
    }
}

fn withdrawn() -> VoiceprintEvent {
    VoiceprintEvent::Withdrawn {
        consent: 1,
        source: "hotline".to_owned(),
    }
}

fn deleted(deleted_for: VoiceDeletedFor) -> VoiceprintEvent {
    let reason = (deleted_for == VoiceDeletedFor::Asked).then(|| "asked".to_owned());
    VoiceprintEvent::Deleted {
        enrolment: 1,
        deleted_for,
        reason,
    }
}

fn consent(source: &str, evidence: &str, until: Timestamp) -> VoiceprintCommand {
    VoiceprintCommand::Consent {
        source: source.to_owned(),
        wording: "v1".to_owned(),
        evidence: evidence.to_owned(),
        until,
    }
}

fn enrol(takes: &[TakeFacts]) -> VoiceprintCommand {
    VoiceprintCommand::Enrol {
        form: "mfcc12-dtw/1".to_owned(),
        takes: takes.to_vec(),
        template: "00ff".to_owned(),
    }
}

/// Returns a comparison. The decider computes the likeness from the distance, whatever the command states.
fn compare(enrolment: u32, distance_milli: u32, take: TakeFacts) -> VoiceprintCommand {
    let compared = VoiceprintComparison {
        likeness: VoiceLikeness::Alike,
        ..compared(enrolment, distance_milli)
    };
    VoiceprintCommand::Compare { compared, take }
}

fn check_at(now: Timestamp, given: &[VoiceprintEvent], when: VoiceprintCommand, then: DecideResult) {
    let mut state = VoiceprintState::default();
    for event in given {
        Voiceprint::evolve(&mut state, event, now);
    }
    assert_eq!(Voiceprint::decide(&state, when, Context { now }), then);
}

fn check(given: &[VoiceprintEvent], when: VoiceprintCommand, then: DecideResult) {
    check_at(now(), given, when, then);
}

#[test]
fn a_consent_says_where_from_to_what_with_what_proof_and_until_when() {
    check(
        &[],
        consent("counter", "form 17", june()),
        Ok(vec![consented(1, june())]),
    );
    check(
        &[consented(1, june()), withdrawn()],
        consent("counter", "form 17", june()),
        Ok(vec![consented(2, june())]),
    );
    let text = |member| {
        Err(VoiceprintRefusal::Text {
            member,
            bytes_max: TEXT_BYTES_MAX,
        })
    };
    check(&[], consent(" ", "form 17", june()), text("source"));
    check(&[], consent("counter", "", june()), text("evidence"));
    let a_year = at("2027-03-03T10:00:00Z");
    check(
        &[],
        consent("counter", "form 17", a_year),
        Ok(vec![consented(1, a_year)]),
    );
    for until in [now(), at("2027-03-03T10:00:00.000001Z")] {
        check(
            &[],
            consent("counter", "form 17", until),
            Err(VoiceprintRefusal::Until),
        );
    }
}

#[test]
fn without_a_consent_that_counts_nothing_is_enrolled_or_compared() {
    let refusals = [
        (now(), vec![], VoiceprintRefusal::NotConsented),
        (
            now(),
            vec![consented(1, june()), withdrawn()],
            VoiceprintRefusal::ConsentWithdrawn,
        ),
        (
            june(),
            vec![consented(1, june())],
            VoiceprintRefusal::ConsentExpired { until: june() },
        ),
    ];
    for (now, mut given, refusal) in refusals {
        check_at(now, &given, enrol(&[GOOD; 3]), Err(refusal.clone()));
        given.push(enrolled(1));
        check_at(now, &given, compare(1, 0, GOOD), Err(refusal));
    }
    let just_before = at("2026-05-31T23:59:59.999999Z");
    check_at(
        just_before,
        &[consented(1, june())],
        enrol(&[GOOD; 3]),
        Ok(vec![enrolled(1)]),
    );
}

#[test]
fn the_threshold_itself_is_alike_and_the_next_thousandth_is_not() {
    let given = [consented(1, june()), enrolled(1)];
    for distance in [1_000, 1_001] {
        let then = VoiceprintEvent::Compared(compared(1, distance));
        check(&given, compare(1, distance, GOOD), Ok(vec![then]));
    }
    check(&given, compare(2, 0, GOOD), Err(VoiceprintRefusal::Changed));
    check(
        &given[..1],
        compare(1, 0, GOOD),
        Err(VoiceprintRefusal::NotEnrolled),
    );
}

#[test]
fn what_is_too_short_or_too_noisy_is_neither_kept_nor_compared() {
    let short = TakeFacts {
        spoken_ms: SPOKEN_MS_MIN - 1,
        ..GOOD
    };
    let noisy = TakeFacts {
        noise_below_db: NOISE_BELOW_DB_MIN - 1,
        ..GOOD
    };
    for (take, refusal) in [
        (short, VoiceprintRefusal::TooShort { spoken_ms: 999 }),
        (noisy, VoiceprintRefusal::TooNoisy { noise_below_db: 11 }),
    ] {
        check(
            &[consented(1, june())],
            enrol(&[GOOD, take]),
            Err(refusal.clone()),
        );
        check(
            &[consented(1, june()), enrolled(1)],
            compare(1, 0, take),
            Err(refusal),
        );
    }
    for takes in [TAKES_MIN - 1, TAKES_MAX + 1] {
        check(
            &[consented(1, june())],
            enrol(&vec![GOOD; takes]),
            Err(VoiceprintRefusal::Template),
        );
    }
}

#[test]
fn a_withdrawal_deletes_at_once_and_a_deletion_needs_no_consent() {
    let given = [consented(1, june()), enrolled(1)];
    check(&given, enrol(&[GOOD; 3]), Err(VoiceprintRefusal::AlreadyEnrolled));
    let withdraw = || VoiceprintCommand::Withdraw {
        source: "hotline".to_owned(),
    };
    check(
        &given,
        withdraw(),
        Ok(vec![withdrawn(), deleted(VoiceDeletedFor::Withdrawn)]),
    );
    check(&given[..1], withdraw(), Ok(vec![withdrawn()]));
    check(&[], withdraw(), Ok(vec![]));
    let delete = || VoiceprintCommand::Delete {
        reason: "asked".to_owned(),
    };
    check_at(
        june(),
        &given,
        delete(),
        Ok(vec![deleted(VoiceDeletedFor::Asked)]),
    );
    check(&[], delete(), Ok(vec![]));
    check(&given, VoiceprintCommand::Expire, Ok(vec![]));
    let expired = || deleted(VoiceDeletedFor::Expired);
    check_at(june(), &given, VoiceprintCommand::Expire, Ok(vec![expired()]));
    let december = at("2026-12-01T00:00:00Z");
    let then = Ok(vec![expired(), consented(2, december)]);
    check_at(june(), &given, consent("counter", "form 17", december), then);
    check(
        &given,
        consent("counter", "form 17", june()),
        Ok(vec![consented(2, june())]),
    );
}

#[test]
fn an_erasure_deletes_whatever_was_consented_and_twice_is_once() {
    let given = [consented(1, june()), enrolled(1)];
    let erased = || deleted(VoiceDeletedFor::Erased);
    check(&given, VoiceprintCommand::Erase, Ok(vec![erased()]));
    check_at(june(), &given, VoiceprintCommand::Erase, Ok(vec![erased()]));
    check(&given[..1], VoiceprintCommand::Erase, Ok(vec![]));
    let [first, second] = given;
    check(&[first, second, erased()], VoiceprintCommand::Erase, Ok(vec![]));
}

#[test]
fn a_withdrawal_under_another_id_counts_until_a_consent_behind_it() {
    let state = |events: &[(VoiceprintEvent, Timestamp)]| {
        let mut state = VoiceprintState::default();
        for (event, at) in events {
            Voiceprint::evolve(&mut state, event, *at);
        }
        state
    };
    let later = now().plus_ms(1);
    let other = state(&[(consented(1, june()), now()), (withdrawn(), later)]);
    for (given_at, is_over) in [(now(), true), (later, true), (later.plus_ms(1), false)] {
        let own = state(&[(consented(1, june()), given_at)]);
        assert_eq!(other.has_later_withdrawal(&own), is_over, "{given_at}");
        assert!(
            !own.has_later_withdrawal(&other),
            "nothing was withdrawn under it"
        );
    }
    assert!(!other.has_later_withdrawal(&state(&[])), "there is no consent");
}

#[test]
fn events_have_an_end_and_ending_it_needs_no_room() {
    let mut full = vec![consented(1, june()), enrolled(1)];
    full.resize(EVENTS_MAX as usize, VoiceprintEvent::Compared(compared(1, 1)));
    check(&full, compare(1, 1, GOOD), Err(VoiceprintRefusal::TooOften));
    check(
        &full,
        consent("counter", "form 17", june()),
        Err(VoiceprintRefusal::TooOften),
    );
    let withdraw = VoiceprintCommand::Withdraw {
        source: "hotline".to_owned(),
    };
    check(
        &full,
        withdraw,
        Ok(vec![withdrawn(), deleted(VoiceDeletedFor::Withdrawn)]),
    );
}

#[test]
fn each_enrolment_has_a_key_of_its_own_that_never_changes() {
    // Stored records contain this name.
    assert_eq!(
        key_name(&customer(), 1).as_str(),
        "b613106e3de95a7d8eebe095d5744ab1"
    );
    assert_ne!(key_name(&customer(), 1), key_name(&customer(), 2));
}
