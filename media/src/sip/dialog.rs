//! A dialog (RFC 3261, 12): its tags, route set, target and counters, and the requests sent within it.

use super::header_value::{Address, host_and_port, parameter};
use super::message::SipMessage;
use super::trunk_profile::{PrivateContact, TrunkProfile, is_private};
use domain::call::LegIdentity;
use domain::ports::line::AnsweredDialog;
use std::net::{IpAddr, SocketAddr};

/// The port of a SIP URI that names none (RFC 3261, 19.1.2).
const SIP_PORT: u16 = 5_060;

/// The destination of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// The trunk, as for the INVITE.
    Trunk,
    /// An address named by a route, a contact or the packet itself.
    At(SocketAddr),
}

impl Hop {
    /// Returns true if the message goes to the trunk's own host. Credentials may be sent nowhere else.
    pub fn is_at(self, trunk: IpAddr) -> bool {
        match self {
            Self::Trunk => true,
            Self::At(address) => address.ip() == trunk,
        }
    }

    /// Returns the destination that a URI names. A host name is not resolved: a peer with a name is reached
    /// through its trunk.
    pub fn of_uri(uri: &str) -> Self {
        let Some((host, port)) = host_and_port(uri) else {
            return Self::Trunk;
        };
        match host.parse::<IpAddr>() {
            Ok(ip) => Self::At(SocketAddr::new(ip, port.unwrap_or(SIP_PORT))),
            Err(_) => Self::Trunk,
        }
    }
}

/// The names and addresses in the messages of a leg.
#[derive(Debug, Clone, Copy)]
pub struct PartyNames<'a> {
    /// Our own `host:port`, as in Via (sent-by).
    pub local: &'a str,
    /// `host:port` of the far end.
    pub trunk: &'a str,
    pub trunk_ip: IpAddr,
    pub callee: &'a str,
    pub caller: Option<&'a str>,
}

/// Our side in a leg's messages: the header values that never change within it.
#[derive(Debug, Clone)]
pub struct Party {
    pub identity: LegIdentity,
    /// Our own `host:port`, as in Via (sent-by).
    pub local: String,
    /// The From header, with our tag.
    pub from: String,
    /// The To header, without a tag.
    pub to: String,
    /// Request-URI of the INVITE.
    pub uri: String,
    /// The header of the INVITE that asserts the caller number.
    pub asserted: Option<(&'static str, String)>,
    /// The Route header of requests outside a dialog: the outbound proxy; `None` for none.
    pub route: Option<String>,
    /// The trunk's address if requests to private addresses are to go there, because the trunk is behind a
    /// NAT; otherwise `None`.
    pub behind_nat: Option<IpAddr>,
}

impl Party {
    /// Builds the header values for a leg. Without a caller number, From is anonymous (RFC 3323, 4.1.1.3).
    pub fn new(identity: LegIdentity, names: &PartyNames<'_>, profile: &TrunkProfile) -> Self {
        let PartyNames {
            local,
            trunk,
            trunk_ip,
            callee,
            caller,
        } = *names;
        // `#` is not allowed in a user part (RFC 3261, 25.1): some parsers would read a fragment and cut the
        // number.
        let callee = callee.replace('#', "%23");
        let phone = if profile.user_phone { ";user=phone" } else { "" };
        let uri = format!("sip:{callee}@{trunk}{phone}");
        let domain = profile.from_domain.as_deref().unwrap_or(local);
        let number = caller.map(|caller| format!("sip:{}@{domain}{phone}", caller.replace('#', "%23")));
        let anonymous = || format!("sip:anonymous@{domain}");
        let shown = number.clone().unwrap_or_else(anonymous);
        let asserted = profile.asserted_by.zip(number);
        let behind_nat = match profile.private_contact {
            PrivateContact::AsGiven => None,
            PrivateContact::ToTrunk => Some(trunk_ip),
        };
        Self {
            local: local.to_owned(),
            from: format!("<{shown}>;tag={}", identity.local_tag()),
            to: format!("<{uri}>"),
            uri,
            asserted: asserted.map(|(by, number)| (by.header(), format!("<{number}>"))),
            route: profile
                .outbound_proxy
                .as_ref()
                .map(|proxy| format!("<sip:{};lr>", proxy.authority())),
            behind_nat,
            identity,
        }
    }

