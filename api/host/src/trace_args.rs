//! The arguments `--otlp-endpoint` and `--trace-ratio`: whether and where spans are exported.

use actors::SampleRatio;
use domain::external_address::check_url;
use std::str::FromStr;

/// The path of traces at a collector (OTLP/HTTP, "OTLP/HTTP Request").
const TRACES_PATH: &str = "/v1/traces";

/// The arguments about spans of `serve`.
#[derive(Debug, Clone, clap::Args)]
pub struct TraceArgs {
    /// OpenTelemetry collector that receives spans (OTLP, HTTP/protobuf), such as http://127.0.0.1:4318;
    /// default: no spans
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<CollectorUrl>,
    /// Part of the traces that are recorded, from 0 to 1; a request with a sampled traceparent always is
    #[arg(long, value_name = "RATIO", default_value = "0.1")]
    trace_ratio: SampleRatio,
}

/// Where spans are sent, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSettings {
    pub endpoint: CollectorUrl,
    pub ratio: SampleRatio,
}

/// The URL of a collector to which spans are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorUrl(String);

impl CollectorUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CollectorUrl {
    type Err = String;

    /// Parses an http or https URL without user, query or fragment. Without a path it gets the one of traces.
    fn from_str(text: &str) -> Result<Self, String> {
        check_url(text).map_err(|fault| fault.to_string())?;
        if text.contains(['?', '#']) {
            return Err(format!(
                "{text:?} has a query or a fragment: give the collector's address alone"
            ));
        }
        let base = text.trim_end_matches('/');
        let has_path = base.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
        Ok(Self(match has_path {
            true => text.to_owned(),
            false => format!("{base}{TRACES_PATH}"),
        }))
    }
}

impl TraceArgs {
    /// Returns where spans are sent; `None` if they are off.
    pub fn choice(&self) -> Option<TraceSettings> {
        Some(TraceSettings {
            endpoint: self.otlp_endpoint.clone()?,
            ratio: self.trace_ratio,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_without_a_path_gets_the_one_of_traces() {
        let url = |text: &str| text.parse::<CollectorUrl>().map(|url| url.0);
        let of_traces = Ok("http://otel.example:4318/v1/traces".to_owned());
        assert_eq!(url("http://otel.example:4318"), of_traces);
        assert_eq!(url("http://otel.example:4318/"), of_traces);
        assert_eq!(
            url("https://otel.example/otlp"),
            Ok("https://otel.example/otlp".to_owned())
        );
        for wrong in [
            "otel.example:4318",
            "http://u:p@otel.example",
            "http://otel.example/?key=1",
            "",
        ] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }
}
