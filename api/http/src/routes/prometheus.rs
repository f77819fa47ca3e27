//! What a monitoring system scrapes: the process, its log and views, calls and trunks of this moment, alerts.
//!
//! No label is personal: places of calls, trunks, views, rules of alerts. Campaigns are none: a scrape
//! has no data scope.

use crate::described::Text;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::exposition::{Exposition, MEDIA_TYPE};
use application::reply_value::value;
use domain::problem::Problem;
use projections::live_figures::{LiveSnapshot, WindowFigures};
use projections::views::alert_board::{self, AlertFilter};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/metrics",
            "Figures for Prometheus: process, log, views, calls, trunks, alerts; nothing personal",
            scrape,
        )
        .needs(Permission::MetricsRead, About::Nobody)
        .of_rows_as_they_are()
        .kept(),
    ]
}

/// Each part that cannot be read is left out, and the others are told: a scrape is most needed then.
async fn scrape(ctx: Ctx, _: Input) -> Result<Text, Problem> {
    let mut shown = Exposition::default();
    let version = env!("CARGO_PKG_VERSION");
    let mut build = shown.gauge("ledgerline_build_info", "The build that answers.");
    build.put(&[("version", version)], 1);
    let ready = ctx.process.readiness().await.ok().map(|ready| value(&ready));
    let mut is_ready = shown.gauge("ledgerline_ready", "1 where the process takes work.");
    is_ready.put(&[], u8::from(ready.is_some()));
    if let Some(ready) = &ready {
        tell_readiness(&mut shown, ready);
    }
    if let Ok(figures) = ctx.installation.live.latest() {
        tell_calls(&mut shown, &figures);
        tell_trunks(&mut shown, &figures);
    }
    tell_alerts(&ctx, &mut shown).await;
    tell_engines(&ctx, &mut shown);
    Ok(Text {
        media_type: MEDIA_TYPE,
        text: shown.text(),
    })
}

fn tell_readiness(shown: &mut Exposition, ready: &Value) {
    let number = |pointer: &str| ready.pointer(pointer).and_then(Value::as_u64);
    let dials = ready.pointer("/dialing").and_then(Value::as_str) == Some("dialing");
    let mut dialing = shown.gauge("ledgerline_dialing", "1 where this process dials.");
    dialing.put(&[], u8::from(dials));
    let position = ready.pointer("/position").and_then(Value::as_str);
    if let Some(position) = position {
        let mut head = shown.counter("ledgerline_log_position", "The log's head.");
        head.put(&[], position);
    }
    for (name, help, pointer) in [
        (
            "ledgerline_views_lag_events",
            "Events by which the furthest view is behind the log.",
            "/views_lag_events",
        ),
        (
            "ledgerline_worklist_age_milliseconds",
            "Age of the worklist that the dialer reads.",
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
    let mut parked = shown.gauge("ledgerline_views_parked", "Views that an event keeps.");
    parked.put(&[], length("/views_parked"));
    let mut stops = shown.gauge(
        "ledgerline_stops_engaged",
        "Emergency stops that are engaged here.",
    );
    stops.put(&[], length("/stops"));
    let refused = ready.pointer("/sip_datagrams_refused").and_then(Value::as_object);
    let mut datagrams = shown.counter(
        "ledgerline_sip_datagrams_refused_total",
        "SIP datagrams that were refused.",
    );
    for (why, count) in refused.into_iter().flatten() {
        datagrams.put(&[("why", why)], count);
    }
}

fn tell_calls(shown: &mut Exposition, figures: &LiveSnapshot) {
    let places = value(&figures.open);
    let mut open = shown.gauge("ledgerline_calls_open", "Open calls, by where they are.");
    for (place, count) in places.as_object().into_iter().flatten() {
        open.put(&[("place", place)], count);
    }
    let mut windows = shown.gauge(
        "ledgerline_calls_window",
        "Calls whose first leg was dialed in the window, by what became of them.",
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
        "Failures that are the trunk's, since it last carried a call.",
    );
    for trunk in &figures.trunks {
        failures.put(&[("trunk", &trunk.trunk)], trunk.failures_in_row);
    }
    let mut windows = shown.gauge(
        "ledgerline_trunk_calls_window",
        "Calls of a trunk in the last five minutes, by what became of them.",
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

/// How often others asked what calls understand, hear and speak with.
fn tell_engines(ctx: &Ctx, shown: &mut Exposition) {
    let uses = ctx.engines.uses();
    let mut requests = shown.counter(
        "ledgerline_engine_requests_total",
        "Requests of others to an engine of calls, by whether they were let in.",
    );
    for one in &uses {
        let engine = one.engine.code();
        requests.put(&[("engine", engine), ("admitted", "yes")], one.admitted);
        requests.put(&[("engine", engine), ("admitted", "no")], one.refused);
    }
    let mut at_once = shown.gauge(
        "ledgerline_engine_requests_at_once",
        "Requests of others that an engine answers now.",
    );
    for one in &uses {
        at_once.put(&[("engine", one.engine.code())], one.at_once);
    }
}

/// Alerts that stand, by rule and severity: what Alertmanager's rules ask.
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
        "Alerts that stand, by rule and severity.",
    );
    for ((rule, severity), count) in by_rule {
        alerts.put(&[("rule", rule), ("severity", severity)], count);
    }
}
