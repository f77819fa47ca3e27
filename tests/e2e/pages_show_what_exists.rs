//! What the pages show exists: blocks marked `run` run, and options, commands, settings and variables in all
//! other blocks are those of the program.

use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tests::history::member;
use tests::page_blocks::{PageBlock, PageCommand, blocks, commands, commands_in_text};
use tests::program::{command, fail, ledgerline, read, run};
use tests::server::Server;

/// The folders with pages, from the root; the changelog names options that no longer exist.
const FOLDERS: [&str; 3] = ["docs", "docs/how-to", "docs/reference"];
const ROOT_PAGES: [&str; 4] = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md"];

/// Options of every command.
const COMMON: [&str; 2] = ["--help", "--version"];

struct Page {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<Page> {
    let mut paths: Vec<String> = ROOT_PAGES.map(str::to_owned).to_vec();
    for folder in FOLDERS {
        let names = names_in(&root().join(folder)).into_iter();
        let pages = names.filter(|name| name.ends_with(".md"));
        paths.extend(pages.map(|name| format!("{folder}/{name}")));
    }
    paths.sort();
    let page = |path: String| Page {
        text: read(&root().join(&path)),
        path,
    };
    paths.into_iter().map(page).collect()
}

/// Returns the names of the entries of a folder.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder exists").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}

#[test]
fn blocks_marked_run_run_in_their_order() {
    let mut pages_by_script: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for page in pages() {
        let blocks = blocks(&page.text);
        let run = blocks.iter().filter(|block| block.is_run());
        let script: Vec<&str> = run
            .flat_map(|block| &block.lines)
            .map(|(_, line)| *line)
            .collect();
        if !script.is_empty() {
            let same = pages_by_script.entry(script.join("\n")).or_default();
            same.push(page.path);
        }
    }
    assert!(pages_by_script.len() >= 4, "{pages_by_script:?}");
    for (script, paths) in pages_by_script {
        // Both languages show the same commands, so each script is run once.
        assert_eq!(
            paths.len(),
            2,
            "a page and its translation run other commands: {paths:?}"
        );
        run_script(&paths.join(", "), &script);
    }
}

/// Runs the blocks of a page in a folder with `./data`, the directory of a server that has run.
fn run_script(pages: &str, script: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let mut serve = command(ledgerline());
    serve.arg("serve").arg("--data").arg(&data);
    serve.args(["--http", "127.0.0.1:0"]);
    let mut server = Server::of(serve, &data);
    if !server.wait_ready() || !server.drains() {
        fail("the server does not start and stop");
    }
    let file = folder.path().join("page.sh");
    std::fs::write(&file, script).expect("the folder can be written");
    let program = ledgerline().canonicalize().expect("the program is built");
    let mut shell = command("bash");
    shell.args([
        "-euo",
        "pipefail",
        "-c",
        r#"PATH="$1:$PATH"; source "$2""#,
        "bash",
    ]);
    shell.args(program.parent()).arg(&file).current_dir(folder.path());
    let output = shell.output().expect("bash starts");
    assert!(
        output.status.success(),
        "{pages}: the blocks marked `run` end with {}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn commands_and_options_on_pages_are_those_of_the_program() {
    let known = known_options();
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages() {
        let blocks = blocks(&page.text);
        let in_blocks = blocks
            .iter()
            .filter(|block| block.is_command_block())
            .flat_map(commands);
        for command in in_blocks.chain(commands_in_text(&page.text)) {
            count += 1;
            let place = format!("{}:{}", page.path, command.line);
            wrong.extend(faults_of(&command, &known).map(|what| format!("{place}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 400, "only {count} commands were found on the pages");
}

/// The options of each command, which is named by its words joined by `-`, as in `ledgerline-user-add`.
type KnownOptions = BTreeMap<String, BTreeSet<String>>;

/// Reads the options of every command from the manual pages that the program writes.
fn known_options() -> KnownOptions {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().to_string_lossy().into_owned();
    assert!(run(&["man", &place]).status.success());
    let bold = Regex::new(r"\\fB(--[a-z0-9-]+)\\fR").expect("a constant pattern");
    let read_page = |name: String| {
        let text = read(&folder.path().join(&name)).replace("\\-", "-");
        let options = bold.captures_iter(&text).map(|found| found[1].to_owned());
        (name.trim_end_matches(".1").to_owned(), options.collect())
    };
    names_in(folder.path()).into_iter().map(read_page).collect()
}

/// Returns what a command names that the program lacks. A word such as `list|show` names several commands:
/// what follows is not compared.
fn faults_of(command: &PageCommand, known: &KnownOptions) -> impl Iterator<Item = String> {
    let mut name = "ledgerline".to_owned();
    let mut rest = command.words.iter();
    let mut word = rest.next().map_or("", String::as_str);
    while known.contains_key(&format!("{name}-{word}")) {
        name = format!("{name}-{word}");
        word = rest.next().map_or("", String::as_str);
    }
    let is_name = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let unknown_command = (name == "ledgerline" && is_name && !word.starts_with('-'))
        .then(|| format!("there is no command {word}"));
    let own = known
        .get(&name)
        .filter(|_| name != "ledgerline" && !word.contains('|'));
    let options = own.map(|_| command.options()).unwrap_or_default();
    let has = |option: &str| COMMON.contains(&option) || own.is_some_and(|own| own.contains(option));
    let unknown = options.into_iter().filter(|option| !has(option));
    let unknown: Vec<String> = unknown
        .map(|option| format!("{} has no option {option}", name.replace('-', " ")))
        .collect();
    unknown_command.into_iter().chain(unknown)
}

#[test]
fn settings_and_variables_on_pages_are_those_of_the_program() {
    let output = run(&["config", "schema"]);
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut known = BTreeSet::new();
    collect_settings(&schema, "", &mut known);
    assert!(
        known.contains("http.listen") && known.contains("trunk.address"),
        "{known:?}"
    );
    let variable = Regex::new(r"LEDGERLINE__[A-Z0-9_]+").unwrap();
    let mut wrong = Vec::new();
    for page in pages() {
        for block in blocks(&page.text) {
            let place = |line: usize| format!("{}:{line}", page.path);
            for (line, key) in settings_of(&block) {
                if !known.contains(&key) {
                    wrong.push(format!("{}: no setting {key}", place(line)));
                }
            }
            for (line, text) in &block.lines {
                let names = variable.find_iter(text).map(|found| found.as_str());
                let unknown = names.filter(|name| !known.contains(&setting_of(name)));
                wrong.extend(unknown.map(|name| format!("{}: no variable {name}", place(*line))));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Collects the dotted keys of a schema; `[[trunk]]` counts as a table.
fn collect_settings(schema: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, inner) in member(schema, "/properties").as_object().into_iter().flatten() {
        let key = format!("{prefix}{name}");
        for table in [inner, member(inner, "/items")] {
            collect_settings(table, &format!("{key}."), found);
        }
        found.insert(key);
    }
}

/// Returns the keys that a block of TOML sets, with their lines.
fn settings_of(block: &PageBlock<'_>) -> Vec<(usize, String)> {
    let mut table = String::new();
    let mut found = Vec::new();
    for (number, line) in block.lines.iter().filter(|_| block.info == "toml") {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            let name: String = name
                .chars()
                .filter(|one| *one != '[')
                .take_while(|one| *one != ']')
                .collect();
            table = format!("{name}.");
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            found.push((*number, format!("{table}{key}")));
        }
    }
    found
}

/// Returns the setting of a variable; that of a trunk names the trunk.
fn setting_of(variable: &str) -> String {
    let key = variable
        .trim_start_matches("LEDGERLINE__")
        .to_lowercase()
        .replace("__", ".");
    match key.strip_prefix("trunk.").and_then(|rest| rest.split_once('.')) {
        Some((_, setting)) => format!("trunk.{setting}"),
        None => key,
    }
}
