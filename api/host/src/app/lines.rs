//! Opens the lines of this process: the SIP port, the trunks on it, and their shares of the audio ports.

use crate::app::advertised::{resolve_advertised, warn_if_unreachable};
use crate::app::error::AppError;
use crate::config::{RTP_PORTS_DEFAULT, SIP_PORT, TrunkSpec, TrunkSuccessor, calls_in_ports};
use crate::data_dir::{self, RECORDINGS_DIR};
use crate::descriptors;
use crate::serve_settings::ServeSettings;
use actors::Environment;
use application::format_localized;
use application::notice::notice;
use domain::ports::line::Line;
use media::driver::{HungUpDialogs, MediaConfig, MediaDriver, MediaPorts};
use media::lines::{SipTrunk, TrunkConfig};
use media::sip::authentication::Credentials;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

/// Starts the media driver and the trunks, in order of preference, on the tasks of `environment`.
///
/// The SIP port stays the same over restarts, because stored events name it.
pub(super) async fn start(
    directory: &Path,
    environment: &Environment,
    settings: &ServeSettings,
    hung_up: Arc<HungUpDialogs>,
) -> Result<(Arc<MediaDriver>, Vec<Arc<dyn Line>>), AppError> {
    let sip = settings
        .sip
        .or_else(|| data_dir::sip_address(directory))
        .unwrap_or_else(|| first_sip_address(&settings.trunks));
    let rtp_ports = settings.rtp_ports.clone().unwrap_or(RTP_PORTS_DEFAULT);
    let room = TrunkLegLimits::of(&rtp_ports, settings.trunks.len())?;
    let (clock, ids) = (environment.clock.as_ref(), environment.ids.as_ref());
    let advertised = resolve_advertised(&settings.advertised, sip, clock, ids).await?;
    let config = MediaConfig {
        sip,
        advertised,
        rtp_ports: (*rtp_ports.start(), *rtp_ports.end()),
        recordings: directory.join(RECORDINGS_DIR),
        hung_up,
    };
    let surroundings = MediaPorts {
        clock: Arc::clone(&environment.clock),
        ids: Arc::clone(&environment.ids),
        tasks: Arc::clone(&environment.tasks),
    };
    let driver = MediaDriver::start(config, surroundings)?;
    data_dir::keep_sip_address(directory, driver.local())?;
    let mut lines: Vec<Arc<dyn Line>> = Vec::with_capacity(settings.trunks.len());
    for (index, trunk) in settings.trunks.iter().enumerate() {
        let followed = if index + 1 == settings.trunks.len() {
            TrunkSuccessor::ByNone
        } else {
            TrunkSuccessor::ByAnother
        };
        let mut config = trunk_config(trunk, followed)?;
        config.legs_max = room.lower(&config.name, config.legs_max);
        let line = SipTrunk::start(config, &driver).await?;
        warn_if_unreachable(&trunk.name, &line.addresses());
        lines.push(line);
    }
    Ok((driver, lines))
}

/// Returns the SIP address at a directory's first start: a free loopback port for a rehearsal, the well-known
/// port on all interfaces for real trunks.
fn first_sip_address(trunks: &[TrunkSpec]) -> SocketAddr {
    if trunks.iter().all(TrunkSpec::is_loopback) {
        return SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    }
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, SIP_PORT))
}

/// The most legs that one trunk may have: by its share of the audio ports, and of the open files.
struct TrunkLegLimits {
    by_ports: u32,
    by_descriptors: u32,
}

impl TrunkLegLimits {
    /// Computes each trunk's share of the audio ports and of the open files. Fails if the limit of open
    /// files is too low for one leg on each trunk.
    fn of(ports: &RangeInclusive<u16>, trunks_count: usize) -> Result<Self, AppError> {
        let limit = descriptors::raise();
        let trunks = u64::try_from(trunks_count).unwrap_or(u64::MAX).max(1);
        let by_descriptors = descriptors::legs_within(limit) / trunks;
        if by_descriptors == 0 {
            return Err(AppError::Descriptors {
                limit: limit.unwrap_or(0),
                needed: descriptors::needed(trunks),
            });
        }
        Ok(Self {
            by_ports: legs_within(ports, trunks_count),
            by_descriptors: u32::try_from(by_descriptors).unwrap_or(u32::MAX),
        })
    }

    fn lower(&self, trunk: &str, legs_max: u32) -> u32 {
        if legs_max > self.by_ports {
            tracing::warn!(
                trunk,
                legs_max = self.by_ports,
                "legs are limited by the number of audio ports: each leg needs one"
            );
        }
        if legs_max > self.by_descriptors {
            let legs_max = self.by_descriptors;
            tracing::warn!(trunk, legs_max, "legs are limited by the limit of open files");
            notice(&format_localized!(
                "线路 {trunk}：受打开文件数（ulimit -n）限制，最多同时 {legs_max} 路通话",
                "trunk {trunk}: at most {legs_max} calls at once, because of the limit of open files \
                 (ulimit -n)"
            ));
        }
        legs_max.min(self.by_ports).min(self.by_descriptors)
    }
}

/// Returns the legs that a trunk may have from its share of the audio ports. Without the limit, a missing
/// port would look like a failure of the trunk.
fn legs_within(ports: &RangeInclusive<u16>, trunks_count: usize) -> u32 {
    let all = calls_in_ports(ports);
    let share = all.checked_div(trunks_count).unwrap_or(all);
    u32::try_from(share).unwrap_or(u32::MAX).max(1)
}

fn trunk_config(trunk: &TrunkSpec, followed: TrunkSuccessor) -> Result<TrunkConfig, AppError> {
    let password = match &trunk.password {
        None => None,
        Some(password) => Some(password.read().map_err(|why| AppError::Password {
            trunk: trunk.name.clone(),
            why,
        })?),
    };
    let credentials = trunk
        .user
        .clone()
        .zip(password)
        .map(|(user, password)| Credentials { user, password });
    Ok(TrunkConfig {
        name: trunk.name.clone(),
        host: trunk.host.trim_matches(['[', ']']).to_owned(),
        port: trunk.port,
        credentials,
        caller_numbers: trunk.from.clone(),
        calls_per_number_max: trunk.calls_per_number_max,
        legs_max: trunk.legs_max,
        dials_per_second: trunk.dials_per_second,
        ring_timeout_ms: trunk.ring_timeout_ms,
        first_response_ms: trunk.first_response_ms(followed),
        hold_off_ms: Some(trunk.hold_off_ms),
        replies: trunk.replies,
        media_addresses: trunk.media.clone(),
        latch: trunk.latch,
        dial: trunk.dial,
        prefix: trunk.prefix.clone(),
        silence_ms: trunk.silence_ms,
        profile: trunk.profile.clone(),
        probing: trunk.probing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_share_the_audio_ports_and_each_has_one() {
        for (ports, trunks_count, legs) in [
            (20_000..=20_199, 1, 100),
            (20_000..=20_199, 2, 50),
            (20_001..=20_003, 1, 1),
            (20_000..=20_001, 3, 1),
        ] {
            assert_eq!(legs_within(&ports, trunks_count), legs);
        }
    }
}
