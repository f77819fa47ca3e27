//! The published description and the status page.

use crate::described::{Page, Read};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::openapi;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Self-contained: style, script and all; nothing is fetched from elsewhere.
const STATUS_PAGE: &str = include_str!("status.html");

/// This description; its form is that of OpenAPI 3.1 itself.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "openapi": "3.1.0" }]))]
#[serde(transparent)]
struct Description(Map<String, Value>);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/status", "A plain live status page", page).open(),
        Endpoint::get("/api/v1/openapi.json", "This description, OpenAPI 3.1", show)
            .steady()
            .open(),
    ]
}

async fn page(_: Ctx, _: Input) -> Result<Page, Problem> {
    Ok(Page(STATUS_PAGE))
}

/// Made once: it is the same for the life of the process.
static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| match openapi::document(&crate::routes::endpoints()) {
        Value::Object(members) => Description(members),
        _ => Description(Map::new()),
    });

async fn show(_: Ctx, _: Input) -> Result<Read<Description>, Problem> {
    Ok(Read(DESCRIPTION.clone()))
}
