//! Routes that replay recorded calls: one call step by step, and all calls of a campaign with another flow
//! version or model.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::build_scope_problem;
use crate::reveal_checks::{read_clear_flag, refuse_unrevealed};
use application::access::Caller;
use application::flows::{definition_of, parse_runnable_flow, source_of};
use application::inquiries::{BY, REASON, ReadContent, Reader, put_on_record};
use application::installation::Installation;
use application::models::{ModelBlobStore, find_published_model};
use application::parameter::Parameter;
use application::rehearsing::Listener;
use application::segments::visibility::SegmentVisibility;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::flow::{FLOW_FILE_BYTES_MAX, FlowDefinition, FlowSelector};
use domain::ids::{CallId, CampaignId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::model::ModelSelector;
use domain::permission::AssigneeScope;
use domain::problem::Problem;
use evidence::replaying::{
    CalleeWordsForm, ComparisonVersion, Conversation, Examples, ReplayResponse, WhatIfResponse, conversation,
    replay, what_if,
};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde_json::Value;
use std::sync::Arc;

/// Query parameter: another flow version to compare the call with.
const AGAINST: Parameter = Parameter::text(
    "against",
    "Another published version, NAME@V; the reply shows where the call would have gone another way",
    "card_instalment_spoken@2",
);

/// Query parameter: utterances in clear.
const CLEAR: Parameter = Parameter::flag(
    "clear",
    "true: utterances in clear; needs customers:reveal and a reason",
);

/// What the audit record of a replay of a call names as shown; masked.
const MASKED: ReadContent =
    ReadContent::of(&["heard", "slots", "keys", "variables", "name"], ReadForm::Masked);

/// What the audit record of a replay names as shown if the other flow tests values that the call's own
/// version did not test.
const TESTED: ReadContent =
    ReadContent::of(&["heard", "slots", "keys", "variables", "name"], ReadForm::Clear);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/calls/{id}/replay", "Replay a call", replayed)
            .describe(
                "Decides the call again from its events, step by step: heard, understood, decided, said. \
                 No engine is called. The read is recorded.",
            )
            .needs(Permission::CallsRead, EndpointSubject::Call)
            .query(const { &[AGAINST, CLEAR, BY, REASON] }),
        Endpoint::post(
            "/api/v1/calls/{id}/replay",
            "Compare a call with an unpublished flow file",
            held_against,
        )
        .describe(
            "Returns where the call would go another way. A file that tests more values of the customer \
             than the call's own version needs customers:reveal and a reason.",
        )
        .needs(Permission::CallsRead, EndpointSubject::Call)
        .takes::<FlowDraftRequest>()
        .heavy(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/what-if",
            "Replay a campaign's calls with another flow or model",
            ask_what_if,
        )
        .describe(
            "Runs the recorded calls of a campaign with another version of a flow, or with another model, \
             and returns the differences.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .heavy()
        .takes::<WhatIfRequest>(),
    ]
}

async fn replayed(ctx: Ctx, input: Input) -> Result<ReadReply<ReplayResponse>, Problem> {
    let installation = &ctx.installation;
    let call: CallId = input.id(0, "this call")?;
    let clear = read_clear_flag(&input, &CLEAR)?;
    let named: Option<FlowSelector> = match input.text(AGAINST.name).map(str::parse) {
        None => None,
        Some(Ok(named)) => Some(named),
        Some(Err(error)) => return Err(Problem::invalid("query-invalid", format!("against: {error}"))),
    };
    let other = match &named {
        Some(named) => Some(version_of(installation, named).await?),
        None => None,
    };
    let against = other.map(|other| other.against(None));
    let mut what = MASKED;
    let past_call = conversation(installation, call).await?;
    if clear {
        let (campaign, customer) = (past_call.campaign(), past_call.customer());
        let heard = "what was heard in clear";
        refuse_unrevealed(&ctx, &input.caller, campaign, customer, heard).await?;
        what.form = ReadForm::Clear;
    }
    let mut reader = input.reader();
    if let Some(against) = &against
        && let Some(reason) =
            reason_to_test(&ctx, &input.caller, &past_call, against, input.text(REASON.name)).await?
    {
        reader = reader.because(reason);
        what = TESTED;
    }
    let words = if clear {
        CalleeWordsForm::Clear
    } else {
        CalleeWordsForm::Masked
    };
    record_that_read(installation, call, reader, what).await?;
    replay(&past_call, against.as_ref(), words).map(ReadReply)
}

