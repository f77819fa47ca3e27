//! A JDBC address, for example `jdbc:mysql://db.example.com:3306/call_center?useSSL=false`.
//!
//! Parameters that matter here are applied, those that only tune the Java driver are ignored, and any other
//! is refused by name. Without a parameter about TLS, the connection uses TLS and the server's certificate is
//! checked against its name.

use crate::kit::failure::Failure;
use percent_encoding::percent_decode_str;
use std::path::PathBuf;

/// Prefix of these addresses.
pub(crate) const SCHEME: &str = "jdbc:";

/// Parameters that only tune the Java drivers and do not change the rows read. They are ignored.
const PASSED_OVER: &[&str] = &[
    "allowPublicKeyRetrieval",
    "ApplicationName",
    "applicationName",
    "autoReconnect",
    "cachePrepStmts",
    "characterEncoding",
    "characterSetResults",
    "connectTimeout",
    "connectionCollation",
    "defaultRowFetchSize",
    "failOverReadOnly",
    "loginTimeout",
    "prepareThreshold",
    "readOnly",
    "rewriteBatchedStatements",
    "reWriteBatchedInserts",
    "serverTimezone",
    "socketTimeout",
    "tcpKeepAlive",
    "tinyInt1isBit",
    "useCursorFetch",
    "useLegacyDatetimeCode",
    "useServerPrepStmts",
    "useUnicode",
    "yearIsDateType",
    "zeroDateTimeBehavior",
];

/// Protocol of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Mysql,
    Postgres,
}

/// Protection of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Plain text, because the address asks for it.
    Plain,
    /// TLS; the certificate is checked against the host name, with these authorities or the known ones.
    Verified(Option<PathBuf>),
}

/// Address and user of a database. Never printed with its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub engine: Engine,
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: Option<String>,
    pub password: Option<String>,
    pub protection: Protection,
    /// True if a parameter of the address is about TLS.
    pub is_tls_said: bool,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Address {
    /// Parses an address. Errors contain nothing after the database's name except the name of a parameter.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let shape = "the address must be jdbc:mysql://HOST[:PORT]/DATABASE?user=… or jdbc:postgresql://HOST[:PORT]/DATABASE?user=…";
        let wrong = || Failure::usage(shape);
        let (engine, rest, port) = match text.strip_prefix(SCHEME).and_then(|rest| rest.split_once("://")) {
            Some(("mysql" | "mariadb", rest)) => (Engine::Mysql, rest, 3306),
            Some(("postgresql", rest)) => (Engine::Postgres, rest, 5432),
            Some(_) | None => return Err(wrong()),
        };
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = place.split_once('/').ok_or_else(wrong)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, digits)) if !host.ends_with(':') => {
                (host, digits.parse().map_err(|_not_a_port| wrong())?)
            }
            Some(_) | None => (authority, port),
        };
        if host.is_empty() || database.is_empty() || host.contains(['@', ',', '(']) {
            return Err(wrong());
        }
        let mut address = Self {
            engine,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            database: decoded(database)?,
            user: None,
            password: None,
            protection: Protection::Verified(None),
            is_tls_said: false,
        };
        for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            address.take(name, decoded(value)?)?;
        }
        Ok(address)
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), Failure> {
        let of_tls = [
            "useSSL",
            "ssl",
            "requireSSL",
            "sslMode",
            "sslmode",
            "sslrootcert",
            "serverSslCert",
        ];
        self.is_tls_said |= of_tls.contains(&name);
        match name {
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "useSSL" | "ssl" => self.protect(value.eq_ignore_ascii_case("true")),
            "requireSSL" | "verifyServerCertificate" if value.eq_ignore_ascii_case("true") => {
                self.protect(true);
            }
            "sslMode" | "sslmode" => return self.protect_by(&value),
            "sslrootcert" | "serverSslCert" => self.protection = Protection::Verified(Some(value.into())),
            _ if PASSED_OVER.contains(&name) => {}
            _ => {
                let why = format!("the parameter {name} of the address is unknown; remove it");
                return Err(Failure::usage(why));
            }
        }
        Ok(())
    }

    fn protect(&mut self, is_wanted: bool) {
        match (is_wanted, &self.protection) {
            (false, _) => self.protection = Protection::Plain,
            (true, Protection::Plain) => self.protection = Protection::Verified(None),
            (true, Protection::Verified(_)) => {}
        }
    }

    fn protect_by(&mut self, mode: &str) -> Result<(), Failure> {
        match mode.to_lowercase().replace('_', "-").as_str() {
            "disable" | "disabled" => self.protect(false),
            "require" | "required" | "verify-ca" | "verify-full" | "verify-identity" => self.protect(true),
            "prefer" | "preferred" | "allow" => {
                let why = "this TLS mode may silently use plain text: give disable, or require";
                return Err(Failure::usage(why));
            }
            _ => return Err(Failure::usage("the TLS mode of the address is unknown")),
        }
        Ok(())
    }

    /// Returns a hint for connection errors if the address has no parameter about TLS; else an empty text.
    pub(crate) const fn tls_hint(&self) -> &'static str {
        match (self.is_tls_said, self.engine) {
            (true, _) => "",
            (false, Engine::Postgres) => {
                "; the connection uses TLS because the address does not say otherwise: add sslmode=disable for a \
                 server without TLS, or sslrootcert=FILE for one with its own certificate authority"
            }
            (false, Engine::Mysql) => {
                "; the connection uses TLS because the address does not say otherwise: add useSSL=false for a \
                 server without TLS, or serverSslCert=FILE for one with its own certificate authority"
            }
        }
    }

    /// Returns the address without user and password, for people and records.
    pub(crate) fn shown(&self) -> String {
        let engine = match self.engine {
            Engine::Mysql => "mysql",
            Engine::Postgres => "postgresql",
        };
        format!("{SCHEME}{engine}://{}:{}/{}", self.host, self.port, self.database)
    }
}

