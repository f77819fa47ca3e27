//! The event log over HTTP: pages of it, and streams that never skip and never repeat.

use crate::comparisons::{Comparer, number_ids};
use crate::described::{Follow, Read, Socket};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::event_stream::sse::sse;
use crate::event_stream::web_socket::{self, MESSAGE_BYTES_MAX};
use application::access::{Caller, WhileAllowed};
use application::cloud_event::{EventPage, page_of};
use application::event_stream::{self, Feed, FilterWords, Ports, StreamUse, filter_of, refuse_beyond_head};
use application::inquiring::customer_of;
use application::installation::Installation;
use application::parameter::Parameter;
use application::subscribers::{Acknowledging, begin, reached};
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

/// Events on a page unless asked otherwise.
const PAGE_EVENTS: usize = 100;

/// Most events on a page: with records of 64 KiB at worst, what a client can still hold.
const PAGE_EVENTS_MAX: usize = 1_000;

/// Stretches of the log looked at for one page that nothing matches: some 65,000 events, a tenth of a second.
const STRETCHES_MAX: usize = 16;

/// Where a page begins, and how many events are on it.
const AFTER: Parameter = Parameter::number("after", "Position after which to begin; default 0", 0);
const LIMIT: Parameter = Parameter::number("limit", "At most so many events; default 100, at most 1000", 100);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/events",
            "Events after a position, oldest first, sealed as stored; read on from `next` until it stays",
            list,
        )
        .needs(Permission::EventsRead, About::RowsAsked)
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
            "The events of one campaign itself, oldest first, sealed as stored; those of its calls are at each call",
            of_campaign,
        )
        .needs(Permission::CampaignsRead, About::Campaign)
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
            "Server-sent events from any position, with `caught-up`, `fell-behind`, `position` and `end`",
            follow,
        )
        .needs(Permission::EventsRead, About::RowsAsked)
        .query(
            const {
                &[
                    Parameter::number(
                        "after",
                        "Position after which to begin; the header Last-Event-ID wins; default 0",
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
                    "The last event that was heard: what comes after it is sent",
                    42,
                )]
            },
        ),
        Endpoint::get(
            "/api/v1/events/ws",
            "The same as a WebSocket: one text message an event; `message` names what is no event",
            follow_by_web_socket,
        )
        .needs(Permission::EventsRead, About::RowsAsked)
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

async fn list(ctx: Ctx, input: Input) -> Result<Read<EventPage>, Problem> {
    let filter = admitted_filter(&ctx, words_of(&input), &input.comparer()).await?;
    page_asked(&ctx.installation, input, &filter).await.map(Read)
}

/// A campaign's line of time, for whoever sees the campaign.
async fn of_campaign(ctx: Ctx, input: Input) -> Result<Read<EventPage>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let state = ctx.installation.entities.campaigns.state(&campaign).await?.state;
    if state.created().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let words = FilterWords {
        kinds: input.texts("kind").map(str::to_owned).collect(),
        streams: vec![Campaign::stream(&campaign).to_string()],
        ..FilterWords::default()
    };
    let filter = filter_of(words, |_| Err("no customer is asked for".to_owned()))
        .map_err(|why| Problem::invalid("query-invalid", why))?;
    page_asked(&ctx.installation, input, &filter).await.map(Read)
}

/// The page that `AFTER` and `LIMIT` ask for, of what a filter lets through.
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

async fn follow(ctx: Ctx, input: Input) -> Result<Follow, Problem> {
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
    let asked = Asked::of(&ctx.installation, &input, filter)?;
    let begun = asked.begin(&ctx.installation, after.map(Position)).await?;
    Ok(Follow(sse(begun.feed, place)))
}

