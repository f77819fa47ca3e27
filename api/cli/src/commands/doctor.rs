//! `ledgerline doctor`: checks this machine and a data directory, and reports problems.

use crate::commands::doctor_audio as audio;
use crate::commands::doctor_check::{Check, CheckStatus, CheckText, says};
use crate::commands::doctor_clock as clock;
use crate::commands::doctor_dialing as dialing;
use crate::commands::doctor_engines as engines;
use crate::commands::doctor_history as history;
use crate::commands::doctor_keys::check_master_key;
use crate::commands::doctor_log as log;
use crate::commands::doctor_machine as machine;
use crate::commands::doctor_numbers as numbers;
use crate::commands::doctor_report::DoctorFindings;
use crate::commands::doctor_roles as roles;
use crate::commands::doctor_rows as rows;
use crate::commands::doctor_trunks as trunks;
use crate::kit::failure::Failure;
use domain::ports::clock::Clock;
use host::app::{self, ReadOnlyLog, lookup_vault};
use host::clock::SystemClock;
use host::config::TrunkSpec;
use host::data_dir::{self, Mode};
use host::keys_spec::{KeysSpec, KeysUrl};
use host::outbound::ntp::NtpServer;
use host::outbound::server_locator::ServerArgs;
use host::read_db_spec::{ReadDbArgs, ReadDbSpec};
use host::store_spec::{LogArgs, StoreSpec};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Number of synced writes that the disk check times.
const SYNCS: u64 = 20;

/// Milliseconds per sync above which the disk is too slow for ten calls a second.
const SYNC_MS_SLOW: u64 = 30;

/// Check this machine, and a data directory and a log if given
///
/// Reports the speech synthesizer, the limit of open files, free disk space and sync time; for a data
/// directory or log, whether it is intact, whether its keys are available, and what keeps it from dialing;
/// whether the clock is right; whether each given trunk answers OPTIONS; and how many calls the audio ports
/// carry and which address trunks are shown. It makes no call and writes no event. The report also names what
/// was not checked.
///
/// With --server it asks a running server instead, and lists every reason for which dialing is paused. Its
/// exit code is 1 if one of them pauses every call.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// URL of a running server to ask why dialing is paused; nothing else is checked
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// File with the token that the server requires; default: DIR/token with --data
    #[arg(long, value_name = "F", requires = "server")]
    token_file: Option<PathBuf>,
    /// Certificate authorities (PEM) that are accepted for an https server
    #[arg(long, value_name = "F", requires = "server")]
    ca_file: Option<PathBuf>,
    /// Data directory; a server may be using it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The log, if it is not in the data directory: a URL as for `serve`
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    #[command(flatten)]
    rows: ReadDbArgs,
    #[command(flatten)]
    keys: KeysSpec,
    /// Trunk to test with OPTIONS, as for `serve`; no call is made; may be repeated
    #[arg(long = "trunk", value_name = "SPEC")]
    trunks: Vec<TrunkSpec>,
    #[command(flatten)]
    audio: audio::AudioArgs,
    /// NTP server to compare the clock with, as for `serve`
    #[arg(long, value_name = "HOST[:PORT]")]
    ntp: Option<NtpServer>,
    /// Also verify every record of the log, as `audit verify` does: minutes for millions of events
    #[arg(long)]
    full: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    /// Returns the arguments with these keys.
    pub(crate) fn with_keys(mut self, keys: KeysSpec) -> Self {
        self.keys = keys;
        self
    }
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    examine(&args).await?.report(args.json)
}

/// Returns what the command reports for these arguments, without printing it.
pub(crate) async fn examine(args: &Args) -> Result<DoctorFindings, Failure> {
    match args.server.is_some() {
        true => check_server(args).await,
        false => Ok(check_machine(args).await),
    }
}

