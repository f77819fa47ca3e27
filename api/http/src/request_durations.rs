//! Durations of HTTP requests by method, route template and class of status.
//!
//! Each endpoint holds its own histograms, so that a request looks nothing up and takes no lock. A class of
//! status has a histogram from its first response on.

use domain::histogram::{DurationHistogram, HistogramReading, RESPONSE_BOUNDS_US};
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use warp::http::{Method, StatusCode};

/// The classes of status, as the label `status` names them.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The histograms of one endpoint, by class of status.
#[derive(Debug, Default)]
pub(crate) struct EndpointDurations([OnceLock<DurationHistogram>; CLASSES.len()]);

impl EndpointDurations {
    fn observe(&self, status: StatusCode, began_at: Timestamp, now: Timestamp) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(histogram) = self.0.get(class) {
            let histogram = histogram.get_or_init(|| DurationHistogram::new(RESPONSE_BOUNDS_US));
            histogram.observe(now.duration_since(began_at));
        }
    }
}

/// The duration of one request, counted when its response is known. If the handler panics, the request counts
/// as a fault; one that its client abandons does not count.
pub(crate) struct RequestTimer<'a> {
    durations: &'a EndpointDurations,
    clock: &'a dyn Clock,
    began_at: Timestamp,
}

impl<'a> RequestTimer<'a> {
    pub(crate) fn start(durations: &'a EndpointDurations, clock: &'a dyn Clock) -> Self {
        Self {
            durations,
            clock,
            began_at: clock.now(),
        }
    }

    pub(crate) fn stop(self, status: StatusCode) {
        self.durations.observe(status, self.began_at, self.clock.now());
    }
}

impl Drop for RequestTimer<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            self.durations.observe(status, self.began_at, self.clock.now());
        }
    }
}

/// One histogram with the values of its labels.
#[derive(Debug)]
pub(crate) struct RequestReading {
    pub method: &'static str,
    pub route: &'static str,
    pub status: &'static str,
    pub read: HistogramReading,
}

type DurationsByRoute = BTreeMap<(&'static str, &'static str), Arc<EndpointDurations>>;

/// The histograms of all endpoints.
#[derive(Debug, Default)]
pub(crate) struct RequestDurations(Mutex<DurationsByRoute>);

impl RequestDurations {
    /// Returns the histograms of an endpoint, for the time in which the routes are built.
    pub(crate) fn of(&self, method: &Method, route: &'static str) -> Arc<EndpointDurations> {
        let mut by_route = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_route.entry((route, word_of(method))).or_default())
    }

    /// Returns the histograms that have counts, by route and method.
    pub(crate) fn read(&self) -> Vec<RequestReading> {
        let by_route = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let readings = by_route.iter().flat_map(|(&(route, method), durations)| {
            let classes = CLASSES.into_iter().zip(&durations.0);
            classes.filter_map(move |(status, histogram)| {
                Some(RequestReading {
                    method,
                    route,
                    status,
                    read: histogram.get()?.read(),
                })
            })
        });
        readings.collect()
    }
}

/// Returns the method as a label: endpoints have these three only.
pub(crate) fn word_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::PUT => "PUT",
        _ => "POST",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_one_histogram_for_each_class_of_status_that_it_replied_with() {
        let all = RequestDurations::default();
        let (get, again) = (all.of(&Method::GET, "/a/{id}"), all.of(&Method::GET, "/a/{id}"));
        assert!(Arc::ptr_eq(&get, &again));
        let begin = Timestamp::EPOCH;
        get.observe(StatusCode::OK, begin, begin.plus_ms(3));
        get.observe(StatusCode::CREATED, begin, begin.plus_ms(3));
        get.observe(StatusCode::NOT_FOUND, begin, begin.plus_ms(3));
        all.of(&Method::POST, "/a/{id}");
        let read = all.read();
        let counts: Vec<_> = read
            .iter()
            .map(|one| (one.method, one.route, one.status, one.read.count))
            .collect();
        assert_eq!(
            counts,
            [("GET", "/a/{id}", "2xx", 2), ("GET", "/a/{id}", "4xx", 1)]
        );
    }
}
