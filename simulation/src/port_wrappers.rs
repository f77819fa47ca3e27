//! Functions around the ports of a world's product. The default changes nothing; the search for planted bugs
//! sets some of them (decision 0220).

use actors::{ClockSkew, DecideFunctions};
use domain::ports::clock::Clock;
use domain::ports::disk::Disk;
use domain::ports::event_store::EventStore;
use domain::ports::line::Line;
use domain::ports::worklist::Worklist;
use projections::{ReadDb, View};
use std::sync::Arc;

/// Returns the port that the product gets in place of the given one.
pub(crate) type PortWrapper<P> = fn(Arc<P>) -> Arc<P>;

/// Returns the line that the drivers get in place of the given one. The clock is the machine's.
pub(crate) type LineWrapper = fn(Arc<dyn Line>, &Arc<dyn Clock>) -> Arc<dyn Line>;

/// What lies between the product and its ports in one world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PortWrappers {
    /// Called when a life of the machine begins.
    pub(crate) begin_life: fn(),
    pub(crate) decide: DecideFunctions,
    pub(crate) disk: PortWrapper<dyn Disk>,
    pub(crate) store: PortWrapper<dyn EventStore>,
    pub(crate) rows: PortWrapper<dyn ReadDb>,
    pub(crate) view: PortWrapper<dyn View>,
    pub(crate) worklist: PortWrapper<dyn Worklist>,
    pub(crate) line: LineWrapper,
    /// The skew that receives the offsets measured by another clock.
    pub(crate) skew: PortWrapper<ClockSkew>,
    /// False if planned stops are not reported to the drivers.
    pub(crate) stops_drivers: bool,
}

impl Default for PortWrappers {
    fn default() -> Self {
        Self {
            begin_life: || {},
            decide: DecideFunctions::default(),
            disk: |disk| disk,
            store: |store| store,
            rows: |rows| rows,
            view: |view| view,
            worklist: |worklist| worklist,
            line: |line, _clock| line,
            skew: |skew| skew,
            stops_drivers: true,
        }
    }
}
