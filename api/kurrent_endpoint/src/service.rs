//! The Streams service: passes each request to the reader or writer of its kind.

use crate::admission::CallerPermissions;
use crate::all_stream::{BackwardAllRead, ForwardAllRead};
use crate::appends;
use crate::batch_append::{self, BatchAppendResponses};
use crate::errors::{self, of_store, unimplemented};
use crate::filter::Filter;
use crate::generated::event_store::client::streams::streams_server::Streams;
use crate::generated::event_store::client::streams::{
    AppendReq, AppendResp, BatchAppendReq, DeleteReq, DeleteResp, ReadReq, TombstoneReq, TombstoneResp,
};
use crate::paging::{Replies, replies};
use crate::positions::{POSITION_MAX, Positions};
use crate::request::{ReadMode, ReadRequest, ReadSource, ReadStart};
use crate::stream::{self, BackwardStreamRead, ForwardStreamRead};
use crate::subscriptions::{ClientSubscription, SubscriptionSource};
use crate::wire::ClientView;
use domain::ids::{NAMESPACE, StreamId};
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::StopSignal;
use domain::stored_event::{Position, StreamVersion};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

/// The most subscriptions at once; the store has as many again for the process itself.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 256;

/// The state shared by all calls.
pub(crate) struct Service {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Arc<dyn StopSignal>,
    pub(crate) positions: Positions,
    pub(crate) append: bool,
    pub(crate) subscriptions: Arc<Semaphore>,
    pub(crate) asked: AtomicU64,
}

impl Service {
    async fn head(&self) -> Result<Position, Status> {
        self.store.head().await.map_err(|error| of_store(&error))
    }

    /// Returns an error if this log has never reached the position: the client read another history.
    fn refuse_beyond(&self, shown: u64, at: Position, head: Position) -> Result<(), Status> {
        if at <= head {
            return Ok(());
        }
        let head = self.positions.shown(head);
        Err(Status::failed_precondition(format!(
            "position {shown} is beyond the head {head}: the log was restored or is another one; continue from a position up to \
             the head"
        )))
    }

    /// Opens the reply to a read request.
    pub(crate) async fn open(
        &self,
        wish: ReadRequest,
        admitted: CallerPermissions,
    ) -> Result<Replies, Status> {
        let stop = admitted.until.unwrap_or_else(|| Arc::clone(&self.stop));
        let view = ClientView {
            campaigns: admitted.campaigns,
            number_ids: admitted.number_ids,
            positions: self.positions,
            structured_ids: wish.structured_ids,
        };
        let from = wish.from;
        match (wish.of, wish.how) {
            (ReadSource::Stream(stream), ReadMode::Follow) => {
                self.follow_stream(stream, from, view, stop).await
            }
            (ReadSource::All(filter), ReadMode::Follow) => {
                let after = match from {
                    ReadStart::Start => Position(0),
                    ReadStart::At(shown) => {
                        let at = self.positions.at_or_below(shown);
                        self.refuse_beyond(shown, at, self.head().await?)?;
                        at
                    }
                    ReadStart::End => self.head().await?,
                };
                self.follow(view, SubscriptionSource::All(filter), after, stop)
            }
            (ReadSource::Stream(stream), how) => {
                Ok(self.read_stream(stream, how, from, view, wish.end_markers, stop))
            }
            (ReadSource::All(filter), how) => {
                if let (ReadMode::Forwards(_), ReadStart::At(shown)) = (how, from) {
                    // The event at the position is included, so the position before it may be the head.
                    self.refuse_beyond(shown, self.positions.below(shown), self.head().await?)?;
                }
                Ok(self.read_all(filter, how, from, view, stop))
            }
        }
    }

    fn read_stream(
        &self,
        stream: StreamId,
        how: ReadMode,
        from: ReadStart,
        view: ClientView,
        end_markers: bool,
        stop: Arc<dyn StopSignal>,
    ) -> Replies {
        let store = Arc::clone(&self.store);
        if let ReadMode::Backwards(left) = how {
            let pages = BackwardStreamRead {
                store,
                stream,
                view,
                at: None,
                from,
                left,
                found: false,
            };
            return replies(pages, stop);
        }
        let (after, left) = match from {
            ReadStart::Start => (0, count(how)),
            ReadStart::At(revision) => (revision.min(POSITION_MAX), count(how)),
            ReadStart::End => (0, 0),
        };
        let pages = ForwardStreamRead {
            store,
            stream,
            view,
            after: StreamVersion(after),
            left,
            end_markers,
            found: false,
        };
        replies(pages, stop)
    }

