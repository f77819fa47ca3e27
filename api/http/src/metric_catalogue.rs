//! The catalogue of `/metrics`: each metric with its type, its labels and its help text. A sample of a metric
//! that is not here, or with another label, cannot be written.
//!
//! Names have base units (`_seconds`, `_bytes`), counters end in `_total`. A renamed metric keeps its old
//! name for one release. Labels have few values: routes, states, trunks, rules; never a person, a number or a
//! campaign, because a scrape has no data scope.

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// A figure that can fall.
    Gauge,
    /// A figure that only grows until the process restarts.
    Counter,
    /// Durations in seconds, counted in buckets.
    Histogram,
}

/// One metric: a name with its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MetricFamily {
    pub name: &'static str,
    pub kind: MetricKind,
    /// The names of its labels, in the order in which samples give their values.
    pub labels: &'static [&'static str],
    /// The description on one line, in Chinese and in English.
    pub help: (&'static str, &'static str),
    /// The metric that replaces it, if it is deprecated.
    pub replacement: Option<&'static str>,
}

impl MetricFamily {
    const fn new(
        name: &'static str,
        kind: MetricKind,
        labels: &'static [&'static str],
        help: (&'static str, &'static str),
    ) -> Self {
        Self {
            name,
            kind,
            labels,
            help,
            replacement: None,
        }
    }

    const fn replaced_by(mut self, name: &'static str) -> Self {
        self.replacement = Some(name);
        self
    }
}