async fn check_machine(args: &Args) -> DoctorFindings {
    let mut pauses = Vec::new();
    let mut checks = vec![
        synthesizer().await,
        udp_ports(),
        machine::check_open_files(&args.trunks),
        recordings(),
    ];
    if let Some(directory) = &args.data {
        checks.push(mode(directory));
    }
    let embedded = || args.data.clone().map(StoreSpec::Sqlite);
    let spec = args.store.clone().or_else(embedded);
    if let Some(directory) = &args.data {
        checks.push(keys(&args.keys, directory, spec.as_ref()).await);
        checks.extend(check_master_key(&args.keys, directory));
    }
    checks.push(clock::check(args.ntp.as_ref(), spec.as_ref()).await);
    checks.append(&mut trunks::checks(&args.trunks).await);
    checks.append(&mut audio::checks(&args.audio, &args.trunks).await);
    if let Some(spec) = spec {
        let of = LogArgs {
            data: args.data.clone(),
            store: args.store.clone(),
        };
        checks.push(log::check(&of, args.full).await);
        checks.push(history::check(args.data.as_deref(), &spec, &args.keys).await);
        checks.push(numbers::check(args.data.as_deref(), &spec, &args.keys).await);
        let named: Vec<&str> = args.trunks.iter().map(|trunk| trunk.name.as_str()).collect();
        match dialing::find_in_log(&spec, &named).await {
            Ok(found) => {
                checks.append(&mut found.checks(none_in_log()));
                pauses = found.items;
            }
            Err(failure) => checks.push(Check::new(dialing::NAME, CheckStatus::Bad, failure)),
        }
        checks.push(engines_check(&spec).await);
    }
    if let Some(ReadDbSpec::Postgres(url)) = &args.rows.read_db {
        checks.push(rows::check(url).await);
    }
    checks.append(&mut of_roles(args).await);
    let disk = args.data.clone().unwrap_or_else(std::env::temp_dir);
    checks.push(machine::check_disk_space(&disk));
    checks.push(disk_sync(&disk));
    DoctorFindings { checks, pauses }
}

/// Returns the reasons of a running server for which dialing is paused.
async fn check_server(args: &Args) -> Result<DoctorFindings, Failure> {
    let server = ServerArgs {
        server: args.server.clone(),
        token_file: args.token_file.clone(),
        data: args.data.clone(),
        ca_file: args.ca_file.clone(),
    };
    let found = dialing::ask_server(&server).await?;
    let none = says!("没有暂停拨号的原因", "no reason pauses dialing");
    Ok(DoctorFindings {
        checks: found.checks(none),
        pauses: found.items,
    })
}

fn none_in_log() -> CheckText {
    says!(
        "日志中没有暂停拨号的原因",
        "the log holds no reason to pause dialing"
    )
}

/// The check of speech engines: bad if a server found an engine down.
async fn engines_check(spec: &StoreSpec) -> Check {
    let (finding, says) = match engines::find_failed_engines(spec).await {
        Ok(down) if down.is_empty() => (
            CheckStatus::Good,
            says!("语音引擎均可用", "no engine is reported down"),
        ),
        Ok(down) => (
            CheckStatus::Bad,
            says!("语音引擎不可用：{}", "{}", down.join("; ")),
        ),
        Err(failure) => (CheckStatus::Bad, failure.into()),
    };
    Check::new("engines", finding, says)
}

/// Checks the roles of the PostgreSQL databases that were named.
async fn of_roles(args: &Args) -> Vec<Check> {
    let log = match &args.store {
        Some(StoreSpec::Postgres(url)) => Some(url.as_str()),
        Some(StoreSpec::Sqlite(_) | StoreSpec::Kurrent(_)) | None => None,
    };
    let rows = match &args.rows.read_db {
        Some(ReadDbSpec::Postgres(url)) => Some(url.as_str()),
        Some(ReadDbSpec::Sqlite(_)) | None => None,
    };
    let keys = args.keys.url();
    let keys = keys.as_ref().map(KeysUrl::as_str);
    roles::checks(&[
        ("role of log", log),
        ("role of rows", rows),
        ("role of keys", keys),
    ])
    .await
}

async fn synthesizer() -> Check {
    let synthesizer = app::synthesizer(None, Arc::new(SystemClock::default())).await;
    let name = synthesizer.name();
    if synthesizer.speaks_any_text() {
        return Check::new(
            "synthesizer",
            CheckStatus::Good,
            says!("{name} 可合成任意文本", "{name} speaks any text"),
        );
    }
    Check::new(
        "synthesizer",
        CheckStatus::Note,
        says!(
            "{name}：未安装语音合成，只有内置录音；话术播报含变量的文本时，任务无法启动（apt-get install espeak-ng）",
            "{name}: no synthesizer is installed, only bundled clips; a campaign with a flow that speaks text with \
             variables is refused at start (apt-get install espeak-ng)"
        ),
    )
}

