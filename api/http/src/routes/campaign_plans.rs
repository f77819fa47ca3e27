//! The route that changes a campaign's hours, concurrency, retries and share of the lines.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::campaigns::{CampaignResponse, describe};
use domain::calling_plan::RetryPolicy;
use domain::campaign::command::CampaignCommand;
use domain::campaign::{PLAN_CHANGE_REASON_BYTES_MAX, PlanChange};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::running_plan::SHARE_WEIGHT_MAX;
use domain::time::TimeOfDay;
use intake::campaign_body::MAX_CONCURRENT_MAX;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/plan",
            "Change the plan of a campaign",
            change,
        )
        .describe(
            "Changes the calling hours, concurrency, retry policy or line share. Absent members stay as \
             they are. The change applies from the next dial on; the reason is stored.",
        )
        .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
        .takes::<PlanChangeRequest>(),
    ]
}

/// The members of the plan to change, and the reason. An absent member stays as it is.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "schedule": { "end_time": "17:00", "max_concurrent": 20 },
    "reason": "fewer agents this week" }]))]
struct PlanChangeRequest {
    #[member(read = schedule)]
    schedule: Option<ScheduleChange>,
    /// Replaces the whole policy. A member that is left out takes the value of the standard policy.
    retry_policy: Option<RetryPolicy>,
    /// The campaign's weight when several campaigns share the lines.
    #[schemars(range(min = 1, max = SHARE_WEIGHT_MAX))]
    share: Option<u32>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = PLAN_CHANGE_REASON_BYTES_MAX))]
    reason: String,
}

/// Calling hours and concurrency, named as in the request that creates a campaign.
#[derive(Default, ApiRequest, JsonSchema)]
struct ScheduleChange {
    start_time: Option<TimeOfDay>,
    end_time: Option<TimeOfDay>,
    /// Pairs of start and end times without calls. An empty list removes all of them.
    rests: Option<Vec<(TimeOfDay, TimeOfDay)>>,
    #[schemars(range(min = 1, max = MAX_CONCURRENT_MAX))]
    max_concurrent: Option<u32>,
}

fn schedule(body: &mut Members, name: &str) -> Option<ScheduleChange> {
    body.inner(name, ScheduleChange::read)
}

async fn change(ctx: Ctx, input: Input) -> Result<ChangeReply<CampaignResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/plan")?;
    let order: PlanChangeRequest = input.order().await?;
    let schedule = order.schedule.unwrap_or_default();
    let change = PlanChange {
        start: schedule.start_time,
        end: schedule.end_time,
        rests: schedule.rests,
        max_concurrent: schedule.max_concurrent,
        retry_policy: order.retry_policy,
        share: order.share,
        reason: order.reason,
    };
    let command = CampaignCommand::ChangePlan(Box::new(change));
    let answer = ctx
        .installation
        .entities
        .campaigns
        .ask(&campaign, command, cause)
        .await?;
    Ok(ChangeReply(WriteResult {
        body: describe(&campaign, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::TestServer;
    use hyper::Method;
    use serde_json::{Value, json};

    #[test]
    fn a_change_is_shown_and_stored_with_what_was_before() {
        let story = TestServer::begin();
        story.runtime.block_on(async {
            let client = story.client();
            let ask = async |path: &str, body: Value| client.ask(Method::POST, path, Some(&body)).await;
            let made = json!({ "task_id": "T", "script_template": "您好。",
                "schedule": { "start_time": "09:00", "end_time": "18:00", "max_concurrent": 50 } });
            ask("/api/v1/campaigns", made.clone()).await.unwrap();
            let path = "/api/v1/campaigns/T/plan";
            let change = json!({ "schedule": { "end_time": "17:00", "rests": [["12:00", "13:30"]],
                    "max_concurrent": 20 }, "retry_policy": { "retries_max": 1 }, "share": 3,
                "reason": "fewer agents this week" });
            let shown = ask(path, change).await.unwrap();
            assert_eq!(
                shown["schedule"],
                json!({ "start_time": "09:00", "end_time": "17:00", "rests": [["12:00", "13:30"]],
                    "max_concurrent": 20 })
            );
            assert_eq!(
                (&shown["running"]["share"], &shown["retry_policy"]["retries_max"]),
                (&json!(3), &json!(1))
            );
            let events = client
                .ask(
                    Method::GET,
                    "/api/v1/campaigns/T/events?kind=campaign.plan_changed",
                    None,
                )
                .await
                .unwrap();
            let stored = &events["items"][0]["data"];
            assert_eq!(
                (
                    &stored["before"]["max_concurrent"],
                    &stored["after"]["max_concurrent"],
                    &stored["reason"]
                ),
                (&json!(50), &json!(20), &json!("fewer agents this week"))
            );
            ask("/api/v1/campaigns", made)
                .await
                .expect("the request that created it is answered again");
            for (wrong, why) in [
                (json!({ "schedule": { "max_concurrent": 10 } }), "no reason"),
                (
                    json!({ "schedule": { "max_concurrent": 0 }, "reason": "x" }),
                    "no call at once",
                ),
                (
                    json!({ "schedule": { "start_time": "17:30" }, "reason": "x" }),
                    "hours end before they start",
                ),
                (
                    json!({ "schedule": { "start_time": "22:00", "end_time": "23:00" }, "reason": "x" }),
                    "never within the preset's hours",
                ),
                (
                    json!({ "preset": "us-tsr", "reason": "x" }),
                    "the preset is fixed",
                ),
            ] {
                assert!(ask(path, wrong).await.is_err(), "{why}");
            }
        });
        story.end();
    }
}
