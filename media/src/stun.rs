//! The Binding method of STUN (RFC 8489): a request, and what a reply to it says about our address.
//!
//! A reply counts only if it repeats the 96 random bits of the request's transaction id. Replies are read
//! within their own lengths; an attribute that this client must understand and does not makes the reply
//! unusable (6.3.1). Credentials, FINGERPRINT and TURN are left out: the server is the operator's choice and
//! learns nothing that a packet to it does not show.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of a STUN header (RFC 8489, 5).
const HEADER_BYTES: usize = 20;

/// Bytes of a transaction id.
pub const TRANSACTION_BYTES: usize = 12;

/// Maximum size of a reply that is read, in bytes: an unfragmented datagram (RFC 8489, 6.1).
pub const REPLY_BYTES_MAX: usize = 1_500;

/// The value that separates STUN from other protocols on a port (RFC 8489, 5).
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// The first attribute type that a client may ignore without understanding it (RFC 8489, 14).
const FIRST_OPTIONAL: u16 = 0x8000;

/// Attribute types below `FIRST_OPTIONAL` that say nothing about our address: MAPPED-ADDRESS and those of
/// RFC 3489 that old servers still send, credentials, and UNKNOWN-ATTRIBUTES.
const PASSED_OVER: [u16; 15] = [
    0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0006, 0x0008, 0x000A, 0x000B, 0x0014, 0x0015, 0x001C, 0x001D,
    0x001E, 0x0007,
];

const FAMILY_V4: u8 = 1;
const FAMILY_V6: u8 = 2;

/// Longest reason of an error that is repeated to the operator, in characters.
const REASON_CHARS: usize = 80;

/// The random bits that a reply repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionId(pub [u8; TRANSACTION_BYTES]);

/// What a reply to a Binding request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingReply {
    /// The address and port from which the server received the request.
    Mapped(SocketAddr),
    /// The server refused the request, with its code and reason.
    Refused { code: u16, reason: String },
    /// The reply belongs to the request and cannot be used.
    Unusable(&'static str),
}

/// Returns the bytes of a Binding request without attributes.
pub fn binding_request(transaction: TransactionId) -> [u8; HEADER_BYTES] {
    let mut bytes = [0_u8; HEADER_BYTES];
    let (kind, rest) = bytes.split_at_mut(2);
    kind.copy_from_slice(&BINDING_REQUEST.to_be_bytes());
    let (_length, rest) = rest.split_at_mut(2);
    let (cookie, id) = rest.split_at_mut(MAGIC_COOKIE.len());
    cookie.copy_from_slice(&MAGIC_COOKIE);
    id.copy_from_slice(&transaction.0);
    bytes
}

/// Reads a datagram. Returns `None` if it is no reply to the request of this transaction: the caller then
/// waits for the next one.
pub fn parse_reply(datagram: &[u8], transaction: TransactionId) -> Option<BindingReply> {
    let (header, attributes) = datagram.split_at_checked(HEADER_BYTES)?;
    let kind = u16_at(header, 0)?;
    let length = usize::from(u16_at(header, 2)?);
    let is_ours = header.get(4..8)? == MAGIC_COOKIE && header.get(8..)? == transaction.0;
    if !is_ours || length != attributes.len() || length % 4 != 0 {
        return None;
    }
    match kind {
        BINDING_SUCCESS => Some(mapped(attributes, transaction)),
        BINDING_ERROR => Some(refused(attributes)),
        _ => None,
    }
}

/// Reads the first XOR-MAPPED-ADDRESS of a success.
fn mapped(attributes: &[u8], transaction: TransactionId) -> BindingReply {
    let mut found = None;
    for attribute in Attributes(attributes) {
        match attribute {
            None => return BindingReply::Unusable("its attributes are cut off"),
            Some((XOR_MAPPED_ADDRESS, value)) => found = found.or(Some(value)),
            Some((kind, _)) if kind >= FIRST_OPTIONAL || PASSED_OVER.contains(&kind) => {}
            Some(_) => return BindingReply::Unusable("it has an attribute that has to be understood"),
        }
    }
    let Some(value) = found else {
        return BindingReply::Unusable("it names no address (XOR-MAPPED-ADDRESS)");
    };
    match unmask(value, transaction) {
        Some(address) if address.port() != 0 => BindingReply::Mapped(address),
        Some(_) | None => BindingReply::Unusable("its address cannot be read (XOR-MAPPED-ADDRESS)"),
    }
}

