//! The options `--by` and `--unrecorded`: an export of stored events is recorded in the log before it begins.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::reader::os_user;
use crate::kit::request_args::remove_nulls;
use application::format_localized;
use application::language::localized;
use domain::ids::InquiryId;
use domain::inquiry::{Inquiry, InquiryCommand};
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::app::{AppError, ReadOnlyLog, RecordableLog};
use host::clock::SystemClock;
use host::data_dir::Mode;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::single_event::{mode_of, note, note_after, note_index_remade};
use host::store_spec::StoreSpec;
use http::event_exports::{EventExport, EventExportEnd};
use hyper::Method;
use serde_json::{Value, json};
use std::path::Path;
use store::LockError;

/// Problem code stored for an export that failed.
const NOT_TAKEN: &str = "not-taken";

/// The user who exports events, and whether the export is recorded.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ExportRecordArgs {
    /// Your name, for the record; default: the user of the operating system
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Do not record the export in the log: for evidence that must not change, and for read-only access
    #[arg(long)]
    unrecorded: bool,
}

impl ExportRecordArgs {
    /// Stores `inquiry.exported`, through the server that holds the directory or directly. Returns a handle
    /// for storing how the export ended. An empty log is left unchanged.
    pub(crate) async fn put_on_record(
        &self,
        spec: &StoreSpec,
        taking: EventExport,
    ) -> Result<ExportRecord, Failure> {
        if self.unrecorded {
            output::notice(localized("按要求未留痕", "not recorded, as requested"));
            return Ok(ExportRecord(None));
        }
        let opened = ReadOnlyLog::of(spec).await?;
        let mode = mode_of(opened.store.as_ref()).await;
        opened.close().await;
        let Some(mode) = mode? else {
            return Ok(ExportRecord(None));
        };
        let by = self.by.clone().or_else(os_user);
        let began = SystemClock::default().now();
        let inquiry = record(spec, mode, taking, by).await.map_err(|failure| {
            failure.with(
                "an export is recorded first, and that failed. Use --unrecorded for a log that must \
                 not change, or that you can only read",
            )
        })?;
        let spec = spec.clone();
        Ok(ExportRecord(Some(StartedExport {
            spec,
            mode,
            inquiry,
            began,
        })))
    }
}

/// The record of an export that has begun. `end` stores how it ended. Empty if the export is not recorded.
#[must_use = "the end of the export must be recorded too"]
pub(crate) struct ExportRecord(Option<StartedExport>);

struct StartedExport {
    spec: StoreSpec,
    mode: Mode,
    inquiry: InquiryId,
    began: Timestamp,
}

/// The number of events and bytes exported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExportedAmount {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl ExportRecord {
    /// Stores how the export ended and returns its result unchanged. If the end cannot be stored, a notice
    /// says so; the beginning is already recorded.
    pub(crate) async fn end<T>(
        self,
        ended: Result<T, Failure>,
        amount: impl FnOnce(&T) -> ExportedAmount,
    ) -> Result<T, Failure> {
        let Some(begun) = self.0 else { return ended };
        let elapsed_ms = SystemClock::default().now().ms_since(begun.began);
        let end = match &ended {
            Ok(taken) => {
                let ExportedAmount { events, bytes } = amount(taken);
                EventExportEnd::Done {
                    events,
                    bytes,
                    elapsed_ms,
                }
            }
            Err(failure) => EventExportEnd::Failed {
                code: NOT_TAKEN.to_owned(),
                detail: failure.to_string(),
            },
        };
        if let Err(why) = begun.put_end(end).await {
            output::notice(&format_localized!(
                "导出的结束未能留痕（{}）：{why}",
                "the end of the export could not be recorded ({}): {why}",
                begun.inquiry
            ));
        }
        ended
    }
}

impl StartedExport {
    async fn put_end(&self, end: EventExportEnd) -> Result<(), Failure> {
        let log = match RecordableLog::open(&self.spec).await {
            Err(AppError::Lock(LockError::Held { dir, pid })) => {
                let path = format!("/api/v1/exports/record/{}/end", self.inquiry);
                ask_server(&dir, pid, &path, &end.body()).await?;
                return Ok(());
            }
            opened => opened?,
        };
        let noted = note_after::<Inquiry>(log.store(), self.mode, &self.inquiry, end.command()).await;
        log.close().await;
        Ok(noted?)
    }
}