impl MetricKind {
    /// Returns the word of the text format.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// Defines the families as constants, and their list in the same order.
macro_rules! families {
    ($(
        $(#[$more:ident($new:literal)])?
        $id:ident: $kind:ident $name:literal [$($label:literal),*] $zh:literal, $en:literal;
    )*) => {
        $(pub(crate) const $id: MetricFamily = MetricFamily::new(
            $name, MetricKind::$kind, &[$($label),*], ($zh, $en),
        )$(.$more($new))?;)*

        /// All metrics, in the order in which `/metrics` lists them.
        pub(crate) const ALL: &[MetricFamily] = &[$($id,)*];
    };
}

families! {
    BUILD_INFO: Gauge "ledgerline_build_info" ["version"]
        "运行中服务的版本；值恒为 1。", "Version of the running server; the value is 1.";
    START_TIME: Gauge "process_start_time_seconds" []
        "进程启动时间（Unix 时间，秒）。", "Start time of the process, in seconds since 1970 (Unix time).";
    CPU: Counter "process_cpu_seconds_total" []
        "进程占用的 CPU 时间（秒）。", "CPU time of the process, in seconds.";
    RESIDENT_MEMORY: Gauge "process_resident_memory_bytes" []
        "进程的常驻内存（字节）。", "Resident memory of the process, in bytes.";
    OPEN_DESCRIPTORS: Gauge "process_open_fds" []
        "已打开的文件描述符数。", "Open file descriptors.";
    MAX_DESCRIPTORS: Gauge "process_max_fds" []
        "文件描述符上限；不受限时没有此行。", "Most file descriptors that may be open; absent without a limit.";
    DISK_FREE: Gauge "ledgerline_data_disk_free_bytes" []
        "数据目录所在磁盘的可用空间（字节）。", "Free space of the disk that holds the data directory, in bytes.";
    DISK_SIZE: Gauge "ledgerline_data_disk_size_bytes" []
        "数据目录所在磁盘的容量（字节）。", "Size of the disk that holds the data directory, in bytes.";
    CERTIFICATE_EXPIRY: Gauge "ledgerline_certificate_expiry_timestamp_seconds" []
        "HTTPS 证书的到期时间（Unix 时间，秒）；未启用 TLS 时没有此行。",
        "Time when the certificate of the listeners expires, in seconds since 1970; absent without TLS.";

    READY: Gauge "ledgerline_ready" []
        "服务就绪为 1，否则为 0。", "1 if the server accepts work, otherwise 0.";
    DIALING: Gauge "ledgerline_dialing" []
        "本进程正在拨打为 1，否则为 0。", "1 if this process dials, otherwise 0.";
    DIALING_PAUSED: Gauge "ledgerline_dialing_paused" ["reason"]
        "暂停拨打的原因：全局原因为 0 或 1，其他原因为受影响的线路、规则集或任务数。",
        "By reason: 1 if it pauses every call, or the number of trunks, presets or campaigns that it pauses.";
    STOPS: Gauge "ledgerline_stops_engaged" []
        "生效中的紧急停止数。", "Engaged emergency stops.";
    ALERTS: Gauge "ledgerline_alerts_standing" ["rule", "severity"]
        "生效中的告警数，按规则与级别。", "Active alerts, by rule and severity.";

    LOG_EVENTS: Counter "ledgerline_log_events_total" []
        "日志中的事件数；使用 KurrentDB 时没有此行。", "Events in the log; absent on KurrentDB, where positions are no counts.";
    #[replaced_by("ledgerline_log_events_total")]
    LOG_POSITION: Counter "ledgerline_log_position" []
        "日志中最后一个事件的位置。", "Position of the last event in the log.";
    APPEND_DURATION: Histogram "ledgerline_append_duration_seconds" []
        "写入日志的耗时（秒）。", "Time of an append to the log, in seconds.";
    VIEWS_LAG: Gauge "ledgerline_views_lag_events" []
        "最落后的读模型落后的事件数。", "Events by which the slowest view is behind the log.";
    VIEWS_PARKED: Gauge "ledgerline_views_parked" []
        "被某个事件阻塞的读模型数。", "Views that are blocked by an event.";
    WORKLIST_AGE: Gauge "ledgerline_worklist_age_seconds" []
        "拨号所用待拨清单的滞后（秒）。", "Age of the worklist that the dialer reads, in seconds.";
    #[replaced_by("ledgerline_worklist_age_seconds")]
    WORKLIST_AGE_MS: Gauge "ledgerline_worklist_age_milliseconds" []
        "拨号所用待拨清单的滞后（毫秒）。", "Age of the worklist that the dialer reads, in milliseconds.";

    HTTP_DURATION: Histogram "ledgerline_http_request_duration_seconds" ["method", "route", "status"]
        "HTTP 请求到开始应答的耗时（秒），按方法、路由模板与状态码类别。",
        "Time from an HTTP request to the head of its response, in seconds, by method, route template and class of status.";

    CALLS_OPEN: Gauge "ledgerline_calls_open" ["place"]
        "进行中的呼叫数，按状态。", "Open calls, by state.";
    CALLS_WINDOW: Gauge "ledgerline_calls_window" ["window", "what"]
        "时间窗内拨出首个话路的呼叫数，按结果。", "Calls with a first leg dialed in the window, by result.";
    CALLS_ENDED: Counter "ledgerline_calls_ended_total" ["disposition"]
        "已结束的呼叫数，按呼叫结果。", "Ended calls, by disposition.";
    POST_DIAL_DELAY: Histogram "ledgerline_post_dial_delay_seconds" ["trunk"]
        "接续时延：从话路拨出到首次振铃（秒），按线路。",
        "Post-dial delay: from the dial of a leg to the first ringing, in seconds, by trunk.";
    TURN_LATENCY: Histogram "ledgerline_turn_latency_seconds" []
        "应答时延：从被叫说完到机器人开口（秒）。",
        "Turn latency: from the callee's last sound to the robot's reply, in seconds.";
    ADMISSION_LIMIT: Gauge "ledgerline_admission_limit_legs" ["trunk"]
        "线路允许的最大并发话路数。", "Most simultaneous legs that a trunk admits.";
    ADMISSION_USED: Gauge "ledgerline_admission_used_legs" ["trunk"]
        "线路已占用的话路数，含已预留的。", "Legs in use on a trunk, including reserved ones.";
    TRUNK_FAILURES: Gauge "ledgerline_trunk_failures_in_row" ["trunk"]
        "线路自上次接通以来连续失败的次数（线路原因）。",
        "Consecutive failures caused by the trunk, since it last carried a call.";
    TRUNK_CALLS: Gauge "ledgerline_trunk_calls_window" ["trunk", "what"]
        "线路最近五分钟的呼叫数，按结果。", "Calls of a trunk in the last five minutes, by result.";
    SIP_REFUSED: Counter "ledgerline_sip_datagrams_refused_total" ["why"]
        "被拒收的 SIP 数据报数，按原因。", "Refused SIP datagrams, by reason.";

    ENGINE_REQUESTS: Counter "ledgerline_engine_requests_total" ["engine", "admitted"]
        "其他系统对引擎的请求数，按是否受理。", "Requests of other systems to an engine, by whether they were admitted.";
    ENGINE_AT_ONCE: Gauge "ledgerline_engine_requests_at_once" ["engine"]
        "引擎正在处理的其他系统请求数。", "Requests of other systems that an engine processes now.";

    SPANS_EXPORTED: Counter "ledgerline_trace_spans_exported_total" []
        "已发送到收集器的链路追踪 span 数。", "Spans that the collector has taken.";
    SPANS_DROPPED: Counter "ledgerline_trace_spans_dropped_total" ["why"]
        "被丢弃的链路追踪 span 数，按原因：队列已满，或收集器未接收。",
        "Spans that were dropped, by reason: the queue was full, or the collector did not take them.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Label names that would name a person, a number or a campaign.
    const PERSONAL: &[&str] = &[
        "campaign", "customer", "person", "phone", "number", "callee", "caller", "user", "agent", "call",
        "path", "flow", "key", "ip", "peer",
    ];

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        let mut names = BTreeSet::new();
        for family in ALL {
            assert!(names.insert(family.name), "{} is listed twice", family.name);
            let is_counter = family.kind == MetricKind::Counter && family.replacement.is_none();
            let is_total = family.name.ends_with("_total");
            assert!(!is_counter || is_total, "{} is a counter", family.name);
            assert!(is_counter || !is_total, "{} is no counter", family.name);
            let is_duration = family.kind == MetricKind::Histogram;
            assert!(
                !is_duration || family.name.ends_with("_seconds"),
                "{}",
                family.name
            );
            for unit in ["_ms", "_milliseconds", "_micros", "_kb", "_minutes", "_percent"] {
                let has_unit = family.name.ends_with(unit);
                assert!(!has_unit || family.replacement.is_some(), "{}", family.name);
            }
        }
    }

    #[test]
    fn a_replacement_is_a_metric_that_is_not_deprecated() {
        for family in ALL {
            if let Some(name) = family.replacement {
                let found = ALL.iter().find(|other| other.name == name);
                assert!(found.is_some_and(|other| other.replacement.is_none()), "{name}");
            }
        }
    }

    #[test]
    fn no_label_names_a_person_a_number_or_a_campaign() {
        for family in ALL {
            for label in family.labels {
                assert!(!PERSONAL.contains(label), "{} has the label {label}", family.name);
            }
        }
    }
}
