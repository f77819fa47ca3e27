//! Reads from MySQL and MariaDB: one read-only snapshot, rows as text, one after the other.

use crate::jdbc::address::{Address, Engine, Protection};
use crate::jdbc::sheet::Sheet;
use crate::jdbc::{JdbcError, Statement, in_time};
use host::clock::SystemClock;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, OptsBuilder, Row, SslOpts, Value};

/// Sets the session's time zone to Beijing time, as in lists. In a zone with summer time an hour occurs
/// twice, and a row of the second one could be before the high-water mark of the first.
const SET_ZONE: &str = "set time_zone = '+08:00'";

pub(super) async fn read(
    address: &Address,
    statement: &Statement,
    sheet: &mut Sheet,
    clock: &SystemClock,
) -> Result<Option<String>, JdbcError> {
    let said = |error: Error| said(address, error);
    let connecting = async { Conn::new(options(address)).await.map_err(said) };
    let mut connection = in_time(address, clock, connecting).await?;
    for order in [
        "set names utf8mb4",
        SET_ZONE,
        "set session transaction isolation level repeatable read",
        "start transaction with consistent snapshot, read only",
    ] {
        connection.query_drop(order).await.map_err(said)?;
    }
    let last = match statement.last(Engine::Mysql) {
        Some(asked) => connection
            .query_first::<Option<String>, _>(asked)
            .await
            .map_err(said)?,
        None => None,
    };
    let mut rows = connection
        .query_iter(statement.rows(Engine::Mysql))
        .await
        .map_err(said)?;
    let columns = rows.columns();
    let titles: Vec<Vec<u8>> = columns
        .iter()
        .flat_map(|columns| columns.iter())
        .map(|column| column.name_ref().to_vec())
        .collect();
    sheet.row(titles.iter().map(Vec::as_slice))?;
    while let Some(row) = rows.next().await.map_err(said)? {
        let cells = cells(row);
        sheet.row(cells.iter().map(Vec::as_slice))?;
    }
    drop(rows);
    // All rows are read; a failed disconnect changes nothing.
    drop(connection.disconnect().await);
    Ok(last.flatten())
}

fn options(address: &Address) -> OptsBuilder {
    let protection = match &address.protection {
        Protection::Plain => None,
        Protection::Verified(None) => Some(SslOpts::default()),
        Protection::Verified(Some(file)) => {
            let roots = vec![file.clone().into()];
            Some(
                SslOpts::default()
                    .with_root_certs(roots)
                    .with_disable_built_in_roots(true),
            )
        }
    };
    OptsBuilder::default()
        .ip_or_hostname(address.host.clone())
        .tcp_port(address.port)
        .user(address.user.clone())
        .pass(address.password.clone())
        .db_name(Some(address.database.clone()))
        // The address names a host: no local socket is tried.
        .prefer_socket(false)
        .ssl_opts(protection)
}

/// Returns the values of a row as text: ids and phones keep their digits; NULL is empty.
fn cells(row: Row) -> Vec<Vec<u8>> {
    let text = |value: Value| match value {
        Value::NULL => Vec::new(),
        Value::Bytes(bytes) => bytes,
        other => other.as_sql(true).into_bytes(),
    };
    row.unwrap().into_iter().map(text).collect()
}

/// Converts an error: an error of the server is a refusal; all others are connection errors.
fn said(address: &Address, error: Error) -> JdbcError {
    match error {
        Error::Server(error) => JdbcError::Refused(error.to_string()),
        other => JdbcError::Away(address.shown(), format!("{other}{}", address.tls_hint())),
    }
}
