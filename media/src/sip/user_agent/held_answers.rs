//! Tests an answer that is not stored yet: no ACK and no audio leave, and the call is ended after four
//! seconds.

use super::harness::UacHarness;
use super::{Input, UacEvent};
use crate::sip::sdp;
use domain::call::EndCause;
use domain::ports::line::HangupSource;

fn talks(scene: &UacHarness) -> bool {
    scene
        .events
        .iter()
        .any(|event| matches!(event, UacEvent::Talking(_)))
}

fn hung_up(scene: &UacHarness) -> Option<HangupSource> {
    scene.events.iter().find_map(|event| match event {
        UacEvent::HungUp { by, .. } => Some(*by),
        _ => None,
    })
}

#[test]
fn neither_ack_nor_audio_leaves_before_the_answer_is_stored() {
    let mut scene = UacHarness::answered_without_store();
    assert!(matches!(scene.events.last(), Some(UacEvent::Answered(_))));
    scene.wait(3_000);
    assert!(scene.count("ACK") == 0 && !talks(&scene) && !scene.uac.is_talking());
    scene.input(Input::Acknowledge);
    assert!(scene.count("ACK") == 1 && talks(&scene) && scene.uac.is_talking());
    scene.input(Input::Acknowledge);
    assert_eq!(scene.count("ACK"), 1, "acknowledged once");
    scene.wait(60_000);
    assert_eq!(hung_up(&scene), None, "the conversation goes on");
    scene.input(Input::GiveUp);
    scene.finish();
}

/// RFC 3261, 13.2.2.4: an ACK for each 2xx.
#[test]
fn each_copy_that_came_meanwhile_gets_its_ack() {
    let mut scene = UacHarness::answered_without_store();
    for wait_ms in [500, 1_000, 2_000] {
        scene.wait(wait_ms);
        scene.respond_with_sdp(200, "t");
        assert_eq!(scene.count("ACK"), 0);
    }
    scene.input(Input::Acknowledge);
    assert_eq!(scene.count("ACK"), 4);
    scene.respond_with_sdp(200, "t");
    assert_eq!(scene.count("ACK"), 5);
    scene.input(Input::GiveUp);
    scene.finish();
}

#[test]
fn an_answer_that_is_not_stored_in_time_gets_ack_and_one_bye() {
    let mut scene = UacHarness::answered_without_store();
    scene.wait(3_999);
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (0, 0));
    scene.wait(1);
    let methods: Vec<&str> = scene
        .sent
        .iter()
        .rev()
        .take(2)
        .map(|(_, one)| one.method())
        .collect();
    assert_eq!(methods, ["BYE", "ACK"], "the ACK leaves first");
    assert_eq!(
        hung_up(&scene),
        Some(HangupSource::Media(EndCause::AnswerNotStored))
    );
    let bye = scene.last("BYE");
    scene.answer(&bye, 200, "t", &[]);
    // A far end that repeats its 2xx until its 32 s are over gets an ACK each time, and no second BYE.
    for _ in 0..7 {
        scene.wait(4_000);
        scene.respond_with_sdp(200, "t");
    }
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (8, 1));
    scene.input(Input::Acknowledge);
    assert!(!talks(&scene) && !scene.uac.is_talking(), "too late");
    scene.finish();
}

#[test]
fn a_callee_who_hangs_up_meanwhile_and_an_owner_who_leaves_get_the_ack_too() {
    let mut scene = UacHarness::answered_without_store();
    scene.peer("BYE", 2, None);
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (1, 0));
    assert_eq!(hung_up(&scene), Some(HangupSource::Callee));
    scene.finish();
    let mut scene = UacHarness::answered_without_store();
    scene.input(Input::GiveUp);
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (1, 1));
    assert_eq!(hung_up(&scene), Some(HangupSource::Robot));
    scene.finish();
}

#[test]
fn a_fork_that_answers_meanwhile_is_ended_and_the_first_waits_on() {
    let mut scene = UacHarness::answered_without_store();
    scene.respond_with_sdp(200, "fork");
    assert_eq!((scene.count("ACK"), scene.count("BYE")), (1, 1));
    assert_eq!(scene.last("BYE").tag_of_to(), Some("fork"));
    let bye = scene.last("BYE");
    scene.answer(&bye, 200, "fork", &[]);
    scene.input(Input::Acknowledge);
    assert!(scene.count("ACK") == 2 && talks(&scene));
    scene.input(Input::GiveUp);
    scene.finish();
}

#[test]
fn audio_that_moves_meanwhile_starts_where_it_moved_to() {
    let mut scene = UacHarness::answered_without_store();
    scene.peer(
        "UPDATE",
        2,
        Some(sdp::offer("192.0.2.1:7000".parse().unwrap(), 2)),
    );
    scene.input(Input::Acknowledge);
    let Some(UacEvent::Talking(media)) = scene
        .events
        .iter()
        .find(|one| matches!(one, UacEvent::Talking(_)))
    else {
        panic!("{:?}", scene.events)
    };
    assert_eq!(media.address, "192.0.2.1:7000".parse().unwrap());
    scene.input(Input::GiveUp);
    scene.finish();
}
