//! Routes of text conversations: open one, exchange messages, read it, get its summary, close it.

use crate::api_description::{ChangeReply, CreationReply, ReadReply, WebSocketReply};
use crate::conversation_socket::{self, ConversationConnection, MESSAGE_BYTES_MAX};
use crate::disclosures::Disclosure;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::{require_call_in_scope, require_campaign_in_scope, sees_person};
use crate::reply::WriteResult;
use crate::reveal_checks::{read_clear_flag, refuse_unrevealed};
use application::access::AccessStopSignal;
use application::conversations::{
    ConversationLineResponse, ConversationMessageRequest, ConversationMessageResponse, ConversationRequest,
    ConversationResponse, TextAuthor, TextSummaryResponse, close, describe, hear, known, mask_theirs, open,
    text_summary, texts_of, transcript,
};
use application::event_stream::{self, StreamUse};
use application::flows::definition_of;
use application::inquiries::{BY, REASON, ReadContent, Reader, put_on_record};
use application::parameter::Parameter;
use domain::conversation::{
    Channel, ConversationInitiator, ConversationState, MESSAGE_ID_BYTES_MAX, OpenedFact, TEXT_CHARS_MAX,
};
use domain::flow::FlowSelector;
use domain::ids::{CampaignId, ConversationId};
use domain::inquiry::ReadForm;
use domain::permission::DataScope;
use domain::problem::Problem;
use evidence::replaying::Texts;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use std::sync::Arc;
use warp::Reply;

/// Maximum length of a customer id, in bytes; a row of a list has the same limit.
const CUSTOMER_BYTES_MAX: usize = 128;

/// Query parameter: texts in clear.
const CLEAR: Parameter = Parameter::flag(
    "clear",
    "true: our texts with the customer's values filled in; needs customers:reveal and a reason",
);

/// What the audit record of a read of a conversation names as shown.
const MASKED: ReadContent = ReadContent::of(&["heard", "slots"], ReadForm::Masked);
/// What the audit record of a read of a conversation's summary names as shown.
const SUMMARY: ReadContent = ReadContent::of(&["slots", "summary"], ReadForm::Masked);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/conversations",
            "Open a text conversation with a customer",
            begin,
        )
        .describe(
            "Runs the campaign's published flow in text, required notices first. Returns our texts up to \
             the first question. If we write first, the compliance rules are checked and can refuse.",
        )
        .needs(Permission::ConversationsHost, EndpointSubject::Handler)
        .takes::<ConversationOpening>(),
        Endpoint::get("/api/v1/conversations/{id}", "Get a text conversation", show)
            .describe(
                "Returns every line and the reason for each step of the flow. Our texts have their \
                 variables unfilled unless `clear` is set. The read is recorded.",
            )
            .needs(Permission::CallsRead, EndpointSubject::Handler)
            .query(const { &[CLEAR, BY, REASON] }),
        Endpoint::get(
            "/api/v1/conversations/{id}/summary",
            "Get the summary of a text conversation",
            summed_up,
        )
        .describe(
            "Returns the intent, interest, slots and possible next steps. Available within ten seconds \
             after the conversation is closed. The read is recorded.",
        )
        .needs(Permission::CallsRead, EndpointSubject::Handler)
        .query(const { &[CLEAR, BY, REASON] }),
        Endpoint::post(
            "/api/v1/conversations/{id}/messages",
            "Send a customer's message",
            message,
        )
        .describe(
            "Returns our replies, and whether the conversation is closed. A message with a known id is \
             answered from the log and not processed again.",
        )
        .needs(Permission::ConversationsHost, EndpointSubject::Handler)
        .takes::<CustomerMessageRequest>()
        .kept(),
        Endpoint::get(
            "/api/v1/conversations/{id}/live",
            "Exchange messages over a WebSocket",
            write_by_web_socket,
        )
        .describe(
            "One JSON text frame per message: `{\"id\",\"text\"}` in, the reply of `POST messages` out. \
             The server closes the socket with the conversation.",
        )
        .needs(Permission::ConversationsHost, EndpointSubject::Handler),
        Endpoint::post(
            "/api/v1/conversations/{id}/close",
            "Close a text conversation",
            end,
        )
        .describe("Ends a conversation that will not continue.")
        .needs(Permission::ConversationsHost, EndpointSubject::Handler),
    ]
}

/// The body that opens a conversation: campaign, customer, channel, and who wrote first.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "campaign": "TASK20261120", "customer": "C01", "channel": "web",
    "begun_by": "customer" }]))]
