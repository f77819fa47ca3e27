//! The signed note of a report: a C2SP signed note with the log's key, over the digests of the report and the
//! state of the log.
//!
//! Its first two lines cannot be those of a checkpoint, which has a number on its second line: neither can be
//! mistaken for the other.

use crate::compliance_report::figures::Figures;
use domain::report::Issue;
use store::proof::{ProofError, SignedText, SigningKey, VerifierKey};

/// First line of every note of a report.
const HEADING: &str = "ledgerline report v1";

/// The content of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteContent {
    /// Kind and period, for example `compliance 2026-11`.
    pub subject: String,
    pub(crate) figures_sha256: String,
    pub(crate) document_sha256: String,
    pub position: u64,
    pub size: u64,
    pub root: String,
}

impl NoteContent {
    pub(super) fn of(figures: &Figures, figures_sha256: &str, document_sha256: &str) -> Self {
        Self {
            subject: format!("{} {}", figures.report, figures.period.label),
            figures_sha256: figures_sha256.to_owned(),
            document_sha256: document_sha256.to_owned(),
            position: figures.log.position.0,
            size: figures.log.size,
            root: figures.log.root.clone(),
        }
    }

    fn text(&self) -> String {
        format!(
            "{HEADING}\n{}\nfigures sha256 {}\ndocument sha256 {}\nposition {}\nlog {} {}\n",
            self.subject, self.figures_sha256, self.document_sha256, self.position, self.size, self.root
        )
    }

    /// Returns the note's text with the signature of the log's key.
    pub(super) fn sign(&self, key: &SigningKey) -> Result<String, ProofError> {
        Ok(SignedText::sign(self.text(), key)?.to_text())
    }

    /// Parses a signed note. Fails with the reason unless this key signed it and it is in canonical form.
    pub(super) fn read(note: &str, key: &VerifierKey) -> Result<Self, String> {
        let signed = SignedText::parse(note).map_err(|error| error.to_string())?;
        if signed.signed_by(key).is_none() {
            return Err(format!("it is not signed by {}", key.name()));
        }
        let claim = Self::parse(signed.text()).ok_or("it is not the note of a report")?;
        match claim.text() == signed.text() {
            true => Ok(claim),
            false => Err("it is not in canonical form".to_owned()),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != HEADING {
            return None;
        }
        let subject = lines.next()?.to_owned();
        let figures_sha256 = lines.next()?.strip_prefix("figures sha256 ")?.to_owned();
        let document_sha256 = lines.next()?.strip_prefix("document sha256 ")?.to_owned();
        let position = lines.next()?.strip_prefix("position ")?.parse().ok()?;
        let (size, root) = lines.next()?.strip_prefix("log ")?.split_once(' ')?;
        Some(Self {
            subject,
            figures_sha256,
            document_sha256,
            position,
            size: size.parse().ok()?,
            root: root.to_owned(),
        })
    }

    /// Returns true if an issue in the log has the same subject, digest of the figures, position and log
    /// state.
    pub(super) fn is_of(&self, issue: &Issue) -> bool {
        let subject = format!("{} {}", issue.kind.code(), issue.period);
        self.subject == subject
            && self.figures_sha256 == issue.sha256
            && self.position == issue.position.0
            && (self.size, &self.root) == (issue.log_size, &issue.log_root)
    }
}
