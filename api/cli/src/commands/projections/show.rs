//! `projections list` and `projections status`: lists the views, and shows the state of each.

use crate::commands::projections::{RowSourceArgs, known};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::pad;
use ::projections::{ReadDb, RebuildStatus, ViewState, ViewStatus, views};
use application::format_localized;
use application::language::localized;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use host::app::ReadOnlyLog;
use host::clock::SystemClock;
use host::data_dir::{self, Mode};
use host::read_db_spec::ReadDbSpec;
use host::store_spec::StoreSpec;
use serde_json::{Value, json};
use std::path::Path;

/// Width of the state of a view, in columns.
const STATE_COLUMNS: usize = 12;

/// Prints the views of this build with their versions and tables.
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
        output::line(&format_localized!(
            "{name:<20} 版本 {version:<3} {}",
            "{name:<20} version {version:<3} {}",
            tables.join(" ")
        ))?;
    }
    Ok(())
}

/// Prints the state of one view or of all, read from the rows and the log.
pub(super) async fn status(at: &RowSourceArgs, name: Option<&str>) -> Result<(), Failure> {
    let name = name.map(known).transpose()?;
    let (data, spec) = at.place()?;
    let mut statuses = stored(&data, &spec, &at.read_db.spec(&data)).await?;
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

/// Reads the stored state of the views; a server may be running.
async fn stored(data: &Path, log: &StoreSpec, read_db: &ReadDbSpec) -> Result<Vec<ViewStatus>, Failure> {
    let opened = ReadOnlyLog::of(log).await?;
    let read = match opened.standing_rows(read_db).await {
        Ok(rows) => read(data, opened.store.as_ref(), rows.as_ref()).await,
        Err(error) => Err(Failure::from(error)),
    };
    opened.close().await;
    read
}

async fn read(data: &Path, store: &dyn EventStore, rows: &dyn ReadDb) -> Result<Vec<ViewStatus>, Failure> {
    let mut now = SystemClock::default().now();
    // A rehearsal's clock runs only in its server: the time of the last event is the latest time known.
    if data_dir::mode(data) == Some(Mode::Rehearsal) {
        now = store.last_recorded_at().await?.unwrap_or(now);
    }
    Ok(::projections::statuses(store, rows, now).await?)
}

fn word(state: ViewState) -> &'static str {
    match state {
        ViewState::Live => localized("实时", "live"),
        ViewState::CatchingUp => localized("追赶中", "catching up"),
        ViewState::Parked => localized("已停驻", "parked"),
        ViewState::Ahead => localized("超前于日志", "ahead of the log"),
    }
}

fn lines(status: &ViewStatus) -> Vec<String> {
    let shows = status.recorded_at.map_or_else(
        || localized("尚无数据", "nothing yet").to_owned(),
        |at| at.to_string(),
    );
    let mut lines = vec![format_localized!(
        "{:<20} {} 位置 {} / {}，滞后 {} 个事件、{:.1} 秒；数据截至 {shows}",
        "{:<20} {} position {} of {}, {} events behind, {:.1} s; shows {shows}",
        status.view,
        pad(word(status.state), STATE_COLUMNS),
        status.position,
        status.head,
        status.lag_events,
        seconds(status.lag_ms),
    )];
    let own = views::all().into_iter().find(|view| view.name() == status.view);
    if let Some(own) = own
        .map(|view| view.version())
        .filter(|own| *own != status.version)
    {
        let is = status.version;
        lines.push(format_localized!(
            "  由另一版本构建：版本 {is}，本程序读取 {own}",
            "  built by another build: version {is}, this build reads {own}"
        ));
    }
    if let Some(parked) = &status.parked {
        lines.push(format_localized!(
            "  停驻于位置 {} 之前：{}",
            "  parked before position {}: {}",
            parked.position,
            parked.why
        ));
    }
    lines.extend(status.rebuild.as_ref().map(rebuild_line));
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a time for people")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// Formats the state of a rebuild as one line.
pub(super) fn rebuild_line(status: &RebuildStatus) -> String {
    let rebuild = &status.rebuild;
    let (state, position) = (rebuild.state.code(), rebuild.position);
    let mut line = format_localized!(
        "  重建 {} {state}，位置 {position}",
        "  rebuild {} {state} at position {position}",
        rebuild.generation
    );
    if let Some(left) = status.remaining_ms {
        let (speed, left) = (status.events_per_second, seconds(left));
        line.push_str(&format_localized!(
            "，每秒 {speed} 个事件，剩余 {left:.0} 秒",
            ", {speed} events/s, {left:.0} s left"
        ));
    }
    match status.agrees {
        Some(true) => line.push_str(localized("，与在用数据一致", ", same as the live rows")),
        Some(false) => line.push_str(localized("，与在用数据不一致", ", differs from the live rows")),
        None => {}
    }
    if let Some(why) = &rebuild.why {
        line.push_str(&format!(": {why}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::decider::Scope;
    use domain::ids::CommandId;
    use domain::stored_event::StreamVersion;
    use host::app::OpenDataDir;
    use http::listeners::Listeners;
    use http::running_server::RunningServer;
    use http::testing::settings;
    use std::sync::Arc;
    use store::test_records::{make_record_of, stream};
    use tokio::runtime::Runtime;

    /// Longest time that the test may take between its two events.
    const TEST_MS_MAX: u64 = 600_000;

    async fn append(opened: &OpenDataDir, index: u64) {
        let stream = stream("s");
        let command = CommandId::derive_from_text(&index.to_string());
        let record = make_record_of(&stream, index + 1, command, Scope::default());
        let store = &opened.environment.store;
        let appended = store.append(&stream, StreamVersion(index), vec![record]);
        appended.await.unwrap();
    }

    #[test]
    fn a_rehearsal_is_behind_by_its_own_clock() {
        let directory = tempfile::tempdir().unwrap();
        let runtime = Arc::new(Runtime::new().unwrap());
        let settings = settings(directory.path());
        let (data, log) = (settings.open.data.clone(), settings.open.store.clone());
        runtime.block_on(async {
            let started = RunningServer::start(settings.clone(), Listeners::none(), Arc::clone(&runtime));
            let running = started.await.unwrap();
            append(&running.process.opened, 0).await;
            let head = running.installation.store().head().await.unwrap();
            running.installation.rows_at(head, 30_000).await.unwrap();
            running.stop().await;
            // Events are appended without a running view.
            let opened = OpenDataDir::open(&settings.open).await.unwrap();
            for index in 1..4 {
                append(&opened, index).await;
            }
            opened.close().await;
            let rows = ReadDbSpec::Sqlite(data.clone());
            for status in stored(&data, &log, &rows).await.unwrap() {
                assert_eq!(status.lag_events, 3, "{}", status.view);
                assert!(status.lag_ms < TEST_MS_MAX, "{} ms", status.lag_ms);
            }
        });
    }
}
