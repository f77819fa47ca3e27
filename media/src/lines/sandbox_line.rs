//! The line of the sandbox: simulated callees in this process, by the clock, without a socket.
//!
//! It takes permits of the sandbox only, and no trunk takes those. Its legs are those of the simulated line,
//! which runs the contract suite. The last digit of a number says what its callee does.

use crate::lines::callee_script::{CalleeScript, SimulatedCallees, SimulatedInvite};
use crate::lines::carrier_book::CarrierBook;
use crate::lines::simulated_line::SimulatedLine;
use async_trait::async_trait;
use domain::compliance::DialPermit;
use domain::ports::clock::Clock;
use domain::ports::line::{DialOrder, LeftOverLeg, Leg, LegFacts, Line, LineError, LineFacts};
use domain::realm::Sandbox;
use std::sync::Arc;

/// The name of the line, as events of the sandbox store it.
pub const SANDBOX_LINE: &str = "sandbox";

/// The most legs of the sandbox at once.
const LEGS_MAX: u32 = 10;

/// The most new legs of the sandbox per second.
const DIALS_PER_SECOND: u32 = 5;

/// Time to the first ring of a simulated phone, in milliseconds.
const RING_MS: u64 = 300;
/// Time from the first ring to the answer, a refusal or a busy tone, in milliseconds.
const ANSWER_MS: u64 = 1_200;
/// Time from the answer to the first press of a key, in milliseconds, and between two presses: a menu that is
/// read meanwhile gets one of them.
const KEY_EVERY_MS: u64 = 4_000;
/// How often a callee presses its key.
const KEY_PRESSES: u64 = 15;
/// Time from the answer to the end of a call by a callee who hangs up early, in milliseconds.
const HANG_UP_MS: u64 = 2_000;

/// The most legs that the record of the simulated carrier holds; then it is emptied between two calls.
const BOOK_LEGS_MAX: usize = 1_000;

/// The callees of the sandbox: the last digit of the number decides.
struct DigitCallees;

impl SimulatedCallees for DigitCallees {
    fn script(&self, invite: &SimulatedInvite<'_>) -> CalleeScript {
        let refused = |ring_ms, sip_code, q850| CalleeScript::Refuses {
            ring_ms,
            refuse_ms: ANSWER_MS,
            sip_code,
            q850: Some(q850),
        };
        let answers = |keys, hang_up_ms| CalleeScript::Answers {
            ring_ms: RING_MS,
            answer_ms: ANSWER_MS,
            keys,
            hang_up_ms,
        };
        match invite.callee.chars().next_back() {
            Some(key @ '1'..='5') => {
                let presses = (1..=KEY_PRESSES).map(|press| (press * KEY_EVERY_MS, key));
                answers(presses.collect(), None)
            }
            Some('6') => refused(Some(RING_MS), 486, 17),
            Some('7') => CalleeScript::Rings { ring_ms: RING_MS },
            Some('8') => refused(None, 404, 1),
            Some('9') => answers(Vec::new(), Some(HANG_UP_MS)),
            Some(_) | None => answers(Vec::new(), None),
        }
    }
}

/// The line of the sandbox.
pub struct SandboxLine {
    line: SimulatedLine,
    book: Arc<CarrierBook>,
}

impl SandboxLine {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let book = Arc::<CarrierBook>::default();
        let facts = LineFacts {
            name: SANDBOX_LINE.to_owned(),
            local: "sandbox.invalid:0".to_owned(),
            loopback: true,
            legs_max: LEGS_MAX,
            dials_per_second: DIALS_PER_SECOND,
            ring_timeout_ms: super::RING_TIMEOUT_MS,
            first_response_ms: super::FIRST_RESPONSE_MS,
            hold_off_ms: super::HOLD_OFF_LOOPBACK_MS,
            caller_numbers: Vec::new(),
            calls_per_number_max: None,
        };
        Self {
            line: SimulatedLine::new(facts, clock, Arc::new(DigitCallees), Arc::clone(&book)),
            book,
        }
    }
}

#[async_trait]
impl Line<Sandbox> for SandboxLine {
    fn facts(&self) -> LineFacts {
        self.line.own_facts()
    }

    async fn dial(&self, permit: DialPermit<Sandbox>, order: DialOrder) -> Result<Box<dyn Leg>, LineError> {
        if self.line.open_legs() == 0 && self.book.entries().len() >= BOOK_LEGS_MAX {
            self.book.clear();
        }
        self.line.begin_leg(&permit, &order)
    }

    async fn end_left_over(&self, facts: LegFacts) -> Result<Box<dyn LeftOverLeg>, LineError> {
        Ok(self.line.end_crashed_leg(&facts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::SipTrunk;
    use crate::lines::suite_legs::{grants_until, new_call, next, order};
    use crate::testing::SuiteClock;
    use domain::compliance::permit_in;
    use domain::ports::line::LegEvent;
    use domain::realm::Real;

    /// Compiles only if `$line` does not implement `Line<$realm>`: otherwise `proof` has two candidates.
    macro_rules! takes_no_permit_of {
        ($line:ty, $realm:ty) => {{
            trait NotALine<Candidate> {
                fn proof() {}
            }
            struct Implements;
            impl<T: ?Sized> NotALine<()> for T {}
            impl<T: ?Sized + Line<$realm>> NotALine<Implements> for T {}
            <$line as NotALine<_>>::proof();
        }};
    }

    #[test]
    fn no_line_takes_permits_of_the_other_realm() {
        takes_no_permit_of!(SipTrunk, Sandbox);
        takes_no_permit_of!(SimulatedLine, Sandbox);
        takes_no_permit_of!(SandboxLine, Real);
        takes_no_permit_of!(dyn Line<Sandbox>, Real);
        takes_no_permit_of!(dyn Line, Sandbox);
    }

    async fn events_of(callee: &str) -> Vec<LegEvent> {
        let clock: Arc<dyn Clock> = Arc::new(SuiteClock);
        let line = SandboxLine::new(Arc::clone(&clock));
        let call = new_call();
        let (customer, number) = grants_until(call, clock.now().plus_ms(2_000));
        let permit = permit_in::<Sandbox>(&customer, &number, clock.now()).unwrap();
        let order = DialOrder {
            callee: callee.to_owned(),
            ring_timeout_ms: Some(2_000),
            ..order(call)
        };
        let mut leg = line.dial(permit, order).await.unwrap();
        let mut events = Vec::new();
        loop {
            let event = next(&mut leg).await;
            if matches!(event, LegEvent::Answered(_)) {
                leg.acknowledge().await.unwrap();
            }
            let is_over = matches!(event, LegEvent::Closed(_) | LegEvent::Keypress { .. });
            events.push(event);
            if is_over {
                return events;
            }
        }
    }

    #[tokio::test]
    async fn the_last_digit_says_what_the_callee_does() {
        let presses = events_of("+8613800138003").await;
        assert_eq!(presses.last(), Some(&LegEvent::Keypress { digit: '3' }));
        let failed = async |callee| {
            let events = events_of(callee).await;
            events.into_iter().find_map(|event| match event {
                LegEvent::Failed(failure) => Some(failure),
                _ => None,
            })
        };
        assert_eq!(failed("+8613800138006").await.unwrap().sip_code, Some(486));
        assert_eq!(failed("+8613800138008").await.unwrap().q850, Some(1));
        assert!(failed("+8613800138007").await.unwrap().rang);
        let early = events_of("+8613800138009").await;
        assert!(
            early.iter().any(|event| matches!(event, LegEvent::HungUp { .. })),
            "{early:?}"
        );
    }
}