    /// Returns a request outside a dialog: the INVITE, its CANCEL, or the ACK of a final response that is not
    /// a 2xx.
    pub fn initial(&self, method: &str, to: &str, cseq: u32, branch: &str) -> SipMessage {
        let message = self.request(method, &self.uri, to, cseq, branch);
        match &self.route {
            Some(route) => message.with("Route", route),
            None => message,
        }
    }

    /// Returns the destination of a request to this URI: a private address goes to the trunk if that is
    /// behind a NAT.
    pub fn hop_of(&self, uri: &str) -> Hop {
        match (Hop::of_uri(uri), self.behind_nat) {
            (Hop::At(address), Some(trunk)) if address.ip() != trunk && is_private(address.ip()) => {
                Hop::Trunk
            }
            (hop, _) => hop,
        }
    }

    /// Returns a request with Via, Max-Forwards, From, To, Call-ID and CSeq.
    pub fn request(&self, method: &str, uri: &str, to: &str, cseq: u32, branch: &str) -> SipMessage {
        SipMessage::request(method, uri)
            .with("Via", format!("SIP/2.0/UDP {};branch={branch};rport", self.local))
            .with("Max-Forwards", "70")
            .with("From", &self.from)
            .with("To", to)
            .with("Call-ID", self.identity.sip_call_id())
            .with("CSeq", format!("{cseq} {method}"))
    }

    /// Returns the value of our `Contact` header.
    pub fn contact(&self) -> String {
        format!("<sip:ledgerline@{}>", self.local)
    }
}

/// A confirmed dialog of a leg, or an early one.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// The To header of our requests, with the far end's tag.
    remote: String,
    pub remote_tag: String,
    pub remote_target: String,
    /// The Route values of our requests, in the order of sending.
    pub route_set: Vec<String>,
    pub local_cseq: u32,
    /// The last CSeq number that the far end used (RFC 3261, 12.2.2); `None` before its first request.
    pub remote_cseq: Option<u32>,
    /// True if the far end's `Allow` lists INFO (RFC 6086), by which gateways send keypresses.
    pub takes_info: bool,
}

impl Dialog {
    /// Returns the dialog that a 2xx to our INVITE establishes (12.1.2). Without a Contact the target is the
    /// Request-URI of our INVITE.
    pub fn from_answer(party: &Party, response: &SipMessage, cseq: u32) -> Self {
        let mut route_set = response.record_routes();
        route_set.reverse();
        Self {
            remote: response.header("To").unwrap_or(&party.to).to_owned(),
            remote_tag: response.tag_of_to().unwrap_or_default().to_owned(),
            remote_target: response.contact_uri().unwrap_or(&party.uri).to_owned(),
            route_set,
            local_cseq: cseq,
            remote_cseq: None,
            takes_info: takes_info(response),
        }
    }

    /// Returns the dialog to which a request of the far end belongs, built from its headers (12.1.1): its
    /// From and tag are the remote party, its Record-Route is the route set, its Contact is the target.
    /// Without a Contact the target is the Request-URI of our INVITE.
    pub fn from_request(party: &Party, request: &SipMessage) -> Self {
        Self {
            remote: request.header("From").unwrap_or(&party.to).to_owned(),
            remote_tag: request.tag_of_from().unwrap_or_default().to_owned(),
            remote_target: request.contact_uri().unwrap_or(&party.uri).to_owned(),
            route_set: request.record_routes(),
            local_cseq: 0,
            remote_cseq: None,
            takes_info: false,
        }
    }

    /// Returns a dialog from the facts in the log. The CSeq of its next request is above `cseq`.
    pub fn from_log(party: &Party, answered: &AnsweredDialog, cseq: u32) -> Self {
        Self {
            remote: format!("{};tag={}", party.to, answered.to_tag),
            remote_tag: answered.to_tag.clone(),
            remote_target: answered.remote_target.clone(),
            route_set: answered.route_set.clone(),
            local_cseq: cseq,
            remote_cseq: None,
            takes_info: false,
        }
    }

    /// Returns what the log keeps of the answered dialog, with which another process could end it.
    /// `key_paths` is left empty.
    pub fn facts(&self, invite_cseq: u32) -> AnsweredDialog {
        AnsweredDialog {
            to_tag: self.remote_tag.clone(),
            remote_target: self.remote_target.clone(),
            route_set: self.route_set.clone(),
            cseq: invite_cseq,
            key_paths: None,
        }
    }

