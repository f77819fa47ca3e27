//! `PostgresKeyStore`: the keys of a database as rows, for rotation, backup and restore. The rows of
//! destroyed keys always stay.
//!
//! Each operation is one transaction. PostgreSQL may keep older rows afterwards (dead rows until a vacuum,
//! which is requested, and the write-ahead log until it is recycled); they are wrapped under the old
//! master key.

use super::installation::{self, aad, wrap};
use super::{SCHEMA, connection, failed, pool, refuse_events, wrong};
use crate::sealing::{Secret, decrypt};
use crate::wrapped_keys::rows::{
    KeyBackupError, KeyCounts, RotationResult, WrappedContent, WrappedInstallation, WrappedKeys,
};
use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_postgres::types::ToSql;
use tokio_postgres::{IsolationLevel, Row};

/// The number of keys read or written at a time. It bounds memory and statements; one transaction covers
/// all pages.
const PAGE_KEYS: i32 = 1_000;

/// The timeout of a statement over all keys, in milliseconds: a million rows are read in seconds.
const WHOLE_MS: u64 = 600_000;

const EXISTS: &str = "SELECT to_regclass('ledgerline_keys.installation') IS NOT NULL";

/// Locks the tables: no key can be made, destroyed or wrapped meanwhile; reads continue.
const LOCK: &str = "LOCK TABLE ledgerline_keys.installation, ledgerline_keys.person_key IN EXCLUSIVE MODE";

const KEYS: &str = "SELECT customer, wrapped, destroyed_at FROM ledgerline_keys.person_key";

const REWRAP_INSTALLATION: &str =
    "UPDATE ledgerline_keys.installation SET check_value = $1, secret = $2, wrapping = $3";

const REWRAP_KEYS: &str = "UPDATE ledgerline_keys.person_key AS held SET version = $1, wrapped = new.wrapped
    FROM unnest($2::text[], $3::bytea[]) AS new (customer, wrapped) WHERE held.customer = new.customer";

const INSERT_DESTROYED: &str =
    "INSERT INTO ledgerline_keys.person_key AS held (customer, version, destroyed_at)
    SELECT customer, $1, at FROM unnest($2::text[], $3::bigint[]) AS new (customer, at)
    ON CONFLICT (customer) DO UPDATE
    SET wrapped = NULL, destroyed_at = coalesce(held.destroyed_at, excluded.destroyed_at)";

const INSERT_KEYS: &str = "INSERT INTO ledgerline_keys.person_key (customer, version, wrapped)
    SELECT customer, $1, wrapped FROM unnest($2::text[], $3::bytea[]) AS new (customer, wrapped)
    ON CONFLICT (customer) DO NOTHING";

const COUNT_DESTROYED: &str =
    "SELECT count(*) FROM ledgerline_keys.person_key WHERE destroyed_at IS NOT NULL";

/// The wrapped keys in a database. Connects for each call.
pub(crate) struct PostgresKeyStore {
    url: String,
}

impl PostgresKeyStore {
    pub(crate) fn of(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    async fn client(&self) -> Result<Client, VaultError> {
        let client = connection(&pool(&self.url)?).await?;
        refuse_events(&client).await?;
        let longer = format!("SET statement_timeout = {WHOLE_MS}");
        client
            .batch_execute(&longer)
            .await
            .map_err(|error| failed(&error))?;
        Ok(client)
    }

    /// Returns the installation's row; fails if the database holds no keys.
    async fn installation(&self, client: &Client) -> Result<WrappedInstallation, VaultError> {
        let exists = client
            .query_one(EXISTS, &[])
            .await
            .map_err(|error| failed(&error))?;
        let found = if exists.get(0) {
            installation::find(client).await?
        } else {
            None
        };
        found.ok_or_else(|| wrong("the database holds no keys"))
    }
}

#[async_trait]
impl WrappedKeys for PostgresKeyStore {
    async fn check(&self, master: &Secret, _ids: &Arc<dyn IdSource>) -> Result<(), VaultError> {
        let client = self.client().await?;
        let row = self.installation(&client).await?;
        installation::open(&row, master).map(drop)
    }

