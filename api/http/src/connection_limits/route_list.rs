//! Classifies a request by method and path alone, before anything of it is read: reserved or ordinary, and
//! the methods that its path allows.

use crate::path_index::{PathIndex, matches};
use hyper::Method;
use std::collections::BTreeSet;

/// A method and a path as endpoints name them, for example `/api/v1/campaigns/{id}/pause`.
#[derive(Debug, Clone)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub kept: bool,
    /// True if the body has the password of a user, who is not signed in yet.
    pub carries_password: bool,
}

/// All routes.
#[derive(Debug, Clone, Default)]
pub struct RouteList(PathIndex<Vec<Route>>);

impl RouteList {
    /// Makes the list of these routes, indexed by path.
    pub fn new(routes: &[Route]) -> Self {
        Self(PathIndex::new(routes, |route| route.path, |routes| routes))
    }

    /// True if slots are reserved for requests of this method and path.
    pub fn keeps(&self, method: &Method, path: &str) -> bool {
        self.at(path).any(|route| route.kept && route.method == method)
    }

    /// True if a request of this method and path carries a password.
    pub fn carries_password(&self, method: &Method, path: &str) -> bool {
        self.at(path)
            .any(|route| route.carries_password && route.method == method)
    }

    /// Returns the methods that a path allows, in the format of `Allow` (RFC 9110, 10.2.1); empty for an
    /// unknown path.
    pub fn allowed(&self, path: &str) -> String {
        let methods: BTreeSet<&str> = self.at(path).map(|route| route.method.as_str()).collect();
        methods.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn at(&self, path: &str) -> impl Iterator<Item = &Route> {
        let overlapping = self.0.at(path).into_iter().flatten();
        overlapping.filter(move |route| matches(route.path, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_parameter_differs_from_its_neighbours() {
        let route = |method, path, kept| Route {
            method,
            path,
            kept,
            carries_password: false,
        };
        let routes = RouteList::new(&[
            route(Method::POST, "/api/v1/campaigns/{id}/pause", true),
            route(Method::GET, "/api/v1/campaigns/{id}", false),
            route(Method::POST, "/api/v1/campaigns", false),
            route(Method::GET, "/api/v1/campaigns", false),
            route(Method::GET, "/livez", true),
        ]);
        assert!(routes.keeps(&Method::POST, "/api/v1/campaigns/A1/pause"));
        assert!(routes.keeps(&Method::GET, "/livez"));
        for other in [
            "/api/v1/campaigns/A1",
            "/api/v1/campaigns/A1/pause/now",
            "/api/v1/campaigns/A1/start",
            "/livez",
        ] {
            assert!(!routes.keeps(&Method::POST, other), "{other}");
        }
        assert_eq!(routes.allowed("/api/v1/campaigns"), "GET, POST");
        assert_eq!(routes.allowed("/api/v1/campaigns/A1"), "GET");
        assert_eq!(routes.allowed("/nothing"), "");
    }
}
