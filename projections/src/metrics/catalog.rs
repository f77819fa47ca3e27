//! The catalog of metrics: all metrics and terms of `metrics.yaml`, read once and checked.

use super::checks;
use super::program::{Program, programs};
use super::term::Term;
use crate::error::ProjectionError;
use domain::call::event::CallEvent;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The file that defines all metrics and terms.
const FILE: &str = include_str!("metrics.yaml");

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricText {
    pub zh: String,
    pub en: String,
}

/// The unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share of a whole, 0 to 1.
    Ratio,
    Ms,
    Count,
}

/// The definition of a metric in one version. A published version never changes; another meaning is another
/// version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    pub name: String,
    /// The version, from 1, without gaps.
    pub version: u32,
    /// The first day on which this version is the one to quote, such as `2026-01-01`.
    pub effective_from: String,
    /// Whether this version is used if a request names none. If no version is marked, the latest is used.
    #[serde(default, skip_serializing_if = "is_false")]
    pub headline: bool,
    pub unit: Unit,
    /// The name of the term that is the numerator; absent while `awaits` states what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<String>,
    /// Dimensions that the metric can be split by; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    pub label: MetricText,
    pub definition: MetricText,
    /// The regulation or rule that the metric follows, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The missing events without which the metric has no figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<String>,
}

// Serde passes a reference to the function that decides whether a member is left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The parsed content of `metrics.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricsFile {
    terms: BTreeMap<String, Term>,
    metrics: Vec<Metric>,
}

/// All metrics and terms.
#[derive(Debug)]
pub struct Catalog {
    /// The terms by name. A term's index is its bit in the rows of the metric board.
    terms: Vec<Term>,
    metrics: Vec<Metric>,
    /// Event kinds of which the evaluator stores the times in a call's state. Rows of the metric board name
    /// a kind by its index here.
    pub(super) marks: Vec<String>,
    programs: BTreeMap<String, Program>,
    kinds: BTreeSet<String>,
}

/// The error that a metric, or a version of it, does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownMetric {
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
    /// Reads and checks the text of a metrics file. The error describes the first mistake.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let json = domain::yaml::value(text).map_err(|error| error.to_string())?;
        let written: MetricsFile = serde_json::from_value(json).map_err(|error| error.to_string())?;
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

    /// Returns all terms. Their order is that of the indexes by which a term is found.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Returns all metrics in the order of the file; versions of one name are adjacent.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Returns every event kind that affects a term.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(String::as_str)
    }

    /// Returns the compiled terms for events of a kind; `None` if no term names the kind.
    pub(super) fn program(&self, kind: &str) -> Option<&Program> {
        self.programs.get(kind)
    }

    /// Returns a term by its name, with its index.
    pub fn term(&self, name: &str) -> Option<(usize, &Term)> {
        let index = self
            .terms
            .binary_search_by(|term| term.name.as_str().cmp(name))
            .ok()?;
        self.terms.get(index).map(|term| (index, term))
    }

    /// Returns a metric in the given version. Without a version: its headline version, or its latest if none
    /// is marked.
    pub fn metric(&self, name: &str, version: Option<u32>) -> Result<&Metric, UnknownMetric> {
        let versions: Vec<&Metric> = self.metrics.iter().filter(|one| one.name == name).collect();
        let Some(latest) = versions.last() else {
            return Err(self.unknown(name));
        };
        let Some(version) = version else {
            let headline = versions.iter().find(|metric| metric.headline);
            return Ok(headline.unwrap_or(latest));
        };
        let found = versions.iter().find(|metric| metric.version == version);
        found.copied().ok_or_else(|| UnknownMetric::Version {
            name: name.to_owned(),
            version,
            versions: versions.iter().map(|metric| metric.version.to_string()).collect(),
        })
    }

    /// Returns the metrics that are shown beside a headline metric: the other versions of its name. None
    /// for a metric that is not the headline.
    pub fn beside<'a>(&'a self, metric: &Metric) -> impl Iterator<Item = &'a Metric> {
        let name = metric.headline.then(|| metric.name.clone());
        let version = metric.version;
        let other = move |one: &&Metric| Some(&one.name) == name.as_ref() && one.version != version;
        self.metrics.iter().filter(other)
    }

    fn unknown(&self, name: &str) -> UnknownMetric {
        let mut names: Vec<String> = self.metrics.iter().map(|metric| metric.name.clone()).collect();
        names.dedup();
        let nearest = names.iter().min_by_key(|known| distance(name, known)).cloned();
        UnknownMetric::Name {
            name: name.chars().take(NAME_CHARS_SHOWN).collect(),
            nearest: nearest.unwrap_or_default(),
            names,
        }
    }
}

/// Most characters of an unknown name that the error repeats; the rest is cut off.
const NAME_CHARS_SHOWN: usize = 64;

/// Returns the Levenshtein distance of two names, for the suggestion in an error.
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

/// Returns the catalog of this build. An error is a fault of this program; a test reads the file.
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
