//! Counts what was received of one stream: packets, losses, jitter (RFC 3550, 6.4.1 and appendix A).
//!
//! These are the numbers of a receiver report without the report: RTCP is not sent. A change of SSRC begins a
//! new stream; the counts of the earlier ones stay in the sum.

/// Smallest forward jump of the sequence that is a restart of the sender, not a loss (RFC 3550, A.1
/// `MAX_DROPOUT`).
const DROPOUT_MAX: u16 = 3_000;
/// Largest backward step of the sequence that is reordering (RFC 3550, A.1 `MAX_MISORDER`).
const MISORDER_MAX: u16 = 100;
/// Timestamp units in a millisecond at 8 kHz.
const UNITS_PER_MS: i64 = 8;

/// The receive counts of a leg, over all sources that sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiveReport {
    pub received_count: u64,
    /// Number of expected minus received packets, at least 0 (duplicates can hide a loss, as in RFC 3550).
    pub lost_count: u64,
    /// Interarrival jitter of the last source, in microseconds.
    pub jitter_us: u64,
}

#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: u32,
    base: u16,
    /// Highest sequence number seen, with the number of wraps above bit 16.
    highest: u64,
    received: u64,
    transit: Option<i64>,
    /// Jitter in 1/16 timestamp units (RFC 3550, A.8).
    jitter_q4: i64,
}

impl Source {
    fn lost(&self) -> u64 {
        let expected = self.highest - u64::from(self.base) + 1;
        expected.saturating_sub(self.received)
    }
}

/// Counts the packets that arrive for one leg.
#[derive(Debug, Clone, Default)]
pub struct ReceiveStatistics {
    source: Option<Source>,
    earlier_received: u64,
    earlier_lost: u64,
}

impl ReceiveStatistics {
    /// Counts a packet that arrived at `arrival_us`, in microseconds from any fixed origin.
    pub fn packet(&mut self, packet: &super::packet::Packet<'_>, arrival_us: i64) {
        let sequence = packet.sequence;
        let restarted = self
            .source
            .is_none_or(|source| source.ssrc != packet.ssrc || !follows(source.highest, sequence));
        if restarted {
            self.begin(packet.ssrc, sequence);
        }
        let Some(source) = self.source.as_mut() else {
            return;
        };
        let highest = source.highest;
        let ahead = sequence.wrapping_sub(low_bits(highest));
        if ahead < DROPOUT_MAX {
            source.highest = highest + u64::from(ahead);
        }
        source.received += 1;
        measure(source, packet.timestamp, arrival_us);
    }

    /// Returns the counts so far, over all sources.
    pub fn report(&self) -> ReceiveReport {
        let (received, lost, jitter_q4) = self.source.map_or((0, 0, 0), |source| {
            (source.received, source.lost(), source.jitter_q4)
        });
        ReceiveReport {
            received_count: self.earlier_received + received,
            lost_count: self.earlier_lost + lost,
            jitter_us: u64::try_from((jitter_q4 >> 4) * 1_000 / UNITS_PER_MS).unwrap_or(0),
        }
    }

    fn begin(&mut self, ssrc: u32, sequence: u16) {
        if let Some(source) = self.source {
            self.earlier_received += source.received;
            self.earlier_lost += source.lost();
        }
        self.source = Some(Source {
            ssrc,
            base: sequence,
            highest: u64::from(sequence),
            received: 0,
            transit: None,
            jitter_q4: 0,
        });
    }
}

/// Returns the low 16 bits of an extended sequence number.
fn low_bits(extended: u64) -> u16 {
    u16::try_from(extended & 0xFFFF).unwrap_or(0)
}

fn follows(highest: u64, sequence: u16) -> bool {
    let ahead = sequence.wrapping_sub(low_bits(highest));
    let behind = low_bits(highest).wrapping_sub(sequence);
    ahead < DROPOUT_MAX || behind <= MISORDER_MAX
}

fn measure(source: &mut Source, timestamp: u32, arrival_us: i64) {
    let arrival_units = arrival_us.wrapping_mul(UNITS_PER_MS) / 1_000;
    let transit = arrival_units.wrapping_sub(i64::from(timestamp));
    if let Some(before) = source.transit {
        // A wrapped timestamp would look like a transit of half a day: it is left out of the jitter.
        let difference = transit.wrapping_sub(before).wrapping_abs();
        if difference < i64::from(u32::MAX / 2) {
            source.jitter_q4 += difference - ((source.jitter_q4 + 8) >> 4);
        }
    }
    source.transit = Some(transit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::packet::Packet;

    fn counted(packets: &[(u32, u16)]) -> ReceiveReport {
        let mut statistics = ReceiveStatistics::default();
        for (index, (ssrc, sequence)) in packets.iter().enumerate() {
            let ticks = u32::try_from(index).unwrap();
            let packet = Packet {
                payload_type: 8,
                marker: false,
                sequence: *sequence,
                timestamp: ticks * 160,
                ssrc: *ssrc,
                payload: &[],
            };
            statistics.packet(&packet, i64::from(ticks) * 20_000);
        }
        statistics.report()
    }

    #[test]
    fn a_gap_is_lost_until_its_packet_comes_late() {
        assert_eq!(counted(&[(1, 10), (1, 11), (1, 13)]).lost_count, 1);
        assert_eq!(counted(&[(1, 10), (1, 11), (1, 13), (1, 12)]).lost_count, 0);
    }

    #[test]
    fn the_count_goes_on_over_the_wrap() {
        let report = counted(&[(1, 65_534), (1, 65_535), (1, 1), (1, 2)]);
        assert_eq!((report.received_count, report.lost_count), (4, 1));
    }

    #[test]
    fn the_widest_jump_is_loss_and_a_wider_one_a_restart() {
        assert_eq!(
            counted(&[(1, 0), (1, DROPOUT_MAX - 1)]).lost_count,
            u64::from(DROPOUT_MAX) - 2
        );
        assert_eq!(counted(&[(1, 0), (1, DROPOUT_MAX)]).lost_count, 0);
    }

    #[test]
    fn a_new_source_keeps_the_losses_of_the_old_one() {
        let report = counted(&[(1, 10), (1, 12), (2, 900), (2, 901)]);
        assert_eq!((report.received_count, report.lost_count), (4, 1));
    }

    #[test]
    fn even_arrival_has_no_jitter_and_uneven_arrival_has() {
        assert_eq!(counted(&[(1, 1), (1, 2), (1, 3)]).jitter_us, 0);
        let mut statistics = ReceiveStatistics::default();
        for (sequence, arrival_us) in [(1_u16, 0_i64), (2, 30_000), (3, 40_000), (4, 70_000)] {
            let packet = Packet {
                payload_type: 8,
                marker: false,
                sequence,
                timestamp: u32::from(sequence) * 160,
                ssrc: 1,
                payload: &[],
            };
            statistics.packet(&packet, arrival_us);
        }
        assert!(statistics.report().jitter_us > 1_000);
    }
}
