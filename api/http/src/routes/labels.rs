//! Routes of labels: hand out the next turn to label, store a label, queue a turn, list turns, and export
//! training lines.

use crate::api_description::{ChangeReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{CURSOR, LIMIT, LONG, ListPage, Paging};
use crate::reply::WriteResult;
use actors::Answer;
use application::flows::definition_of;
use application::inquiries::{BY, REASON};
use application::labels::{
    Labeller, Labels, NextTurnResponse, ReservedTurnResponse, TRAINING_PAGE_MAX, TrainingLines,
    TurnLabelsResponse, add, labels, load_labelled_turn, meaning_of, next, request, training_lines,
};
use application::parameter::Parameter;
use application::targets::campaign_of;
use domain::disposition::InterestLevel;
use domain::flow::FlowSelector;
use domain::label::{INTENT_BYTES_MAX, Label, LabelValue, LabelWhy, LabeledTurn, Meaning, Sentiment, TurnId};
use domain::permission::DataScope;
use domain::problem::Problem;
use domain::stored_event::Position;
use evidence::replaying::Texts;
use intake::members::ApiRequest;
use projections::views::label_board::{LabelFilter, TurnState};
use schemars::JsonSchema;

/// Maximum length of the labeller's name, in bytes; an event's envelope has the same limit.
const NAME_BYTES_MAX: usize = 64;

const CAMPAIGN: Parameter = Parameter::campaign("Only turns of this campaign");

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/labels/next", "Get the next turn to label", hand_out)
            .describe(
                "Returns the turn with masked text and reserves it for the labeller for 15 minutes. `turn` \
                 is null if none waits. The read is recorded.",
            )
            .needs(Permission::LabelsWrite, EndpointSubject::CampaignAsked)
            .query(const { &[CAMPAIGN, REASON] })
            .takes::<NextTurnRequest>(),
        Endpoint::post("/api/v1/labels", "Label a turn", take)
            .describe(
                "Stores the meaning that the labeller gives to a turn. One label settles it, or two equal \
                 ones, or a third person's if two differ (setting `labels.people`).",
            )
            .needs(Permission::LabelsWrite, EndpointSubject::Handler)
            .takes::<TurnLabelRequest>(),
        Endpoint::post(
            "/api/v1/labels/requests",
            "Queue a turn for labelling",
            put_before_people,
        )
        .describe("Marks a turn as misheard or misunderstood, so that it is handed out to labellers.")
        .needs(Permission::LabelsWrite, EndpointSubject::Handler)
        .takes::<LabelRequest>(),
        Endpoint::get("/api/v1/labels", "List labelled turns", list)
            .describe("Returns waiting and settled turns, newest first, without their words.")
            .needs(Permission::LabelsWrite, EndpointSubject::CampaignAsked)
            .query(
                const {
                    &[
                        CAMPAIGN,
                        Parameter::one_of("state", "Only turns in this state", &["waiting", "settled"]),
                        CURSOR,
                        LIMIT,
                    ]
                },
            ),
        Endpoint::get(
            "/api/v1/labels/training",
            "Export settled turns as training lines",
            train,
        )
        .describe(
            "Returns the words of settled turns, masked, at most 200 per page. A read of each customer is \
             recorded.",
        )
        .needs(Permission::LabelsWrite, EndpointSubject::CampaignAsked)
        .heavy()
        .query(const { &[CAMPAIGN, CURSOR, LIMIT, BY, REASON] }),
    ]
}

/// The body that asks for the next turn.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "by": "wang" }]))]
struct NextTurnRequest {
    /// The labeller. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = NAME_BYTES_MAX))]
    by: Option<String>,
}

/// The body of a label.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{
    "turn": "call.308b38fa-b3fa-59e5-b685-93b305968d97.12", "intent": "ask_fee", "by": "wang"
}]))]
struct TurnLabelRequest {
    #[schemars(with = "TurnId")]
    #[member(parse)]
    turn: Option<TurnId>,
    /// Default: intent.
    meaning: Option<Meaning>,
    /// The intent, named as in the flow and the model.
    #[schemars(length(min = 1, max = INTENT_BYTES_MAX))]
    intent: Option<String>,
    sentiment: Option<Sentiment>,
    interest: Option<InterestLevel>,
    /// The labeller. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = NAME_BYTES_MAX))]
    by: Option<String>,
}

/// The body that queues a turn for labelling.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{
    "turn": "call.308b38fa-b3fa-59e5-b685-93b305968d97.12", "why": "misheard", "by": "wang"
}]))]
struct LabelRequest {
    #[schemars(with = "TurnId")]
    #[member(parse)]
    turn: Option<TurnId>,
    /// Default: misunderstood.
    why: Option<LabelWhy>,
    /// The user who queues it. Only used with the directory's own key; a user acts under their own name.
    #[schemars(length(max = NAME_BYTES_MAX))]
    by: Option<String>,
}

