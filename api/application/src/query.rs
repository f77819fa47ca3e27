//! The parameters of a query string, by name: the part of the URL after `?`.

use domain::problem::Problem;
use std::str::FromStr;

/// Names and values, decoded, in the order given. A name may occur several times.
#[derive(Debug, Clone, Default)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// Returns the last value of a parameter; `None` if it is absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next_back()
    }

    /// Returns all values of a parameter in the order given.
    pub fn texts(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        let given = self.0.iter().filter(move |(given, _)| given == name);
        given.map(|(_, value)| value.as_str())
    }

    /// Returns the last value as a number; `None` if it is absent. Fails if it is not a number.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Problem::invalid(
                "query-invalid",
                format!("the query parameter {name} is not a number in range"),
            )),
        }
    }

    /// Returns true for `true`, `1` and an empty value, false for `false`, `0` and an absent parameter.
    /// Fails for others.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name) {
            None | Some("false" | "0") => Ok(false),
            Some("" | "true" | "1") => Ok(true),
            Some(_) => Err(Problem::invalid(
                "query-invalid",
                format!("the query parameter {name} is true or false"),
            )),
        }
    }
}
