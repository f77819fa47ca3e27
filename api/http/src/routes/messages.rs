//! Routes of messages to customers: send one, list them, and receive replies from a gateway.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::disclosures::Disclosure;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::{require_campaign_in_scope, sees_person};
use crate::paging::{CURSOR, LIMIT, LONG, ListPage, Paging};
use crate::reply::WriteResult;
use application::inquiries::{BY, REASON, ReadContent, put_on_record};
use application::messages::{
    Destination, MessageDraft, MessageReplyRequest, MessageReplyResult, MessageSent, MessagesResponse,
    destination, messages_of, reply, send_ordered,
};
use application::parameter::Parameter;
use domain::external_address::check_mail;
use domain::ids::{CampaignId, MessageId};
use domain::inquiry::ReadForm;
use domain::message::{MessageMethod, REPLY_ID_BYTES_MAX, TEXT_CHARS_MAX};
use domain::problem::Problem;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// Maximum length of a customer id, an address or a mail's subject, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// Maximum number of attachments of a message.
const ATTACHMENTS_MAX: usize = 5;

/// What the audit record of a read of a customer's messages names as shown: when and how the customer was
/// contacted is personal data.
const MESSAGES: ReadContent = ReadContent::of(&["messages"], ReadForm::Masked);

/// Query parameter: the customer who received the messages.
const CUSTOMER: Parameter = Parameter::text("customer", "External or internal id of the customer", "C01");

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/messages", "Send a message to a customer", order)
            .describe(
                "Sends an SMS, a mail or a webhook message to a customer of a campaign. Rules, caps and \
                 quiet hours are checked first and can refuse.",
            )
            .needs(Permission::CallsWrite, EndpointSubject::Handler)
            .takes::<MessageRequest>(),
        Endpoint::get("/api/v1/messages", "List a customer's messages", list)
            .describe("Returns each message with its delivery state. The read is recorded.")
            .needs(Permission::CallsRead, EndpointSubject::Handler)
            .query(const { &[CUSTOMER.needed(), BY, REASON, CURSOR, LIMIT] }),
        Endpoint::post("/api/v1/messages/replies", "Report a reply to a message", replied)
            .describe(
                "For gateways. A reply with 退订, T, TD or STOP is an opt-out; it applies to the number \
                 before anything else is stored.",
            )
            .needs(Permission::NumbersOptOut, EndpointSubject::Unscoped)
            .takes::<MessageReply>()
            .kept(),
    ]
}

/// The body of a message: recipient, way, text and attachments.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_addresses)]
#[schemars(extend("examples" = [{ "campaign": "TASK20261120", "customer": "C01", "way": "sms",
    "text": "您的还款计划：{{link}}", "link": "https://example.com/plan" }]))]
struct MessageRequest {
    #[schemars(with = "CampaignId")]
    #[member(parse)]
    campaign: Option<CampaignId>,
    /// External or internal id of the customer. The customer must be in a list of the campaign.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    customer: String,
    #[schemars(with = "MessageMethod")]
    way: Option<MessageMethod>,
    /// For a mail: the address.
    #[schemars(length(max = TEXT_BYTES_MAX))]
    to: Option<String>,
    /// For a mail: the subject.
    #[schemars(length(max = TEXT_BYTES_MAX))]
    subject: Option<String>,
    /// The text, with variables of the customer's list row, for example {{name}}.
    #[schemars(length(min = 1, max = TEXT_CHARS_MAX))]
    #[member(chars)]
    text: String,
    /// Additional values for variables.
    variables: Option<BTreeMap<String, String>>,
    /// Replaces {{link}} in the text, or is appended to the text.
    #[schemars(length(max = TEXT_BYTES_MAX))]
    link: Option<String>,
    /// HTTPS addresses of pictures or documents, at most 5.
    attachments: Option<Vec<String>>,
}

fn check_addresses(request: &MessageRequest, body: &mut Members) {
    // An address with variables is checked after they are filled in; any other is checked now.
    let written = request.to.as_deref().filter(|to| !to.contains("{{"));
    if let Some(Err(fault)) = written
        .filter(|_| request.way == Some(MessageMethod::Mail))
        .map(check_mail)
    {
        body.wrong("to", fault);
    }
    let is_link = |link: &String| link.starts_with("https://") && link.len() <= TEXT_BYTES_MAX;
    if request.link.as_ref().is_some_and(|link| !is_link(link)) {
        body.wrong("link", "is no https address");
    }
    let attached = request.attachments.as_deref().unwrap_or_default();
    if attached.len() > ATTACHMENTS_MAX || !attached.iter().all(is_link) {
        body.wrong(
            "attachments",
            format!("are at most {ATTACHMENTS_MAX} https addresses"),
        );
    }
}

