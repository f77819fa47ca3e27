//! The tokens of the servers that this process has started: whoever asks one of them sends its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// By where a server is, such as `http://127.0.0.1:8080`.
static TOKENS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Where a data directory keeps its token.
pub fn token_file(data: &Path) -> PathBuf {
    data.join("token")
}

/// The token of a data directory, where there is one.
pub fn token(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(token_file(data)).ok()?;
    Some(text.trim().to_owned())
}

/// Keeps what the server at `origin` asks for; a later server at the same place asks for its own.
pub(crate) fn remember(origin: &str, token: &str) {
    let mut tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.insert(origin.to_owned(), token.to_owned());
}

/// The value of `Authorization` for the server at `origin`, where it is one of ours.
pub fn bearer(origin: &str) -> Option<String> {
    let tokens = TOKENS.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.get(origin).map(|token| format!("Bearer {token}"))
}
