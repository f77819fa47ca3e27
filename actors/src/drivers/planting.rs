//! What planted bugs do that no other code could: dial again what was dialed. Only in a build that looks for
//! them (`domain/src/planted.rs`).

use super::kit::Kit;
use domain::call::{CallState, LegIdentity};
use domain::compliance::planted_permit;
use domain::ids::{CallId, NumberId};
use domain::planted::{Bug, planted};
use domain::ports::line::{DialOrder, Line};
use std::sync::Arc;

/// The watchdog dials what a crash left, as if nothing had been sent.
pub(super) async fn dial_again(kit: &Kit, call: CallId, state: &CallState) {
    if !planted(Bug::WatchdogDialsAgain) {
        return;
    }
    let (Some(leg), Some(number)) = (state.last_leg().map(|leg| leg.leg), state.number()) else {
        return;
    };
    let callee = state.callee().and_then(|callee| callee.value().cloned());
    let (Some(callee), Some(line)) = (callee, kit.ports.lines.first()) else {
        return;
    };
    let order = DialOrder {
        call,
        leg,
        identity: LegIdentity::of_key(kit.environment.vault.derive_leg(&call, leg)),
        callee,
        caller: None,
        ring_timeout_ms: None,
    };
    dial(line, number, order).await;
}

/// One permit is used for two INVITEs.
pub(super) async fn dial_twice(line: &Arc<dyn Line>, number: &NumberId, order: &DialOrder) {
    if planted(Bug::PermitUsedTwice) {
        dial(line, number, order.clone()).await;
    }
}

async fn dial(line: &Arc<dyn Line>, number: &NumberId, order: DialOrder) {
    let permit = planted_permit(order.call, number.clone(), order.leg);
    if let Err(error) = line.dial(permit, order).await {
        tracing::debug!(%error, "a planted dial was not taken");
    }
}