async fn record(
    spec: &StoreSpec,
    mode: Mode,
    taking: EventExport,
    by: Option<String>,
) -> Result<InquiryId, Failure> {
    let log = match RecordableLog::open(spec).await {
        Err(AppError::Lock(LockError::Held { dir, pid })) => {
            return tell_server(&dir, pid, &taking, by).await;
        }
        opened => opened?,
    };
    let command = InquiryCommand::Export {
        facts: taking.facts(),
        by,
    };
    note_index_remade(log.store(), mode, log.index_remade()).await?;
    let mut inquiry = None;
    let named = |command| *inquiry.insert(InquiryId::derive(command));
    let noted = note::<Inquiry>(log.store(), mode, named, command).await;
    log.close().await;
    noted?;
    inquiry.ok_or_else(|| Failure::fault("the recorded export has no id"))
}

async fn tell_server(
    directory: &Path,
    holder: Option<u32>,
    taking: &EventExport,
    by: Option<String>,
) -> Result<InquiryId, Failure> {
    let EventExport {
        what,
        campaign,
        customer,
        call,
        event,
    } = taking;
    let body = remove_nulls(json!({
        "what": what, "campaign": campaign, "customer": customer, "call": call, "event": event, "by": by,
    }));
    let reply = ask_server(directory, holder, "/api/v1/exports/record", &body).await?;
    let inquiry = reply.get("inquiry").and_then(Value::as_str);
    let inquiry = inquiry.and_then(|id| id.parse().ok());
    inquiry.ok_or_else(|| Failure::fault("the reply of the server has no id of the record"))
}