struct ConversationOpening {
    #[schemars(with = "CampaignId")]
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// The customer's external or internal id. The customer must be in a list of the campaign.
    #[schemars(length(min = 1, max = CUSTOMER_BYTES_MAX))]
    customer: String,
    /// The channel; default: web.
    #[schemars(with = "Option<Channel>")]
    #[member(or = Channel::Web)]
    channel: Channel,
    /// Who writes first. Default: us; the compliance rules are then checked.
    #[schemars(with = "Option<ConversationInitiator>")]
    #[member(or = ConversationInitiator::Us)]
    begun_by: ConversationInitiator,
}

/// A message from the customer.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "id": "m-1", "text": "三期" }]))]
struct CustomerMessageRequest {
    /// The sender's id of the message. The same id again is the same message.
    #[schemars(length(min = 1, max = MESSAGE_ID_BYTES_MAX))]
    id: String,
    #[schemars(length(min = 1, max = TEXT_CHARS_MAX))]
    #[member(chars)]
    text: String,
}

async fn begin(ctx: Ctx, input: Input) -> Result<CreationReply<ConversationResponse>, Problem> {
    let installation = Arc::clone(&ctx.installation);
    let cause = input.cause(&installation, "conversations")?;
    let (scope, comparer, reader) = (input.scope.clone(), input.comparer(), input.reader_by_post());
    let opening: ConversationOpening = input.order().await?;
    let campaign = opening
        .campaign
        .ok_or_else(|| Problem::missing("this campaign"))?;
    require_campaign_in_scope(&scope, &campaign)?;
    let (customer, person) = ctx.compare_customer(&comparer, &opening.customer).await?;
    if !sees_person(&ctx, &scope, &person).await? {
        return Err(Problem::missing("this customer"));
    }
    let order = ConversationRequest {
        campaign,
        customer,
        channel: opening.channel,
        begun_by: opening.begun_by,
    };
    // The texts contain the customer's values, so the rate limit of comparisons applies.
    ctx.admit_comparison(&comparer)?;
    let (id, answer) = open(&installation, order, cause).await?;
    let (state, opened) = known(&installation, id).await?;
    record_texts(&ctx, reader, &opened).await?;
    let texted = transcript(&installation, id).await?;
    let lines = texts_of(&texted);
    let written = WriteResult {
        body: describe(id, &state, opened, &texted, lines),
        version: Some(answer.version),
        position: Some(answer.position),
    };
    Ok(match answer.repeated {
        false => CreationReply::Made(written),
        true => CreationReply::Changed(written),
    })
}

async fn message(ctx: Ctx, input: Input) -> Result<ChangeReply<ConversationMessageResponse>, Problem> {
    let installation = Arc::clone(&ctx.installation);
    let id: ConversationId = input.id(0, "this conversation")?;
    let (_, opened) = seen(&ctx, input.scope.clone(), id).await?;
    let cause = input.cause(&installation, "conversations/messages")?;
    let reader = input.reader_by_post();
    let received: CustomerMessageRequest = input.order().await?;
    let order = ConversationMessageRequest {
        message: received.id,
        text: received.text,
    };
    let body = hear(&installation, id, order, cause).await?;
    record_texts(&ctx, reader, &opened).await?;
    Ok(ChangeReply(WriteResult {
        version: Some(body.version),
        position: Some(body.position),
        body,
    }))
}

async fn write_by_web_socket(ctx: Ctx, mut input: Input) -> Result<WebSocketReply, Problem> {
    let installation = Arc::clone(&ctx.installation);
    let id: ConversationId = input.id(0, "this conversation")?;
    let upgrade = input.take_upgrade()?;
    let (by, caller, scope) = (input.actor(), input.caller.clone(), input.scope.clone());
    let reader = input.reader();
    drop(input);
    let (_, opened) = seen(&ctx, scope, id).await?;
    let place = event_stream::place(&caller, StreamUse::Other)?;
    // Recorded before the first text is sent. Each further text is an event of the conversation.
    record_texts(&ctx, reader, &opened).await?;
    let writing = ConversationConnection {
        stop: AccessStopSignal::of(&installation, caller),
        conversation: id,
        by,
        place,
        installation,
    };
    let response = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            let installation = Arc::clone(&writing.installation);
            let following = conversation_socket::follow(socket, writing);
            installation
                .tasks()
                .spawn("conversation-socket", Box::pin(following));
        });
    Ok(WebSocketReply(response.into_response()))
}

