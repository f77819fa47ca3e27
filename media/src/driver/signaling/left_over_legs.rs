//! Ends legs that a crash left, and answers that belong to no leg. Reports the end to the waiting owner.

use super::{DatagramSource, DeadlineOwner, PEERS_MAX, SignalingTask, TrunkNumber, count};
use crate::sip::crash_cleanup::{LeftOverOutput, LegTeardown};
use crate::sip::dialog::Hop;
use crate::sip::message::SipMessage;
use crate::sip::user_agent::Input;
use crate::sip::via;
use domain::ports::line::{AnsweredDialog, LeftOverEvent, LegFailure};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use tokio::sync::mpsc;

/// Most answers of unknown legs that are being ended at once; further ones are ignored, and their copies
/// come again. A trunk has no more calls during one outage.
const STRAY_ANSWERS_MAX: usize = 1_024;

/// A left-over leg that signaling is ending.
pub(super) struct LiveLeftOverLeg {
    pub(super) left_over: LegTeardown,
    pub(super) trunk: TrunkNumber,
    pub(super) peers: BTreeSet<SocketAddr>,
    /// Where its end is reported; `None` for an answer that belongs to no leg.
    reports: Option<mpsc::Sender<LeftOverEvent>>,
}

/// Where to report the end of a leg of this process that is ended as left over: its owner was lost, but the
/// process was not.
#[derive(Default)]
pub(super) struct LegWatch {
    pub(super) answered: Option<AnsweredDialog>,
    reports: Option<mpsc::Sender<LeftOverEvent>>,
    /// True if no answer of the leg is stored yet, so that an answer is reported.
    is_news: bool,
    is_refused: bool,
}

impl LegWatch {
    /// Records the leg's answer. Only the first is reported.
    pub(super) fn note_answer(&mut self, dialog: &AnsweredDialog) {
        if self.answered.is_none() {
            self.answered = Some(dialog.clone());
            self.report_answer();
        }
    }

    /// Records the leg's failure and reports it if it is definite: the far end cannot answer after that.
    pub(super) fn note_failure(&mut self, failure: &LegFailure) {
        self.is_refused = failure.definite;
        self.report_refusal();
    }

    fn report_refusal(&self) {
        if let Some(reports) = self.reports.as_ref().filter(|_| self.is_refused) {
            report(reports, LeftOverEvent::Refused);
        }
    }

    fn report_answer(&self) {
        if let (Some(reports), Some(dialog)) = (&self.reports, self.answered.clone().filter(|_| self.is_news))
        {
            report(reports, LeftOverEvent::LateAnswered(dialog));
        }
    }
}

fn report(reports: &mpsc::Sender<LeftOverEvent>, event: LeftOverEvent) {
    if reports.try_send(event).is_err() {
        tracing::debug!("the end of a left-over leg has no listener");
    }
}

impl SignalingTask {
    /// Ends a left-over leg by its stored facts, and sends reports to `reports`. A leg that this process
    /// still knows is given up instead: it may have sent its BYE already, and gets no second one.
    pub(super) async fn end_left_over(
        &mut self,
        left_over: LegTeardown,
        trunk: TrunkNumber,
        reports: mpsc::Sender<LeftOverEvent>,
    ) {
        let call_id = left_over.call_id();
        if let Some(leg) = self.legs.get_mut(&call_id) {
            leg.watch.is_news = left_over.expects_answer();
            leg.watch.reports = Some(reports);
            leg.watch.report_answer();
            leg.watch.report_refusal();
            return self.step(&call_id, Input::GiveUp).await;
        }
        if let Some(stray) = self.left_overs.get_mut(&call_id) {
            // Its 2xx came before this order.
            if let Some(dialog) = stray
                .left_over
                .late_answer()
                .filter(|_| left_over.expects_answer())
            {
                report(&reports, LeftOverEvent::LateAnswered(dialog));
            }
            if stray.left_over.is_closed() {
                report(&reports, LeftOverEvent::Closed);
            }
            stray.reports = Some(reports);
            return;
        }
        let live = LiveLeftOverLeg {
            left_over,
            trunk,
            peers: BTreeSet::new(),
            reports: Some(reports),
        };
        self.left_overs.insert(call_id.clone(), live);
        self.settle_left_over(&call_id).await;
    }

