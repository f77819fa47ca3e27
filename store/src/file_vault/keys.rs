//! `keys.db`: the wrapped keys of persons, the wrapped installation secret, and the destroyed persons.

use super::destroyed_list::DestroyedList;
use super::rewrapping::Rewrapping;
use super::wrapped_rows::{INSERT_INSTALLATION, INSERT_KEY, installation_of};
use crate::durable_file::{self, Schema, Writers};
use crate::error::OpenError;
use crate::sealing::{KEY_BYTES, NONCE_BYTES, Secret, decrypt, encrypt};
use crate::wrapped_keys::rows::{RotationResult, WrappedInstallation};
use domain::hex;
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::{DestroyedKey, PersonKey, VaultError};
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The name of the database of wrapped keys in the keys directory.
pub const KEYS_FILE: &str = "keys.db";

pub(super) const SCHEMA: Schema = Schema {
    sql: include_str!("schema.sql"),
    upgrades: &[include_str!("schema_2.sql")],
    writers: Writers::Several,
};

/// The wrapping version of a new installation.
const FIRST_WRAPPING: i64 = 1;

/// The plaintext of `check_value`: decrypting it verifies the master key.
pub(super) const CHECK_TEXT: &[u8] = b"ledgerline keys";

/// The open key file with the master key that unwraps it. `ids` supplies random keys and nonces.
pub(super) struct Keys {
    file: PathBuf,
    pub(super) connection: Connection,
    pub(super) master: Secret,
    pub(super) installation: String,
    /// The current wrapping version; each rotation adds one.
    pub(super) wrapping: i64,
    pub(super) ids: Arc<dyn IdSource>,
    destroyed: DestroyedList,
}

/// The state of one person's key in the file: never made, present or destroyed.
#[derive(Debug)]
pub(super) enum KeyState {
    None,
    Key(PersonKey),
    Destroyed(Timestamp),
}

impl Keys {
    /// Opens the key file. Returns it with the unwrapped installation secret. If it holds no installation:
    /// creates one if `make` is true, otherwise fails.
    pub(super) fn open(
        dir: &Path,
        master: Secret,
        ids: Arc<dyn IdSource>,
        make: bool,
    ) -> Result<(Self, Secret), VaultError> {
        let file = dir.join(KEYS_FILE);
        let connection = durable_file::open_writer(&file, &SCHEMA).map_err(|error| opening(&error))?;
        let mut keys = Self {
            file: file.clone(),
            connection,
            master,
            installation: String::new(),
            wrapping: FIRST_WRAPPING,
            ids,
            destroyed: DestroyedList::of(dir),
        };
        let secret = match keys.installation()? {
            Some(row) => keys.unwrap_secret(row)?,
            None if make => keys.make_installation()?,
            None => {
                return Err(VaultError::WrongMaster(format!(
                    "{} holds no installation, but events are present",
                    file.display()
                )));
            }
        };
        keys.apply_list()?;
        Ok((keys, secret))
    }

    /// Opens the key file again after a failed commit. As at a start, committed pages are moved into the
    /// database and synced. Fails if the file is missing or belongs to another installation or wrapping.
    pub(super) fn reopen(&mut self) -> Result<(), VaultError> {
        self.connection = Connection::open_in_memory().map_err(|error| failed(&error))?;
        if !self.file.exists() {
            // Opening would create an empty file.
            return Err(VaultError::Unavailable(format!(
                "{} does not exist",
                self.file.display()
            )));
        }
        let connection = durable_file::open_writer(&self.file, &SCHEMA).map_err(|error| opening(&error))?;
        match installation_of(&connection)? {
            Some(row) if row.id == self.installation && row.wrapping == self.wrapping => {
                self.connection = connection;
                Ok(())
            }
            Some(_) | None => Err(VaultError::WrongMaster(format!(
                "{} is not the file that was opened",
                self.file.display()
            ))),
        }
    }

    fn installation(&self) -> Result<Option<WrappedInstallation>, VaultError> {
        installation_of(&self.connection)
    }

    fn unwrap_secret(&mut self, row: WrappedInstallation) -> Result<Secret, VaultError> {
        self.installation = row.id;
        self.wrapping = row.wrapping;
        let check = decrypt(self.master.bytes(), &self.aad("check"), &row.check_value);
        if check.is_none_or(|check| **check != *CHECK_TEXT) {
            return Err(VaultError::WrongMaster(
                "the master key is not the one that keys.db was made under".to_owned(),
            ));
        }
        let secret = decrypt(self.master.bytes(), &self.aad("secret"), &row.secret);
        match secret.as_deref().map(Vec::as_slice).and_then(<[u8]>::first_chunk) {
            Some(bytes) => Ok(Secret::new(*bytes)),
            None => Err(VaultError::WrongMaster(
                "the secret in keys.db is damaged".to_owned(),
            )),
        }
    }

