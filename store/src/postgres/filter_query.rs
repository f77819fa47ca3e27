//! Translates an event filter to one SQL query, and limits the range of positions that one page searches.

use super::reader::Value;
use super::row::COLUMNS;
use domain::event_filter::EventFilter;
use domain::stored_event::Position;

/// The number of positions that one page searches if no index helps: a tenth of a second of reading.
const STRETCH_POSITIONS: u64 = 65_536;

/// The number of positions that one page searches through an index; few of them may match.
const INDEXED_STRETCH_POSITIONS: u64 = 4_000_000;

/// Returns the last position that a page after `after` searches: at most `end`, the log's head.
pub(super) fn until(filter: &EventFilter, after: Position, end: Position) -> Position {
    let whole_streams = !filter.streams.is_empty() && filter.streams.iter().all(|name| !name.ends_with('-'));
    let indexed = filter.campaign.is_some() || filter.customer.is_some() || whole_streams;
    let stretch = if indexed {
        INDEXED_STRETCH_POSITIONS
    } else {
        STRETCH_POSITIONS
    };
    Position(end.0.min(after.0.saturating_add(stretch)))
}

/// The SQL conditions of an event filter and their values, which are numbered from $4.
pub(super) struct Query<'a> {
    campaign: Option<&'a str>,
    customer: Option<&'a str>,
    kinds: Names<'a>,
    streams: Names<'a>,
}

/// Names that a column must equal, and prefixes that it may start with.
struct Names<'a> {
    whole: Vec<&'a str>,
    prefixes: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn of(names: &'a [String], prefix_end: char) -> Self {
        let (prefixes, whole) = names
            .iter()
            .map(String::as_str)
            .partition(|name| name.ends_with(prefix_end));
        Self { whole, prefixes }
    }

    /// Returns the SQL condition on a column, with its values from `$first` on. `None` if the filter has no
    /// names.
    fn condition(&self, column: &str, first: usize) -> Option<String> {
        let second = first + 1;
        match (self.whole.is_empty(), self.prefixes.is_empty()) {
            (true, true) => None,
            // One array per kind of name, so that the statement is the same for any number of names.
            (false, true) => Some(format!("{column} = ANY(${first})")),
            (_, false) => Some(format!(
                "({column} = ANY(${first}) OR EXISTS (SELECT FROM unnest(${second}::text[]) AS p (begins)
                  WHERE starts_with({column}, p.begins)))"
            )),
        }
    }

    fn values(&self) -> Vec<Value<'_>> {
        match (self.whole.is_empty(), self.prefixes.is_empty()) {
            (true, true) => vec![],
            (false, true) => vec![&self.whole],
            (_, false) => vec![&self.whole, &self.prefixes],
        }
    }
}

impl<'a> Query<'a> {
    pub(super) fn of(filter: &'a EventFilter) -> Self {
        Self {
            campaign: filter.campaign.as_ref().map(domain::ids::CampaignId::as_str),
            customer: filter.customer.as_ref().map(domain::ids::CustomerId::as_str),
            kinds: Names::of(&filter.kinds, '.'),
            streams: Names::of(&filter.streams, '-'),
        }
    }

    /// Returns the SQL statement of one page. $1 is the position after which the page begins, $2 its last
    /// position, $3 its most events.
    pub(super) fn sql(&self) -> String {
        let names = [("campaign", self.campaign), ("customer", self.customer)];
        let mut wanted = names.into_iter().filter(|(_, name)| name.is_some());
        let (range, order) = match wanted.next() {
            // A row comparison, ordered likewise, makes the planner use a range of this column's index and no
            // other, whatever its statistics. Otherwise it would sort the rest of the log for each page
            // before the first `ANALYZE`, and read the events of all campaigns after it.
            Some((column, _)) => (
                format!(
                    "{column} IS NOT NULL AND ({column}, pos) > ($4, $1) AND ({column}, pos) <= ($4, $2)"
                ),
                format!("{column}, pos"),
            ),
            None => ("pos > $1 AND pos <= $2".to_owned(), "pos".to_owned()),
        };
        let mut next = if order == "pos" { 4 } else { 5 };
        let mut conditions = vec![range];
        for (column, _) in wanted {
            conditions.push(format!("{column} = ${next}"));
            next += 1;
        }
        for (column, names) in [("kind", &self.kinds), ("stream", &self.streams)] {
            conditions.extend(names.condition(column, next));
            next += names.values().len();
        }
        format!(
            "SELECT {COLUMNS} FROM ledgerline.event WHERE {} ORDER BY {order} LIMIT $3",
            conditions.join(" AND ")
        )
    }

    pub(super) fn values(&self) -> Vec<Value<'_>> {
        let mut values: Vec<Value<'_>> = Vec::new();
        if let Some(campaign) = &self.campaign {
            values.push(campaign);
        }
        if let Some(customer) = &self.customer {
            values.push(customer);
        }
        values.extend(self.kinds.values());
        values.extend(self.streams.values());
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: &str = "00112233445566778899aabbccddeeff";

    fn of(campaign: Option<&str>, customer: Option<&str>) -> EventFilter {
        EventFilter {
            campaign: campaign.map(|name| name.parse().unwrap()),
            customer: customer.map(|name| name.parse().unwrap()),
            kinds: vec!["call.".to_owned(), "campaign.created".to_owned()],
            ..EventFilter::default()
        }
    }

    #[test]
    fn what_an_index_answers_is_a_range_of_that_index_in_its_own_order() {
        for (filter, column) in [
            (of(Some("A"), None), "campaign"),
            (of(None, Some(PERSON)), "customer"),
            (of(Some("A"), Some(PERSON)), "campaign"),
        ] {
            let query = Query::of(&filter);
            let sql = query.sql();
            let range = format!("({column}, pos) > ($4, $1) AND ({column}, pos) <= ($4, $2)");
            assert!(sql.contains(&range), "{sql}");
            assert!(
                sql.ends_with(&format!("ORDER BY {column}, pos LIMIT $3")),
                "{sql}"
            );
            let last = 3 + query.values().len();
            assert!(sql.contains(&format!("${last}")), "{sql}");
            assert!(!sql.contains(&format!("${}", last + 1)), "{sql}");
        }
        let sql = Query::of(&of(None, None)).sql();
        assert!(
            sql.contains("pos > $1 AND pos <= $2") && sql.ends_with("ORDER BY pos LIMIT $3"),
            "{sql}"
        );
    }
}
