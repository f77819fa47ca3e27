//! The routes that a sandbox key may use. Any other route is refused with `sandbox-key` (decision 0232).
//!
//! Routes are left out if they change users, settings or the process, reach outside, or read what only the
//! real realm has. A new route is refused until it is listed here.

use domain::problem::{Problem, ProblemKind};
use warp::http::Method;

/// The routes by method, in the order of their paths.
const ALLOWED: &[(&str, &str)] = &[
    ("GET", "/api/v1/calls"),
    ("GET", "/api/v1/calls/{id}"),
    ("GET", "/api/v1/calls/{id}/events"),
    ("POST", "/api/v1/calls/{id}/cancel"),
    ("POST", "/api/v1/calls/{id}/hang-up"),
    ("GET", "/api/v1/campaigns"),
    ("POST", "/api/v1/campaigns"),
    ("GET", "/api/v1/campaigns/{id}"),
    ("GET", "/api/v1/campaigns/{id}/events"),
    ("GET", "/api/v1/campaigns/{id}/funnel"),
    ("POST", "/api/v1/campaigns/{id}/lists"),
    ("POST", "/api/v1/campaigns/{id}/pause"),
    ("POST", "/api/v1/campaigns/{id}/plan"),
    ("GET", "/api/v1/campaigns/{id}/report"),
    ("POST", "/api/v1/campaigns/{id}/resume"),
    ("POST", "/api/v1/campaigns/{id}/start"),
    ("POST", "/api/v1/campaigns/{id}/stop"),
    ("POST", "/api/v1/campaigns/{id}/withdraw"),
    ("POST", "/api/v1/customers/attributes"),
    ("POST", "/api/v1/customers/find"),
    ("GET", "/api/v1/customers/{id}"),
    ("GET", "/api/v1/customers/{id}/attributes"),
    ("POST", "/api/v1/customers/{id}/attributes"),
    ("POST", "/api/v1/customers/{id}/callbacks"),
    ("POST", "/api/v1/customers/{id}/callbacks/cancel"),
    ("POST", "/api/v1/customers/{id}/caps"),
    ("GET", "/api/v1/customers/{id}/consents"),
    ("POST", "/api/v1/customers/{id}/consents"),
    ("POST", "/api/v1/customers/{id}/consents/withdraw"),
    ("POST", "/api/v1/customers/{id}/preferred-times"),
    ("POST", "/api/v1/customers/{id}/tags"),
    ("GET", "/api/v1/customers/{id}/timeline"),
    ("GET", "/api/v1/customers/{id}/why-not"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/events/schemas"),
    ("GET", "/api/v1/events/schemas/{kind}/{version}"),
    ("GET", "/api/v1/events/stream"),
    ("GET", "/api/v1/events/ws"),
    ("POST", "/api/v1/flow-files/check"),
    ("GET", "/api/v1/flows"),
    ("POST", "/api/v1/flows"),
    ("GET", "/api/v1/flows/{id}"),
    ("POST", "/api/v1/flows/{id}/rollback"),
    ("GET", "/api/v1/flows/{id}/versions"),
    ("GET", "/api/v1/imports"),
    ("POST", "/api/v1/lists/dry-run"),
    ("GET", "/api/v1/lists/{list}"),
    ("POST", "/api/v1/lists/{list}/undo"),
    ("POST", "/api/v1/lists/{list}/withdraw"),
    ("POST", "/api/v1/numbers/opt-out"),
    ("POST", "/api/v1/numbers/show"),
    ("POST", "/api/v1/numbers/suppress"),
    ("GET", "/api/v1/numbers/{number}"),
    ("POST", "/api/v1/numbers/{number}/opt-out"),
    ("POST", "/api/v1/numbers/{number}/suppress"),
    ("GET", "/api/v1/rules"),
    ("GET", "/api/v1/streams/{stream}"),
    ("GET", "/api/v1/subscribers"),
    ("GET", "/api/v1/subscribers/{name}"),
    ("POST", "/api/v1/subscribers/{name}/acknowledge"),
    ("POST", "/api/v1/subscribers/{name}/remove"),
    ("POST", "/api/v1/subscribers/{name}/reset"),
    ("POST", "/api/v1/tasks/data"),
    ("GET", "/api/v1/webhooks"),
    ("POST", "/api/v1/webhooks"),
    ("GET", "/api/v1/webhooks/{id}"),
    ("PUT", "/api/v1/webhooks/{id}"),
    ("GET", "/api/v1/webhooks/{id}/dead-letters"),
    ("POST", "/api/v1/webhooks/{id}/remove"),
    ("POST", "/api/v1/webhooks/{id}/replay"),
    ("POST", "/api/v1/webhooks/{id}/rotate"),
    ("POST", "/api/v1/webhooks/{id}/test"),
    ("GET", "/api/v1/whoami"),
];

/// Whether a sandbox key may use an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SandboxAccess {
    Allowed,
    Refused,
}

/// Returns whether a sandbox key may use this route.
pub(crate) fn access_to(method: &Method, route: &str) -> SandboxAccess {
    match ALLOWED.contains(&(method.as_str(), route)) {
        true => SandboxAccess::Allowed,
        false => SandboxAccess::Refused,
    }
}

/// Returns the problem for a route that a sandbox key may not use.
pub(crate) fn refused() -> Problem {
    Problem::new(
        ProblemKind::Forbidden,
        "sandbox-key",
        "a sandbox key may not use this route: use a key without --sandbox",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes;
    use std::collections::BTreeSet;

    #[test]
    fn each_listed_route_exists_and_is_listed_once() {
        let all: BTreeSet<(String, &str)> = routes::endpoints()
            .iter()
            .map(|one| (one.method.to_string(), one.path))
            .collect();
        for (method, path) in ALLOWED {
            assert!(all.contains(&((*method).to_owned(), *path)), "{method} {path}");
        }
        assert_eq!(ALLOWED.iter().collect::<BTreeSet<_>>().len(), ALLOWED.len());
    }

    #[test]
    fn users_keys_stops_and_what_reaches_outside_are_refused() {
        for (method, path) in [
            (Method::POST, "/api/v1/api-keys"),
            (Method::GET, "/api/v1/users"),
            (Method::POST, "/api/v1/stop"),
            (Method::POST, "/api/v1/messages"),
            (Method::POST, "/api/v1/numbers/check"),
            (Method::POST, "/api/v1/calls"),
            (Method::POST, "/api/v1/customers/{id}/reveal"),
            (Method::PUT, "/api/v1/settings/{name}"),
            (Method::GET, "/metrics"),
        ] {
            assert_eq!(
                access_to(&method, path),
                SandboxAccess::Refused,
                "{method} {path}"
            );
        }
    }
}