fn udp_ports() -> Check {
    match http::server::free_udp_port() {
        Ok(port) => Check::new(
            "udp",
            CheckStatus::Good,
            says!(
                "本机 UDP 可用（端口 {port} 空闲）",
                "loopback UDP works (port {port} was free)"
            ),
        ),
        Err(error) => Check::new(
            "udp",
            CheckStatus::Bad,
            says!("无法绑定 UDP 端口：{error}", "no UDP port can be bound: {error}"),
        ),
    }
}

fn recordings() -> Check {
    Check::new(
        "recordings",
        CheckStatus::Note,
        says!(
            "录音尚未加密：DIR/recordings/*.wav 为普通文件，仅属主可读（0600）",
            "recordings are not sealed yet: DIR/recordings/*.wav are plain files, readable by their \
             owner (0600)"
        ),
    )
}

fn mode(directory: &Path) -> Check {
    match data_dir::mode(directory) {
        Some(Mode::Real) => Check::new(
            "directory",
            CheckStatus::Good,
            says!("正式数据目录", "a real directory"),
        ),
        Some(Mode::Rehearsal) => Check::new(
            "directory",
            CheckStatus::Good,
            says!("演练数据目录，不可更改", "a rehearsal directory, permanently"),
        ),
        None => Check::new(
            "directory",
            CheckStatus::Note,
            says!("尚无服务使用过", "no server has used it yet"),
        ),
    }
}

/// The check of keys: they exist, and belong to the log if there is one.
async fn keys(keys: &KeysSpec, directory: &Path, log: Option<&StoreSpec>) -> Check {
    let dir = keys.directory(directory);
    let missing: Vec<&str> = [store::MASTER_KEY_FILE, store::KEYS_FILE]
        .into_iter()
        .filter(|name| !dir.join(name).exists())
        .collect();
    if !missing.is_empty() && *keys == KeysSpec::default() {
        return Check::new(
            "keys",
            CheckStatus::Note,
            says!(
                "{} 不在 {}：保存在别处（--keys、--master-key），或尚未生成",
                "{} not in {}: stored elsewhere (--keys, --master-key), or not created yet",
                missing.join(", "),
                dir.display()
            ),
        );
    }
    let opened = match log {
        Some(spec) => ReadOnlyLog::of(spec).await.ok(),
        None => None,
    };
    let Some(opened) = opened else {
        return Check::new(
            "keys",
            CheckStatus::Good,
            says!("密钥齐全，位于 {}", "present in {}", dir.display()),
        );
    };
    let held = lookup_vault(keys, directory, &opened).await;
    let check = match held {
        Ok((vault, restored)) => {
            vault.close().await;
            match restored.map_or(0, |keys| keys.unreadable_count) {
                0 => Check::new(
                    "keys",
                    CheckStatus::Good,
                    says!(
                        "密钥与日志相符，最近登记的客户均有密钥",
                        "they belong to this log, and the customers registered last all have one"
                    ),
                ),
                count => Check::new(
                    "keys",
                    CheckStatus::Note,
                    says!(
                        "密钥与日志相符；上次恢复密钥后 {count} 人缺少密钥，无法读取或拨打",
                        "they belong to this log; {count} persons had no key after the last restore of keys: \
                         they cannot be read or dialed"
                    ),
                ),
            }
        }
        Err(error) => Check::new("keys", CheckStatus::Bad, error.to_string()),
    };
    opened.close().await;
    check
}

fn disk_sync(directory: &Path) -> Check {
    match timed_syncs(directory) {
        Ok(ms) if ms > SYNC_MS_SLOW => Check::new(
            "disk",
            CheckStatus::Note,
            says!(
                "磁盘同步需 {ms} 毫秒，较慢，命令会变慢",
                "a sync takes {ms} ms; commands will be slow"
            ),
        ),
        Ok(ms) => Check::new(
            "disk",
            CheckStatus::Good,
            says!("磁盘同步需 {ms} 毫秒", "a sync takes {ms} ms"),
        ),
        Err(error) => Check::new(
            "disk",
            CheckStatus::Bad,
            format!("{}: {error}", directory.display()),
        ),
    }
}

/// Returns the milliseconds per write and sync.
fn timed_syncs(directory: &Path) -> std::io::Result<u64> {
    let clock = SystemClock::default();
    let mut file: File = tempfile::tempfile_in(directory)?;
    let began = clock.now();
    for _ in 0..SYNCS {
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
    }
    Ok(clock.now().ms_since(began) / SYNCS)
}
