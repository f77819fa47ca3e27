//! Routes of the event log: pages of events, and live streams without gaps or repetitions.

use crate::api_description::{EventStreamReply, ReadReply, WebSocketReply};
use crate::comparisons::{Comparer, number_ids};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::event_stream::sse::sse;
use crate::event_stream::web_socket::{self, MESSAGE_BYTES_MAX};
use application::access::{AccessStopSignal, Caller};
use application::cloud_event::{EventPage, page_of};
use application::event_stream::{
    self, Feed, FeedPorts, FilterParameters, StreamUse, filter_of, refuse_beyond_head,
};
use application::inquiries::customer_of;
use application::installation::Installation;
use application::parameter::Parameter;
use application::subscribers::{AcknowledgmentBuffer, begin, resolve_subscriber};
use domain::campaign::Campaign;
use domain::decider::Decider;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::ports::event_store::MatchingPage;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::subscriber::SubscriberId;
use std::sync::Arc;
use warp::Reply;

/// Default number of events on a page.
const PAGE_EVENTS: usize = 100;

/// Most events on a page. Records have at most 64 KiB, so a client can hold a page in memory.
const PAGE_EVENTS_MAX: usize = 1_000;

/// Most reads of the log for one page when nothing matches, together about 65,000 events, a tenth of a
/// second; the page then ends there.
const STRETCHES_MAX: usize = 16;

/// Query parameter: the position after which a page begins.
const AFTER: Parameter = Parameter::number("after", "Position after which to begin; default 0", 0);
const LIMIT: Parameter = Parameter::number("limit", "Events per page; default 100, at most 1000", 100);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/events", "List events", list)
            .describe(
                "Events after a position, oldest first, with personal values sealed as stored. Repeat with \
                 `after` set to `next` until `next` no longer changes.",
            )
            .needs(Permission::EventsRead, EndpointSubject::RowsAsked)
            .follow_position()
            .query(
                const {
                    &[
                        AFTER,
                        LIMIT,
                        event_stream::KIND,
                        event_stream::STREAM,
                        event_stream::CAMPAIGN,
                        event_stream::CUSTOMER,
                    ]
                },
            ),
        Endpoint::get(
            "/api/v1/campaigns/{id}/events",
            "List the events of a campaign",
            of_campaign,
        )
        .describe(
            "Events of the campaign's own stream, oldest first, as stored. Events of its calls are at each \
             call.",
        )
        .needs(Permission::CampaignsRead, EndpointSubject::Campaign)
        .follow_position()
        .query(const { &[AFTER, LIMIT, event_stream::KIND] }),
    ]
    .into_iter()
    .chain(streams())
    .collect()
}

fn streams() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/events/stream",
            "Follow events as server-sent events",
            follow,
        )
        .describe(
            "Sends all events after a position, then new ones as they are stored. Control messages: \
             `caught-up`, `fell-behind`, `position` and `end`.",
        )
        .needs(Permission::EventsRead, EndpointSubject::RowsAsked)
        .follow_position()
        .query(
            const {
                &[
                    Parameter::number(
                        "after",
                        "Position after which to begin; the header Last-Event-ID takes precedence; default 0",
                        0,
                    ),
                    event_stream::KIND,
                    event_stream::STREAM,
                    event_stream::CAMPAIGN,
                    event_stream::CUSTOMER,
                    event_stream::SUBSCRIBER,
                ]
            },
        )
        .headers(
            const {
                &[Parameter::number(
                    "Last-Event-ID",
                    "Position of the last received event; the stream continues after it",
                    42,
                )]
            },
        ),
        Endpoint::get(
            "/api/v1/events/ws",
            "Follow events over a WebSocket",
            follow_by_web_socket,
        )
        .describe(
            "The same stream as a WebSocket: one text message per event. The member `message` marks \
             messages that are not events.",
        )
        .needs(Permission::EventsRead, EndpointSubject::RowsAsked)
        .follow_position()
        .query(
            const {
                &[
                    Parameter::number("after", "Position after which to begin; default 0", 0),
                    event_stream::KIND,
                    event_stream::STREAM,
                    event_stream::CAMPAIGN,
                    event_stream::CUSTOMER,
                    event_stream::SUBSCRIBER,
                ]
            },
        ),
    ]
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<EventPage>, Problem> {
    let filter = admitted_filter(&ctx, words_of(&input), &input.comparer()).await?;
    page_asked(&ctx.installation, input, &filter).await.map(ReadReply)
}

/// Returns the events of a campaign's own stream, for callers who may see the campaign.
async fn of_campaign(ctx: Ctx, input: Input) -> Result<ReadReply<EventPage>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let state = ctx.installation.entities.campaigns.state(&campaign).await?.state;
    if state.created().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let words = FilterParameters {
        kinds: input.texts("kind").map(str::to_owned).collect(),
        streams: vec![Campaign::stream(&campaign).to_string()],
        ..FilterParameters::default()
    };
    let filter = filter_of(words, |_| Err("no customer is asked for".to_owned()))
        .map_err(|why| Problem::invalid("query-invalid", why))?;
    page_asked(&ctx.installation, input, &filter).await.map(ReadReply)
}

/// Returns the page of matching events that `AFTER` and `LIMIT` ask for.
async fn page_asked(
    installation: &Installation,
    input: Input,
    filter: &EventFilter,
) -> Result<EventPage, Problem> {
    let ids = number_ids(&input.caller);
    let after = Position(input.number("after")?.unwrap_or(0));
    refuse_beyond_head(installation.store(), after).await?;
    let limit = input
        .number("limit")?
        .unwrap_or(PAGE_EVENTS)
        .clamp(1, PAGE_EVENTS_MAX);
    let mut page = MatchingPage {
        events: Vec::new(),
        reached: after,
    };
    for _ in 0..STRETCHES_MAX {
        let from = page.reached;
        page = installation.store().read_matching(filter, from, limit).await?;
        if !page.events.is_empty() || page.reached == from {
            break;
        }
    }
    page_of(&page.events, page.reached, ids)
}

