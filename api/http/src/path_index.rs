//! Index of values by route path, for example `/api/v1/campaigns/{id}`. A look-up takes as many steps as the
//! path has segments, however many routes there are.
//!
//! Several routes can match the same request (`/calls/{id}` and `/calls/kinds`). The value of a route is
//! therefore made of all routes that overlap it, in their given order, and a look-up returns the value of one
//! of them.

use std::collections::BTreeMap;

/// Values by route path.
#[derive(Debug, Clone)]
pub(crate) struct PathIndex<T> {
    root: Node,
    values: Vec<T>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    named: BTreeMap<&'static str, Self>,
    any: Option<Box<Self>>,
    value: Option<usize>,
}

impl<T> Default for PathIndex<T> {
    fn default() -> Self {
        Self {
            root: Node::default(),
            values: Vec::new(),
        }
    }
}

impl<T> PathIndex<T> {
    /// Builds an index of `items`. `path_of` returns an item's path; `made_of` makes the value of a path from
    /// all items with an overlapping path.
    pub(crate) fn new<I: Clone>(
        items: &[I],
        path_of: impl Fn(&I) -> &'static str,
        made_of: impl Fn(Vec<I>) -> T,
    ) -> Self {
        // Each path is split once and compared only with paths of the same length; a request matches no
        // others.
        let mut by_length: BTreeMap<usize, Vec<(Vec<&'static str>, &I)>> = BTreeMap::new();
        for item in items {
            let path: Vec<_> = segments(path_of(item)).collect();
            by_length.entry(path.len()).or_default().push((path, item));
        }
        let mut index = Self::default();
        for cut in by_length.values() {
            for (path, _) in cut {
                let node = index.root.at_or_new(path);
                if node.value.is_none() {
                    node.value = Some(index.values.len());
                    let overlapping = cut.iter().filter(|other| overlap(path, &other.0));
                    let items = overlapping.map(|other| other.1.clone()).collect();
                    index.values.push(made_of(items));
                }
            }
        }
        index
    }

    /// Returns the value for a request's path, `None` if no route matches it. A trailing slash is ignored.
    pub(crate) fn at(&self, path: &str) -> Option<&T> {
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments: Vec<&str> = match path.is_empty() {
            true => Vec::new(),
            false => path.split('/').collect(),
        };
        self.values.get(self.root.find(&segments)?)
    }
}

impl Node {
    fn at_or_new(&mut self, path: &[&'static str]) -> &mut Self {
        path.iter()
            .fold(self, |node, segment| match is_parameter(segment) {
                true => node.any.get_or_insert_default(),
                false => node.named.entry(segment).or_default(),
            })
    }

    fn find(&self, segments: &[&str]) -> Option<usize> {
        let Some((segment, rest)) = segments.split_first() else {
            return self.value;
        };
        let named = self.named.get(segment).and_then(|node| node.find(rest));
        let any = self.any.as_ref().filter(|_| !segment.is_empty());
        named.or_else(|| any.and_then(|node| node.find(rest)))
    }
}

fn segments(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

/// True if one request can match both paths, which have the same number of segments. Compared from the end,
/// because most paths begin with the same `api` and `v1`.
fn overlap(one: &[&str], other: &[&str]) -> bool {
    let fits = |one: &&str, other: &&str| one == other || is_parameter(one) || is_parameter(other);
    one.iter().zip(other).rev().all(|(one, other)| fits(one, other))
}

/// Returns true if a request's path is exactly of this route: equal words, and a segment with text for each
/// parameter.
pub(crate) fn matches(route: &str, path: &str) -> bool {
    let mut given = path.split('/');
    let is_prefix = route.split('/').all(|wanted| {
        given.next().is_some_and(|value| match is_parameter(wanted) {
            true => !value.is_empty(),
            false => value == wanted,
        })
    });
    is_prefix && given.next().is_none()
}

/// Returns the values of a route's path parameters, still percent-encoded; `None` if the path does not match.
pub(crate) fn find_params(route: &str, path: &str) -> Option<Vec<String>> {
    let pairs = route.split('/').zip(path.split('/'));
    let params = pairs.filter(|(wanted, _)| is_parameter(wanted));
    matches(route, path).then(|| params.map(|(_, value)| value.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(paths: &[&'static str]) -> PathIndex<Vec<&'static str>> {
        PathIndex::new(paths, |path| path, |paths| paths)
    }

    #[test]
    fn a_path_has_all_that_fits_it_in_order() {
        let index = index(&[
            "/",
            "/calls/{id}",
            "/calls/kinds",
            "/calls",
            "/calls/{id}/end",
            "/calls",
        ]);
        assert_eq!(index.at("/calls").unwrap(), &["/calls", "/calls"]);
        assert_eq!(index.at("/calls/").unwrap(), &["/calls", "/calls"]);
        assert_eq!(
            index.at("/calls/kinds").unwrap(),
            &["/calls/{id}", "/calls/kinds"]
        );
        assert_eq!(index.at("/calls/9").unwrap(), &["/calls/{id}", "/calls/kinds"]);
        assert_eq!(index.at("/calls/9/end").unwrap(), &["/calls/{id}/end"]);
        assert_eq!(index.at("/").unwrap(), &["/"]);
    }

    #[test]
    fn a_named_segment_without_an_end_does_not_hide_a_parameter() {
        let index = index(&["/a/b/c", "/a/{x}/d"]);
        assert_eq!(index.at("/a/b/d").unwrap(), &["/a/{x}/d"]);
    }

    #[test]
    fn what_is_no_path_of_ours_has_nothing() {
        let index = index(&["/", "/calls/{id}"]);
        for other in ["", "*", "calls/1", "/calls", "/calls/1/2", "/calls//", "/CALLS/1"] {
            assert_eq!(index.at(other), None, "{other}");
        }
    }

    #[test]
    fn a_path_fits_a_route_word_by_word_and_what_is_in_doubt_does_not() {
        let route = "/api/v1/calls/{id}/proof";
        let fits = |path: &str| find_params(route, path);
        assert_eq!(fits("/api/v1/calls/a%2Fb/proof"), Some(vec!["a%2Fb".to_owned()]));
        for other in [
            "/api/v1/calls//proof",
            "/api/v1/calls/a/proof/",
            "//api/v1/calls/a/proof",
            "/api/v1/calls/a",
            "/api/v1/calls/a/proof/more",
            "/api/v1/CALLS/a/proof",
            "api/v1/calls/a/proof",
            "*",
        ] {
            assert_eq!(fits(other), None, "{other}");
        }
        assert_eq!(find_params("/livez", "/livez"), Some(Vec::new()));
        assert_eq!(fits("/api/v1/calls/a/proof"), Some(vec!["a".to_owned()]));
        assert!(matches(route, "/api/v1/calls/a/proof") && !matches(route, "/api/v1/calls//proof"));
    }
}