    /// Acknowledges and ends, with a BYE, a 2xx to our INVITE that no leg waits for. Ignored unless it
    /// comes from a trunk.
    pub(super) async fn end_stray_answer(
        &mut self,
        answer: &SipMessage,
        from: SocketAddr,
        origin: DatagramSource,
    ) {
        let known = |number: &TrunkNumber| {
            let trunk = self.trunks.get(*number);
            trunk.is_some_and(|trunk| trunk.is_sender_allowed(answer, from, &BTreeSet::new()))
        };
        let trunk = match origin {
            DatagramSource::Trunk(number) => Some(number).filter(known),
            DatagramSource::Anyone => (0..self.trunks.len()).find(known),
        };
        let (Some(trunk), Ok(local)) = (trunk, self.grounds.general.local_addr()) else {
            return;
        };
        let Some(sent_by) = via::sent_by_of(answer).filter(|(_, port)| *port == local.port()) else {
            return;
        };
        let strays = self.left_overs.values().filter(|live| live.reports.is_none());
        if strays.count() >= STRAY_ANSWERS_MAX {
            return count(&self.grounds.counters.dropped);
        }
        let own = format!("{}:{}", sent_by.0, sent_by.1);
        let now = self.grounds.time.now();
        let Some(mut left_over) = LegTeardown::of_stray(answer, &own, from.ip(), now) else {
            return;
        };
        let call_id = left_over.call_id();
        let tag = answer.tag_of_to().unwrap_or_default();
        if self.grounds.hung_up.contains(&call_id, tag, now) {
            left_over.send_no_bye();
        } else {
            tracing::warn!(%call_id, "an answer of no known leg is acknowledged and hung up");
            self.grounds.hung_up.insert(&call_id, tag, now);
        }
        let live = LiveLeftOverLeg {
            left_over,
            trunk,
            peers: BTreeSet::new(),
            reports: None,
        };
        self.left_overs.insert(call_id.clone(), live);
        self.settle_left_over(&call_id).await;
    }

    pub(super) async fn settle_left_over(&mut self, call_id: &str) {
        while let Some(live) = self.left_overs.get_mut(call_id) {
            let (bytes, hop) = match live.left_over.poll_output() {
                Some(LeftOverOutput::Send { bytes, hop }) => (bytes, hop),
                Some(LeftOverOutput::Event(event)) => {
                    live.reports
                        .iter()
                        .for_each(|reports| report(reports, event.clone()));
                    continue;
                }
                None => break,
            };
            if let Hop::At(address) = hop
                && live.peers.len() < PEERS_MAX
            {
                live.peers.insert(address);
            }
            let trunk = live.trunk;
            // A refused socket is not an answer: the transaction's own timer ends it.
            self.send(Some(trunk), &bytes, hop).await;
        }
        let Some(live) = self.left_overs.get_mut(call_id) else {
            return;
        };
        let is_finished = live.left_over.is_finished();
        let deadline = live.left_over.next_deadline().filter(|_| !is_finished);
        let waiting = DeadlineOwner::LeftOver(call_id.to_owned());
        self.deadlines.set(waiting, deadline);
        if is_finished {
            tracing::debug!(%call_id, "a left-over leg has ended");
            self.left_overs.remove(call_id);
        }
    }

    /// Reports the end of a leg of this process that is ended as left over: when its BYE is done or,
    /// without an answer, when no 2xx can come any more. Does nothing before that.
    pub(super) fn report_end(&mut self, call_id: &str) {
        let Some(leg) = self.legs.get_mut(call_id) else {
            return;
        };
        let was_answered = leg.watch.answered.is_some();
        let is_over = was_answered && leg.slot.is_none() && !leg.uac.is_ending();
        if (leg.uac.is_finished() || is_over)
            && let Some(reports) = leg.watch.reports.take()
        {
            report(&reports, LeftOverEvent::Closed);
        }
    }
}