fn decoded(value: &str) -> Result<String, Failure> {
    let text = percent_decode_str(value).decode_utf8();
    let text = text.map_err(|_not_utf8| Failure::usage("a part of the address is not UTF-8"))?;
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_requirements_is_read() {
        let address = Address::parse("jdbc:mysql://db.example.com:3306/call_center?useSSL=false").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("db.example.com", 3306));
        assert_eq!(address.database, "call_center");
        assert_eq!(address.protection, Protection::Plain);
    }

    #[test]
    fn a_password_is_read_and_never_shown() {
        let text =
            "jdbc:postgresql://h/db?user=u&password=p%40ss%26word&connectTimeout=9&sslmode=verify-full";
        let address = Address::parse(text).unwrap();
        assert_eq!(address.password.as_deref(), Some("p@ss&word"));
        assert_eq!(
            (address.port, &address.protection),
            (5432, &Protection::Verified(None))
        );
        assert_eq!(format!("{address:?}"), "jdbc:postgresql://h:5432/db");
    }

    #[test]
    fn an_address_that_says_nothing_of_tls_gets_a_hint_what_to_add() {
        let hint = |text: &str| Address::parse(text).unwrap().tls_hint();
        assert!(hint("jdbc:postgresql://h/db?user=u").contains("add sslmode=disable"));
        assert!(hint("jdbc:mysql://h/db").contains("add useSSL=false"));
        for said in [
            "jdbc:postgresql://h/db?sslmode=verify-full",
            "jdbc:postgresql://h/db?sslmode=disable",
            "jdbc:postgresql://h/db?sslrootcert=ca.pem",
            "jdbc:mysql://h/db?useSSL=false",
        ] {
            assert_eq!(hint(said), "", "{said}");
        }
    }

    #[test]
    fn nothing_is_plain_that_was_not_asked_for_and_what_is_not_known_is_refused() {
        let parse = |text: &str| Address::parse(text).map(|address| address.protection);
        assert_eq!(parse("jdbc:mysql://h/d").unwrap(), Protection::Verified(None));
        assert_eq!(
            parse("jdbc:mysql://h/d?sslMode=DISABLED").unwrap(),
            Protection::Plain
        );
        for wrong in [
            "jdbc:mysql://h/d?sslMode=PREFERRED",
            "jdbc:mysql://h/d?allowLoadLocalInfile=true",
            "jdbc:oracle://h/d",
            "jdbc:mysql://h",
            "jdbc:mysql:///d",
            "jdbc:mysql://u:p@h/d",
            "jdbc:mysql://h:x/d",
        ] {
            let refused = Address::parse(wrong).unwrap_err().to_string();
            assert!(!refused.contains("u:p"), "{refused}");
        }
    }
}
