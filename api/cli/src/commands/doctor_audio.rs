//! The audio checks of `ledgerline doctor`: how many calls the audio ports carry, and whether trunks are
//! shown an address that they can reach.

use crate::commands::doctor_check::{Check, CheckStatus, says};
use host::advertised_args::AdvertisedArgs;
use host::app::resolve_advertised;
use host::clock::{SystemClock, SystemIds};
use host::config::{RTP_PORTS_DEFAULT, TrunkSpec, calls_in_ports, parse_port_range};
use media::advertised::{AdvertisedAddresses, is_public};
use media::driver::local_address_towards;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

const PORTS: &str = "audio ports";
const ADDRESS: &str = "shown address";

/// The arguments about audio, as for `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct AudioArgs {
    /// UDP ports for audio, as for `serve`
    #[arg(long, value_name = "A-B", value_parser = parse_port_range)]
    rtp_ports: Option<RangeInclusive<u16>>,
    #[command(flatten)]
    advertised: AdvertisedArgs,
}

/// Returns the checks of the audio ports and of the addresses that trunks are shown.
pub(super) async fn checks(args: &AudioArgs, trunks: &[TrunkSpec]) -> Vec<Check> {
    let mut checks = vec![check_ports(args.rtp_ports.as_ref(), trunks)];
    checks.append(&mut check_addresses(&args.advertised, trunks).await);
    checks
}

/// Compares the calls that the audio ports carry with the legs of the given trunks.
fn check_ports(ports: Option<&RangeInclusive<u16>>, trunks: &[TrunkSpec]) -> Check {
    let ports = ports.cloned().unwrap_or(RTP_PORTS_DEFAULT);
    let calls = u64::try_from(calls_in_ports(&ports)).unwrap_or(u64::MAX);
    let legs: u64 = trunks.iter().map(|trunk| u64::from(trunk.legs_max)).sum();
    let (first, last) = (ports.start(), ports.end());
    let finding = match calls {
        0 => CheckStatus::Bad,
        calls if calls < legs => CheckStatus::Note,
        _ => CheckStatus::Good,
    };
    let says = says!(
        "UDP {first}-{last} 可同时承载 {calls} 路通话（每路一个偶数端口），线路最多 {legs} 路；\
         防火墙和 NAT 须转发整个范围（--rtp-ports）",
        "UDP {first}-{last} carries {calls} concurrent calls, one even port each; the trunks have {legs} legs. \
         Firewall and NAT must forward the whole range (--rtp-ports)"
    );
    Check::new(PORTS, finding, says)
}

/// Checks the addresses that the trunks are shown, after asking the STUN server for `auto`. Returns no check
/// without a trunk and an advertised address.
async fn check_addresses(args: &AdvertisedArgs, trunks: &[TrunkSpec]) -> Vec<Check> {
    let is_advertised = args.sip_advertised.is_some() || args.rtp_advertised.is_some();
    if trunks.is_empty() && !is_advertised {
        return Vec::new();
    }
    let advertised = match resolved(args).await {
        Ok(advertised) => advertised,
        Err(why) => return vec![Check::new(ADDRESS, CheckStatus::Bad, why)],
    };
    let mut checks = Vec::new();
    if let Some(rtp) = advertised.rtp.filter(|_| trunks.is_empty()) {
        checks.push(judge(None, rtp, None));
    }
    for trunk in trunks {
        checks.push(check_trunk(advertised, trunk).await);
    }
    checks
}

async fn resolved(args: &AdvertisedArgs) -> Result<AdvertisedAddresses, String> {
    let choice = args.choice().map_err(|problem| problem.detail)?;
    let ids = SystemIds::checked().map_err(|error| error.to_string())?;
    // A server may hold the SIP port, so the STUN server is asked from another one.
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let resolved = resolve_advertised(&choice, any, &SystemClock::default(), &ids).await;
    resolved.map_err(|error| error.to_string())
}

async fn check_trunk(advertised: AdvertisedAddresses, trunk: &TrunkSpec) -> Check {
    let host = trunk.host.trim_matches(['[', ']']);
    let found = tokio::net::lookup_host((host, trunk.port)).await;
    let Ok(Some(remote)) = found.map(|mut found| found.next()) else {
        // The check of the trunk itself says why.
        let says = says!("{}：地址未知", "{}: its address is unknown", trunk.name);
        return Check::new(ADDRESS, CheckStatus::Note, says);
    };
    match local_address_towards(remote) {
        Ok(local) => {
            let shown = advertised.rtp_for(local, remote.ip());
            judge(Some(&trunk.name), shown, Some(remote.ip()))
        }
        Err(error) => Check::new(
            ADDRESS,
            CheckStatus::Bad,
            says!(
                "{}：没有到 {remote} 的路由：{error}",
                "{}: no route to {remote}: {error}",
                trunk.name
            ),
        ),
    }
}

