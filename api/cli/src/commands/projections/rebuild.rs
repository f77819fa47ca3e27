//! `projections rebuild`, `switch`, `cancel` and `retry`: by the server that uses the directory, or here.

use crate::commands::projections::{Where, bar, show_on};
use crate::kit::failure::Failure;
use crate::kit::output;
use ::projections::{Comparison, Grounds, RebuildState, Rebuilds};
use application::percent::encode;
use domain::ports::clock::Clock;
use host::app::{AppError, WritableRows};
use host::clock::SystemClock;
use host::outbound::own_server::{OwnServer, ServerArgs};
use hyper::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use store::LockError;

/// How often a server is asked how far a rebuild is.
const ASK_AGAIN_MS: u64 = 300;

/// How a rebuild is wanted.
pub(super) struct Wish {
    pub(super) restart: bool,
    pub(super) no_switch: bool,
    pub(super) accept: Option<String>,
}

/// Who has the rows.
pub(super) enum Holder {
    Server(OwnServer),
    Here(WritableRows, Rebuilds),
}

pub(super) async fn holder(at: &Where) -> Result<Holder, Failure> {
    let (data, spec) = at.place()?;
    let rows = match WritableRows::open(&data, &spec, &at.read_db.spec(&data)).await {
        Ok(rows) => rows,
        Err(AppError::Lock(LockError::Held { .. })) => return server(&data).map(Holder::Server),
        Err(error) => return Err(error.into()),
    };
    let grounds = Grounds {
        store: Arc::clone(&rows.log.store),
        db: rows.rows(),
        clock: Arc::new(SystemClock::default()),
    };
    match Rebuilds::open(grounds).await {
        Ok(rebuilds) => Ok(Holder::Here(rows, rebuilds)),
        Err(error) => {
            rows.close().await;
            Err(error.into())
        }
    }
}

fn server(data: &Path) -> Result<OwnServer, Failure> {
    Ok(OwnServer::find(&ServerArgs {
        server: None,
        token_file: None,
        data: Some(data.to_owned()),
    })?)
}

pub(super) fn path(name: &str) -> String {
    format!("/api/v1/projections/{}", encode(name))
}

/// Makes the next rows of one view; without a server switches to them.
pub(super) async fn one(at: &Where, name: &str, wish: &Wish) -> Result<(), Failure> {
    match holder(at).await? {
        Holder::Server(server) => one_there(&server, (at.json, name), wish).await,
        Holder::Here(rows, rebuilds) => {
            let done = one_here(&rebuilds, (at.json, name), wish).await;
            drop(rebuilds);
            rows.close().await;
            done
        }
    }
}

async fn one_here(rebuilds: &Rebuilds, (as_json, name): (bool, &str), wish: &Wish) -> Result<(), Failure> {
    rebuilds.begin(name, wish.restart).await?;
    let bar = bar();
    let mut hear = show_on(&bar);
    let made = rebuilds.feed(name, &mut hear).await;
    drop(hear);
    bar.finish_and_clear();
    let made = made?;
    if made.state == RebuildState::Feeding {
        return Err(Failure::refused(format!(
            "the next rows of {name} are past its live ones, which began anew: use --restart, or start a server \
             and let it go on"
        )));
    }
    if made.state != RebuildState::Ready {
        let why = made.why.unwrap_or_default();
        return Err(Failure::found(format!("the next rows of {name} failed: {why}")));
    }
    let agrees = made.comparison.as_ref().is_some_and(Comparison::agrees);
    let is_switched = !wish.no_switch && (agrees || wish.accept.is_some());
    if is_switched {
        rebuilds.switch(name, wish.accept.as_deref()).await?;
    }
    if as_json {
        output::json(&json!({
            "view": name, "position": made.position.to_string(), "agree": agrees, "switched": is_switched,
            "comparison": made.comparison,
        }))?;
    } else {
        let done = if is_switched { "switched to" } else { "ready" };
        output::line(&format!(
            "{name}: next rows {done}, up to position {}",
            made.position
        ))?;
    }
    told(name, agrees || is_switched)
}

/// Differences are told by the exit code.
fn told(name: &str, is_right: bool) -> Result<(), Failure> {
    if is_right {
        return Ok(());
    }
    Err(Failure::found(format!(
        "the next rows of {name} differ from the live ones: `projections status {name} --json` shows where; \
         `projections switch {name} --accept-differences REASON` puts them in place all the same"
    )))
}

