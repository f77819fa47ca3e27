//! Times of many runs of the same work, and the percentiles of them.

pub(crate) use host::stopwatch::Stopwatch;

/// Durations of the same work, in nanoseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Times {
    nanos: Vec<u64>,
    processor_nanos: u64,
}

impl Times {
    pub(crate) fn add(&mut self, nanos: u64) {
        self.nanos.push(nanos);
    }

    /// Adds the durations of another value.
    pub(crate) fn join(&mut self, other: Self) {
        self.nanos.extend(other.nanos);
        self.processor_nanos += other.processor_nanos;
    }

    pub(crate) fn count(&self) -> usize {
        self.nanos.len()
    }

    /// Adds the processor time, of all threads, that one of the durations took.
    pub(crate) fn add_processor(&mut self, nanos: u64) {
        self.processor_nanos += nanos;
    }

    /// Returns the processor time per item in microseconds, if each duration was for `count` items; 0 if
    /// not measured.
    pub(crate) fn processor_us(&self, count: usize) -> f64 {
        let things = float((count * self.nanos.len()) as u64);
        if things > 0.0 {
            float(self.processor_nanos) / 1_000.0 / things
        } else {
            0.0
        }
    }

    /// Returns the duration in microseconds that `percent` of all durations do not exceed; 0 without any.
    pub(crate) fn percentile_us(&self, percent: usize) -> f64 {
        let mut sorted = self.nanos.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(place).map_or(0.0, |nanos| float(*nanos) / 1_000.0)
    }

    pub(crate) fn p50_us(&self) -> f64 {
        self.percentile_us(50)
    }

    pub(crate) fn p99_us(&self) -> f64 {
        self.percentile_us(99)
    }

    /// Returns the items per second, if each duration was for `count` items; 0 without any.
    pub(crate) fn per_second(&self, count: usize) -> f64 {
        let total: u64 = self.nanos.iter().sum();
        if total == 0 {
            return 0.0;
        }
        float((count * self.nanos.len()) as u64) * 1e9 / float(total)
    }
}

/// Returns a count as a float: exact up to 2^53, far above any count or duration here.
#[expect(clippy::cast_precision_loss, reason = "measured numbers are below 2^53")]
pub(crate) const fn float(number: u64) -> f64 {
    number as f64
}

/// Returns the result of `work`, and how many microseconds it took.
pub(crate) fn micros_of<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let watch = Stopwatch::start();
    let done = work();
    (done, float(watch.nanos()) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let mut times = Times::default();
        for nanos in (1..=100).rev() {
            times.add(nanos * 1_000);
        }
        assert!((times.p50_us() - 51.0).abs() < f64::EPSILON);
        assert!((times.p99_us() - 100.0).abs() < f64::EPSILON);
        assert!((Times::default().p50_us()).abs() < f64::EPSILON);
    }
}
