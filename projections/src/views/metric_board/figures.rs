//! Queries of the metric board: a metric over a time range, in total or by a dimension.

use super::{FIRST, NAME};
use crate::checkpoint::{ViewCompleteness, read_completeness_in};
use crate::database::{ReadDb, Tx, read_as};
use crate::error::ProjectionError;
use crate::metrics::{Catalog, CountingUnit, Metric, Scope};
use crate::value::{Row, Val};
use domain::calendar::{BEIJING_MICROS, DAY_MICROS};
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Most groups in one response, the earliest ones: 60 days around the clock.
pub const GROUPS_MAX: usize = 1_440;

/// The dimension by which a figure is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    Campaign,
    Hour,
    /// Days in Beijing.
    Day,
    Trunk,
    FlowVersion,
}

impl Dimension {
    pub const ALL: &'static [Self] = &[
        Self::Campaign,
        Self::Hour,
        Self::Day,
        Self::Trunk,
        Self::FlowVersion,
    ];

    /// Returns the name of the dimension in requests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Trunk => "trunk",
            Self::FlowVersion => "flow_version",
        }
    }

    /// Returns the dimension with this name; `None` if there is none.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|by| by.code() == code)
    }

    /// Returns the SQL expression of the dimension, which fits the rows of sums and of first customers.
    pub(super) fn column(self) -> String {
        match self {
            Self::Hour => "hour_at".to_owned(),
            Self::Day => format!("(hour_at + {BEIJING_MICROS}) / {DAY_MICROS}"),
            Self::Campaign | Self::Trunk | Self::FlowVersion => self.code().to_owned(),
        }
    }

    fn read_key(self, row: &mut Row) -> Result<Key, ProjectionError> {
        match self {
            Self::Campaign | Self::Trunk => Ok(Key(0, row.text()?)),
            Self::Hour | Self::Day | Self::FlowVersion => Ok(Key(row.int()?, String::new())),
        }
    }

    /// Returns a group's key as the response has it, and its label for display, in Beijing time.
    fn words(self, key: &Key) -> (String, String) {
        let beijing = |micros: i64| Timestamp::from_micros(micros.saturating_add(BEIJING_MICROS)).to_utc();
        match self {
            Self::Campaign | Self::Trunk => (key.1.clone(), key.1.clone()),
            Self::FlowVersion => (key.0.to_string(), format!("v{}", key.0)),
            Self::Hour => {
                let at = Timestamp::from_micros(key.0);
                (at.to_string(), beijing(key.0).format("%H:%M").to_string())
            }
            Self::Day => {
                let date = Timestamp::from_micros(key.0 * DAY_MICROS).to_utc();
                let date = date.format("%Y-%m-%d").to_string();
                (date.clone(), date)
            }
        }
    }
}

/// The key of a group, by which groups are sorted: a number, then a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key(i64, String);

/// One figure, in total or of one group.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Figure {
    /// A campaign, an instant (hour), a date, a trunk or a flow version; absent for the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The key for display: `08:00`, `2026-03-02`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub numerator: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denominator: Option<i64>,
    /// Numerator ÷ denominator; absent if the denominator is 0.
    pub value: Option<f64>,
}

impl Figure {
    fn new(words: Option<(String, String)>, numerator: i64, denominator: Option<i64>) -> Self {
        let (key, label) = words.unzip();
        let value = match denominator {
            None => Some(float(numerator)),
            Some(0) => None,
            Some(denominator) => Some(float(numerator) / float(denominator)),
        };
        Self {
            key,
            label,
            numerator,
            denominator,
            value,
        }
    }
}

/// Converts a count exactly up to 2^53; in milliseconds this is 285,000 years.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and milliseconds stay far below 2^53"
)]
const fn float(count: i64) -> f64 {
    count as f64
}

