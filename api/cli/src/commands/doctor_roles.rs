//! The role check of `ledgerline doctor`: each database role should own its database and have no other
//! privilege.

use crate::commands::doctor_check::{Check, CheckStatus, says};
use host::app::{AppError, idle_powers};

/// Returns one check per PostgreSQL database that was named. Each pair is the name of the check and the URL.
pub(super) async fn checks(databases: &[(&'static str, Option<&str>)]) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, url) in databases {
        if let Some(url) = url {
            checks.push(judge(name, idle_powers(url).await));
        }
    }
    checks
}

fn judge(name: &'static str, found: Result<Vec<String>, AppError>) -> Check {
    match found {
        Ok(powers) if powers.is_empty() => Check::new(
            name,
            CheckStatus::Good,
            says!(
                "该角色除本数据库外没有其他权限",
                "its role has no privilege beyond its database"
            ),
        ),
        Ok(powers) => {
            let powers = powers.join(", ");
            Check::new(
                name,
                CheckStatus::Note,
                says!(
                    "该角色权限过大：{powers}；请改用仅拥有本数据库的角色，或收回这些权限",
                    "its role has more privileges than needed: {powers}; create one that only owns its database, or \
                     revoke them"
                ),
            )
        }
        Err(error) => Check::new(
            name,
            CheckStatus::Note,
            says!(
                "未能查询角色权限：{error}",
                "the privileges of its role could not be read: {error}"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_may_more_than_it_needs_is_a_note_and_says_what() {
        let broad = judge(
            "log's role",
            Ok(vec!["superuser".to_owned(), "createdb".to_owned()]),
        );
        assert_eq!(broad.finding, CheckStatus::Note);
        assert!(broad.says.en.contains("superuser, createdb"), "{}", broad.says);
        assert_eq!(judge("log's role", Ok(Vec::new())).finding, CheckStatus::Good);
    }

    #[tokio::test]
    async fn a_database_that_is_away_is_no_proof_of_anything_and_its_password_is_not_shown() {
        let away = "postgres://robot:s3cret@127.0.0.1:1/rows";
        let checks = checks(&[("log's role", None), ("rows' role", Some(away))]).await;
        assert_eq!(checks.len(), 1);
        assert_eq!(checks[0].finding, CheckStatus::Note);
        assert!(!checks[0].says.en.contains("s3cret"), "{}", checks[0].says);
    }
}
