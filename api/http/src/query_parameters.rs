//! The query parameters that a route accepts; any other is refused.
//!
//! An ignored parameter would let a client believe in a filter, a page or a time that was not applied: it
//! would read the same page again and again, or act on rows that it did not want.

use application::parameter::{Parameter, Shape};
use domain::problem::Problem;
use std::collections::BTreeSet;

/// Query parameter of every read: the route waits until the views have this position (read your writes).
pub(crate) const AFTER_POSITION: &str = "after_position";

/// Maximum length of a parameter's name in an error message, in characters.
const NAME_CHARS_MAX: usize = 64;

/// The parameters of one route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryParameters(pub &'static [Parameter]);

impl QueryParameters {
    /// Refuses a query with a parameter that the route does not accept; the error lists the accepted ones.
    pub(crate) fn refuse_others(self, query: &[(String, String)]) -> Result<(), Problem> {
        // A route that accepts `as_of` explains itself why it refuses `valid_at`.
        let has_past = self.has("as_of");
        let is_known =
            |name: &str| name == AFTER_POSITION || self.has(name) || (has_past && name == "valid_at");
        let Some((name, _)) = query.iter().find(|(name, _)| !is_known(name)) else {
            return self.refuse_twice(query);
        };
        if matches!(name.as_str(), "as_of" | "valid_at") {
            let detail = format!("this route returns only the current state: it does not accept {name}");
            return Err(Problem::invalid("as-of-not-here", detail));
        }
        let takes: Vec<&str> = self.0.iter().map(|known| known.name).collect();
        let takes = if takes.is_empty() {
            "none".to_owned()
        } else {
            takes.join(", ")
        };
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let detail = format!("this route has no query parameter {name:?}; it accepts: {takes}");
        Err(Problem::invalid("query-unknown", detail))
    }

    /// Refuses a parameter that is given twice although it takes one value.
    fn refuse_twice(self, query: &[(String, String)]) -> Result<(), Problem> {
        let takes_many = |name: &str| {
            let known = self.0.iter().find(|known| known.name == name);
            known.is_some_and(|known| matches!(known.shape, Shape::Texts(_)))
        };
        let mut seen = BTreeSet::new();
        let mut single = query.iter().map(|(name, _)| name.as_str());
        match single.find(|name| !seen.insert(*name) && !takes_many(name)) {
            Some(name) => Err(Problem::invalid(
                "query-twice",
                format!("the query parameter {name:?} is there twice, and takes one value"),
            )),
            None => Ok(()),
        }
    }

    fn has(self, name: &str) -> bool {
        self.0.iter().any(|known| known.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(known: QueryParameters, name: &str) -> Option<Problem> {
        known.refuse_others(&[(name.to_owned(), "1".to_owned())]).err()
    }

    #[test]
    fn a_parameter_of_another_route_is_refused_and_the_right_ones_are_named() {
        let known = QueryParameters(
            const {
                &[
                    Parameter::text("cursor", "", ""),
                    Parameter::number("limit", "", 1),
                ]
            },
        );
        assert_eq!(refused(known, "cursor"), None);
        assert_eq!(refused(known, AFTER_POSITION), None);
        let problem = refused(known, "before").unwrap();
        assert_eq!(problem.code, "query-unknown");
        assert!(problem.detail.ends_with("it accepts: cursor, limit"), "{problem}");
        assert_eq!(refused(known, "as_of").unwrap().code, "as-of-not-here");
        let twice = |name: &str| {
            [
                (name.to_owned(), "1".to_owned()),
                (name.to_owned(), "2".to_owned()),
            ]
        };
        assert_eq!(
            known.refuse_others(&twice("limit")).unwrap_err().code,
            "query-twice"
        );
        let many = QueryParameters(const { &[Parameter::texts("type", "", "call.dialing")] });
        assert_eq!(many.refuse_others(&twice("type")), Ok(()));
        assert!(
            refused(QueryParameters(&[]), &"x".repeat(9_000))
                .unwrap()
                .detail
                .len()
                < 200
        );
    }
}
