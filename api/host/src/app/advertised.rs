//! Decides which addresses trunks are shown: those of the settings, or what the STUN server reports. Prints a
//! notice if a public trunk is shown a private address, because its audio then goes nowhere.

use crate::advertised_args::{AdvertisedChoice, RtpAdvertised, SipAdvertised, StunServer};
use crate::app::error::AppError;
use application::format_localized;
use application::notice::notice;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use media::advertised::{AdvertisedAddresses, AdvertisedSip, is_public, is_unicast};
use media::driver::ask_stun;
use media::lines::TrunkAddresses;
use std::net::{IpAddr, SocketAddr};

/// Returns the addresses to show, after asking the STUN server if one of them is `auto`. SIP listens on
/// `sip`. Fails if the server does not answer, or if an address has another IP version than `sip`.
pub async fn resolve_advertised(
    choice: &AdvertisedChoice,
    sip: SocketAddr,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> Result<AdvertisedAddresses, AppError> {
    let reported = match choice.stun.as_ref().filter(|_| choice.is_auto()) {
        Some(stun) => Some(ask(stun, sip, clock, ids).await?),
        None => None,
    };
    let shown = addresses(choice, reported);
    let sip_ip = shown.sip.map(|sip| sip.ip);
    for (option, ip) in [("--sip-advertised", sip_ip), ("--rtp-advertised", shown.rtp)] {
        if let Some(ip) = ip.filter(|ip| ip.is_ipv4() != sip.is_ipv4()) {
            return Err(AppError::AdvertisedVersion { option, ip, sip });
        }
    }
    Ok(shown)
}

/// Combines the choice with the address that a STUN server reported.
fn addresses(choice: &AdvertisedChoice, reported: Option<IpAddr>) -> AdvertisedAddresses {
    AdvertisedAddresses {
        sip: match choice.sip {
            Some(SipAdvertised::Fixed(sip)) => Some(sip),
            Some(SipAdvertised::Auto) => reported.map(|ip| AdvertisedSip { ip, port: None }),
            None => None,
        },
        rtp: match choice.rtp {
            Some(RtpAdvertised::Fixed(ip)) => Some(ip),
            Some(RtpAdvertised::Auto) => reported,
            None => None,
        },
    }
}

/// Asks from the SIP port, so that the reply also shows whether the NAT keeps the port.
async fn ask(
    stun: &StunServer,
    sip: SocketAddr,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> Result<IpAddr, AppError> {
    let mapped = ask_stun(&stun.host, stun.port, sip, clock, ids).await;
    let mapped = mapped.map_err(|error| AppError::Stun {
        server: stun.to_string(),
        error,
    })?;
    let ip = mapped.ip().to_canonical();
    if !is_unicast(ip) {
        return Err(AppError::StunAddress {
            server: stun.to_string(),
            ip,
        });
    }
    tracing::info!(server = %stun, %mapped, "a stun server reported our address");
    if sip.port() != 0 && mapped.port() != sip.port() {
        notice(&format_localized!(
            "STUN：本机 UDP {} 端口经 NAT 后变为 {} 端口；对端发来的请求到不了本机。请在 NAT 上转发 SIP 和 RTP 端口，\
             并用 --sip-advertised IP:PORT 指明转发后的端口",
            "STUN: the NAT shows our UDP port {} as {}, so requests of trunks do not arrive. Forward the SIP \
             and RTP ports, and name the forwarded port with --sip-advertised IP:PORT",
            sip.port(),
            mapped.port()
        ));
    }
    Ok(ip)
}

/// Prints a notice if a trunk with a public address is shown a private one for audio.
pub(super) fn warn_if_unreachable(trunk: &str, addresses: &TrunkAddresses) {
    let TrunkAddresses { remote, rtp, .. } = *addresses;
    if !is_public(remote.ip()) || is_public(rtp) {
        return;
    }
    tracing::warn!(trunk, %rtp, "a public trunk is shown a private address for audio");
    notice(&format_localized!(
        "线路 {trunk}：线路在公网，但告知它的语音地址 {rtp} 是内网地址，通话可能没有声音。请设置 --rtp-advertised 和 \
         --sip-advertised",
        "trunk {trunk} is public, but it is shown the private address {rtp} for audio: calls may have no \
         sound. Set --rtp-advertised and --sip-advertised"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advertised_args::AdvertisedArgs;
    use crate::clock::{SystemClock, SystemIds};
    use crate::outbound::testing::fake_stun_server;

    fn choice(sip: Option<&str>, rtp: Option<&str>) -> AdvertisedChoice {
        let args = AdvertisedArgs {
            sip_advertised: sip.map(|text| text.parse().unwrap()),
            rtp_advertised: rtp.map(|text| text.parse().unwrap()),
            stun: Some("192.0.2.1".parse().unwrap()),
        };
        args.choice().unwrap()
    }

    #[test]
    fn a_fixed_address_stays_and_auto_is_what_the_server_reports() {
        let reported = Some("203.0.113.9".parse().unwrap());
        for (sip, rtp, sip_shown, rtp_shown) in [
            (None, None, None, None),
            (
                Some("203.0.113.7:5080"),
                None,
                Some("203.0.113.7:5080"),
                Some("203.0.113.7"),
            ),
            (Some("auto"), None, Some("203.0.113.9:none"), Some("203.0.113.9")),
            (
                Some("auto"),
                Some("203.0.113.8"),
                Some("203.0.113.9:none"),
                Some("203.0.113.8"),
            ),
            (None, Some("auto"), None, Some("203.0.113.9")),
        ] {
            let shown = addresses(&choice(sip, rtp), reported);
            let port = |sip: AdvertisedSip| sip.port.map_or("none".to_owned(), |port| port.to_string());
            let sip_found = shown.sip.map(|sip| format!("{}:{}", sip.ip, port(sip)));
            assert_eq!(sip_found.as_deref(), sip_shown);
            assert_eq!(shown.rtp.map(|ip| ip.to_string()).as_deref(), rtp_shown);
        }
    }

    async fn resolved(sip: Option<&str>, stun: &str, listens: &str) -> Result<AdvertisedAddresses, AppError> {
        let args = AdvertisedArgs {
            sip_advertised: sip.map(|text| text.parse().unwrap()),
            rtp_advertised: None,
            stun: Some(stun.parse().unwrap()),
        };
        let choice = args.choice().unwrap();
        let (clock, ids) = (SystemClock::default(), SystemIds::checked().unwrap());
        resolve_advertised(&choice, listens.parse().unwrap(), &clock, &ids).await
    }

    #[tokio::test]
    async fn the_address_of_a_stun_server_is_shown_with_our_own_port() {
        let (stun, thread) = fake_stun_server([203, 0, 113, 9].into());
        let shown = resolved(Some("auto"), &stun, "127.0.0.1:0").await.unwrap();
        thread.join().unwrap();
        let ip: IpAddr = "203.0.113.9".parse().unwrap();
        assert_eq!(shown.sip, Some(AdvertisedSip { ip, port: None }));
        assert_eq!(shown.rtp, Some(ip));
    }

    #[tokio::test]
    async fn an_address_that_reaches_no_one_and_another_ip_version_fail_the_start() {
        let (stun, thread) = fake_stun_server([0, 0, 0, 0].into());
        let found = resolved(Some("auto"), &stun, "127.0.0.1:0").await;
        thread.join().unwrap();
        assert!(matches!(found, Err(AppError::StunAddress { .. })), "{found:?}");
        // A fixed address asks no server.
        let found = resolved(Some("2001:db8::1"), "192.0.2.1", "127.0.0.1:0").await;
        assert!(
            matches!(found, Err(AppError::AdvertisedVersion { .. })),
            "{found:?}"
        );
        let found = resolved(Some("203.0.113.7"), "192.0.2.1", "127.0.0.1:0").await;
        assert!(found.is_ok(), "{found:?}");
    }
}
