//! The compliance report (SEC-6): made from the log alone, signed with the log's key, kept, and an event.
//!
//! The figures are a pure function of the events up to a position and of the period: whoever has the log
//! makes the same bytes. The event `report.issued` is stored before the report is handed out; the signed
//! note beside it holds for whoever has only the file and the log's public key.

mod calls;
mod figures;
mod fold;
mod keeping;
mod note;
mod render;
mod schedule;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod tests;
mod watched;

pub(crate) use keeping::{REPORTS_DIR, kept};
pub(crate) use schedule::begin as begin_schedule;

use crate::calendar::Span;
use crate::log_walk::{Log, walk};
use crate::reply::Problem;
use actors::ActorSystem;
use domain::ids::{CommandId, ReportId};
use domain::report::{Issue, ReportCommand, ReportKind, ReportRefusal};
use domain::stored_event::{Cause, Position};
use figures::Figures;
use note::Claim;
use sha2::{Digest, Sha256};
use store::proof::{SigningKey, VerifierKey, hex};

/// A report as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) issue: Issue,
    /// The figures in their one form.
    pub(crate) figures: Vec<u8>,
    pub(crate) page: String,
    pub(crate) note: String,
}

/// Makes the figures of a period from the log up to `upto`, or its head.
async fn gather(log: Log<'_>, period: Span, upto: Option<Position>) -> Result<Figures, Problem> {
    let mut fold = fold::Fold::of(period);
    let end = walk(log, upto, &mut |event, facts| fold.take(event, facts)).await?;
    Ok(fold.finish(end))
}

/// Why a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Somebody asked: once per position.
    Asked,
    /// Its period ended: once, whichever of several servers is first.
    PeriodEnd,
}

/// Which report.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) period: Span,
    /// As of where; default: the head.
    pub(crate) upto: Option<Position>,
    pub(crate) occasion: Occasion,
}

/// Makes, signs and notes in the log the report of a period.
pub(crate) async fn issue(
    (log, system): (Log<'_>, &ActorSystem),
    key: &SigningKey,
    order: Order,
) -> Result<Issued, Problem> {
    let figures = gather(log, order.period.clone(), order.upto).await?;
    let issued = signed(&figures, key)?;
    let id = report_id(issued.issue.kind, &issued.issue.period)?;
    let command = match order.occasion {
        Occasion::Asked => format!("report.issue:{id}:{}", issued.issue.position),
        Occasion::PeriodEnd => format!("report.period_end:{id}"),
    };
    let cause = Cause::outside(CommandId::derive_from_text(&command));
    let command = ReportCommand::Issue(Box::new(issued.issue.clone()));
    let answer = system.reports.ask(&id, command, cause).await?;
    match answer.state.last().map(|last| last.position) {
        // Another process was first: what it issued is handed out.
        Some(first) if order.occasion == Occasion::PeriodEnd && first != issued.issue.position => {
            signed(&gather(log, order.period, Some(first)).await?, key)
        }
        Some(_) | None => Ok(issued),
    }
}

fn signed(figures: &Figures, key: &SigningKey) -> Result<Issued, Problem> {
    let bytes = figures.bytes();
    let sha256 = digest(&bytes);
    let page = render::page(figures, &sha256);
    let claim = Claim::of(figures, &sha256, &digest(page.as_bytes()));
    let note = claim
        .sign(key)
        .map_err(|error| Problem::fault(&error.to_string()))?;
    let issue = Issue {
        kind: ReportKind::Compliance,
        period: figures.period.label.clone(),
        sha256,
        position: figures.log.position,
        log_size: figures.log.size,
        log_root: figures.log.root.clone(),
        signer: key.verifier().to_string(),
    };
    Ok(Issued {
        issue,
        figures: bytes,
        page,
        note,
    })
}

/// The stream of this report's issues.
fn report_id(kind: ReportKind, period: &str) -> Result<ReportId, Problem> {
    let id = format!("{}.{period}", kind.code()).parse();
    id.map_err(|error: domain::ids::InvalidId| Problem::fault(&error.to_string()))
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// What a check of a report found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) subject: String,
    pub(crate) position: Position,
    pub(crate) log_size: u64,
    pub(crate) log_root: String,
    /// Only where the log was at hand: it gives these very figures, and knows of the issue.
    pub(crate) rebuilt: bool,
}

/// Checks a file, its page or its figures, against its note and the key.
pub(crate) fn check(file: &[u8], note: &str, key: &VerifierKey) -> Result<Checked, String> {
    let claim = Claim::read(note, key).map_err(|why| format!("the note: {why}"))?;
    let sha256 = digest(file);
    if sha256 != claim.document_sha256 && sha256 != claim.figures_sha256 {
        return Err("the file is not the one that was signed".to_owned());
    }
    Ok(Checked {
        subject: claim.subject,
        position: Position(claim.position),
        log_size: claim.size,
        log_root: claim.root,
        rebuilt: false,
    })
}

/// Makes the report again from the log and compares it with the note; finds its issue in the log.
pub(crate) async fn check_against(
    log: Log<'_>,
    (note, key): (&str, &VerifierKey),
    period: Span,
) -> Result<Result<(), &'static str>, Problem> {
    let claim = Claim::read(note, key).map_err(|why| Problem::refused("note-invalid", why))?;
    let figures = gather(log, period, Some(Position(claim.position))).await?;
    let sha256 = digest(&figures.bytes());
    let again = Claim::of(&figures, &sha256, &claim.document_sha256);
    if again.root != claim.root {
        return Ok(Err("the log up to that position is another one"));
    }
    if again != claim {
        return Ok(Err("the log gives other figures"));
    }
    let known = keeping::is_issued(log.store, &claim).await?;
    Ok(known.then_some(()).ok_or("the log knows of no such issue"))
}

impl crate::serving::Explained for ReportRefusal {}
