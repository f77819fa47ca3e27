//! The published description and the status page.

use crate::endpoint::Endpoint;
use crate::openapi;
use crate::reply::Done;

/// Self-contained: style, script and all; nothing is fetched from elsewhere.
const STATUS_PAGE: &str = include_str!("status.html");

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/", "A plain live status page", |_, _| {
            Box::pin(async { Ok(Done::Page(STATUS_PAGE.to_owned())) })
        })
        .open(),
        Endpoint::get("/api/v1/openapi.json", "This description, OpenAPI 3.1", |_, _| {
            Box::pin(async { Ok(Done::Read(openapi::document(&crate::routes::endpoints()))) })
        })
        .open(),
    ]
}
