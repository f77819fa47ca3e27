//! Proof of the console in a real browser: a running demonstration, its pages opened and used in Chromium,
//! and the effects checked; the proof badge is compared with responses that were altered on their way.
//!
//! `PAGE=name` opens only one page. Screenshots are kept in `target/console/shots`.

use super::external_programs::{build_folder, install_once, run_step};
use super::{Form, Proof};
use crate::history::member;
use crate::program::{Program, command, fail, is_installed, ledgerline};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest time until the demonstration shows its pages, on a busy machine.
const STARTED_WITHIN: Duration = Duration::from_secs(180);

/// The pages that `make test` opens, and those of the long form.
const SHORT: &str = "campaign,home,call";
const LONG: &str = "campaign,session,honest,door,home,campaigns,wizard,wizard_words,call,calls,customer,customers,alerts,\
    roles,wall,wall-held,lines,recording,campaign-then,badge,flows,events,audit,\
    projections,settings,users,approvals,webhooks,compliance,samples,labels,knowledge,reports,sql,\
    pdca,daily,costs,exports,pacing,long-call,long-lists,own-id,flow-kept,flow-call,flow-back,\
    approved,stops,ledger,call-acts,person-acts,files,offices";

/// The number of customers of the demonstration: it still runs while most pages of a long form are opened,
/// and those of a short form on a slow machine.
const CUSTOMERS: u32 = 240;

/// The names of the browser in Debian and other systems.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

pub(super) fn prove(form: Form) -> Proof {
    let asked = std::env::var_os("PAGE").and_then(|page| page.into_string().ok());
    let usual = if form == Form::Short { SHORT } else { LONG };
    opened(
        "console",
        asked.as_deref().filter(|page| !page.is_empty()).unwrap_or(usual),
    )
}

/// Checks the proof badge only.
pub(super) fn prove_badge(_: Form) -> Proof {
    opened("proof-badge", "badge")
}

/// Checks the texts only: every page in English, without a word that only the other language has; and in a
/// pseudo language, without a text that is not from a catalog.
pub(super) fn prove_words(_: Form) -> Proof {
    opened(
        "words",
        "campaign,home,campaigns,wizard_words,call,calls,customer,customers,alerts,wall,lines,\
         events,audit,projections,settings,users,approvals,webhooks,compliance,samples,labels,knowledge,\
         reports,sql,pdca,daily,costs,exports,\
         approved,stops,ledger,call-acts,person-acts,files,offices,pseudo",
    )
}

/// Checks the flow editor: a flow that is opened and saved unchanged has the same hash, also after edits were
/// undone.
pub(super) fn prove_flow_editor(_: Form) -> Proof {
    opened("flow-editor", "flow-files,flow-undo,flows")
}

/// Checks that no page has a serious violation of axe-core's rules, and that a day's work is possible with
/// the keyboard.
pub(super) fn prove_axe(_: Form) -> Proof {
    opened("axe", "keyboard,axe")
}

/// Checks each role: what the server would refuse is not shown, and is refused when requested anyway.
pub(super) fn prove_roles(_: Form) -> Proof {
    opened("roles-console", "every-role")
}

fn opened(proof: &str, pages: &str) -> Proof {
    match install_scripts() {
        Ok((modules, program)) => {
            let browser = Browser { modules, program };
            let shots = build_folder("console", "shots").display().to_string();
            let line = run_on_demo(&browser, "console.mjs", CUSTOMERS, &[shots, pages.to_owned()]);
            let passed = member(&line, "/passed").as_u64();
            let holds = member(&line, "/failed") == 0 && passed.is_some_and(|passed| passed > 0);
            Proof {
                line: name_result(proof, line),
                holds,
            }
        }
        Err(why) => Proof {
            holds: true,
            line: json!({ "proof": proof, "skipped": why }),
        },
    }
}

