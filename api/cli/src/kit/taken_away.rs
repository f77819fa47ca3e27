//! `--by` and `--unrecorded`: that events are taken away as they are stored is on record before they are.

use crate::kit::asking::given;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::reader::os_user;
use domain::ids::InquiryId;
use domain::inquiry::{Inquiry, InquiryCommand};
use host::app::{AppError, ReadOnly, RecordableLog};
use host::data_dir::Mode;
use host::lone_event::{mode_of, note, note_index_remade};
use host::outbound::own_server::{OwnServer, ServerArgs};
use host::store_spec::StoreSpec;
use http::taken_away::Taking;
use hyper::Method;
use serde_json::json;
use std::path::Path;
use store::LockError;

/// Who takes events away, and whether that is on record.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct TakingArgs {
    /// Who takes the events away, for the record; default: the user of the operating system
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Leave the log as it is, with no event that this was taken: for evidence, and where you may only read
    #[arg(long)]
    unrecorded: bool,
}

impl TakingArgs {
    /// Stores `inquiry.exported`: through the server that holds the directory, or here. An empty log is left
    /// as it is.
    pub(crate) async fn put_on_record(&self, spec: &StoreSpec, taking: Taking) -> Result<(), Failure> {
        if self.unrecorded {
            output::notice("not on record, as asked / 按要求未留痕");
            return Ok(());
        }
        let opened = ReadOnly::of(spec).await?;
        let mode = mode_of(opened.store.as_ref()).await;
        opened.close().await;
        let Some(mode) = mode? else { return Ok(()) };
        let by = self.by.clone().or_else(os_user);
        record(spec, mode, taking, by).await.map_err(|failure| {
            failure.with(
                "what is taken goes on record first, and that failed. --unrecorded takes it from a log that must \
                 not change, or that you may only read",
            )
        })
    }
}

async fn record(spec: &StoreSpec, mode: Mode, taking: Taking, by: Option<String>) -> Result<(), Failure> {
    let log = match RecordableLog::open(spec).await {
        Err(AppError::Lock(LockError::Held { dir, pid })) => {
            return ask_server(&dir, pid, &taking, by).await;
        }
        opened => opened?,
    };
    let command = InquiryCommand::Export {
        facts: taking.facts(),
        by,
    };
    note_index_remade(log.store(), mode, log.index_remade()).await?;
    let noted = note::<Inquiry>(log.store(), mode, InquiryId::derive, command).await;
    log.close().await;
    noted?;
    Ok(())
}

async fn ask_server(
    directory: &Path,
    holder: Option<u32>,
    taking: &Taking,
    by: Option<String>,
) -> Result<(), Failure> {
    let args = ServerArgs {
        server: None,
        token_file: None,
        data: Some(directory.to_owned()),
        ca_file: None,
    };
    let server = OwnServer::of_holder(&args, directory, holder)?;
    let Taking {
        what,
        campaign,
        customer,
        call,
        event,
    } = taking;
    let body = given(json!({
        "what": what, "campaign": campaign, "customer": customer, "call": call, "event": event, "by": by,
    }));
    let path = "/api/v1/exports/record";
    server.ask(Method::POST, path, Some(&body)).await?;
    Ok(())
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
    use http::taken_away::Taken;

    fn by_wang(unrecorded: bool) -> TakingArgs {
        TakingArgs {
            by: Some("wang".to_owned()),
            unrecorded,
        }
    }

    /// A directory whose log has one event.
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
        let opened = ReadOnly::of(spec).await.unwrap();
        let events = opened.store.read_all(Position(0), 10).await.unwrap();
        opened.close().await;
        events
    }

    fn envelope(event: &StoredEvent) -> Envelope {
        event.envelope().unwrap()
    }

    #[tokio::test]
    async fn what_is_taken_is_the_next_event_of_a_log_that_nobody_serves() {
        let (_dir, spec) = begun(Mode::Real).await;
        let taking = Taking {
            customer: Some("00000000000000000000000000000002".parse().unwrap()),
            ..Taking::all(Taken::Proof)
        };
        by_wang(false).put_on_record(&spec, taking.clone()).await.unwrap();
        let after = events(&spec).await;
        let noted = envelope(after.last().unwrap());
        assert_eq!((after.len(), noted.kind.as_str()), (2, "inquiry.exported"));
        assert_eq!(noted.customer, taking.customer);
        let data: serde_json::Value = serde_json::from_str(noted.data.get()).unwrap();
        assert_eq!((&data["what"], &data["by"]), (&json!("proof"), &json!("wang")));
        by_wang(true).put_on_record(&spec, taking).await.unwrap();
        assert_eq!(events(&spec).await.len(), 2, "evidence stays as it is");
    }

    #[tokio::test]
    async fn a_rehearsal_keeps_its_own_time() {
        let (_dir, spec) = begun(Mode::Rehearsal).await;
        let taking = Taking::all(Taken::Backup);
        by_wang(false).put_on_record(&spec, taking).await.unwrap();
        let after = events(&spec).await;
        assert_eq!(after.len(), 2);
        for event in &after {
            assert_eq!(event.recorded_at, Timestamp::EPOCH);
            assert!(envelope(event).rehearsal);
        }
    }

    #[tokio::test]
    async fn a_log_that_is_not_there_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let spec = StoreSpec::Sqlite(dir.path().join("none"));
        let taking = Taking::all(Taken::Copy);
        assert!(by_wang(false).put_on_record(&spec, taking).await.is_err());
        assert!(!dir.path().join("none").exists());
    }

    #[tokio::test]
    async fn while_no_server_answers_for_who_holds_the_directory_nothing_is_recorded_and_that_is_said() {
        let (dir, spec) = begun(Mode::Real).await;
        // An earlier server has left an address at which another may answer now.
        let left = r#"{"url":"http://127.0.0.1:9","pid":1}"#;
        std::fs::write(dir.path().join(host::outbound::own_server::SERVER_FILE), left).unwrap();
        let held = store::DataLock::acquire(dir.path()).unwrap();
        let taking = Taking::all(Taken::Backup);
        let refused = by_wang(false).put_on_record(&spec, taking).await;
        let said = refused.unwrap_err().to_string();
        assert!(
            said.contains("try again") && said.contains("--unrecorded"),
            "{said}"
        );
        drop(held);
        assert_eq!(events(&spec).await.len(), 1);
    }
}
