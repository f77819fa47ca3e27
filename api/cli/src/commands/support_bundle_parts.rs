//! The texts of a support bundle, without secrets: configuration, versions, doctor, metrics and log.

use crate::commands::doctor;
use crate::commands::serve_configuration::ServerConfiguration;
use crate::commands::support_bundle::Args;
use crate::kit::failure::Failure;
use clap::FromArgMatches;
use host::configuration::print::{SourceDisplay, toml_lines};
use host::configuration::setting::MaskRule;
use host::data_dir::TOKEN_FILE;
use host::keys_spec::KeysSpec;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use host::recent_log::read_recent_log;
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Most bytes of a log file that the bundle holds; of a longer one the end.
const LOG_BYTES_MAX: u64 = 8_388_608;

/// Most bytes of metrics that a server may send.
const METRICS_BYTES_MAX: usize = 8_388_608;

/// Shorter secrets are not looked for: their text is part of ordinary words.
const SECRET_BYTES_MIN: usize = 6;

/// What stands in place of texts whose secrets are not known.
const LEFT_OUT: &str = "left out: the configuration cannot be read, so its secrets cannot be masked here\n";

/// What is shown in place of a secret.
const MASK: &str = "***";

/// One file of the bundle.
pub(super) struct BundlePart {
    pub(super) name: &'static str,
    pub(super) text: String,
}

/// Returns all files of the bundle. A part that cannot be read says why.
pub(super) async fn collect(args: &Args) -> Vec<BundlePart> {
    let configuration = ServerConfiguration::load(&[], args.config.clone(), MaskRule::Accept);
    let mut secrets = secrets_of_directory(args.server.data.as_deref());
    let are_known = configuration.is_ok();
    let configuration = match configuration {
        Ok(loaded) => {
            secrets.extend(loaded.started().secrets());
            toml_lines(loaded.started(), SourceDisplay::Shown).join("\n")
        }
        Err(faults) => faults.lines().join("\n"),
    };
    let (doctor, log) = if are_known {
        (doctor_text(args).await, or_why(log_lines(args)))
    } else {
        (LEFT_OUT.to_owned(), LEFT_OUT.to_owned())
    };
    let parts = [
        ("configuration.toml", configuration),
        ("versions.json", versions()),
        ("doctor.json", doctor),
        ("metrics.txt", or_why(metrics(&args.server).await)),
        ("server.log", log),
    ];
    let part = |(name, text): (&'static str, String)| BundlePart {
        name,
        text: without_secrets(&text, &secrets),
    };
    parts.into_iter().map(part).collect()
}

fn or_why(read: Result<String, Failure>) -> String {
    read.unwrap_or_else(|failure| format!("not available: {failure}\n"))
}

/// Returns the secrets in the data directory that a log could name: the token of its server.
fn secrets_of_directory(directory: Option<&Path>) -> Vec<String> {
    let token = directory.and_then(|directory| fs::read_to_string(directory.join(TOKEN_FILE)).ok());
    token.map(|token| token.trim().to_owned()).into_iter().collect()
}

fn versions() -> String {
    let first_line = |path: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().next().unwrap_or_default().to_owned()
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let versions = json!({
        "ledgerline": env!("CARGO_PKG_VERSION"),
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "distribution": first_line("/etc/os-release"),
        "kernel": first_line("/proc/sys/kernel/osrelease"),
        "processors": processors,
    });
    format!("{versions:#}\n")
}

/// Returns what `doctor` says about the directory, and about the running server.
async fn doctor_text(args: &Args) -> String {
    let ServerArgs {
        data,
        ca_file,
        token_file,
        ..
    } = &args.server;
    let pair = |flag: &str, value: &Path| [OsString::from(flag), value.as_os_str().to_owned()];
    let directory: Vec<OsString> = data.iter().flat_map(|data| pair("--data", data)).collect();
    let mut server = vec![OsString::from("--server"), args.server.address().into()];
    let files = [
        ("--data", data),
        ("--ca-file", ca_file),
        ("--token-file", token_file),
    ];
    for (flag, file) in files {
        server.extend(file.iter().flat_map(|file| pair(flag, file)));
    }
    let findings = json!({
        "machine": examine(directory, &args.keys).await,
        "server": examine(server, &args.keys).await,
    });
    format!("{findings:#}\n")
}