/// Returns a metric's figures over a scope: one for the total, or one per group, in order; and the position
/// up to which the rows are complete, from the same snapshot. A metric that awaits its events has no figures.
pub async fn figures(
    db: &dyn ReadDb,
    catalog: &Catalog,
    metric: &Metric,
    scope: &Scope,
    by: Option<Dimension>,
) -> Result<(Vec<Figure>, ViewCompleteness), ProjectionError> {
    let asked = |name: &Option<String>| name.as_deref().map(|name| asked(catalog, name)).transpose();
    let numerator = asked(&metric.numerator)?;
    let denominator = asked(&metric.denominator)?;
    let scope = scope.clone();
    read_as(db, move |tx| {
        let complete = complete(tx)?;
        let Some(numerator) = numerator else {
            return Ok((Vec::new(), complete));
        };
        let above = amounts(tx, &numerator, &scope, by)?;
        let below = denominator
            .map(|term| amounts(tx, &term, &scope, by))
            .transpose()?;
        Ok((joined(by, &above, below.as_ref()), complete))
    })
    .await
}

/// Returns the total figures of several metrics over a scope from one snapshot, in the order of `metrics`;
/// `None` for a metric that awaits its events.
pub async fn total_figures(
    db: &dyn ReadDb,
    catalog: &Catalog,
    metrics: &[&Metric],
    scope: &Scope,
) -> Result<(Vec<Option<Figure>>, ViewCompleteness), ProjectionError> {
    let named = metrics
        .iter()
        .flat_map(|metric| [&metric.numerator, &metric.denominator]);
    let names: BTreeSet<&String> = named.flatten().collect();
    let terms: Vec<TermQuery> = names
        .into_iter()
        .map(|name| asked(catalog, name))
        .collect::<Result<_, _>>()?;
    let scope = scope.clone();
    let (found, complete) = read_as(db, move |tx| {
        let mut found = BTreeMap::new();
        for term in terms {
            let amount = amounts(tx, &term, &scope, None)?.into_values().sum::<i64>();
            found.insert(term.name, amount);
        }
        Ok((found, complete(tx)?))
    })
    .await?;
    let amount = |name: &String| found.get(name).copied().unwrap_or(0);
    let figure = |metric: &&Metric| {
        let numerator = metric.numerator.as_ref().map(amount)?;
        Some(Figure::new(
            None,
            numerator,
            metric.denominator.as_ref().map(amount),
        ))
    };
    Ok((metrics.iter().map(figure).collect(), complete))
}

/// Returns the position up to which the board's rows are complete.
pub async fn board_completeness(db: &dyn ReadDb) -> Result<ViewCompleteness, ProjectionError> {
    read_as(db, |tx| complete(tx)).await
}

fn complete(tx: &mut dyn Tx) -> Result<ViewCompleteness, ProjectionError> {
    read_completeness_in(tx, &[NAME])
}

fn joined(
    by: Option<Dimension>,
    above: &BTreeMap<Key, i64>,
    below: Option<&BTreeMap<Key, i64>>,
) -> Vec<Figure> {
    let mut keys: Vec<&Key> = above
        .keys()
        .chain(below.into_iter().flat_map(BTreeMap::keys))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let amount = |of: &BTreeMap<Key, i64>, key: &Key| of.get(key).copied().unwrap_or(0);
    let figure = |key: &&Key| {
        let words = by.map(|by| by.words(key));
        Figure::new(words, amount(above, key), below.map(|below| amount(below, key)))
    };
    keys.iter().take(GROUPS_MAX).map(figure).collect()
}

/// Returns a term as a query uses it, for tests.
#[cfg(test)]
pub(super) fn asked_for(name: &str) -> Result<TermQuery, ProjectionError> {
    asked(crate::metrics::catalog()?, name)
}

#[cfg(test)]
pub(super) fn by_key(
    tx: &mut dyn Tx,
    term: &TermQuery,
    scope: &Scope,
    by: Option<Dimension>,
) -> Result<BTreeMap<(i64, String), i64>, ProjectionError> {
    let found = amounts(tx, term, scope, by)?.into_iter();
    Ok(found
        .map(|(Key(number, text), amount)| ((number, text), amount))
        .collect())
}

/// A term with what its SQL statement needs.
pub(super) struct TermQuery {
    name: String,
    counts: Counts,
}

