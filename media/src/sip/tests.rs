//! Table tests of the parser: messages that carriers send, datagrams that must be refused, and seeded byte
//! mutations.

use super::header_value::{Address, host_and_port, split_list};
use super::message::SipMessage;
use super::normalizer::MalformedMessage;
use super::parse::parse;
use crate::testing::split_mix::SplitMix64;

const RESPONSE: &str = "SIP/2.0 486 Busy Here\r\n\
    Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKabc;rport=5070, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\n\
    From: <sip:a@127.0.0.1>;tag=1\r\n\
    To: \"Bob, the \\\"one\\\"\" <sip:13800138000@127.0.0.1;user=phone>;tag=\"t2\"\r\n\
    Call-ID: c-1\r\n\
    CSeq: 1 INVITE\r\n\
    Reason: Q.850;cause=17;text=\"busy\"\r\n\
    Content-Length: 0\r\n\r\n";

fn with_line(line: &str) -> String {
    RESPONSE.replacen("Call-ID: c-1\r\n", &format!("Call-ID: c-1\r\n{line}\r\n"), 1)
}

#[test]
fn a_response_gives_its_parts() {
    let message = parse(RESPONSE.as_bytes()).unwrap();
    assert_eq!(message.code(), Some(486));
    assert_eq!(message.branch(), Some("z9hG4bKabc"));
    assert_eq!(message.headers("Via").count(), 2);
    assert_eq!(message.tag_of_from(), Some("1"));
    assert_eq!(message.tag_of_to(), Some("t2"));
    assert_eq!(message.cseq(), Some((1, "INVITE")));
    assert_eq!(message.header("reason"), Some("Q.850;cause=17;text=\"busy\""));
}

#[test]
fn compact_names_and_folded_lines_are_read() {
    let text = "BYE sip:[::1]:5070 SIP/2.0\r\n\
        v: SIP/2.0/UDP [::1]:5060 ;branch=z9hG4bK1\r\n\
        f:\r\n\t<sips:+8613800138000@[::1]>\r\n ;tag=a\r\n\
        t : <sip:[::1]>;tag=b\r\n\
        i: x@y\r\n\
        m: <sip:[::1]:5060;transport=udp>\r\n\
        Max-Forwards: 70\r\n\
        cSEQ:  7   BYE\r\n\
        Subject:\r\n\
        l: 3\r\n\r\nabcdef";
    let message = parse(text.as_bytes()).unwrap();
    assert_eq!(message.method(), "BYE");
    assert_eq!(message.uri(), Some("sip:[::1]:5070"));
    assert_eq!(message.branch(), Some("z9hG4bK1"));
    assert_eq!(
        (message.tag_of_from(), message.tag_of_to()),
        (Some("a"), Some("b"))
    );
    assert_eq!(message.header("From"), Some("<sips:+8613800138000@[::1]> ;tag=a"));
    assert_eq!(message.contact_uri(), Some("sip:[::1]:5060;transport=udp"));
    assert_eq!(message.cseq(), Some((7, "BYE")));
    assert_eq!(message.body, b"abc");
}

/// Modelled on RFC 4475, 3.1.1.1: unusual but valid spaces, folds, cases, escapes and unknown headers.
#[test]
fn a_tortuous_but_valid_invite_is_read() {
    let text = "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n\
TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n\
from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n\
MaX-fOrWaRdS: 0068\r\n\
Call-ID: wsinv.ndaksdj@192.0.2.1\r\n\
Content-Length   : 3\r\n\
cseq: 0009\r\n  INVITE\r\n\
Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;rport;branch=390skdjuw\r\n\
s :\r\n\
NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n\
UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n\
Content-Type: application/sdp\r\n\
Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n\
v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n\x20\
SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n\
m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n\x20\
secondparam ; q = 0.33\r\n\
\r\nv=0";
    let message = parse(text.as_bytes()).unwrap();
    assert_eq!(
        (message.tag_of_to(), message.tag_of_from()),
        (Some("1918181833n"), Some("98asjd8"))
    );
    assert_eq!(
        (message.cseq(), message.branch()),
        (Some((9, "INVITE")), Some("390skdjuw"))
    );
    assert_eq!(message.headers("Via").count(), 3);
    assert_eq!(message.contact_uri(), Some("sip:jdrosen@example.com"));
    assert_eq!(message.sdp(), Some(b"v=0".as_slice()));
    let folded = message.header("NewFangledHeader");
    assert_eq!(folded, Some("newfangled value continued newfangled value"));
}