async fn order(ctx: Ctx, input: Input) -> Result<CreationReply<MessageSent>, Problem> {
    let cause = input.cause(&ctx.installation, "messages")?;
    let (scope, comparer, reader) = (input.scope.clone(), input.comparer(), input.reader_by_post());
    let order: MessageRequest = input.order().await?;
    let campaign = order.campaign.ok_or_else(|| Problem::missing("this campaign"))?;
    require_campaign_in_scope(&scope, &campaign)?;
    let (customer, person) = ctx.compare_customer(&comparer, &order.customer).await?;
    if !sees_person(&ctx, &scope, &person).await? {
        return Err(Problem::missing("this customer"));
    }
    let draft = MessageDraft {
        campaign,
        customer,
        way: order.way.unwrap_or(MessageMethod::Sms),
        to: order.to,
        subject: order.subject,
        text: order.text,
        variables: order.variables.unwrap_or_default(),
        link: order.link,
        attachments: order.attachments.unwrap_or_default(),
    };
    // With an address that is not the customer's own, its reader sees the customer's values.
    if let Destination::Other { columns } = destination(&ctx.installation, &draft).await?
        && !columns.is_empty()
    {
        let disclosure = Disclosure {
            reader,
            campaign: &draft.campaign,
            customer: &draft.customer,
        };
        disclosure.permit_and_record(&ctx, &comparer, columns).await?;
    }
    let sent = send_ordered(&ctx.installation, draft, cause).await?;
    Ok(CreationReply::Made(WriteResult {
        version: Some(sent.version),
        position: Some(sent.position),
        body: sent,
    }))
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<MessagesResponse>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let named = input.text(CUSTOMER.name).map(str::to_owned);
    let scope = input.scope.clone();
    let Some(named) = named else {
        return Err(Problem::invalid(
            "query-invalid",
            "select the customer with ?customer=",
        ));
    };
    let (customer, person) = ctx.compare_customer(&input.comparer(), &named).await?;
    if !sees_person(&ctx, &scope, &person).await? {
        return Err(Problem::missing("this customer"));
    }
    let mut list = messages_of(&ctx.installation, customer.clone()).await?;
    let (items, next_cursor) = paging.cut(list.items, |shown| (shown.ordered_at, shown.id))?;
    list.items = items;
    let what = ReadContent {
        customer: Some(customer),
        ..MESSAGES
    };
    let what = what.with_values(list.items.len());
    put_on_record(&ctx.installation, input.reader(), what).await?;
    Ok(ReadReply(ListPage { list, next_cursor }))
}

/// The body of a reply that a gateway received.
#[derive(ApiRequest, JsonSchema)]
#[request(before = require_an_origin)]
#[schemars(extend("examples" = [{ "id": "r-1", "from": "13800138000", "text": "退订" }]))]
struct MessageReply {
    /// The gateway's id of the reply. The same id again is the same reply.
    #[schemars(length(min = 1, max = REPLY_ID_BYTES_MAX))]
    id: String,
    /// The message that is answered: the `id` that the gateway received with it.
    #[member(parse)]
    message: Option<MessageId>,
    /// The phone number that sent the reply.
    #[schemars(length(max = TEXT_BYTES_MAX))]
    from: Option<String>,
    #[schemars(length(min = 1, max = TEXT_CHARS_MAX))]
    #[member(chars)]
    text: String,
}

fn require_an_origin(body: &mut Members) {
    if body.is_absent("message") && body.is_absent("from") {
        body.wrong("from", "or message says who answers: one of them at least");
    }
}

async fn replied(ctx: Ctx, input: Input) -> Result<ChangeReply<MessageReplyResult>, Problem> {
    let installation = &ctx.installation;
    let cause = input.cause(installation, "messages/replies")?;
    let received: MessageReply = input.order().await?;
    let phones = match &received.from {
        None => Vec::new(),
        Some(text) => installation.phones_forbidden(text).await?,
    };
    let ids = phones
        .iter()
        .map(|phone| installation.vault().derive_number(phone.as_e164()));
    let order = MessageReplyRequest {
        reply: received.id,
        message: received.message,
        numbers: ids.collect(),
        text: received.text,
    };
    let body = reply(installation, order, cause).await?;
    Ok(ChangeReply(WriteResult {
        body,
        version: None,
        position: None,
    }))
}
