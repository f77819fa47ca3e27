//! Whether the process lives, and whether it should be sent work.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::{Done, Problem};
use serde_json::json;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/livez", "The process answers", |_, _| {
            Box::pin(async { Ok(Done::Read(json!({ "alive": true }))) })
        })
        .open(),
        Endpoint::get(
            "/readyz",
            "The process takes work: not draining, the store can be written, the log can be read, the views follow",
            |ctx, input| Box::pin(ready(ctx, input)),
        )
        .open(),
    ]
}

async fn ready(ctx: Ctx, _: Input) -> Result<Done, Problem> {
    ctx.readiness().await.map(Done::Read)
}
