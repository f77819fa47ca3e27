//! Reads our side from the log: every dialed call of a period, by SIP Call-ID and by number. Test calls are
//! among them: the trunk bills them too.

use crate::log_walk::{FilteredEventReader, unreadable};
use domain::call::event::CallEvent;
use domain::call::test_call::TestCall;
use domain::call::{Call, TestCallEvent};
use domain::decider::Decider;
use domain::ids::{CallId, NumberId};
use domain::ports::event_store::EventStore;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Position, StoredEvent, read_event};
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Most of our calls in memory, about 300 bytes each; more are refused. It is a month of the largest
/// installation.
const OUR_CALLS_MAX: usize = 5_000_000;

/// One call that we dialed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurCall {
    pub call: CallId,
    pub number: NumberId,
    /// When its first leg was dialed.
    pub dialed_at: Timestamp,
    pub(crate) sip_call_ids: Vec<String>,
    /// The trunk of the last leg, which is billed.
    pub trunk: String,
    pub answered: bool,
    pub talk_ms: u64,
    pub disposition: &'static str,
}

/// Our calls, indexed by Call-ID and by number.
#[derive(Debug, Default)]
pub struct OurCalls {
    pub calls: Vec<OurCall>,
    pub(crate) by_sip_id: BTreeMap<String, usize>,
    /// In the order of their dials.
    pub by_number: BTreeMap<NumberId, Vec<usize>>,
    /// The log was read up to this position.
    pub position: Position,
}

impl OurCalls {
    /// Indexes these calls by SIP Call-ID and number. `position`: up to where the log was read.
    pub fn of(mut calls: Vec<OurCall>, position: Position) -> Self {
        calls.sort_by_key(|call| (call.dialed_at, call.call));
        let mut by_sip_id = BTreeMap::new();
        let mut by_number: BTreeMap<NumberId, Vec<usize>> = BTreeMap::new();
        for (index, call) in calls.iter().enumerate() {
            by_number.entry(call.number.clone()).or_default().push(index);
            by_sip_id.extend(call.sip_call_ids.iter().map(|id| (id.clone(), index)));
        }
        Self {
            calls,
            by_sip_id,
            by_number,
            position,
        }
    }

    /// Reads the calls with a first leg dialed in a time span (from, to; `None`: no bound) from the log.
    /// Fails above `OUR_CALLS_MAX`.
    pub async fn read(
        store: &dyn EventStore,
        span: (Option<Timestamp>, Option<Timestamp>),
    ) -> Result<Self, Problem> {
        let kinds = [
            CallEvent::PERMITTED,
            CallEvent::DIALING,
            CallEvent::ANSWERED,
            CallEvent::ENDED,
            TestCallEvent::STEP_RECORDED,
        ];
        let mut book = CallCollector {
            span,
            open: BTreeMap::new(),
            done: Vec::new(),
        };
        let mut log = FilteredEventReader::of_kinds(store, &kinds);
        while let Some(page) = log.next().await? {
            for stored in &page {
                book.take(stored)?;
            }
        }
        let mut calls = book.done;
        calls.extend(book.open.into_values().filter_map(|open| open.dialed));
        Ok(Self::of(calls, log.reached))
    }
}

struct UnendedCall {
    number: NumberId,
    dialed: Option<OurCall>,
}

struct CallCollector {
    span: (Option<Timestamp>, Option<Timestamp>),
    open: BTreeMap<CallId, UnendedCall>,
    done: Vec<OurCall>,
}

impl CallCollector {
    fn take(&mut self, stored: &StoredEvent) -> Result<(), Problem> {
        let envelope = stored.envelope().map_err(unreadable)?;
        let id = envelope.stream.id().parse();
        let call: CallId = id.map_err(|error: domain::ids::InvalidId| Problem::fault(error.to_string()))?;
        let event = match envelope.stream.aggregate() {
            TestCall::AGGREGATE => read_event::<TestCall>(&envelope).map(|event| event.step().clone()),
            _ => read_event::<Call>(&envelope),
        };
        match &event.map_err(|error| Problem::fault(error.to_string()))? {
            CallEvent::Permitted { number_grant, .. } => {
                let open = UnendedCall {
                    number: number_grant.number.clone(),
                    dialed: None,
                };
                self.open.insert(call, open);
            }
            CallEvent::Dialing {
                sip_call_id, trunk, ..
            } => self.dialing(call, sip_call_id, trunk, envelope.at),
            CallEvent::Answered { .. } => {
                if let Some(dialed) = self.dialed(call) {
                    dialed.answered = true;
                }
            }
            CallEvent::Ended {
                disposition, talk_ms, ..
            } => {
                let (disposition, talk_ms) = (disposition.code(), *talk_ms);
                if let Some(dialed) = self.dialed(call) {
                    (dialed.disposition, dialed.talk_ms) = (disposition, talk_ms);
                }
                self.done
                    .extend(self.open.remove(&call).and_then(|open| open.dialed));
            }
            _ => {}
        }
        if self.done.len() > OUR_CALLS_MAX {
            return Err(Problem::new(
                ProblemKind::TooLarge,
                "period-too-large",
                format!("more than {OUR_CALLS_MAX} calls: give --from and --to"),
            ));
        }
        Ok(())
    }

    fn dialed(&mut self, call: CallId) -> Option<&mut OurCall> {
        self.open.get_mut(&call)?.dialed.as_mut()
    }

    fn dialing(&mut self, call: CallId, sip_call_id: &str, trunk: &str, at: Timestamp) {
        let Some(open) = self.open.get_mut(&call) else {
            return;
        };
        // Our ids have no host part; those in a file may have one.
        let id = sip_call_id.split('@').next().unwrap_or(sip_call_id).to_owned();
        if let Some(dialed) = &mut open.dialed {
            dialed.sip_call_ids.push(id);
            trunk.clone_into(&mut dialed.trunk);
            return;
        }
        let (from, to) = self.span;
        if from.is_some_and(|from| at < from) || to.is_some_and(|to| at >= to) {
            return;
        }
        open.dialed = Some(OurCall {
            call,
            number: open.number.clone(),
            dialed_at: at,
            sip_call_ids: vec![id],
            trunk: trunk.to_owned(),
            answered: false,
            talk_ms: 0,
            disposition: "open",
        });
    }
}
