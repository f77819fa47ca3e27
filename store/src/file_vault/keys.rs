//! `keys.db`: wrapped person keys and the wrapped installation secret.

use crate::durable_file::{self, Schema};
use crate::error::OpenError;
use crate::sealing::{KEY_BYTES, NONCE_BYTES, Secret, decrypt, encrypt, hex};
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::{PersonKey, VaultError};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The database of wrapped keys inside the keys directory.
pub const KEYS_FILE: &str = "keys.db";

const SCHEMA: Schema = Schema {
    sql: include_str!("schema.sql"),
    upgrades: &[],
};

/// The wrapping this build makes; rotation will raise it.
const WRAPPING_VERSION: i64 = 1;

/// What a right master key finds in `check_value`.
const CHECK_TEXT: &[u8] = b"ledgerline keys";

/// The open key file with the key that unwraps it. `ids` gives keys and nonces.
pub(super) struct Keys {
    connection: Connection,
    master: Secret,
    installation: String,
    ids: Arc<dyn IdSource>,
}

impl Keys {
    /// Opens the file with its secret. `make` says whether an installation is made where there is none.
    pub(super) fn open(
        dir: &Path,
        master: Secret,
        ids: Arc<dyn IdSource>,
        make: bool,
    ) -> Result<(Self, Secret), VaultError> {
        let file = dir.join(KEYS_FILE);
        let connection = durable_file::open_writer(&file, &SCHEMA).map_err(|error| opening(&error))?;
        let mut keys = Self {
            connection,
            master,
            installation: String::new(),
            ids,
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
        Ok((keys, secret))
    }

    fn installation(&self) -> Result<Option<InstallationRow>, VaultError> {
        self.connection
            .query_row("SELECT id, check_value, secret FROM installation", [], |row| {
                Ok(InstallationRow {
                    id: row.get(0)?,
                    check_value: row.get(1)?,
                    secret: row.get(2)?,
                })
            })
            .optional()
            .map_err(|error| failed(&error))
    }

    fn unwrap_secret(&mut self, row: InstallationRow) -> Result<Secret, VaultError> {
        self.installation = row.id;
        let check = decrypt(self.master.bytes(), &self.aad("check"), &row.check_value);
        if check.is_none_or(|check| **check != *CHECK_TEXT) {
            return Err(VaultError::WrongMaster(
                "master.key is not the one that keys.db was made under".to_owned(),
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
        self.installation = hex(&id);
        let secret = Secret::new(self.random());
        self.connection
            .execute(
                "INSERT INTO installation (one, id, check_value, secret) VALUES (1, ?1, ?2, ?3)",
                params![
                    self.installation,
                    self.wrap("check", CHECK_TEXT),
                    self.wrap("secret", secret.bytes()),
                ],
            )
            .map_err(|error| failed(&error))?;
        Ok(secret)
    }

    /// The person's key, unwrapped.
    pub(super) fn find(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        let wrapped: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT wrapped FROM person_key WHERE customer = ?1 AND version = ?2")
            .and_then(|mut statement| {
                statement
                    .query_row(params![person.as_str(), WRAPPING_VERSION], |row| row.get(0))
                    .optional()
            })
            .map_err(|error| failed(&error))?;
        let Some(wrapped) = wrapped else {
            return Ok(None);
        };
        let bytes = decrypt(self.master.bytes(), &self.aad(person.as_str()), &wrapped);
        match bytes
            .as_deref()
            .map(Vec::as_slice)
            .and_then(<[u8]>::first_chunk::<KEY_BYTES>)
        {
            Some(bytes) => Ok(Some(PersonKey::new(person.clone(), *bytes))),
            None => Err(VaultError::WrongMaster(format!(
                "the key of {person} in keys.db is damaged"
            ))),
        }
    }

    /// Keys of all these persons, found or made, durable when this returns: one commit for all.
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

    /// Leaves a transaction that failed.
    pub(super) fn roll_back(&self) {
        if !self.connection.is_autocommit() && self.run("ROLLBACK").is_err() {
            tracing::warn!("the failed commit of keys could not be rolled back");
        }
    }

    fn find_or_insert(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        if let Some(key) = self.find(person)? {
            return Ok(key);
        }
        let bytes = Zeroizing::new(self.random());
        self.connection
            .prepare_cached("INSERT INTO person_key (customer, version, wrapped) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| {
                statement.execute(params![
                    person.as_str(),
                    WRAPPING_VERSION,
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

    /// Pins what is wrapped to this installation, to one name and to the version of the wrapping.
    fn aad(&self, name: &str) -> Vec<u8> {
        format!("{}|{name}|{WRAPPING_VERSION}", self.installation).into_bytes()
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

struct InstallationRow {
    id: String,
    check_value: Vec<u8>,
    secret: Vec<u8>,
}

fn opening(error: &OpenError) -> VaultError {
    match error {
        OpenError::Damaged { .. } => VaultError::WrongMaster(error.to_string()),
        OpenError::Missing(_) | OpenError::NewerSchema { .. } | OpenError::Unavailable { .. } => {
            VaultError::Unavailable(error.to_string())
        }
    }
}

fn failed(error: &rusqlite::Error) -> VaultError {
    VaultError::Unavailable(crate::error::from_sqlite(error).to_string())
}
