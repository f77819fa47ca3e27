//! New random secrets for keys, sessions and links.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::id_source::IdSource;

/// Random bytes of a secret: 256 bits cannot be guessed.
const SECRET_BYTES: usize = 32;

/// Returns a new random secret of `SECRET_BYTES` bytes as base64url text without padding.
pub(super) fn new_secret(ids: &dyn IdSource) -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    ids.random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
