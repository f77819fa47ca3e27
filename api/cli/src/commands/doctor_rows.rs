//! What `ledgerline doctor` says of a read database in PostgreSQL: whether it answers, and the grant that its
//! role needs so that questions in SQL have a quota of temporary space.

use crate::commands::doctor_check::{Check, Finding};
use host::app::{AppError, missing_grant};

const NAME: &str = "read database";

/// Of the URL that `--read-db` names.
pub(super) async fn check(url: &str) -> Check {
    judge(missing_grant(url).await)
}

fn judge(found: Result<Option<String>, AppError>) -> Check {
    match found {
        Ok(None) => Check::new(
            NAME,
            Finding::Good,
            "it answers, and bounds the temporary files of questions / 可连接，查询的临时空间有上限",
        ),
        Ok(Some(grant)) => Check::new(
            NAME,
            Finding::Note,
            format!(
                "it answers, but its role may not bound the temporary files of questions, so those that sort or \
                 keep rows without a bound are refused; a superuser lifts that with `{grant}` / \
                 可连接，但该角色不能设置临时空间上限，无上限的排序查询会被拒绝；请由超级用户执行：{grant}"
            ),
        ),
        Err(error) => Check::new(NAME, Finding::Bad, format!("{error} / 无法连接读库")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_grant_is_printed_as_a_superuser_says_it() {
        let grant = "grant set on parameter temp_file_limit to robot";
        let check = judge(Ok(Some(grant.to_owned())));
        assert_eq!(check.finding, Finding::Note);
        assert!(check.says.contains(&format!("`{grant}`")), "{}", check.says);
        assert_eq!(judge(Ok(None)).finding, Finding::Good);
    }

    #[tokio::test]
    async fn a_read_database_that_is_away_is_bad_and_its_password_is_not_shown() {
        let check = check("postgres://robot:s3cret@127.0.0.1:1/rows").await;
        assert_eq!(check.finding, Finding::Bad);
        assert!(!check.says.contains("s3cret"), "{}", check.says);
    }
}
