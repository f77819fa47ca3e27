//! Decides the command of a report: issues move forward in the log, and one position has one set of figures.

use super::command::ReportCommand;
use super::event::{Issue, ReportEvent};
use super::refusal::ReportRefusal;
use super::state::ReportState;

/// Number of hexadecimal digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

pub(super) fn decide(state: &ReportState, command: ReportCommand) -> Result<Vec<ReportEvent>, ReportRefusal> {
    let ReportCommand::Issue(issue) = command;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if issue.sha256.len() != DIGEST_DIGITS || !issue.sha256.bytes().all(is_hex) {
        return Err(ReportRefusal::NoDigest(issue.sha256));
    }
    match state.last() {
        None => Ok(issued(issue)),
        Some(last) => follow(last, issue),
    }
}

fn follow(last: &Issue, issue: Box<Issue>) -> Result<Vec<ReportEvent>, ReportRefusal> {
    if issue.position < last.position {
        return Err(ReportRefusal::Earlier {
            asked: issue.position,
            issued: last.position,
        });
    }
    if issue.position > last.position {
        return Ok(issued(issue));
    }
    if issue.sha256 == last.sha256 {
        return Ok(Vec::new());
    }
    Err(ReportRefusal::OtherFigures(last.sha256.clone()))
}

fn issued(issue: Box<Issue>) -> Vec<ReportEvent> {
    vec![ReportEvent::Issued { issue }]
}
