//! A recognizer that does not answer: campaigns that need it start no calls; only calls that were in setup
//! when it was found dead are dialed.

use super::outputs::PauseTable;
use super::scene::{Scene, begin, end, rehearsal};
use crate::answering_carrier::{AnsweringCarrier, RetransmitPolicy};
use crate::passing_time::{at_each_beat, wait_one_beat};
use crate::program::{free_tcp_port, is_installed};
use crate::prove::crash::card_records;
use crate::server::REHEARSAL;
use domain::dialing_pause::PauseCode;
use std::time::Duration;

/// A flow that listens.
const FLOW: &str = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");

/// The customers of the campaign: more than are called before the recognizer is found dead.
const PEOPLE: u32 = 60;

/// The calls at once.
const AT_ONCE: u32 = 3;

/// How long the carrier is watched for further calls: many rounds of the dialer.
const WATCHED: Duration = Duration::from_secs(5);

pub(super) fn dead_recognizer(table: &mut PauseTable) {
    if !is_installed("espeak-ng") {
        return table.skip(PauseCode::EngineFailing, "espeak-ng is not installed");
    }
    let scene = Scene::new();
    let carrier = AnsweringCarrier::start(RetransmitPolicy::UntilAcknowledged);
    carrier.answer();
    let mut serve = rehearsal(&scene.data(), &[&carrier.trunk()], REHEARSAL);
    serve.args([
        "--recognizer",
        &format!("vosk:ws://127.0.0.1:{}", free_tcp_port()),
    ]);
    let server = begin(serve, &scene.data());
    server.call_by_flow("DEAF", FLOW, &card_records(PEOPLE, 33), AT_ONCE);
    table.check(&server, PauseCode::EngineFailing, &[]);
    table.hold_status(&server, 200);
    // What is in setup now may still be dialed.
    let permitted = server.events("kind=call.permitted").len();
    at_each_beat(WATCHED, wait_one_beat, || true);
    let (dialed, later) = (carrier.legs().len(), server.events("kind=call.permitted").len());
    table.hold(dialed <= permitted && later == permitted, || {
        format!("{permitted} calls were in setup, {later} are permitted and {dialed} dialed with a dead recognizer")
    });
    table.hold(dialed > 0 && dialed < PEOPLE as usize, || {
        format!("{dialed} of {PEOPLE} were dialed")
    });
    end(server);
}
