//! A baseline: PostgreSQL on one connection, with binary COPY or one INSERT of arrays, into a table with the
//! columns and indexes of the store's own.

use super::{Batch, YardstickError};
use domain::ports::tasks::Tasks;
use domain::stored_event::Record;
use std::pin::pin;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

/// The columns, in the order in which all methods write them.
const COLUMNS: &str = "pos, recorded_at, version, digest, batch_index, batch_count, id, stream, kind, record";

/// The types of `COLUMNS`.
const TYPES: [Type; 10] = [
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT4,
    Type::INT4,
    Type::UUID,
    Type::TEXT,
    Type::TEXT,
    Type::BYTEA,
];

/// The way in which rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `COPY … FROM STDIN BINARY`, a transaction per commit, parsed each time.
    Copy,
    /// The same COPY, but parsed once.
    PreparedCopy,
    /// `INSERT … SELECT FROM unnest(…)`, a transaction per commit.
    Insert,
}

/// A baseline store with one connection and a new table in the schema `ledgerline_yardstick`.
pub struct BarePostgres {
    client: Client,
    text: String,
    statement: Statement,
    method: Method,
    last: i64,
}

impl BarePostgres {
    /// Connects and creates a table like the store's, which must exist. The connection ends when this
    /// is dropped.
    pub async fn connect(url: &str, method: Method, tasks: &dyn Tasks) -> Result<Self, YardstickError> {
        let client = connect(url, tasks).await?;
        let table = match method {
            Method::Copy => "ledgerline_yardstick.copied",
            Method::PreparedCopy => "ledgerline_yardstick.copied_prepared",
            Method::Insert => "ledgerline_yardstick.inserted",
        };
        client
            .batch_execute(&format!(
                "CREATE SCHEMA IF NOT EXISTS ledgerline_yardstick;
                 DROP TABLE IF EXISTS {table};
                 CREATE TABLE {table} (LIKE ledgerline.event INCLUDING ALL)"
            ))
            .await?;
        let text = match method {
            Method::Copy | Method::PreparedCopy => format!("COPY {table} ({COLUMNS}) FROM STDIN BINARY"),
            Method::Insert => format!(
                "INSERT INTO {table} ({COLUMNS}) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[],
                   $4::bigint[], $5::integer[], $6::integer[], $7::uuid[], $8::text[], $9::text[], $10::bytea[])"
            ),
        };
        let statement = client.prepare(&text).await?;
        Ok(Self {
            client,
            text,
            statement,
            method,
            last: 0,
        })
    }

    /// Commits all batches in one transaction; durable when it returns.
    pub async fn commit(&mut self, batches: &[Batch]) -> Result<(), YardstickError> {
        let rows = Rows::of(batches, self.last);
        self.last = rows.positions.last().copied().unwrap_or(self.last);
        match self.method {
            Method::Copy | Method::PreparedCopy => self.copy(&rows).await,
            Method::Insert => {
                self.client.execute(&self.statement, &rows.arrays()).await?;
                Ok(())
            }
        }
    }

    async fn copy(&self, rows: &Rows<'_>) -> Result<(), YardstickError> {
        let sink = match self.method {
            Method::PreparedCopy => self.client.copy_in(&self.statement).await?,
            Method::Copy | Method::Insert => self.client.copy_in(&self.text).await?,
        };
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
        for row in 0..rows.positions.len() {
            if let Some(values) = rows.row(row) {
                writer.as_mut().write(&values).await?;
            }
        }
        writer.finish().await?;
        Ok(())
    }
}

/// Drops the database `name` on the server of `url` (`postgres://…/another`) and creates it again. Returns
/// its URL.
pub async fn fresh_database(url: &str, name: &str, tasks: &dyn Tasks) -> Result<String, YardstickError> {
    let (address, options) = url.split_at(url.find('?').unwrap_or(url.len()));
    let (server, _) = address
        .rsplit_once('/')
        .filter(|(server, _)| !server.ends_with('/'))
        .ok_or_else(|| YardstickError("the URL names no database".to_owned()))?;
    drop_database(url, name, tasks).await?;
    let client = connect(url, tasks).await?;
    client.execute(&format!("CREATE DATABASE {name}"), &[]).await?;
    Ok(format!("{server}/{name}{options}"))
}

/// Drops the database `name`, if it exists, and closes all connections to it.
pub async fn drop_database(url: &str, name: &str, tasks: &dyn Tasks) -> Result<(), YardstickError> {
    let client = connect(url, tasks).await?;
    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    client.execute(&sql, &[]).await?;
    Ok(())
}

/// Connects. The connection's task ends with its client.
pub(super) async fn connect(url: &str, tasks: &dyn Tasks) -> Result<Client, YardstickError> {
    let read = tls::postgres::read(url)?;
    let (client, connection) = tokio_postgres::connect(&read.url, read.connector).await?;
    tasks.spawn(
        "yardstick connection",
        Box::pin(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a measurement's connection ended");
            }
        }),
    );
    Ok(client)
}

/// The rows of a commit, column by column.
#[derive(Default)]
struct Rows<'a> {
    positions: Vec<i64>,
    instants: Vec<i64>,
    versions: Vec<i64>,
    digests: Vec<i64>,
    indexes: Vec<i32>,
    counts: Vec<i32>,
    ids: Vec<Uuid>,
    streams: Vec<&'a str>,
    kinds: Vec<&'a str>,
    records: Vec<&'a [u8]>,
}

impl<'a> Rows<'a> {
    fn of(batches: &'a [Batch], last: i64) -> Self {
        let mut rows = Self::default();
        for batch in batches {
            for (record, index) in batch.records.iter().zip(0_i32..) {
                rows.push(batch, record, index, last);
            }
        }
        rows
    }

    fn push(&mut self, batch: &'a Batch, record: &'a Record, index: i32, last: i64) {
        let position = self.positions.last().copied().unwrap_or(last) + 1;
        self.positions.push(position);
        self.instants.push(position);
        self.versions
            .push(i64::try_from(record.stream_version.0).unwrap_or(i64::MAX));
        self.digests.push(position);
        self.indexes.push(index);
        self.counts
            .push(i32::try_from(batch.records.len()).unwrap_or(i32::MAX));
        self.ids.push(record.id.uuid());
        self.streams.push(batch.stream.as_str());
        self.kinds.push(&record.kind);
        self.records.push(record.bytes());
    }

    fn arrays(&self) -> [&(dyn ToSql + Sync); 10] {
        [
            &self.positions,
            &self.instants,
            &self.versions,
            &self.digests,
            &self.indexes,
            &self.counts,
            &self.ids,
            &self.streams,
            &self.kinds,
            &self.records,
        ]
    }

    fn row(&self, row: usize) -> Option<[&(dyn ToSql + Sync); 10]> {
        Some([
            self.positions.get(row)?,
            self.instants.get(row)?,
            self.versions.get(row)?,
            self.digests.get(row)?,
            self.indexes.get(row)?,
            self.counts.get(row)?,
            self.ids.get(row)?,
            self.streams.get(row)?,
            self.kinds.get(row)?,
            self.records.get(row)?,
        ])
    }
}
