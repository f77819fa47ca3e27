//! The enrolments being worked on now, each by one worker, and the orders that reach their workers.
//!
//! An order only gets stronger: do not dial, give up what is not answered, hang up. All of this is only in
//! memory; after a crash the worklist shows what was open.

mod order;
mod other_ids;

pub(crate) use order::WorkerOrder;

use domain::calling_plan::Preset;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, NumberId};
use domain::time::Timestamp;
use other_ids::OtherIds;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

/// Most enrolments held for a while. At the limit the next one due is forgotten: one more refusal.
const HELD_MAX: usize = 10_000;

/// Most dials of a campaign remembered as granted, not begun: a pilot's day. Others count as begun.
const UNUSED_MAX: usize = 1_000;

/// The phase of a worker's work on an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Grants are being asked for.
    Asking,
    /// Dialed and not answered.
    Ringing,
    /// Answered, and no agent has taken the call yet.
    Waiting,
    Talking,
    /// The call is over; the worklist does not show that yet.
    Closing,
}

struct Placement {
    line: usize,
    presets: Vec<Preset>,
}

struct EnrolmentWork {
    /// True for a test call. It does not count as work of its campaign and is in no figure.
    is_test: bool,
    number: NumberId,
    /// Line and compliance rule sets under which it is being dialed; `None` before it has a slot on a line.
    placed: Option<Placement>,
    call: Option<CallId>,
    /// The person's other ids. Orders about those ids reach this work too.
    others: Option<Box<OtherIds>>,
    phase: Phase,
    ringing_since: Option<Timestamp>,
    order: watch::Sender<WorkerOrder>,
}

struct WorkTable {
    /// True while draining: workers leave, and no new one begins.
    is_closed: bool,
    work: BTreeMap<EnrolmentId, EnrolmentWork>,
    held: BTreeMap<EnrolmentId, Timestamp>,
    /// For each campaign that counts dials: the batch's expiry of each dial that was granted and not begun.
    unused: BTreeMap<CampaignId, Vec<Timestamp>>,
}

/// The enrolments that workers of this process have now.
pub(crate) struct LiveCalls {
    book: Mutex<WorkTable>,
    /// Number of enrolments in the book.
    count: watch::Sender<usize>,
    left: Notify,
}

