//! The dialing check of `ledgerline doctor`: collects every reason in the log for which dialing is paused,
//! wholly or in part. It reads the log and writes nothing; reasons known only to a running server (clock,
//! disk, lock) are in its `GET /readyz`.

use crate::commands::doctor_check::{CheckText, says};
use crate::kit::failure::Failure;
use domain::calling_plan::Preset;
use domain::ports::event_store::EventStore;
use domain::stop::StopId;
use host::app::{AppError, ReadOnlyLog};
use host::store_spec::StoreSpec;
use store::OpenError;

/// Returns the reasons in the log for which dialing is paused; empty without a log. `trunks` are those
/// named to `doctor`: stops of other trunks are not looked up.
pub(super) async fn find_pause_reasons(spec: &StoreSpec, trunks: &[&str]) -> Result<Vec<CheckText>, Failure> {
    let opened = match ReadOnlyLog::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => return Ok(Vec::new()),
        opened => opened?,
    };
    let reasons = reasons(opened.store.as_ref(), trunks).await;
    opened.close().await;
    reasons
}

async fn reasons(store: &dyn EventStore, trunks: &[&str]) -> Result<Vec<CheckText>, Failure> {
    let installation = actors::installation_now(store).await?;
    let mut reasons = Vec::new();
    if installation.unconfirmed_restore().is_some() {
        reasons.push(says!(
            "恢复后尚未确认：请核对丢失的内容，再执行 ledgerline backup confirm --reason TEXT",
            "a restore waits for confirmation: check what it lost, then run: ledgerline backup confirm \
             --reason TEXT"
        ));
    }
    if installation.unconfirmed_loss().is_some() {
        reasons.push(says!(
            "历史丢失尚未确认（见“历史”）：ledgerline backup confirm --reason TEXT",
            "lost history waits for confirmation (see history): ledgerline backup confirm --reason TEXT"
        ));
    }
    if installation.clock_doubt().is_some() {
        reasons.push(says!(
            "时钟曾有误，之后尚未确认（见“时钟”）",
            "the clock was wrong and has not been confirmed since (see clock)"
        ));
    }
    let stops = [StopId::All].into_iter();
    let stops = stops.chain(Preset::ALL.iter().copied().map(StopId::Preset));
    let stops = stops.chain(trunks.iter().map(|trunk| StopId::Trunk((*trunk).to_owned())));
    for stop in stops {
        if let Some(engaged) = actors::engaged_now(store, &stop).await? {
            reasons.push(says!(
                "紧急停止 {stop}，自 {} 起：{}",
                "emergency stop of {stop} since {}: {}",
                engaged.since,
                engaged.reason
            ));
        }
    }
    Ok(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::StreamId;
    use domain::stored_event::{Record, StreamVersion};
    use std::sync::Arc;
    use store::test_ports::StepClock;
    use store::{MemoryDisk, MemoryEventStore};

    /// Appends a golden event as the first event of a stream.
    async fn append(log: &MemoryEventStore, stream: StreamId, golden: &str, changes: &[(&str, &str)]) {
        let mut text = golden
            .trim()
            .replace("\"stream_version\":3", "\"stream_version\":1")
            // Event ids must differ: this one is taken from the length of the stream's name.
            .replacen("597feaee", &format!("{:08x}", stream.as_str().len()), 1);
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let record = Record::from_stored(text.into_bytes().into()).unwrap();
        log.append(&stream, StreamVersion(0), vec![record]).await.unwrap();
    }

    #[tokio::test]
    async fn every_reason_on_record_is_named() {
        let clock = Arc::new(StepClock::default());
        let log = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
        assert_eq!(reasons(&log, &[]).await.unwrap(), Vec::<CheckText>::new());
        let restored = include_str!("../../../../fixtures/events/installation/installation.restored.v1.json");
        append(&log, StreamId::new("installation", &"log"), restored, &[]).await;
        let stop = include_str!("../../../../fixtures/events/stop/stop.engaged.v1.json");
        for (id, scope) in [("all", "all"), ("trunk.main", "trunk")] {
            let name = id.split_once('.').map_or("", |(_, name)| name);
            let own = if name.is_empty() {
                String::new()
            } else {
                format!("\"id\":\"{name}\",")
            };
            let stream = format!("\"stream\":\"stop-{id}\"");
            let changes = [
                (
                    "\"stream\":\"stop-campaign.LOAN_REMIND_20231101\"",
                    stream.as_str(),
                ),
                ("\"id\":\"LOAN_REMIND_20231101\",", own.as_str()),
                ("\"scope\":\"campaign\"", &format!("\"scope\":\"{scope}\"")),
            ];
            append(&log, StreamId::new("stop", &id), stop, &changes).await;
        }
        let found = reasons(&log, &["main"]).await.unwrap();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].en.contains("a restore waits"), "{found:?}");
        assert!(found[1].en.contains("emergency stop of all"), "{found:?}");
        assert!(
            found[2].en.contains("main") && found[2].en.contains("the flow names a wrong date"),
            "{found:?}"
        );
    }
}
