//! Checks what the telemarketing rule of the United States requires besides hours and consent (16 CFR 310.4,
//! 47 CFR 64.1200): a fresh registry, no number on it called, agents who take the calls, few abandoned calls,
//! and the seller named to callees without an agent.

use super::fact::{Fact, Member};
use super::terms::Terms;
use super::zones::day;
use super::{Evidence, Findings};
use crate::telemarketing::REGISTRY;
use domain::call::event::CallEvent;
use domain::calling_plan::Preset;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::number::event::NumberEvent;
use domain::registry::RegistryEvent;
use domain::time::Timestamp;
use media::lines::BookEntry;
use std::collections::{BTreeMap, BTreeSet};

/// Days for which an edition of the registry is valid.
const FRESH_DAYS: i64 = 31;

/// A callee must have an agent or hear the seller's message within this time, in milliseconds.
const WITHIN_MS: u64 = 2_000;

/// Longest time from the end of the agents' time to the start of the message, in milliseconds.
const BEGINS_MS: u64 = 1_000;

#[derive(Default)]
struct TelemarketingState<'a> {
    /// The day of the newest edition of the whole registry.
    whole: Option<i64>,
    /// The day of the newest edition of each area code imported separately.
    areas: BTreeMap<&'a str, i64>,
    registered: BTreeSet<&'a str>,
    /// Campaigns in which agents take the calls.
    relieved: BTreeSet<&'a str>,
    /// Answers and abandoned calls on each campaign's record.
    accounts: BTreeMap<&'a str, (u64, u64)>,
    /// The same, at the time of each campaign's last batch.
    stood: BTreeMap<&'a str, (u64, u64)>,
    answered: BTreeMap<&'a str, Timestamp>,
    /// Calls in which the callee had an agent or heard the seller's message.
    attended: BTreeSet<&'a str>,
}

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    judge_by(findings, facts, evidence.terms, evidence.book);
}

fn judge_by(
    findings: &mut Findings,
    facts: &[Fact],
    of: &BTreeMap<String, Terms>,
    book: &BTreeMap<String, BookEntry>,
) {
    let mut heard = TelemarketingState::default();
    for fact in facts {
        match fact.kind.as_str() {
            RegistryEvent::IMPORTED if fact.text(Member::Registry) == REGISTRY => {
                heard.take(fact);
            }
            NumberEvent::SUPPRESSED if fact.text(Member::Reason) == REGISTRY => {
                heard.registered.insert(fact.subject());
            }
            CampaignEvent::CREATED if fact.text_at(&[Member::Screening, Member::Relief]) == "agents" => {
                heard.relieved.insert(&fact.campaign);
            }
            CampaignEvent::ABANDONMENT_RECORDED => {
                let account = heard.accounts.entry(&fact.campaign).or_default();
                account.0 += fact.number(Member::Answers);
                account.1 += fact.number(Member::Drops);
            }
            NumberEvent::DIAL_GRANTED => {
                let is_free = !heard.registered.contains(fact.subject());
                findings.check("no_grant_of_a_number_on_the_registry", is_free, || {
                    fact.stream.clone()
                });
            }
            _ => {}
        }
        let terms = of.get(&fact.campaign);
        if let Some(terms) = terms.filter(|terms| terms.preset == Preset::UsTsr) {
            heard.sold(findings, fact, terms, book);
        }
    }
}

impl<'a> TelemarketingState<'a> {
    /// Applies an edition of the registry.
    fn take(&mut self, imported: &'a Fact) {
        let as_of = day(imported.text(Member::AsOf));
        match imported.text(Member::Areas) {
            "" => self.whole = self.whole.max(Some(as_of)),
            areas => {
                for area in areas.split(',') {
                    let known = self.areas.entry(area).or_insert(as_of);
                    *known = as_of.max(*known);
                }
            }
        }
    }

