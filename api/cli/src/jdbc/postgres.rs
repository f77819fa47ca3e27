//! Reads from PostgreSQL: one read-only snapshot; the server itself writes the rows as CSV (`COPY … TO
//! STDOUT`).

use crate::jdbc::address::{Address, Engine, Protection};
use crate::jdbc::sheet::Sheet;
use crate::jdbc::{JdbcError, Statement, in_time};
use futures_util::StreamExt;
use host::clock::SystemClock;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::pin::pin;
use tokio_postgres::{Client, Error};

pub(super) async fn read(
    address: &Address,
    statement: &Statement,
    sheet: &mut Sheet,
    clock: &SystemClock,
) -> Result<Option<String>, JdbcError> {
    let away = |why: String| JdbcError::Away(address.shown(), why);
    let asked = tls::postgres::read(&url(address)).map_err(|error| away(error.to_string()))?;
    let connecting = async {
        let connected = tokio_postgres::connect(&asked.url, asked.connector).await;
        connected.map_err(|error| said(address, &error))
    };
    let (client, connection) = in_time(address, clock, connecting).await?;
    tokio::select! {
        biased;
        read = rows(address, &client, statement, sheet) => read,
        ended = connection => {
            let why = ended.err().map_or_else(|| "it was closed".to_owned(), |error| error.to_string());
            Err(away(why))
        }
    }
}

async fn rows(
    address: &Address,
    client: &Client,
    statement: &Statement,
    sheet: &mut Sheet,
) -> Result<Option<String>, JdbcError> {
    let said = |error: Error| said(address, &error);
    let begin = "begin isolation level repeatable read read only";
    client.batch_execute(begin).await.map_err(said)?;
    let last = match statement.last(Engine::Postgres) {
        Some(asked) => client.query_one(&asked, &[]).await.map_err(said)?.get(0),
        None => None,
    };
    let asked = statement.rows(Engine::Postgres);
    let copy = format!("copy ({asked}) to stdout (format csv, header true, encoding 'UTF8')");
    let mut pieces = pin!(client.copy_out(&copy).await.map_err(said)?);
    while let Some(piece) = pieces.next().await {
        sheet.piece(&piece.map_err(said)?)?;
    }
    Ok(last)
}

/// Returns the URL for the client. Names and passwords are percent-encoded.
fn url(address: &Address) -> String {
    let written = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let user = address.user.as_deref().map(written).unwrap_or_default();
    let password = address.password.as_deref().map(written);
    let password = password
        .map(|password| format!(":{password}"))
        .unwrap_or_default();
    let host = match address.host.contains(':') {
        true => format!("[{}]", address.host),
        false => address.host.clone(),
    };
    let mode = match &address.protection {
        Protection::Plain => "sslmode=disable".to_owned(),
        Protection::Verified(None) => "sslmode=verify-full".to_owned(),
        Protection::Verified(Some(file)) => {
            format!(
                "sslmode=verify-full&sslrootcert={}",
                written(&file.to_string_lossy())
            )
        }
    };
    let (port, database) = (address.port, written(&address.database));
    format!("postgres://{user}{password}@{host}:{port}/{database}?{mode}")
}

/// Converts an error: a refusal of the server, or a connection error.
fn said(address: &Address, error: &Error) -> JdbcError {
    match error.as_db_error() {
        // Classes 57P and 08: the server is shut down, or the connection broke.
        Some(db) if !db.code().code().starts_with("57P") && !db.code().code().starts_with("08") => {
            JdbcError::Refused(format!("{} ({})", db.message(), db.code().code()))
        }
        Some(_) | None => JdbcError::Away(address.shown(), format!("{error}{}", address.tls_hint())),
    }
}
