//! Writer of Prometheus' text exposition format, version 0.0.4.

use crate::metric_catalogue::{ALL, MetricFamily};
use domain::histogram::{HistogramReading, Seconds};
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

/// Media type of the format.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The samples of one scrape by metric.
#[derive(Debug, Default)]
pub(crate) struct Exposition(BTreeMap<&'static str, String>);

impl Exposition {
    /// Adds a sample. `labels` are the values of the metric's labels, in their order. They must not contain
    /// personal data.
    pub(crate) fn put(&mut self, family: &MetricFamily, labels: &[&str], value: impl Display) {
        let text = self.0.entry(family.name).or_default();
        text.push_str(family.name);
        write_labels(text, family, labels, None);
        write_value(text, value);
    }

    /// Adds a histogram with these values of the metric's labels.
    pub(crate) fn put_histogram(&mut self, family: &MetricFamily, labels: &[&str], read: &HistogramReading) {
        let text = self.0.entry(family.name).or_default();
        let bounds = read.up_to.iter();
        let bounds = bounds.map(|(bound_us, count)| (Seconds(*bound_us).to_string(), *count));
        for (bound, count) in bounds.chain([("+Inf".to_owned(), read.count)]) {
            text.push_str(family.name);
            text.push_str("_bucket");
            write_labels(text, family, labels, Some(&bound));
            write_value(text, count);
        }
        text.push_str(family.name);
        text.push_str("_sum");
        write_labels(text, family, labels, None);
        write_value(text, Seconds(read.sum_us));
        text.push_str(family.name);
        text.push_str("_count");
        write_labels(text, family, labels, None);
        write_value(text, read.count);
    }

    /// Returns the text: every metric of the catalogue, also those without a sample.
    pub(crate) fn text(self) -> String {
        let mut text = String::new();
        for family in ALL {
            let MetricFamily { name, kind, help, .. } = family;
            let (_, help) = help;
            // Writing to a String cannot fail.
            writeln!(text, "# HELP {name} {help}").unwrap_or_default();
            writeln!(text, "# TYPE {name} {}", kind.word()).unwrap_or_default();
            text.push_str(self.0.get(name).map_or("", String::as_str));
        }
        text
    }
}

/// Writes the labels of a sample. `bound` is the upper bound of a histogram's bucket.
fn write_labels(text: &mut String, family: &MetricFamily, labels: &[&str], bound: Option<&str>) {
    let labels = family
        .labels
        .iter()
        .zip(labels)
        .map(|(name, label)| (*name, *label));
    let labels: Vec<_> = labels.chain(bound.map(|bound| ("le", bound))).collect();
    for (index, (name, label)) in labels.iter().enumerate() {
        text.push(if index == 0 { '{' } else { ',' });
        write!(text, "{name}=\"{}\"", escaped(label)).unwrap_or_default();
    }
    if !labels.is_empty() {
        text.push('}');
    }
}

fn write_value(text: &mut String, value: impl Display) {
    writeln!(text, " {value}").unwrap_or_default();
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
    use crate::metric_catalogue as catalogue;
    use domain::histogram::DurationHistogram;
    use std::time::Duration;

    #[test]
    fn families_stand_together_and_labels_cannot_leave_their_place() {
        let mut shown = Exposition::default();
        shown.put(&catalogue::TRUNK_CALLS, &["a\"} 7\nb\\", "dialed"], 2);
        shown.put(&catalogue::READY, &[], 1);
        let text = shown.text();
        for part in [
            "# HELP ledgerline_ready 1 if the server accepts work, otherwise 0.\n\
             # TYPE ledgerline_ready gauge\n\
             ledgerline_ready 1\n\
             # HELP ledgerline_dialing ",
            "\nledgerline_trunk_calls_window{trunk=\"a\\\"} 7\\nb\\\\\",what=\"dialed\"} 2\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert_eq!(text.matches("# TYPE ").count(), ALL.len());
    }

    #[test]
    fn a_histogram_has_its_buckets_its_sum_and_its_count() {
        let histogram = DurationHistogram::new(&[250_000, 1_000_000]);
        histogram.observe(Duration::from_millis(200));
        histogram.observe(Duration::from_millis(1_500));
        let mut shown = Exposition::default();
        shown.put_histogram(&catalogue::POST_DIAL_DELAY, &["east"], &histogram.read());
        let wanted = "ledgerline_post_dial_delay_seconds_bucket{trunk=\"east\",le=\"0.25\"} 1\n\
                      ledgerline_post_dial_delay_seconds_bucket{trunk=\"east\",le=\"1\"} 1\n\
                      ledgerline_post_dial_delay_seconds_bucket{trunk=\"east\",le=\"+Inf\"} 2\n\
                      ledgerline_post_dial_delay_seconds_sum{trunk=\"east\"} 1.7\n\
                      ledgerline_post_dial_delay_seconds_count{trunk=\"east\"} 2\n";
        let text = shown.text();
        assert!(text.contains(wanted), "{text}");
    }
}