async fn follow(ctx: Ctx, input: Input) -> Result<EventStreamReply, Problem> {
    let after = match input.header("last-event-id") {
        Some(id) => Some(id.trim().parse().map_err(|error| {
            Problem::invalid(
                "position-invalid",
                format!("Last-Event-ID is not a position: {error}"),
            )
        })?),
        None => input.number("after")?,
    };
    let filter = admitted_filter(&ctx, words_of(&input), &input.comparer()).await?;
    let place = event_stream::place(&input.caller, StreamUse::Events)?;
    let asked = FollowRequest::of(&ctx.installation, &input, filter)?;
    let begun = asked.begin(&ctx.installation, after.map(Position)).await?;
    Ok(EventStreamReply(sse(begun.feed, place)))
}

async fn follow_by_web_socket(ctx: Ctx, mut input: Input) -> Result<WebSocketReply, Problem> {
    let after = input.number("after")?.map(Position);
    let upgrade = input.take_upgrade()?;
    let filter = admitted_filter(&ctx, words_of(&input), &input.comparer()).await?;
    let place = event_stream::place(&input.caller, StreamUse::Events)?;
    let (asked, by) = (
        FollowRequest::of(&ctx.installation, &input, filter)?,
        input.actor(),
    );
    let SubscriberFeed { feed, named } = asked.begin(&ctx.installation, after).await?;
    let response = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            let installation = &ctx.installation;
            let acknowledging = named
                .map(|named| AcknowledgmentBuffer::new(Arc::clone(installation), named.name, named.turn, by));
            let following = web_socket::follow(socket, feed, acknowledging, place);
            installation.tasks().spawn("event-socket", Box::pin(following));
        });
    Ok(WebSocketReply(response.into_response()))
}

/// A request to follow events: the caller, the filter, and the name of the subscriber, if any.
struct FollowRequest {
    caller: Caller,
    filter: EventFilter,
    name: Option<SubscriberId>,
    cause: Cause,
}

impl FollowRequest {
    fn of(installation: &Installation, input: &Input, filter: EventFilter) -> Result<Self, Problem> {
        let name = input.text("subscriber");
        Ok(Self {
            caller: input.caller.clone(),
            filter,
            name: name
                .map(|name| resolve_subscriber(&input.caller, name))
                .transpose()?,
            cause: input.cause(installation, "subscribers/follow")?,
        })
    }

    /// Starts the feed: all events after a position, or for a named subscriber those it has not acknowledged.
    async fn begin(
        self,
        installation: &Arc<Installation>,
        after: Option<Position>,
    ) -> Result<SubscriberFeed, Problem> {
        // Checked before the subscriber is created.
        refuse_beyond_head(installation.store(), after.unwrap_or_default()).await?;
        let Some(name) = self.name else {
            let feed = feed(installation, self.caller, self.filter, after.unwrap_or_default());
            return feed.await.map(|feed| SubscriberFeed { feed, named: None });
        };
        let wanted = (self.filter != EventFilter::default()).then_some(&self.filter);
        let following = begin(installation, name.clone(), wanted, after, self.cause).await?;
        let feed = feed(installation, self.caller, following.filter, following.position);
        let turn = following.turn;
        Ok(SubscriberFeed {
            feed: feed.await?.named(following.hold),
            named: Some(FeedSubscriber { name, turn }),
        })
    }
}

/// A feed, and the subscriber it belongs to.
struct SubscriberFeed {
    feed: Feed,
    named: Option<FeedSubscriber>,
}

/// The subscriber of a feed.
struct FeedSubscriber {
    name: SubscriberId,
    /// The turn of the subscriber; only acknowledgments of this turn count.
    turn: u32,
}

/// Opens the feed. A log that cannot be read gives a problem here, instead of a stream that ends at once.
async fn feed(
    installation: &Arc<Installation>,
    caller: Caller,
    filter: EventFilter,
    after: Position,
) -> Result<Feed, Problem> {
    refuse_beyond_head(installation.store(), after).await?;
    let ids = number_ids(&caller);
    let environment = &installation.environment;
    let ports = FeedPorts {
        store: Arc::clone(&environment.store),
        clock: Arc::clone(&environment.clock),
        stop: AccessStopSignal::of(installation, caller),
    };
    Ok(Feed::new(ports, filter, after).showing(ids))
}

fn words_of(input: &Input) -> FilterParameters {
    let texts = |name| input.texts(name).map(str::to_owned).collect();
    FilterParameters {
        kinds: texts("kind"),
        streams: texts("stream"),
        campaign: input.text("campaign").map(str::to_owned),
        customer: input.text("customer").map(str::to_owned),
    }
}

/// Reads the filter of the request. Comparing an external customer id passes the gate of comparisons.
async fn admitted_filter(
    ctx: &Ctx,
    mut words: FilterParameters,
    comparer: &Comparer,
) -> Result<EventFilter, Problem> {
    if let Some(text) = words.customer.take() {
        ctx.admit_customer_filter(comparer, &text).await?;
        words.customer = Some(customer_of(&ctx.installation, &text).await?.to_string());
    }
    filter_of(words, |_| Err("the customer is not known by its id".to_owned()))
        .map_err(|why| Problem::invalid("query-invalid", why))
}