/// Returns the reason of the request if the other flow tests a value that the call's own version did not test
/// in that way. The result then discloses values of the callee, so it needs the same permission and record as
/// a reveal. `None` if the other flow tests no more.
async fn reason_to_test(
    ctx: &Ctx,
    caller: &Caller,
    past_call: &Conversation,
    against: &ComparisonVersion<'_>,
    reason: Option<&str>,
) -> Result<Option<String>, Problem> {
    if past_call.tests_as_much_as(&against.flow) {
        return Ok(None);
    }
    let what =
        "a flow that tests a value otherwise than the version that the call ran tells of the callee: it";
    refuse_unrevealed(ctx, caller, past_call.campaign(), past_call.customer(), what).await?;
    let reason = reason.map(str::trim).filter(|text| !text.is_empty());
    let unsaid = || {
        let detail = "give a reason: it is stored permanently, so do not include personal data";
        Problem::invalid("reason-needed", detail)
    };
    reason.map(|text| Some(text.to_owned())).ok_or_else(unsaid)
}

/// Records the read of the call. Called before anything is returned.
async fn record_that_read(
    installation: &Installation,
    call: CallId,
    reader: Reader,
    what: ReadContent,
) -> Result<(), Problem> {
    let state = installation.entities.calls.state(&call).await?.state;
    let Some(customer) = state.customer().cloned() else {
        return Err(Problem::missing("this call"));
    };
    let what = ReadContent {
        customer: Some(customer),
        campaign: state.campaign().cloned(),
        calls: vec![call],
        ..what
    };
    put_on_record(installation, reader, what)
        .await
        .map(|_recorded| ())
}

/// The body with a flow file to compare a call with.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "source": "flow: greeting\nnotices: {recording: 本次通话将被录音。}\n" }]))]
struct FlowDraftRequest {
    /// The flow file: YAML or JSON. A file with faults is refused.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    #[member(read = source_of)]
    source: String,
    /// Required, with `customers:reveal`, for a file that tests a value in another way than the version that
    /// the call ran, because the result discloses values of the callee. Stored permanently; must not name a
    /// person.
    #[schemars(length(max = REASON_BYTES_MAX), example = &"客诉核实")]
    reason: Option<String>,
}

/// The name of an unpublished file next to the version that a call ran.
const DRAFT: &str = "draft";

async fn held_against(ctx: Ctx, input: Input) -> Result<ReadReply<ReplayResponse>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let mut reader = input.reader_by_post();
    let body_work = input.work.clone();
    let caller = input.caller.clone();
    let FlowDraftRequest { source, reason } = input.order().await?;
    let flow = body_work.run(move || parse_runnable_flow(&source)).await??;
    let past_call = conversation(&ctx.installation, call).await?;
    let against = ComparisonVersion {
        name: format!("{} {DRAFT}", flow.flow),
        flow,
        version: None,
        listener: None,
    };
    let mut what = MASKED;
    if let Some(reason) = reason_to_test(&ctx, &caller, &past_call, &against, reason.as_deref()).await? {
        reader = reader.because(reason);
        what = TESTED;
    }
    record_that_read(&ctx.installation, call, reader, what).await?;
    replay(&past_call, Some(&against), CalleeWordsForm::Masked).map(ReadReply)
}

/// A published version to compare calls with.
struct ComparedFlow {
    named: FlowSelector,
    flow: Arc<FlowDefinition>,
}

impl ComparedFlow {
    fn against(self, listener: Option<&Listener>) -> ComparisonVersion<'_> {
        ComparisonVersion {
            name: self.named.to_string(),
            flow: self.flow,
            version: self.named.version,
            listener,
        }
    }
}

async fn version_of(installation: &Installation, named: &FlowSelector) -> Result<ComparedFlow, Problem> {
    let (found, flow) = definition_of(installation, named).await?;
    Ok(ComparedFlow {
        named: FlowSelector {
            flow: found.flow_ref.flow,
            version: Some(found.flow_ref.version),
        },
        flow,
    })
}

