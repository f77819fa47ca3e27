//! A random story: every kind of event that a view handles, over a few campaigns, customers and calls, in an
//! order that no decider would produce. The same seed gives the same story.

use super::{TestHistory, call, campaign, dialog, number, sealed, verdict};
use domain::call::event::{CallEvent, EndReason};
use domain::campaign::event::{CampaignEvent, PauseReason};
use domain::compliance::{Decision, Verdict};
use domain::customer::event::CustomerEvent;
use domain::disposition::{Disposition, Outcome};
use domain::ids::ListId;
use domain::number::event::NumberEvent;
use std::collections::{BTreeMap, BTreeSet};

const CAMPAIGNS: [&str; 3] = ["T", "U", "V"];
const PEOPLE_COUNT: u64 = 12;

/// Returns pseudo-random numbers, the same ones for the same seed.
pub(crate) fn steps(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::from_fn(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Some(state >> 33)
    })
}

struct HistoryGenerator<N> {
    story: TestHistory,
    numbers: N,
    permitted: BTreeSet<(usize, u32, u32)>,
    /// Attempts granted so far per customer and campaign; they are numbered consecutively.
    attempts: BTreeMap<(usize, u32), u32>,
    /// Customers and campaigns with a grant that is neither released nor closed; no other is granted before.
    open: BTreeSet<(usize, u32)>,
}

/// Does nothing; ends a branch of the random story that has appended its event.
const fn end_branch(_story: &TestHistory) {}

/// Makes a random story with at least this number of events.
pub(crate) fn varied(events_count: usize, seed: u64) -> TestHistory {
    let mut teller = HistoryGenerator {
        story: TestHistory::new(),
        numbers: steps(seed),
        permitted: BTreeSet::new(),
        attempts: BTreeMap::new(),
        open: BTreeSet::new(),
    };
    while teller.story.events.len() < events_count {
        match teller.below(8) {
            0 => teller.campaign(),
            1..=3 => teller.customer(),
            4 => teller.number(),
            _ => teller.call(),
        }
    }
    teller.story
}

impl<N: Iterator<Item = u64>> HistoryGenerator<N> {
    fn below(&mut self, end: u64) -> u64 {
        self.numbers.next().unwrap() % end
    }

