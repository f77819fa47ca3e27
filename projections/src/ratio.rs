//! The ratio of two counts, as the figures of reports and live boards show it.

/// Returns the quotient; `None` if the denominator is 0. Exact below 2^53, far beyond any count here.
pub(crate) fn ratio(numerator: u64, denominator: u64) -> Option<f64> {
    let float = |value: u64| {
        let (high, low) = (value >> 32, value & 0xffff_ffff);
        let part = |part: u64| f64::from(u32::try_from(part).unwrap_or(u32::MAX));
        part(high).mul_add(4_294_967_296.0, part(low))
    };
    (denominator > 0).then(|| float(numerator) / float(denominator))
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn a_ratio_survives_counts_beyond_32_bits() {
        assert_eq!(ratio(1, 0), None);
        assert_eq!(ratio(8_000_000_500, 2), Some(4_000_000_250.0));
    }
}
