//! Effects of planted bugs that no other code could have: dialing again what was dialed. Only in builds that
//! search for planted bugs (`domain/src/planted_bugs.rs`).

use super::driver_context::DriverContext;
use domain::call::{CallState, LegIdentity};
use domain::compliance::planted_permit;
use domain::ids::{CallId, NumberId};
use domain::planted_bugs::{Bug, is_planted};
use domain::ports::line::{DialOrder, Line};
use std::sync::Arc;

/// Makes the watchdog dial a left-over call again, as if no INVITE had been sent. Only while that bug is
/// planted.
pub(super) async fn dial_again(kit: &DriverContext, call: CallId, state: &CallState) {
    if !is_planted(Bug::WatchdogDialsAgain) {
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

/// Uses one permit for two INVITEs. Only while that bug is planted.
pub(super) async fn dial_twice(line: &Arc<dyn Line>, number: &NumberId, order: &DialOrder) {
    if is_planted(Bug::PermitUsedTwice) {
        dial(line, number, order.clone()).await;
    }
}

async fn dial(line: &Arc<dyn Line>, number: &NumberId, order: DialOrder) {
    let permit = planted_permit(order.call, number.clone(), order.leg);
    if let Err(error) = line.dial(permit, order).await {
        tracing::debug!(%error, "a planted dial was not taken");
    }
}
