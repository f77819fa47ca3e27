//! A wall clock that somebody sets, forward or back, and that is corrected later: what the host's watch says
//! of it, told here by the right time. The watch itself is the host's, with tests of its own.
//!
//! A process that lives through it goes on by steady time and only doubts the wall. One that begins under a
//! wrong wall goes by it: another clock says so at once. One that began behind is set right when the wall is;
//! one that began ahead can never go back and is restarted.

use super::world::World;
use actors::Environment;
use domain::installation::{ClockDoubt, ClockDoubtCause, ClockOffset};
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::sync::Arc;

/// The host looks at the wall so often.
const LOOK_MS: u64 = 500;

/// What another clock says of the machine's.
fn offset(offset_ms: i64) -> ClockOffset {
    ClockOffset {
        offset_ms,
        round_trip_ms: 1,
        source: "ntp:127.0.0.2:123".to_owned(),
        uncertainty_ms: 1,
    }
}

impl World {
    /// The wall clock minus the right time, in milliseconds.
    pub(crate) fn wall_apart_ms(&self) -> i64 {
        let jump = self.faults.jump.filter(|jump| jump.spell.holds(self.truth.now()));
        jump.map_or(0, |jump| jump.by_ms)
    }

    /// From its begin to its end a life is told what is to be held of its clock.
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
