//! Planted bugs of the line: INVITEs that no permit allows, and legs that are not ended.

use async_trait::async_trait;
use domain::call::EndCause;
use domain::compliance::{
    CallGrants, CustomerGrant, DialPermit, GRANT_VALID_MS, NumberGrant, PermitRefusal, permit,
    permit_next_leg, test_stand_in,
};
use domain::ids::{CallId, CampaignId, NumberId};
use domain::ports::clock::Clock;
use domain::ports::line::{
    DialOrder, FailureCause, LeftOverEvent, LeftOverLeg, Leg, LegEvent, LegFacts, Line, LineError, LineFacts,
    ProbeAnswer,
};
use domain::ports::recognizer::HeardAudio;
use domain::ports::speech::Clip;
use domain::time::Timestamp;
use std::sync::Arc;

/// What a planted line does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineFault {
    DialsTwice,
    DialsLate,
    DialsLeftOver,
    ForgetsLeftOver,
    SilenceIsDefinite,
    /// Not wrong in itself: a grant expires before the dial.
    ReservesSlowly,
}

/// A line with one fault.
struct PlantedLine {
    inner: Arc<dyn Line>,
    clock: Arc<dyn Clock>,
    fault: LineFault,
}

fn wrap(inner: Arc<dyn Line>, clock: &Arc<dyn Clock>, fault: LineFault) -> Arc<dyn Line> {
    let clock = Arc::clone(clock);
    Arc::new(PlantedLine { inner, clock, fault })
}

/// Uses one permit for two INVITEs.
pub(super) fn that_dials_twice(inner: Arc<dyn Line>, clock: &Arc<dyn Clock>) -> Arc<dyn Line> {
    wrap(inner, clock, LineFault::DialsTwice)
}

/// Sends each INVITE after the last instant that its permit allows.
pub(super) fn that_dials_late(inner: Arc<dyn Line>, clock: &Arc<dyn Clock>) -> Arc<dyn Line> {
    wrap(inner, clock, LineFault::DialsLate)
}

/// Dials a leg that a crash left, as if its INVITE had not been sent, before it ends it.
pub(super) fn that_dials_left_over(inner: Arc<dyn Line>, clock: &Arc<dyn Clock>) -> Arc<dyn Line> {
    wrap(inner, clock, LineFault::DialsLeftOver)
}

/// Sends nothing for a leg that a crash left.
pub(super) fn that_forgets_left_over(inner: Arc<dyn Line>, clock: &Arc<dyn Clock>) -> Arc<dyn Line> {
    wrap(inner, clock, LineFault::ForgetsLeftOver)
}

/// Reports silence as a definite failure, after which another leg may be dialed.
pub(super) fn with_definite_silence(inner: Arc<dyn Line>, clock: &Arc<dyn Clock>) -> Arc<dyn Line> {
    wrap(inner, clock, LineFault::SilenceIsDefinite)
}

/// Takes longer to reserve a recording than a grant is valid.
pub(super) fn that_reserves_slowly(inner: Arc<dyn Line>, clock: &Arc<dyn Clock>) -> Arc<dyn Line> {
    wrap(inner, clock, LineFault::ReservesSlowly)
}

/// Makes a permit from grants that no customer and no number gave.
fn forge_permit(call: CallId, leg: u8, now: Timestamp) -> Result<DialPermit, PermitRefusal> {
    let number: NumberId = "00000000000000000000000000000000"
        .parse()
        .expect("32 hexadecimal digits");
    let campaign: CampaignId = "FORGED".parse().expect("a constant id");
    if let Some(before @ 1..) = leg.checked_sub(1) {
        let grants = CallGrants {
            call,
            number,
            first_dialing_at: now,
            legs_until: None,
            last_leg: before,
            last_leg_failed_definitely: true,
            withdrawn: false,
        };
        return permit_next_leg(&grants, leg, now);
    }
    let of_customer = CustomerGrant {
        call,
        campaign: campaign.clone(),
        customer: test_stand_in(),
        number: number.clone(),
        valid_until: now,
        legs_until: None,
        verdicts: Vec::new(),
    };
    let of_number = NumberGrant {
        call,
        campaign,
        number,
        valid_until: now,
        verdicts: Vec::new(),
    };
    permit(&of_customer, &of_number, now)
}