    /// Checks an event of a campaign under the rule, and keeps what later checks need.
    fn sold(
        &mut self,
        findings: &mut Findings,
        fact: &'a Fact,
        terms: &Terms,
        book: &BTreeMap<String, BookEntry>,
    ) {
        let call = fact.stream.as_str();
        match fact.kind.as_str() {
            CampaignEvent::DIALS_GRANTED => {
                let account = self.accounts.get(fact.campaign.as_str()).copied();
                self.stood.insert(&fact.campaign, account.unwrap_or_default());
            }
            CustomerEvent::DIAL_GRANTED => self.granted(findings, fact, terms),
            CallEvent::DIALING => {
                let relieved = self.relieved.contains(fact.campaign.as_str());
                findings.check("no_robot_sells_alone", relieved, || fact.stream.clone());
                // A call cut off before its INVITE rang at no phone.
                if let Some(entry) = book.get(fact.text(Member::SipCallId)) {
                    self.dialed(findings, fact, terms, &entry.callee);
                }
            }
            CallEvent::ANSWERED => {
                self.answered.insert(call, fact.at);
            }
            CallEvent::AGENT_CONNECTED | CallEvent::SELLER_MESSAGE_PLAYED => {
                self.attended.insert(call);
            }
            CallEvent::ENDED => self.ended(findings, fact),
            _ => {}
        }
    }

    /// Checks that the registry was fresh at a dial: the whole one, or the edition of the number's own area
    /// code.
    fn dialed(&self, findings: &mut Findings, fact: &Fact, terms: &Terms, callee: &str) {
        let today = terms.zone.local(fact.at).1;
        let area = callee.strip_prefix("+1").and_then(|national| national.get(..3));
        let of_area = area.and_then(|area| self.areas.get(area)).copied();
        let as_of = self.whole.max(of_area);
        let is_fresh = as_of.is_some_and(|as_of| today - as_of <= FRESH_DAYS);
        findings.check("no_dial_to_an_area_by_a_registry_too_old", is_fresh, || {
            format!("{} in {area:?} on day {today}, as of {as_of:?}", fact.stream)
        });
    }

    /// Checks the abandon rate at the time of the batch: at most 3 %, or at most three abandoned calls of
    /// fewer than a hundred answers.
    fn granted(&self, findings: &mut Findings, fact: &Fact, terms: &Terms) {
        let today = terms.zone.local(fact.at).1;
        let newest = self.whole.max(self.areas.values().max().copied());
        let is_fresh = newest.is_some_and(|as_of| today - as_of <= FRESH_DAYS);
        findings.check("no_grant_by_a_registry_too_old", is_fresh, || {
            format!("{} on day {today}, as of {newest:?}", fact.stream)
        });
        let stood = self.stood.get(fact.campaign.as_str()).copied();
        let (answers, drops) = stood.unwrap_or_default();
        let is_kept = drops * 1_000 <= answers * 30 || (answers < 100 && drops <= 3);
        findings.check("no_grant_beyond_three_of_a_hundred", is_kept, || {
            format!("{} in {}: {drops} of {answers}", fact.stream, fact.campaign)
        });
    }