/// The body of a what-if: another flow version, another model, or both.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_flow_and_model)]
#[schemars(extend("examples" = [{ "flow": "card_instalment_spoken@2" }]))]
struct WhatIfRequest {
    /// A published version, NAME@V; default: the one that the campaign uses.
    #[schemars(with = "Option<String>")]
    #[member(parse)]
    flow: Option<FlowSelector>,
    /// A model file of `ledgerline nlu train`, in base64; it classifies the utterances again.
    #[member(read = model_text)]
    model_base64: Option<String>,
    /// A published model instead: NAME or NAME@V.
    #[schemars(with = "Option<String>")]
    #[member(parse)]
    model: Option<ModelSelector>,
    /// With `customers:reveal`: also returns examples of calls with a version that tests fewer values than
    /// this one; their paths disclose values of the callee. Stored permanently; must not name a person.
    #[schemars(length(max = REASON_BYTES_MAX), example = &"客诉核实")]
    reason: Option<String>,
}

fn check_flow_and_model(request: &WhatIfRequest, body: &mut Members) {
    if request.flow.is_none() && request.model_base64.is_none() && request.model.is_none() {
        body.wrong("flow", "is missing (or give a model)");
    }
    if request.model_base64.is_some() && request.model.is_some() {
        body.wrong("model", "cannot be combined with model_base64");
    }
}

/// Reads the model, which may be longer than other texts; only the limit of the body applies.
fn model_text(body: &mut Members, name: &str) -> Option<String> {
    match body.raw(name)? {
        Value::String(text) => Some(text),
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            body.wrong(name, "is not a text");
            None
        }
    }
}

async fn ask_what_if(ctx: Ctx, input: Input) -> Result<ReadReply<WhatIfResponse>, Problem> {
    let installation = &ctx.installation;
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let mut reader = input.reader_by_post();
    let caller = input.caller.clone();
    let WhatIfRequest {
        flow,
        model_base64,
        model,
        reason,
    } = input.order().await?;
    let mut examples = Examples::Kept;
    if let Some(reason) = reason.filter(|text| !text.trim().is_empty()) {
        let scope = caller.scope_for(Permission::CustomersReveal)?;
        if scope.people != AssigneeScope::All || !scope.admits_campaign(&campaign) {
            return Err(build_scope_problem(
                "examples of these calls need customers:reveal of all their callees",
            ));
        }
        reader = reader.because(reason);
        examples = Examples::Listed;
    }
    let state = installation.entities.campaigns.state(&campaign).await?.state;
    let Some(own) = state.flow() else {
        return Err(Problem::missing("this campaign"));
    };
    let named = flow.unwrap_or_else(|| FlowSelector {
        flow: own.flow.clone(),
        version: Some(own.version),
    });
    let version = version_of(installation, &named).await?;
    let listener = match &model {
        Some(named) => Some(published_listener(installation, named).await?),
        None => model_base64.as_deref().map(listener).transpose()?,
    };
    let mut against = version.against(listener.as_deref());
    if let Some(model) = listener.as_ref().and_then(|listener| listener.model.as_deref()) {
        against.name = format!("{} model {}", against.name, model.get(..12).unwrap_or(model));
    }
    let found = what_if(installation, &campaign, &against, &reader, examples).await?;
    Ok(ReadReply(match SegmentVisibility::of(&caller).reveals() {
        true => found,
        false => found.rounded(),
    }))
}

async fn published_listener(
    installation: &Installation,
    named: &ModelSelector,
) -> Result<Arc<Listener>, Problem> {
    let model = find_published_model(installation, named).await?;
    Ok(ModelBlobStore::of(installation).listener(&model)?)
}

fn listener(model_base64: &str) -> Result<Arc<Listener>, Problem> {
    let wrong = |why: String| Problem::invalid("model-unreadable", why);
    let bytes = STANDARD
        .decode(model_base64)
        .map_err(|error| wrong(error.to_string()))?;
    let listener = Listener::with_model(&bytes).map_err(|fault| wrong(fault.to_string()))?;
    Ok(Arc::new(listener))
}
