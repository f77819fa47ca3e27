//! Where issued reports are kept: `DIR/reports/`, a page, its figures and its note each, never overwritten by
//! another.

use crate::compliance_report::Issued;
use crate::compliance_report::note::Claim;
use crate::log_walk::{Matching, unreadable};
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

/// Inside the data directory.
pub const REPORTS_DIR: &str = "reports";

/// The files of one issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub page: PathBuf,
    pub figures: PathBuf,
    pub note: PathBuf,
}

/// What the files of an issue are called.
fn name_of(period: &str, position: Position) -> String {
    format!("{}-{period}-p{position}", ReportKind::Compliance.code())
}

/// The file of an issue's figures, which its page links to: it stands beside the page wherever that is.
pub fn figures_file(period: &str, position: Position) -> String {
    format!("{}.json", name_of(period, position))
}

/// Keeps an issue. The same issue again writes the same bytes.
pub fn kept(directory: &Path, issued: &Issued) -> Result<Kept, Problem> {
    let keep = || -> io::Result<Kept> {
        let folder = directory.join(REPORTS_DIR);
        fs::create_dir_all(&folder)?;
        let issue = &issued.issue;
        let name = name_of(&issue.period, issue.position);
        let kept = Kept {
            page: folder.join(format!("{name}.html")),
            figures: folder.join(format!("{name}.json")),
            note: folder.join(format!("{name}.note")),
        };
        // The note last: a file without one was cut off.
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

/// Whether the log holds the issue that a note claims.
pub(crate) async fn is_issued(store: &dyn EventStore, claim: &Claim) -> Result<bool, Problem> {
    any_issue(store, |_, issue| claim.is_of(issue)).await
}

/// Whether this report was issued at `since` or later.
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
    let mut log = Matching::of_kinds(store, &[ReportEvent::ISSUED]);
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
