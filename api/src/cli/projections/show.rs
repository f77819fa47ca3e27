//! `projections list` and `status`: what views there are, and how each stands.

use super::super::failure::Failure;
use super::super::output;
use super::{Where, known};
use crate::app::ReadOnly;
use crate::clock::SystemClock;
use ::projections::{RebuildStatus, ViewState, ViewStatus, views};
use domain::ports::clock::Clock;
use serde_json::{Value, json};

/// The views of this build.
pub(super) fn list(as_json: bool) -> Result<(), Failure> {
    let all = views::all();
    if as_json {
        let views: Vec<Value> = all
            .iter()
            .map(|view| {
                let tables: Vec<&str> = view.tables().iter().map(|table| table.name).collect();
                json!({ "view": view.name(), "version": view.version(), "tables": tables })
            })
            .collect();
        return output::json(&json!({ "views": views }));
    }
    for view in all {
        let tables: Vec<&str> = view.tables().iter().map(|table| table.name).collect();
        let (name, version) = (view.name(), view.version());
        output::line(&format!("{name:<20} version {version:<3} {}", tables.join(" ")))?;
    }
    Ok(())
}

/// How each view stands, or one, read from the rows and the log.
pub(super) async fn status(at: &Where, name: Option<&str>) -> Result<(), Failure> {
    let name = name.map(known).transpose()?;
    let (data, spec) = at.place()?;
    let opened = ReadOnly::of(&spec).await?;
    let read = match opened.rows(&at.read_db.spec(&data)).await {
        Ok(rows) => {
            let now = SystemClock::default().now();
            let statuses = ::projections::statuses(opened.store.as_ref(), rows.as_ref(), now).await;
            statuses.map_err(Failure::from)
        }
        Err(error) => Err(Failure::from(error)),
    };
    opened.close().await;
    let mut statuses: Vec<ViewStatus> = read?;
    if let Some(name) = &name {
        statuses.retain(|status| status.view == *name);
    }
    if at.json {
        return output::json(&json!({ "views": statuses }));
    }
    statuses
        .iter()
        .try_for_each(|status| lines(status).iter().try_for_each(|line| output::line(line)))
}

const fn word(state: ViewState) -> &'static str {
    match state {
        ViewState::Live => "live 实时",
        ViewState::CatchingUp => "catching up 追赶中",
        ViewState::Parked => "parked 已停驻",
    }
}

fn lines(status: &ViewStatus) -> Vec<String> {
    let shows = status
        .recorded_at
        .map_or_else(|| "nothing yet".to_owned(), |at| at.to_string());
    let mut lines = vec![format!(
        "{:<20} {:<12} position {} of {}, {} events behind, {:.1} s; shows {shows}",
        status.view,
        word(status.state),
        status.position,
        status.head,
        status.lag_events,
        seconds(status.lag_ms),
    )];
    if let Some(parked) = &status.parked {
        lines.push(format!("  kept by position {}: {}", parked.position, parked.why));
    }
    lines.extend(status.rebuild.as_ref().map(rebuild_line));
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// How a rebuild stands, on one line.
pub(super) fn rebuild_line(status: &RebuildStatus) -> String {
    let rebuild = &status.rebuild;
    let (state, position) = (rebuild.state.code(), rebuild.position);
    let mut line = format!("  rebuild {} {state} at position {position}", rebuild.generation);
    if let Some(left) = status.remaining_ms {
        let (speed, left) = (status.events_per_second, seconds(left));
        line.push_str(&format!(", {speed} events/s, {left:.0} s left"));
    }
    match status.agrees {
        Some(true) => line.push_str(", same as the live rows"),
        Some(false) => line.push_str(", differs from the live rows"),
        None => {}
    }
    if let Some(why) = &rebuild.why {
        line.push_str(&format!(": {why}"));
    }
    line
}
