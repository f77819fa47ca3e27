//! The liveness and readiness probes of the server.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, Input};
use domain::problem::Problem;
use host::process::Readiness;
use schemars::JsonSchema;
use serde::Serialize;

/// Maximum time for the store's answers, in milliseconds: twice what a loaded store takes, and less than the
/// timeout of a supervisor.
const ANSWER_MS: u64 = 3_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/livez", "Check that the server is alive", |ctx, _| {
            std::future::ready(alive(&ctx))
        })
        .describe("Returns 200 while the process answers and all its essential parts run; otherwise 503.")
        .open()
        .kept(),
        Endpoint::get("/readyz", "Check that the server is ready", ready)
            .describe(
                "Returns 200 if the server accepts work: it is not shutting down, the store can be \
                 written, the log can be read, and the worklist is up to date. Otherwise 503. A pause of \
                 dialing does not change the status; both replies list its codes.",
            )
            .open()
            .kept(),
    ]
}

/// The process is alive.
#[derive(Debug, Serialize, JsonSchema)]
struct LivenessResponse {
    alive: bool,
}

/// Returns that the process is alive, or 503 between a fatal fault and the end of the process, so that a
/// supervisor restarts it.
fn alive(ctx: &Ctx) -> Result<ReadReply<LivenessResponse>, Problem> {
    match ctx.process.opened.fallen() {
        Some(why) => Err(Problem::unavailable(why)),
        None => Ok(ReadReply(LivenessResponse { alive: true })),
    }
}

/// Returns the readiness, or 503 after `ANSWER_MS` if the store hangs.
async fn ready(ctx: Ctx, _: Input) -> Result<ReadReply<Readiness>, Problem> {
    let clock = &ctx.installation.environment.clock;
    tokio::select! {
        biased;
        ready = ctx.process.readiness() => ready.map(ReadReply),
        () = clock.wait_until(clock.now().plus_ms(ANSWER_MS)) => Err(ctx.process.no_answer(format!(
            "the store has not answered for {ANSWER_MS} ms / 存储已 {ANSWER_MS} 毫秒无应答"
        ))),
    }
}
