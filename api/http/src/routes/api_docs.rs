//! The routes of the API documentation page (Swagger UI). Every file of the page comes from this server.

use crate::api_description::Asset;
use crate::endpoint::{Ctx, Endpoint, Input};
use domain::problem::Problem;

const PAGE: &str = include_str!("../../assets/docs.html");
const SCRIPT: &str = include_str!("../../assets/docs.js");
/// Files of Swagger UI, gzip-compressed as they were released; their source is in assets/PROVENANCE.md.
const BUNDLE: &[u8] = include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz");
const STYLE: &[u8] = include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz");
const LICENSES: &[u8] = include_bytes!("../../assets/swagger-ui/LICENSES.txt.gz");

const JAVASCRIPT: &str = "text/javascript";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/docs", "Open the API documentation page", page)
            .describe(
                "Returns an HTML page (Swagger UI) that shows this document and sends trial requests to \
                 this server.",
            )
            .open(),
        Endpoint::get(
            "/docs/docs.js",
            "Get the start script of the documentation page",
            |_, _| asset(Asset::plain(JAVASCRIPT, SCRIPT)),
        )
        .describe("Loads `/api/v1/openapi.json` into Swagger UI.")
        .open(),
        Endpoint::get("/docs/swagger-ui-bundle.js", "Get Swagger UI's script", |_, _| {
            asset(Asset::compressed(JAVASCRIPT, BUNDLE))
        })
        .describe("JavaScript, compressed with gzip.")
        .open(),
        Endpoint::get("/docs/swagger-ui.css", "Get Swagger UI's stylesheet", |_, _| {
            asset(Asset::compressed("text/css", STYLE))
        })
        .describe("CSS, compressed with gzip.")
        .open(),
        Endpoint::get("/docs/licenses", "Get the licenses of Swagger UI", |_, _| {
            asset(Asset::compressed("text/plain", LICENSES))
        })
        .describe("The license texts of Swagger UI and of the libraries it contains.")
        .open(),
    ]
}

async fn page(_: Ctx, _: Input) -> Result<Asset, Problem> {
    Ok(Asset::plain("text/html", PAGE))
}

fn asset(asset: Asset) -> std::future::Ready<Result<Asset, Problem>> {
    std::future::ready(Ok(asset))
}