/// From which rows a term is computed: counts of events, sums of values, or distinct customers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    Events,
    Values,
    Customers,
}

fn asked(catalog: &Catalog, name: &str) -> Result<TermQuery, ProjectionError> {
    let (_, term) = catalog
        .term(name)
        .ok_or_else(|| ProjectionError::Fault(format!("there is no term {name}")))?;
    let counts = match term.once_per {
        CountingUnit::Customer => Counts::Customers,
        CountingUnit::Call | CountingUnit::None if term.is_valued() => Counts::Values,
        CountingUnit::Call | CountingUnit::None => Counts::Events,
    };
    Ok(TermQuery {
        name: term.name.clone(),
        counts,
    })
}

/// Returns a term's amounts by group. Without a dimension there is one amount, under an empty key.
fn amounts(
    tx: &mut dyn Tx,
    term: &TermQuery,
    scope: &Scope,
    by: Option<Dimension>,
) -> Result<BTreeMap<Key, i64>, ProjectionError> {
    let (sql, values) = statement(term, scope, by);
    let read = |mut row: Row| {
        let key = match by {
            Some(by) => by.read_key(&mut row)?,
            None => {
                row.val()?;
                Key(0, String::new())
            }
        };
        Ok((key, row.int()?))
    };
    tx.query(&sql, &values)?.into_iter().map(read).collect()
}

/// Returns the statement that `amounts` runs. It reads sums by hour, never a row of a call or a customer; a
/// test checks SQLite's query plan.
pub(super) fn statement(term: &TermQuery, scope: &Scope, by: Option<Dimension>) -> (String, Vec<Val>) {
    let (from, to) = scope.hours();
    // No hour is before 1970; the hour before a customer's first one is `FIRST`.
    let mut values = vec![Val::text(&term.name), Val::Int(from.max(0)), Val::Int(to)];
    let campaign = match (&scope.campaign, term.counts, by) {
        (Some(campaign), _, _) => {
            values.push(Val::text(campaign));
            " and campaign = $4"
        }
        (None, Counts::Customers, Some(Dimension::Campaign)) => " and campaign <> ''",
        (None, Counts::Customers, _) => " and campaign = ''",
        (None, Counts::Events | Counts::Values, _) => "",
    };
    let (table, amount) = match term.counts {
        Counts::Events => ("metric_board", "count"),
        Counts::Values => ("metric_board", "value"),
        Counts::Customers => ("metric_board_first", "count"),
    };
    let first = match term.counts {
        Counts::Customers => first_in(by, from <= 0),
        Counts::Events | Counts::Values => String::new(),
    };
    let (key, group) = by.map_or_else(
        || ("cast(0 as bigint)".to_owned(), String::new()),
        |by| {
            let column = by.column();
            // One more than a response holds, so that a full response is not taken for complete.
            let tail = format!("group by {column} order by 1 limit {}", GROUPS_MAX + 1);
            (column, tail)
        },
    );
    let sql = format!(
        "select {key}, coalesce(cast(sum({amount}) as bigint), 0) from {table}
         where term = $1 and hour_at >= $2 and hour_at < $3{campaign}{first} {group}"
    );
    (sql, values)
}

/// Returns the condition on rows of first customers by which a customer counts once per group inside the
/// time range.
fn first_in(by: Option<Dimension>, is_unbounded: bool) -> String {
    let before = match by {
        Some(Dimension::Hour) => return " and before_at < hour_at".to_owned(),
        Some(Dimension::Day) => {
            let day = format!("({}) * {DAY_MICROS} - {BEIJING_MICROS}", Dimension::Day.column());
            return format!(" and before_at < case when {day} > $2 then {day} else $2 end");
        }
        None | Some(Dimension::Campaign) => "before_at",
        Some(Dimension::Trunk) => "trunk_before_at",
        Some(Dimension::FlowVersion) => "version_before_at",
    };
    if is_unbounded {
        format!(" and {before} = {FIRST}")
    } else {
        format!(" and {before} < $2")
    }
}
