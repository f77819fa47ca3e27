//! `ledgerline-bench calls`: real SIP and RTP on loopback, N calls at a time for S seconds, both ends here.

use crate::line::{BenchLine, PaceFigures};
use crate::load::processor_ms;
use crate::output;
use domain::compliance::{CustomerGrant, DialPermit, NumberGrant, permit};
use domain::ids::{CallId, CampaignId, CustomerId, NumberId};
use domain::ports::clock::Clock;
use domain::ports::line::{DialOrder, Leg, LegEvent, LegSummary, Line};
use domain::ports::speech::{Clip, SAMPLES_PER_SECOND};
use domain::problem::Problem;
use futures_util::future::join_all;
use host::clock::SystemClock;
use host::rehearsal::{Carrier, CarrierSettings};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use uuid::Uuid;

/// The most simultaneous calls: as many as the rehearsal carrier can have.
const CONCURRENT_MAX: i64 = 2_000;

/// The longest measurement in seconds: the rehearsal's customers stay 40 s, and the calls need 6 of these
/// to begin.
const SECONDS_MAX: i64 = 33;

/// The time in milliseconds for all calls to be answered before audio is measured.
const SETUP_MS: u64 = 6_000;

/// Between two dials: 100 per second.
const DIAL_STEP_MS: u64 = 10;

/// A larger share of lost RTP than this fails the measurement (0.1 %).
const LOST_PER_MILLE_MAX: u64 = 1;

/// The rehearsal carrier's profile: all callees answer soon, say hello and stay.
const PROFILE: &str = "{weights: {says_nothing: 1}, ring_ms: {min: 50, max: 200}, early_media_percent: 0}";

/// Place many calls at once with audio in both directions, and measure loss, lateness and processor time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Calls at once
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=CONCURRENT_MAX))]
    concurrent: u32,
    /// For how many seconds
    #[arg(long, value_name = "S", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..=SECONDS_MAX))]
    seconds: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The results of one call's audio.
#[derive(Default)]
struct CallAudio {
    answered: bool,
    summary: LegSummary,
}

pub(crate) async fn run(args: Args) -> Result<(), Problem> {
    let directory = tempfile::tempdir()?;
    let carrier = Carrier::start(CarrierSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        seed: 7,
        cdr: directory.path().join("cdr.jsonl"),
        profile: Some(PROFILE.to_owned()),
        auth: None,
    })?;
    let bench = BenchLine::start(directory.path(), carrier.address(), args.concurrent).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let began_ms = processor_ms().unwrap_or(0);
    let began = clock.now();
    let until = began.plus_ms(SETUP_MS + u64::from(args.seconds) * 1_000);
    let calls = (0..args.concurrent).map(|number| {
        let clock = Arc::clone(&clock);
        let line = Arc::clone(&bench.line);
        let at = began.plus_ms(u64::from(number) * DIAL_STEP_MS);
        async move {
            clock.wait_until(at).await;
            call(line.as_ref(), number, until, clock.as_ref()).await
        }
    });
    let sounds: Vec<CallAudio> = join_all(calls).await;
    let used_ms = processor_ms().unwrap_or(0).saturating_sub(began_ms);
    let elapsed_ms = clock.now().ms_since(began);
    let pace = bench.pace();
    bench.stop().await;
    carrier.stop().await;
    let report = Report::of(&args, &sounds, used_ms, elapsed_ms, pace);
    report.show(args.json)?;
    report.verdict()
}

async fn call(line: &dyn Line, number: u32, until: domain::time::Timestamp, clock: &dyn Clock) -> CallAudio {
    let call = CallId::new(Uuid::from_u128(u128::from(number) + 1));
    let Some(permit) = made_up_permit(call, number, clock) else {
        return CallAudio::default();
    };
    let order = DialOrder {
        call,
        leg: 1,
        identity: domain::call::LegIdentity::from_ids(call, 1),
        callee: format!("+86138{number:08}"),
        caller: None,
        ring_timeout_ms: None,
    };
    match line.dial(permit, order).await {
        Ok(leg) => listen(leg, until, clock).await,
        Err(error) => {
            tracing::warn!(%error, "a call of the measurement was not placed");
            CallAudio::default()
        }
    }
}

/// Plays audio on a leg, from the answer until `until`, then hangs up. Returns the figures of the audio.
async fn listen(mut leg: Box<dyn Leg>, until: domain::time::Timestamp, clock: &dyn Clock) -> CallAudio {
    let mut sound = CallAudio::default();
    let clip = tone(until.ms_since(clock.now()));
    loop {
        let event = tokio::select! {
            biased;
            event = leg.next() => event,
            () = clock.wait_until(until), if sound.answered && clock.now() < until => {
                if leg.hang_up().await.is_err() {
                    return sound;
                }
                continue;
            }
        };
        match event {
            LegEvent::Answered(_) => {
                sound.answered = true;
                let spoke = leg.play(1, Arc::clone(&clip)).await;
                if spoke.and(leg.record_callee().await).is_err() {
                    return sound;
                }
            }
            LegEvent::Closed(summary) => {
                sound.summary = summary;
                return sound;
            }
            LegEvent::Ringing { .. }
            | LegEvent::Failed(_)
            | LegEvent::LateAnswered(_)
            | LegEvent::Keypress { .. }
            | LegEvent::Played { .. }
            | LegEvent::PlayCut { .. }
            | LegEvent::RecordingFailed
            | LegEvent::HungUp { .. } => {}
        }
    }
}

