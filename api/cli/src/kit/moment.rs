//! The options `--as-of` and `--valid-at` of commands that can be asked about the past.

use application::percent::encode;

/// The moment that a question is about. Without either option: now.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct MomentArgs {
    /// As known then: events up to this log position, or recorded up to this instant (RFC 3339)
    #[arg(long, value_name = "POSITION|INSTANT")]
    as_of: Option<String>,
    /// As true then: what had happened by this instant, with later corrections applied
    #[arg(long, value_name = "INSTANT")]
    valid_at: Option<String>,
}

impl MomentArgs {
    /// Returns the query string for a path: empty, or `?as_of=…&valid_at=…`.
    pub(crate) fn query(&self) -> String {
        let given = [("as_of", &self.as_of), ("valid_at", &self.valid_at)];
        let given = given.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("{name}={}", encode(value)))
        });
        let query = given.collect::<Vec<_>>().join("&");
        if query.is_empty() {
            query
        } else {
            format!("?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_asked_and_an_instants_plus_is_no_blank() {
        assert_eq!(MomentArgs::default().query(), "");
        let both = MomentArgs {
            as_of: Some("17".to_owned()),
            valid_at: Some("2026-03-02T10:00:00+08:00".to_owned()),
        };
        let query = both.query();
        assert!(query.starts_with("?as_of=17&valid_at=2026-03-02T10"), "{query}");
        assert!(query.contains("%2B08") && !query.contains('+'), "{query}");
    }
}
