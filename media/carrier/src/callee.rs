//! Who is behind a number: a persona drawn from seed, number and how often it was called before.
//!
//! The same three give the same behavior whatever else happens and in whatever order calls arrive. A persona
//! says when the phone rings, how the call is taken, and what its owner does while talking.

use super::chance::Chance;
use super::conversation::{self, Voices};
use super::profile::{CarrierProfile, Manner, RING_MS_MAX, SpanMs};

/// Quietest wait after which a person believes that the robot has finished: clauses have shorter pauses.
const ROBOT_DONE_MS: u64 = 900;
/// What must have been heard before a pause means the end of the prompt: the notice alone is shorter.
const HEARD_MS_MIN: u64 = 5_000;
/// Quiet after a keypress that means the robot did not take it.
const UNHEARD_MS: u64 = 3_000;
/// Nobody listens longer than this.
const STAYS_MS_MAX: u64 = 40_000;

/// How the network and the callee treat one INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    pub manner: Manner,
    /// From the INVITE to the first response above 100.
    pub post_dial_delay_ms: u64,
    /// The ringing is heard in 183 with media instead of 180.
    pub early_media: bool,
    pub taking: Taking,
    /// What it speaks with.
    pub voices: Voices,
}

/// What comes of the INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taking {
    /// Answered after ringing.
    Answered { ring_ms: u64, script: Vec<Step> },
    /// Refused, after ringing when `ring_ms` is set.
    Refused {
        ring_ms: Option<u64>,
        refusal: FinalResponse,
    },
    /// 100 only, or nothing.
    Unanswered { trying: bool },
    /// Rings until CANCEL, whose INVITE is then answered with 200.
    AcrossCancel,
}

/// A final response above 299.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinalResponse {
    pub code: u16,
    /// Q.850 cause for the Reason header (RFC 3326).
    pub q850: u16,
    pub text: &'static str,
}

/// Nobody took the call within the carrier's ring time.
pub(super) const NOBODY: FinalResponse = FinalResponse {
    code: 480,
    q850: 19,
    text: "no answer from user",
};

/// When a step of a script is taken; the steps run one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// So long after the step before it, or after the answer.
    After { ms: u64 },
    /// When the robot has been quiet for `quiet_ms` after at least `heard_ms` since its first sound (counted
    /// anew after every keypress).
    RobotQuiet { heard_ms: u64, quiet_ms: u64 },
    /// So long after the robot's first sound.
    Heard { ms: u64 },
}

/// What a callee does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Speech-like sound.
    Speak {
        ms: u64,
    },
    /// The beep of an answering machine.
    Beep {
        ms: u64,
    },
    /// A phrase of the profile's voices.
    Say {
        phrase: u16,
    },
    /// Nothing: a turn is let go by.
    LetGoBy,
    /// A keypress of `frames` × 20 ms.
    Press {
        digit: char,
        frames: u16,
    },
    HangUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub cue: Cue,
    pub act: Act,
}

impl Persona {
    /// The persona of `number` at its `attempt`-th call (from 1).
    pub fn draw(profile: &CarrierProfile, seed: u64, number: &str, attempt: u32) -> Self {
        let number = number.trim_start_matches('+');
        let mut chance = Chance::about(seed, &["callee", number, &attempt.to_string()]);
        let weights: Vec<(Manner, u32)> = profile
            .weights
            .iter()
            .map(|(one, weight)| (*one, *weight))
            .collect();
        let drawn_manner = chance.weighted(&weights).unwrap_or(Manner::NoAnswer);
        let named = profile.speakers.get(number).copied();
        let manner = named.map_or(drawn_manner, |_| Manner::Speaks);
        let post_dial_delay_ms = drawn(&mut chance, profile.post_dial_delay_ms);
        // The delay counts as ringing: the carrier's limit runs from the INVITE.
        let ring_ms =
            drawn(&mut chance, profile.ring_ms).min(RING_MS_MAX - post_dial_delay_ms.min(RING_MS_MAX));
        let early_media = chance.percent(profile.early_media_percent);
        Self {
            manner,
            post_dial_delay_ms,
            early_media,
            taking: match named {
                Some(place) => Taking::Answered {
                    ring_ms,
                    script: holds(profile, place),
                },
                None => taking(profile, &mut chance, manner, ring_ms),
            },
            voices: profile.clips.clone(),
        }
    }
}

