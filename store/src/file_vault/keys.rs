//! `keys.db`: wrapped person keys, the wrapped installation secret, and whose keys are gone.

use super::destroyed_list::DestroyedList;
use super::rotation::Rotated;
use crate::durable_file::{self, Schema};
use crate::error::OpenError;
use crate::sealing::{KEY_BYTES, NONCE_BYTES, Secret, decrypt, encrypt, hex};
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::{Destroyed, PersonKey, VaultError};
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The database of wrapped keys inside the keys directory.
pub const KEYS_FILE: &str = "keys.db";

const SCHEMA: Schema = Schema {
    sql: include_str!("schema.sql"),
    upgrades: &[include_str!("schema_2.sql")],
};

/// The wrapping of a new installation.
const FIRST_WRAPPING: i64 = 1;

const INSERT_INSTALLATION: &str =
    "INSERT INTO installation (one, id, check_value, secret, wrapping) VALUES (1, ?1, ?2, ?3, ?4)";

const INSERT_KEY: &str = "INSERT INTO person_key (customer, version, wrapped) VALUES (?1, ?2, ?3)";

/// Keys wrapped anew at a time: bounds memory, not the transaction.
const REWRAP_PAGE_KEYS: i64 = 1_000;

/// What a right master key finds in `check_value`.
const CHECK_TEXT: &[u8] = b"ledgerline keys";

/// The open key file with the key that unwraps it. `ids` gives keys and nonces.
pub(super) struct Keys {
    connection: Connection,
    master: Secret,
    installation: String,
    /// Which wrapping is in force; every rotation is one more.
    wrapping: i64,
    ids: Arc<dyn IdSource>,
    destroyed: DestroyedList,
}