async fn ask_server(
    directory: &Path,
    holder: Option<u32>,
    path: &str,
    body: &Value,
) -> Result<Value, Failure> {
    let args = ServerArgs {
        server: None,
        token_file: None,
        data: Some(directory.to_owned()),
        ca_file: None,
    };
    let server = ServerConnection::of_holder(&args, directory, holder)?;
    Ok(server.ask(Method::POST, path, Some(body)).await?)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use domain::ids::LogId;
    use domain::installation::event::RestoreFacts;
    use domain::installation::{Installation, InstallationCommand};
    use domain::stored_event::{Envelope, Position, StoredEvent};
    use domain::time::Timestamp;
    use host::app::WritableLog;
    use http::event_exports::EventExportKind;

    fn by_wang(unrecorded: bool) -> ExportRecordArgs {
        ExportRecordArgs {
            by: Some("wang".to_owned()),
            unrecorded,
        }
    }

    /// Creates a directory with a log of one event.
    pub(crate) async fn begun(mode: Mode) -> (tempfile::TempDir, StoreSpec) {
        let dir = tempfile::tempdir().unwrap();
        let spec = StoreSpec::Sqlite(dir.path().to_owned());
        WritableLog::open(&spec).await.unwrap().close().await;
        let log = RecordableLog::open(&spec).await.unwrap();
        let restored = InstallationCommand::Restore(RestoreFacts {
            source_head: Position(1),
            to_position: Position(1),
            backup_made_at: Timestamp::EPOCH,
            log_root: None,
        });
        note::<Installation>(log.store(), mode, |_| LogId, restored)
            .await
            .unwrap();
        log.close().await;
        (dir, spec)
    }

    async fn events(spec: &StoreSpec) -> Vec<StoredEvent> {
        let opened = ReadOnlyLog::of(spec).await.unwrap();
        let events = opened.store.read_all(Position(0), 10).await.unwrap();
        opened.close().await;
        events
    }

    fn envelope(event: &StoredEvent) -> Envelope {
        event.envelope().unwrap()
    }

    #[tokio::test]
    async fn an_export_is_the_next_event_of_a_log_without_a_server() {
        let (_dir, spec) = begun(Mode::Real).await;
        let taking = EventExport {
            customer: Some("00000000000000000000000000000002".parse().unwrap()),
            ..EventExport::all(EventExportKind::Proof)
        };
        let begun = by_wang(false).put_on_record(&spec, taking.clone()).await.unwrap();
        let after = events(&spec).await;
        let noted = envelope(after.last().unwrap());
        assert_eq!((after.len(), noted.kind.as_str()), (2, "inquiry.exported"));
        assert_eq!(noted.customer, taking.customer);
        let data: Value = serde_json::from_str(noted.data.get()).unwrap();
        assert_eq!((&data["what"], &data["by"]), (&json!("proof"), &json!("wang")));
        let unrecorded = by_wang(true).put_on_record(&spec, taking).await.unwrap();
        unrecorded.end(Ok(()), |()| AMOUNT).await.unwrap();
        assert_eq!(events(&spec).await.len(), 2, "evidence stays as it is");
        begun.end(Ok(()), |()| AMOUNT).await.unwrap();
        let after = events(&spec).await;
        let ended = envelope(after.last().unwrap());
        assert_eq!((after.len(), ended.kind.as_str()), (3, "inquiry.answered"));
        assert_eq!((ended.stream, ended.causation), (noted.stream, Some(noted.id)));
        let data: Value = serde_json::from_str(ended.data.get()).unwrap();
        assert_eq!((&data["rows"], &data["bytes"]), (&json!(7), &json!(9)));
    }

    const AMOUNT: ExportedAmount = ExportedAmount { events: 7, bytes: 9 };

    #[tokio::test]
    async fn what_was_not_taken_after_all_is_on_record_too_and_fails_as_it_did() {
        let (_dir, spec) = begun(Mode::Real).await;
        let begun = by_wang(false)
            .put_on_record(&spec, EventExport::all(EventExportKind::Copy))
            .await;
        let failed: Result<(), Failure> = Err(Failure::refused("the target holds 13800138000 events"));
        let ended = begun.unwrap().end(failed, |()| AMOUNT).await;
        assert!(ended.is_err());
        let after = events(&spec).await;
        let ended = envelope(after.last().unwrap());
        assert_eq!(ended.kind, "inquiry.refused");
        let data: Value = serde_json::from_str(ended.data.get()).unwrap();
        assert_eq!(data["code"], "not-taken");
        assert!(!data.to_string().contains("13800138000"), "{data}");
    }

    #[tokio::test]
    async fn a_rehearsal_keeps_its_own_time() {
        let (_dir, spec) = begun(Mode::Rehearsal).await;
        let taking = EventExport::all(EventExportKind::Backup);
        let begun = by_wang(false).put_on_record(&spec, taking).await.unwrap();
        begun.end(Ok(()), |()| AMOUNT).await.unwrap();
        let after = events(&spec).await;
        assert_eq!(after.len(), 3);
        for event in &after {
            assert_eq!(event.recorded_at, Timestamp::EPOCH);
            assert!(envelope(event).rehearsal);
        }
    }

    #[tokio::test]
    async fn a_log_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let spec = StoreSpec::Sqlite(dir.path().join("none"));
        let taking = EventExport::all(EventExportKind::Copy);
        assert!(by_wang(false).put_on_record(&spec, taking).await.is_err());
        assert!(!dir.path().join("none").exists());
    }

    #[tokio::test]
    async fn while_no_server_answers_for_who_holds_the_directory_nothing_is_recorded_and_that_is_said() {
        let (dir, spec) = begun(Mode::Real).await;
        // A stopped server left its address; another program may listen there now.
        let left = r#"{"url":"http://127.0.0.1:9","pid":1}"#;
        std::fs::write(dir.path().join(host::outbound::server_locator::SERVER_FILE), left).unwrap();
        let held = store::DataLock::acquire(dir.path()).unwrap();
        let taking = EventExport::all(EventExportKind::Backup);
        let refused = by_wang(false).put_on_record(&spec, taking).await;
        let said = refused.err().unwrap().to_string();
        assert!(
            said.contains("try again") && said.contains("--unrecorded"),
            "{said}"
        );
        drop(held);
        assert_eq!(events(&spec).await.len(), 1);
    }
}