fn drawn(chance: &mut Chance, span: SpanMs) -> u64 {
    chance.between(span.min, span.max)
}

fn taking(profile: &CarrierProfile, chance: &mut Chance, manner: Manner, ring_ms: u64) -> Taking {
    let refused = |ring_ms, code, q850, text| Taking::Refused {
        ring_ms,
        refusal: FinalResponse { code, q850, text },
    };
    let answered = |script| Taking::Answered { ring_ms, script };
    match manner {
        Manner::PressesKey => answered(presses_key(profile, chance)),
        Manner::PressesWrongKey => answered(presses_wrong_key(profile, chance)),
        Manner::Speaks => answered(speaks(profile, chance)),
        Manner::SaysNothing => answered(vec![hello(chance), stays()]),
        Manner::HangsUpMidway => answered(hangs_up_midway(profile, chance)),
        Manner::AnswersAndGoes => answered(vec![step(
            Cue::After {
                ms: chance.between(100, 700),
            },
            Act::HangUp,
        )]),
        Manner::Machine => answered(machine(chance)),
        Manner::NoAnswer => Taking::Refused {
            ring_ms: Some(RING_MS_MAX),
            refusal: NOBODY,
        },
        Manner::Busy => refused(None, 486, 17, "user busy"),
        Manner::Declines => refused(Some(ring_ms), 603, 21, "call rejected"),
        Manner::Vacant => refused(None, 404, 1, "unallocated number"),
        Manner::Unreachable => refused(None, 480, 20, "subscriber absent"),
        Manner::Congestion => refused(None, 503, 34, "no circuit available"),
        Manner::Silent => Taking::Unanswered { trying: false },
        Manner::OnlyTrying => Taking::Unanswered { trying: true },
        Manner::AnswersAcrossCancel => Taking::AcrossCancel,
    }
}

const fn step(cue: Cue, act: Act) -> Step {
    Step { cue, act }
}

fn hello(chance: &mut Chance) -> Step {
    let cue = Cue::After {
        ms: chance.between(150, 500),
    };
    step(
        cue,
        Act::Speak {
            ms: chance.between(300, 800),
        },
    )
}

/// A word while listening, after the recording notice, so that a recording has a voice on both sides.
fn attentive(chance: &mut Chance) -> Step {
    let cue = Cue::Heard {
        ms: chance.between(4_000, 7_000),
    };
    let ms = chance.between(300, 800);
    step(cue, Act::Speak { ms })
}

const fn stays() -> Step {
    step(Cue::After { ms: STAYS_MS_MAX }, Act::HangUp)
}

fn press(chance: &mut Chance, cue: Cue, digit: char) -> Step {
    let frames = u16::try_from(chance.between(4, 12)).unwrap_or(8);
    step(cue, Act::Press { digit, frames })
}

fn key(profile: &CarrierProfile, chance: &mut Chance) -> char {
    let keys: Vec<(char, u32)> = profile.keys.iter().map(|(key, weight)| (*key, *weight)).collect();
    chance.weighted(&keys).unwrap_or('9')
}

/// After the prompt, and a moment of thought.
fn after_prompt(profile: &CarrierProfile, chance: &mut Chance) -> Cue {
    Cue::RobotQuiet {
        heard_ms: HEARD_MS_MIN,
        quiet_ms: drawn(chance, profile.think_ms).max(ROBOT_DONE_MS),
    }
}