    fn read_all(
        &self,
        filter: Option<Filter>,
        how: ReadMode,
        from: ReadStart,
        view: ClientView,
        stop: Arc<dyn StopSignal>,
    ) -> Replies {
        let store = Arc::clone(&self.store);
        if let ReadMode::Backwards(left) = how {
            let pages = BackwardAllRead {
                store,
                view,
                filter,
                at: None,
                from,
                left,
            };
            return replies(pages, stop);
        }
        let (after, left) = match from {
            ReadStart::Start => (Position(0), count(how)),
            ReadStart::At(shown) => (self.positions.below(shown), count(how)),
            ReadStart::End => (Position(0), 0),
        };
        let pages = ForwardAllRead {
            store,
            view,
            filter,
            after,
            left,
        };
        replies(pages, stop)
    }

    /// Opens a subscription to a stream. The head is read before the stream's version, so no event between
    /// them is missed.
    async fn follow_stream(
        &self,
        stream: StreamId,
        from: ReadStart,
        view: ClientView,
        stop: Arc<dyn StopSignal>,
    ) -> Result<Replies, Status> {
        let head = self.head().await?;
        let after = match from {
            ReadStart::Start => StreamVersion(0),
            ReadStart::At(revision) => {
                let after = StreamVersion(revision.min(POSITION_MAX).saturating_add(1));
                let last = stream::version_of(&*self.store, &stream).await;
                let last = last.map_err(|error| of_store(&error))?;
                if after > last {
                    return Err(Status::failed_precondition(format!(
                        "revision {revision} is beyond the end of the stream, which has {} events: the log was restored \
                         or is another one",
                        last.0
                    )));
                }
                after
            }
            ReadStart::End => stream::version_of(&*self.store, &stream)
                .await
                .map_err(|error| of_store(&error))?,
        };
        self.follow(view, SubscriptionSource::Stream(stream, after), head, stop)
    }

    fn follow(
        &self,
        view: ClientView,
        followed: SubscriptionSource,
        after: Position,
        stop: Arc<dyn StopSignal>,
    ) -> Result<Replies, Status> {
        let Ok(place) = Arc::clone(&self.subscriptions).try_acquire_owned() else {
            let why = format!("{SUBSCRIPTIONS_MAX} subscriptions are open; close one");
            return Err(Status::resource_exhausted(why));
        };
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let id = Uuid::new_v5(&NAMESPACE, format!("subscription {number}").as_bytes());
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let pages = ClientSubscription::new(store, clock, view, followed, after, id, place);
        Ok(replies(pages, stop))
    }
}

/// Returns how many events a read requests.
const fn count(how: ReadMode) -> u64 {
    match how {
        ReadMode::Forwards(count) | ReadMode::Backwards(count) => count,
        ReadMode::Follow => u64::MAX,
    }
}

/// Returns the caller's permissions, which the server has added to the request.
fn admitted<T>(request: &Request<T>) -> Result<CallerPermissions, Status> {
    let admitted = request.extensions().get::<CallerPermissions>();
    admitted.cloned().ok_or_else(errors::not_admitted)
}

#[tonic::async_trait]
impl Streams for Service {
    type ReadStream = Replies;
    type BatchAppendStream = BatchAppendResponses;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Replies>, Status> {
        let admitted = admitted(&request)?;
        if !admitted.may_read {
            return Err(errors::not_allowed("reading events"));
        }
        let wish = ReadRequest::read(request.into_inner())?;
        Ok(Response::new(self.open(wish, admitted).await?))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        if !self.append {
            return Err(errors::read_only());
        }
        if !admitted(&request)?.may_append {
            return Err(errors::not_allowed("appending events"));
        }
        let batch = appends::receive(request.into_inner()).await?;
        let expected = batch.expected;
        let outcome = batch.store(&*self.store, self.positions).await?;
        Ok(Response::new(appends::answer(expected, &outcome)))
    }

    async fn delete(&self, _request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(unimplemented("deleting streams (stored events are permanent)"))
    }

    async fn tombstone(&self, _request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(unimplemented("deleting streams (stored events are permanent)"))
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<BatchAppendResponses>, Status> {
        if !self.append {
            return Err(errors::read_only());
        }
        if !admitted(&request)?.may_append {
            return Err(errors::not_allowed("appending events"));
        }
        Ok(Response::new(batch_append::answers(
            request.into_inner(),
            Arc::clone(&self.store),
            self.positions,
            Arc::clone(&self.stop),
        )))
    }
}