async fn follow_by_web_socket(ctx: Ctx, mut input: Input) -> Result<Socket, Problem> {
    let after = input.number("after")?.map(Position);
    let upgrade = input.take_upgrade()?;
    let filter = admitted_filter(&ctx, words_of(&input), &input.comparer()).await?;
    let place = event_stream::place(&input.caller, StreamUse::Events)?;
    let (asked, by) = (Asked::of(&ctx.installation, &input, filter)?, input.actor());
    let Begun { feed, named } = asked.begin(&ctx.installation, after).await?;
    let response = upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            let installation = &ctx.installation;
            let acknowledging =
                named.map(|named| Acknowledging::new(Arc::clone(installation), named.name, named.turn, by));
            let following = web_socket::follow(socket, feed, acknowledging, place);
            installation.tasks().spawn("event-socket", Box::pin(following));
        });
    Ok(Socket(response.into_response()))
}

/// Who asked to follow what, and under which name.
struct Asked {
    caller: Caller,
    filter: EventFilter,
    name: Option<SubscriberId>,
    cause: Cause,
}

impl Asked {
    fn of(installation: &Installation, input: &Input, filter: EventFilter) -> Result<Self, Problem> {
        let name = input.text("subscriber");
        Ok(Self {
            caller: input.caller.clone(),
            filter,
            name: name.map(|name| reached(&input.caller, name)).transpose()?,
            cause: input.cause(installation, "subscribers/follow")?,
        })
    }

    /// Everything after a position, or what a named subscriber has not acknowledged yet.
    async fn begin(
        self,
        installation: &Arc<Installation>,
        after: Option<Position>,
    ) -> Result<Begun, Problem> {
        // Before a name is made for it.
        refuse_beyond_head(installation.store(), after.unwrap_or_default()).await?;
        let Some(name) = self.name else {
            let feed = feed(installation, self.caller, self.filter, after.unwrap_or_default());
            return feed.await.map(|feed| Begun { feed, named: None });
        };
        let wanted = (self.filter != EventFilter::default()).then_some(&self.filter);
        let following = begin(installation, name.clone(), wanted, after, self.cause).await?;
        let feed = feed(installation, self.caller, following.filter, following.position);
        let turn = following.turn;
        Ok(Begun {
            feed: feed.await?.named(following.hold),
            named: Some(Named { name, turn }),
        })
    }
}

/// A feed, and under which name it is told.
struct Begun {
    feed: Feed,
    named: Option<Named>,
}

struct Named {
    name: SubscriberId,
    /// What is acknowledged is of this turn of the name.
    turn: u32,
}

/// A log that cannot be read is told now, as a problem, rather than by a stream that ends at once.
async fn feed(
    installation: &Arc<Installation>,
    caller: Caller,
    filter: EventFilter,
    after: Position,
) -> Result<Feed, Problem> {
    refuse_beyond_head(installation.store(), after).await?;
    let ids = number_ids(&caller);
    let environment = &installation.environment;
    let ports = Ports {
        store: Arc::clone(&environment.store),
        clock: Arc::clone(&environment.clock),
        stop: WhileAllowed::of(installation, caller),
    };
    Ok(Feed::new(ports, filter, after).showing(ids))
}

fn words_of(input: &Input) -> FilterWords {
    let texts = |name| input.texts(name).map(str::to_owned).collect();
    FilterWords {
        kinds: texts("kind"),
        streams: texts("stream"),
        campaign: input.text("campaign").map(str::to_owned),
        customer: input.text("customer").map(str::to_owned),
    }
}

/// The filter that the request names. A customer's own id passes the gate before comparisons.
async fn admitted_filter(
    ctx: &Ctx,
    mut words: FilterWords,
    comparer: &Comparer,
) -> Result<EventFilter, Problem> {
    if let Some(text) = words.customer.take() {
        ctx.admit_customer_filter(comparer, &text).await?;
        words.customer = Some(customer_of(&ctx.installation, &text).await?.to_string());
    }
    filter_of(words, |_| Err("the customer is not known by its id".to_owned()))
        .map_err(|why| Problem::invalid("query-invalid", why))
}