impl LiveCalls {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            book: Mutex::new(WorkTable {
                is_closed: false,
                work: BTreeMap::new(),
                held: BTreeMap::new(),
                unused: BTreeMap::new(),
            }),
            count: watch::Sender::new(0),
            left: Notify::new(),
        })
    }

    /// Registers a worker for an enrolment. `None` if another worker has it, or if draining.
    pub(crate) fn begin(
        self: &Arc<Self>,
        enrolment: &EnrolmentId,
        number: &NumberId,
    ) -> Option<EnrolmentLease> {
        let working = self.begin_test(enrolment, number)?;
        if let Some(work) = self.lock().work.get_mut(enrolment) {
            work.is_test = false;
        }
        Some(working)
    }

    /// Registers a worker for a test call. `None` under the same conditions.
    pub(crate) fn begin_test(
        self: &Arc<Self>,
        enrolment: &EnrolmentId,
        number: &NumberId,
    ) -> Option<EnrolmentLease> {
        let mut book = self.lock();
        if book.work.contains_key(enrolment) || book.is_closed {
            return None;
        }
        let order = watch::Sender::new(WorkerOrder::Proceed);
        let orders = order.subscribe();
        let work = EnrolmentWork {
            is_test: true,
            number: number.clone(),
            placed: None,
            call: None,
            others: None,
            phase: Phase::Asking,
            ringing_since: None,
            order,
        };
        book.work.insert(enrolment.clone(), work);
        self.count.send_replace(book.work.len());
        Some(EnrolmentLease {
            calls: Arc::clone(self),
            enrolment: enrolment.clone(),
            orders,
        })
    }

    pub(crate) fn is_working(&self, enrolment: &EnrolmentId) -> bool {
        self.lock().work.contains_key(enrolment)
    }

    /// Returns true if a worker has this call.
    pub(crate) fn is_at(&self, call: CallId) -> bool {
        self.lock().work.values().any(|work| work.call == Some(call))
    }

    /// Returns true while the enrolment has a worker or is held.
    pub(crate) fn is_taken(&self, enrolment: &EnrolmentId, now: Timestamp) -> bool {
        let book = self.lock();
        book.work.contains_key(enrolment) || book.held.get(enrolment).is_some_and(|until| now < *until)
    }

    /// Returns how many enrolments of a campaign have a worker, without test calls and calls that are over.
    pub(crate) fn open_count(&self, campaign: &CampaignId) -> u32 {
        let book = self.lock();
        let of_campaign = book.work.iter().filter(|(enrolment, work)| {
            &enrolment.campaign == campaign && work.phase != Phase::Closing && !work.is_test
        });
        u32::try_from(of_campaign.count()).unwrap_or(u32::MAX)
    }

    /// Returns for the given campaigns the ringing time of each call in milliseconds (0 while grants are
    /// requested), and how many callees wait for an agent.
    pub(crate) fn ringing(&self, campaigns: &BTreeSet<CampaignId>, now: Timestamp) -> (Vec<u64>, u32) {
        let book = self.lock();
        let (mut ages_ms, mut waiting) = (Vec::new(), 0);
        for (_, work) in book
            .work
            .iter()
            .filter(|(of, work)| campaigns.contains(&of.campaign) && !work.is_test)
        {
            match work.phase {
                Phase::Asking => ages_ms.push(0),
                Phase::Ringing => ages_ms.push(work.ringing_since.map_or(0, |since| now.ms_since(since))),
                Phase::Waiting => waiting += 1,
                Phase::Talking | Phase::Closing => {}
            }
        }
        (ages_ms, waiting)
    }

    pub(crate) fn phase_count(&self, phase: Phase) -> u32 {
        let count = self
            .lock()
            .work
            .values()
            .filter(|work| work.phase == phase && !work.is_test)
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().work.len()
    }

    /// Holds an enrolment until `until`: the dialer skips it, although the worklist lists it as due.
    pub(crate) fn hold(&self, enrolment: &EnrolmentId, until: Timestamp, now: Timestamp) {
        let mut book = self.lock();
        book.held.retain(|_, held_until| now < *held_until);
        if book.held.len() >= HELD_MAX {
            let soonest = book.held.iter().min_by_key(|(_, held_until)| **held_until);
            let soonest = soonest.map(|(enrolment, _)| enrolment.clone());
            soonest.and_then(|soonest| book.held.remove(&soonest));
        }
        book.held.insert(enrolment.clone(), until);
    }

    /// Records a dial that was granted and never began, of a campaign that counts dials. Above `UNUSED_MAX`
    /// it is not recorded and counts as begun.
    pub(crate) fn note_unused(&self, campaign: &CampaignId, leave_until: Timestamp) {
        let mut book = self.lock();
        let unused = book.unused.entry(campaign.clone()).or_default();
        if unused.len() < UNUSED_MAX {
            unused.push(leave_until);
        }
    }

    pub(crate) fn unused(&self, campaign: &CampaignId) -> Vec<Timestamp> {
        self.lock().unused.get(campaign).cloned().unwrap_or_default()
    }

    /// Removes the first `reported_count` unused dials of a campaign, which were reported to it.
    pub(crate) fn forget_unused(&self, campaign: &CampaignId, reported_count: usize) {
        let mut book = self.lock();
        if let Some(unused) = book.unused.get_mut(campaign) {
            unused.drain(..reported_count.min(unused.len()));
        }
        book.unused.retain(|_, unused| !unused.is_empty());
    }

    /// Returns the number of held enrolments.
    pub(crate) fn held_count(&self, now: Timestamp) -> usize {
        let book = self.lock();
        book.held.values().filter(|until| now < **until).count()
    }

    /// Returns the earliest time at which a held enrolment is released; `None` if none is held.
    pub(crate) fn next_release(&self, now: Timestamp) -> Option<Timestamp> {
        self.lock()
            .held
            .values()
            .filter(|until| now < **until)
            .min()
            .copied()
    }

    pub(crate) fn order_campaign(&self, campaign: &CampaignId, order: WorkerOrder) {
        self.order(order, |enrolment, _| &enrolment.campaign == campaign);
    }

    pub(crate) fn order_number(&self, number: &NumberId, order: WorkerOrder) {
        self.order(order, |_, work| &work.number == number);
    }

    pub(crate) fn order_of(&self, order: WorkerOrder, concerns: impl Fn(&EnrolmentId) -> bool) {
        self.order(order, |enrolment, _| concerns(enrolment));
    }

    /// Sends an order to the workers on these calls of a customer, and to workers that have no call yet.
    pub(crate) fn order_calls_of(&self, customer: &CustomerId, calls: &[CallId], order: WorkerOrder) {
        self.order(order, |enrolment, work| {
            &enrolment.customer == customer && work.call.is_none_or(|call| calls.contains(&call))
        });
    }

    pub(crate) fn order_calls(&self, calls: &[CallId], order: WorkerOrder) {
        self.order(order, |_, work| {
            work.call.is_some_and(|call| calls.contains(&call))
        });
    }

    /// Sends an order to all workers that are dialing on this line.
    pub(crate) fn order_line(&self, line: usize, order: WorkerOrder) {
        self.order(order, |_, work| {
            work.placed.as_ref().is_some_and(|placed| placed.line == line)
        });
    }

    pub(crate) fn order_preset(&self, preset: Preset, order: WorkerOrder) {
        self.order(order, |_, work| {
            let placed = work.placed.as_ref();
            placed.is_some_and(|placed| placed.presets.contains(&preset))
        });
    }

    pub(crate) fn order_all(&self, order: WorkerOrder) {
        self.order(order, |_, _| true);
    }

    /// Sends the order to all workers, and lets no new work begin from now on.
    pub(crate) fn close(&self, order: WorkerOrder) {
        self.lock().is_closed = true;
        self.order_all(order);
    }

    fn order(&self, order: WorkerOrder, concerns: impl Fn(&EnrolmentId, &EnrolmentWork) -> bool) {
        let book = self.lock();
        for (_, work) in book
            .work
            .iter()
            .filter(|(enrolment, work)| concerns(enrolment, work))
        {
            work.order.send_if_modified(|standing| {
                let stronger = order.rank() > standing.rank();
                if stronger {
                    *standing = order;
                }
                stronger
            });
        }
    }

    /// Waits until no worker is left.
    pub(crate) async fn wait_until_empty(&self) {
        // The sender lives as long as `self`.
        drop(self.count.subscribe().wait_for(|count| *count == 0).await);
    }

    /// Waits until a worker leaves; returns at once if one has left since the last call.
    pub(crate) async fn left(&self) {
        self.left.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, WorkTable> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A worker's registration for an enrolment. Dropping it ends the work, also in a panic.
pub(crate) struct EnrolmentLease {
    calls: Arc<LiveCalls>,
    enrolment: EnrolmentId,
    orders: watch::Receiver<WorkerOrder>,
}

impl EnrolmentLease {
    pub(crate) const fn enrolment(&self) -> &EnrolmentId {
        &self.enrolment
    }

    /// Sets the granted call and its number: another number of the person if the first is not assigned.
    pub(crate) fn set_call(&self, call: CallId, number: &NumberId) {
        if let Some(work) = self.calls.lock().work.get_mut(&self.enrolment) {
            work.call = Some(call);
            work.number.clone_from(number);
        }
    }

    /// Sets the line on which the call is being dialed now, and the campaign's compliance rule sets.
    pub(crate) fn set_place(&self, line: usize, presets: impl IntoIterator<Item = Preset>) {
        if let Some(work) = self.calls.lock().work.get_mut(&self.enrolment) {
            let presets = presets.into_iter().collect();
            work.placed = Some(Placement { line, presets });
        }
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        if let Some(work) = self.calls.lock().work.get_mut(&self.enrolment) {
            work.phase = phase;
        }
    }

    /// Records that the leg's INVITE has left at this time: the call is ringing.
    pub(crate) fn rings_since(&self, at: Timestamp) {
        if let Some(work) = self.calls.lock().work.get_mut(&self.enrolment) {
            work.phase = Phase::Ringing;
            work.ringing_since = Some(at);
        }
    }

    pub(crate) fn order(&self) -> WorkerOrder {
        *self.orders.borrow()
    }

    /// Returns a receiver of the orders, for tasks that watch them beside the worker.
    pub(crate) fn orders(&self) -> watch::Receiver<WorkerOrder> {
        self.orders.clone()
    }

    /// Waits for the next, stronger order. Cancel-safe.
    pub(crate) async fn next_order(&mut self) -> WorkerOrder {
        match self.orders.changed().await {
            Ok(()) => *self.orders.borrow_and_update(),
            // The book outlives its workers; without it no orders come.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for EnrolmentLease {
    fn drop(&mut self) {
        let mut book = self.calls.lock();
        book.work.remove(&self.enrolment);
        let count = book.work.len();
        drop(book);
        self.calls.count.send_replace(count);
        self.calls.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::call::event::EndReason;

    fn enrolment(campaign: &str) -> EnrolmentId {
        EnrolmentId {
            campaign: campaign.parse().unwrap(),
            customer: "00112233445566778899aabbccddeeff".parse().unwrap(),
        }
    }

    fn number() -> NumberId {
        "ffeeddccbbaa99887766554433221100".parse().unwrap()
    }

    const PAUSED: WorkerOrder = WorkerOrder::DoNotDial(EndReason::CampaignPaused);
    const OPTED_OUT: WorkerOrder = WorkerOrder::GiveUp(EndReason::OptedOut);
    const DRAINED: WorkerOrder = WorkerOrder::HangUp(EndReason::Drain);

    #[test]
    fn an_enrolment_has_one_worker_until_that_one_is_gone() {
        let calls = LiveCalls::new();
        let working = calls.begin(&enrolment("A"), &number()).unwrap();
        assert!(calls.begin(&enrolment("A"), &number()).is_none());
        assert!(calls.begin(&enrolment("B"), &number()).is_some());
        drop(working);
        assert!(calls.begin(&enrolment("A"), &number()).is_some());
    }

    #[test]
    fn an_order_gets_stronger_and_never_weaker() {
        let calls = LiveCalls::new();
        let working = calls.begin(&enrolment("A"), &number()).unwrap();
        for (order, standing) in [
            (PAUSED, PAUSED),
            (OPTED_OUT, OPTED_OUT),
            (PAUSED, OPTED_OUT),
            (DRAINED, DRAINED),
        ] {
            calls.order_campaign(&enrolment("A").campaign, order);
            assert_eq!(working.order(), standing);
        }
    }

    #[test]
    fn each_order_reaches_as_far_as_it_says() {
        let reach = |order: WorkerOrder| {
            let (dial, ring, talk) = (
                order.against_dialing(),
                order.against_ringing(),
                order.against_talking(),
            );
            [dial.is_some(), ring.is_some(), talk.is_some()]
        };
        assert_eq!(reach(WorkerOrder::Proceed), [false, false, false]);
        assert_eq!(reach(PAUSED), [true, false, false]);
        assert_eq!(reach(OPTED_OUT), [true, true, false]);
        assert_eq!(reach(DRAINED), [true, true, true]);
    }

    #[test]
    fn an_order_reaches_only_the_calls_it_concerns() {
        let calls = LiveCalls::new();
        let one = calls.begin(&enrolment("A"), &number()).unwrap();
        let other = calls.begin(&enrolment("B"), &number()).unwrap();
        calls.order_campaign(&enrolment("A").campaign, PAUSED);
        assert_eq!((one.order(), other.order()), (PAUSED, WorkerOrder::Proceed));
        calls.order_number(&number(), OPTED_OUT);
        assert_eq!((one.order(), other.order()), (OPTED_OUT, OPTED_OUT));
    }

    #[test]
    fn an_order_to_a_line_or_a_preset_reaches_who_is_placed_there() {
        let calls = LiveCalls::new();
        let one = calls.begin(&enrolment("A"), &number()).unwrap();
        let other = calls.begin(&enrolment("B"), &number()).unwrap();
        let unplaced = calls.begin(&enrolment("C"), &number()).unwrap();
        one.set_place(0, [Preset::CnService]);
        other.set_place(1, [Preset::CnCollection]);
        let stopped = WorkerOrder::GiveUp(EndReason::EmergencyStop);
        calls.order_line(1, stopped);
        assert_eq!((one.order(), other.order()), (WorkerOrder::Proceed, stopped));
        other.set_place(0, [Preset::CnCollection]);
        calls.order_preset(Preset::CnService, stopped);
        assert_eq!((one.order(), unplaced.order()), (stopped, WorkerOrder::Proceed));
        calls.order_all(stopped);
        assert_eq!(unplaced.order(), stopped);
    }

    #[test]
    fn no_call_begins_after_a_drain_began() {
        let calls = LiveCalls::new();
        let working = calls.begin(&enrolment("A"), &number()).unwrap();
        calls.close(WorkerOrder::DoNotDial(EndReason::Drain));
        assert_eq!(working.order().against_dialing(), Some(EndReason::Drain));
        assert!(calls.begin(&enrolment("B"), &number()).is_none());
    }

    #[test]
    fn what_may_be_asked_soonest_is_forgotten_when_too_many_are_held() {
        let calls = LiveCalls::new();
        let now = Timestamp::from_millis(1_000);
        let nth = |index: usize| enrolment(&format!("C{index:05}"));
        for index in 0..=HELD_MAX {
            let until = now.plus_ms(100_000 - u64::try_from(index).unwrap());
            calls.hold(&nth(index), until, now);
        }
        assert_eq!(calls.held_count(now), HELD_MAX);
        assert!(calls.is_taken(&nth(0), now) && calls.is_taken(&nth(HELD_MAX), now));
        assert!(!calls.is_taken(&nth(HELD_MAX - 1), now));
    }

    #[test]
    fn what_is_held_is_taken_until_its_time() {
        let calls = LiveCalls::new();
        let now = Timestamp::from_millis(1_000);
        calls.hold(&enrolment("A"), now.plus_ms(10), now);
        assert!(calls.is_taken(&enrolment("A"), now.plus_ms(9)));
        assert!(!calls.is_taken(&enrolment("A"), now.plus_ms(10)));
        assert_eq!(calls.next_release(now), Some(now.plus_ms(10)));
    }
}