    async fn rewrap(
        &self,
        old: &Secret,
        new: &Secret,
        ids: &Arc<dyn IdSource>,
    ) -> Result<RotationResult, VaultError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(|error| failed(&error))?;
        transaction
            .batch_execute(LOCK)
            .await
            .map_err(|error| failed(&error))?;
        let before = installation::find(&transaction)
            .await?
            .ok_or_else(|| wrong("the database holds no keys"))?;
        // Under the lock: another process may have rotated since the earlier check.
        let secret = installation::open(&before, old)?;
        let after = installation::wrap_installation(
            new,
            ids.as_ref(),
            &before.id,
            before.wrapping + 1,
            secret.bytes(),
        );
        let row: [&(dyn ToSql + Sync); 3] = [&after.check_value, &after.secret, &after.wrapping];
        let updated = transaction.execute(REWRAP_INSTALLATION, &row).await;
        updated.map_err(|error| failed(&error))?;
        let rewrapping = Rewrapping {
            transaction: &transaction,
            from: (old, &before),
            to: (new, &after),
            ids: ids.as_ref(),
        };
        let keys_count = rewrapping.wrap_all().await?;
        transaction.commit().await.map_err(|error| failed(&error))?;
        super::vacuum(&client).await;
        Ok(RotationResult {
            keys_count,
            wrapping: after.wrapping,
        })
    }

    async fn read(&self) -> Result<WrappedContent, VaultError> {
        let mut client = self.client().await?;
        let installation = self.installation(&client).await?;
        let begun = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start();
        let transaction = begun.await.map_err(|error| failed(&error))?;
        let now = installation::find(&transaction).await?;
        let installation = now.unwrap_or(installation);
        let rows = transaction
            .query(KEYS, &[])
            .await
            .map_err(|error| failed(&error))?;
        let (mut keys, mut destroyed) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            let person = person_of(row)?;
            match (row.get::<_, Option<Vec<u8>>>(1), row.get::<_, Option<i64>>(2)) {
                (Some(wrapped), None) => drop(keys.insert(person, wrapped)),
                (_, Some(at)) => drop(destroyed.insert(person, Timestamp::from_micros(at))),
                (None, None) => {
                    return Err(wrong(
                        "a row of person_key has neither a key nor a time of destruction",
                    ));
                }
            }
        }
        Ok(WrappedContent {
            installation,
            keys,
            destroyed,
        })
    }

    async fn destroyed(&self) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError> {
        Ok(self.read().await?.destroyed)
    }

    async fn refuse_keys(&self) -> Result<(), KeyBackupError> {
        let client = self.client().await?;
        client
            .batch_execute(SCHEMA)
            .await
            .map_err(|error| failed(&error))?;
        match installation::find(&client).await? {
            None => Ok(()),
            Some(_) => Err(holds_keys()),
        }
    }

    async fn write(&self, wrapped: WrappedContent) -> Result<KeyCounts, KeyBackupError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(|error| failed(&error))?;
        transaction
            .batch_execute(LOCK)
            .await
            .map_err(|error| failed(&error))?;
        if installation::find(&transaction).await?.is_some() {
            return Err(holds_keys());
        }
        let WrappedContent {
            installation,
            keys,
            destroyed,
        } = wrapped;
        installation::insert(&transaction, &installation).await?;
        let gone: Vec<_> = destroyed
            .iter()
            .map(|(person, at)| (person, at.micros()))
            .collect();
        insert_pages(&transaction, INSERT_DESTROYED, installation.wrapping, &gone).await?;
        let kept: Vec<_> = keys.iter().collect();
        let keys_count = insert_pages(&transaction, INSERT_KEYS, installation.wrapping, &kept).await?;
        let counted = transaction.query_one(COUNT_DESTROYED, &[]).await;
        let destroyed_count: i64 = counted.map_err(|error| failed(&error))?.get(0);
        transaction.commit().await.map_err(|error| failed(&error))?;
        Ok(KeyCounts {
            keys_count,
            destroyed_count: u64::try_from(destroyed_count).unwrap_or(0),
        })
    }
}

