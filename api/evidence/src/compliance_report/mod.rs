//! The compliance report (SEC-6): computed from the log alone, signed with the log's key, stored, and
//! recorded as an event.
//!
//! The figures are a pure function of the events up to a position and of the period: every reader of the log
//! computes the same bytes. The event `report.issued` is stored before the report is returned; with the
//! signed note, a reader who has only the file and the log's public key can check it.

mod calls;
pub mod figures;
mod fold;
mod labels;
mod note;
mod notices;
#[cfg(test)]
mod old_report_tests;
mod oversight;
mod render;
mod report_files;
pub mod schedule;
#[cfg(test)]
mod tests;

pub use report_files::{REPORTS_DIR, figures_file, store_report};
pub use schedule::begin as begin_schedule;

use crate::log_walk::{Log, walk};
use actors::{ActorSystem, AskError};
use domain::calendar::CalendarPeriod;
use domain::hex;
use domain::ids::{CommandId, ReportId};
use domain::problem::Problem;
use domain::report::{Issue, ReportCommand, ReportKind, ReportRefusal};
use domain::stored_event::{Cause, Position};
use figures::{Figures, Format};
use note::NoteContent;
use sha2::{Digest, Sha256};
use store::proof::{SigningKey, VerifierKey};

/// An issued report: its record in the log, its figures, page and note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedReport {
    pub issue: Issue,
    /// The figures in canonical form.
    pub figures: Vec<u8>,
    pub page: String,
    pub note: String,
}

/// The log, period and position from which a report is computed.
#[derive(Clone)]
pub struct ReportInputs<'a> {
    pub log: Log<'a>,
    pub period: CalendarPeriod,
    /// Last log position; default: the head.
    pub upto: Option<Position>,
}

impl ReportInputs<'_> {
    /// Computes the figures from the log by this version of the counting. Reads the whole log up to the
    /// position.
    pub async fn gather(&self, format: Format) -> Result<Figures, Problem> {
        let mut fold = fold::Fold::of(self.period.clone(), format);
        let end = walk(self.log, self.upto, &mut |event, facts| fold.take(event, facts)).await?;
        Ok(fold.finish(end))
    }

    /// Computes the figures by the version of the counting for which `is_issued` returns true; `None` if it
    /// does for none. The log is read once more for each older version.
    pub(crate) async fn gather_issued(
        &self,
        is_issued: impl Fn(&Figures) -> bool,
    ) -> Result<Option<Figures>, Problem> {
        for format in Format::ALL {
            let figures = self.gather(format).await?;
            if is_issued(&figures) {
                return Ok(Some(figures));
            }
        }
        Ok(None)
    }
}

/// Why a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A user requested it: one issue per position.
    Asked,
    /// Its period ended: one issue, from the first of several servers.
    PeriodEnd,
}

/// What report is to be issued, and why.
#[derive(Debug, Clone)]
pub struct ReportIssueRequest {
    pub period: CalendarPeriod,
    /// Last log position; default: the head.
    pub upto: Option<Position>,
    pub occasion: Occasion,
}

/// Computes, signs and records the report of a period, and returns it. A report that was issued already for
/// the same request is returned again.
pub async fn issue(
    log: Log<'_>,
    system: &ActorSystem,
    key: &SigningKey,
    order: ReportIssueRequest,
) -> Result<IssuedReport, Problem> {
    let mut asked = ReportInputs {
        log,
        period: order.period,
        upto: order.upto,
    };
    let issued = sign_report(&asked.gather(Format::NEWEST).await?, key)?;
    let position = issued.issue.position;
    let id = report_id(issued.issue.kind, &issued.issue.period)?;
    let command = match order.occasion {
        Occasion::Asked => format!("report.issue:{id}:{position}"),
        Occasion::PeriodEnd => format!("report.period_end:{id}"),
    };
    let cause = Cause::outside(CommandId::derive_from_text(&command));
    let command = ReportCommand::Issue(Box::new(issued.issue.clone()));
    let (first, sha256) = match system.reports.ask(&id, command, cause).await {
        Ok(answer) => match answer.state.last() {
            // Another process was first: its issue is returned.
            Some(last) if last.position == position || order.occasion == Occasion::PeriodEnd => {
                (last.position, last.sha256.clone())
            }
            Some(_) | None => return Ok(issued),
        },
        // Issued for this position with an earlier version: one position has one set of figures.
        Err(AskError::Refused(ReportRefusal::OtherFigures(sha256))) => (position, sha256),
        Err(error) => return Err(error.into()),
    };
    if sha256 == issued.issue.sha256 {
        return Ok(issued);
    }
    asked.upto = Some(first);
    let as_issued = |figures: &Figures| digest(&figures.bytes()) == sha256;
    match asked.gather_issued(as_issued).await? {
        Some(figures) => sign_report(&figures, key),
        None => Err(Problem::fault("the log gives other figures than were issued")),
    }
}