    fn make_installation(&mut self) -> Result<Secret, VaultError> {
        let mut id = [0; 16];
        self.ids.random(&mut id);
        self.installation = hex::encode(&id);
        let secret = Secret::new(self.random());
        // Both steps run under one lock of the file, because another process may have made the
        // installation first.
        self.run("BEGIN IMMEDIATE")?;
        let first = self.find_or_insert_installation(&secret);
        let first = first.inspect_err(|_| self.roll_back())?;
        self.run("COMMIT")?;
        match first {
            Some(first) => self.unwrap_secret(first),
            None => Ok(secret),
        }
    }

    fn find_or_insert_installation(
        &self,
        secret: &Secret,
    ) -> Result<Option<WrappedInstallation>, VaultError> {
        let first = self.installation()?;
        if first.is_some() {
            return Ok(first);
        }
        let check = self.wrap("check", CHECK_TEXT);
        let secret = self.wrap("secret", secret.bytes());
        let row = params![self.installation, check, secret, self.wrapping];
        let made = self.connection.execute(INSERT_INSTALLATION, row);
        made.map(|_| None).map_err(|error| failed(&error))
    }

    /// Returns the person's unwrapped key, the time at which it was destroyed, or `None` if it was never
    /// made. Fails if the master key cannot unwrap it.
    pub(super) fn find(&self, person: &CustomerId) -> Result<KeyState, VaultError> {
        let wrapped = self.wrapped(person).map_err(|error| failed(&error))?;
        let Some(wrapped) = wrapped else {
            let at = self.destroyed_at(person).map_err(|error| failed(&error))?;
            return Ok(at.map_or(KeyState::None, KeyState::Destroyed));
        };
        let bytes = decrypt(self.master.bytes(), &self.aad(person.as_str()), &wrapped);
        match bytes
            .as_deref()
            .map(Vec::as_slice)
            .and_then(<[u8]>::first_chunk::<KEY_BYTES>)
        {
            Some(bytes) => Ok(KeyState::Key(PersonKey::new(person.clone(), *bytes))),
            None => Err(VaultError::WrongMaster(format!(
                "the key of {person} in keys.db is damaged"
            ))),
        }
    }