/// Reads the code and the reason of an error (RFC 8489, 14.8).
fn refused(attributes: &[u8]) -> BindingReply {
    let unreadable = BindingReply::Unusable("it is an error without a code");
    let found = Attributes(attributes)
        .map_while(|attribute| attribute)
        .find(|(kind, _)| *kind == ERROR_CODE);
    let Some((_, [_, _, class, number, reason @ ..])) = found else {
        return unreadable;
    };
    let class = class & 0b111;
    if !(3..=6).contains(&class) || *number > 99 {
        return unreadable;
    }
    let reason = String::from_utf8_lossy(reason);
    let plain = reason.chars().filter(|found| !found.is_control());
    BindingReply::Refused {
        code: u16::from(class) * 100 + u16::from(*number),
        reason: plain.take(REASON_CHARS).collect(),
    }
}

/// Removes the mask of an XOR-MAPPED-ADDRESS (RFC 8489, 14.2). `None` for another family or length.
fn unmask(value: &[u8], transaction: TransactionId) -> Option<SocketAddr> {
    let [_, family, port_high, port_low, address @ ..] = value else {
        return None;
    };
    let [mask_high, mask_low, ..] = MAGIC_COOKIE;
    let port = u16::from_be_bytes([port_high ^ mask_high, port_low ^ mask_low]);
    let mask = MAGIC_COOKIE.iter().chain(&transaction.0);
    let plain: Vec<u8> = address.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    let ip = match (*family, address.len()) {
        (FAMILY_V4, 4) => IpAddr::V4(Ipv4Addr::from(first::<4>(&plain)?)),
        (FAMILY_V6, 16) => IpAddr::V6(Ipv6Addr::from(first::<16>(&plain)?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn first<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    <[u8; N]>::try_from(bytes).ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let [high, low] = first::<2>(bytes.get(at..at + 2)?)?;
    Some(u16::from_be_bytes([high, low]))
}

/// The attributes of a message: type and value. An attribute that is longer than the message is `None`, and
/// ends it.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Option<(u16, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.0);
        let Some((head, rest)) = rest.split_at_checked(4) else {
            return Some(None);
        };
        let (Some(kind), Some(length)) = (u16_at(head, 0), u16_at(head, 2)) else {
            return Some(None);
        };
        let length = usize::from(length);
        // Values are padded to four bytes; the padding is not counted in the length.
        let Some((value, rest)) = rest.split_at_checked(length.next_multiple_of(4)) else {
            return Some(None);
        };
        self.0 = rest;
        Some(value.get(..length).map(|value| (kind, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transaction of the sample messages (RFC 5769, 2).
    const SAMPLE: TransactionId = TransactionId([
        0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    ]);

    /// A message with these attributes and the sample's transaction.
    fn message(kind: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend(kind.to_be_bytes());
            body.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0x20);
        }
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend(MAGIC_COOKIE);
        bytes.extend(SAMPLE.0);
        bytes.extend(body);
        bytes
    }

    /// SOFTWARE and XOR-MAPPED-ADDRESS of the sample responses (RFC 5769, 2.2 and 2.3).
    const SOFTWARE: (u16, &[u8]) = (0x8022, b"test vector");
    const SAMPLE_V4: (u16, &[u8]) = (0x0020, &[0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
    const SAMPLE_V6: (u16, &[u8]) = (
        0x0020,
        &[
            0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5,
            0xbe, 0xd2, 0xb9, 0xd9,
        ],
    );

    #[test]
    fn the_addresses_of_the_sample_responses_are_read() {
        for (attribute, address) in [
            (SAMPLE_V4, "192.0.2.1:32853"),
            (SAMPLE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
        ] {
            let reply = parse_reply(&message(BINDING_SUCCESS, &[SOFTWARE, attribute]), SAMPLE);
            assert_eq!(reply, Some(BindingReply::Mapped(address.parse().unwrap())));
        }
    }

    #[test]
    fn a_request_is_a_header_alone_and_no_reply_to_itself() {
        let bytes = binding_request(SAMPLE);
        assert_eq!(bytes.to_vec(), message(BINDING_REQUEST, &[]));
        assert_eq!(parse_reply(&bytes, SAMPLE), None);
    }

    #[test]
    fn a_reply_of_another_transaction_or_no_stun_is_passed_over() {
        let right = message(BINDING_SUCCESS, &[SAMPLE_V4]);
        for at in 0..HEADER_BYTES {
            let mut other = right.clone();
            other[at] ^= 0x20;
            assert_eq!(parse_reply(&other, SAMPLE), None, "byte {at}");
        }
        for length in 0..right.len() {
            assert_eq!(parse_reply(&right[..length], SAMPLE), None, "{length} bytes");
        }
        assert_eq!(parse_reply(&[right, vec![0; 4]].concat(), SAMPLE), None);
    }

    #[test]
    fn the_first_address_counts_and_an_unknown_attribute_only_if_it_is_optional() {
        let second: (u16, &[u8]) = (0x0020, &[0, 1, 0, 0, 0, 0, 0, 0]);
        let reply = parse_reply(&message(BINDING_SUCCESS, &[SAMPLE_V4, second]), SAMPLE);
        assert_eq!(
            reply,
            Some(BindingReply::Mapped("192.0.2.1:32853".parse().unwrap()))
        );
        let old: [(u16, &[u8]); 4] = [
            (0x0001, &[0; 8]),
            (0x0004, &[0; 8]),
            (0x0005, &[0; 8]),
            (0xFFFF, &[]),
        ];
        let reply = parse_reply(
            &message(BINDING_SUCCESS, &[&old[..], &[SAMPLE_V4]].concat()),
            SAMPLE,
        );
        assert!(matches!(reply, Some(BindingReply::Mapped(_))), "{reply:?}");
        let reply = parse_reply(&message(BINDING_SUCCESS, &[SAMPLE_V4, (0x7FFF, &[1, 2])]), SAMPLE);
        assert!(matches!(reply, Some(BindingReply::Unusable(_))), "{reply:?}");
    }

    #[test]
    fn a_hostile_success_is_unusable() {
        let cut_off = {
            let mut bytes = message(BINDING_SUCCESS, &[SAMPLE_V4]);
            bytes[HEADER_BYTES + 3] = 200;
            bytes
        };
        let hostile: [Vec<u8>; 6] = [
            cut_off,
            message(BINDING_SUCCESS, &[]),
            message(BINDING_SUCCESS, &[(0x0020, &[])]),
            message(BINDING_SUCCESS, &[(0x0020, &[0, 3, 0, 0, 0, 0, 0, 0])]),
            message(BINDING_SUCCESS, &[(0x0020, &[0, 2, 0xa1, 0x47, 1, 2, 3, 4])]),
            // Port 0 after the mask is removed.
            message(
                BINDING_SUCCESS,
                &[(0x0020, &[0, 1, 0x21, 0x12, 0xe1, 0x12, 0xa6, 0x43])],
            ),
        ];
        for bytes in hostile {
            let reply = parse_reply(&bytes, SAMPLE);
            assert!(matches!(reply, Some(BindingReply::Unusable(_))), "{bytes:?}");
        }
    }

    #[test]
    fn an_error_has_its_code_and_a_reason_without_control_characters() {
        let long = [&[0, 0, 4, 1][..], "\u{1b}[31mno\r\n".as_bytes(), &[b'x'; 200]].concat();
        let reply = parse_reply(&message(BINDING_ERROR, &[(ERROR_CODE, &long)]), SAMPLE);
        let Some(BindingReply::Refused { code: 401, reason }) = reply else {
            panic!("{reply:?}")
        };
        assert!(
            reason.starts_with("[31mnoxxx") && reason.len() == REASON_CHARS,
            "{reason}"
        );
        for unreadable in [&[][..], &[0, 0, 4], &[0, 0, 1, 1], &[0, 0, 4, 100]] {
            let reply = parse_reply(&message(BINDING_ERROR, &[(ERROR_CODE, unreadable)]), SAMPLE);
            assert!(matches!(reply, Some(BindingReply::Unusable(_))), "{unreadable:?}");
        }
    }

    /// Bytes of every length and kind are read without a panic.
    #[test]
    fn no_datagram_is_too_strange_to_read() {
        let mut state = 7_u32;
        for length in 0..400 {
            let mut bytes: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    state.to_be_bytes()[0]
                })
                .collect();
            if let Some(header) = bytes.get_mut(..HEADER_BYTES) {
                header.copy_from_slice(&message(BINDING_SUCCESS, &[]));
                header[2..4].copy_from_slice(&(u16::try_from(length).unwrap() - 20).to_be_bytes());
            }
            drop(parse_reply(&bytes, SAMPLE));
        }
    }
}
