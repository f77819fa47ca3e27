//! The tokens of the servers that this process has started, for requests to them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The tokens by the server's origin, such as `http://127.0.0.1:8080`.
static TOKENS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Returns the path of the token file of a data directory.
pub fn token_file(data: &Path) -> PathBuf {
    data.join("token")
}

/// Returns the token of a data directory, if it has one.
pub fn token(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(token_file(data)).ok()?;
    Some(text.trim().to_owned())
}

/// Stores the token of the server at `origin`. A later server at the same origin replaces it.
pub(crate) fn store_token(origin: &str, token: &str) {
    let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.insert(origin.to_owned(), token.to_owned());
}

/// Returns the value of `Authorization` for the server at `origin`, if this process started it.
pub fn bearer(origin: &str) -> Option<String> {
    let tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.get(origin).map(|token| format!("Bearer {token}"))
}
