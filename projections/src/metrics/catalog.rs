//! The catalog: every metric and term of the file, read once and checked.

use super::checks;
use super::program::{Program, programs};
use super::term::Term;
use crate::error::ProjectionError;
use domain::call::event::CallEvent;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The one file.
const FILE: &str = include_str!("metrics.yaml");

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    pub zh: String,
    pub en: String,
}

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A part of a whole, 0 to 1.
    Ratio,
    Ms,
    Count,
}

/// What one figure means. Never changed once published: another meaning is another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    pub name: String,
    /// From 1, without gaps.
    pub version: u32,
    /// The day from which this version is the one to quote, `2026-01-01`.
    pub effective_from: String,
    /// The version that is meant where none is named; without one, the latest is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub headline: bool,
    pub unit: Unit,
    /// The name of a term; absent while `awaits` says what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<String>,
    /// Dimensions it can be split by; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    pub label: Texts,
    pub definition: Texts,
    /// The rule it follows, where it follows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Events that do not exist yet, without which there is no figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<String>,
}

// Serde hands a reference to whatever decides that a member is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    terms: BTreeMap<String, Term>,
    metrics: Vec<Metric>,
}

/// Every metric and term.
#[derive(Debug)]
pub struct Catalog {
    /// By name; a term's index here is its bit in the board's rows.
    terms: Vec<Term>,
    metrics: Vec<Metric>,
    /// Kinds whose times are remembered of a call; an index here stands for the kind in the board's rows.
    pub(super) marks: Vec<String>,
    programs: BTreeMap<String, Program>,
    kinds: BTreeSet<String>,
}

/// No metric or version of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    #[error("there is no metric {name:?}; did you mean {nearest}? There are: {}", .names.join(", "))]
    Name {
        name: String,
        nearest: String,
        names: Vec<String>,
    },
    #[error("metric {name} has no version {version}; it has {}", .versions.join(", "))]
    Version {
        name: String,
        version: u32,
        versions: Vec<String>,
    },
}

impl Catalog {
    /// Reads and checks a file; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let json = domain::yaml::value(text).map_err(|error| error.to_string())?;
        let written: Written = serde_json::from_value(json).map_err(|error| error.to_string())?;
        let terms: Vec<Term> = written
            .terms
            .into_iter()
            .map(|(name, term)| Term { name, ..term })
            .collect();
        checks::check(&terms, &written.metrics)?;
        let marks: BTreeSet<&str> = terms.iter().flat_map(Term::marks).collect();
        let marks: Vec<String> = marks.into_iter().map(str::to_owned).collect();
        let kinds = [CallEvent::PERMITTED, CallEvent::DIALING].map(str::to_owned);
        let touching = terms.iter().flat_map(Term::touched_by).map(str::to_owned);
        let kinds = kinds.into_iter().chain(touching).collect();
        Ok(Self {
            programs: programs(&terms, &marks),
            terms,
            metrics: written.metrics,
            marks,
            kinds,
        })
    }

    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// In the order of the file; versions of one name stand together.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Every kind of event that can touch a term.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(String::as_str)
    }

    /// What an event of a kind counts for; `None` where no term names the kind.
    pub(super) fn program(&self, kind: &str) -> Option<&Program> {
        self.programs.get(kind)
    }

    /// A term by its name, with its index.
    pub fn term(&self, name: &str) -> Option<(usize, &Term)> {
        let index = self
            .terms
            .binary_search_by(|term| term.name.as_str().cmp(name))
            .ok()?;
        self.terms.get(index).map(|term| (index, term))
    }

    /// A metric at a version; without one, at its headline version, or at its latest where none is marked.
    pub fn metric(&self, name: &str, version: Option<u32>) -> Result<&Metric, Unknown> {
        let versions: Vec<&Metric> = self.metrics.iter().filter(|one| one.name == name).collect();
        let Some(latest) = versions.last() else {
            return Err(self.unknown(name));
        };
        let Some(version) = version else {
            let headline = versions.iter().find(|metric| metric.headline);
            return Ok(headline.unwrap_or(latest));
        };
        let found = versions.iter().find(|metric| metric.version == version);
        found.copied().ok_or_else(|| Unknown::Version {
            name: name.to_owned(),
            version,
            versions: versions.iter().map(|metric| metric.version.to_string()).collect(),
        })
    }

    /// What stands beside a headline figure, by its label: the other versions of its name; nothing beside
    /// others.
    pub fn beside<'a>(&'a self, metric: &Metric) -> impl Iterator<Item = &'a Metric> {
        let name = metric.headline.then(|| metric.name.clone());
        let version = metric.version;
        let other = move |one: &&Metric| Some(&one.name) == name.as_ref() && one.version != version;
        self.metrics.iter().filter(other)
    }

    fn unknown(&self, name: &str) -> Unknown {
        let mut names: Vec<String> = self.metrics.iter().map(|metric| metric.name.clone()).collect();
        names.dedup();
        let nearest = names.iter().min_by_key(|known| distance(name, known)).cloned();
        Unknown::Name {
            name: name.chars().take(NAME_CHARS_SHOWN).collect(),
            nearest: nearest.unwrap_or_default(),
            names,
        }
    }
}

