//! Whether the process lives, and whether it should be sent work.

use crate::described::Read;
use crate::endpoint::{Ctx, Endpoint, Input};
use domain::problem::Problem;
use host::process::Readiness;
use schemars::JsonSchema;
use serde::Serialize;

/// Longest wait for the store's answers: twice what a loaded one takes, and less than a supervisor waits.
const ANSWER_MS: u64 = 3_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/livez",
            "The process answers, and everything runs that it cannot do without",
            |ctx, _| std::future::ready(alive(&ctx)),
        )
        .open()
        .kept(),
        Endpoint::get(
            "/readyz",
            "The process takes work: not draining, the store can be written, the log can be read, the worklist follows",
            ready,
        )
        .open()
        .kept(),
    ]
}

/// That the process answers.
#[derive(Debug, Serialize, JsonSchema)]
struct Alive {
    alive: bool,
}

/// A process that cannot go on ends by itself; whoever asks in between is told to start it again.
fn alive(ctx: &Ctx) -> Result<Read<Alive>, Problem> {
    match ctx.process.opened.fallen() {
        Some(why) => Err(Problem::unavailable(why)),
        None => Ok(Read(Alive { alive: true })),
    }
}

/// A store that hangs answers nothing at all: whoever asks is told so, and is not left to wait with it.
async fn ready(ctx: Ctx, _: Input) -> Result<Read<Readiness>, Problem> {
    let clock = &ctx.installation.environment.clock;
    tokio::select! {
        biased;
        ready = ctx.process.readiness() => ready.map(Read),
        () = clock.wait_until(clock.now().plus_ms(ANSWER_MS)) => Err(Problem::unavailable(format!(
            "the store has not answered for {ANSWER_MS} ms / 存储已 {ANSWER_MS} 毫秒无应答"
        ))),
    }
}