/// What the file knows of one person's key.
#[derive(Debug)]
pub(super) enum Found {
    None,
    Key(PersonKey),
    Destroyed(Timestamp),
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
        self.installation = hex(&id);
        let secret = Secret::new(self.random());
        self.connection
            .execute(
                INSERT_INSTALLATION,
                params![
                    self.installation,
                    self.wrap("check", CHECK_TEXT),
                    self.wrap("secret", secret.bytes()),
                    self.wrapping,
                ],
            )
            .map_err(|error| failed(&error))?;
        Ok(secret)
    }

    /// The person's key, unwrapped, or when it was destroyed.
    pub(super) fn find(&self, person: &CustomerId) -> Result<Found, VaultError> {
        let wrapped = self.wrapped(person).map_err(|error| failed(&error))?;
        let Some(wrapped) = wrapped else {
            let at = self.destroyed_at(person).map_err(|error| failed(&error))?;
            return Ok(at.map_or(Found::None, Found::Destroyed));
        };
        let bytes = decrypt(self.master.bytes(), &self.aad(person.as_str()), &wrapped);
        match bytes
            .as_deref()
            .map(Vec::as_slice)
            .and_then(<[u8]>::first_chunk::<KEY_BYTES>)
        {
            Some(bytes) => Ok(Found::Key(PersonKey::new(person.clone(), *bytes))),
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

    /// Destroys the key, whether there is one or not. When this returns the list names the person, the row
    /// is overwritten in the database, and no older page of it is left in the write-ahead log.
    pub(super) fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<Destroyed, VaultError> {
        let before = self.destroyed_at(person).map_err(|error| failed(&error))?;
        let at = before.unwrap_or(at);
        if before.is_none() {
            self.destroyed.add(person, at)?;
            self.remove([(person, at)].into_iter())?;
        }
        // Also for a repeat: the first try may have been cut before this.
        self.cut_log()?;
        Ok(Destroyed {
            person: person.clone(),
            at,
        })
    }

    /// What the list names is destroyed in the database too: it may be an older copy.
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
            "keys on the list of destroyed ones are destroyed again"
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

    /// `secure_delete` has overwritten the row in the newest page; the log may hold older pages.
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

    /// Wraps everything anew under another master key, in one transaction; old pages are cut afterwards.
    pub(super) fn rewrap(&mut self, master: Secret) -> Result<Rotated, VaultError> {
        let row = self
            .installation()?
            .ok_or_else(|| VaultError::WrongMaster("there is nothing to wrap anew".to_owned()))?;
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
        Ok(Rotated { keys_count, wrapping })
    }

    /// Leaves a transaction that failed.
    pub(super) fn roll_back(&self) {
        if !self.connection.is_autocommit() && self.run("ROLLBACK").is_err() {
            tracing::warn!("the failed commit of keys could not be rolled back");
        }
    }

    fn find_or_insert(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        match self.find(person)? {
            Found::Key(key) => return Ok(key),
            Found::Destroyed(_) => return Err(VaultError::Destroyed(person.clone())),
            Found::None => {}
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

    fn aad(&self, name: &str) -> Vec<u8> {
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

/// Keys on their way to another master key, inside a transaction.
struct Rewrapping<'a> {
    keys: &'a Keys,
    master: Secret,
    wrapping: i64,
}

impl Rewrapping<'_> {
    fn wrap_all(&mut self, secret: &[u8]) -> Result<u64, VaultError> {
        let (check, secret) = (self.wrap("check", CHECK_TEXT), self.wrap("secret", secret));
        self.keys
            .connection
            .execute(
                "UPDATE installation SET check_value = ?1, secret = ?2, wrapping = ?3",
                params![check, secret, self.wrapping],
            )
            .map_err(|error| failed(&error))?;
        let mut count = 0;
        let mut after = String::new();
        loop {
            let page = self.page_after(&after).map_err(|error| failed(&error))?;
            let Some((last, _)) = page.last() else {
                return Ok(count);
            };
            after.clone_from(last);
            for (person, wrapped) in &page {
                self.wrap_one(person, wrapped)?;
                count += 1;
            }
        }
    }

    fn page_after(&self, after: &str) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
        let sql = "SELECT customer, wrapped FROM person_key WHERE customer > ?1 ORDER BY customer LIMIT ?2";
        let mut statement = self.keys.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![after, REWRAP_PAGE_KEYS], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect()
    }

    fn wrap_one(&self, person: &str, wrapped: &[u8]) -> Result<(), VaultError> {
        let bytes = decrypt(self.keys.master.bytes(), &self.keys.aad(person), wrapped);
        let bytes = bytes
            .ok_or_else(|| VaultError::WrongMaster(format!("the key of {person} in keys.db is damaged")))?;
        let sql = "UPDATE person_key SET version = ?2, wrapped = ?3 WHERE customer = ?1";
        let mut statement = self
            .keys
            .connection
            .prepare_cached(sql)
            .map_err(|error| failed(&error))?;
        let updated = statement.execute(params![person, self.wrapping, self.wrap(person, &bytes)]);
        updated.map(drop).map_err(|error| failed(&error))
    }

    fn wrap(&self, name: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        self.keys.ids.random(&mut nonce);
        let aad = aad(&self.keys.installation, name, self.wrapping);
        encrypt(self.master.bytes(), nonce, &aad, plain)
    }
}

/// Pins what is wrapped to one installation, to one name and to the version of the wrapping.
fn aad(installation: &str, name: &str, wrapping: i64) -> Vec<u8> {
    format!("{installation}|{name}|{wrapping}").into_bytes()
}

/// The installation's row, wrapped as it stands.
pub(super) struct WrappedInstallation {
    pub(super) id: String,
    pub(super) check_value: Vec<u8>,
    pub(super) secret: Vec<u8>,
    pub(super) wrapping: i64,
}

/// Everything that is wrapped in a directory's key file, as it stands; beside a running server too.
pub(super) fn read_wrapped(
    dir: &Path,
) -> Result<(WrappedInstallation, Vec<(CustomerId, Vec<u8>)>), VaultError> {
    let connection =
        durable_file::open_reader(&dir.join(KEYS_FILE), &SCHEMA).map_err(|error| opening(&error))?;
    // One transaction: installation and keys are of one wrapping.
    let snapshot = connection
        .unchecked_transaction()
        .map_err(|error| failed(&error))?;
    let installation = installation_of(&snapshot)?
        .ok_or_else(|| VaultError::WrongMaster("the key file holds no installation".to_owned()))?;
    let rows = all_wrapped(&snapshot).map_err(|error| failed(&error))?;
    let mut wrapped = Vec::with_capacity(rows.len());
    for (person, bytes) in rows {
        let person = person
            .parse()
            .map_err(|_| VaultError::WrongMaster("the key file names no person".to_owned()))?;
        wrapped.push((person, bytes));
    }
    Ok((installation, wrapped))
}

fn all_wrapped(connection: &Connection) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let mut statement = connection.prepare("SELECT customer, wrapped FROM person_key ORDER BY customer")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Makes a key file of what is wrapped; durable, and closed, when this returns.
pub(super) fn write_wrapped(
    file: &Path,
    installation: &WrappedInstallation,
    wrapped: &BTreeMap<CustomerId, Vec<u8>>,
) -> Result<(), VaultError> {
    let mut connection = durable_file::open_writer(file, &SCHEMA).map_err(|error| opening(&error))?;
    let mut write = || -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        transaction.execute(
            INSERT_INSTALLATION,
            params![
                installation.id,
                installation.check_value,
                installation.secret,
                installation.wrapping
            ],
        )?;
        for (person, bytes) in wrapped {
            transaction.prepare_cached(INSERT_KEY)?.execute(params![
                person.as_str(),
                installation.wrapping,
                bytes
            ])?;
        }
        transaction.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    };
    write().map_err(|error| failed(&error))
}

fn installation_of(connection: &Connection) -> Result<Option<WrappedInstallation>, VaultError> {
    connection
        .query_row(
            "SELECT id, check_value, secret, wrapping FROM installation",
            [],
            |row| {
                Ok(WrappedInstallation {
                    id: row.get(0)?,
                    check_value: row.get(1)?,
                    secret: row.get(2)?,
                    wrapping: row.get(3)?,
                })
            },
        )
        .optional()
        .map_err(|error| failed(&error))
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
