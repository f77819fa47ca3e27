//! Recorded calls decided again: one of them step by step, and all of a campaign's along another version.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::limited;
use crate::revealing::{clear_asked, refuse_unrevealed};
use application::access::Caller;
use application::flows::{definition_of, sound, source_of};
use application::inquiring::{BY, REASON, Reader, Shown, put_on_record};
use application::installation::Installation;
use application::models::{ModelShelf, published};
use application::parameter::Parameter;
use application::rehearsing::Listener;
use application::segments::sight::SegmentSight;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::flow::{FLOW_FILE_BYTES_MAX, FlowDefinition, FlowNamed};
use domain::ids::{CallId, CampaignId};
use domain::inquiry::{REASON_BYTES_MAX, ReadForm};
use domain::model::ModelNamed;
use domain::permission::People;
use domain::problem::Problem;
use evidence::replaying::{
    Against, Conversation, Examples, ReplayShown, WhatIfShown, Words, conversation, replay, what_if,
};
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde_json::Value;
use std::sync::Arc;

/// Another version, which the call is held against.
const AGAINST: Parameter = Parameter::text(
    "against",
    "Another published version, NAME@V: where the call would have gone another way",
    "card_instalment_spoken@2",
);

/// What is heard as it was said.
const CLEAR: Parameter = Parameter::flag(
    "clear",
    "What was heard as it was said, for whoever may see persons in clear, with a reason",
);

/// What is opened of a call.
const MASKED: Shown = Shown::of(&["heard", "slots", "keys", "variables", "name"], ReadForm::Masked);

/// What the ways of a file tell of that tests values by itself.
const TESTED: Shown = Shown::of(&["heard", "slots", "keys", "variables", "name"], ReadForm::Clear);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/calls/{id}/replay",
            "One call decided again, step by step: heard, understood, decided, said; nobody is asked",
            replayed,
        )
        .needs(Permission::CallsRead, About::Call)
        .query(const { &[AGAINST, CLEAR, BY, REASON] }),
        Endpoint::post(
            "/api/v1/calls/{id}/replay",
            "One call held against a flow file that is being written: where it would go another way",
            held_against,
        )
        .needs(Permission::CallsRead, About::Call)
        .takes::<FlowDraftOrder>()
        .heavy(),
        Endpoint::post(
            "/api/v1/campaigns/{id}/what-if",
            "The recorded calls of a campaign along another version of a flow, or read by another model",
            ask_what_if,
        )
        .needs(Permission::FiguresRead, About::Campaign)
        .heavy()
        .takes::<WhatIfOrder>(),
    ]
}

async fn replayed(ctx: Ctx, input: Input) -> Result<Read<ReplayShown>, Problem> {
    let installation = &ctx.installation;
    let call: CallId = input.id(0, "this call")?;
    let clear = clear_asked(&input, &CLEAR)?;
    let named: Option<FlowNamed> = match input.text(AGAINST.name).map(str::parse) {
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
    let told = conversation(installation, call).await?;
    if clear {
        let (campaign, customer) = (told.campaign(), told.customer());
        let heard = "what was heard in clear";
        refuse_unrevealed(&ctx, &input.caller, campaign, customer, heard).await?;
        what.form = ReadForm::Clear;
    }
    let mut reader = input.reader();
    if let Some(against) = &against
        && let Some(reason) =
            reason_to_test(&ctx, &input.caller, &told, against, input.text(REASON.name)).await?
    {
        reader = reader.because(reason);
        what = TESTED;
    }
    let words = if clear { Words::Clear } else { Words::Masked };
    record_that_read(installation, call, reader, what).await?;
    replay(&told, against.as_ref(), words).map(Read)
}

/// Why somebody asks where a call goes along a flow that tests a value otherwise than the version that the
/// call ran: that tells of the callee's values, so it is asked and recorded as those are. `None` where the
/// flow learns no more than the call's own did.
async fn reason_to_test(
    ctx: &Ctx,
    caller: &Caller,
    told: &Conversation,
    against: &Against<'_>,
    reason: Option<&str>,
) -> Result<Option<String>, Problem> {
    if told.tests_as_much_as(&against.flow) {
        return Ok(None);
    }
    let what =
        "a flow that tests a value otherwise than the version that the call ran tells of the callee: it";
    refuse_unrevealed(ctx, caller, told.campaign(), told.customer(), what).await?;
    let reason = reason.map(str::trim).filter(|text| !text.is_empty());
    let unsaid = || {
        let detail = "give a reason: it is stored permanently, so do not include personal data";
        Problem::invalid("reason-needed", detail)
    };
    reason.map(|text| Some(text.to_owned())).ok_or_else(unsaid)
}

/// On record before anything is answered.
async fn record_that_read(
    installation: &Installation,
    call: CallId,
    reader: Reader,
    what: Shown,
) -> Result<(), Problem> {
    let state = installation.entities.calls.state(&call).await?.state;
    let Some(customer) = state.customer().cloned() else {
        return Err(Problem::missing("this call"));
    };
    let what = Shown {
        customer: Some(customer),
        campaign: state.campaign().cloned(),
        calls: vec![call],
        ..what
    };
    put_on_record(installation, reader, what)
        .await
        .map(|_recorded| ())
}

/// A flow file that a call is held against.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "source": "flow: greeting\nnotices: {recording: 本次通话将被录音。}\n" }]))]
struct FlowDraftOrder {
    /// YAML, or JSON, as it is written; one with faults is refused.
    #[schemars(length(max = FLOW_FILE_BYTES_MAX))]
    source: String,
    /// Needed, beside `customers:reveal`, of a file that tests a value otherwise than the version that the
    /// call ran: its ways tell of the callee's values. Stored for ever; name no person.
    #[schemars(length(max = REASON_BYTES_MAX), example = &"客诉核实")]
    reason: Option<String>,
}

impl Order for FlowDraftOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            source: source_of(body),
            reason: body.short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// How a file that is no version is called beside the version that a call ran.
const DRAFT: &str = "draft";

async fn held_against(ctx: Ctx, input: Input) -> Result<Read<ReplayShown>, Problem> {
    let call: CallId = input.id(0, "this call")?;
    let mut reader = input.reader_by_post();
    let body_work = input.work.clone();
    let caller = input.caller.clone();
    let FlowDraftOrder { source, reason } = input.order().await?;
    let flow = body_work.run(move || sound(&source)).await??;
    let told = conversation(&ctx.installation, call).await?;
    let against = Against {
        name: format!("{} {DRAFT}", flow.flow),
        flow,
        version: None,
        listener: None,
    };
    let mut what = MASKED;
    if let Some(reason) = reason_to_test(&ctx, &caller, &told, &against, reason.as_deref()).await? {
        reader = reader.because(reason);
        what = TESTED;
    }
    record_that_read(&ctx.installation, call, reader, what).await?;
    replay(&told, Some(&against), Words::Masked).map(Read)
}

/// A published version that calls are held against.
struct Version {
    named: FlowNamed,
    flow: Arc<FlowDefinition>,
}

impl Version {
    fn against(self, listener: Option<&Listener>) -> Against<'_> {
        Against {
            name: self.named.to_string(),
            flow: self.flow,
            version: self.named.version,
            listener,
        }
    }
}

