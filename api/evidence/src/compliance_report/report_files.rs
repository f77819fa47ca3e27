//! Stores issued reports in `DIR/reports/`: page, figures and note of each. An issue never overwrites
//! another.

use crate::compliance_report::IssuedReport;
use crate::compliance_report::note::NoteContent;
use crate::log_walk::{FilteredEventReader, unreadable};
use application::private_file;
use domain::ids::ReportId;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::report::{Issue, Report, ReportEvent, ReportKind};
use domain::stored_event::{Envelope, Position, read_event};
use domain::time::Timestamp;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Subdirectory of the data directory.
pub const REPORTS_DIR: &str = "reports";

/// The files of one issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedReportFiles {
    pub page: PathBuf,
    pub figures: PathBuf,
    pub note: PathBuf,
}

/// Returns the name of an issue's files without their extensions.
fn name_of(period: &str, position: Position) -> String {
    format!("{}-{period}-p{position}", ReportKind::Compliance.code())
}

/// Returns the file name of an issue's figures, in the folder of its page, which links to it.
pub fn figures_file(period: &str, position: Position) -> String {
    format!("{}.json", name_of(period, position))
}

/// Stores page, figures and note of an issue in `directory/reports`. Storing the same issue again writes
/// the same bytes.
pub fn store_report(directory: &Path, issued: &IssuedReport) -> Result<IssuedReportFiles, Problem> {
    let keep = || -> io::Result<IssuedReportFiles> {
        let folder = directory.join(REPORTS_DIR);
        fs::create_dir_all(&folder)?;
        let issue = &issued.issue;
        let name = name_of(&issue.period, issue.position);
        let kept = IssuedReportFiles {
            page: folder.join(format!("{name}.html")),
            figures: folder.join(format!("{name}.json")),
            note: folder.join(format!("{name}.note")),
        };
        // The note is written last: files without a note are incomplete.
        put(&kept.page, issued.page.as_bytes())?;
        put(&kept.figures, &issued.figures)?;
        put(&kept.note, issued.note.as_bytes())?;
        Ok(kept)
    };
    keep().map_err(|error| Problem::unavailable(format!("{}: {error}", directory.display())))
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    private_file::write(&part, bytes)?;
    fs::rename(&part, path)
}

/// Returns true if the log contains the issue to which a note belongs.
pub(crate) async fn is_issued(store: &dyn EventStore, claim: &NoteContent) -> Result<bool, Problem> {
    any_issue(store, |_, issue| claim.is_of(issue)).await
}

/// Returns true if the log contains an issue of this report recorded at `since` or later.
pub(crate) async fn is_issued_since(
    store: &dyn EventStore,
    report: &ReportId,
    since: Timestamp,
) -> Result<bool, Problem> {
    let id = report.to_string();
    any_issue(store, |envelope, _| {
        envelope.stream.id() == id && envelope.at >= since
    })
    .await
}

async fn any_issue(
    store: &dyn EventStore,
    wanted: impl Fn(&Envelope, &Issue) -> bool,
) -> Result<bool, Problem> {
    let mut log = FilteredEventReader::of_kinds(store, &[ReportEvent::ISSUED]);
    while let Some(page) = log.next().await? {
        for stored in &page {
            let envelope = stored.envelope().map_err(unreadable)?;
            let event = read_event::<Report>(&envelope);
            let ReportEvent::Issued { issue } = event.map_err(|error| Problem::fault(error.to_string()))?;
            if wanted(&envelope, &issue) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
