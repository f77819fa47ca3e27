//! Test calls over HTTP: the list of our own phones, one call to one of them by a campaign's flow, and what
//! came of it.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::inquiring::{BY, REASON, Shown, put_on_record};
use application::installation::Installation;
use application::parameter::Parameter;
use application::test_calls::{
    PhonesListed, TestCallAsk, TestCallAsked, TestCallShown, TestPhonesChanged, add_phone, phones,
    remove_phone, shown, test_call,
};
use domain::ids::{CallId, CampaignId};
use domain::inquiry::ReadForm;
use domain::phone_number::PhoneNumber;
use domain::problem::{Kind, MemberError, Problem};
use domain::test_phones::{LABEL_CHARS_MAX, REASON_BYTES_MAX};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// How long an answer may wait for the call's end.
const WITHIN: Parameter = Parameter::number(
    "within_seconds",
    "Answer at the call's end, or after so long, at most 20",
    10,
);
/// Longest that anybody waits: shorter than clients do.
const WITHIN_SECONDS_MAX: u64 = 20;

/// Longest number that is read, as of a list's row.
const PHONE_BYTES_MAX: usize = 128;
/// What is opened of a test call: the words of whoever answered our own phone.
const STEPS: Shown = Shown::of(&["heard"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/test-phones",
            "Our own phones, which alone test calls may go to; masked",
            list,
        )
        .needs(Permission::InstallationRead, About::Everybody),
        Endpoint::post(
            "/api/v1/test-phones/add",
            "Put a phone of ours on the list, or give it another label",
            add,
        )
        .needs(Permission::InstallationWrite, About::Everybody)
        .takes::<PhoneOrder>(),
        Endpoint::post("/api/v1/test-phones/remove", "Take a phone off the list", remove)
            .needs(Permission::InstallationWrite, About::Everybody)
            .takes::<RemovalOrder>(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/test-calls",
            "Call one of our own phones by the campaign's flow, trunk and voice: no customer, in no figure",
            ask,
        )
        .needs(Permission::CampaignsWrite, About::Campaign)
        .takes::<TestCallOrder>(),
        Endpoint::get(
            "/api/v1/campaigns/{id}/test-calls/{call}",
            "What came of a test call: what was dialed, answered, heard, decided and said, and how it ended",
            show,
        )
        .needs(Permission::CallsRead, About::Campaign)
        .query(const { &[WITHIN, BY, REASON] }),
    ]
}

/// A phone of ours.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "label": "reception", "reason": "who reviews flows" }]))]
struct PhoneOrder {
    #[schemars(length(min = 1, max = PHONE_BYTES_MAX))]
    phone: String,
    /// Whose or which it is, without a name.
    #[schemars(length(max = LABEL_CHARS_MAX))]
    label: String,
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// A phone that is ours no more.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "reason": "returned" }]))]
struct RemovalOrder {
    #[schemars(length(min = 1, max = PHONE_BYTES_MAX))]
    phone: String,
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// Which phone, and what the flow's variables stand for.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "variables": { "days": 3 } }]))]
struct TestCallOrder {
    /// One of the list; without it the only one that there is.
    #[schemars(length(min = 1, max = PHONE_BYTES_MAX))]
    phone: Option<String>,
    /// Values of the flow's variables, by their names.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Value>>")]
    variables: Option<Map<String, Value>>,
}

impl Order for PhoneOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            phone: body.needed_short_text("phone", PHONE_BYTES_MAX),
            label: body
                .short_text("label", LABEL_CHARS_MAX.saturating_mul(4))
                .unwrap_or_default(),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

impl Order for RemovalOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            phone: body.needed_short_text("phone", PHONE_BYTES_MAX),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

impl Order for TestCallOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            phone: body.short_text("phone", PHONE_BYTES_MAX),
            variables: body.value("variables"),
        }
    }
}

async fn list(ctx: Ctx, _: Input) -> Result<Read<PhonesListed>, Problem> {
    phones(&ctx.installation).await.map(Read)
}

async fn add(ctx: Ctx, input: Input) -> Result<Changed<TestPhonesChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "test-phones/add")?;
    let PhoneOrder { phone, label, reason } = input.order().await?;
    let phone = phone_of(&ctx.installation, &phone).await?;
    let changed = add_phone(&ctx.installation, &phone, label, reason, cause).await?;
    Ok(written(changed))
}

async fn remove(ctx: Ctx, input: Input) -> Result<Changed<TestPhonesChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "test-phones/remove")?;
    let RemovalOrder { phone, reason } = input.order().await?;
    let phone = phone_of(&ctx.installation, &phone).await?;
    let changed = remove_phone(&ctx.installation, &phone, reason, cause).await?;
    Ok(written(changed))
}

async fn phone_of(installation: &Installation, text: &str) -> Result<PhoneNumber, Problem> {
    installation
        .phone_written(text)
        .await
        .map_err(|problem| match problem.kind {
            Kind::Refused => Problem::members(vec![MemberError {
                pointer: "/phone".to_owned(),
                detail: problem.detail,
            }]),
            _ => problem,
        })
}

fn written(changed: TestPhonesChanged) -> Changed<TestPhonesChanged> {
    Changed(Written {
        version: Some(changed.version),
        position: Some(changed.position),
        body: changed,
    })
}

async fn ask(ctx: Ctx, input: Input) -> Result<MadeOrChanged<TestCallAsked>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "test-calls")?;
    let order: TestCallOrder = input.order().await?;
    let asked = TestCallAsk {
        campaign,
        phone: order.phone,
        variables: order.variables.unwrap_or_default(),
    };
    let body = test_call(&ctx.installation, asked, cause).await?;
    Ok(MadeOrChanged::Made(Written {
        body,
        version: None,
        position: None,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<TestCallShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let call: CallId = input.id(1, "this test call")?;
    let within_s = input
        .number::<u64>(WITHIN.name)?
        .unwrap_or_default()
        .min(WITHIN_SECONDS_MAX);
    let told = shown(&ctx.installation, &campaign, call, within_s.saturating_mul(1_000)).await?;
    let what = Shown {
        campaign: Some(campaign),
        calls: vec![call],
        ..STEPS
    };
    put_on_record(&ctx.installation, input.reader(), what).await?;
    Ok(Read(told))
}
