//! A wall clock that is set wrongly, forward or back, and corrected later. Here the simulation reports by the
//! true time what the host's clock watch would report; the watch has tests of its own.
//!
//! A running process continues with steady time and only doubts the wall clock. A process that starts with a
//! wrong wall clock uses it, and another clock reports that at once. If it started behind, it is corrected
//! together with the wall clock; if it started ahead, it cannot go back and is restarted.

use super::world::SimulatedWorld;
use actors::Environment;
use domain::installation::{ClockDoubt, ClockDoubtCause, ClockOffset};
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::sync::Arc;

/// Interval at which the host checks the wall clock, in milliseconds.
const LOOK_MS: u64 = 500;

/// Returns the result of comparing the machine's clock with another clock that is `offset_ms` ahead.
fn offset(offset_ms: i64) -> ClockOffset {
    ClockOffset {
        offset_ms,
        round_trip_ms: 1,
        source: "ntp:127.0.0.2:123".to_owned(),
        uncertainty_ms: 1,
    }
}

impl SimulatedWorld {
    /// Returns the wall clock minus the true time, in milliseconds; 0 unless the clock is set wrongly now.
    pub(crate) fn wall_apart_ms(&self) -> i64 {
        let jump = self.faults.jump.filter(|jump| jump.spell.holds(self.truth.now()));
        jump.map_or(0, |jump| jump.by_ms)
    }

    /// Reports to a life of the machine, while it lasts, what the host's clock watch would report about the
    /// wall clock. Does nothing in a world without a jump of the clock.
    pub(crate) fn watch_wall(&self, tasks: &dyn Tasks, environment: &Environment) {
        let Some(jump) = self.faults.jump else { return };
        let (truth, machine) = (Arc::clone(&self.truth), Arc::clone(&self.machine));
        let skew = Arc::clone(&environment.skew);
        let began_apart_ms = machine.apart_ms();
        if began_apart_ms != 0 {
            skew.measured(offset(began_apart_ms.saturating_neg()), machine.now());
        }
        let watching = async move {
            if truth.now() >= jump.spell.until {
                return;
            }
            if began_apart_ms == 0 {
                truth.wait_until(jump.spell.from.plus_ms(LOOK_MS)).await;
                skew.doubt(ClockDoubt {
                    cause: ClockDoubtCause::WallMoved,
                    apart_ms: jump.by_ms,
                });
            }
            truth.wait_until(jump.spell.until).await;
            if began_apart_ms <= 0 {
                machine.set_apart(0);
                skew.measured(offset(0), machine.now());
                skew.believe();
            }
        };
        tasks.spawn("the wall", Box::pin(watching));
    }
}