#[test]
fn a_method_rsip_does_not_know_is_still_a_request() {
    let text = request("PONG");
    assert_eq!(parse(text.as_bytes()).unwrap().method(), "PONG");
}

fn request(method: &str) -> String {
    format!(
        "{method} sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\
         From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: q\r\nMax-Forwards: 70\r\n\
         CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Returns hostile or broken datagrams, each with the error that refuses it.
fn refused() -> Vec<(String, MalformedMessage)> {
    let long = format!("X: {}", "y".repeat(9_000));
    let many = vec!["X: y"; 129].join("\r\n");
    let mut refused = vec![
        ("\r\n\r\n".to_owned(), MalformedMessage::KeepAlive),
        (String::new(), MalformedMessage::KeepAlive),
        ("OPTIONS sip:a SIP/2.0\r\n".to_owned(), MalformedMessage::NoEnd),
        (with_line(&long), MalformedMessage::TooLarge),
        (with_line(&many), MalformedMessage::TooManyHeaders),
        (with_line("Call-ID: c-2"), MalformedMessage::Duplicate("Call-ID")),
        (with_line("i: c-1"), MalformedMessage::Duplicate("Call-ID")),
        (with_line("CSeq: 2 INVITE"), MalformedMessage::Duplicate("CSeq")),
        (with_line("no colon here"), MalformedMessage::Header),
        (with_line("X: a\u{0}b"), MalformedMessage::Control),
        (with_line("X: a\nInjected: b"), MalformedMessage::Control),
        (with_line("Contact: <sip:a"), MalformedMessage::Header),
        (with_line("Contact: \"a <sip:a@b>"), MalformedMessage::Header),
        (
            RESPONSE.replace("Length: 0", "Length: 1"),
            MalformedMessage::ContentLength,
        ),
        (
            RESPONSE.replace("Length: 0", "Length: -1"),
            MalformedMessage::ContentLength,
        ),
        (
            RESPONSE.replace("SIP/2.0 486", "SIP/7.0 486"),
            MalformedMessage::Version,
        ),
        (
            RESPONSE.replace("SIP/2.0 486", "SIP/2.0 4294967301"),
            MalformedMessage::StartLine,
        ),
        (
            RESPONSE.replace("SIP/2.0 486", "SIP/2.0 700"),
            MalformedMessage::StartLine,
        ),
        (
            RESPONSE.replace("CSeq: 1 INVITE", "CSeq: 2147483648 INVITE"),
            MalformedMessage::Unreadable("CSeq"),
        ),
        (
            RESPONSE.replace("CSeq: 1 INVITE", "CSeq: -1 INVITE"),
            MalformedMessage::Unreadable("CSeq"),
        ),
        (
            RESPONSE.replace("From: <sip:a@127.0.0.1>;tag=1\r\n", ""),
            MalformedMessage::Missing("From"),
        ),
        (
            RESPONSE.replace("From: <sip:", "From: <"),
            MalformedMessage::Unreadable("From"),
        ),
    ];
    refused.extend(refused_invites());
    refused
}

/// Returns broken INVITE requests, each with the error that refuses it.
fn refused_invites() -> Vec<(String, MalformedMessage)> {
    let invite = request("INVITE");
    vec![
        (invite.replace("1 INVITE", "1 BYE"), MalformedMessage::CSeqMethod),
        (
            invite.replace("Max-Forwards: 70\r\n", ""),
            MalformedMessage::Missing("Max-Forwards"),
        ),
        (
            invite.replace("Forwards: 70", "Forwards: 256"),
            MalformedMessage::Unreadable("Max-Forwards"),
        ),
        (
            invite.replace("sip:a@127.0.0.1 SIP", "<sip:a@127.0.0.1> SIP"),
            MalformedMessage::StartLine,
        ),
        (
            invite.replace("INVITE sip", "INVITE  sip"),
            MalformedMessage::StartLine,
        ),
        (
            invite.replace("SIP/2.0\r\nVia", "SIP/2.0\r\n Via"),
            MalformedMessage::StartLine,
        ),
    ]
}

#[test]
fn what_must_be_refused_is_refused_by_name() {
    for (text, why) in refused() {
        assert_eq!(parse(text.as_bytes()).unwrap_err(), why, "{text}");
    }
    assert_eq!(parse(&[0xff; 40]).unwrap_err(), MalformedMessage::NoEnd);
    assert_eq!(
        parse(&vec![b'a'; 65_536]).unwrap_err(),
        MalformedMessage::TooLarge
    );
    assert!(parse(RESPONSE.replace("CSeq: 1 ", "CSeq: 2147483647 ").as_bytes()).is_ok());
    assert_eq!(
        parse(&RESPONSE.replace("c-1", "c-\u{e9}").into_bytes())
            .unwrap()
            .call_id(),
        "c-\u{e9}"
    );
    let mut not_utf8 = RESPONSE.as_bytes().to_vec();
    let at = RESPONSE.find("c-1").unwrap();
    not_utf8[at] = 0xff;
    assert_eq!(parse(&not_utf8).unwrap_err(), MalformedMessage::NotUtf8);
}

#[test]
fn a_composed_message_reads_back_as_it_was_and_takes_no_foreign_line() {
    let message = SipMessage::request("INVITE", "sip:+8613800138000@127.0.0.1:5060")
        .with("Via", "SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK9;rport")
        .with("From", "<sip:a@127.0.0.1>;tag=1")
        .with("To", "<sip:b@127.0.0.1>")
        .with("Call-ID", "evil\r\nInjected: yes")
        .with("CSeq", "1 INVITE")
        .with("Max-Forwards", "70")
        .with_body("application/sdp", b"v=0\r\n".to_vec());
    let back = parse(&message.to_bytes()).unwrap();
    assert_eq!(back.call_id(), "evilInjected: yes");
    assert_eq!(back.header("Injected"), None);
    assert_eq!(back.sdp(), Some(b"v=0\r\n".as_slice()));
    let answer = SipMessage::response(&back, 180, "Ringing", Some("tt"));
    let answer = parse(&answer.to_bytes()).unwrap();
    assert_eq!((answer.code(), answer.tag_of_to()), (Some(180), Some("tt")));
    assert_eq!(answer.branch(), Some("z9hG4bK9"));
}

#[test]
fn addresses_lists_and_ports_are_read_with_quotes_respected() {
    let list = split_list("<sip:a;lr>, \"x, y\" <sip:b,c>;p=\"1,2\"").unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(Address::read(list[1]).unwrap().uri, "sip:b,c");
    assert_eq!(Address::read("sip:a@b;tag=7").unwrap().tag(), Some("7"));
    assert!(Address::read("<sip:a>x").is_none());
    assert!(Address::read("nothing").is_none());
    assert_eq!(
        host_and_port("sip:u;x=y@[::1]:5070;lr"),
        Some(("::1", Some(5070)))
    );
    assert_eq!(
        host_and_port("sip:host.example.com;lr"),
        Some(("host.example.com", None))
    );
    assert_eq!(host_and_port("sip:1.2.3.4:65536"), None);
    assert_eq!(host_and_port("tel:+8613800138000"), None);
}

#[test]
fn mutated_bytes_never_panic_and_what_parses_composes_and_parses_again() {
    let seeds = [
        RESPONSE.to_owned(),
        request("INVITE"),
        with_line("m: <sip:[::1]:5>;q=1, <tel:1>"),
    ];
    let mut seeded = SplitMix64(7);
    let spice = b"\r\n\t <>\"\\,;:=@%\0\xff-9a";
    let mut taken = 0;
    for round in 0..20_000 {
        let mut bytes = seeds[round % seeds.len()].clone().into_bytes();
        for _ in 0..=seeded.index(4) {
            let at = seeded.index(bytes.len());
            match seeded.index(3) {
                0 => bytes[at] = spice[seeded.index(spice.len())],
                1 => bytes.insert(at, spice[seeded.index(spice.len())]),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        if let Ok(message) = parse(&bytes) {
            taken += 1;
            let again = parse(&message.to_bytes()).unwrap_or_else(|why| panic!("{why}: {message:?}"));
            assert_eq!(again.cseq(), message.cseq());
            assert_eq!(again.branch(), message.branch());
        }
    }
    assert!(
        taken > 1_000,
        "only {taken} mutations still parse: the mutator is too wild to mean anything"
    );
}
