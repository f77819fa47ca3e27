//! The vault in a PostgreSQL database of its own, for several processes on one log.
//!
//! The database must hold no events, because a backup of both would open its own events. The row of a
//! destroyed key stays for ever and says so. PostgreSQL does not overwrite deleted data: the old row, wrapped
//! under the master key, stays in a page until a vacuum, and in the write-ahead log until that is recycled.
//! `destroy` requests a vacuum; a rotation of the master key makes all leftovers useless.

mod installation;
mod key_store;

use crate::file_vault::KeyringPolicy;
use crate::file_vault::cache::{KEYS_CACHED_MAX, KeyCache};
use crate::file_vault::master::MasterKey;
use crate::postgres::runtime_connector::RuntimeConnector;
use crate::sealing::{self, KEY_BYTES, Secret, decrypt};
use crate::wrapped_keys::masters::{MasterInUse, MasterKeys};
use async_trait::async_trait;
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod};
use domain::call::LegKey;
use domain::ids::{CallId, CustomerId, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::id_source::IdSource;
use domain::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use domain::time::Timestamp;
use installation::{aad, wrap};
pub(crate) use key_store::PostgresKeyStore;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_postgres::Config;

/// The most connections. Few are enough: a key is read once per customer and then cached.
const CONNECTIONS_MAX: usize = 4;

/// The timeout of one attempt to connect, in milliseconds.
const CONNECT_MS: u64 = 5_000;

/// The timeout of one statement, in milliseconds; each concerns one row.
const STATEMENT_MS: u64 = 10_000;

const SCHEMA: &str = include_str!("schema.sql");

/// The query whether the database has the log's event table: keys must never be in the same database.
const HOLDS_EVENTS: &str = "SELECT to_regclass('ledgerline.event') IS NOT NULL";

/// A vault with keys in PostgreSQL. `close` closes its connections.
pub struct PostgresVault {
    pool: Pool,
    master: Secret,
    secret: Secret,
    installation: String,
    wrapping: i64,
    ids: Arc<dyn IdSource>,
    cache: Mutex<KeyCache>,
}

/// The state of one person's key.
enum Row {
    Key(PersonKey),
    Destroyed(Timestamp),
}

impl PostgresVault {
    /// Connects and creates the tables if needed. Makes an installation if there is none and `keyring`
    /// allows it. Returns `WrongMaster` for a database that holds events, a wrong master key, or a missing
    /// installation.
    pub async fn open(
        url: &str,
        master: &MasterKey,
        ids: Arc<dyn IdSource>,
        keyring: KeyringPolicy,
    ) -> Result<Self, VaultError> {
        let pool = pool(url)?;
        let client = connection(&pool).await?;
        refuse_events(&client).await?;
        client
            .batch_execute(SCHEMA)
            .await
            .map_err(|error| failed(&error))?;
        let exists = installation::find(&client).await?.is_some();
        if !exists && keyring == KeyringPolicy::MustExist {
            return Err(wrong("the database holds no keys, but events are present"));
        }
        if master.read()?.is_none() && exists {
            return Err(wrong("the master key is missing, but keys are present"));
        }
        let masters = MasterKeys::read(master, ids.as_ref())?;
        if !exists {
            let new = installation::make(&masters.current, ids.as_ref());
            installation::insert(&client, &new).await?;
        }
        drop(client);
        Self::open_under(pool, masters, ids).await
    }

    /// Opens the keys with the current master key, or with the new one that an interrupted rotation left;
    /// then removes or replaces the key file that is not in use.
    async fn open_under(
        pool: Pool,
        masters: MasterKeys<'_>,
        ids: Arc<dyn IdSource>,
    ) -> Result<Self, VaultError> {
        let opened = Self::unlock(pool.clone(), &masters.current, Arc::clone(&ids)).await;
        match (opened, &masters.beside) {
            (Ok(opened), _) => {
                masters.settle(MasterInUse::Current)?;
                Ok(opened)
            }
            (Err(VaultError::WrongMaster(_)), Some(beside)) => {
                let opened = Self::unlock(pool, beside, ids).await?;
                masters.settle(MasterInUse::Beside)?;
                Ok(opened)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Reads the installation, which another process may just have made, and unwraps its secret. Fails if
    /// there is none.
    async fn unlock(pool: Pool, master: &Secret, ids: Arc<dyn IdSource>) -> Result<Self, VaultError> {
        let client = connection(&pool).await?;
        let found = installation::find(&client).await?;
        let row = found.ok_or_else(|| wrong("the database holds no keys"))?;
        Ok(Self {
            secret: installation::open(&row, master)?,
            master: master.clone(),
            installation: row.id,
            wrapping: row.wrapping,
            ids,
            cache: Mutex::new(KeyCache::new(KEYS_CACHED_MAX)),
            pool,
        })
    }

    /// Closes the connections; later reads of keys from the database fail. Cached keys stay available.
    pub fn close(&self) {
        self.pool.close();
    }

    fn cache(&self) -> MutexGuard<'_, KeyCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn find(&self, client: &Client, person: &CustomerId) -> Result<Option<Row>, VaultError> {
        let sql = "SELECT version, wrapped, destroyed_at FROM ledgerline_keys.person_key WHERE customer = $1";
        let row = client.query_opt(sql, &[&person.as_str()]).await;
        let Some(row) = row.map_err(|error| failed(&error))? else {
            return Ok(None);
        };
        if let Some(at) = row.get::<_, Option<i64>>(2) {
            return Ok(Some(Row::Destroyed(Timestamp::from_micros(at))));
        }
        let (version, wrapped): (i64, &[u8]) = (row.get(0), row.get(1));
        if version != self.wrapping {
            return Err(rotated());
        }
        let aad = aad(&self.installation, person.as_str(), version);
        let bytes = decrypt(self.master.bytes(), &aad, wrapped);
        match bytes
            .as_deref()
            .map(Vec::as_slice)
            .and_then(<[u8]>::first_chunk::<KEY_BYTES>)
        {
            Some(bytes) => Ok(Some(Row::Key(PersonKey::new(person.clone(), *bytes)))),
            None => Err(wrong(&format!("the key of {person} is damaged"))),
        }
    }

    async fn make(&self, client: &Client, person: &CustomerId) -> Result<(), VaultError> {
        let mut bytes = zeroize::Zeroizing::new([0; KEY_BYTES]);
        self.ids.random(&mut *bytes);
        let aad = aad(&self.installation, person.as_str(), self.wrapping);
        let wrapped = wrap(&self.master, self.ids.as_ref(), &aad, &*bytes);
        // A rotation locks the installation's row, so no key is made under a replaced master key.
        let sql = "INSERT INTO ledgerline_keys.person_key (customer, version, wrapped)
                   SELECT $1, wrapping, $3 FROM ledgerline_keys.installation WHERE wrapping = $2 FOR SHARE
                   ON CONFLICT (customer) DO NOTHING";
        let made = client
            .execute(sql, &[&person.as_str(), &self.wrapping, &wrapped])
            .await;
        made.map(|_| ()).map_err(|error| failed(&error))
    }
}

impl std::fmt::Debug for PostgresVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresVault")
    }
}

#[async_trait]
impl Vault for PostgresVault {
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        let cached = self.cache().get(person);
        if let Some(key) = cached {
            return Ok(key);
        }
        let client = connection(&self.pool).await?;
        let mut found = self.find(&client, person).await?;
        if found.is_none() {
            self.make(&client, person).await?;
            // Another process may have made or destroyed the key first.
            found = self.find(&client, person).await?;
        }
        match found {
            Some(Row::Key(key)) => {
                self.cache().put(key.clone());
                Ok(key)
            }
            Some(Row::Destroyed(_)) => Err(VaultError::Destroyed(person.clone())),
            // Rows are never deleted, so the key was not made: the wrapping version is no longer current.
            None => Err(rotated()),
        }
    }

    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        let cached = self.cache().get(person);
        if cached.is_some() {
            return Ok(cached);
        }
        let client = connection(&self.pool).await?;
        match self.find(&client, person).await? {
            Some(Row::Key(key)) => {
                self.cache().put(key.clone());
                Ok(Some(key))
            }
            Some(Row::Destroyed(_)) | None => Ok(None),
        }
    }

    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        self.forget_cached(person);
        let client = connection(&self.pool).await?;
        let sql = "INSERT INTO ledgerline_keys.person_key AS held (customer, version, destroyed_at)
                   VALUES ($1, $2, $3) ON CONFLICT (customer) DO UPDATE
                   SET wrapped = NULL, destroyed_at = coalesce(held.destroyed_at, excluded.destroyed_at)
                   RETURNING destroyed_at";
        let row = client
            .query_one(sql, &[&person.as_str(), &self.wrapping, &at.micros()])
            .await;
        let at: i64 = row.map_err(|error| failed(&error))?.get(0);
        self.forget_cached(person);
        vacuum(&client).await;
        Ok(DestroyedKey {
            person: person.clone(),
            at: Timestamp::from_micros(at),
        })
    }

    async fn destroyed(&self, person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        let client = connection(&self.pool).await?;
        let person = person.clone();
        Ok(match self.find(&client, &person).await? {
            Some(Row::Destroyed(at)) => Some(DestroyedKey { person, at }),
            Some(Row::Key(_)) | None => None,
        })
    }

    fn forget_cached(&self, person: &CustomerId) {
        self.cache().forget(person);
    }

    fn seal(&self, key: &PersonKey, nonce: [u8; 12], aad: &[u8], value: &str) -> Result<Sealed, VaultError> {
        Ok(sealing::seal(key, nonce, aad, value))
    }

    fn open(&self, key: &PersonKey, aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
        sealing::open(key, aad, sealed)
    }

    fn hash(&self, value: &str) -> LookupHash {
        self.secret.lookup_hash(value)
    }

    fn derive_customer(&self, external_id: &str) -> CustomerId {
        self.secret.customer(external_id)
    }

    fn derive_number(&self, e164: &str) -> NumberId {
        self.secret.number(e164)
    }
    fn derive_leg(&self, call: &CallId, leg: u8) -> LegKey {
        self.secret.leg(call, leg)
    }

    fn sign_link(&self, link: &str) -> String {
        self.secret.link(link)
    }
}

