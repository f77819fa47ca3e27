//! Decrypts the number of a call that is read directly from its log, and masks it. Needs the customer's key;
//! the read is recorded before the number is shown, as over HTTP.

use crate::kit::failure::Failure;
use crate::kit::reader::ReaderArgs;
use application::value_masking::masked;
use domain::call::{Call, CallState};
use domain::decider::Decider;
use domain::ids::{CallId, InquiryId};
use domain::inquiry::{Inquiry, InquiryCommand, ReadFacts, ReadForm};
use domain::phone_number::mask_e164;
use domain::ports::vault::Vault;
use domain::stored_event::{StoredEvent, open_personal, read_event};
use host::app::{AppError, ReadOnlyLog, RecordableLog, lookup_vault};
use host::keys_spec::KeysSpec;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::single_event::{mode_of, note, note_index_remade};
use host::store_spec::StoreSpec;
use hyper::Method;
use std::path::Path;
use store::LockError;

/// Value of `route` in the record of this read; HTTP reads have their path there.
const ROUTE: &str = "call show";

/// Value of `door` in the record of this read: the reader has access to the keys, so no server is involved.
const DOOR: &str = "keys";

/// The log and keys to read a call from, and the reader.
pub(super) struct CallReadContext<'a> {
    pub(super) spec: &'a StoreSpec,
    /// Data directory: holds the keys, and the address of its server.
    pub(super) data: &'a Path,
    pub(super) keys: &'a KeysSpec,
    pub(super) reader: &'a ReaderArgs,
}

impl CallReadContext<'_> {
    /// Returns the masked number of the call, or `None` if the person was erased. Fails if the keys are
    /// missing or belong to another log, or if the read cannot be recorded.
    pub(super) async fn masked(
        &self,
        call: CallId,
        log: &ReadOnlyLog,
        stored: &[StoredEvent],
    ) -> Result<Option<String>, Failure> {
        let (vault, _) = lookup_vault(self.keys, self.data, log).await?;
        let opened = opened(stored, vault.vault().as_ref()).await;
        vault.close().await;
        let state = opened?;
        let shown = masked(state.callee(), mask_e164);
        if shown.is_some() {
            self.put_on_record(call, &state).await?;
        }
        Ok(shown)
    }

    async fn put_on_record(&self, call: CallId, state: &CallState) -> Result<(), Failure> {
        let log = match RecordableLog::open(self.spec).await {
            Err(AppError::Lock(LockError::Held { dir, pid })) => {
                return self.ask_server(call, &dir, pid).await;
            }
            opened => opened?,
        };
        let done = async {
            let Some(mode) = mode_of(log.store()).await? else {
                return Ok(());
            };
            let facts = ReadFacts {
                route: ROUTE.to_owned(),
                door: DOOR.to_owned(),
                fields: vec!["callee".to_owned()],
                form: ReadForm::Masked,
                customer: state.customer().cloned(),
                number: None,
                calls: vec![call],
                campaign: state.campaign().cloned(),
                reason: self.reader.reason(),
                four_eyes: None,
                parts: Vec::new(),
            };
            let by = self.reader.by();
            let command = InquiryCommand::ReadPersonalData { facts, by };
            note_index_remade(log.store(), mode, log.index_remade()).await?;
            note::<Inquiry>(log.store(), mode, InquiryId::derive, command).await?;
            Ok(())
        };
        let done = done.await;
        log.close().await;
        done
    }

    /// Asks the server that holds the directory for the call. The server records the read.
    async fn ask_server(&self, call: CallId, dir: &Path, pid: Option<u32>) -> Result<(), Failure> {
        let args = ServerArgs {
            server: None,
            token_file: None,
            data: Some(dir.to_owned()),
            ca_file: None,
        };
        let path = self.reader.put(&format!("/api/v1/calls/{call}"));
        let server = ServerConnection::of_holder(&args, dir, pid)?;
        server.ask(Method::GET, &path, None).await?;
        Ok(())
    }
}

/// Rebuilds the state of the call from its events, with personal values decrypted.
async fn opened(stored: &[StoredEvent], vault: &dyn Vault) -> Result<CallState, Failure> {
    let unreadable = |error: &dyn std::error::Error| Failure::fault(error.to_string());
    let mut state = CallState::default();
    let mut key = None;
    for one in stored {
        let envelope = one.envelope().map_err(|error| unreadable(&error))?;
        if let (None, Some(customer)) = (&key, &envelope.customer) {
            key = vault.existing_key(customer).await.map_err(AppError::from)?;
        }
        let mut event = read_event::<Call>(&envelope).map_err(|error| unreadable(&error))?;
        open_personal(&envelope, &mut event, vault, key.as_ref()).map_err(AppError::from)?;
        Call::evolve(&mut state, &event, envelope.at);
    }
    Ok(state)
}