fn presses_key(profile: &CarrierProfile, chance: &mut Chance) -> Vec<Step> {
    let digit = key(profile, chance);
    let cue = if chance.percent(profile.impatient_percent) {
        // The menu begins about 9 s after the first word; some know it and press while it is read.
        Cue::Heard {
            ms: chance.between(10_000, 12_000),
        }
    } else {
        after_prompt(profile, chance)
    };
    let mut script = vec![hello(chance), attentive(chance), press(chance, cue, digit)];
    if digit == '1' {
        // Heard it again: some now decide, the others know enough and wait for goodbye.
        let decided = chance
            .weighted(&[(Some('2'), 20), (Some('9'), 20), (None, 60)])
            .flatten();
        let cue = after_prompt(profile, chance);
        script.extend(decided.map(|digit| press(chance, cue, digit)));
    } else {
        // A robot that did not take the key (it was still speaking) is given it again.
        let cue = Cue::RobotQuiet {
            heard_ms: 500,
            quiet_ms: UNHEARD_MS,
        };
        script.push(press(chance, cue, digit));
    }
    script.push(stays());
    script
}

fn presses_wrong_key(profile: &CarrierProfile, chance: &mut Chance) -> Vec<Step> {
    let wrong = chance.weighted(&[('3', 1), ('5', 1), ('0', 1), ('*', 1), ('#', 1)]);
    let cue = after_prompt(profile, chance);
    let mut script = vec![
        hello(chance),
        attentive(chance),
        press(chance, cue, wrong.unwrap_or('3')),
    ];
    if chance.percent(60) {
        // Whatever the robot says to that, however short.
        let cue = Cue::RobotQuiet {
            heard_ms: 500,
            quiet_ms: drawn(chance, profile.think_ms).max(ROBOT_DONE_MS),
        };
        let digit = key(profile, chance);
        script.push(press(chance, cue, digit));
    }
    script.push(stays());
    script
}

/// One of the profile's conversations; without any, nothing is said.
fn speaks(profile: &CarrierProfile, chance: &mut Chance) -> Vec<Step> {
    let last = profile.conversations.len().saturating_sub(1);
    holds(
        profile,
        usize::try_from(chance.between(0, last as u64)).unwrap_or(0),
    )
}

/// Says what stands there, then stays.
fn holds(profile: &CarrierProfile, place: usize) -> Vec<Step> {
    let turns = profile.conversations.get(place).map(Vec::as_slice);
    let mut script = conversation::steps(turns.unwrap_or_default(), &profile.clips);
    script.push(stays());
    script
}

fn hangs_up_midway(profile: &CarrierProfile, chance: &mut Chance) -> Vec<Step> {
    let cue = Cue::Heard {
        ms: drawn(chance, profile.patience_ms),
    };
    vec![hello(chance), step(cue, Act::HangUp)]
}