    fn wrapped(&self, person: &CustomerId) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = "SELECT wrapped FROM person_key WHERE customer = ?1 AND version = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement
            .query_row(params![person.as_str(), self.wrapping], |row| row.get(0))
            .optional()
    }

    fn destroyed_at(&self, person: &CustomerId) -> rusqlite::Result<Option<Timestamp>> {
        let sql = "SELECT at FROM destroyed WHERE customer = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let at = statement
            .query_row([person.as_str()], |row| row.get(0))
            .optional()?;
        Ok(at.map(Timestamp::from_micros))
    }

    /// Destroys the person's key; a person without a key can get none afterwards. Durable when it returns:
    /// the list names the person, the row is overwritten, and the write-ahead log holds no older page of
    /// it. A repeated call returns the first time.
    pub(super) fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        let before = self.destroyed_at(person).map_err(|error| failed(&error))?;
        let at = before.unwrap_or(at);
        if before.is_none() {
            self.destroyed.add(person, at)?;
            self.remove([(person, at)].into_iter())?;
        }
        // Also for a repeat: the first attempt may have been interrupted before this step.
        self.cut_log()?;
        Ok(DestroyedKey {
            person: person.clone(),
            at,
        })
    }

    /// Destroys in the database every key that the list of destroyed persons names: the database may be an
    /// older copy.
    fn apply_list(&self) -> Result<(), VaultError> {
        let listed = self.destroyed.read()?;
        let mut late = Vec::new();
        for (person, at) in &listed {
            if self
                .destroyed_at(person)
                .map_err(|error| failed(&error))?
                .is_none()
            {
                late.push((person, *at));
            }
        }
        if late.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            keys = late.len(),
            "keys in destroyed.list exist in keys.db; they are destroyed again"
        );
        self.remove(late.into_iter())?;
        self.cut_log()
    }

    fn remove<'a>(&self, gone: impl Iterator<Item = (&'a CustomerId, Timestamp)>) -> Result<(), VaultError> {
        self.run("BEGIN IMMEDIATE")?;
        for (person, at) in gone {
            self.remove_one(person, at).map_err(|error| failed(&error))?;
        }
        self.run("COMMIT")
    }

    fn remove_one(&self, person: &CustomerId, at: Timestamp) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("DELETE FROM person_key WHERE customer = ?1")?
            .execute([person.as_str()])?;
        self.connection
            .prepare_cached("INSERT INTO destroyed (customer, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![person.as_str(), at.micros()])?;
        Ok(())
    }

    /// Truncates the write-ahead log, which may hold older pages with the overwritten row. Fails if another
    /// process is reading the file.
    pub(super) fn cut_log(&self) -> Result<(), VaultError> {
        let busy: i64 = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(|error| failed(&error))?;
        if busy != 0 {
            let why = "another process reads keys.db, and old pages of it cannot be cut";
            return Err(VaultError::Unavailable(why.to_owned()));
        }
        Ok(())
    }

    /// Returns the keys of all these persons, in their order. Makes missing keys and stores them durably in
    /// one commit. Fails without a key if one person's key was destroyed.
    pub(super) fn find_or_make(&self, persons: &[CustomerId]) -> Result<Vec<PersonKey>, VaultError> {
        self.run("BEGIN IMMEDIATE")?;
        let made = persons.iter().map(|person| self.find_or_insert(person)).collect();
        match made {
            Ok(keys) => {
                self.run("COMMIT")?;
                Ok(keys)
            }
            Err(error) => Err(error),
        }
    }

    /// Wraps every key and the installation secret again under another master key, in one transaction, then
    /// truncates the write-ahead log. Returns the number of keys and the new wrapping version.
    pub(super) fn rewrap(&mut self, master: Secret) -> Result<RotationResult, VaultError> {
        let row = self.installation()?.ok_or_else(|| {
            VaultError::WrongMaster("keys.db holds no installation to wrap again".to_owned())
        })?;
        let secret = decrypt(self.master.bytes(), &self.aad("secret"), &row.secret)
            .ok_or_else(|| VaultError::WrongMaster("the secret in keys.db is damaged".to_owned()))?;
        self.run("BEGIN IMMEDIATE")?;
        let mut new = Rewrapping {
            keys: self,
            master,
            wrapping: row.wrapping + 1,
        };
        let keys_count = new.wrap_all(&secret).inspect_err(|_| new.keys.roll_back())?;
        let (master, wrapping) = (new.master, new.wrapping);
        self.run("COMMIT")?;
        self.master = master;
        self.wrapping = wrapping;
        self.cut_log()?;
        Ok(RotationResult { keys_count, wrapping })
    }

    /// Rolls back a failed transaction.
    pub(super) fn roll_back(&self) {
        if !self.connection.is_autocommit() && self.run("ROLLBACK").is_err() {
            tracing::warn!("the failed commit of keys could not be rolled back");
        }
    }

    fn find_or_insert(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        match self.find(person)? {
            KeyState::Key(key) => return Ok(key),
            KeyState::Destroyed(_) => return Err(VaultError::Destroyed(person.clone())),
            KeyState::None => {}
        }
        let bytes = Zeroizing::new(self.random());
        self.connection
            .prepare_cached(INSERT_KEY)
            .and_then(|mut statement| {
                statement.execute(params![
                    person.as_str(),
                    self.wrapping,
                    self.wrap(person.as_str(), &*bytes)
                ])
            })
            .map_err(|error| failed(&error))?;
        Ok(PersonKey::new(person.clone(), *bytes))
    }

    fn wrap(&self, name: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        self.ids.random(&mut nonce);
        encrypt(self.master.bytes(), nonce, &self.aad(name), plain)
    }

    pub(super) fn aad(&self, name: &str) -> Vec<u8> {
        aad(&self.installation, name, self.wrapping)
    }

    fn random(&self) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        self.ids.random(&mut bytes);
        bytes
    }

    fn run(&self, statement: &str) -> Result<(), VaultError> {
        let ran = self
            .connection
            .prepare_cached(statement)
            .and_then(|mut statement| statement.execute([]));
        ran.map(|_| ()).map_err(|error| failed(&error))
    }
}

/// Returns the AAD of a wrapped value: it binds the value to one installation, one name and one
/// wrapping version.
pub(super) fn aad(installation: &str, name: &str, wrapping: i64) -> Vec<u8> {
    format!("{installation}|{name}|{wrapping}").into_bytes()
}

pub(super) fn opening(error: &OpenError) -> VaultError {
    match error {
        OpenError::Damaged { .. } => VaultError::WrongMaster(error.to_string()),
        OpenError::Missing(_)
        | OpenError::NewerSchema { .. }
        | OpenError::HalfFilled { .. }
        | OpenError::Unavailable { .. } => VaultError::Unavailable(error.to_string()),
    }
}

pub(super) fn failed(error: &rusqlite::Error) -> VaultError {
    VaultError::Unavailable(crate::error::from_sqlite(error).to_string())
}
