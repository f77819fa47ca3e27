//! The span of an HTTP request: method, route template and status; nothing of its path, query or body.
//!
//! A request with a sampled `traceparent` continues its client's trace. One without a `traceparent` begins a
//! trace, if the sampling ratio selects it.

use crate::context::Ctx;
use crate::request_durations::word_of;
use crate::request_pipeline::RequestPipeline;
use actors::{OpenSpan, SpanAttribute, SpanFacts, SpanKind};
use domain::stored_event::TraceParent;
use std::sync::Arc;
use warp::http::{HeaderMap, StatusCode};

/// The header of the trace context.
const HEADER: &str = "traceparent";

/// The span of a request that is being answered.
pub(crate) struct RequestSpan {
    ctx: Ctx,
    span: OpenSpan,
    method: &'static str,
    route: &'static str,
}

impl RequestSpan {
    /// Begins the span; `None` if spans are off, or the trace is not sampled.
    pub(crate) fn begin(pipeline: &RequestPipeline, headers: &HeaderMap) -> Option<Self> {
        let environment = &pipeline.ctx.installation.environment;
        if !environment.traces.is_on() {
            return None;
        }
        let parent = headers.get(HEADER).and_then(|header| header.to_str().ok());
        let span = environment.first_span(parent.and_then(TraceParent::read))?;
        Some(Self {
            ctx: Arc::clone(&pipeline.ctx),
            span,
            method: word_of(&pipeline.method),
            route: pipeline.route,
        })
    }

    pub(crate) const fn context(&self) -> TraceParent {
        self.span.context()
    }

    pub(crate) fn end(self, status: StatusCode) {
        let environment = &self.ctx.installation.environment;
        environment.end_span(Some(self.span), || {
            let attributes = vec![
                SpanAttribute::Method(self.method),
                SpanAttribute::Route(self.route),
                SpanAttribute::Status(status.as_u16()),
            ];
            SpanFacts::new(SpanKind::Request, self.route, attributes).failed(status.is_server_error())
        });
    }
}