    /// Returns the ACK of a 2xx and its destination. It has the INVITE's CSeq and a branch of its own
    /// (13.2.2.4).
    pub fn ack(&self, party: &Party, invite_cseq: u32) -> (SipMessage, Hop) {
        let branch = format!(
            "{}-{}",
            party.identity.branch("ACK", invite_cseq),
            token_of(&self.remote_tag)
        );
        self.address(party, "ACK", invite_cseq, &branch)
    }

    /// Returns the next request within the dialog and its destination; its CSeq is one higher.
    pub fn request(&mut self, party: &Party, method: &str) -> (SipMessage, Hop) {
        self.local_cseq = self.local_cseq.saturating_add(1);
        let cseq = self.local_cseq;
        // Forked dialogs of one leg count separately; the tag keeps their branches distinct too.
        let branch = format!(
            "{}-{}",
            party.identity.branch(method, cseq),
            token_of(&self.remote_tag)
        );
        self.address(party, method, cseq, &branch)
    }

    /// Returns a request of the dialog with its Request-URI and Route headers, and its next hop, by loose
    /// or strict routing (12.2.1.1).
    fn address(&self, party: &Party, method: &str, cseq: u32, branch: &str) -> (SipMessage, Hop) {
        let first = self.route_set.first().and_then(|route| Address::read(route));
        let Some(first) = first else {
            let message = party.request(method, &self.remote_target, &self.remote, cseq, branch);
            return (message, party.hop_of(&self.remote_target));
        };
        let hop = party.hop_of(first.uri);
        let loose = first
            .uri
            .split_once(';')
            .is_some_and(|(_, rest)| parameter(rest, "lr").is_some());
        if loose {
            let message = party.request(method, &self.remote_target, &self.remote, cseq, branch);
            return (with_routes(message, &self.route_set), hop);
        }
        let message = party.request(method, first.uri, &self.remote, cseq, branch);
        let mut routes: Vec<String> = self.route_set.iter().skip(1).cloned().collect();
        routes.push(format!("<{}>", self.remote_target));
        (with_routes(message, &routes), hop)
    }
}

fn with_routes(mut message: SipMessage, routes: &[String]) -> SipMessage {
    for route in routes {
        message.push("Route", route);
    }
    message
}

/// Returns a tag in the form for a branch: only its letters and digits, at most 32.
fn token_of(tag: &str) -> String {
    tag.chars().filter(char::is_ascii_alphanumeric).take(32).collect()
}

fn takes_info(response: &SipMessage) -> bool {
    let methods = response.headers("Allow").flat_map(|value| value.split(','));
    methods
        .map(str::trim)
        .any(|method| method.eq_ignore_ascii_case("INFO"))
}

#[cfg(test)]
mod tests {
    use super::{Dialog, Hop, Party, PartyNames};
    use crate::sip::trunk_profile::{IdentityHeader, PrivateContact, ProxyAddress, TrunkProfile};
    use domain::call::LegIdentity;
    use domain::ids::CallId;
    use domain::ports::line::AnsweredDialog;

    fn names<'a>(callee: &'a str, caller: Option<&'a str>) -> PartyNames<'a> {
        PartyNames {
            local: "127.0.0.1:5070",
            trunk: "192.0.2.1:5060",
            trunk_ip: "192.0.2.1".parse().unwrap(),
            callee,
            caller,
        }
    }

    fn party_of(names: &PartyNames<'_>, profile: &TrunkProfile) -> Party {
        let identity = LegIdentity::from_ids(CallId::new(uuid::Uuid::from_u128(7)), 1);
        Party::new(identity, names, profile)
    }

    fn party() -> Party {
        party_of(&names("+8613800138000", None), &TrunkProfile::default())
    }

    fn dialog(route_set: &[&str], target: &str) -> Dialog {
        let answered = AnsweredDialog {
            to_tag: "t".to_owned(),
            remote_target: target.to_owned(),
            route_set: route_set.iter().map(|route| (*route).to_owned()).collect(),
            cseq: 1,
            key_paths: None,
        };
        Dialog::from_log(&party(), &answered, 1)
    }

    #[test]
    fn a_hash_in_a_number_is_escaped() {
        let party = party_of(&names("*31#100", Some("#1")), &TrunkProfile::default());
        assert_eq!(party.uri, "sip:*31%23100@192.0.2.1:5060");
        assert!(
            party.from.starts_with("<sip:%231@127.0.0.1:5070>"),
            "{}",
            party.from
        );
    }

