//! A started server with a secret of each kind: none is in its command line, its output or its log, also not
//! when the configuration is read again with a fault.

use crate::passing_time::HUNG_AFTER;
use crate::program::{command, ledgerline};
use crate::server::Server;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The secrets: where each is given, and its text.
const IN_FILE: &str = "hidden-token-of-messages";
const IN_NAMED_FILE: &str = "whsec_aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVu";
const IN_VARIABLE: &str = "hidden-secret-of-the-provider";
const MASTER_KEY: &str = "68696464656e68696464656e68696464656e68696464656e68696464656e6869";
const OF_TRUNK: &str = "hidden-password;of-the-trunk";
const SECRETS: [&str; 5] = [IN_FILE, IN_NAMED_FILE, IN_VARIABLE, MASTER_KEY, OF_TRUNK];

/// What was searched, and what was found.
pub(super) struct Observation {
    pub(super) secrets: usize,
    pub(super) searched_bytes: usize,
    pub(super) found: usize,
    pub(super) reloads: usize,
}

/// Starts a server, reads its configuration again twice, and ends it.
pub(super) fn observe(wrong: &mut Vec<String>) -> Observation {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("ledgerline.toml");
    let log = folder.path().join("log");
    let data = folder.path().join("data");
    std::fs::write(folder.path().join("number-check"), IN_NAMED_FILE).expect("a file can be written");
    let right = content(folder.path(), &data, "trace");
    write(&file, &right);
    let mut shell = command("sh");
    shell
        .args(["-c", "exec \"$@\" 2>\"$0\""])
        .arg(&log)
        .arg(ledgerline());
    shell.arg("serve").arg("--config").arg(&file);
    shell
        .env("LC_ALL", "C")
        .env("PROVIDER_SECRET", IN_VARIABLE)
        .env("MASTER_KEY", MASTER_KEY);
    let mut server = Server::of(shell, &data);
    if !server.wait_ready() {
        wrong.push(format!("the server does not start: {}", read(&log)));
    }
    let command_line = read(
        &Path::new("/proc")
            .join(server.program.id().to_string())
            .join("cmdline"),
    );
    if !command_line.contains("--config") {
        wrong.push(format!("not the command line of the server: {command_line:?}"));
    }
    write(&file, &format!("{right}\n[messages2]\nsecret = \"{IN_FILE}\"\n"));
    let mut reloads = 0;
    reloads += usize::from(reloaded(&server, "not reloaded: "));
    write(&file, &right.replace("\"trace\"", "\"debug\""));
    reloads += usize::from(reloaded(&server, "reloaded; applied: [log.level]"));
    if reloads != 2 {
        wrong.push(format!(
            "the signal was not answered: {:?}",
            server.program.seen()
        ));
    }
    let shown = printed(&file);
    if !server.drains() {
        wrong.push("the server does not drain".to_owned());
    }
    let logged = read(&log);
    // Without the file the level is warn, and the server logs its readiness at info.
    if !logged.contains("\"level\":\"INFO\"") {
        wrong.push("the log of the server has no line of the level of its file".to_owned());
    }
    let output = server.program.seen().join("\n");
    let searched = [&command_line, &logged, &output, &shown];
    let found = SECRETS
        .iter()
        .filter(|secret| searched.iter().any(|text| text.contains(**secret)));
    let found: Vec<&&str> = found.collect();
    if !found.is_empty() {
        wrong.push(format!("shown: {found:?}"));
    }
    Observation {
        secrets: SECRETS.len(),
        searched_bytes: searched.iter().map(|text| text.len()).sum(),
        found: found.len(),
        reloads,
    }
}

fn content(folder: &Path, data: &Path, level: &str) -> String {
    let (folder, data) = (folder.display(), data.display());
    format!(
        "data = \"{data}\"\ndrain = \"5s\"\nlog.level = \"{level}\"\nhttp.listen = \"127.0.0.1:0\"\n\
         rehearsal.at = \"{}\"\nkeys.master_key_env = \"MASTER_KEY\"\n\
         [messages]\nwebhook = \"https://push.example/messages\"\nsecret = \"{IN_FILE}\"\n\
         [number_check]\nurl = \"https://numbers.example/check\"\nsecret_file = \"{folder}/number-check\"\n\
         [sign_in]\noidc_issuer = \"https://login.example\"\noidc_client = \"ledgerline\"\n\
         oidc_secret_env = \"PROVIDER_SECRET\"\n\
         [[trunk]]\naddress = \"sip:127.0.0.1:5070\"\nuser = \"robot\"\npassword = \"{OF_TRUNK}\"\n",
        crate::server::REHEARSAL
    )
}

/// Sends SIGHUP. Returns true if the server prints a line with this beginning.
fn reloaded(server: &Server, begins: &str) -> bool {
    server.program.signal("HUP");
    let said = server
        .program
        .says("config ", HUNG_AFTER, |said| said.starts_with(begins));
    said.is_some()
}

/// Returns all that `config print` shows of a file.
fn printed(file: &Path) -> String {
    let output = command(ledgerline())
        .args(["config", "print", "--with-source", "--config"])
        .arg(file)
        .env("PROVIDER_SECRET", IN_VARIABLE)
        .env("MASTER_KEY", MASTER_KEY)
        .output()
        .expect("the built binary starts");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file can be written");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("our own file has a mode");
}
