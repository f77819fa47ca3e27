//! The endpoint for Prometheus: figures of the process, the log, the views, current calls, trunks, requests
//! and alerts, as `metric_catalogue` lists them.
//!
//! Labels contain no personal data: states of calls, trunks, views, alert rules. There is no label for
//! campaigns, because a scrape has no data scope.

use crate::api_description::TextReply;
use crate::dialing_metric::write_dialing_pauses;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::exposition::{Exposition, MEDIA_TYPE};
use crate::metric_catalogue as catalogue;
use application::reply_value::value;
use domain::histogram::Seconds;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use host::process_resources::ProcessResources;
use projections::live_figures::{LiveSnapshot, WindowFigures};
use projections::views::alert_board::{self, AlertFilter};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/metrics", "Get the metrics for Prometheus", scrape)
            .describe(
                "Figures of the process, the log, the views, calls, trunks, engines and alerts, in \
                 Prometheus' text format. They contain no personal data and no campaigns.",
            )
            .needs(Permission::MetricsRead, EndpointSubject::Unscoped)
            .skip_view_wait()
            .kept(),
    ]
}

/// Writes all figures. A part that cannot be read is left out; the others are returned, because a scrape is
/// most needed when something is broken.
async fn scrape(ctx: Ctx, _: Input) -> Result<TextReply, Problem> {
    let mut shown = Exposition::default();
    shown.put(&catalogue::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1);
    put_process(&ctx, &mut shown);
    let ready = ctx.process.readiness().await.ok().map(|ready| value(&ready));
    shown.put(&catalogue::READY, &[], u8::from(ready.is_some()));
    if let Some(ready) = &ready {
        put_readiness(&mut shown, ready);
    }
    put_log(&ctx, &mut shown).await;
    put_requests(&ctx, &mut shown);
    let report = ctx.process.dialing_report(&|_: &CampaignId| true).await;
    write_dialing_pauses(&mut shown, &report);
    if let Ok(figures) = ctx.installation.live.latest() {
        put_calls(&mut shown, &figures);
        put_trunks(&mut shown, &figures);
    }
    put_call_counters(&ctx, &mut shown);
    put_admission(&ctx, &mut shown);
    put_alerts(&ctx, &mut shown).await;
    put_engines(&ctx, &mut shown);
    put_spans(&ctx, &mut shown);
    Ok(TextReply {
        media_type: MEDIA_TYPE,
        text: shown.text(),
    })
}

/// Writes the resources of the process, its start, and when its certificate expires.
fn put_process(ctx: &Ctx, shown: &mut Exposition) {
    let resources = ProcessResources::read(&ctx.installation.directory);
    shown.put(&catalogue::START_TIME, &[], unix_seconds(ctx.process.started_at));
    if let Some(cpu_us) = resources.cpu_us {
        shown.put(&catalogue::CPU, &[], Seconds(cpu_us));
    }
    for (family, figure) in [
        (&catalogue::RESIDENT_MEMORY, resources.resident_bytes),
        (&catalogue::OPEN_DESCRIPTORS, resources.descriptors_open),
        (&catalogue::MAX_DESCRIPTORS, resources.descriptors_max),
        (&catalogue::DISK_FREE, resources.disk.map(|disk| disk.free_bytes)),
        (&catalogue::DISK_SIZE, resources.disk.map(|disk| disk.size_bytes)),
    ] {
        if let Some(figure) = figure {
            shown.put(family, &[], figure);
        }
    }
    let expiry = ctx.identity.as_ref().and_then(|identity| identity.expires_at());
    if let Some(expiry) = expiry {
        shown.put(&catalogue::CERTIFICATE_EXPIRY, &[], unix_seconds(expiry));
    }
}

fn unix_seconds(at: Timestamp) -> Seconds {
    Seconds(u64::try_from(at.micros()).unwrap_or_default())
}

fn put_readiness(shown: &mut Exposition, ready: &Value) {
    let dials = ready.pointer("/dialing").and_then(Value::as_str) == Some("dialing");
    shown.put(&catalogue::DIALING, &[], u8::from(dials));
    if let Some(age_ms) = ready.pointer("/worklist_age_ms").and_then(Value::as_u64) {
        shown.put(
            &catalogue::WORKLIST_AGE,
            &[],
            Seconds(age_ms.saturating_mul(1_000)),
        );
        shown.put(&catalogue::WORKLIST_AGE_MS, &[], age_ms);
    }
    let stops = ready.pointer("/stops").and_then(Value::as_array);
    shown.put(&catalogue::STOPS, &[], stops.map_or(0, Vec::len));
    let refused = ready.pointer("/sip_datagrams_refused").and_then(Value::as_object);
    for (why, count) in refused.into_iter().flatten() {
        shown.put(&catalogue::SIP_REFUSED, &[why], count);
    }
}

