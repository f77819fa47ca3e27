//! A question whose asker goes away before the answer: it is stopped, and that is put on record as its end.

use crate::installation::Installation;
use actors::ActorSystem;
use domain::ids::InquiryId;
use domain::inquiry::InquiryCommand;
use domain::ports::tasks::Tasks;
use domain::stored_event::Cause;
use std::sync::Arc;

/// The code of such an end.
const CODE: &str = "query-abandoned";

/// A question that runs. Dropped before `close`, it says what became of it.
pub(super) struct Unanswered {
    open: Option<(ActorSystem, InquiryId, Cause)>,
    tasks: Arc<dyn Tasks>,
}

impl Unanswered {
    pub(super) fn new(installation: &Installation, id: InquiryId, told: Cause) -> Self {
        Self {
            open: Some((installation.entities.clone(), id, told)),
            tasks: Arc::clone(&installation.environment.tasks),
        }
    }

    /// Somebody hears how it ended, and puts it on record.
    pub(super) fn close(mut self) {
        self.open = None;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let Some((system, id, told)) = self.open.take() else {
            return;
        };
        let command = InquiryCommand::Refuse {
            code: CODE.to_owned(),
            detail: "whoever asked went away before the answer: the query was stopped".to_owned(),
        };
        self.tasks.spawn(
            "inquiry-abandoned",
            Box::pin(async move {
                if let Err(why) = system.inquiries.ask(&id, command, told).await {
                    tracing::warn!(inquiry = %id, %why, "the end of an abandoned question is not on record");
                }
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_stream::http_tests::Story;
    use domain::stored_event::Position;
    use hyper::Method;
    use serde_json::{Value, json};

    const ENDLESS: &str =
        "with recursive n as (select 1 as i union all select i + 1 from n) select count(*) from n";

    #[test]
    fn a_question_whose_asker_hangs_up_is_stopped_and_that_is_on_record() {
        let story = Story::begin();
        story.runtime.block_on(async {
            let client = story.client();
            let body = json!({ "sql": ENDLESS, "timeout_ms": 30_000 });
            let asked = client.ask(Method::POST, "/api/v1/query", Some(&body));
            let mut log = story
                .running
                .installation
                .store()
                .subscribe(Position(0))
                .await
                .unwrap();
            let is_ours = |record: &Value| record["kind"].as_str().unwrap().starts_with("inquiry.");
            let mut next = async || loop {
                let page = log.next().await.unwrap();
                let mut records = page
                    .iter()
                    .map(|event| serde_json::from_slice(&event.record).unwrap());
                if let Some(record) = records.find(is_ours) {
                    return record;
                }
            };
            let queried = tokio::select! {
                answer = asked => panic!("it was answered: {answer:?}"),
                queried = next() => queried,
            };
            assert_eq!(queried["kind"], "inquiry.queried");
            drop(client);
            let ended = next().await;
            assert_eq!(ended["kind"], "inquiry.refused", "{ended}");
            assert_eq!(ended["data"]["code"], CODE);
            assert_eq!(ended["stream"], queried["stream"]);
        });
        story.end();
    }
}
