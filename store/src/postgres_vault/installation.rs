//! The row of the installation that the keys belong to: creates it, and opens it with the master key.

use super::{failed, wrong};
use crate::sealing::{KEY_BYTES, NONCE_BYTES, Secret, decrypt, encrypt};
use crate::wrapped_keys::rows::WrappedInstallation;
use deadpool_postgres::GenericClient;
use domain::hex;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;

/// The plaintext of `check_value`: decrypting it verifies the master key.
const CHECK_TEXT: &[u8] = b"ledgerline keys";

/// The wrapping version of a new installation.
const FIRST_WRAPPING: i64 = 1;

const SELECT: &str = "SELECT id, check_value, secret, wrapping FROM ledgerline_keys.installation";

const INSERT: &str = "INSERT INTO ledgerline_keys.installation (one, id, check_value, secret, wrapping)
                      VALUES (1, $1, $2, $3, $4) ON CONFLICT (one) DO NOTHING";

/// Returns the installation's row; `None` if the database has none.
pub(super) async fn find(client: &impl GenericClient) -> Result<Option<WrappedInstallation>, VaultError> {
    let row = client
        .query_opt(SELECT, &[])
        .await
        .map_err(|error| failed(&error))?;
    Ok(row.map(|row| WrappedInstallation {
        id: row.get(0),
        check_value: row.get(1),
        secret: row.get(2),
        wrapping: row.get(3),
    }))
}

/// Inserts the installation's row. Does nothing if there is one already.
pub(super) async fn insert(client: &impl GenericClient, row: &WrappedInstallation) -> Result<(), VaultError> {
    let made = client
        .execute(INSERT, &[&row.id, &row.check_value, &row.secret, &row.wrapping])
        .await;
    made.map(drop).map_err(|error| failed(&error))
}

/// Makes a new installation with a random id and secret, wrapped under the master key.
pub(super) fn make(master: &Secret, ids: &dyn IdSource) -> WrappedInstallation {
    let (mut id, mut secret) = ([0; 16], zeroize::Zeroizing::new([0; KEY_BYTES]));
    ids.random(&mut id);
    ids.random(&mut *secret);
    wrap_installation(master, ids, &hex::encode(&id), FIRST_WRAPPING, &*secret)
}

/// Wraps an installation's secret and check value under a master key. Returns the row with this wrapping
/// version.
pub(super) fn wrap_installation(
    master: &Secret,
    ids: &dyn IdSource,
    id: &str,
    wrapping: i64,
    secret: &[u8],
) -> WrappedInstallation {
    WrappedInstallation {
        check_value: wrap(master, ids, &aad(id, "check", wrapping), CHECK_TEXT),
        secret: wrap(master, ids, &aad(id, "secret", wrapping), secret),
        id: id.to_owned(),
        wrapping,
    }
}

/// Unwraps the installation's secret. Fails if the master key is not the one that wrapped it, or if the row
/// is damaged.
pub(super) fn open(row: &WrappedInstallation, master: &Secret) -> Result<Secret, VaultError> {
    let aad = |name| aad(&row.id, name, row.wrapping);
    let check = decrypt(master.bytes(), &aad("check"), &row.check_value);
    if check.is_none_or(|check| **check != *CHECK_TEXT) {
        return Err(wrong(
            "the master key is not the one that the keys were made under",
        ));
    }
    let secret = decrypt(master.bytes(), &aad("secret"), &row.secret);
    match secret.as_deref().map(Vec::as_slice).and_then(<[u8]>::first_chunk) {
        Some(secret) => Ok(Secret::new(*secret)),
        None => Err(wrong("the secret of the installation is damaged")),
    }
}

pub(super) fn wrap(master: &Secret, ids: &dyn IdSource, aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    ids.random(&mut nonce);
    encrypt(master.bytes(), nonce, aad, plain)
}

/// Returns the AAD of a wrapped value: it binds the value to one installation, one name and one
/// wrapping version.
pub(super) fn aad(installation: &str, name: &str, wrapping: i64) -> Vec<u8> {
    format!("{installation}|{name}|{wrapping}").into_bytes()
}