/// Writes the head of the log, the time of appends, and how far the views are behind. These are read also
/// while the server is not ready: late views are one reason for that.
async fn put_log(ctx: &Ctx, shown: &mut Exposition) {
    let store = ctx.installation.store();
    let append = ctx.installation.environment.latencies.append.read();
    shown.put_histogram(&catalogue::APPEND_DURATION, &[], &append);
    let rows = &ctx.installation.rows;
    let parked = rows.status().into_iter().filter(|row| row.parked.is_some());
    shown.put(&catalogue::VIEWS_PARKED, &[], parked.count());
    let Ok(head) = store.head().await else { return };
    shown.put(&catalogue::LOG_POSITION, &[], head);
    if store.capabilities().dense {
        shown.put(&catalogue::LOG_EVENTS, &[], head);
    }
    if let Some(reached) = rows.position() {
        shown.put(&catalogue::VIEWS_LAG, &[], head.0.saturating_sub(reached.0));
    }
}

fn put_requests(ctx: &Ctx, shown: &mut Exposition) {
    for one in ctx.request_durations.read() {
        let labels = [one.method, one.route, one.status];
        shown.put_histogram(&catalogue::HTTP_DURATION, &labels, &one.read);
    }
}

fn put_calls(shown: &mut Exposition, figures: &LiveSnapshot) {
    let places = value(&figures.open);
    for (place, count) in places.as_object().into_iter().flatten() {
        shown.put(&catalogue::CALLS_OPEN, &[place], count);
    }
    for (window, of) in [("5m", &figures.last_5_minutes), ("1h", &figures.last_hour)] {
        for (what, count) in counts(of) {
            shown.put(&catalogue::CALLS_WINDOW, &[window, what], count);
        }
    }
}

fn put_call_counters(ctx: &Ctx, shown: &mut Exposition) {
    let counters = &ctx.installation.live.counters;
    for (disposition, count) in counters.ended() {
        shown.put(&catalogue::CALLS_ENDED, &[disposition.code()], count);
    }
    for (trunk, read) in counters.post_dial_delays() {
        shown.put_histogram(&catalogue::POST_DIAL_DELAY, &[&trunk], &read);
    }
    let turn = ctx.installation.environment.latencies.turn.read();
    shown.put_histogram(&catalogue::TURN_LATENCY, &[], &turn);
}

fn put_trunks(shown: &mut Exposition, figures: &LiveSnapshot) {
    for trunk in &figures.trunks {
        let name = trunk.trunk.as_str();
        shown.put(&catalogue::TRUNK_FAILURES, &[name], trunk.failures_in_row);
        for (what, count) in counts(&trunk.last_5_minutes) {
            shown.put(&catalogue::TRUNK_CALLS, &[name, what], count);
        }
    }
}

/// Writes how many legs each trunk of this process admits, and how many it has.
fn put_admission(ctx: &Ctx, shown: &mut Exposition) {
    let drivers = ctx.installation.dialing.drivers();
    for line in drivers.iter().flat_map(|drivers| drivers.lines()) {
        shown.put(&catalogue::ADMISSION_LIMIT, &[&line.trunk], line.legs_max);
        shown.put(&catalogue::ADMISSION_USED, &[&line.trunk], line.legs);
    }
}

const fn counts(window: &WindowFigures) -> [(&'static str, u64); 5] {
    [
        ("dialed", window.dialed),
        ("answered", window.answered),
        ("person_answered", window.person_answered),
        ("settled", window.settled),
        ("ended", window.ended),
    ]
}

/// Writes how many spans were exported and dropped.
fn put_spans(ctx: &Ctx, shown: &mut Exposition) {
    let counts = ctx.installation.environment.traces.counts();
    shown.put(&catalogue::SPANS_EXPORTED, &[], counts.exported);
    shown.put(&catalogue::SPANS_DROPPED, &["queue_full"], counts.queue_full);
    shown.put(
        &catalogue::SPANS_DROPPED,
        &["export_failed"],
        counts.export_failed,
    );
}

/// Writes how many requests other systems sent to the speech and understanding engines.
fn put_engines(ctx: &Ctx, shown: &mut Exposition) {
    for one in ctx.engines.uses() {
        let engine = one.engine.code();
        shown.put(&catalogue::ENGINE_REQUESTS, &[engine, "yes"], one.admitted);
        shown.put(&catalogue::ENGINE_REQUESTS, &[engine, "no"], one.refused);
        shown.put(&catalogue::ENGINE_AT_ONCE, &[engine], one.at_once);
    }
}

/// Writes the raised alerts by rule and severity, for Alertmanager's rules.
async fn put_alerts(ctx: &Ctx, shown: &mut Exposition) {
    let standing = AlertFilter {
        standing: Some(true),
        ..AlertFilter::default()
    };
    let db = ctx.installation.rows.db();
    let rows = alert_board::list(db.as_ref(), &standing, alert_board::ALERTS_MAX).await;
    let Ok(rows) = rows else { return };
    let mut by_rule: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in &rows {
        *by_rule
            .entry((row.rule.code(), row.severity.as_str()))
            .or_default() += 1;
    }
    for ((rule, severity), count) in by_rule {
        shown.put(&catalogue::ALERTS, &[rule, severity], count);
    }
}
