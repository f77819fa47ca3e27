//! Routes of exports: a file is streamed, and recorded before its first byte. If it cannot be finished, the
//! connection is closed.

use crate::api_description::{FileReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::file_response;
use application::exports::{ExportRequest, Format, PendingExport, begin, columns, hand_on, write};
use application::installation::Installation;
use application::parameter::Parameter;
use application::slow_client_slots::SlowClientSlot;
use bytes::Bytes;
use domain::problem::Problem;
use projections::sql_views::{EXPORTABLES, ExportFilter, ExportableView};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes of an export file per piece that is handed to the connection.
const PIECE_BYTES: usize = 64 * 1024;
/// Most pieces of an export file that wait for a slow reader.
const PIECES_WAITING_MAX: usize = 4;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/exports", "List what can be exported", |_, _| {
            std::future::ready(Ok(exportables()))
        })
        .describe("Returns the names, columns and formats of all exports.")
        .needs(Permission::ExportsRead, EndpointSubject::Everybody),
        Endpoint::get(
            "/api/v1/exports/{what}",
            "Export calls, events or metrics",
            export,
        )
        .describe(
            "Streams a file: CSV, XLSX, Parquet or JSON lines. Phone numbers are masked. The export is \
             recorded before the first byte is sent.",
        )
        .needs(Permission::ExportsRead, EndpointSubject::RowsAsked)
        .heavy()
        .query(
            const {
                &[
                    Parameter::one_of("format", "File format; default: csv", FORMATS),
                    Parameter::text(
                        "columns",
                        "Column names, separated by commas; default: all",
                        "call,disposition",
                    ),
                    Parameter::campaign("Only rows of this campaign"),
                    Parameter::instant("from", "Only rows at this instant or later (RFC 3339)"),
                    Parameter::instant("to", "Only rows before this instant (RFC 3339)"),
                    Parameter::text("by", "Name of the user who exports, for the record", "wang"),
                ]
            },
        ),
    ]
}

const FORMATS: &[&str] = &["csv", "xlsx", "parquet", "jsonl"];

/// All exports and file formats.
#[derive(Debug, Serialize, JsonSchema)]
struct Exportables {
    exports: Vec<ExportableTable>,
    formats: &'static [&'static str],
}

#[derive(Debug, Serialize, JsonSchema)]
struct ExportableTable {
    #[schemars(example = &"calls")]
    name: &'static str,
    #[schemars(example = ["call", "disposition"])]
    columns: Vec<&'static str>,
}

fn exportables() -> ReadReply<Exportables> {
    let exports = EXPORTABLES.iter().map(|one| ExportableTable {
        name: one.name,
        columns: one.columns().iter().map(|column| column.name).collect(),
    });
    ReadReply(Exportables {
        exports: exports.collect(),
        formats: FORMATS,
    })
}

async fn export(ctx: Ctx, input: Input) -> Result<FileReply, Problem> {
    let name = input.param(0)?;
    let what = ExportableView::of_name(&name).ok_or_else(|| Problem::missing("this export"))?;
    let format = Format::of_word(input.text("format").unwrap_or("csv"))
        .ok_or_else(|| Problem::invalid("query-invalid", "format must be csv, xlsx, parquet or jsonl"))?;
    let order = ExportRequest {
        what,
        format,
        filter: ExportFilter {
            columns: columns(what, input.text("columns"))?,
            campaign: parsed(&input, "campaign")?,
            from: parsed(&input, "from")?,
            until: parsed(&input, "to")?,
        },
        by: input.by(),
    };
    // Without a free export slot nothing is exported, so nothing is recorded.
    let place = ctx.installation.exports.place(ctx.installation.now())?;
    let begun = begin(&ctx.installation, order).await?;
    let (send, pieces) = mpsc::channel(PIECES_WAITING_MAX);
    let installation = Arc::clone(&ctx.installation);
    ctx.installation.tasks().spawn(
        "export",
        Box::pin(async move { stream(&installation, begun, place, &send).await }),
    );
    let file = format!("{name}.{}", format.word());
    Ok(FileReply(file_response(format.media_type(), &file, pieces)))
}

/// Writes the export's file and hands it to the connection piece by piece, as fast as the reader takes it.
async fn stream(
    installation: &Installation,
    begun: PendingExport,
    place: SlowClientSlot,
    taken: &mpsc::Sender<io::Result<Bytes>>,
) {
    let (send, written) = mpsc::channel(1);
    let out = Box::new(io::BufWriter::with_capacity(PIECE_BYTES, ChannelWriter(send)));
    let clock = installation.environment.clock.as_ref();
    let (done, ()) = tokio::join!(
        write(installation, begun, out, &|_| {}),
        hand_on(clock, &place, written, taken),
    );
    // The slot is freed first: sending the rest to a reader who takes nothing can take long.
    drop(place);
    if let Err(problem) = done {
        tracing::warn!(%problem, "an export was cut off");
        // The error closes the connection, so that the client knows the file is incomplete.
        drop(taken.send(Err(io::Error::other(problem.detail))).await);
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    input: &Input,
    name: &str,
) -> Result<Option<T>, Problem> {
    let Some(text) = input.text(name) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|error: T::Err| Problem::invalid("query-invalid", format!("{name}: {error}")))
}

/// A writer that sends its bytes to the task that hands them to the connection.
struct ChannelWriter(mpsc::Sender<io::Result<Bytes>>);

impl Write for ChannelWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        match self.0.blocking_send(Ok(piece)) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the reader has gone, or takes too little",
            )),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
