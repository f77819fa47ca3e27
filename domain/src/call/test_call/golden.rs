//! The stored kind of a test call's steps, compared with its golden file.

use super::event::TestCallEvent;
use crate::call::event::CallEvent;
use crate::call::turn_fact::HeardFact;
use crate::personal::Personal;
use crate::record::golden_support::{call, check, check_transcript};
use crate::transcript::TranscriptParent;
use values::ids::CallId;

fn step(step: CallEvent) -> TestCallEvent {
    TestCallEvent::StepRecorded { step: Box::new(step) }
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    check(
        "test_call",
        step(CallEvent::NodeEntered {
            node: "greeting".to_owned(),
        }),
    );
    let heard = HeardFact {
        leg: 1,
        node: "greeting".to_owned(),
        text: Personal::open("听得到".to_owned()),
        confidence_permille: None,
        engine: "vosk".to_owned(),
        begins_ms: 1_200,
        ends_ms: 2_000,
    };
    let of: CallId = call();
    check_transcript(
        "test_call",
        TranscriptParent::Call(of),
        step(CallEvent::Heard(heard)),
    );
}
