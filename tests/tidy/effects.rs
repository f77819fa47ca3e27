//! Check 2: clocks, sockets, processes and query text occur only at the sites listed here, and unordered maps
//! not where their order could be visible.

use super::tree::{Finding, Tree};
use regex::Regex;

/// Files (or folders, ending in `/`) that may contain `expect(clippy::disallowed_…)`. The `reason` of each
/// expectation says what the site does.
const SITES: &[&str] = &[
    "actors/src/supervisor.rs",
    "actors/src/timers.rs",
    "api/bench/src/",
    "api/host/src/clock.rs",
    "api/host/src/config.rs",
    "api/host/src/stopwatch.rs",
    "tests/golden_names/",
    "api/host/src/outbound/courier/mail.rs",
    "api/host/src/outbound/ntp.rs",
    "api/http/src/reply.rs",
    "api/http/src/server.rs",
    "media/src/driver/",
    "media/carrier/src/driver.rs",
    "media/speech/src/connection.rs",
    "media/speech/src/espeak.rs",
    "media/speech/src/rehearsal_voices.rs",
    "http_client/src/connector.rs",
    "http_client/src/tests.rs",
    "media/speech/src/recognition/template/tests.rs",
    "simulation/src/bin/prove_days.rs",
    "simulation/src/clock.rs",
    "simulation/src/life.rs",
    "simulation/src/tasks.rs",
    "store/src/postgres/runtime_connector.rs",
    "tls/src/deadline.rs",
    "tests/src/",
    "understanding/examples/measure.rs",
];

/// Code that may contain query text. The last two files act as attackers with access to the files: one writes
/// into the log without any rule, and one searches for keys.
const QUERY_ROOMS: &[&str] = &[
    "store/",
    "projections/src/checkpoint.rs",
    "projections/src/database",
    "projections/src/schema.rs",
    "projections/src/origin.rs",
    "projections/src/postgres/",
    "projections/src/views/",
    "projections/src/sql_views/",
    "projections/src/ask/",
    "projections/src/segments/",
    // Copies rows for a measurement; the unit of work is compared with SQL text.
    "projections/src/row_multiplier.rs",
    "projections/src/unit_of_work/tests.rs",
    // What users may type, shown to them, and sent by a proof as they would send it.
    "api/cli/src/commands/query.rs",
    "api/http/src/tests/",
    "domain/src/inquiry/",
    "tests/src/prove/exports.rs",
    "tests/src/prove/hostile/bodies.rs",
    "tests/src/prove/hostile/exports.rs",
    "tests/src/prove/hostile/questions.rs",
    "projections/src/rebuild/stored.rs",
    "projections/src/lost_rows.rs",
    "projections/src/own_checkpoints.rs",
    "tests/src/prove/rebuild/pair.rs",
    "tests/src/prove/audit/tampering.rs",
    "tests/src/prove/inspect/",
    "tests/e2e/lost_index_is_rebuilt.rs",
    "tests/e2e/standby_is_away.rs",
    "tests/src/prove/stopped_holder.rs",
    "tests/golden_names/",
    "tests/src/postgres.rs",
    "tests/src/prove/erasure_keys.rs",
    "tests/src/prove/http/database.rs",
    "tests/src/prove/segments/",
    // Segments are written in words of SQL; they query no database.
    "domain/src/segment/",
    "domain/src/grouping/tests.rs",
    "api/bench/src/segment.rs",
    "api/cli/src/commands/segment.rs",
    "api/cli/src/commands/campaign.rs",
    "api/cli/src/commands/examples.rs",
    "api/application/src/segments/",
    "api/http/src/routes/segments.rs",
    "api/http/src/api_description/example.rs",
    "api/http/src/routes/campaign_segments.rs",
    "domain/src/campaign/",
];

/// Code in which an order that differs between runs could be visible.
const ORDERED_ROOMS: &[&str] = &["domain/", "actors/", "simulation/"];

fn is_in_any(path: &str, rooms: &[&str]) -> bool {
    rooms.iter().any(|room| path.starts_with(room))
}

/// Returns true for a contract suite and a crate's own tests, which may contain a small `Tasks`, clock or
/// process starter.
fn is_suite(path: &str) -> bool {
    path.ends_with("contract.rs")
        || path.ends_with("/suite_ports.rs")
        || path.ends_with("/suite_legs.rs")
        || path.contains("/tests/")
        || path.ends_with("/testing.rs")
        || path.contains("/testing/")
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let query = Regex::new(r"\b(SELECT\s+[\w*(]|INSERT (OR \w+ )?INTO |UPDATE \w+ SET |DELETE FROM |CREATE TABLE )|(?i:\bselect .* from \w)")
        .expect("a constant pattern");
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| !file.path.starts_with("tests/tidy/")) {
        let before_tests = file.lines_before_tests();
        for (number, line) in file.lines() {
            if line.contains("clippy::disallowed_")
                && !is_in_any(&file.path, SITES)
                && !is_suite(&file.path)
                && number <= before_tests
            {
                findings.push(file.finding(
                    number,
                    "a banned call outside its named sites; go through the port",
                ));
            }
            if query.is_match(line)
                && !line.trim_start().starts_with("//")
                && !is_in_any(&file.path, QUERY_ROOMS)
                && number <= before_tests
            {
                findings.push(file.finding(
                    number,
                    "query text outside store/ and the views; write a query function there",
                ));
            }
            let unordered = line.contains("HashMap") || line.contains("HashSet");
            if unordered && !line.trim_start().starts_with("//") && is_in_any(&file.path, ORDERED_ROOMS) {
                findings.push(file.finding(number, "an order that differs between runs; use a BTreeMap"));
            }
        }
        findings.extend(unbiased_selects(&file.path, &file.text));
    }
    findings
}

/// Checks that every `select!` in actors and simulation starts with `biased;`.
fn unbiased_selects(path: &str, text: &str) -> Vec<Finding> {
    if !is_in_any(path, &["actors/", "simulation/"]) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let opens = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains("select! {"));
    opens
        .filter(|(index, _)| {
            !lines
                .get(index + 1)
                .is_some_and(|next| next.trim().starts_with("biased;"))
        })
        .map(|(index, _)| Finding {
            path: path.to_owned(),
            line: index + 1,
            what: "select! without `biased;`: not deterministic".into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_effect_is_found_outside_its_room() {
        let tree = Tree::of(&[
            (
                "api/http/src/routes/calls.rs",
                "let q = \"SELECT id FROM calls\";\n#[expect(clippy::disallowed_methods, reason = \"x\")]\n",
            ),
            (
                "actors/src/a.rs",
                "use std::collections::HashMap;\ntokio::select! {\n    x = y => {}\n}\n",
            ),
            ("store/src/a.rs", "let q = \"SELECT id FROM calls\";\n"),
        ]);
        assert_eq!(check(&tree).len(), 4);
    }
}