impl PlantedLine {
    /// Sends an INVITE under a forged permit.
    async fn dial_forged(&self, order: DialOrder) -> Result<Box<dyn Leg>, LineError> {
        let forged = forge_permit(order.call, order.leg, self.clock.now());
        let forged = forged.map_err(|error| LineError::Unavailable(error.to_string()))?;
        self.inner.dial(forged, order).await
    }

    /// Sends an INVITE that no record names; its leg is dropped.
    async fn dial_unrecorded(&self, order: DialOrder) {
        if let Err(error) = self.dial_forged(order).await {
            tracing::debug!(%error, "a planted dial was not taken");
        }
    }
}

#[async_trait]
impl Line for PlantedLine {
    fn facts(&self) -> LineFacts {
        self.inner.facts()
    }

    async fn probe(&self) -> Option<ProbeAnswer> {
        self.inner.probe().await
    }

    async fn reserve(&self, call: CallId, leg: u8) -> Result<(), LineError> {
        if self.fault == LineFault::ReservesSlowly {
            let until = self.clock.now().plus_ms(GRANT_VALID_MS + 1);
            self.clock.wait_until(until).await;
        }
        self.inner.reserve(call, leg).await
    }

    fn release(&self, call: CallId, leg: u8) {
        self.inner.release(call, leg);
    }

    async fn dial(&self, permit: DialPermit, order: DialOrder) -> Result<Box<dyn Leg>, LineError> {
        match self.fault {
            LineFault::DialsTwice => {
                self.dial_unrecorded(order.clone()).await;
                self.inner.dial(permit, order).await
            }
            LineFault::DialsLate => {
                self.clock.wait_until(permit.leaves_by().plus_ms(1)).await;
                self.dial_forged(order).await
            }
            LineFault::SilenceIsDefinite => {
                let leg = self.inner.dial(permit, order).await?;
                Ok(Box::new(DefiniteLeg(leg)))
            }
            LineFault::DialsLeftOver | LineFault::ForgetsLeftOver | LineFault::ReservesSlowly => {
                self.inner.dial(permit, order).await
            }
        }
    }

    async fn end_left_over(&self, facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError> {
        match self.fault {
            LineFault::ForgetsLeftOver => return Ok(Box::new(ForgottenLeg)),
            LineFault::DialsLeftOver => {
                let order = DialOrder {
                    call: facts.call,
                    leg: facts.leg,
                    identity: facts.identity.clone(),
                    callee: facts.callee.clone(),
                    caller: None,
                    ring_timeout_ms: None,
                };
                self.dial_unrecorded(order).await;
            }
            LineFault::DialsTwice
            | LineFault::DialsLate
            | LineFault::SilenceIsDefinite
            | LineFault::ReservesSlowly => {}
        }
        self.inner.end_left_over(facts).await
    }

    fn lack(&self) -> Option<EndCause> {
        self.inner.lack()
    }
}

/// A left-over leg for which nothing is sent.
struct ForgottenLeg;

#[async_trait]
impl LeftOverLeg for ForgottenLeg {
    async fn next(&mut self) -> LeftOverEvent {
        LeftOverEvent::Closed
    }
}

/// A leg that reports silence as a definite failure.
struct DefiniteLeg(Box<dyn Leg>);

#[async_trait]
impl Leg for DefiniteLeg {
    async fn next(&mut self) -> LegEvent {
        let mut event = self.0.next().await;
        if let LegEvent::Failed(failure) = &mut event {
            failure.definite |= failure.cause == FailureCause::NoResponse;
        }
        event
    }

    async fn acknowledge(&mut self) -> Result<(), LineError> {
        self.0.acknowledge().await
    }

    async fn play(&mut self, play: u32, clip: Arc<Clip>) -> Result<(), LineError> {
        self.0.play(play, clip).await
    }

    async fn stop_playing(&mut self) -> Result<(), LineError> {
        self.0.stop_playing().await
    }

    async fn record_callee(&mut self) -> Result<(), LineError> {
        self.0.record_callee().await
    }

    async fn listen(&mut self) -> Result<Box<dyn HeardAudio>, LineError> {
        self.0.listen().await
    }

    async fn cancel(&mut self) -> Result<(), LineError> {
        self.0.cancel().await
    }

    async fn hang_up(&mut self) -> Result<(), LineError> {
        self.0.hang_up().await
    }
}
