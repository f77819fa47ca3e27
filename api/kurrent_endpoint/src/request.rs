//! The content of a `Read` request: which events, from where, in which direction, how many, or following.

use crate::filter::Filter;
use crate::generated::event_store::client::streams::ReadReq;
use crate::generated::event_store::client::streams::read_req::Options;
use crate::generated::event_store::client::streams::read_req::options::all_options::AllOption;
use crate::generated::event_store::client::streams::read_req::options::stream_options::RevisionOption;
use crate::generated::event_store::client::streams::read_req::options::{
    CountOption, FilterOption, ReadDirection, StreamOption, uuid_option,
};
use crate::wire;
use domain::ids::StreamId;
use tonic::Status;

/// The beginning of a read or subscription, in the client's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadStart {
    Start,
    End,
    /// A revision or a shown position.
    At(u64),
}

/// The source of a read: one stream, or the log with an optional filter.
#[derive(Debug)]
pub(crate) enum ReadSource {
    Stream(StreamId),
    All(Option<Filter>),
}

/// The direction and the most events of a read; or a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadMode {
    Forwards(u64),
    Backwards(u64),
    Follow,
}

#[derive(Debug)]
pub(crate) struct ReadRequest {
    pub(crate) of: ReadSource,
    pub(crate) from: ReadStart,
    pub(crate) how: ReadMode,
    pub(crate) structured_ids: bool,
    /// True if the client wants `last_stream_position` at the end of a stream read.
    pub(crate) end_markers: bool,
}

impl ReadRequest {
    pub(crate) fn read(request: ReadReq) -> Result<Self, Status> {
        let missing = || Status::invalid_argument("a read without options");
        let options = request.options.ok_or_else(missing)?;
        let how = how(&options)?;
        let structured_ids = matches!(
            options.uuid_option.and_then(|option| option.content),
            Some(uuid_option::Content::Structured(()))
        );
        let end_markers = options
            .control_option
            .is_some_and(|option| option.compatibility >= 1);
        let filter = match options.filter_option {
            Some(FilterOption::Filter(filter)) => Some(Filter::read(filter)?),
            Some(FilterOption::NoFilter(())) | None => None,
        };
        let (of, from) = match options.stream_option {
            Some(StreamOption::Stream(stream)) => {
                if filter.is_some() {
                    return Err(Status::invalid_argument("a filter is for $all only"));
                }
                let from = match stream.revision_option {
                    Some(RevisionOption::Revision(revision)) => ReadStart::At(revision),
                    Some(RevisionOption::Start(())) | None => ReadStart::Start,
                    Some(RevisionOption::End(())) => ReadStart::End,
                };
                (
                    ReadSource::Stream(wire::stream_of(stream.stream_identifier)?),
                    from,
                )
            }
            Some(StreamOption::All(all)) => {
                let from = match all.all_option {
                    Some(AllOption::Position(position)) => ReadStart::At(position.commit_position),
                    Some(AllOption::Start(())) | None => ReadStart::Start,
                    Some(AllOption::End(())) => ReadStart::End,
                };
                (ReadSource::All(filter), from)
            }
            None => return Err(Status::invalid_argument("neither a stream nor $all is requested")),
        };
        Ok(Self {
            of,
            from,
            how,
            structured_ids,
            end_markers,
        })
    }
}

fn how(options: &Options) -> Result<ReadMode, Status> {
    let backwards = options.read_direction() == ReadDirection::Backwards;
    match &options.count_option {
        Some(CountOption::Count(count)) if backwards => Ok(ReadMode::Backwards(*count)),
        Some(CountOption::Count(count)) => Ok(ReadMode::Forwards(*count)),
        Some(CountOption::Subscription(_)) if backwards => {
            Err(Status::invalid_argument("a subscription runs forwards"))
        }
        Some(CountOption::Subscription(_)) => Ok(ReadMode::Follow),
        None => Err(Status::invalid_argument(
            "neither a count nor a subscription is requested",
        )),
    }
}
