//! Tests of reads while a read model is rebuilt: routes over it answer 503 with the progress, other routes
//! answer as usual.

use crate::listeners::Listeners;
use crate::running_server::RunningServer;
use crate::testing::{answer, settings};
use domain::decider::Scope;
use domain::ids::CommandId;
use domain::stored_event::StreamVersion;
use host::serve_settings::ServeSettings;
use projections::Val;
use serde_json::{Value, json};
use std::sync::Arc;
use store::test_records::{make_record_of, stream};
use tokio::runtime::Runtime;

async fn started(settings: &ServeSettings, runtime: &Arc<Runtime>) -> RunningServer {
    RunningServer::start(settings.clone(), Listeners::none(), Arc::clone(runtime))
        .await
        .unwrap()
}

/// Restarts the server in the state after a start that dropped a view's rows: the view is to be rebuilt up to
/// position 1,000,000, far beyond the end of the log.
async fn started_without_rows(
    first: RunningServer,
    view: &str,
    settings: &ServeSettings,
    runtime: &Arc<Runtime>,
) -> RunningServer {
    let dropped = "insert into remaking (view, until) values ($1, 1000000)";
    let db = first.installation.rows.db();
    db.exec(dropped, vec![Val::text(view)]).await.unwrap();
    drop(db);
    first.stop().await;
    started(settings, runtime).await
}

async fn send(running: &RunningServer, method: &str, path: &str, body: &Value) -> (u16, Value) {
    answer(running, method, path, &body.to_string()).await
}

#[test]
fn routes_and_questions_over_a_view_that_is_remade_are_refused_with_how_far_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = Arc::new(Runtime::new().unwrap());
    let settings = settings(directory.path());
    runtime.block_on(async {
        let first = started(&settings, &runtime).await;
        let running = started_without_rows(first, "call_history", &settings, &runtime).await;
        let (stream, command) = (stream("s"), CommandId::derive_from_text("one"));
        let record = make_record_of(&stream, 1, command, Scope::default());
        let appended = running
            .installation
            .store()
            .append(&stream, StreamVersion(0), vec![record]);
        let position = appended.await.unwrap();
        running.installation.rows_at(position, 30_000).await.unwrap();
        let ask = |sql: &str| json!({ "sql": sql });
        let refused = [
            send(&running, "GET", "/api/v1/calls", &json!({})).await,
            send(
                &running,
                "POST",
                "/api/v1/query",
                &ask("select count(*) from calls"),
            )
            .await,
        ];
        for (status, problem) in refused {
            assert_eq!(status, 503, "{problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("call_history is being rebuilt, "), "{detail}");
            assert!(detail.contains(" of 1000000 events"), "{detail}");
        }
        let answered = [
            send(&running, "GET", "/api/v1/campaigns", &json!({})).await,
            send(
                &running,
                "POST",
                "/api/v1/query",
                &ask("select count(*) from campaigns"),
            )
            .await,
        ];
        for (status, answer) in answered {
            assert_eq!(status, 200, "{answer}");
        }
        running.stop().await;
    });
}

/// A cached copy of the rows only makes the answer faster: the campaign as of a position comes from the log
/// alone.
#[test]
fn a_campaign_as_of_a_moment_is_answered_while_its_board_is_remade() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = Arc::new(Runtime::new().unwrap());
    let settings = settings(directory.path());
    runtime.block_on(async {
        let first = started(&settings, &runtime).await;
        let campaign = json!({"task_id": "T", "script_template": "您好。",
            "schedule": {"start_time": "09:00", "end_time": "18:00"}});
        let (status, made) = send(&first, "POST", "/api/v1/campaigns", &campaign).await;
        assert_eq!(status, 201, "{made}");
        let head = first.installation.store().head().await.unwrap();
        let running = started_without_rows(first, "campaign_board", &settings, &runtime).await;
        let path = format!("/api/v1/campaigns/T?as_of={head}");
        let (status, shown) = send(&running, "GET", &path, &json!({})).await;
        assert_eq!(status, 200, "{shown}");
        assert_eq!(
            (&shown["task_id"], &shown["waiting"]),
            (&json!("T"), &json!(0)),
            "{shown}"
        );
        let (status, listed) = send(&running, "GET", "/api/v1/campaigns", &json!({})).await;
        assert_eq!(status, 503, "the list of campaigns needs the rows: {listed}");
        running.stop().await;
    });
}
