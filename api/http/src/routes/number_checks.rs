//! The route that checks whether numbers are vacant (空号检测): given numbers, or the numbers of a campaign's
//! customers who may still be called. Numbers are sent in the body, never in the URL.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::{build_scope_problem, require_campaign_in_scope};
use crate::reply::WriteResult;
use application::inquiries::{ReadContent, put_each_on_record};
use application::number_checks::{NUMBERS_OF_CHECK_MAX, NumbersChecked, check_campaign, check_numbers};
use domain::ids::{CampaignId, CustomerId};
use domain::inquiry::ReadForm;
use domain::number_check::CHECK_AGE_DAYS_MAX;
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

/// Default of `max_age_days`.
const AGE_DAYS: u32 = 30;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/numbers/check", "Check numbers for vacancy", check)
            .describe(
                "Asks the number library for the state of numbers (空号检测), up to 500 or those of a \
                 campaign. States that are recent enough are returned without asking again.",
            )
            .needs(Permission::NumbersSuppress, EndpointSubject::Handler)
            .takes::<NumberCheck>(),
    ]
}

/// The body of a check: numbers, or a campaign.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_numbers_or_campaign)]
#[schemars(extend("examples" = [{ "numbers": ["13800138000"], "max_age_days": 7 }]))]
struct NumberCheck {
    /// Phone numbers in any common notation.
    #[schemars(length(max = NUMBERS_OF_CHECK_MAX), example = &["13800138000"])]
    numbers: Option<Vec<String>>,
    /// Instead of `numbers`: the numbers of the campaign's customers who may still be called.
    #[schemars(with = "Option<String>", example = &"TASK20261120")]
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// With `campaign`: the customer at which the previous request ended, from its reply.
    #[schemars(with = "Option<String>", example = &"0a1b2c3d4e5f60718293a4b5c6d7e8f9")]
    #[member(parse)]
    after: Option<CustomerId>,
    /// States that were checked within this number of days are not checked again; default 30.
    #[schemars(range(min = 1, max = CHECK_AGE_DAYS_MAX))]
    max_age_days: Option<u32>,
}

fn check_numbers_or_campaign(request: &NumberCheck, body: &mut Members) {
    let count = request.numbers.as_ref().map_or(0, Vec::len);
    match &request.campaign {
        None if count == 0 || count > NUMBERS_OF_CHECK_MAX => {
            let detail = format!("has 1 to {NUMBERS_OF_CHECK_MAX} numbers, or a campaign is named");
            body.wrong("numbers", detail);
        }
        Some(_) if count > 0 => body.wrong("campaign", "is named instead of numbers, not beside them"),
        None | Some(_) => {}
    }
}

async fn check(ctx: Ctx, input: Input) -> Result<ChangeReply<NumbersChecked>, Problem> {
    let cause = input.cause(&ctx.installation, "numbers/check")?;
    let (scope, reader, comparer) = (input.scope.clone(), input.reader(), input.comparer());
    let body: NumberCheck = input.order().await?;
    let max_age_days = body.max_age_days.unwrap_or(AGE_DAYS);
    let installation = &ctx.installation;
    let done = match body.campaign {
        Some(campaign) => {
            require_campaign_in_scope(&scope, &campaign)?;
            let after = body.after.as_ref();
            let mut done = check_campaign(installation, &campaign, after, max_age_days, cause).await?;
            // For a campaign the reply has counts only.
            done.checked.clear();
            done
        }
        None if !scope.is_all() => {
            return Err(build_scope_problem(
                "numbers without a campaign need a scope over all campaigns",
            ));
        }
        None => {
            ctx.admit_comparison(&comparer)?;
            let numbers = body.numbers.unwrap_or_default();
            let done = check_numbers(installation, &numbers, max_age_days, cause).await?;
            let shown = done.checked.iter().map(|checked| ReadContent {
                number: checked.id.clone(),
                ..ReadContent::of(&["number_state"], ReadForm::Masked)
            });
            put_each_on_record(installation, &reader, shown.collect()).await?;
            match comparer.reveals_all() {
                true => done,
                false => done.without_earlier_checks(),
            }
        }
    };
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    }))
}
