//! One check of `ledgerline doctor`: its name, its result and a text for the operator.

use crate::kit::failure::Failure;
use application::language::{Language, localized};
use std::fmt;

/// The text of a check in both languages: lines follow the language of the output, JSON is always English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckText {
    pub(super) zh: String,
    pub(super) en: String,
}

/// Formats the text of a check in Chinese and in English. Both literals take the same arguments.
macro_rules! says {
    ($zh:literal, $en:literal $(, $argument:expr)* $(,)?) => {
        $crate::commands::doctor_check::CheckText {
            zh: ::std::format!($zh $(, $argument)*),
            en: ::std::format!($en $(, $argument)*),
        }
    };
}
pub(super) use says;

impl CheckText {
    /// Joins several texts into one.
    pub(super) fn joined(texts: &[Self]) -> Self {
        let zh: Vec<&str> = texts.iter().map(|one| one.zh.as_str()).collect();
        let en: Vec<&str> = texts.iter().map(|one| one.en.as_str()).collect();
        Self {
            zh: zh.join("；"),
            en: en.join("; "),
        }
    }
}

impl fmt::Display for CheckText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Language::current().pick((self.zh.as_str(), self.en.as_str())))
    }
}

impl From<String> for CheckText {
    fn from(text: String) -> Self {
        Self {
            zh: text.clone(),
            en: text,
        }
    }
}

impl From<Failure> for CheckText {
    fn from(failure: Failure) -> Self {
        failure.to_string().into()
    }
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckStatus {
    /// No problem.
    Good,
    /// Works, with a remark.
    Note,
    /// A problem; the command exits with 1.
    Bad,
}

impl CheckStatus {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }

    /// Returns the result of a check in words, in the language of the output.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Good => localized("正常", "ok"),
            Self::Note => localized("注意", "note"),
            Self::Bad => localized("异常", "bad"),
        }
    }
}

/// A check that was made.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) finding: CheckStatus,
    pub(super) says: CheckText,
}

impl Check {
    pub(super) fn new(name: &'static str, finding: CheckStatus, says: impl Into<CheckText>) -> Self {
        Self {
            name,
            finding,
            says: says.into(),
        }
    }

    /// Returns the name of a check in the language of the output.
    pub(super) fn label(&self) -> &'static str {
        let zh = match self.name {
            "synthesizer" => "语音合成",
            "open files" => "打开文件数",
            "recordings" => "录音",
            "directory" => "数据目录",
            "keys" => "密钥",
            "master key" => "主密钥",
            "clock" => "时钟",
            "trunk" => "线路",
            "audio ports" => "语音端口",
            "shown address" => "对外地址",
            "log" => "日志",
            "history" => "历史",
            "numbers" => "号码",
            "dialing" => "拨号",
            "engines" => "语音引擎",
            "read database" => "读库",
            "role of log" => "日志库角色",
            "role of rows" => "读库角色",
            "role of keys" => "密钥库角色",
            "space" => "磁盘空间",
            "disk" => "磁盘同步",
            other => other,
        };
        localized(zh, self.name)
    }
}
