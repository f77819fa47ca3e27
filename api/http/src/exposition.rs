//! Writer of Prometheus' text exposition format, version 0.0.4.

use std::fmt::{Display, Write as _};

/// Media type of the format.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text of all metric families, in the order in which they were started.
#[derive(Debug, Default)]
pub(crate) struct Exposition(String);

/// One metric family; its samples follow.
pub(crate) struct MetricFamily<'a> {
    name: &'static str,
    text: &'a mut String,
}

impl Exposition {
    /// Starts a gauge: a figure that can fall. `help` is one line.
    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) -> MetricFamily<'_> {
        self.family(name, "gauge", help)
    }

    /// Starts a counter: a figure that only grows until the process restarts.
    pub(crate) fn counter(&mut self, name: &'static str, help: &str) -> MetricFamily<'_> {
        self.family(name, "counter", help)
    }

    pub(crate) fn text(self) -> String {
        self.0
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> MetricFamily<'_> {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
        MetricFamily {
            name,
            text: &mut self.0,
        }
    }

    fn line(&mut self, line: impl Display) {
        // Writing to a String cannot fail.
        writeln!(self.0, "{line}").unwrap_or_default();
    }
}

impl MetricFamily<'_> {
    /// Writes a sample with its labels. Labels must not contain personal data.
    pub(crate) fn put(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        for (index, (name, label)) in labels.iter().enumerate() {
            self.text.push(if index == 0 { '{' } else { ',' });
            write!(self.text, "{name}=\"{}\"", escaped(label)).unwrap_or_default();
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        writeln!(self.text, " {value}").unwrap_or_default();
    }
}

/// Escapes a label value: backslash, quotation mark and line feed.
fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_together_and_labels_cannot_leave_their_place() {
        let mut shown = Exposition::default();
        shown.gauge("ledgerline_up", "The process answers.").put(&[], 1);
        let mut calls = shown.gauge("ledgerline_calls_open", "Open calls.");
        calls.put(&[("place", "ringing"), ("trunk", "a\"} 7\nb\\")], 2);
        assert_eq!(
            shown.text(),
            "# HELP ledgerline_up The process answers.\n\
             # TYPE ledgerline_up gauge\n\
             ledgerline_up 1\n\
             # HELP ledgerline_calls_open Open calls.\n\
             # TYPE ledgerline_calls_open gauge\n\
             ledgerline_calls_open{place=\"ringing\",trunk=\"a\\\"} 7\\nb\\\\\"} 2\n"
        );
    }
}
