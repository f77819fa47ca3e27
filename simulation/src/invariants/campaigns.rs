//! Checks each campaign: its lists, its batches, its pauses, its end.

use super::fact::{Fact, Member};
use super::terms::Terms;
use super::{Evidence, Findings};
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Time after a pause in which a first dial is still allowed, in milliseconds: a batch may be a second old
/// and a grant two.
const PAUSE_HOLDS_AFTER_MS: u64 = 3_000;

#[derive(Default)]
struct Campaign<'a> {
    max_concurrent: u64,
    ends_at: Option<Timestamp>,
    paused_at: Option<Timestamp>,
    lists: BTreeMap<&'a str, List>,
    enrolled: u64,
    settled: u64,
    dials_granted: u64,
    dials_used: u64,
    open: BTreeSet<&'a str>,
    is_over: bool,
    /// The time until which its window was reported closed for all customers.
    closed_until: Option<Timestamp>,
}

#[derive(Default)]
struct List {
    enrolled: u64,
    closed: Option<u64>,
}

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    let append_ms_max = evidence.append_ms_max;
    let mut campaigns: BTreeMap<&str, Campaign<'_>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| !fact.campaign.is_empty()) {
        let campaign = campaigns.entry(&fact.campaign).or_default();
        match fact.kind.split_once('.').map_or("", |(aggregate, _)| aggregate) {
            "campaign" => campaign.hear(findings, fact, evidence.terms.get(&fact.campaign)),
            "customer" => campaign.hear_customer(findings, fact),
            "call" => campaign.hear_call(findings, fact, append_ms_max),
            _ => {}
        }
    }
    for (id, campaign) in campaigns {
        match evidence.never_began.get(id) {
            None => findings.check("each_campaign_completes", campaign.is_over, || id.to_owned()),
            Some(at) => {
                let terms = evidence.terms.get(id).zip(campaign.ends_at);
                let opens = terms.is_none_or(|(terms, ends_at)| terms.opens_within(*at, ends_at));
                findings.check("a_start_is_refused_where_nothing_opens", !opens, || {
                    format!("{id} at {at}")
                });
            }
        }
        for (list, one) in &campaign.lists {
            findings.check(
                "a_list_closes_with_its_count",
                one.closed == Some(one.enrolled),
                || {
                    format!(
                        "{id} {list}: {} enrolled, closed with {:?}",
                        one.enrolled, one.closed
                    )
                },
            );
        }
    }
}

impl<'a> Campaign<'a> {
    /// True if a batch may be granted: the window is not closed, or it does not open again before the
    /// campaign's end, so that each customer is asked and settled.
    fn may_ask(&self, at: Timestamp, terms: Option<&Terms>) -> bool {
        if self.closed_until.is_none_or(|until| at >= until) {
            return true;
        }
        let known = terms.zip(self.ends_at);
        known.is_some_and(|(terms, ends_at)| !terms.opens_within(at, ends_at))
    }

    fn hear(&mut self, findings: &mut Findings, fact: &'a Fact, terms: Option<&Terms>) {
        match fact.kind.as_str() {
            CampaignEvent::CREATED => {
                self.max_concurrent = fact.number(Member::MaxConcurrent);
                self.ends_at = fact.text(Member::EndsAt).parse().ok();
            }
            CampaignEvent::PAUSED => self.paused_at = Some(fact.at),
            CampaignEvent::RESUMED => self.paused_at = None,
            CampaignEvent::LIST_OPENED => {
                self.lists.entry(fact.text(Member::List)).or_default();
            }
            CampaignEvent::LIST_CLOSED => {
                self.lists.entry(fact.text(Member::List)).or_default().closed =
                    Some(fact.number(Member::Count));
            }
            CampaignEvent::DIALS_GRANTED => {
                let runs = self.paused_at.is_none() && !self.is_over;
                findings.check("no_batch_while_paused_or_over", runs, || {
                    format!("{} at {}", fact.campaign, fact.at)
                });
                let open = self.may_ask(fact.at, terms);
                findings.check("no_batch_while_the_window_is_closed", open, || {
                    format!("{} at {}", fact.campaign, fact.at)
                });
                self.dials_granted += fact.number(Member::Count);
            }
            CampaignEvent::WINDOW_CLOSED => {
                let until: Option<Timestamp> = fact.text(Member::Until).parse().ok();
                let once = until > self.closed_until && until > Some(fact.at);
                findings.check("a_closing_of_the_window_is_said_once", once, || {
                    format!("{} at {}: {until:?}", fact.campaign, fact.at)
                });
                self.closed_until = until;
            }
            CampaignEvent::COMPLETED => {
                self.is_over = true;
                let settled = fact.number(Member::Settled);
                let whole = settled == self.settled && settled == self.enrolled;
                findings.check("a_campaign_completes_when_all_have_settled", whole, || {
                    format!(
                        "{}: {settled} of {} settled, {} enrolled",
                        fact.campaign, self.settled, self.enrolled
                    )
                });
            }
            _ => {}
        }
    }

    fn hear_customer(&mut self, findings: &mut Findings, fact: &'a Fact) {
        match fact.kind.as_str() {
            CustomerEvent::ENROLLED => {
                self.enrolled += 1;
                self.lists.entry(fact.text(Member::List)).or_default().enrolled += 1;
            }
            CustomerEvent::ENROLMENT_SETTLED => self.settled += 1,
            CustomerEvent::DIAL_GRANTED => {
                self.dials_used += 1;
                let within = self.dials_used <= self.dials_granted;
                findings.check("a_grant_uses_a_dial_of_a_batch", within, || {
                    format!("{}: {} of {}", fact.campaign, self.dials_used, self.dials_granted)
                });
            }
            _ => {}
        }
    }

    fn hear_call(&mut self, findings: &mut Findings, fact: &'a Fact, append_ms_max: u64) {
        match fact.kind.as_str() {
            CallEvent::DIALING => {
                self.open.insert(&fact.stream);
                let count = self.open.len() as u64;
                findings.check("concurrency_limit", count <= self.max_concurrent, || {
                    format!("{}: {count} open of {}", fact.campaign, self.max_concurrent)
                });
                let paused = self.paused_at;
                let holds =
                    paused.is_none_or(|at| fact.at.ms_since(at) <= PAUSE_HOLDS_AFTER_MS + append_ms_max);
                findings.check("nobody_is_dialed_while_paused", holds, || {
                    format!("{} at {}, paused at {paused:?}", fact.stream, fact.at)
                });
                let before_end = self.ends_at.is_none_or(|ends_at| fact.at < ends_at);
                findings.check("nobody_is_dialed_after_the_campaigns_end", before_end, || {
                    format!("{} at {}", fact.stream, fact.at)
                });
            }
            CallEvent::ENDED => {
                self.open.remove(fact.stream.as_str());
            }
            _ => {}
        }
    }
}