async fn end(ctx: Ctx, input: Input) -> Result<ChangeReply<ConversationResponse>, Problem> {
    let installation = Arc::clone(&ctx.installation);
    let id: ConversationId = input.id(0, "this conversation")?;
    let (_, opened) = seen(&ctx, input.scope.clone(), id).await?;
    let cause = input.cause(&installation, "conversations/close")?;
    let answer = close(&installation, id, cause).await?;
    Ok(ChangeReply(WriteResult {
        body: describe(id, &answer.state, opened, &[], Vec::new()),
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ConversationResponse>, Problem> {
    let installation = &ctx.installation;
    let clear = read_clear_flag(&input, &CLEAR)?;
    let id: ConversationId = input.id(0, "this conversation")?;
    let reader = input.reader();
    let (state, opened) = seen(&ctx, input.scope.clone(), id).await?;
    if clear {
        let (campaign, customer) = (Some(&opened.campaign), Some(&opened.customer));
        let what = "what was written in clear";
        refuse_unrevealed(&ctx, &input.caller, campaign, customer, what).await?;
    }
    let what = ReadContent {
        form: if clear { ReadForm::Clear } else { ReadForm::Masked },
        customer: Some(opened.customer.clone()),
        campaign: Some(opened.campaign.clone()),
        ..MASKED
    };
    let texted = transcript(installation, id).await?;
    let mut lines = texts_of(&texted);
    let readable = lines.iter().filter(|line| line.text.is_some());
    put_on_record(installation, reader, what.with_values(readable.count())).await?;
    if !clear {
        let named = FlowSelector {
            flow: opened.flow.flow.clone(),
            version: Some(opened.flow.version),
        };
        let (_, flow) = definition_of(installation, &named).await?;
        let texts = Texts::of(&flow);
        lines.iter_mut().for_each(|line| unfilled(line, &texts));
        mask_theirs(&mut lines, &flow.own_words());
    }
    Ok(ReadReply(describe(id, &state, opened, &texted, lines)))
}

async fn summed_up(ctx: Ctx, input: Input) -> Result<ReadReply<TextSummaryResponse>, Problem> {
    let installation = &ctx.installation;
    let clear = read_clear_flag(&input, &CLEAR)?;
    let id: ConversationId = input.id(0, "this conversation")?;
    let reader = input.reader();
    let (_, opened) = seen(&ctx, input.scope.clone(), id).await?;
    if clear {
        let (campaign, customer) = (Some(&opened.campaign), Some(&opened.customer));
        refuse_unrevealed(&ctx, &input.caller, campaign, customer, "a summary in clear").await?;
    }
    let shown = text_summary(installation, id, clear).await?;
    let what = ReadContent {
        form: if clear { ReadForm::Clear } else { ReadForm::Masked },
        customer: Some(opened.customer),
        campaign: Some(opened.campaign),
        ..SUMMARY
    };
    let what = what.with_values(shown.values_count());
    put_on_record(installation, reader, what).await?;
    Ok(ReadReply(shown))
}

/// Records that the caller receives texts of this conversation, with the columns that its flow may fill in.
async fn record_texts(ctx: &Ctx, reader: Reader, opened: &OpenedFact) -> Result<(), Problem> {
    let disclosure = Disclosure {
        reader,
        campaign: &opened.campaign,
        customer: &opened.customer,
    };
    let columns = opened.variables.keys().cloned().collect();
    disclosure.record(ctx, columns).await
}

/// Replaces the text of one of our lines by the flow's text with its variables unfilled. A line of the
/// customer stays: it was masked before it was stored.
fn unfilled(line: &mut ConversationLineResponse, texts: &Texts) {
    if line.side == TextAuthor::Us
        && let Some(prompt) = &line.prompt
    {
        line.text = texts.at(prompt, line.variant.as_deref()).text;
    }
}

/// Returns a conversation if the caller's data scope includes its customer; otherwise `missing`.
async fn seen(
    ctx: &Ctx,
    scope: DataScope,
    id: ConversationId,
) -> Result<(Arc<ConversationState>, OpenedFact), Problem> {
    let (state, opened) = known(&ctx.installation, id).await?;
    match require_call_in_scope(ctx, &scope, &opened.campaign, &opened.customer).await {
        Ok(()) => Ok((state, opened)),
        Err(problem) if problem.is_ours() => Err(problem),
        Err(_) => Err(Problem::missing("this conversation")),
    }
}
