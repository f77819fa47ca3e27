//! Routes of the OpenAPI document and of the status page.

use crate::api_description::{HtmlPage, ReadReply};
use crate::endpoint::{Ctx, Endpoint, Input};
use crate::openapi;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The status page with its styles and scripts; it loads nothing from elsewhere.
const STATUS_PAGE: &str = concat!(include_str!("status.html"), include_str!("door_page_foot.html"));

/// The published description of this API. Its format is defined by OpenAPI 3.1.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "openapi": "3.1.0" }]))]
#[serde(transparent)]
struct OpenApiDocument(Map<String, Value>);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/status", "Open the status page", page)
            .describe("A plain HTML page with the live state of this server.")
            .open(),
        Endpoint::get("/api/v1/openapi.json", "Get this document", show)
            .describe("The API description in OpenAPI 3.1.")
            .allow_caching()
            .open(),
    ]
}

async fn page(_: Ctx, _: Input) -> Result<HtmlPage, Problem> {
    Ok(HtmlPage(STATUS_PAGE))
}

/// The OpenAPI document, built at its first use. It does not change while the process runs.
static DESCRIPTION: LazyLock<OpenApiDocument> =
    LazyLock::new(|| match openapi::document(&crate::routes::endpoints()) {
        Value::Object(members) => OpenApiDocument(members),
        _ => OpenApiDocument(Map::new()),
    });

async fn show(_: Ctx, _: Input) -> Result<ReadReply<OpenApiDocument>, Problem> {
    Ok(ReadReply(DESCRIPTION.clone()))
}