/// Runs `doctor` with these arguments. Returns its report, or why there is none.
async fn examine(arguments: Vec<OsString>, keys: &KeysSpec) -> serde_json::Value {
    let command = <doctor::Args as clap::Args>::augment_args(clap::Command::new("doctor"));
    let all = std::iter::once(OsString::from("doctor")).chain(arguments);
    let matches = command.try_get_matches_from(all);
    let args = matches.and_then(|matches| doctor::Args::from_arg_matches(&matches));
    let args = match args {
        Ok(args) => args.with_keys(keys.clone()),
        Err(error) => return json!({ "not_available": error.to_string() }),
    };
    match Box::pin(doctor::examine(&args)).await {
        Ok(findings) => findings.to_json(),
        Err(failure) => json!({ "not_available": failure.to_string() }),
    }
}

async fn metrics(server: &ServerArgs) -> Result<String, Failure> {
    let client = ServerConnection::find(server)?;
    let mut text = Vec::new();
    let taken = client.download("/metrics", |piece| {
        let left = METRICS_BYTES_MAX.saturating_sub(text.len());
        text.extend_from_slice(piece.get(..left).unwrap_or(piece));
        Ok::<(), Failure>(())
    });
    let taken = taken.await;
    client.close().await;
    taken?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Returns the lines of the named log files, or else of the data directory.
fn log_lines(args: &Args) -> Result<String, Failure> {
    let mut text = String::new();
    if let Some(directory) = args.server.data.as_deref().filter(|_| args.logs.is_empty()) {
        text.push_str(&read_recent_log(directory)?);
    }
    for file in &args.logs {
        text.push_str(&end_of_file(file)?);
    }
    if text.is_empty() {
        return Err(Failure::found("no log: give --data, or a file with --log"));
    }
    Ok(text)
}

fn end_of_file(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", path.display()));
    let mut file = fs::File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let from = length.saturating_sub(LOG_BYTES_MAX);
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(from)).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns a text with a mask in place of each secret, of set-up links and of tokens in links.
fn without_secrets(text: &str, secrets: &[String]) -> String {
    let mut shown = text.to_owned();
    let long = secrets.iter().filter(|secret| secret.len() >= SECRET_BYTES_MIN);
    // A log line is JSON, in which a secret may be escaped.
    let mut forms: Vec<String> = long
        .flat_map(|secret| {
            [
                secret.clone(),
                serde_json::json!(secret).to_string().trim_matches('"').to_owned(),
            ]
        })
        .collect();
    // One secret may begin with another.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    for secret in &forms {
        shown = shown.replace(secret.as_str(), MASK);
    }
    for before in ["/set-up#", "#token=", "Bearer "] {
        shown = masked_after(&shown, before);
    }
    shown
}

/// Masks what follows each `before`, up to a character that no token has.
fn masked_after(text: &str, before: &str) -> String {
    let mut pieces = text.split(before);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_token = |one: char| one.is_ascii_alphanumeric() || "-_.~+/=%".contains(one);
        let rest = piece.trim_start_matches(is_token);
        shown.push_str(before);
        if rest.len() < piece.len() {
            shown.push_str(MASK);
        }
        shown.push_str(rest);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_links_are_masked_wherever_they_are() {
        let text = "make the first one at http://127.0.0.1:1/set-up#AbC-12_3 (once)\n\
                    /status#token=abc.def\",\"x\":\"s3cret-word\" s3cret-words Bearer qqq, /set-up#*** end";
        let shown = without_secrets(text, &["s3cret-word".to_owned(), "ab".to_owned()]);
        assert_eq!(
            shown,
            "make the first one at http://127.0.0.1:1/set-up#*** (once)\n\
             /status#token=***\",\"x\":\"***\" ***s Bearer ***, /set-up#*** end"
        );
    }

    #[test]
    fn a_longer_secret_and_an_escaped_one_leave_no_rest() {
        let secrets = [
            "secret".to_owned(),
            "secret-longer".to_owned(),
            "a\"b\\cde".to_owned(),
        ];
        let line = serde_json::json!({"message": "a\"b\\cde secret-longer"}).to_string();
        assert_eq!(without_secrets(&line, &secrets), r#"{"message":"*** ***"}"#);
    }
}
