//! A small fixed playout buffer: packets go in as they come, and one leaves every 20 ms, in order.
//!
//! It is a ring of slots indexed by sequence number, with a target delay of 40 ms. It reorders, drops
//! duplicates and late packets, conceals nothing (a lost packet is silence), and restarts when the SSRC
//! changes or the sequence jumps by more than the ring. Adapting the delay belongs to a later issue.

/// The target delay before playback begins, in ticks of 20 ms: 40 ms.
const TARGET_TICKS: u32 = 2;
/// Number of packets that fit into the buffer: 320 ms at 20 ms a packet, more than any useful delay.
const SLOTS: u16 = 16;
/// Largest payload kept, in bytes: 200 ms of G.711, which receivers should take (RFC 3551, 4.2); longer ones
/// are cut.
pub const PAYLOAD_BYTES_MAX: usize = 1_600;

/// What the buffer did with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    Kept,
    /// Dropped: its sequence number is in the ring already.
    Duplicate,
    /// Dropped: a packet after it was played already.
    Late,
    /// Kept, and all earlier packets were dropped: the source is new or the sequence jumped.
    Restarted,
}

/// What to play in the current tick of 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayoutItem<'a> {
    /// The payload of the next packet.
    Payload(&'a [u8]),
    /// The packet is missing while later ones are in the buffer: count it as lost and play silence.
    Lost,
    /// The buffer is empty or filling: play silence.
    Nothing,
}

/// Counts of packets since the buffer was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BufferCounts {
    pub lost: u64,
    pub late: u64,
    pub duplicate: u64,
    pub restarted: u64,
}

#[derive(Clone)]
struct Slot {
    sequence: u16,
    held: bool,
    /// The payload. It grows to the size of the sender's packets, and keeps that capacity.
    bytes: Vec<u8>,
}

const EMPTY: Slot = Slot {
    sequence: 0,
    held: false,
    bytes: Vec::new(),
};

/// The playout buffer of one incoming stream.
pub struct JitterBuffer {
    slots: Box<[Slot; SLOTS as usize]>,
    ssrc: Option<u32>,
    /// The sequence number of the packet that is played next.
    next: u16,
    playing: bool,
    waited_ticks: u32,
    /// True if a packet was played since the last start: packets before `next` are then late, not early.
    begun: bool,
    counts: BufferCounts,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl JitterBuffer {
    /// Makes an empty buffer that waits for its first packet.
    pub fn new() -> Self {
        Self {
            slots: Box::new([const { EMPTY }; SLOTS as usize]),
            ssrc: None,
            next: 0,
            playing: false,
            waited_ticks: 0,
            begun: false,
            counts: BufferCounts::default(),
        }
    }

    /// Returns what happened to packets and frames so far.
    pub const fn counts(&self) -> BufferCounts {
        self.counts
    }

    /// Adds an audio payload at its sequence number. Returns what the buffer did with it.
    pub fn push(&mut self, ssrc: u32, sequence: u16, payload: &[u8]) -> PushOutcome {
        let pushed = self.place(ssrc, sequence);
        if matches!(pushed, PushOutcome::Kept | PushOutcome::Restarted) {
            self.fill(sequence, payload);
        }
        pushed
    }

    /// Adds the sequence number of a packet without audio, for example a keypress, so that it does not
    /// count as lost.
    pub fn push_other(&mut self, ssrc: u32, sequence: u16) -> PushOutcome {
        self.push(ssrc, sequence, &[])
    }

    /// Returns what to play in this tick, and moves on. Call it every 20 ms.
    pub fn pop(&mut self) -> PlayoutItem<'_> {
        if !self.playing && !self.begin_playing() {
            return PlayoutItem::Nothing;
        }
        let sequence = self.next;
        if self.holds(sequence) {
            self.next = sequence.wrapping_add(1);
            self.begun = true;
            return self.release(sequence);
        }
        if self.held_count() == 0 {
            // The sender paused or is late: fill up again before going on.
            self.playing = false;
            self.waited_ticks = 0;
            return PlayoutItem::Nothing;
        }
        self.next = sequence.wrapping_add(1);
        self.counts.lost += 1;
        PlayoutItem::Lost
    }

    fn begin_playing(&mut self) -> bool {
        let held = self.held_count();
        if held == 0 {
            return false;
        }
        self.waited_ticks += 1;
        if held < TARGET_TICKS as usize && self.waited_ticks <= TARGET_TICKS {
            return false;
        }
        self.playing = true;
        true
    }

    fn place(&mut self, ssrc: u32, sequence: u16) -> PushOutcome {
        let Some(known) = self.ssrc else {
            self.start(ssrc, sequence);
            return PushOutcome::Kept;
        };
        if known != ssrc {
            self.restart(ssrc, sequence);
            return PushOutcome::Restarted;
        }
        let ahead = sequence.wrapping_sub(self.next);
        if ahead < SLOTS {
            return self.place_near(sequence);
        }
        let behind = self.next.wrapping_sub(sequence);
        if behind <= SLOTS {
            return self.place_behind(sequence, behind);
        }
        self.restart(ssrc, sequence);
        PushOutcome::Restarted
    }

    fn place_near(&mut self, sequence: u16) -> PushOutcome {
        if self.holds(sequence) {
            self.counts.duplicate += 1;
            return PushOutcome::Duplicate;
        }
        PushOutcome::Kept
    }

    /// Handles a packet before `next`, by `behind` numbers: until a first packet has been played, it may
    /// become the new front; after that it is late.
    fn place_behind(&mut self, sequence: u16, behind: u16) -> PushOutcome {
        let span = behind + self.furthest_ahead();
        if !self.begun && span < SLOTS {
            self.next = sequence;
            return PushOutcome::Kept;
        }
        self.counts.late += 1;
        PushOutcome::Late
    }

