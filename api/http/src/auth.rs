//! Who may call: until roles have their doors, the holder of the data directory's token.
//!
//! The token is made at first start, `DIR/token`, readable by its owner alone. Every listener asks for it,
//! a loopback address too: other people and other programs of this machine reach that as well.

use crate::own_page;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::id_source::IdSource;
use domain::problem::{Kind, Problem};
use host::data_dir::TOKEN_FILE;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use subtle::ConstantTimeEq;
use warp::http::HeaderMap;

/// Random bytes of a token: 256 bits cannot be guessed.
const TOKEN_BYTES: usize = 32;

/// What callers are held against.
#[derive(Clone)]
pub enum Door {
    /// A listener, and its port where it is a loopback address.
    Token {
        token: String,
        loopback_port: Option<u16>,
    },
    /// No listener: a command of whoever may open the directory asks, in its own process.
    Directory,
}

impl Door {
    /// Checks the `Authorization` header (RFC 6750).
    pub(crate) fn admit(&self, authorization: Option<&str>) -> Result<(), Problem> {
        let Self::Token { token: expected, .. } = self else {
            return Ok(());
        };
        let given = authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, token)| token.trim());
        if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Unauthenticated,
            "token-needed",
            "send the token of DIR/token as `Authorization: Bearer TOKEN`",
        ))
    }

    /// What let a caller in, as the record of a read names it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Directory => "directory",
        }
    }
}

impl Door {
    /// On a loopback listener, holds a browser to our own pages.
    pub(crate) fn admit_page(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self {
            Self::Token {
                loopback_port: Some(port),
                ..
            } => own_page::admit(headers, *port),
            Self::Token { .. } | Self::Directory => Ok(()),
        }
    }
}

/// Reads the directory's token, or makes it.
pub fn token(directory: &Path, ids: &dyn IdSource) -> io::Result<String> {
    let path = directory.join(TOKEN_FILE);
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut bytes = [0_u8; TOKEN_BYTES];
    ids.random(&mut bytes);
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "{token}")?;
    file.sync_all()?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::clock::SystemIds;
    use std::os::unix::fs::PermissionsExt;

    fn of(loopback_port: Option<u16>) -> Door {
        Door::Token {
            token: "secret".to_owned(),
            loopback_port,
        }
    }

    #[test]
    fn only_the_right_token_opens_the_door() {
        let door = of(None);
        assert!(door.admit(Some("Bearer secret")).is_ok());
        assert!(door.admit(Some("bearer secret")).is_ok());
        for wrong in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer secre"),
            Some("Basic secret"),
        ] {
            assert!(door.admit(wrong).is_err(), "{wrong:?}");
        }
        assert!(of(Some(8080)).admit(None).is_err(), "loopback asks too");
        assert!(Door::Directory.admit(None).is_ok());
    }

    #[test]
    fn a_page_of_the_world_does_not_pass_a_loopback_door() {
        let mut headers = HeaderMap::new();
        headers.insert("origin", "http://evil.example".parse().unwrap());
        assert!(of(Some(8080)).admit_page(&headers).is_err());
        assert!(of(None).admit_page(&headers).is_ok());
    }

    #[test]
    fn the_token_is_made_once_and_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let ids = SystemIds::checked().unwrap();
        let first = token(directory.path(), &ids).unwrap();
        assert_eq!(token(directory.path(), &ids).unwrap(), first);
        assert!(first.len() >= 43);
        let mode = fs::metadata(directory.path().join(TOKEN_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
