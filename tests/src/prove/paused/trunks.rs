//! Reasons of trunks: one that fails beside one that works, and caller numbers that may not be shown.

use super::outputs::PauseTable;
use super::scene::{DEAD_TRUNK, Scene, end, ringing, run, wait_ringing};
use crate::busy_carrier::BusyCarrier;
use crate::program::free_port;
use domain::dialing_pause::PauseCode;
use serde_json::json;

/// The licence of the trunk's only number ended years ago: the trunk, and with it the process, dials nothing.
pub(super) fn expired_callers(table: &mut PauseTable) {
    let scene = Scene::new();
    let server = scene.serve(&[&format!("{DEAD_TRUNK};from=95500@2020-01-01")]);
    table.check(&server, PauseCode::CallerNumberExpired, &[]);
    table.check(&server, PauseCode::TrunksUnavailable, &[]);
    table.hold_status(&server, 200);
    end(server);
}

pub(super) fn exhausted_callers(table: &mut PauseTable) {
    let scene = Scene::new();
    let carrier = ringing();
    let server = scene.serve(&[&format!("{};from=95500;calls-per-number=1", carrier.trunk())]);
    run(&server, "BUSY", &json!({}), 2);
    wait_ringing(&carrier, 1);
    table.check(&server, PauseCode::CallerNumberExhausted, &[]);
    table.hold_status(&server, 200);
    end(server);
}

/// Nothing listens at the first trunk: its calls go on over the second.
pub(super) fn one_failing(table: &mut PauseTable) {
    let scene = Scene::new();
    let carrier = BusyCarrier::start();
    let dead = format!("sip:127.0.0.1:{};name=dead", free_port());
    let server = scene.serve(&[&dead, &format!("{};name=works", carrier.trunk())]);
    run(&server, "FAILS", &json!({}), 12);
    table.check(&server, PauseCode::TrunkFailing, &[]);
    table.hold_status(&server, 200);
    end(server);
}