/// Judges the address for audio that a trunk is shown; without a trunk, the advertised one alone.
fn judge(trunk: Option<&str>, shown: IpAddr, remote: Option<IpAddr>) -> Check {
    let name = trunk.unwrap_or("--rtp-advertised");
    let is_private = !is_public(shown);
    let (finding, says) = match remote {
        Some(remote) if is_public(remote) && is_private => (
            CheckStatus::Note,
            says!(
                "{name}：线路 {remote} 在公网，但告知它的语音地址 {shown} 是内网地址，通话可能没有声音；请设置 \
                 --rtp-advertised、--sip-advertised，或用 auto 和 --stun",
                "{name}: the trunk {remote} is public, but it is shown the private address {shown} for audio: \
                 calls may have no sound; set --rtp-advertised and --sip-advertised, or auto with --stun"
            ),
        ),
        Some(_) => (
            CheckStatus::Good,
            says!(
                "{name}：告知的语音地址为 {shown}",
                "{name}: it is shown {shown} for audio"
            ),
        ),
        None if is_private => (
            CheckStatus::Note,
            says!(
                "{name}：{shown} 是内网地址，公网线路无法向它发送语音",
                "{name}: {shown} is private: a public trunk cannot send audio to it"
            ),
        ),
        None => (
            CheckStatus::Good,
            says!("{name}：{shown} 是公网地址", "{name}: {shown} is public"),
        ),
    };
    Check::new(ADDRESS, finding, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk(spec: &str) -> TrunkSpec {
        spec.parse().unwrap()
    }

    #[test]
    fn audio_ports_are_counted_in_calls() {
        let trunks = [trunk("sip:127.0.0.1:5060;legs-max=100")];
        for (ports, finding, calls) in [
            (20_000..=20_199, CheckStatus::Good, "carries 100 concurrent"),
            (20_000..=20_197, CheckStatus::Note, "carries 99 concurrent"),
            (20_001..=20_001, CheckStatus::Bad, "carries 0 concurrent"),
        ] {
            let check = check_ports(Some(&ports), &trunks);
            assert_eq!(check.finding, finding, "{}", check.says);
            assert!(check.says.en.contains(calls), "{}", check.says.en);
        }
        let check = check_ports(None, &[]);
        assert!(
            check.says.en.contains("16384-32767 carries 8192"),
            "{}",
            check.says.en
        );
    }

    #[test]
    fn a_private_address_is_noted_only_beside_a_public_trunk() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (shown, remote, finding) in [
            ("10.0.0.5", Some("203.0.113.9"), CheckStatus::Note),
            ("100.64.1.1", Some("203.0.113.9"), CheckStatus::Note),
            ("203.0.113.7", Some("203.0.113.9"), CheckStatus::Good),
            ("10.0.0.5", Some("10.0.0.9"), CheckStatus::Good),
            ("127.0.0.1", Some("127.0.0.1"), CheckStatus::Good),
            ("10.0.0.5", None, CheckStatus::Note),
            ("203.0.113.7", None, CheckStatus::Good),
        ] {
            let check = judge(Some("main"), ip(shown), remote.map(ip));
            assert_eq!(check.finding, finding, "{}", check.says);
        }
    }

    #[tokio::test]
    async fn each_trunk_is_shown_an_address_and_auto_needs_a_server() {
        let trunks = [
            trunk("sip:127.0.0.1:5060;name=near"),
            trunk("sip:trunk.invalid:5060;name=far;from=95001"),
        ];
        let args = AdvertisedArgs {
            sip_advertised: Some("203.0.113.7".parse().unwrap()),
            ..AdvertisedArgs::default()
        };
        let said: Vec<String> = check_addresses(&args, &trunks)
            .await
            .into_iter()
            .map(|check| check.says.en)
            .collect();
        assert_eq!(
            said,
            [
                "near: it is shown 127.0.0.1 for audio",
                "far: its address is unknown"
            ]
        );
        assert!(check_addresses(&AdvertisedArgs::default(), &[]).await.is_empty());
        let auto = AdvertisedArgs {
            rtp_advertised: Some("auto".parse().unwrap()),
            ..AdvertisedArgs::default()
        };
        let checks = check_addresses(&auto, &[]).await;
        assert_eq!((checks.len(), checks[0].finding), (1, CheckStatus::Bad));
    }
}
