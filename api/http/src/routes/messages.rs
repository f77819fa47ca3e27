//! Messages to persons over HTTP: sent, listed, and what a gateway tells of replies.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::disclosures::Disclosure;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::{in_scope, sees_person};
use crate::paging::{CURSOR, LIMIT, LONG, Paged, Paging};
use crate::reply::Written;
use application::inquiring::{BY, REASON, Shown, put_on_record};
use application::messages::{
    Destination, MessageDraft, MessageSent, MessagesShown, ReplyOrder, ReplyTaken, destination, messages_of,
    reply, send_ordered,
};
use application::parameter::Parameter;
use domain::ids::{CampaignId, MessageId};
use domain::inquiry::ReadForm;
use domain::message::{REPLY_ID_BYTES_MAX, TEXT_CHARS_MAX, Way};
use domain::outside_address::check_mail;
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// Longest id of a customer, address or subject that is read.
const TEXT_BYTES_MAX: usize = 256;

/// Most addresses of what goes with a message.
const ATTACHMENTS_MAX: usize = 5;

/// When and how somebody was written to is of that person.
const MESSAGES: Shown = Shown::of(&["messages"], ReadForm::Masked);

/// Whose messages.
const CUSTOMER: Parameter =
    Parameter::text("customer", "The institution's id of the customer, or ours", "C01");

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/messages",
            "Send a person of a campaign a message: rules, caps and quiet hours are asked first",
            order,
        )
        .needs(Permission::CallsWrite, About::Handler)
        .takes::<MessageOrder>(),
        Endpoint::get(
            "/api/v1/messages",
            "The messages of a person, and what became of each",
            list,
        )
        .needs(Permission::CallsRead, About::Handler)
        .query(const { &[CUSTOMER.needed(), BY, REASON, CURSOR, LIMIT] }),
        Endpoint::post(
            "/api/v1/messages/replies",
            "What a gateway tells of a reply: 退订, T, TD or STOP is an opt-out, on the number first",
            replied,
        )
        .needs(Permission::NumbersOptOut, About::Nobody)
        .takes::<MessageReply>()
        .kept(),
    ]
}

/// Whom to send what.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "campaign": "TASK20261120", "customer": "C01", "way": "sms",
    "text": "您的还款计划：{{link}}", "link": "https://example.com/plan" }]))]
struct MessageOrder {
    #[schemars(with = "CampaignId")]
    campaign: Option<CampaignId>,
    /// The institution's id of the customer, or ours; somebody of the campaign's lists.
    #[schemars(length(min = 1, max = TEXT_BYTES_MAX))]
    customer: String,
    #[schemars(with = "Way")]
    way: Option<Way>,
    /// Of a mail: its address.
    to: Option<String>,
    /// Of a mail.
    subject: Option<String>,
    /// With variables of the list's row, such as {{name}}.
    #[schemars(length(min = 1, max = TEXT_CHARS_MAX))]
    text: String,
    /// More values.
    variables: Option<BTreeMap<String, String>>,
    /// Stands where the text has {{link}}, else behind it.
    link: Option<String>,
    /// Addresses of pictures or documents.
    attachments: Option<Vec<String>>,
}

impl Order for MessageOrder {
    fn read(body: &mut Members) -> Self {
        for needed in ["campaign", "way"] {
            if body.is_absent(needed) {
                body.wrong(needed, "is missing");
            }
        }
        let order = Self {
            campaign: body.parsed("campaign"),
            customer: body.needed_short_text("customer", TEXT_BYTES_MAX),
            way: body.value("way"),
            to: body.short_text("to", TEXT_BYTES_MAX),
            subject: body.short_text("subject", TEXT_BYTES_MAX),
            text: body.needed_short_text("text", TEXT_CHARS_MAX.saturating_mul(4)),
            variables: body.value("variables"),
            link: body.short_text("link", TEXT_BYTES_MAX),
            attachments: body.value("attachments"),
        };
        // What names a column is filled in later; an address is checked now.
        let written = order.to.as_deref().filter(|to| !to.contains("{{"));
        if let Some(Err(fault)) = written.filter(|_| order.way == Some(Way::Mail)).map(check_mail) {
            body.wrong("to", fault);
        }
        let is_link = |link: &String| link.starts_with("https://") && link.len() <= TEXT_BYTES_MAX;
        if order.link.as_ref().is_some_and(|link| !is_link(link)) {
            body.wrong("link", "is no https address");
        }
        let attached = order.attachments.as_deref().unwrap_or_default();
        if attached.len() > ATTACHMENTS_MAX || !attached.iter().all(is_link) {
            body.wrong(
                "attachments",
                format!("are at most {ATTACHMENTS_MAX} https addresses"),
            );
        }
        order
    }
}

async fn order(ctx: Ctx, input: Input) -> Result<MadeOrChanged<MessageSent>, Problem> {
    let cause = input.cause(&ctx.installation, "messages")?;
    let (scope, comparer, reader) = (input.scope.clone(), input.comparer(), input.reader_by_post());
    let order: MessageOrder = input.order().await?;
    let campaign = order.campaign.ok_or_else(|| Problem::missing("this campaign"))?;
    in_scope(&scope, &campaign)?;
    let (customer, person) = ctx.compare_customer(&comparer, &order.customer).await?;
    if !sees_person(&ctx, &scope, &person).await? {
        return Err(Problem::missing("this customer"));
    }
    let draft = MessageDraft {
        campaign,
        customer,
        way: order.way.unwrap_or(Way::Sms),
        to: order.to,
        subject: order.subject,
        text: order.text,
        variables: order.variables.unwrap_or_default(),
        link: order.link,
        attachments: order.attachments.unwrap_or_default(),
    };
    // Another address than the person's own: its reader sees the person's values.
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
    Ok(MadeOrChanged::Made(Written {
        version: Some(sent.version),
        position: Some(sent.position),
        body: sent,
    }))
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<MessagesShown>>, Problem> {
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
    let what = Shown {
        customer: Some(customer),
        ..MESSAGES
    };
    let what = what.with_values(list.items.len());
    put_on_record(&ctx.installation, input.reader(), what).await?;
    Ok(Read(Paged { list, next_cursor }))
}

/// What a gateway tells.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "id": "r-1", "from": "13800138000", "text": "退订" }]))]
struct MessageReply {
    /// The gateway's own id of the reply: the same one again is the same reply.
    #[schemars(length(min = 1, max = REPLY_ID_BYTES_MAX))]
    id: String,
    /// The message that is answered, by the `id` that the gateway was given with it.
    message: Option<MessageId>,
    /// The number that answers.
    from: Option<String>,
    #[schemars(length(min = 1, max = TEXT_CHARS_MAX))]
    text: String,
}

impl Order for MessageReply {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("message") && body.is_absent("from") {
            body.wrong("from", "or message says who answers: one of them at least");
        }
        Self {
            id: body.needed_short_text("id", REPLY_ID_BYTES_MAX),
            message: body.parsed("message"),
            from: body.short_text("from", TEXT_BYTES_MAX),
            text: body.needed_short_text("text", TEXT_CHARS_MAX.saturating_mul(4)),
        }
    }
}

async fn replied(ctx: Ctx, input: Input) -> Result<Changed<ReplyTaken>, Problem> {
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
    let order = ReplyOrder {
        reply: received.id,
        message: received.message,
        numbers: ids.collect(),
        text: received.text,
    };
    let body = reply(installation, order, cause).await?;
    Ok(Changed(Written {
        body,
        version: None,
        position: None,
    }))
}
