//! The description as a page to read and to try (Swagger UI): every byte of it comes from this server.

use crate::described::Asset;
use crate::endpoint::{Ctx, Endpoint, Input};
use domain::problem::Problem;

const PAGE: &str = include_str!("../../assets/docs.html");
const SCRIPT: &str = include_str!("../../assets/docs.js");
/// As they came, compressed: assets/PROVENANCE.md says from where.
const BUNDLE: &[u8] = include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz");
const STYLE: &[u8] = include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz");
const LICENSES: &[u8] = include_bytes!("../../assets/swagger-ui/LICENSES.txt.gz");

const JAVASCRIPT: &str = "text/javascript";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/docs", "This description as a page to read and to try", page).open(),
        Endpoint::get("/docs/docs.js", "What starts that page", |_, _| {
            asset(Asset::plain(JAVASCRIPT, SCRIPT))
        })
        .open(),
        Endpoint::get("/docs/swagger-ui-bundle.js", "What shows that page", |_, _| {
            asset(Asset::compressed(JAVASCRIPT, BUNDLE))
        })
        .open(),
        Endpoint::get("/docs/swagger-ui.css", "How that page looks", |_, _| {
            asset(Asset::compressed("text/css", STYLE))
        })
        .open(),
        Endpoint::get(
            "/docs/licenses",
            "The licences of what shows that page",
            |_, _| asset(Asset::compressed("text/plain", LICENSES)),
        )
        .open(),
    ]
}

async fn page(_: Ctx, _: Input) -> Result<Asset, Problem> {
    Ok(Asset::plain("text/html", PAGE))
}

fn asset(asset: Asset) -> std::future::Ready<Result<Asset, Problem>> {
    std::future::ready(Ok(asset))
}
