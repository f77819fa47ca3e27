//! `ledgerline segment rfm --write`: writes RFM grades to the customers of a segment, page by page.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::RequestArgs;
use application::language::localized;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Most refused customers listed in the output; all are counted.
const NAMED_MAX: usize = 100;

/// The sum of all pages.
#[derive(Default)]
struct GradeTotals {
    changed: u64,
    unchanged: u64,
    refused_count: u64,
    refused: Vec<Value>,
    by_grade: Map<String, Value>,
    last: Value,
}

/// Sends one request per page until all grades are written. After a failure it prints what is done and the
/// customer after which to continue.
pub(super) async fn write(
    asking: &RequestArgs,
    runtime: Arc<Runtime>,
    mut body: Value,
) -> Result<(), Failure> {
    let client = asking.client(runtime).await?;
    let mut sum = GradeTotals::default();
    let done = loop {
        match post("/api/v1/segments/rfm/write", &body).ask(&client).await {
            Ok(reply) => {
                // All pages use the same time for NOW() and the customers of the first page.
                let after = member(&reply, "goes_on_after");
                let is_done = after.is_null();
                if let Some(body) = body.as_object_mut() {
                    body.insert("at".to_owned(), member(&reply, "at"));
                    body.insert("after".to_owned(), after);
                    body.insert("as_of".to_owned(), member(&reply, "as_of"));
                }
                sum.add(&reply);
                if is_done {
                    break Ok(());
                }
            }
            Err(failure) => {
                output::notice(localized(
                    "写入中断，用 --after 续写",
                    "writing stopped; continue with --after",
                ));
                break Err(failure);
            }
        }
    };
    client.close().await;
    let last = &sum.last;
    asking.tell(&json!({
        "graded": member(last, "graded"), "without_facts": member(last, "without_facts"),
        "at": member(last, "at"), "changed": sum.changed, "unchanged": sum.unchanged,
        "by_grade": sum.by_grade, "refused_count": sum.refused_count, "refused": sum.refused,
        "dry_run": member(last, "dry_run"), "goes_on_after": member(&body, "after"),
    }))?;
    done
}

fn member(of: &Value, name: &str) -> Value {
    of.get(name).cloned().unwrap_or_default()
}

impl GradeTotals {
    fn add(&mut self, reply: &Value) {
        let count = |name: &str| reply.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.changed += count("changed");
        self.unchanged += count("unchanged");
        self.refused_count += count("refused_count");
        let by_grade = reply.get("by_grade").and_then(Value::as_object);
        for (grade, people) in by_grade.into_iter().flatten() {
            let before = self.by_grade.get(grade).and_then(Value::as_u64).unwrap_or(0);
            let all = before + people.as_u64().unwrap_or(0);
            self.by_grade.insert(grade.clone(), json!(all));
        }
        let room = NAMED_MAX.saturating_sub(self.refused.len());
        let refused = reply.get("refused").and_then(Value::as_array);
        self.refused
            .extend(refused.into_iter().flatten().take(room).cloned());
        self.last = reply.clone();
    }
}