/// Returns audio that is not silence: a slow saw, cheap to make.
fn tone(ms: u64) -> Arc<Clip> {
    let count = ms * u64::from(SAMPLES_PER_SECOND) / 1_000;
    let samples = (0..count)
        .map(|index| i16::try_from(index % 64).unwrap_or(0) * 128 - 4_096)
        .collect();
    Arc::new(Clip { samples })
}

/// Makes a permit from made-up grants: the far end is this process, and no real person is called. `None` if
/// an id cannot be made.
fn made_up_permit(call: CallId, number: u32, clock: &dyn Clock) -> Option<DialPermit> {
    let campaign: CampaignId = "bench".parse().ok()?;
    let customer: CustomerId = format!("{number:032x}").parse().ok()?;
    let number: NumberId = format!("{number:032x}").parse().ok()?;
    let valid_until = clock.now().plus_ms(domain::compliance::GRANT_VALID_MS);
    let by_customer = CustomerGrant {
        call,
        campaign: campaign.clone(),
        customer,
        number: number.clone(),
        valid_until,
        legs_until: None,
        verdicts: Vec::new(),
    };
    let by_number = NumberGrant {
        call,
        campaign,
        number,
        valid_until,
        verdicts: Vec::new(),
    };
    permit(&by_customer, &by_number, clock.now()).ok()
}

struct Report {
    concurrent: u32,
    seconds: u32,
    answered: u64,
    sent: u64,
    received: u64,
    lost: u64,
    pace: PaceFigures,
    cpu_us_per_call_second: u64,
    cores_busy_percent: u64,
}

impl Report {
    fn of(args: &Args, sounds: &[CallAudio], used_ms: u64, elapsed_ms: u64, pace: PaceFigures) -> Self {
        let sum = |pick: fn(&LegSummary) -> u64| sounds.iter().map(|sound| pick(&sound.summary)).sum();
        let call_seconds = u64::from(args.concurrent) * elapsed_ms / 1_000;
        Self {
            concurrent: args.concurrent,
            seconds: args.seconds,
            answered: sounds.iter().map(|sound| u64::from(sound.answered)).sum(),
            sent: sum(|summary| summary.rtp_sent_count),
            received: sum(|summary| summary.rtp_received_count),
            lost: sum(|summary| summary.rtp_lost_count),
            pace,
            cpu_us_per_call_second: (used_ms * 1_000).checked_div(call_seconds).unwrap_or(0),
            cores_busy_percent: (used_ms * 100).checked_div(elapsed_ms).unwrap_or(0),
        }
    }

    fn show(&self, json_wanted: bool) -> Result<(), Problem> {
        let object = json!({
            "concurrent": self.concurrent,
            "seconds": self.seconds,
            "answered": self.answered,
            "rtp_sent": self.sent,
            "rtp_received": self.received,
            "rtp_lost": self.lost,
            "skipped_frames": self.pace.skipped_frames,
            "lateness_us_p99": self.pace.lateness_us_p99,
            "lateness_us_max": self.pace.lateness_us_max,
            "cpu_us_per_call_second": self.cpu_us_per_call_second,
            "cpu_percent": self.cores_busy_percent,
        });
        if json_wanted {
            output::json(&object)
        } else {
            output::pretty(&object)
        }
    }

    fn verdict(&self) -> Result<(), Problem> {
        if self.answered < u64::from(self.concurrent) {
            return Err(Problem::disproved(
                "measured-wrong",
                "not every call was answered",
            ));
        }
        if self.received == 0 || self.sent == 0 {
            return Err(Problem::disproved(
                "measured-wrong",
                "no audio went in both directions",
            ));
        }
        let lost = self.lost + self.pace.skipped_frames;
        if lost * 1_000 > (self.received + self.sent) * LOST_PER_MILLE_MAX {
            return Err(Problem::disproved(
                "measured-wrong",
                format!("{lost} RTP packets were lost or skipped: more than 0.1 %"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred legs of 30 s, both directions: 300,000 packets.
    fn report(lost: u64, skipped_frames: u64) -> Report {
        Report {
            concurrent: 100,
            seconds: 30,
            answered: 100,
            sent: 150_000,
            received: 150_000,
            lost,
            pace: PaceFigures {
                skipped_frames,
                lateness_us_p99: 0,
                lateness_us_max: 0,
            },
            cpu_us_per_call_second: 0,
            cores_busy_percent: 0,
        }
    }

    #[test]
    fn a_thousandth_of_all_packets_may_be_lost_or_skipped_and_not_one_more() {
        assert!(report(300, 0).verdict().is_ok());
        assert!(report(301, 0).verdict().is_err());
        // One skipped tick of 20 ms is one packet of each leg: four of them are 400.
        assert!(report(0, 3 * 100).verdict().is_ok());
        assert!(report(0, 4 * 100).verdict().is_err());
    }
}