    fn small(&mut self, end: u64) -> u32 {
        u32::try_from(self.below(end)).unwrap()
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn campaign_index(&mut self) -> usize {
        usize::try_from(self.below(CAMPAIGNS.len() as u64)).unwrap()
    }

    fn granted(&self, enrolment: (usize, u32)) -> u32 {
        self.attempts.get(&enrolment).copied().unwrap_or_default()
    }

    /// Returns a recently granted attempt, or the one after the last.
    fn attempt(&mut self, enrolment: (usize, u32)) -> u32 {
        let granted = self.granted(enrolment);
        (granted + 1 - self.small(3).min(granted)).max(1)
    }

    fn disposition(&mut self) -> Disposition {
        let all = [
            Disposition::Answered,
            Disposition::Busy,
            Disposition::Machine,
            Disposition::TrunkTimeout,
        ];
        all[usize::try_from(self.below(4)).unwrap()]
    }

    fn outcome(&mut self) -> Option<Outcome> {
        [Some(Outcome::Success), Some(Outcome::Callback), None][usize::try_from(self.below(3)).unwrap()]
    }

    fn verdict(&mut self) -> Verdict {
        let decision = match self.below(2) {
            0 => Decision::Forbid,
            _ => Decision::DeferUntil(self.story.at.plus_ms(60_000)),
        };
        verdict(decision)
    }

    fn campaign(&mut self) {
        let name = CAMPAIGNS[self.campaign_index()];
        let list = ListId::derive(&campaign(name), "00");
        let event = match self.below(11) {
            0 => return end_branch(self.story.created(name)),
            1 => CampaignEvent::Started {},
            2 => CampaignEvent::Paused {
                reason: PauseReason::Requested,
            },
            3 => CampaignEvent::Resumed {},
            4 => CampaignEvent::Stopped {
                reason: "enough".to_owned(),
            },
            5 => CampaignEvent::ListOpened {
                list,
                source: "file".to_owned(),
                four_eyes: None,
                request_key: None,
            },
            6 => CampaignEvent::ListClosed {
                list,
                count: 4,
                before: None,
            },
            7 => CampaignEvent::DialsGranted {
                count: 1,
                until: self.story.at,
                paced: None,
                admitted: Vec::new(),
                unused: 0,
                places: Vec::new(),
            },
            8 => CampaignEvent::AlertRaised {
                alert: "slow".to_owned(),
                detail: "very".to_owned(),
            },
            9 => CampaignEvent::Completed { settled: 4 },
            _ => CampaignEvent::Reopened { list },
        };
        self.story.campaign(name, event);
    }

    fn customer(&mut self) {
        let chosen = self.campaign_index();
        let name = CAMPAIGNS[chosen];
        let of = self.small(PEOPLE_COUNT);
        let attempt = self.attempt((chosen, of));
        let later = self.story.at.plus_ms(90_000);
        let later = (!self.one_in(3)).then_some(later);
        let event = match self.below(16) {
            0 | 1 => return end_branch(self.story.enrolled(name, of)),
            2..=5 if self.open.insert((chosen, of)) => {
                let granted = self.attempts.entry((chosen, of)).or_default();
                *granted += 1;
                return end_branch(self.story.customer_granted(name, of, *granted));
            }
            6 => CustomerEvent::DialRefused {
                campaign: campaign(name),
                call: call(name, of, attempt),
                verdict: self.verdict(),
                not_before: later,
            },
            7 if self.open.remove(&(chosen, of)) => CustomerEvent::DialReleased {
                campaign: campaign(name),
                call: call(name, of, self.granted((chosen, of))),
                reason: "number_refused".to_owned(),
                not_before: later,
            },
            2..=10 if self.open.remove(&(chosen, of)) => CustomerEvent::CallClosed {
                campaign: campaign(name),
                call: call(name, of, self.granted((chosen, of))),
                number: number(of),
                disposition: self.disposition(),
                outcome: self.outcome(),
                charged: true,
                answered: self.one_in(2),
                dialed_at: self.story.at,
                next_due_at: later,
                next_number: self.one_in(4).then(|| number(of + 100)),
                round: None,
                policy_due_at: None,
                timing: None,
            },
            7..=11 => {
                let disposition = self.disposition();
                return end_branch(self.story.settled(name, of, disposition));
            }
            12 => CustomerEvent::Registered {
                external_id: sealed("external", true),
                name: self.one_in(2).then(|| sealed("name", false)),
                time_zone: self.one_in(2).then(|| "Asia/Shanghai".to_owned()),
            },
            13 => CustomerEvent::NumberAdded {
                number: number(of + 100 * self.small(2)),
                phone: sealed("phone", true),
                country: None,
            },
            14 => CustomerEvent::ConsentWithdrawn {
                scope: "calls".to_owned(),
                source: "web".to_owned(),
                open_calls: Vec::new(),
            },
            _ => CustomerEvent::Erased {
                numbers_count: 1,
                enrolments_count: 1,
            },
        };
        self.story.customer(of, event);
    }

    fn number(&mut self) {
        let chosen = self.campaign_index();
        let name = CAMPAIGNS[chosen];
        let of = self.small(PEOPLE_COUNT);
        let attempt = self.attempt((chosen, of));
        let event = match self.below(6) {
            0 | 1 => return end_branch(self.story.number_granted(name, of, attempt)),
            2 => NumberEvent::DialRefused {
                campaign: campaign(name),
                call: call(name, of, attempt),
                verdict: self.verdict(),
                not_before: None,
            },
            3 => NumberEvent::DialReleased {
                call: call(name, of, attempt),
                reason: "grant_expired".to_owned(),
            },
            _ => return end_branch(self.story.number_closed(name, of, attempt)),
        };
        self.story.number(of, event);
    }

    fn call(&mut self) {
        let chosen = self.campaign_index();
        let name = CAMPAIGNS[chosen];
        let of = self.small(PEOPLE_COUNT);
        let attempt = self.attempt((chosen, of));
        let id = call(name, of, attempt);
        let node = "greeting".to_owned();
        let leg = u8::try_from(1 + self.below(2)).unwrap();
        let event = match self.below(14) {
            // A decider permits a call once.
            0..=3 if self.permitted.insert((chosen, of, attempt)) => {
                return end_branch(self.story.permitted(name, of, attempt));
            }
            0..=3 => CallEvent::NodeEntered { node },
            4 | 5 => {
                let trunk = ["first", "second"][usize::from(leg) - 1];
                return end_branch(self.story.dialing(id, leg, trunk));
            }
            6 => CallEvent::Ringing {
                leg,
                sip_code: 180,
                early_media: false,
            },
            7 | 8 => return end_branch(self.story.answered(id, leg)),
            9 => CallEvent::TransferRequested { node, reason: None },
            10 => CallEvent::HangupRequested {
                leg,
                reason: EndReason::FlowEnded,
            },
            11 | 12 => {
                let disposition = self.disposition();
                let outcome = self.outcome();
                let talk_ms = self.below(90_000);
                return end_branch(self.story.ended(id, disposition, outcome, talk_ms));
            }
            _ if self.one_in(3) => CallEvent::LateAnswered {
                leg,
                dialog: dialog(),
            },
            _ => {
                let before = (self.disposition(), self.outcome());
                let after = (self.disposition(), self.outcome());
                return end_branch(self.story.corrected(id, before, after));
            }
        };
        self.story.call(id, event);
    }
}