/// Hands out the next turn to label; null if there is none. Reads at the head of the log, so a turn that
/// was labelled just before is not handed out again.
async fn hand_out(ctx: Ctx, input: Input) -> Result<ReadReply<NextTurnResponse>, Problem> {
    let installation = &ctx.installation;
    let cause = input.cause(installation, "labels/next")?;
    let campaign = campaign_of(input.text("campaign"))?;
    let reader = input.reader_by_post();
    let asked: NextTurnRequest = input.order().await?;
    let labeller = Labeller {
        by: asked.by.unwrap_or_default(),
        reader,
    };
    let Some(mut handed) = next(installation, labeller, campaign.as_ref(), cause).await? else {
        return Ok(ReadReply(NextTurnResponse { turn: None }));
    };
    handed.asked = asked_before(&ctx, &handed).await?;
    Ok(ReadReply(NextTurnResponse { turn: Some(handed) }))
}

/// Returns the prompt before the turn, as the flow has it, with variables unfilled. `None` if it is unknown.
async fn asked_before(ctx: &Ctx, handed: &ReservedTurnResponse) -> Result<Option<String>, Problem> {
    let Some(((prompt, variant), flow)) = handed.asked_at.as_ref().zip(handed.flow.as_ref()) else {
        return Ok(None);
    };
    let named = FlowSelector {
        flow: flow.flow.clone(),
        version: Some(flow.version),
    };
    let (_, flow) = definition_of(&ctx.installation, &named).await?;
    Ok(Texts::of(&flow).at(prompt, variant.as_deref()).text)
}

async fn take(ctx: Ctx, input: Input) -> Result<ChangeReply<TurnLabelsResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "labels")?;
    let scope = input.scope.clone();
    let order: TurnLabelRequest = input.order().await?;
    let turn = seen(&ctx, &scope, order.turn).await?;
    let says = LabelValue {
        meaning: meaning_of(order.meaning),
        intent: order.intent,
        sentiment: order.sentiment,
        interest: order.interest,
    };
    let by = order.by.unwrap_or_default();
    let answer = add(&ctx.installation, turn.clone(), by, says, cause).await?;
    Ok(changed(&turn, &answer))
}

async fn put_before_people(ctx: Ctx, input: Input) -> Result<ChangeReply<TurnLabelsResponse>, Problem> {
    let cause = input.cause(&ctx.installation, "labels/requests")?;
    let scope = input.scope.clone();
    let order: LabelRequest = input.order().await?;
    let turn = seen(&ctx, &scope, order.turn).await?;
    let why = order.why.unwrap_or(LabelWhy::Misunderstood);
    let by = order.by.unwrap_or_default();
    let answer = request(&ctx.installation, turn.clone(), by, why, cause).await?;
    Ok(changed(&turn, &answer))
}

/// Returns a turn of a campaign in the caller's data scope; otherwise `missing`.
async fn seen(ctx: &Ctx, scope: &DataScope, turn: Option<TurnId>) -> Result<LabeledTurn, Problem> {
    let turn = turn.ok_or_else(|| Problem::missing("this turn"))?;
    let turn = load_labelled_turn(&ctx.installation, turn).await?;
    if !scope.admits_campaign(&turn.campaign) {
        return Err(Problem::missing("this turn"));
    }
    Ok(turn)
}

fn changed(turn: &LabeledTurn, answer: &Answer<Label>) -> ChangeReply<TurnLabelsResponse> {
    ChangeReply(WriteResult {
        body: TurnLabelsResponse::of(turn, answer),
        version: Some(answer.version),
        position: Some(answer.position),
    })
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<Labels>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let filter = LabelFilter {
        campaign: campaign_of(input.text("campaign"))?,
        state: match input.text("state") {
            Some("waiting") => Some(TurnState::Waiting),
            Some("settled") => Some(TurnState::Settled),
            _ => None,
        },
    };
    let below: Option<u64> = paging.place()?;
    let items = labels(&ctx.installation, &filter, below.map(Position), paging.limit).await?;
    let last = items.last().filter(|_| items.len() == paging.limit);
    let next_cursor = last.map(|row| paging.cursor(&row.place.0)).transpose()?;
    Ok(ReadReply(ListPage {
        list: Labels { items },
        next_cursor,
    }))
}

async fn train(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<TrainingLines>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let campaign = campaign_of(input.text("campaign"))?;
    let behind: Option<TurnId> = paging.place()?;
    let limit = paging.limit.min(TRAINING_PAGE_MAX);
    let reader = input.reader();
    let (list, last) = training_lines(
        &ctx.installation,
        &reader,
        campaign.as_ref(),
        behind.as_ref(),
        limit,
    )
    .await?;
    let next_cursor = last.map(|turn| paging.cursor(&turn)).transpose()?;
    Ok(ReadReply(ListPage { list, next_cursor }))
}