/// Characters of an unknown name that are said back.
const NAME_CHARS_SHOWN: usize = 64;

/// Levenshtein's distance, for "did you mean".
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.chars().take(NAME_CHARS_SHOWN).enumerate() {
        let mut next = vec![line + 1];
        for (column, right) in other.iter().enumerate() {
            let change = row.get(column).copied().unwrap_or(0) + usize::from(left != *right);
            let insert = next.last().copied().unwrap_or(0) + 1;
            let remove = row.get(column + 1).copied().unwrap_or(0) + 1;
            next.push(change.min(insert).min(remove));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The catalog of this build. An error is a fault of ours; a test reads the file.
pub fn catalog() -> Result<&'static Catalog, ProjectionError> {
    static CATALOG: OnceLock<Result<Catalog, String>> = OnceLock::new();
    CATALOG
        .get_or_init(|| Catalog::parse(FILE))
        .as_ref()
        .map_err(|why| ProjectionError::Fault(format!("metrics.yaml: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(from: &str, to: &str) -> String {
        assert!(FILE.contains(from), "{from}");
        Catalog::parse(&FILE.replacen(from, to, 1)).unwrap_err()
    }

    #[test]
    fn the_file_of_this_build_is_read() {
        let catalog = catalog().unwrap();
        assert!(catalog.metrics().len() > 30);
        let (index, term) = catalog.term("answered_calls").unwrap();
        assert_eq!(catalog.terms()[index], *term);
    }

    #[test]
    fn without_a_version_the_headline_is_meant_with_the_others_beside_it_or_the_latest_where_none_is_one() {
        let catalog = catalog().unwrap();
        let metric = |version| catalog.metric("answer_ratio_per_call", version).unwrap();
        assert_eq!(
            metric(None).version,
            1,
            "answered ÷ dialed, as the requirement writes it"
        );
        assert_eq!(metric(None).numerator.as_deref(), Some("answered_calls"));
        let beside = |metric| catalog.beside(metric).map(|one| one.version).collect::<Vec<_>>();
        assert_eq!(beside(metric(None)), [2]);
        assert_eq!(beside(metric(Some(2))), [0_u32; 0], "who asks for one gets one");
        let rule = catalog.metric("abandon_ratio_ofcom", None).unwrap();
        assert_eq!((rule.version, beside(rule).len()), (3, 0));
    }

    #[test]
    fn an_unknown_name_hears_the_nearest_and_an_unknown_version_those_there_are() {
        let catalog = catalog().unwrap();
        let error = catalog
            .metric("anser_ratio_per_cal", None)
            .unwrap_err()
            .to_string();
        assert!(error.contains("did you mean answer_ratio_per_call?"), "{error}");
        assert!(error.contains("coverage_ratio"), "{error}");
        let error = catalog
            .metric("conversion_ratio", Some(3))
            .unwrap_err()
            .to_string();
        assert_eq!(error, "metric conversion_ratio has no version 3; it has 1, 2");
    }

    #[test]
    fn a_file_with_a_mistake_is_refused_and_the_mistake_named() {
        let rows = [
            ("once_per: call", "once_per: moon", "moon"),
            ("once_per: call", "once_par: call", "once_par"),
            ("numerator: dialed_calls", "numerator: dialled", "dialled"),
            (
                "effective_from: 2026-01-01",
                "effective_from: 2026-13-01",
                "2026-13-01",
            ),
            ("version: 2", "version: 1", "answer_ratio_per_call"),
            ("version: 2", "version: 3", "answer_ratio_per_call"),
            ("kinds: [call.dialing]", "kinds: []", "kinds"),
            ("unit: ms", "unit: hours", "hours"),
            ("  dialed_legs:", "  dialed_calls:", "dialed_calls"),
            ("接通率（按呼叫，仅真人）", "接通率", "says neither"),
            (
                "version: 2\n    effective_from: 2026-11-01",
                "version: 2\n    effective_from: 2026-11-01\n    headline: true",
                "two versions are its headline",
            ),
        ];
        for (from, to, named) in rows {
            let why = refused(from, to);
            assert!(why.contains(named), "{from} -> {to}: {why}");
        }
    }
}