/// Returns an error if the database holds events: keys must be in another database than events.
async fn refuse_events(client: &Client) -> Result<(), VaultError> {
    let row = client.query_one(HOLDS_EVENTS, &[]).await;
    if row.map_err(|error| failed(&error))?.get(0) {
        return Err(wrong(
            "the database of the keys holds events: their backup would hold the keys",
        ));
    }
    Ok(())
}

/// Vacuums the key table, which frees the space of old key rows. A failure is only logged: the server's
/// autovacuum does it later.
async fn vacuum(client: &Client) {
    if let Err(error) = client.batch_execute("VACUUM ledgerline_keys.person_key").await {
        tracing::warn!(error = %text(&error), "old rows of the keys could not be vacuumed");
    }
}

fn pool(url: &str) -> Result<Pool, VaultError> {
    // The parser's message may repeat part of the URL, and with it a password.
    let read = tls::postgres::read(url).map_err(|error| VaultError::Unavailable(error.to_string()))?;
    let mut config = Config::from_str(&read.url)
        .map_err(|_unshown| VaultError::Unavailable("the URL of the key database is not valid".to_owned()))?;
    config
        .application_name("ledgerline keys")
        .connect_timeout(Duration::from_millis(CONNECT_MS))
        .options(format!(
            "-c statement_timeout={STATEMENT_MS} -c synchronous_commit=on"
        ));
    let recycling_method = RecyclingMethod::Fast;
    let recycling = ManagerConfig { recycling_method };
    let manager = Manager::from_connect(config, RuntimeConnector::current(read.connector), recycling);
    Pool::builder(manager)
        .max_size(CONNECTIONS_MAX)
        .build()
        .map_err(|error| VaultError::Unavailable(error.to_string()))
}

async fn connection(pool: &Pool) -> Result<Client, VaultError> {
    pool.get().await.map_err(|error| match error {
        // The server's or the handshake's message, not only that there is no connection.
        PoolError::Backend(error) => VaultError::Unavailable(text(&error)),
        other => VaultError::Unavailable(other.to_string()),
    })
}

fn rotated() -> VaultError {
    wrong("the master key was rotated by another process: start again")
}

fn wrong(why: &str) -> VaultError {
    VaultError::WrongMaster(why.to_owned())
}

fn failed(error: &tokio_postgres::Error) -> VaultError {
    VaultError::Unavailable(text(error))
}

/// Returns the server's message, or for an error of the network or of TLS its cause.
fn text(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(said), _) => said.message().to_owned(),
        // An error of the network or of TLS.
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
