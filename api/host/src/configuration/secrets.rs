//! Secrets in a configuration: read from the file or variable that a key names, guarded in the configuration
//! file, and masked wherever a configuration is shown.

use crate::configuration::bounded_file;
use crate::configuration::setting::{MaskRule, Secrecy, Setting};
use crate::configuration::source_value::{SourceValue, ValueForm, WrittenKey};
use crate::store_spec::without_password;
use application::format_localized;
use std::path::Path;

/// What is shown in place of a secret.
pub(crate) const MASK: &str = "***";

/// The largest file of a secret, in bytes: a URL or a key is far smaller.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Permission bits of users who are neither the owner nor in the group.
const OTHERS_READ: u32 = 0o004;

/// Who may read the configuration file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileGuard {
    pub(crate) mode: u32,
    pub(crate) owner: u32,
    /// The user id of this process.
    pub(crate) own_user: u32,
}

/// Returns true if a value of this setting is a secret itself.
pub(crate) fn is_secret(setting: &Setting, value: &str) -> bool {
    match setting.secrecy {
        Secrecy::Public | Secrecy::MasterKey => false,
        Secrecy::Url => without_password(value) != value,
        Secrecy::Secret => true,
    }
}

/// Returns a value as it may be shown.
pub(crate) fn masked(setting: &Setting, value: &str) -> String {
    match setting.secrecy {
        Secrecy::Public | Secrecy::MasterKey => value.to_owned(),
        Secrecy::Url => without_password(value),
        Secrecy::Secret => MASK.to_owned(),
    }
}

/// Returns why a secret that the configuration file itself contains is not safe there; `None` if it is.
pub(crate) fn exposure(
    key: WrittenKey<'_>,
    given: &SourceValue,
    file: &Path,
    guard: FileGuard,
    masks: MaskRule,
) -> Option<String> {
    let setting = key.setting;
    if given.form != ValueForm::Direct {
        return None;
    }
    if given.values.iter().any(|value| is_mask(setting, value)) {
        return match masks {
            MaskRule::Accept => None,
            MaskRule::Refuse => Some(format_localized!(
                "{key} 是 config print 的掩码，不是密钥：请填写密钥，或使用 {key}_file 或 {key}_env",
                "{key} is the mask of config print, not a secret: give the secret, or {key}_file or {key}_env"
            )),
        };
    }
    if !given.values.iter().any(|value| is_secret(setting, value)) {
        return None;
    }
    let (path, mode) = (file.display(), guard.mode);
    if mode & OTHERS_READ != 0 {
        return Some(format_localized!(
            "{key} 是密钥，但其他用户可以读取 {path}（权限 {mode:04o}）：请执行 chmod o-rwx {path}，\
             或使用 {key}_file 或 {key}_env",
            "{key} is a secret, but other users can read {path} (mode {mode:04o}): run chmod o-rwx {path}, \
             or use {key}_file or {key}_env"
        ));
    }
    if guard.owner != 0 && guard.owner != guard.own_user {
        let owner = guard.owner;
        return Some(format_localized!(
            "{key} 是密钥，但 {path} 属于用户 {owner}：请改为 root 或运行本程序的用户所有，\
             或使用 {key}_file 或 {key}_env",
            "{key} is a secret, but {path} belongs to user {owner}: make root or the user of this process \
             its owner, or use {key}_file or {key}_env"
        ));
    }
    None
}

/// Returns true if a printed configuration shows this value in place of a secret.
pub(crate) fn is_mask(setting: &Setting, value: &str) -> bool {
    match setting.secrecy {
        Secrecy::Public | Secrecy::MasterKey => false,
        Secrecy::Url => value.contains(":***@") || value.ends_with("=***") || value.contains("=***&"),
        Secrecy::Secret => value == MASK,
    }
}

/// Returns the values that a source gives, read from the file or variable that it names. `variable` looks up
/// an environment variable. A named file that is missing, and a variable that is not set, are errors.
pub(crate) fn resolve(
    key: WrittenKey<'_>,
    given: &SourceValue,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<String>, String> {
    let named = given.values.first().map_or("", String::as_str);
    if key.setting.secrecy == Secrecy::MasterKey {
        return match given.form {
            ValueForm::Direct => Ok(given.values.clone()),
            // The file is created at the first start if it is missing.
            ValueForm::InFile => Ok(vec![format!("file:{named}")]),
            ValueForm::InVariable => match variable(named) {
                Some(_) => Ok(vec![format!("env:{named}")]),
                None => Err(unset(key, named)),
            },
        };
    }
    match given.form {
        ValueForm::Direct => Ok(given.values.clone()),
        ValueForm::InFile => {
            let text = read_secret(Path::new(named)).map_err(|why| format!("{key}: {named}: {why}"))?;
            Ok(vec![text])
        }
        ValueForm::InVariable => match variable(named).filter(|value| !value.is_empty()) {
            Some(value) => Ok(vec![value]),
            None => Err(unset(key, named)),
        },
    }
}

fn unset(key: WrittenKey<'_>, name: &str) -> String {
    format_localized!(
        "{key}：环境变量 {name} 未设置",
        "{key} names the variable {name}, which is not set"
    )
}

/// Reads a secret from a file; line ends after it are left out.
fn read_secret(path: &Path) -> Result<String, String> {
    let file = bounded_file::read(path, SECRET_BYTES_MAX)?;
    let text = String::from_utf8(file.bytes);
    let text = text.map_err(|_error| format_localized!("内容不是 UTF-8", "its content is not UTF-8"))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(format_localized!("文件为空", "it is empty"));
    }
    if secret.chars().any(char::is_control) {
        return Err(format_localized!(
            "内容有多行或含有控制字符",
            "it has more than one line or a control character"
        ));
    }
    Ok(secret.to_owned())
}
