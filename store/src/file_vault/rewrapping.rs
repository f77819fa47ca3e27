//! Wraps every row of a key file again under another master key, page by page in one transaction.

use super::keys::{CHECK_TEXT, Keys, aad, failed};
use crate::sealing::{NONCE_BYTES, Secret, decrypt, encrypt};
use domain::ports::vault::VaultError;
use rusqlite::params;

/// The number of keys read and wrapped at a time. It bounds memory; one transaction covers all pages.
const REWRAP_PAGE_KEYS: i64 = 1_000;

/// A rotation in progress: the key file with the old master key, the new master key, and the new
/// wrapping version.
pub(super) struct Rewrapping<'a> {
    pub(super) keys: &'a Keys,
    pub(super) master: Secret,
    pub(super) wrapping: i64,
}

impl Rewrapping<'_> {
    /// Wraps the check value, the installation secret and every key under the new master key. Returns the
    /// number of keys. The caller commits.
    pub(super) fn wrap_all(&mut self, secret: &[u8]) -> Result<u64, VaultError> {
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
