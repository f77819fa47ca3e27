//! The errors of opening an installation, and the problem that each becomes for a caller.

use crate::data_dir::DataDirError;
use application::format_localized;
use application::language::localized;
use application::rehearsing::ListenerFault;
use domain::ports::event_store::StoreError;
use domain::ports::vault::VaultError;
use domain::problem::Problem;
use media::driver::StunError;
use media::error::MediaError;
use projections::{OtherBuild, ProjectionError};
use speech::assistant::AssistantError;
use speech::encoder::EncoderError;
use speech::recognition::RecognizerError;
use speech::synthesizer_factory::VoiceError;
use std::net::{IpAddr, SocketAddr};
use store::{LockError, OpenError};

/// Why a log or data directory could not be opened, or a process not started.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("{}", too_few_descriptors(*.limit, *.needed))]
    Descriptors { limit: u64, needed: u64 },
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Views(#[from] ProjectionError),
    #[error("the operating system gives no random bytes: {0}")]
    Random(String),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error("{}", stun_failed(.server, .error))]
    Stun { server: String, error: StunError },
    #[error("the STUN server {server} reports {ip}, to which no trunk can send")]
    StunAddress { server: String, ip: IpAddr },
    #[error("{option} {ip} has another IP version than the SIP address {sip}")]
    AdvertisedVersion {
        option: &'static str,
        ip: IpAddr,
        sip: SocketAddr,
    },
    #[error(transparent)]
    Recognizer(#[from] RecognizerError),
    #[error(transparent)]
    Voice(#[from] VoiceError),
    #[error(transparent)]
    Assistant(#[from] AssistantError),
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    #[error("the built-in examples cannot be used for training: {0}")]
    Understanding(#[from] ListenerFault),
    #[error("the server is stopping")]
    Stopping,
    #[error("trunk {trunk}: {why}")]
    Password { trunk: String, why: String },
    #[error("the log is permanently a {is} log and cannot be used for a {asked} run; name another database")]
    OtherMode { is: String, asked: &'static str },
    #[error(
        "`ledgerline {0}` is filling this log or was interrupted: no calls are made on a half-filled log"
    )]
    HalfFilled(String),
    #[error("a server dials on this log, or another command fills it: stop that first")]
    Driven,
    #[error(
        "the read database contains the views of another log: name another --read-db, or drop its schema \
         ledgerline_views (its file views.db)"
    )]
    OtherRows,
    #[error("{0}")]
    OtherBuild(OtherBuild),
    #[error("{}", other_keys())]
    OtherKeys,
    #[error("{}", no_keys(.0))]
    NoKeys(String),
    #[error("{}", older_keys(*.missing, *.looked_at))]
    OlderKeys { missing: usize, looked_at: usize },
    #[error("{}", missing_log(.0))]
    MissingLog(String),
    #[error("{0}")]
    NotBuilt(&'static str),
}

/// Returns the message about a vital task that ended by itself. In English: `/readyz` replies with it.
pub(super) fn fallen_task(name: &str) -> String {
    format!("the task {name} has ended by itself; start again")
}

fn stun_failed(server: &str, error: &StunError) -> String {
    format_localized!(
        "STUN 服务器 {server} 未返回本机地址：{error}。请检查 --stun，或用 --sip-advertised、--rtp-advertised 直接写明地址",
        "the STUN server {server} reported no address: {error}. Check --stun, or name the address with \
         --sip-advertised and --rtp-advertised"
    )
}

fn too_few_descriptors(limit: u64, needed: u64) -> String {
    format_localized!(
        "允许打开的文件数为 {limit}，每条线路一路通话及其他部分至少需要 {needed}：请调高（ulimit -n，LimitNOFILE=）后重新启动",
        "the limit of open files is {limit}; one leg on each trunk and everything else need {needed}: raise \
         it (ulimit -n, LimitNOFILE=) and start again"
    )
}

fn other_keys() -> &'static str {
    localized(
        "密钥属于另一部署实例，不是这份日志的密钥：用它无法读取数据，退订也不生效。未做任何更改；\
         请用 --keys 和 --master-key 指明本日志自己的密钥",
        "the keys are of another installation, not of this log: with them no opt-out applies and nothing \
         can be read. Nothing was changed. Give the log's own keys with --keys and --master-key",
    )
}

fn no_keys(why: &str) -> String {
    format_localized!(
        "{why}。日志只能用它自己的完整密钥打开，未做任何更改；请用 --keys 和 --master-key 指明，或恢复密钥：\
         ledgerline keys restore FILE --data DIR",
        "{why}. A log opens only with its own complete keys. Nothing was changed. Give them with --keys and \
         --master-key, or restore them: ledgerline keys restore FILE --data DIR"
    )
}

fn older_keys(missing: usize, looked_at: usize) -> String {
    format_localized!(
        "密钥是较旧的副本：最近登记的 {looked_at} 名客户中有 {missing} 名没有密钥且未被删除。未做任何更改。请换上最新的密钥；\
         若没有，请移走 keys.db（保留 destroyed.list）后执行 ledgerline keys restore FILE --data DIR：\
         日志随后可以打开，这些客户无法读取，也不会被呼叫",
        "the keys are an older copy: of the {looked_at} customers registered last, {missing} have no key \
         here and were not erased. Nothing was changed. Put the newest copy of the keys in place. If \
         there is none, move keys.db away (leave destroyed.list) and run ledgerline keys restore FILE \
         --data DIR: the log then opens, and those customers are neither read nor dialed"
    )
}

fn missing_log(found: &str) -> String {
    format_localized!(
        "日志缺失或为空，但此处有日志留下的数据（{found}）：新日志不会知道谁已退订、谁已被呼叫。未创建任何内容。\
         请放回 events.db 与 events.db-wal，或用 ledgerline backup restore 或 ledgerline events copy 连同这些密钥\
         恢复到新的 --data 目录；丢失的密钥可用 ledgerline keys restore 恢复。若是另一份日志，请使用另外的 --data 和 --keys",
        "the log is missing or empty, but {found} of a log exists: a new log would not know who opted out or \
         was called. Nothing was created. Put the log back (events.db and events.db-wal), or get it \
         with ledgerline backup restore or ledgerline events copy into a new --data directory with these \
         keys; lost keys can be restored with ledgerline keys restore. For another log use another \
         --data and --keys"
    )
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::DataDir(error) => error.into(),
            AppError::Open(error @ (OpenError::Missing(_) | OpenError::HalfFilled { .. })) => error.into(),
            AppError::OtherMode { .. }
            | AppError::HalfFilled(_)
            | AppError::Driven
            | AppError::Descriptors { .. }
            | AppError::OtherRows
            | AppError::OtherBuild(_)
            | AppError::NoKeys(_)
            | AppError::MissingLog(_)
            | AppError::OlderKeys { .. }
            | AppError::Recognizer(_)
            | AppError::Voice(_)
            | AppError::Assistant(_)
            | AppError::Encoder(_)
            | AppError::OtherKeys => Self::refused("installation-refused", error.to_string()),
            AppError::AdvertisedVersion { .. } => Self::invalid("setting-invalid", error.to_string()),
            AppError::NotBuilt(_) => Self::invalid("not-built", error.to_string()),
            AppError::Lock(_)
            | AppError::Open(_)
            | AppError::Store(_)
            | AppError::Vault(_)
            | AppError::Views(_)
            | AppError::Random(_)
            | AppError::Media(_)
            | AppError::Understanding(_)
            | AppError::Stopping
            | AppError::Stun { .. }
            | AppError::StunAddress { .. }
            | AppError::Password { .. } => Self::unavailable(error.to_string()),
        }
    }
}
