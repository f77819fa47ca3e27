//! Samples that prove themselves: drawn from the log alone, by a rule that takes five lines in any language.
//!
//! The population is the calls that ended up to a position. A call's rank is the SHA-256 of the seed and the
//! call's id, both as text, one directly after the other; the lowest ranks are drawn. A stratified draw gives
//! each stratum its share by largest remainder and takes the lowest ranks of each. No user chooses.

mod allot;
mod document;
mod population;

pub use document::{SampleResponse, SignOff, document, parse_draw, signed_off};

use crate::log_walk::{Log, LogEnd};
use allot::allot;
use domain::ids::{CallId, CampaignId, SampleId};
use domain::problem::{Problem, ProblemKind};
use domain::sample::{
    DrawFacts, DrawnSample, SAMPLE_CALLS_MAX, SEED_BYTES_MAX, STRATA_MAX, StratificationKey, Stratum,
};
use domain::stored_event::Position;
use domain::time::Timestamp;
use population::Population;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The parameters of a draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleParameters {
    pub seed: String,
    pub size: u32,
    pub stratify: Option<StratificationKey>,
    pub campaign: Option<CampaignId>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl SampleParameters {
    /// Returns the parameters with which an earlier draw can be repeated.
    pub fn of(facts: &DrawFacts) -> Self {
        Self {
            seed: facts.seed.clone(),
            size: facts.size,
            stratify: facts.stratify,
            campaign: facts.campaign.clone(),
            from: facts.from,
            to: facts.to,
        }
    }

    fn check(&self) -> Result<(), Problem> {
        let invalid = |why: String| Err(Problem::invalid("sample-invalid", why));
        if self.seed.is_empty() || self.seed.len() > SEED_BYTES_MAX {
            return invalid(format!("a seed has 1 to {SEED_BYTES_MAX} bytes"));
        }
        if !usize::try_from(self.size).is_ok_and(|size| (1..=SAMPLE_CALLS_MAX).contains(&size)) {
            return invalid(format!("a sample has 1 to {SAMPLE_CALLS_MAX} calls"));
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) if from >= to => invalid("it must end after it begins".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Returns the rank of a call: the SHA-256 of the seed and the call's id, both as text. The calls with the
/// lowest ranks are drawn.
pub fn rank(seed: &str, call: CallId) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.as_bytes());
    hash.update(call.to_string().as_bytes());
    hash.finalize().into()
}

/// Draws a sample from the log up to `upto` (`None`: up to its head). Reads the log once from its first
/// event.
pub async fn draw(
    log: Log<'_>,
    ask: &SampleParameters,
    upto: Option<Position>,
) -> Result<DrawnSample, Problem> {
    ask.check()?;
    let (population, end) = Population::read(log, ask, upto).await?;
    if population.is_empty() {
        return Err(Problem::new(
            ProblemKind::Refused,
            "population-empty",
            "no ended call matches: there is nothing to draw from",
        ));
    }
    if population.strata().len() > STRATA_MAX {
        return Err(Problem::new(
            ProblemKind::Refused,
            "too-many-strata",
            format!(
                "the population has {} strata, more than the limit of {STRATA_MAX}",
                population.strata().len()
            ),
        ));
    }
    Ok(drawn(ask, &population, end))
}

fn drawn(ask: &SampleParameters, population: &Population, end: LogEnd) -> DrawnSample {
    let parts = population.strata();
    let sizes: Vec<u64> = parts.values().map(|calls| count(calls.len())).collect();
    let shares = allot(u64::from(ask.size), &sizes);
    let mut chosen: BTreeMap<[u8; 32], CallId> = BTreeMap::new();
    let mut strata = Vec::with_capacity(parts.len());
    for ((code, calls), share) in parts.iter().zip(shares) {
        let ranked: BTreeMap<[u8; 32], CallId> =
            calls.iter().map(|call| (rank(&ask.seed, *call), *call)).collect();
        let taken = usize::try_from(share).unwrap_or(usize::MAX);
        chosen.extend(ranked.into_iter().take(taken));
        strata.push(Stratum {
            code: (*code).to_owned(),
            population: count(calls.len()),
            drawn: u32::try_from(share).unwrap_or(u32::MAX),
        });
    }
    DrawnSample {
        facts: DrawFacts {
            seed: ask.seed.clone(),
            size: ask.size,
            stratify: ask.stratify,
            campaign: ask.campaign.clone(),
            from: ask.from,
            to: ask.to,
            position: end.position,
            log_size: end.size,
            log_root: end.root,
        },
        population_sha256: population.sha256(),
        population: sizes.iter().sum(),
        strata,
        calls: chosen.into_values().collect(),
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Returns the id of the sample with these facts, derived from them: the same draw always has the same id.
pub fn sample_id(facts: &DrawFacts) -> SampleId {
    SampleId::derive(&serde_json::to_string(facts).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::hex;

    fn nth(n: u128) -> CallId {
        CallId::new(uuid::Uuid::from_u128(n))
    }

    fn ask(size: u32, stratify: Option<StratificationKey>) -> SampleParameters {
        SampleParameters {
            seed: "2026-03".to_owned(),
            size,
            stratify,
            campaign: None,
            from: None,
            to: None,
        }
    }

    fn end() -> LogEnd {
        LogEnd {
            position: Position(9),
            size: 9,
            root: String::new(),
        }
    }

    #[test]
    fn a_rank_is_the_sha_256_of_seed_and_id_as_text() {
        // python3: hashlib.sha256(b"2026-03" + b"00000000-0000-0000-0000-000000000001").hexdigest()
        assert_eq!(
            hex::encode(&rank("2026-03", nth(1))),
            "e59f5e7fb4161e759b47483a3074a905cd830bd407a8119cd878b487f26dcfc0"
        );
    }

    #[test]
    fn the_lowest_ranks_are_drawn_and_a_larger_sample_holds_the_smaller() {
        let calls: Vec<_> = (1..=50).map(|n| (nth(n), String::new())).collect();
        let population = Population::of(&calls);
        let ten = drawn(&ask(10, None), &population, end()).calls;
        let mut all: Vec<_> = calls.iter().map(|(call, _)| *call).collect();
        all.sort_by_key(|call| rank("2026-03", *call));
        assert_eq!(ten, all[..10]);
        assert_eq!(drawn(&ask(20, None), &population, end()).calls[..10], ten);
        let more = drawn(&ask(60, None), &population, end());
        assert_eq!((more.calls.len(), more.population), (50, 50));
    }

    #[test]
    fn each_stratum_gives_its_share_and_its_own_lowest_ranks() {
        let code = |n: u128| if n <= 70 { "answered" } else { "busy" };
        let calls: Vec<_> = (1..=100).map(|n| (nth(n), code(n).to_owned())).collect();
        let drawn = drawn(
            &ask(10, Some(StratificationKey::Disposition)),
            &Population::of(&calls),
            end(),
        );
        let shares: Vec<_> = drawn
            .strata
            .iter()
            .map(|part| (part.code.as_str(), part.population, part.drawn))
            .collect();
        assert_eq!(shares, [("answered", 70, 7), ("busy", 30, 3)]);
        let busy = drawn.calls.iter().filter(|call| **call > nth(70)).count();
        assert_eq!(busy, 3);
    }
}