    fn furthest_ahead(&self) -> u16 {
        let held = self.slots.iter().filter(|slot| slot.held);
        held.map(|slot| slot.sequence.wrapping_sub(self.next))
            .max()
            .unwrap_or(0)
    }

    fn restart(&mut self, ssrc: u32, sequence: u16) {
        self.counts.restarted += 1;
        self.start(ssrc, sequence);
    }

    fn start(&mut self, ssrc: u32, sequence: u16) {
        for slot in self.slots.iter_mut() {
            slot.held = false;
        }
        self.ssrc = Some(ssrc);
        self.next = sequence;
        self.playing = false;
        self.begun = false;
        self.waited_ticks = 0;
    }

    fn slot(&mut self, sequence: u16) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(sequence % SLOTS))
    }

    fn holds(&self, sequence: u16) -> bool {
        let slot = self.slots.get(usize::from(sequence % SLOTS));
        slot.is_some_and(|slot| slot.held && slot.sequence == sequence)
    }

    fn held_count(&self) -> usize {
        self.slots.iter().filter(|slot| slot.held).count()
    }

    fn fill(&mut self, sequence: u16, payload: &[u8]) {
        let Some(slot) = self.slot(sequence) else { return };
        slot.sequence = sequence;
        slot.held = true;
        let length = payload.len().min(PAYLOAD_BYTES_MAX);
        slot.bytes.clear();
        slot.bytes.extend_from_slice(payload.get(..length).unwrap_or(&[]));
    }

    fn release(&mut self, sequence: u16) -> PlayoutItem<'_> {
        let Some(slot) = self.slot(sequence) else {
            return PlayoutItem::Nothing;
        };
        slot.held = false;
        match slot.bytes.as_slice() {
            [] => PlayoutItem::Nothing,
            payload => PlayoutItem::Payload(payload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pops `ticks` times: a payload is shown by its first byte, a loss by `L`, nothing by `-`.
    fn drained(buffer: &mut JitterBuffer, ticks: usize) -> String {
        (0..ticks)
            .map(|_| match buffer.pop() {
                PlayoutItem::Payload(payload) => char::from(payload[0]),
                PlayoutItem::Lost => 'L',
                PlayoutItem::Nothing => '-',
            })
            .collect()
    }

    fn filled(packets: &[(u16, u8)]) -> JitterBuffer {
        let mut buffer = JitterBuffer::new();
        for (sequence, byte) in packets {
            buffer.push(1, *sequence, &[*byte; 160]);
        }
        buffer
    }

    #[test]
    fn playout_waits_for_40_ms_of_packets() {
        let mut buffer = filled(&[(10, b'a')]);
        assert_eq!(drained(&mut buffer, 1), "-");
        buffer.push(1, 11, b"b");
        assert_eq!(drained(&mut buffer, 3), "ab-");
    }

    #[test]
    fn a_single_packet_is_played_after_the_target_delay() {
        let mut buffer = filled(&[(10, b'a')]);
        assert_eq!(drained(&mut buffer, 4), "--a-");
    }

    #[test]
    fn packets_leave_in_order_across_the_wrap() {
        let mut buffer = filled(&[(65_535, b'b'), (65_534, b'a'), (1, b'd'), (0, b'c')]);
        assert_eq!(drained(&mut buffer, 5), "abcd-");
        assert_eq!(buffer.counts(), BufferCounts::default());
    }

    #[test]
    fn a_gap_is_lost_and_what_fills_it_later_is_late() {
        let mut buffer = filled(&[(1, b'a'), (3, b'c')]);
        assert_eq!(drained(&mut buffer, 3), "aLc");
        assert_eq!(buffer.push(1, 2, b"b"), PushOutcome::Late);
        assert_eq!((buffer.counts().lost, buffer.counts().late), (1, 1));
    }

    #[test]
    fn a_duplicate_is_played_once() {
        let mut buffer = filled(&[(1, b'a'), (2, b'b')]);
        assert_eq!(buffer.push(1, 2, b"x"), PushOutcome::Duplicate);
        assert_eq!(drained(&mut buffer, 3), "ab-");
        assert_eq!(buffer.counts().duplicate, 1);
    }

    #[test]
    fn a_new_source_restarts_the_buffer() {
        let mut buffer = filled(&[(1, b'a'), (2, b'b')]);
        assert_eq!(buffer.push(2, 500, b"x"), PushOutcome::Restarted);
        buffer.push(2, 501, b"y");
        assert_eq!(drained(&mut buffer, 3), "xy-");
    }

    #[test]
    fn the_last_slot_ahead_is_kept_and_one_more_is_a_jump() {
        let mut buffer = filled(&[(1, b'a')]);
        assert_eq!(buffer.push(1, 1 + SLOTS - 1, b"z"), PushOutcome::Kept);
        assert_eq!(buffer.push(1, 1 + SLOTS, b"j"), PushOutcome::Restarted);
        assert_eq!(buffer.counts().restarted, 1);
    }

    #[test]
    fn a_packet_without_audio_is_silence_and_not_a_loss() {
        let mut buffer = filled(&[(1, b'a')]);
        buffer.push_other(1, 2);
        buffer.push(1, 3, b"c");
        assert_eq!(drained(&mut buffer, 3), "a-c");
        assert_eq!(buffer.counts().lost, 0);
    }

    #[test]
    fn an_overlong_payload_is_cut() {
        let mut buffer = JitterBuffer::new();
        buffer.push(1, 1, &[b'a'; PAYLOAD_BYTES_MAX + 1]);
        buffer.push(1, 2, b"b");
        assert!(matches!(buffer.pop(), PlayoutItem::Payload(payload) if payload.len() == PAYLOAD_BYTES_MAX));
    }
}
