//! The lines of a driver with the permits of its realm.
//!
//! Drivers work the same way in both realms. What differs is the type of a permit and of the line that takes
//! it. `DriverPorts<R>` has lines of one realm only, so a driver of the sandbox holds no trunk.

use super::driver_ports::{DriverPorts, ListeningPorts};
use domain::call::EndCause;
use domain::compliance::{
    CallGrants, CustomerGrant, DialPermit, NumberGrant, PermitRefusal, permit_in, permit_next_leg_in,
};
use domain::ids::CallId;
use domain::ports::agents::Agents;
use domain::ports::line::{DialOrder, LeftOverLeg, Leg, LegFacts, Line, LineError, LineFacts, ProbeAnswer};
use domain::ports::recording::Recordings;
use domain::ports::speech::Synthesizer;
use domain::ports::worklist::Worklist;
use domain::realm::{Real, Realm, RealmName, Sandbox};
use domain::time::Timestamp;
use std::sync::Arc;

/// A permit of the driver's realm.
pub(crate) enum HeldPermit {
    Real(DialPermit),
    Sandbox(DialPermit<Sandbox>),
}

/// A line of the driver's realm.
#[derive(Clone)]
pub(crate) enum HeldLine {
    Real(Arc<dyn Line>),
    Sandbox(Arc<dyn Line<Sandbox>>),
}

/// A realm in which drivers can run.
pub trait DriverRealm: Realm + Sized {
    #[doc(hidden)]
    fn hold(line: Arc<dyn Line<Self>>) -> HeldRealmLine;
}

/// A line whose realm is no longer part of its type.
#[doc(hidden)]
pub struct HeldRealmLine(HeldLine);

impl DriverRealm for Real {
    fn hold(line: Arc<dyn Line>) -> HeldRealmLine {
        HeldRealmLine(HeldLine::Real(line))
    }
}

impl DriverRealm for Sandbox {
    fn hold(line: Arc<dyn Line<Self>>) -> HeldRealmLine {
        HeldRealmLine(HeldLine::Sandbox(line))
    }
}

/// The ports of running drivers.
pub(crate) struct HeldPorts {
    pub(crate) realm: RealmName,
    pub(crate) worklist: Arc<dyn Worklist>,
    pub(crate) lines: Vec<HeldLine>,
    pub(crate) synthesizer: Arc<dyn Synthesizer>,
    pub(crate) hearing: Option<ListeningPorts>,
    pub(crate) recordings: Arc<dyn Recordings>,
    pub(crate) agents: Option<Arc<dyn Agents>>,
}

impl<R: DriverRealm> From<DriverPorts<R>> for HeldPorts {
    fn from(ports: DriverPorts<R>) -> Self {
        Self {
            realm: R::NAME,
            worklist: ports.worklist,
            lines: ports.lines.into_iter().map(|line| R::hold(line).0).collect(),
            synthesizer: ports.synthesizer,
            hearing: ports.hearing,
            recordings: ports.recordings,
            agents: ports.agents,
        }
    }
}

impl HeldPorts {
    /// Makes the permit of a call's first leg.
    pub(crate) fn permit(
        &self,
        customer: &CustomerGrant,
        number: &NumberGrant,
        now: Timestamp,
    ) -> Result<HeldPermit, PermitRefusal> {
        match self.realm {
            RealmName::Real => permit_in(customer, number, now).map(HeldPermit::Real),
            RealmName::Sandbox => permit_in(customer, number, now).map(HeldPermit::Sandbox),
        }
    }

    /// Makes the permit of a further leg.
    pub(crate) fn permit_next_leg(
        &self,
        grants: &CallGrants,
        leg: u8,
        now: Timestamp,
    ) -> Result<HeldPermit, PermitRefusal> {
        match self.realm {
            RealmName::Real => permit_next_leg_in(grants, leg, now).map(HeldPermit::Real),
            RealmName::Sandbox => permit_next_leg_in(grants, leg, now).map(HeldPermit::Sandbox),
        }
    }
}

impl HeldPermit {
    pub(crate) const fn leaves_by(&self) -> Timestamp {
        match self {
            Self::Real(permit) => permit.leaves_by(),
            Self::Sandbox(permit) => permit.leaves_by(),
        }
    }
}

impl HeldLine {
    pub(crate) fn facts(&self) -> LineFacts {
        match self {
            Self::Real(line) => line.facts(),
            Self::Sandbox(line) => line.facts(),
        }
    }

    pub(crate) async fn probe(&self) -> Option<ProbeAnswer> {
        match self {
            Self::Real(line) => line.probe().await,
            Self::Sandbox(line) => line.probe().await,
        }
    }

    pub(crate) async fn reserve(&self, call: CallId, leg: u8) -> Result<(), LineError> {
        match self {
            Self::Real(line) => line.reserve(call, leg).await,
            Self::Sandbox(line) => line.reserve(call, leg).await,
        }
    }

    pub(crate) fn release(&self, call: CallId, leg: u8) {
        match self {
            Self::Real(line) => line.release(call, leg),
            Self::Sandbox(line) => line.release(call, leg),
        }
    }

    /// Dials with a permit of the line's realm. A permit of the other realm is refused; no driver holds both.
    pub(crate) async fn dial(&self, permit: HeldPermit, order: DialOrder) -> Result<Box<dyn Leg>, LineError> {
        match (self, permit) {
            (Self::Real(line), HeldPermit::Real(permit)) => line.dial(permit, order).await,
            (Self::Sandbox(line), HeldPermit::Sandbox(permit)) => line.dial(permit, order).await,
            (Self::Real(_), HeldPermit::Sandbox(_)) | (Self::Sandbox(_), HeldPermit::Real(_)) => Err(
                LineError::Invalid("the permit is of another realm than the line".to_owned()),
            ),
        }
    }

    pub(crate) async fn end_left_over(&self, facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError> {
        match self {
            Self::Real(line) => line.end_left_over(facts).await,
            Self::Sandbox(line) => line.end_left_over(facts).await,
        }
    }

    pub(crate) fn lack(&self) -> Option<EndCause> {
        match self {
            Self::Real(line) => line.lack(),
            Self::Sandbox(line) => line.lack(),
        }
    }
}
