//! The checks of the house rules: reads the tree once as text and reports each finding as
//! `path:line: finding`.
//!
//! The checks are numbered as in `docs/house.md`. They use no parser and no network, and take less than a
//! second. Each check has its own tests on made-up text.

mod asvs;
mod command_blocks;
mod console;
mod contracts;
mod crate_sizes;
mod deadlines;
mod decisions;
mod details;
mod documents;
mod effects;
mod events;
mod examples;
mod glossary;
mod headers;
mod import_cycles;
mod installed_program;
mod leftovers;
mod limits;
mod manifests;
mod orphans;
mod parameters;
mod peers;
mod plain_language;
mod problems;
mod proofs;
mod refused_names;
mod routes;
mod secrets;
mod size;
mod text;
mod tree;
mod waits;
mod words;

use tree::{Finding, Tree};

fn report(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(
        findings.is_empty(),
        "{} findings\n{}",
        findings.len(),
        lines.join("\n")
    );
}

macro_rules! checks {
    ($($name:ident: $check:path;)*) => {
        $(#[test] fn $name() { report(&$check(&Tree::read())); })*
    };
}

checks! {
    c01_each_crate_depends_only_on_what_its_row_allows: manifests::dependencies;
    c02_effects_stand_only_at_their_named_sites: effects::check;
    c03_peers_do_not_import_peers: peers::check;
    c04_files_are_small: size::check;
    c05_each_file_says_what_it_is: headers::check;
    c06_nothing_is_left_over: leftovers::check;
    c07_nothing_is_an_orphan: orphans::check;
    c08_words_come_from_the_glossary: words::check;
    c09_each_event_version_has_its_golden_file: events::check;
    c10_each_backend_runs_its_contract: contracts::check;
    c11_each_route_is_joined_and_published: routes::check;
    c12_documents_are_true: documents::check;
    c12_blocks_of_documents_are_true: command_blocks::check;
    c13_lints_and_versions_have_one_home: manifests::one_home;
    c14_no_secret_path_host_or_phone: secrets::check;
    c15_each_limit_says_where_it_comes_from: limits::check;
    c16_text_is_clean: text::check;
    c17_files_are_not_tied_in_circles: import_cycles::check;
    c18_rooms_keep_their_share_and_their_words: crate_sizes::check;
    c19_each_parameter_is_named: parameters::check;
    c20_the_asvs_table_names_tests_that_exist: asvs::check;
    c21_each_problem_is_explained: problems::check;
    c22_stories_wait_for_events: waits::check;
    c23_the_console_is_the_one_that_its_sources_say: console::check;
    c24_no_proof_is_forgotten: proofs::check;
    c25_what_a_refusal_says_has_its_chinese: details::check;
    c26_users_read_the_words_of_the_glossary: glossary::check;
    c27_no_comment_holds_code_that_nothing_runs: examples::check;
    c28_the_installed_program_names_nothing_of_tests: installed_program::check;
    c29_deadlines_of_peers_come_first: deadlines::check;
    c30_texts_name_the_actor: plain_language::check;
    c31_each_cited_decision_exists: decisions::check;
    c32_no_type_or_module_has_a_refused_name: refused_names::check;
}
