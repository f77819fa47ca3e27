//! Routes of the OpenAPI document and of the status page.

use crate::described::{Page, Read};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::openapi;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The status page with its styles and scripts; it loads nothing from elsewhere.
const STATUS_PAGE: &str = include_str!("status.html");

/// This document. Its format is defined by OpenAPI 3.1.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "openapi": "3.1.0" }]))]
#[serde(transparent)]
struct Description(Map<String, Value>);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/status", "Open the status page", page)
            .describe("A plain HTML page with the live state of this server.")
            .open(),
        Endpoint::get("/api/v1/openapi.json", "Get this document", show)
            .describe("The API description in OpenAPI 3.1.")
            .steady()
            .open(),
    ]
}

async fn page(_: Ctx, _: Input) -> Result<Page, Problem> {
    Ok(Page(STATUS_PAGE))
}

/// The document, built at its first use. It does not change while the process runs.
static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| match openapi::document(&crate::routes::endpoints()) {
        Value::Object(members) => Description(members),
        _ => Description(Map::new()),
    });

async fn show(_: Ctx, _: Input) -> Result<Read<Description>, Problem> {
    Ok(Read(DESCRIPTION.clone()))
}
