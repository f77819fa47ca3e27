//! The population: every call that ended, in the order of its `call.ended`, with its stratum.

use crate::log_walk::{Log, LogEnd, unreadable, walk};
use crate::sampling::SampleParameters;
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::event_filter::EventFacts;
use domain::ids::{CallId, CampaignId};
use domain::problem::{Problem, ProblemKind};
use domain::sample::StratificationKey;
use domain::stored_event::{Position, StoredEvent, read_event};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Most calls of a population, about 100 bytes each in memory during the draw; more are refused.
const POPULATION_CALLS_MAX: usize = 5_000_000;

/// Stratum of a call that was never dialed, if calls are divided by trunk.
const NO_TRUNK: &str = "-";

/// The calls that ended, each with the number of its stratum.
#[derive(Debug, Default)]
pub(super) struct Population {
    codes: BTreeMap<String, u32>,
    /// In the order of their `call.ended`.
    members: Vec<(CallId, u32)>,
}

impl Population {
    /// Reads the population from the log up to a position (`None`: its head), with the end of the read.
    pub(super) async fn read(
        log: Log<'_>,
        ask: &SampleParameters,
        upto: Option<Position>,
    ) -> Result<(Self, LogEnd), Problem> {
        let mut fold = Fold::of(ask);
        let end = walk(log, upto, &mut |event, facts| fold.take(event, facts)).await?;
        Ok((fold.finish(), end))
    }

    /// Makes a population of calls with the codes of their strata.
    #[cfg(test)]
    pub(super) fn of(calls: &[(CallId, String)]) -> Self {
        let mut population = Self::default();
        for (call, code) in calls {
            let number = population.number(code);
            population.members.push((*call, number));
        }
        population
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns the calls of each stratum, by the stratum's code. Strata without calls are left out.
    pub(crate) fn strata(&self) -> BTreeMap<&str, Vec<CallId>> {
        let names: BTreeMap<u32, &str> = self
            .codes
            .iter()
            .map(|(code, number)| (*number, code.as_str()))
            .collect();
        let mut strata: BTreeMap<&str, Vec<CallId>> = BTreeMap::new();
        for (call, number) in &self.members {
            let code = names.get(number).copied().unwrap_or_default();
            strata.entry(code).or_default().push(*call);
        }
        strata
    }

    /// Returns the SHA-256 of the call ids in order, one per line.
    pub(super) fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for (call, _) in &self.members {
            hash.update(format!("{call}\n"));
        }
        domain::hex::encode(&hash.finalize())
    }

    fn number(&mut self, code: &str) -> u32 {
        if let Some(number) = self.codes.get(code) {
            return *number;
        }
        let number = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        self.codes.insert(code.to_owned(), number);
        number
    }
}

/// What is known of a call that has not ended while the log is read.
#[derive(Debug, Clone, Copy)]
struct SampledCallState {
    stratum: u32,
    /// True if its first leg was dialed, so that the trunk is known.
    dialed: bool,
}

struct Fold<'a> {
    stratify: Option<StratificationKey>,
    campaign: Option<&'a CampaignId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    calls: BTreeMap<CallId, SampledCallState>,
    ended: Vec<CallId>,
    population: Population,
}

impl<'a> Fold<'a> {
    fn of(ask: &'a SampleParameters) -> Self {
        Self {
            stratify: ask.stratify,
            campaign: ask.campaign.as_ref(),
            from: ask.from,
            to: ask.to,
            calls: BTreeMap::new(),
            ended: Vec::new(),
            population: Population::default(),
        }
    }

    fn take(&mut self, stored: &StoredEvent, facts: &EventFacts<'_>) -> Result<(), Problem> {
        let wanted = [
            CallEvent::PERMITTED,
            CallEvent::DIALING,
            CallEvent::ENDED,
            CallEvent::CORRECTED,
        ];
        let of_campaign = self
            .campaign
            .is_none_or(|campaign| facts.campaign.as_deref() == Some(campaign.as_str()));
        if !of_campaign || !wanted.contains(&facts.kind.as_ref()) {
            return Ok(());
        }
        let envelope = stored.envelope().map_err(unreadable)?;
        let event = read_event::<Call>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
        let call = envelope.stream.id().parse();
        let call: CallId = call.map_err(|error: domain::ids::InvalidId| Problem::fault(error.to_string()))?;
        self.apply(call, facts.campaign.as_deref(), envelope.at, &event)
    }

    fn apply(
        &mut self,
        call: CallId,
        campaign: Option<&str>,
        at: Timestamp,
        event: &CallEvent,
    ) -> Result<(), Problem> {
        let stratify = self.stratify;
        match event {
            CallEvent::Permitted { flow, .. } => {
                if self.calls.len() >= POPULATION_CALLS_MAX {
                    return Err(too_large());
                }
                let code = match stratify {
                    None | Some(StratificationKey::Disposition) => String::new(),
                    Some(StratificationKey::Campaign) => campaign.unwrap_or_default().to_owned(),
                    Some(StratificationKey::Trunk) => NO_TRUNK.to_owned(),
                    Some(StratificationKey::FlowVersion) => format!("{}@{}", flow.flow, flow.version),
                };
                let stratum = self.population.number(&code);
                self.calls.insert(
                    call,
                    SampledCallState {
                        stratum,
                        dialed: false,
                    },
                );
            }
            CallEvent::Dialing { trunk, .. } => {
                let first = self.calls.get(&call).is_some_and(|seen| !seen.dialed);
                if first && stratify == Some(StratificationKey::Trunk) {
                    self.put(call, trunk);
                }
                if let Some(seen) = self.calls.get_mut(&call) {
                    seen.dialed = true;
                }
            }
            CallEvent::Ended { disposition, .. } => {
                let late = self.to.is_some_and(|to| at >= to);
                if late || self.from.is_some_and(|from| at < from) {
                    self.calls.remove(&call);
                    return Ok(());
                }
                self.end(call, disposition.code());
            }
            // The outcome as known at the position counts, not the first recorded one.
            CallEvent::Corrected { after, .. } if stratify == Some(StratificationKey::Disposition) => {
                self.put(call, after.disposition.code());
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, call: CallId, disposition: &str) {
        if !self.calls.contains_key(&call) {
            return;
        }
        if self.stratify == Some(StratificationKey::Disposition) {
            self.put(call, disposition);
        }
        self.ended.push(call);
    }

    fn put(&mut self, call: CallId, code: &str) {
        let number = self.population.number(code);
        if let Some(seen) = self.calls.get_mut(&call) {
            seen.stratum = number;
        }
    }

    fn finish(mut self) -> Population {
        for call in &self.ended {
            if let Some(seen) = self.calls.get(call) {
                self.population.members.push((*call, seen.stratum));
            }
        }
        self.population
    }
}

fn too_large() -> Problem {
    Problem::new(
        ProblemKind::TooLarge,
        "population-too-large",
        format!(
            "more than {POPULATION_CALLS_MAX} calls: draw from one campaign, or up to an earlier position"
        ),
    )
}
