//! Exports over HTTP: a file as a stream, on record before its first byte; cut off when it cannot be
//! finished.

use crate::described::{File, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::file_response;
use application::exporting::{Begun, Format, Order, begin, columns, hand_on, write};
use application::installation::Installation;
use application::paced_places::PacedPlace;
use application::parameter::Parameter;
use bytes::Bytes;
use domain::problem::Problem;
use projections::sql_views::{EXPORTABLES, ExportFilter, Exportable};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Bytes handed to the connection at a time.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that wait for a slow reader.
const PIECES_WAITING_MAX: usize = 4;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/exports",
            "What can be exported, with its columns and formats",
            |_, _| std::future::ready(Ok(exportables())),
        )
        .needs(Permission::ExportsRead, About::Everybody),
        Endpoint::get(
            "/api/v1/exports/{what}",
            "Calls, events or metrics as a file: CSV, XLSX, Parquet or JSON lines",
            export,
        )
        .needs(Permission::ExportsRead, About::RowsAsked)
        .heavy()
        .query(
            const {
                &[
                    Parameter::one_of("format", "csv where it is not said", FORMATS),
                    Parameter::text(
                        "columns",
                        "Names with commas between them; default: all",
                        "call,disposition",
                    ),
                    Parameter::campaign("Only this campaign's"),
                    Parameter::instant("from", "Only from this instant on (RFC 3339)"),
                    Parameter::instant("to", "Only before this instant"),
                    Parameter::text("by", "Who exports, for the record", "wang"),
                ]
            },
        ),
    ]
}

const FORMATS: &[&str] = &["csv", "xlsx", "parquet", "jsonl"];

/// What can be exported, and how.
#[derive(Debug, Serialize, JsonSchema)]
struct Exportables {
    exports: Vec<ExportableShown>,
    formats: &'static [&'static str],
}

#[derive(Debug, Serialize, JsonSchema)]
struct ExportableShown {
    #[schemars(example = &"calls")]
    name: &'static str,
    #[schemars(example = ["call", "disposition"])]
    columns: Vec<&'static str>,
}

fn exportables() -> Read<Exportables> {
    let exports = EXPORTABLES.iter().map(|one| ExportableShown {
        name: one.name,
        columns: one.columns().iter().map(|column| column.name).collect(),
    });
    Read(Exportables {
        exports: exports.collect(),
        formats: FORMATS,
    })
}

async fn export(ctx: Ctx, input: Input) -> Result<File, Problem> {
    let name = input.param(0)?;
    let what = Exportable::of_name(&name).ok_or_else(|| Problem::missing("this export"))?;
    let format = Format::of_word(input.text("format").unwrap_or("csv"))
        .ok_or_else(|| Problem::invalid("query-invalid", "format must be csv, xlsx, parquet or jsonl"))?;
    let order = Order {
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
    // Who finds no place has exported nothing: that is not put on record.
    let place = ctx.installation.exports.place(ctx.installation.now())?;
    let begun = begin(&ctx.installation, order).await?;
    let (send, pieces) = mpsc::channel(PIECES_WAITING_MAX);
    let installation = Arc::clone(&ctx.installation);
    ctx.installation.tasks().spawn(
        "export",
        Box::pin(async move { stream(&installation, begun, place, &send).await }),
    );
    let file = format!("{name}.{}", format.word());
    Ok(File(file_response(format.media_type(), &file, pieces)))
}

/// Writes the file for as long as its reader takes it.
async fn stream(
    installation: &Installation,
    begun: Begun,
    place: PacedPlace,
    taken: &mpsc::Sender<io::Result<Bytes>>,
) {
    let (send, written) = mpsc::channel(1);
    let out = Box::new(io::BufWriter::with_capacity(PIECE_BYTES, Pieces(send)));
    let clock = installation.environment.clock.as_ref();
    let (done, ()) = tokio::join!(
        write(installation, begun, out, &|_| {}),
        hand_on(clock, &place, written, taken),
    );
    // Telling a reader who takes nothing may take long: others export meanwhile.
    drop(place);
    if let Err(problem) = done {
        tracing::warn!(%problem, "an export was cut off");
        // The connection is cut: what arrived is no whole file.
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

/// A writer whose bytes travel to the connection.
struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
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