async fn version_of(installation: &Installation, named: &FlowNamed) -> Result<Version, Problem> {
    let (found, flow) = definition_of(installation, named).await?;
    Ok(Version {
        named: FlowNamed {
            flow: found.flow_ref.flow,
            version: Some(found.flow_ref.version),
        },
        flow,
    })
}

/// What the calls are held against: another version, another model, or both.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "flow": "card_instalment_spoken@2" }]))]
struct WhatIfOrder {
    /// A published version, NAME@V; default: the one that the campaign runs.
    #[schemars(with = "Option<String>")]
    flow: Option<FlowNamed>,
    /// A model of `ledgerline nlu train`, in base64: what was heard is read by it again.
    model_base64: Option<String>,
    /// A published model instead, NAME or NAME@V.
    #[schemars(with = "Option<String>")]
    model: Option<ModelNamed>,
    /// With `customers:reveal`: examples too of calls whose version tests fewer values than this one, whose
    /// ways tell of the callee. Stored for ever; name no person.
    #[schemars(length(max = REASON_BYTES_MAX), example = &"客诉核实")]
    reason: Option<String>,
}

impl Order for WhatIfOrder {
    fn read(body: &mut Members) -> Self {
        let order = Self {
            flow: body.parsed("flow"),
            model_base64: model_text(body),
            model: body.parsed("model"),
            reason: body.short_text("reason", REASON_BYTES_MAX),
        };
        if order.flow.is_none() && order.model_base64.is_none() && order.model.is_none() {
            body.wrong("flow", "is missing (or give a model)");
        }
        if order.model_base64.is_some() && order.model.is_some() {
            body.wrong("model", "cannot be combined with model_base64");
        }
        order
    }
}

/// Longer than other texts: a model, which the body's own limit bounds.
fn model_text(body: &mut Members) -> Option<String> {
    match body.raw("model_base64")? {
        Value::String(text) => Some(text),
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            body.wrong("model_base64", "is not a text");
            None
        }
    }
}

async fn ask_what_if(ctx: Ctx, input: Input) -> Result<Read<WhatIfShown>, Problem> {
    let installation = &ctx.installation;
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let mut reader = input.reader_by_post();
    let caller = input.caller.clone();
    let WhatIfOrder {
        flow,
        model_base64,
        model,
        reason,
    } = input.order().await?;
    let mut examples = Examples::Kept;
    if let Some(reason) = reason.filter(|text| !text.trim().is_empty()) {
        let scope = caller.scope_for(Permission::CustomersReveal)?;
        if scope.people != People::All || !scope.admits_campaign(&campaign) {
            return Err(limited(
                "examples of these calls need customers:reveal of all their callees",
            ));
        }
        reader = reader.because(reason);
        examples = Examples::Told;
    }
    let state = installation.entities.campaigns.state(&campaign).await?.state;
    let Some(own) = state.flow() else {
        return Err(Problem::missing("this campaign"));
    };
    let named = flow.unwrap_or_else(|| FlowNamed {
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
    Ok(Read(match SegmentSight::of(&caller).reveals() {
        true => found,
        false => found.rounded(),
    }))
}

async fn published_listener(
    installation: &Installation,
    named: &ModelNamed,
) -> Result<Arc<Listener>, Problem> {
    let model = published(installation, named).await?;
    Ok(ModelShelf::of(installation).listener(&model)?)
}

fn listener(model_base64: &str) -> Result<Arc<Listener>, Problem> {
    let wrong = |why: String| Problem::invalid("model-unreadable", why);
    let bytes = STANDARD
        .decode(model_base64)
        .map_err(|error| wrong(error.to_string()))?;
    let listener = Listener::with_model(&bytes).map_err(|fault| wrong(fault.to_string()))?;
    Ok(Arc::new(listener))
}
