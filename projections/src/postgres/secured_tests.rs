//! Rows over TLS: a wrong authority or host is named in the error, and neither rows nor queries fall back to
//! plain text.

use super::{PostgresQuestions, PostgresReadDb, missing_grant};
use crate::ask::{QueryLimits, Questions};
use crate::database::ReadDb;
use crate::testing::{TestClock, TestTasks, secured_url};
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use tls::testing::Authority;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_and_questions_pass_over_tls_and_a_wrong_authority_or_host_is_named() {
    let Some((url, authority)) = secured_url() else {
        return;
    };
    let clock: Arc<dyn Clock> = TestClock::new();
    let tasks = TestTasks::default();
    let full = |url: &str, file: &str| format!("{url}?sslmode=verify-full&sslrootcert={file}");
    let good = full(&url, &authority);
    let db = PostgresReadDb::open(&good, &clock, &tasks).await.unwrap();
    db.read(Box::new(|_| Ok(()))).await.unwrap();
    missing_grant(&good, &tasks).await.unwrap();
    let questions = PostgresQuestions::open(&good, &clock, &tasks).unwrap();
    let asked = questions.ask("select 1 as one", QueryLimits::default()).await;
    assert!(asked.is_ok(), "{:?}", asked.err());

    let folder = tempfile::tempdir().unwrap();
    let other = Authority::new("another").write(&folder.path().join("other.crt"));
    let wrong = full(
        &url.replace("ledgerline@", "ledgerline:s3cret@"),
        &other.display().to_string(),
    );
    let refused = PostgresReadDb::open(&wrong, &clock, &tasks)
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("no authority that is trusted here") && !refused.contains("s3cret"),
        "{refused}"
    );
    let elsewhere = full(&url.replace("127.0.0.1", "localhost"), &authority);
    let refused = PostgresReadDb::open(&elsewhere, &clock, &tasks)
        .await
        .err()
        .unwrap();
    assert!(refused.to_string().contains("another host"), "{refused}");
    drop((db, questions));
    tasks.stop().await;
}
