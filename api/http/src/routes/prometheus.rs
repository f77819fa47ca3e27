//! The endpoint for Prometheus: figures of the process, the log, the views, current calls, trunks, and
//! alerts.
//!
//! Labels contain no personal data: states of calls, trunks, views, alert rules. There is no label for
//! campaigns, because a scrape has no data scope.

use crate::api_description::TextReply;
use crate::dialing_metric::write_dialing_pauses;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::exposition::{Exposition, MEDIA_TYPE};
use application::reply_value::value;
use domain::ids::CampaignId;
use domain::problem::Problem;
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
    let version = env!("CARGO_PKG_VERSION");
    let mut build = shown.gauge("ledgerline_build_info", "The version of the running server.");
    build.put(&[("version", version)], 1);
    let ready = ctx.process.readiness().await.ok().map(|ready| value(&ready));
    let mut is_ready = shown.gauge("ledgerline_ready", "1 if the server accepts work, otherwise 0.");
    is_ready.put(&[], u8::from(ready.is_some()));
    if let Some(ready) = &ready {
        tell_readiness(&mut shown, ready);
    }
    let report = ctx.process.dialing_report(&|_: &CampaignId| true).await;
    write_dialing_pauses(&mut shown, &report.pauses);
    if let Ok(figures) = ctx.installation.live.latest() {
        tell_calls(&mut shown, &figures);
        tell_trunks(&mut shown, &figures);
    }
    tell_alerts(&ctx, &mut shown).await;
    tell_engines(&ctx, &mut shown);
    Ok(TextReply {
        media_type: MEDIA_TYPE,
        text: shown.text(),
    })
}

fn tell_readiness(shown: &mut Exposition, ready: &Value) {
    let number = |pointer: &str| ready.pointer(pointer).and_then(Value::as_u64);
    let dials = ready.pointer("/dialing").and_then(Value::as_str) == Some("dialing");
    let mut dialing = shown.gauge("ledgerline_dialing", "1 if this process dials, otherwise 0.");
    dialing.put(&[], u8::from(dials));
    let position = ready.pointer("/position").and_then(Value::as_str);
    if let Some(position) = position {
        let mut head = shown.counter(
            "ledgerline_log_position",
            "Position of the last event in the log.",
        );
        head.put(&[], position);
    }
    for (name, help, pointer) in [
        (
            "ledgerline_views_lag_events",
            "Events by which the slowest view is behind the log.",
            "/views_lag_events",
        ),
        (
            "ledgerline_worklist_age_milliseconds",
            "Age of the worklist that the dialer reads, in milliseconds.",
            "/worklist_age_ms",
        ),
    ] {
        if let Some(number) = number(pointer) {
            shown.gauge(name, help).put(&[], number);
        }
    }
    let length = |pointer: &str| {
        ready
            .pointer(pointer)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    };
    let mut parked = shown.gauge("ledgerline_views_parked", "Views that are blocked by an event.");
    parked.put(&[], length("/views_parked"));
    let mut stops = shown.gauge("ledgerline_stops_engaged", "Engaged emergency stops.");
    stops.put(&[], length("/stops"));
    let refused = ready.pointer("/sip_datagrams_refused").and_then(Value::as_object);
    let mut datagrams = shown.counter(
        "ledgerline_sip_datagrams_refused_total",
        "Refused SIP datagrams, by reason.",
    );
    for (why, count) in refused.into_iter().flatten() {
        datagrams.put(&[("why", why)], count);
    }
}

fn tell_calls(shown: &mut Exposition, figures: &LiveSnapshot) {
    let places = value(&figures.open);
    let mut open = shown.gauge("ledgerline_calls_open", "Open calls, by state.");
    for (place, count) in places.as_object().into_iter().flatten() {
        open.put(&[("place", place)], count);
    }
    let mut windows = shown.gauge(
        "ledgerline_calls_window",
        "Calls with a first leg dialed in the window, by result.",
    );
    for (window, of) in [("5m", &figures.last_5_minutes), ("1h", &figures.last_hour)] {
        for (what, count) in counts(of) {
            windows.put(&[("window", window), ("what", what)], count);
        }
    }
}

fn tell_trunks(shown: &mut Exposition, figures: &LiveSnapshot) {
    let mut failures = shown.gauge(
        "ledgerline_trunk_failures_in_row",
        "Consecutive failures caused by the trunk, since it last carried a call.",
    );
    for trunk in &figures.trunks {
        failures.put(&[("trunk", &trunk.trunk)], trunk.failures_in_row);
    }
    let mut windows = shown.gauge(
        "ledgerline_trunk_calls_window",
        "Calls of a trunk in the last five minutes, by result.",
    );
    for trunk in &figures.trunks {
        for (what, count) in counts(&trunk.last_5_minutes) {
            windows.put(&[("trunk", &trunk.trunk), ("what", what)], count);
        }
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

/// Writes how many requests other systems sent to the speech and understanding engines.
fn tell_engines(ctx: &Ctx, shown: &mut Exposition) {
    let uses = ctx.engines.uses();
    let mut requests = shown.counter(
        "ledgerline_engine_requests_total",
        "Requests of other systems to an engine, by whether they were admitted.",
    );
    for one in &uses {
        let engine = one.engine.code();
        requests.put(&[("engine", engine), ("admitted", "yes")], one.admitted);
        requests.put(&[("engine", engine), ("admitted", "no")], one.refused);
    }
    let mut at_once = shown.gauge(
        "ledgerline_engine_requests_at_once",
        "Requests of other systems that an engine processes now.",
    );
    for one in &uses {
        at_once.put(&[("engine", one.engine.code())], one.at_once);
    }
}

/// Writes the raised alerts by rule and severity, for Alertmanager's rules.
async fn tell_alerts(ctx: &Ctx, shown: &mut Exposition) {
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
    let mut alerts = shown.gauge(
        "ledgerline_alerts_standing",
        "Raised alerts, by rule and severity.",
    );
    for ((rule, severity), count) in by_rule {
        alerts.put(&[("rule", rule), ("severity", severity)], count);
    }
}
