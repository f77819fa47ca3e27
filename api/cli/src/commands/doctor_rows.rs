//! The read database check of `ledgerline doctor`: whether PostgreSQL answers, and whether its role may limit
//! the temporary files of SQL queries.

use crate::commands::doctor_check::{Check, CheckStatus, says};
use host::app::{AppError, missing_grant};

const NAME: &str = "read database";

/// Checks the database of `--read-db`.
pub(super) async fn check(url: &str) -> Check {
    judge(missing_grant(url).await)
}

fn judge(found: Result<Option<String>, AppError>) -> Check {
    match found {
        Ok(None) => Check::new(
            NAME,
            CheckStatus::Good,
            says!(
                "可连接，查询的临时文件有上限",
                "it answers, and limits the temporary files of queries"
            ),
        ),
        Ok(Some(grant)) => Check::new(
            NAME,
            CheckStatus::Note,
            says!(
                "可连接，但该角色不能限制查询的临时文件，因此拒绝无上限排序或暂存行的查询；请由超级用户执行 `{grant}`",
                "it answers, but its role may not limit the temporary files of queries, so queries that sort or \
                 store rows without a limit are refused; a superuser can allow it with `{grant}`"
            ),
        ),
        Err(error) => Check::new(NAME, CheckStatus::Bad, says!("无法连接读库：{error}", "{error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_grant_is_printed_as_a_superuser_says_it() {
        let grant = "grant set on parameter temp_file_limit to robot";
        let check = judge(Ok(Some(grant.to_owned())));
        assert_eq!(check.finding, CheckStatus::Note);
        assert!(check.says.en.contains(&format!("`{grant}`")), "{}", check.says);
        assert_eq!(judge(Ok(None)).finding, CheckStatus::Good);
    }

    #[tokio::test]
    async fn a_read_database_that_is_away_is_bad_and_its_password_is_not_shown() {
        let check = check("postgres://robot:s3cret@127.0.0.1:1/rows").await;
        assert_eq!(check.finding, CheckStatus::Bad);
        assert!(!check.says.en.contains("s3cret"), "{}", check.says);
    }
}
