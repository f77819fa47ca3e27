//! The options `--by` and `--reason`: the user who reads personal data and the reason, as the log records
//! them.

use application::percent::encode;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// Directory of this process. Its owner is the user who runs it.
const OWN_PROCESS: &str = "/proc/self";
/// The system's users, one line each: `name:password:number:…`.
const USERS: &str = "/etc/passwd";

/// The reader of personal data, and the reason.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ReaderArgs {
    /// Your name, for the record; default: the user of the operating system
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Reason, for the record; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl ReaderArgs {
    /// Returns the name of `--by`, else of the user of the operating system.
    pub(crate) fn by(&self) -> Option<String> {
        self.by.clone().or_else(os_user)
    }

    /// Returns the reason, if given.
    pub(crate) fn reason(&self) -> Option<String> {
        self.reason.clone()
    }

    /// Appends `by` and `reason` to the query string of `path`.
    pub(crate) fn put(&self, path: &str) -> String {
        let by = self.by();
        let mut whole = path.to_owned();
        for (name, value) in [("by", by.as_ref()), ("reason", self.reason.as_ref())] {
            if let Some(value) = value {
                let joint = if whole.contains('?') { '&' } else { '?' };
                whole.push_str(&format!("{joint}{name}={}", encode(value)));
            }
        }
        whole
    }
}

/// Returns the name of the user who runs this command, from the operating system's user list and not from an
/// environment variable. A user without a name is returned as `uid NUMBER`.
pub(crate) fn os_user() -> Option<String> {
    let number = fs::metadata(OWN_PROCESS).ok()?.uid();
    let users = fs::read_to_string(USERS).unwrap_or_default();
    Some(name_of(number, &users).unwrap_or_else(|| format!("uid {number}")))
}

fn name_of(number: u32, users: &str) -> Option<String> {
    users.lines().find_map(|line| {
        let mut cells = line.split(':');
        let name = cells.next().filter(|name| !name.is_empty())?;
        (cells.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_name_that_the_system_has() {
        let users = "root:x:0:0::/root:/bin/sh\nwang:x:1001:1001::/:/bin/sh\nbroken\n:x:7:7\n";
        assert_eq!(name_of(0, users).as_deref(), Some("root"));
        assert_eq!(name_of(1_001, users).as_deref(), Some("wang"));
        assert_eq!(name_of(7, users), None, "no name");
        assert_eq!(name_of(8, users), None);
        assert!(os_user().is_some_and(|user| !user.is_empty()));
    }

    #[test]
    fn the_reader_follows_the_other_parameters() {
        let given = ReaderArgs {
            by: Some("王 五".to_owned()),
            reason: Some("a&b".to_owned()),
        };
        let by = "by=%E7%8E%8B%20%E4%BA%94&reason=a%26b";
        assert_eq!(given.put("/x"), format!("/x?{by}"));
        assert_eq!(given.put("/x?as_of=7"), format!("/x?as_of=7&{by}"));
    }
}