    /// Checks that a callee who waited longer than an agent may take heard the seller's message, unless the
    /// machine died.
    fn ended(&self, findings: &mut Findings, fact: &Fact) {
        let Some(answered_at) = self.answered.get(fact.stream.as_str()) else {
            return;
        };
        let stayed_ms = fact.at.ms_since(*answered_at);
        if fact.text(Member::Disposition) != "abandoned" || stayed_ms <= WITHIN_MS + BEGINS_MS {
            return;
        }
        let is_attended = self.attended.contains(fact.stream.as_str());
        findings.check("who_finds_nobody_is_told_the_seller", is_attended, || {
            format!("{} stayed {stayed_ms} ms", fact.stream)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign_profile::CampaignProfile;
    use crate::clock::SeededChance;
    use crate::scenario::Scenario;

    /// Noon in New York, on the 31st day of the registry.
    const NOON: &str = "2026-03-04T17:00:00Z";

    fn fact(kind: &str, stream: &str, at: &str, data: &str) -> Fact {
        let json =
            format!(r#"{{"kind":"{kind}","stream":"{stream}","at":"{at}","campaign":"T","data":{data}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    /// The INVITE of a call to a phone in Manhattan.
    fn rung() -> BookEntry {
        BookEntry {
            line: "trunk-0".to_owned(),
            callee: "+12125550100".to_owned(),
            invites: 1,
            invited_at: NOON.parse().unwrap(),
            replied: true,
            refused_code: None,
            answered_at: None,
            acknowledged_at: None,
            byes: 0,
            ended_at: None,
            ended_left_over: false,
        }
    }

    /// The names of violated invariants for a call that is dialed, answered and not attended, with its facts
    /// changed by `change`.
    fn violated(change: impl FnOnce(&mut Vec<Fact>)) -> Vec<String> {
        let mut facts = vec![
            fact(
                "registry.imported",
                "registries-all",
                NOON,
                r#"{"registry":"us-dnc","as_of":"2026-02-01"}"#,
            ),
            fact(
                "campaign.created",
                "campaign-T",
                NOON,
                r#"{"screening":{"relief":"agents"}}"#,
            ),
            fact(
                "campaign.abandonment_recorded",
                "campaign-T",
                NOON,
                r#"{"answers":9,"drops":3}"#,
            ),
            fact("campaign.dials_granted", "campaign-T", NOON, "{}"),
            fact("customer.dial_granted", "customer-c", NOON, "{}"),
            fact("number.dial_granted", "number-n", NOON, "{}"),
            fact("call.dialing", "call-1", NOON, r#"{"sip_call_id":"1@home"}"#),
            fact("call.answered", "call-1", "2026-03-04T17:00:05Z", "{}"),
            fact(
                "call.seller_message_played",
                "call-1",
                "2026-03-04T17:00:09Z",
                "{}",
            ),
            fact(
                "call.ended",
                "call-1",
                "2026-03-04T17:00:09Z",
                r#"{"disposition":"abandoned"}"#,
            ),
        ];
        change(&mut facts);
        let scenario = Scenario {
            preset: Some(Preset::UsTsr),
            ..Scenario::default()
        };
        let manner = CampaignProfile::draw(&SeededChance::new(1, 1), &scenario, 1);
        let terms = BTreeMap::from([("T".to_owned(), Terms::of(&manner))]);
        let mut findings = Findings::default();
        let book = BTreeMap::from([("1@home".to_owned(), rung())]);
        judge_by(&mut findings, &facts, &terms, &book);
        assert!(
            findings.tallies.len() >= 4,
            "{:?} are checked",
            findings.tallies.keys()
        );
        let wrong = findings.tallies.iter().filter(|(_, tally)| tally.violations > 0);
        wrong.map(|(name, _)| name.to_string()).collect()
    }

    #[test]
    fn each_thing_that_the_rule_asks_is_missed_where_it_is_not_there() {
        assert_eq!(violated(|_| {}), Vec::<&str>::new());
        let imported = |data| fact("registry.imported", "registries-all", NOON, data);
        let created = |data| fact("campaign.created", "campaign-T", NOON, data);
        let recorded = |data| fact("campaign.abandonment_recorded", "campaign-T", NOON, data);
        let suppressed = |data| fact("number.suppressed", "number-n", NOON, data);
        let too_old = [
            "no_dial_to_an_area_by_a_registry_too_old",
            "no_grant_by_a_registry_too_old",
        ];
        for (nth, other, names) in [
            (
                0,
                imported(r#"{"registry":"us-dnc","as_of":"2026-01-31"}"#),
                &too_old[..],
            ),
            (
                0,
                imported(r#"{"registry":"partner","as_of":"2026-03-01"}"#),
                &too_old[..],
            ),
            // By area codes: those of other areas are fresh.
            (
                0,
                imported(r#"{"registry":"us-dnc","as_of":"2026-03-01","areas":["917","646"]}"#),
                &too_old[..1],
            ),
            (
                0,
                imported(r#"{"registry":"us-dnc","as_of":"2026-03-01","areas":["917","212"]}"#),
                &[],
            ),
            (
                1,
                created(r#"{"screening":{"relief":"robot"}}"#),
                &["no_robot_sells_alone"],
            ),
            (
                2,
                recorded(r#"{"answers":99,"drops":4}"#),
                &["no_grant_beyond_three_of_a_hundred"],
            ),
            // Replaces the seller's message.
            (8, suppressed("{}"), &["who_finds_nobody_is_told_the_seller"]),
        ] {
            assert_eq!(violated(|facts| facts[nth] = other), names);
        }
        let registered = suppressed(r#"{"reason":"us-dnc"}"#);
        assert_eq!(
            violated(|facts| facts.insert(0, registered)),
            ["no_grant_of_a_number_on_the_registry"]
        );
    }
}
