//! The masked number of a call that is read from its directory: opened with the person's key where the keys
//! are at hand, and on record before it is shown, as over HTTP.

use crate::kit::failure::Failure;
use crate::kit::reader::ReaderArgs;
use application::masked::masked;
use domain::call::{Call, CallState};
use domain::decider::Decider;
use domain::ids::{CallId, InquiryId};
use domain::inquiry::{Inquiry, InquiryCommand, ReadFacts, ReadForm};
use domain::phone_number::mask_e164;
use domain::ports::vault::Vault;
use domain::stored_event::{StoredEvent, open_personal, read_event};
use host::app::{AppError, ReadOnly, RecordableLog, lookup_vault};
use host::keys_spec::KeysSpec;
use host::lone_event::{mode_of, note, note_index_remade};
use host::outbound::own_server::{OwnServer, ServerArgs};
use host::store_spec::StoreSpec;
use hyper::Method;
use std::path::Path;
use store::LockError;

/// The way of this read, where routes have their address.
const ROUTE: &str = "call show";

/// What let the reader in: whoever can read the keys needs no server.
const DOOR: &str = "keys";

/// Where a call is read from, and by whom.
pub(super) struct Reading<'a> {
    pub(super) spec: &'a StoreSpec,
    /// The directory beside the log, of its keys and of its server.
    pub(super) data: &'a Path,
    pub(super) keys: &'a KeysSpec,
    pub(super) reader: &'a ReaderArgs,
}

impl Reading<'_> {
    /// The number as it may be shown; nothing where the person was erased. Fails where the keys are not at
    /// hand or are another log's, and where the read cannot be put on record.
    pub(super) async fn masked(
        &self,
        call: CallId,
        log: &ReadOnly,
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

    /// Who shows the call puts it on record.
    async fn ask_server(&self, call: CallId, dir: &Path, pid: Option<u32>) -> Result<(), Failure> {
        let args = ServerArgs {
            server: None,
            token_file: None,
            data: Some(dir.to_owned()),
            ca_file: None,
        };
        let path = self.reader.put(&format!("/api/v1/calls/{call}"));
        let server = OwnServer::of_holder(&args, dir, pid)?;
        server.ask(Method::GET, &path, None).await?;
        Ok(())
    }
}

/// The call as its own events tell it, with what is sealed opened.
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
