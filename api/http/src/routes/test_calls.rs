//! Routes of test calls: the list of our own test phones, calls to them with a campaign's flow, and the
//! results.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::inquiries::{BY, REASON, ReadContent, put_on_record};
use application::installation::Installation;
use application::parameter::Parameter;
use application::test_calls::{
    PermittedTestCall, PhonesListed, TestCallRequest, TestCallResponse, TestPhonesChanged, add_phone, phones,
    remove_phone, shown, test_call,
};
use domain::ids::{CallId, CampaignId};
use domain::inquiry::ReadForm;
use domain::phone_number::PhoneNumber;
use domain::problem::{MemberError, Problem, ProblemKind};
use domain::test_phones::{LABEL_CHARS_MAX, REASON_BYTES_MAX};
use intake::members::ApiRequest;
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Query parameter: how long the reply may wait for the end of the call.
const WITHIN: Parameter = Parameter::number(
    "within_seconds",
    "Seconds to wait for the end of the call, at most 20; default: no waiting",
    10,
);
/// Maximum of `within_seconds`: less than the timeout of usual clients.
const WITHIN_SECONDS_MAX: u64 = 20;

/// Maximum length of a phone number, in bytes; a row of a list has the same limit.
const PHONE_BYTES_MAX: usize = 128;
/// What the audit record of a read of a test call names as shown: the words of the person at our test
/// phone.
const STEPS: ReadContent = ReadContent::of(&["heard"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/test-phones", "List test phones", list)
            .describe("Returns our own phones, masked. Test calls can only go to them.")
            .needs(Permission::InstallationRead, EndpointSubject::Everybody),
        Endpoint::post("/api/v1/test-phones/add", "Add a test phone", add)
            .describe("Adds one of our phones to the list, or changes its label.")
            .needs(Permission::InstallationWrite, EndpointSubject::Everybody)
            .takes::<TestPhoneRequest>(),
        Endpoint::post("/api/v1/test-phones/remove", "Remove a test phone", remove)
            .describe("Test calls can no longer go to this phone.")
            .needs(Permission::InstallationWrite, EndpointSubject::Everybody)
            .takes::<TestPhoneRemovalRequest>(),
        Endpoint::post("/api/v1/campaigns/{id}/test-calls", "Make a test call", ask)
            .describe(
                "Calls one of our test phones with the campaign's flow, trunk and voice. No customer is \
                 involved, and no figure counts the call.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
            .takes::<TestCallStartRequest>(),
        Endpoint::get(
            "/api/v1/campaigns/{id}/test-calls/{call}",
            "Get the result of a test call",
            show,
        )
        .describe(
            "Returns what was dialed, answered, heard, decided and said, and how the call ended. The read \
             is recorded.",
        )
        .needs(Permission::CallsRead, EndpointSubject::Campaign)
        .query(const { &[WITHIN, BY, REASON] }),
    ]
}

/// The body that adds a test phone.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "label": "reception", "reason": "who reviews flows" }]))]
struct TestPhoneRequest {
    #[schemars(length(min = 1, max = PHONE_BYTES_MAX))]
    phone: String,
    /// What the phone is used for; must not name a person.
    #[schemars(with = "Option<String>", length(max = LABEL_CHARS_MAX))]
    #[member(chars)]
    label: String,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// The body that removes a test phone.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "reason": "returned" }]))]
struct TestPhoneRemovalRequest {
    #[schemars(length(min = 1, max = PHONE_BYTES_MAX))]
    phone: String,
    /// Stored permanently; must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    reason: String,
}

/// The body of a test call: the phone, and values for the flow's variables.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "phone": "13800138000", "variables": { "days": 3 } }]))]
struct TestCallStartRequest {
    /// A phone of the list; may be omitted if the list has only one.
    #[schemars(length(min = 1, max = PHONE_BYTES_MAX))]
    phone: Option<String>,
    /// Values of the flow's variables, by name.
    #[schemars(with = "Option<std::collections::BTreeMap<String, Value>>")]
    variables: Option<Map<String, Value>>,
}

async fn list(ctx: Ctx, _: Input) -> Result<ReadReply<PhonesListed>, Problem> {
    phones(&ctx.installation).await.map(ReadReply)
}

async fn add(ctx: Ctx, input: Input) -> Result<ChangeReply<TestPhonesChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "test-phones/add")?;
    let TestPhoneRequest { phone, label, reason } = input.order().await?;
    let phone = phone_of(&ctx.installation, &phone).await?;
    let changed = add_phone(&ctx.installation, &phone, label, reason, cause).await?;
    Ok(written(changed))
}

async fn remove(ctx: Ctx, input: Input) -> Result<ChangeReply<TestPhonesChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "test-phones/remove")?;
    let TestPhoneRemovalRequest { phone, reason } = input.order().await?;
    let phone = phone_of(&ctx.installation, &phone).await?;
    let changed = remove_phone(&ctx.installation, &phone, reason, cause).await?;
    Ok(written(changed))
}

async fn phone_of(installation: &Installation, text: &str) -> Result<PhoneNumber, Problem> {
    installation
        .phone_written(text)
        .await
        .map_err(|problem| match problem.kind {
            ProblemKind::Refused => Problem::members(vec![MemberError {
                pointer: "/phone".to_owned(),
                detail: problem.detail,
            }]),
            _ => problem,
        })
}

fn written(changed: TestPhonesChanged) -> ChangeReply<TestPhonesChanged> {
    ChangeReply(WriteResult {
        version: Some(changed.version),
        position: Some(changed.position),
        body: changed,
    })
}

async fn ask(ctx: Ctx, input: Input) -> Result<CreationReply<PermittedTestCall>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "test-calls")?;
    let order: TestCallStartRequest = input.order().await?;
    let asked = TestCallRequest {
        campaign,
        phone: order.phone,
        variables: order.variables.unwrap_or_default(),
    };
    let body = test_call(&ctx.installation, asked, cause).await?;
    Ok(CreationReply::Made(WriteResult {
        body,
        version: None,
        position: None,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<TestCallResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let call: CallId = input.id(1, "this test call")?;
    let within_s = input
        .number::<u64>(WITHIN.name)?
        .unwrap_or_default()
        .min(WITHIN_SECONDS_MAX);
    let state = shown(&ctx.installation, &campaign, call, within_s.saturating_mul(1_000)).await?;
    let what = ReadContent {
        campaign: Some(campaign),
        calls: vec![call],
        ..STEPS
    };
    put_on_record(&ctx.installation, input.reader(), what).await?;
    Ok(ReadReply(state))
}
