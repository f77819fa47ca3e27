//! The query parameters a route knows; any other is refused.
//!
//! One that is ignored lets a client believe in a filter, a page or a time that was never asked for: it reads
//! the same page again and again, or acts on rows it did not want.

use application::parameter::{Parameter, Shape};
use domain::problem::Problem;
use std::collections::BTreeSet;

/// Read-your-writes: every route waits for this position, where it is given.
pub(crate) const AFTER_POSITION: &str = "after_position";

/// Longest name of a parameter that is repeated in an answer.
const NAME_CHARS_MAX: usize = 64;

/// The parameters of one route, with what each does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownQuery(pub &'static [Parameter]);

impl KnownQuery {
    /// Refuses a query that holds a parameter which the route does not know, and says which it does.
    pub(crate) fn refuse_others(self, query: &[(String, String)]) -> Result<(), Problem> {
        // A route that can be asked as of one time says itself why not as of another.
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

    /// Refuses a parameter that is given twice where one value is meant: nobody could know which counts.
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

    fn refused(known: KnownQuery, name: &str) -> Option<Problem> {
        known.refuse_others(&[(name.to_owned(), "1".to_owned())]).err()
    }

    #[test]
    fn a_parameter_of_another_route_is_refused_and_the_right_ones_are_named() {
        let known = KnownQuery(
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
        assert!(problem.detail.ends_with("it takes: cursor, limit"), "{problem}");
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
        let many = KnownQuery(const { &[Parameter::texts("type", "", "call.dialing")] });
        assert_eq!(many.refuse_others(&twice("type")), Ok(()));
        assert!(refused(KnownQuery(&[]), &"x".repeat(9_000)).unwrap().detail.len() < 200);
    }
}