    #[test]
    fn requests_follow_loose_and_strict_routes() {
        let (bye, hop) = dialog(&[], "sip:a@192.0.2.9;transport=udp").request(&party(), "BYE");
        assert_eq!(
            (bye.uri(), hop),
            (
                Some("sip:a@192.0.2.9;transport=udp"),
                Hop::At("192.0.2.9:5060".parse().unwrap())
            )
        );
        assert_eq!(bye.cseq(), Some((2, "BYE")));
        let routes = ["<sip:192.0.2.2:5070;lr>", "<sip:192.0.2.3;lr>"];
        let (bye, hop) = dialog(&routes, "sip:a@10.0.0.1").request(&party(), "BYE");
        assert_eq!(
            (bye.uri(), hop),
            (Some("sip:a@10.0.0.1"), Hop::At("192.0.2.2:5070".parse().unwrap()))
        );
        assert_eq!(bye.headers("Route").collect::<Vec<_>>(), routes);
        let strict = ["<sip:192.0.2.2:5070>", "<sip:192.0.2.3>"];
        let (bye, _) = dialog(&strict, "sip:a@10.0.0.1").request(&party(), "BYE");
        assert_eq!(bye.uri(), Some("sip:192.0.2.2:5070"));
        assert_eq!(
            bye.headers("Route").collect::<Vec<_>>(),
            ["<sip:192.0.2.3>", "<sip:a@10.0.0.1>"]
        );
        let (_, hop) = dialog(&[], "sip:a@host.example.com").request(&party(), "BYE");
        assert_eq!(hop, Hop::Trunk, "names are not looked up");
    }

    #[test]
    fn a_trunk_gets_the_caller_as_its_profile_says() {
        let profile = TrunkProfile {
            from_domain: Some("ims.example.com".to_owned()),
            asserted_by: Some(IdentityHeader::Asserted),
            user_phone: true,
            outbound_proxy: Some(ProxyAddress {
                host: "192.0.2.8".to_owned(),
                port: 5_080,
            }),
            private_contact: PrivateContact::AsGiven,
        };
        let party = party_of(&names("+8613800138000", Some("+15550100")), &profile);
        assert_eq!(party.uri, "sip:+8613800138000@192.0.2.1:5060;user=phone");
        assert!(
            party
                .from
                .starts_with("<sip:+15550100@ims.example.com;user=phone>;tag=")
        );
        let asserted = (
            "P-Asserted-Identity",
            "<sip:+15550100@ims.example.com;user=phone>".to_owned(),
        );
        assert_eq!(party.asserted, Some(asserted));
        let invite = party.initial("INVITE", &party.to, 1, "z9hG4bKa");
        assert_eq!(invite.header("Route"), Some("<sip:192.0.2.8:5080;lr>"));
        let preferred = TrunkProfile {
            asserted_by: Some(IdentityHeader::Preferred),
            ..TrunkProfile::default()
        };
        let plain = party_of(&names("+8613800138000", Some("+15550100")), &preferred);
        let asserted = (
            "P-Preferred-Identity",
            "<sip:+15550100@127.0.0.1:5070>".to_owned(),
        );
        assert_eq!(plain.asserted, Some(asserted));
        let anonymous = party_of(&names("+8613800138000", None), &preferred);
        assert_eq!(anonymous.asserted, None, "no number is asserted");
        assert!(anonymous.from.starts_with("<sip:anonymous@127.0.0.1:5070>"));
    }

    #[test]
    fn a_private_contact_is_behind_the_trunk_where_its_profile_says_so() {
        let nat = TrunkProfile {
            private_contact: PrivateContact::ToTrunk,
            ..TrunkProfile::default()
        };
        let behind = party_of(&names("+8613800138000", None), &nat);
        for (target, to_trunk) in [
            ("sip:a@10.0.0.7:5060", true),
            ("sip:a@192.168.1.7", true),
            ("sip:a@100.64.3.3", true),
            ("sip:a@[fd00::7]", true),
            ("sip:a@198.51.100.7", false),
        ] {
            let hop = dialog(&[], target).request(&behind, "BYE").1;
            assert_eq!(hop == Hop::Trunk, to_trunk, "{target}");
            let given = dialog(&[], target).request(&party(), "BYE").1;
            assert_ne!(given, Hop::Trunk, "{target}");
            let routed = dialog(&[&format!("<{target};lr>")], "sip:a@198.51.100.9");
            assert_eq!(
                routed.clone().request(&behind, "BYE").1 == Hop::Trunk,
                to_trunk,
                "{target}"
            );
        }
    }
}
