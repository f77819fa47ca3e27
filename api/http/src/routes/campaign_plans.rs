//! Changes of a campaign's hours, concurrency, retries and share of the lines, over HTTP.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::campaigns::{CampaignShown, describe};
use domain::calling_plan::RetryPolicy;
use domain::campaign::command::CampaignCommand;
use domain::campaign::{PLAN_CHANGE_REASON_BYTES_MAX, PlanChange};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::running_plan::SHARE_WEIGHT_MAX;
use domain::time::TimeOfDay;
use intake::campaign_body::MAX_CONCURRENT_MAX;
use intake::members::{Members, Order};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/plan",
            "Change a campaign's hours, concurrency, retries or share of the lines; absent members stay",
            change,
        )
        .needs(Permission::CampaignsWrite, About::Campaign)
        .takes::<PlanChangeOrder>(),
    ]
}

/// The members to change, and the reason. An absent member stays as it is.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "schedule": { "end_time": "17:00", "max_concurrent": 20 },
    "reason": "fewer agents this week" }]))]
struct PlanChangeOrder {
    schedule: Option<ScheduleChange>,
    /// In place of the whole policy; a member that is left out is that of the standard policy.
    retry_policy: Option<RetryPolicy>,
    /// The weight of its share of lines that several campaigns want.
    #[schemars(range(min = 1, max = SHARE_WEIGHT_MAX))]
    share: Option<u32>,
    /// Stored forever; nothing personal.
    #[schemars(length(min = 1, max = PLAN_CHANGE_REASON_BYTES_MAX))]
    reason: String,
}

/// Hours and concurrency, named as in the request that creates a campaign.
#[derive(Default, JsonSchema)]
struct ScheduleChange {
    start_time: Option<TimeOfDay>,
    end_time: Option<TimeOfDay>,
    /// Pairs of a time and a later time: no calls between them. An empty list removes all rests.
    rests: Option<Vec<(TimeOfDay, TimeOfDay)>>,
    #[schemars(range(min = 1, max = MAX_CONCURRENT_MAX))]
    max_concurrent: Option<u32>,
}

impl ScheduleChange {
    fn read(members: &mut Members) -> Self {
        Self {
            start_time: members.value("start_time"),
            end_time: members.value("end_time"),
            rests: members.value("rests"),
            max_concurrent: members.count("max_concurrent", 1, MAX_CONCURRENT_MAX),
        }
    }
}

impl Order for PlanChangeOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            schedule: body.inner("schedule", ScheduleChange::read),
            retry_policy: body.value("retry_policy"),
            share: body.count("share", 1, SHARE_WEIGHT_MAX),
            reason: body.needed_short_text("reason", PLAN_CHANGE_REASON_BYTES_MAX),
        }
    }
}

async fn change(ctx: Ctx, input: Input) -> Result<Changed<CampaignShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/plan")?;
    let order: PlanChangeOrder = input.order().await?;
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
    Ok(Changed(Written {
        body: describe(&campaign, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::Story;
    use hyper::Method;
    use serde_json::{Value, json};

    #[test]
    fn a_change_is_shown_and_stored_with_what_was_before() {
        let story = Story::begin();
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