/// Returns the output of a script, with the name of its proof.
pub(super) fn name_result(proof: &str, line: Value) -> Value {
    let mut result = json!({ "proof": proof });
    if let (Some(members), Value::Object(line)) = (result.as_object_mut(), line) {
        members.extend(line);
    }
    result
}

/// The browser and the scripts that use it.
pub(super) struct Browser {
    /// The folder of the scripts and their packages.
    pub modules: PathBuf,
    /// The name of the browser.
    pub program: &'static str,
}

/// Installs the scripts' packages in a folder beside the build. Returns it and the browser, or why they are
/// not available.
pub(super) fn install_scripts() -> Result<(PathBuf, &'static str), String> {
    if !is_installed("node") || !is_installed("npm") {
        return Err("node or npm is missing".to_owned());
    }
    let browser = BROWSERS.into_iter().find(|name| is_installed(name));
    let browser = browser.ok_or("chromium is missing")?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let place = build_folder("console", "node");
    let copied = |files: &[&str]| {
        let copy = |file: &&str| std::fs::copy(source.join(file), place.join(file)).map(drop);
        files.iter().try_for_each(copy).map_err(|error| error.to_string())
    };
    install_once(&source.join("package-lock.json"), &place, || {
        copied(&["package.json", "package-lock.json"])?;
        let mut install = command("npm");
        install.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install.current_dir(&place);
        run_step(install).map_err(|why| format!("playwright-core cannot be installed: {why}"))
    })?;
    // A script finds its packages in its own folder; the scripts of the tree are copied each time.
    copied(&[
        "acts.mjs",
        "console.mjs",
        "pages.mjs",
        "badge.mjs",
        "honest.mjs",
        "lines.mjs",
        "wall.mjs",
        "wall-load.mjs",
        "wizard.mjs",
        "customers.mjs",
        "flow_editor.mjs",
        "desk.mjs",
        "axe.mjs",
        "roles.mjs",
        "reports.mjs",
        "sheets.mjs",
        "knowledge.mjs",
        "long_call.mjs",
        "long_lists.mjs",
        "flow_kept.mjs",
        "pictures.mjs",
        "pseudo.mjs",
    ])?;
    Ok((place, browser))
}

/// Runs a script on the pages of a running demonstration, with their address, the file of logins, and `rest`
/// as arguments. Returns its output.
pub(super) fn run_on_demo(browser: &Browser, script: &str, customers: u32, rest: &[String]) -> Value {
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let data = folder.path().join("data");
    let mut demo = command(ledgerline());
    demo.arg("demo").arg("--data").arg(&data);
    demo.args(["--http", "127.0.0.1:0", "--customers", &customers.to_string()]);
    let mut demo = Program::start(demo);
    let said = demo.line(STARTED_WITHIN, |line| line.contains("sign in "));
    let said = said.unwrap_or_else(|| fail("the demonstration does not show its pages"));
    let url = said.split_whitespace().last().unwrap_or_default().to_owned();
    // The last login that is printed: from then on all of them can sign in.
    if demo
        .line(STARTED_WITHIN, |line| line.trim_start().starts_with("integrator"))
        .is_none()
    {
        fail("the demonstration has no logins");
    }
    let mut node = command("node");
    node.arg(browser.modules.join(script)).arg(url);
    node.arg(data.join("rehearsal/logins")).args(rest);
    node.env("CHROMIUM", which(browser.program));
    node.env("LEDGERLINE", ledgerline());
    let output = node.output().unwrap_or_else(|error| fail(&error.to_string()));
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .next_back()
        .and_then(|line| serde_json::from_str(line).ok());
    line.unwrap_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        json!({ "passed": 0, "failed": 1, "violations": [said.lines().take(12).collect::<Vec<_>>().join(" ")] })
    })
}

/// Returns the full path of a program, which the driver requires.
fn which(name: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.exists());
    found.unwrap_or_else(|| PathBuf::from(name))
}
