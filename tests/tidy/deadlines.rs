//! Check 29: in a `biased` select that waits for an external peer, the deadline comes before the work.
//!
//! A peer that keeps sending keeps the work ready, and a timer after it is never polled. Stop signals and our
//! own channels may come before the deadline.

use super::tree::{Finding, Tree};

/// Code that waits for external peers: engines, mail and web servers, databases, trunks, a helper process.
const OUTSIDE: &[&str] = &[
    "actors/src/call_assistant.rs",
    "actors/src/call_encoder.rs",
    "actors/src/drivers/conversation/prepare.rs",
    "actors/src/drivers/summaries/",
    "api/application/src/wording_drafts/",
    "api/cli/src/jdbc/",
    "api/host/src/clock_evidence.rs",
    "api/host/src/driver_runner.rs",
    "api/host/src/keys_spec.rs",
    "api/host/src/outbound/",
    "http_client/src/",
    "media/speech/src/",
    "media/src/driver/options.rs",
    "projections/src/postgres/",
    "store/src/kurrent/",
    "store/src/postgres/",
    "tls/src/",
];

/// Words by which a branch is a deadline.
const DEADLINES: &[&str] = &[
    "wait_until(",
    "waits_until(",
    "= late ",
    "= &mut late ",
    "= &mut poll ",
];

/// Words of branches that may come before it: our own channels, and stop signals.
const OWN: &[&str] = &[
    "stop",
    "closing",
    "closed",
    "released",
    "draining",
    ".recv()",
    "listening.next()",
    "ended(&mut self",
    "&mut ending",
    "orders",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree
        .rust()
        .filter(|file| OUTSIDE.iter().any(|place| file.path.starts_with(place)))
    {
        let lines: Vec<&str> = file
            .lines()
            .take(file.lines_before_tests())
            .map(|(_, line)| line)
            .collect();
        for (index, line) in lines.iter().enumerate() {
            if line.trim() == "biased;" && is_late(&lines, index) {
                let why = "the deadline of an external peer comes after its work; put it first";
                findings.push(file.finding(index + 1, why));
            }
        }
    }
    findings
}

/// Returns true if a branch that waits for a peer comes before the deadline of the select that begins there.
fn is_late(lines: &[&str], begins: usize) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own_depth = lines.get(begins).map_or(0, |line| depth(line));
    let branches = lines
        .iter()
        .skip(begins + 1)
        .take_while(|line| line.trim().is_empty() || depth(line) >= own_depth)
        .filter(|line| depth(line) == own_depth && line.contains(" = "));
    let branches: Vec<&&str> = branches.collect();
    let is_deadline = |line: &&&str| DEADLINES.iter().any(|words| line.contains(words));
    let Some(deadline) = branches.iter().position(is_deadline) else {
        return false;
    };
    let before = branches.iter().take(deadline);
    before
        .filter(|line| !OWN.iter().any(|words| line.contains(words)))
        .count()
        > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, branches: &[&str]) -> usize {
        let branches = branches.join("\n        ");
        let text = format!("    tokio::select! {{\n        biased;\n        {branches}\n    }}\n");
        check(&Tree::of(&[(path, text.as_str())])).len()
    }

    #[test]
    fn a_deadline_after_the_work_of_a_peer_is_found() {
        let (work, late) = (
            "answer = ask(peer) => answer,",
            "() = clock.wait_until(until) => None,",
        );
        let stop = "() = stop.stopping() => return,";
        let outside = "media/speech/src/a.rs";
        assert_eq!(findings(outside, &[work, late]), 1);
        assert_eq!(findings(outside, &[stop, work, late]), 1);
        assert_eq!(findings(outside, &[late, work]), 0);
        assert_eq!(findings(outside, &[stop, late, work]), 0);
        assert_eq!(findings(outside, &["from = engine.recv() => from,", late]), 0);
        assert_eq!(findings("actors/src/timers.rs", &[work, late]), 0, "our own");
    }
}