/// Begins a rebuild on the server, and waits until its next rows are fed; answers how the view stands.
pub(super) async fn fed_there(server: &OwnServer, (name, restart): (&str, bool)) -> Result<Value, Failure> {
    let body = json!({ "restart": restart });
    let begin = format!("{}/rebuild", path(name));
    let mut shown = server.ask(Method::POST, &begin, Some(&body)).await?;
    let (bar, clock) = (bar(), SystemClock::default());
    while state(&shown) == RebuildState::Feeding.code() {
        clock.wait_until(clock.now().plus_ms(ASK_AGAIN_MS)).await;
        shown = server.ask(Method::GET, &path(name), None).await?;
        let number = |pointer: &str| shown.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        bar.set_length(number("/position"));
        bar.set_position(number("/rebuild/position"));
    }
    bar.finish_and_clear();
    Ok(shown)
}

async fn one_there(server: &OwnServer, (as_json, name): (bool, &str), wish: &Wish) -> Result<(), Failure> {
    let shown = fed_there(server, (name, wish.restart)).await?;
    let state = state(&shown).to_owned();
    let agrees = shown.pointer("/rebuild/agrees").and_then(Value::as_bool);
    if as_json {
        output::json(&shown)?;
    } else {
        output::line(&format!("{name}: next rows {state}"))?;
    }
    if state == RebuildState::Failed.code() {
        let why = shown.pointer("/rebuild/why").and_then(Value::as_str);
        let why = why.unwrap_or_default();
        return Err(Failure::found(format!("the next rows of {name} failed: {why}")));
    }
    if !as_json && agrees == Some(true) {
        output::line(&format!(
            "put them in place with: ledgerline projections switch {name} --data DIR"
        ))?;
    }
    told(name, agrees != Some(false))
}

pub(super) fn state(shown: &Value) -> &str {
    shown
        .pointer("/rebuild/state")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Puts the next rows in the place of the live ones.
pub(super) async fn switch(at: &Where, name: &str, accept: Option<&str>) -> Result<(), Failure> {
    match holder(at).await? {
        Holder::Server(server) => {
            let body = accept.map_or_else(|| json!({}), |reason| json!({ "accept_differences": reason }));
            let switch = format!("{}/switch", path(name));
            let shown = server.ask(Method::POST, &switch, Some(&body)).await?;
            say(at, &shown, &format!("{name}: switched"))
        }
        Holder::Here(rows, rebuilds) => {
            let done = rebuilds.switch(name, accept).await;
            drop(rebuilds);
            rows.close().await;
            let done = done?;
            let line = format!("{name}: switched, up to position {}", done.position);
            say(
                at,
                &json!({ "view": name, "position": done.position.to_string(), "switched": true }),
                &line,
            )
        }
    }
}

/// Drops the next rows.
pub(super) async fn cancel(at: &Where, name: &str) -> Result<(), Failure> {
    match holder(at).await? {
        Holder::Server(server) => {
            let cancel = format!("{}/cancel", path(name));
            server.ask(Method::POST, &cancel, None).await?;
        }
        Holder::Here(rows, rebuilds) => {
            let done = rebuilds.cancel(name).await;
            drop(rebuilds);
            rows.close().await;
            done?;
        }
    }
    say(
        at,
        &json!({ "view": name, "canceled": true }),
        &format!("{name}: next rows dropped"),
    )
}

/// Lets a parked view of the server try again; without a server the next start does so.
pub(super) async fn retry(at: &Where, name: &str) -> Result<(), Failure> {
    match holder(at).await? {
        Holder::Server(server) => {
            let retry = format!("{}/retry", path(name));
            let shown = server.ask(Method::POST, &retry, None).await?;
            say(at, &shown, &format!("{name}: tries again"))
        }
        Holder::Here(rows, rebuilds) => {
            drop(rebuilds);
            rows.close().await;
            Err(Failure::refused(format!(
                "no server uses this directory: a parked view tries again when one starts ({name})"
            )))
        }
    }
}

fn say(at: &Where, value: &Value, line: &str) -> Result<(), Failure> {
    if at.json {
        return output::json(value);
    }
    output::line(line)
}