/// A rotation in progress: the old and the new master key with their installation rows, in a transaction that
/// has locked the tables.
struct Rewrapping<'a> {
    transaction: &'a Transaction<'a>,
    from: (&'a Secret, &'a WrappedInstallation),
    to: (&'a Secret, &'a WrappedInstallation),
    ids: &'a dyn IdSource,
}

impl Rewrapping<'_> {
    /// Wraps every key under the new master key, page by page. Returns the number of keys. The caller
    /// commits.
    async fn wrap_all(&self) -> Result<u64, VaultError> {
        let sql = format!("{KEYS} WHERE wrapped IS NOT NULL");
        // A cursor returns the rows as they were when it was opened, whatever is updated meanwhile.
        let cursor = self
            .transaction
            .bind(&sql, &[])
            .await
            .map_err(|error| failed(&error))?;
        let mut count = 0;
        loop {
            let page = self.transaction.query_portal(&cursor, PAGE_KEYS).await;
            let page = page.map_err(|error| failed(&error))?;
            if page.is_empty() {
                return Ok(count);
            }
            count += page.len() as u64;
            self.wrap_page(&page).await?;
        }
    }

    async fn wrap_page(&self, page: &[Row]) -> Result<(), VaultError> {
        let ((old, before), (new, after)) = (self.from, self.to);
        let (mut names, mut wrapped) = (Vec::with_capacity(page.len()), Vec::with_capacity(page.len()));
        for row in page {
            let (person, bytes): (&str, &[u8]) = (row.get(0), row.get(1));
            let opened = decrypt(old.bytes(), &aad(&before.id, person, before.wrapping), bytes);
            let opened = opened.ok_or_else(|| wrong(&format!("the key of {person} is damaged")))?;
            let pinned = aad(&after.id, person, after.wrapping);
            names.push(person);
            wrapped.push(wrap(new, self.ids, &pinned, &opened));
        }
        let row: [&(dyn ToSql + Sync); 3] = [&after.wrapping, &names, &wrapped];
        let updated = self.transaction.execute(REWRAP_KEYS, &row).await;
        updated.map(drop).map_err(|error| failed(&error))
    }
}

/// Inserts one row for each pair of a person and a value, page by page, by the statement `sql`. Returns the
/// number of rows inserted or changed.
async fn insert_pages<V: ToSql + Sync + Clone>(
    transaction: &Transaction<'_>,
    sql: &str,
    wrapping: i64,
    pairs: &[(&CustomerId, V)],
) -> Result<u64, VaultError> {
    let mut count = 0;
    for page in pairs.chunks(usize::try_from(PAGE_KEYS).unwrap_or(1)) {
        let names: Vec<&str> = page.iter().map(|(person, _)| person.as_str()).collect();
        let values: Vec<V> = page.iter().map(|(_, value)| value.clone()).collect();
        let inserted = transaction.execute(sql, &[&wrapping, &names, &values]).await;
        count += inserted.map_err(|error| failed(&error))?;
    }
    Ok(count)
}

fn person_of(row: &Row) -> Result<CustomerId, VaultError> {
    let person: &str = row.get(0);
    person
        .parse()
        .map_err(|error| wrong(&format!("a row of person_key names no person: {error}")))
}

fn holds_keys() -> KeyBackupError {
    KeyBackupError::Misplaced(
        "the database holds keys. To restore a backup, delete them but keep the rows of destroyed keys: \
         DELETE FROM ledgerline_keys.person_key WHERE destroyed_at IS NULL; DELETE FROM \
         ledgerline_keys.installation"
            .to_owned(),
    )
}
