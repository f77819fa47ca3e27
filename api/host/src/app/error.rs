//! The errors of opening an installation, and the problem that each becomes for a caller.

use crate::data_dir::DataDirError;
use application::rehearsing::ListenerFault;
use domain::ports::event_store::StoreError;
use domain::ports::vault::VaultError;
use domain::problem::Problem;
use media::error::MediaError;
use projections::{OtherBuild, ProjectionError};
use speech::assistant::AssistantError;
use speech::chosen_voice::VoiceError;
use speech::encoder::EncoderError;
use speech::recognition::RecognizerError;
use store::{LockError, OpenError};

/// Why a log or data directory could not be opened, or a process not started.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(
        "the limit of open files is {limit}; one leg on each trunk and everything else need {needed}: raise \
         it (ulimit -n, LimitNOFILE=) and start again / 允许打开的文件数 {limit} 不足，至少需要 {needed}"
    )]
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
    #[error(
        "the keys are of another installation, not of this log: with them no opt-out applies and nothing can be read. \
         Nothing was changed. Give the log's own keys with --keys and --master-key / 密钥不是这份日志的密钥：\
         未做任何更改；请用 --keys 和 --master-key 指明本日志自己的密钥"
    )]
    OtherKeys,
    #[error(
        "{0}. A log opens only with its own complete keys. Nothing was changed. Give them with --keys and \
         --master-key, or restore them: ledgerline keys restore FILE --data DIR / 日志只能用它自己的完整密钥打开：\
         未做任何更改；请用 --keys 和 --master-key 指明，或执行 ledgerline keys restore 恢复"
    )]
    NoKeys(String),
    #[error(
        "the keys are an older copy: of the {looked_at} customers registered last, {missing} have no key \
         here and were not erased. Nothing was changed. Put the newest copy of the keys in place. If \
         there is none, move keys.db away (leave destroyed.list) and run ledgerline keys restore FILE \
         --data DIR: the log then opens, and those customers are neither read nor dialed / 密钥是较旧的副本：\
         最近登记的 {looked_at} 人中有 {missing} 人没有密钥且未被删除；未做任何更改。请换上最新的密钥；若没有，\
         移走 keys.db（保留 destroyed.list）后执行 ledgerline keys restore，这些客户将无法读取，也不会被呼叫"
    )]
    OlderKeys { missing: usize, looked_at: usize },
    #[error(
        "the log is missing or empty, but {0} of a log exists: a new log would not know who opted out or was \
         called. Nothing was created. Put the log back (events.db and events.db-wal), or get it \
         with ledgerline backup restore or ledgerline events copy into a new --data directory with these \
         keys; lost keys can be restored with ledgerline keys restore. For another log use another \
         --data and --keys / 日志缺失或为空，但此处已有日志留下的数据；未创建任何内容。请放回 events.db 与 events.db-wal，或用上述命令恢复到新的目录"
    )]
    MissingLog(String),
    #[error("{0}")]
    NotBuilt(&'static str),
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
            | AppError::Password { .. } => Self::unavailable(error.to_string()),
        }
    }
}