pub fn sign_report(figures: &Figures, key: &SigningKey) -> Result<IssuedReport, Problem> {
    let bytes = figures.bytes();
    let sha256 = digest(&bytes);
    let page = render::page(figures, &sha256);
    let claim = NoteContent::of(figures, &sha256, &digest(page.as_bytes()));
    let note = claim
        .sign(key)
        .map_err(|error| Problem::fault(error.to_string()))?;
    let issue = Issue {
        kind: ReportKind::Compliance,
        period: figures.period.label.clone(),
        sha256,
        position: figures.log.position,
        log_size: figures.log.size,
        log_root: figures.log.root.clone(),
        signer: key.verifier().to_string(),
    };
    Ok(IssuedReport {
        issue,
        figures: bytes,
        page,
        note,
    })
}

/// Returns the id of the stream in which the issues of a report (kind and period) are recorded. Fails if
/// the period is no valid id.
pub fn report_id(kind: ReportKind, period: &str) -> Result<ReportId, Problem> {
    let id = format!("{}.{period}", kind.code()).parse();
    id.map_err(|error: domain::ids::InvalidId| Problem::fault(error.to_string()))
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

/// The result of a check of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportCheck {
    pub subject: String,
    pub position: Position,
    pub log_size: u64,
    pub log_root: String,
    /// True if the log was available: it gives the same figures and contains the issue.
    pub rebuilt: bool,
}

/// Checks a report's file (page or figures) against its note and the key, without the log. Fails with the
/// reason if the note is not signed by the key or the file differs.
pub fn check(file: &[u8], note: &str, key: &VerifierKey) -> Result<ReportCheck, String> {
    let claim = NoteContent::read(note, key).map_err(|why| format!("the note: {why}"))?;
    let sha256 = digest(file);
    if sha256 != claim.document_sha256 && sha256 != claim.figures_sha256 {
        return Err("the file differs from the signed one".to_owned());
    }
    Ok(ReportCheck {
        subject: claim.subject,
        position: Position(claim.position),
        log_size: claim.size,
        log_root: claim.root,
        rebuilt: false,
    })
}

/// Computes the report again from the log and compares it with the note; also checks that the log contains
/// its issue. Returns `Err` within `Ok` with what differs; fails if the note is invalid.
pub async fn check_against(
    log: Log<'_>,
    note: &str,
    key: &VerifierKey,
    period: CalendarPeriod,
) -> Result<Result<(), &'static str>, Problem> {
    let claim = NoteContent::read(note, key).map_err(|why| Problem::refused("note-invalid", why))?;
    let asked = ReportInputs {
        log,
        period,
        upto: Some(Position(claim.position)),
    };
    let newest = asked.gather(Format::NEWEST).await?;
    if newest.log.root != claim.root {
        return Ok(Err("the log up to that position differs"));
    }
    let as_issued = |figures: &Figures| {
        NoteContent::of(figures, &digest(&figures.bytes()), &claim.document_sha256) == claim
    };
    if !as_issued(&newest) && asked.gather_issued(as_issued).await?.is_none() {
        return Ok(Err("the log gives other figures"));
    }
    let known = report_files::is_issued(log.store, &claim).await?;
    Ok(known.then_some(()).ok_or("the log does not contain this issue"))
}