fn machine(chance: &mut Chance) -> Vec<Step> {
    let greeting_ms = chance.between(3_500, 5_500);
    let beep_ms = chance.between(300, 700);
    vec![
        step(Cue::After { ms: 200 }, Act::Speak { ms: greeting_ms }),
        step(
            Cue::After {
                ms: greeting_ms + 400,
            },
            Act::Beep { ms: beep_ms },
        ),
        // It records until nobody has spoken for a while.
        step(
            Cue::RobotQuiet {
                heard_ms: 1_000,
                quiet_ms: 4_000,
            },
            Act::HangUp,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::CalleeTurn;
    use domain::call::progress::{dispose_failure, disposition_of_code};
    use domain::ports::line::LegFailure;
    use std::collections::BTreeMap;

    fn drawn_many(profile: &CarrierProfile, seed: u64, count: u32) -> Vec<Persona> {
        let number = |n: u32| format!("+1555010{n:04}");
        (0..count)
            .map(|n| Persona::draw(profile, seed, &number(n), 1))
            .collect()
    }

    #[test]
    fn who_is_named_to_speak_does_whatever_the_weights_say() {
        let mut profile = CarrierProfile::only(Manner::Busy);
        profile.conversations = vec![vec![CalleeTurn {
            press: Some('1'),
            ..CalleeTurn::default()
        }]];
        profile.speakers = BTreeMap::from([("8613800138000".to_owned(), 0)]);
        let other = Persona::draw(&profile, 7, "+8613800138001", 1);
        let named = Persona::draw(&profile, 7, "+8613800138000", 1);
        assert_eq!((other.manner, named.manner), (Manner::Busy, Manner::Speaks));
        let Taking::Answered { script, .. } = &named.taking else {
            panic!("{named:?}");
        };
        assert!(
            matches!(script[0].act, Act::Press { digit: '1', .. }),
            "{script:?}"
        );
    }

    #[test]
    fn seed_number_and_attempt_fix_the_persona() {
        let profile = CarrierProfile::default();
        let first = drawn_many(&profile, 7, 200);
        let mut backwards: Vec<Persona> = (0..200)
            .rev()
            .map(|n| Persona::draw(&profile, 7, &format!("1555010{n:04}"), 1))
            .collect();
        backwards.reverse();
        assert_eq!(first, backwards);
        assert_ne!(first, drawn_many(&profile, 8, 200));
        let second: Vec<Persona> = (0..200)
            .map(|n| Persona::draw(&profile, 7, &format!("+1555010{n:04}"), 2))
            .collect();
        assert_ne!(first, second);
    }

    #[test]
    fn manners_come_in_their_shares() {
        let mut seen: BTreeMap<Manner, u32> = BTreeMap::new();
        for persona in drawn_many(&CarrierProfile::default(), 7, 9_000) {
            *seen.entry(persona.manner).or_default() += 1;
        }
        for (manner, weight) in &CarrierProfile::default().weights {
            let expected = weight * 9;
            let found = seen.get(manner).copied().unwrap_or(0);
            assert!(
                found.abs_diff(expected) <= expected / 5 + 30,
                "{manner:?}: {found} for {expected}"
            );
        }
        assert_eq!(seen.len(), 12);
    }

    #[test]
    fn nobody_rings_longer_than_the_carrier_allows() {
        let whole = SpanMs {
            min: 0,
            max: RING_MS_MAX,
        };
        let profile = CarrierProfile {
            post_dial_delay_ms: whole,
            ring_ms: whole,
            ..CarrierProfile::default()
        };
        for persona in drawn_many(&profile, 3, 500) {
            let ring_ms = match persona.taking {
                Taking::Answered { ring_ms, .. } => ring_ms,
                Taking::Refused { ring_ms, refusal } if refusal != NOBODY => ring_ms.unwrap_or(0),
                Taking::Refused { .. } | Taking::Unanswered { .. } | Taking::AcrossCancel => 0,
            };
            assert!(persona.post_dial_delay_ms + ring_ms <= RING_MS_MAX);
        }
    }

    #[test]
    fn refusals_carry_the_codes_of_their_table() {
        for (manner, code, q850) in [
            (Manner::Busy, 486, 17),
            (Manner::Declines, 603, 21),
            (Manner::Vacant, 404, 1),
            (Manner::Unreachable, 480, 20),
            (Manner::NoAnswer, 480, 19),
            (Manner::Congestion, 503, 34),
        ] {
            let persona = Persona::draw(&CarrierProfile::only(manner), 1, "+15550100", 1);
            let Taking::Refused { refusal, .. } = persona.taking else {
                panic!("{manner:?}")
            };
            assert_eq!((refusal.code, refusal.q850), (code, q850));
            // What the dialing side makes of the cause must be what reconciling makes of the code.
            let rang = matches!(manner, Manner::Declines | Manner::NoAnswer);
            let failure = LegFailure {
                sip_code: Some(code),
                q850: Some(q850),
                definite: true,
                rang,
                ..LegFailure::default()
            };
            let disposed = dispose_failure(&failure).disposition;
            assert_eq!(disposed, disposition_of_code(code, rang), "{manner:?}");
        }
    }
}
