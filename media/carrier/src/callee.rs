//! Chooses the persona behind a number: drawn from the seed, the number, and how often it was called before.
//!
//! The same three give the same behavior, independent of other calls and of the order in which calls arrive.
//! A persona says when the phone rings, how the call is taken, and what the callee does while talking.

use super::conversation::{self, PhraseAudio};
use super::profile::{CalleeBehavior, CarrierProfile, RING_MS_MAX, SpanMs};
use super::seeded_draws::SeededDraws;

/// Shortest pause after which a callee believes that the robot has finished, in milliseconds. Pauses
/// between clauses are shorter.
const ROBOT_DONE_MS: u64 = 900;
/// Shortest audio of the robot before a pause can mean the end of the prompt, in milliseconds: the notice
/// alone is shorter.
const HEARD_MS_MIN: u64 = 5_000;
/// Silence after a keypress that means that the robot did not react to it, in milliseconds.
const UNHEARD_MS: u64 = 3_000;
/// Longest time that a callee listens, in milliseconds.
const STAYS_MS_MAX: u64 = 40_000;

/// How the network and the callee treat one INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    pub manner: CalleeBehavior,
    /// Time from the INVITE to the first response above 100, in milliseconds.
    pub post_dial_delay_ms: u64,
    /// True if the ringing is sent as 183 with media instead of 180.
    pub early_media: bool,
    pub taking: InviteOutcome,
    /// The audio of the phrases that the callee says.
    pub voices: PhraseAudio,
}

/// How the carrier and the callee respond to an INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InviteOutcome {
    /// Answered after ringing.
    Answered { ring_ms: u64, script: Vec<ScriptStep> },
    /// Refused; rings before that if `ring_ms` is set.
    Refused {
        ring_ms: Option<u64>,
        refusal: FinalResponse,
    },
    /// Gets a 100 only, or no response.
    Unanswered { trying: bool },
    /// Rings until CANCEL; the INVITE is then answered with 200.
    AcrossCancel,
}

/// A final response above 299.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinalResponse {
    pub code: u16,
    /// The Q.850 cause for the Reason header (RFC 3326).
    pub q850: u16,
    pub text: &'static str,
}

/// The refusal of a call that was not answered within the carrier's ring time.
pub(super) const NO_ANSWER: FinalResponse = FinalResponse {
    code: 480,
    q850: 19,
    text: "no answer from user",
};

/// The condition for the next step of a script; the steps run one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// This long after the step before, or after the answer.
    After { ms: u64 },
    /// When the robot has been quiet for `quiet_ms` after at least `heard_ms` since its first audio (counted
    /// again after every keypress).
    RobotQuiet { heard_ms: u64, quiet_ms: u64 },
    /// This long after the robot's first audio.
    Heard { ms: u64 },
}

/// An action of a callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalleeAction {
    /// Speech-like audio.
    Speak {
        ms: u64,
    },
    /// The beep of an answering machine.
    Beep {
        ms: u64,
    },
    /// A phrase of the profile's voices, by its index.
    Say {
        phrase: u16,
    },
    /// No action: the callee lets a turn pass.
    LetGoBy,
    /// A keypress of `frames` × 20 ms.
    Press {
        digit: char,
        frames: u16,
    },
    HangUp,
}

/// One step of a callee's script: what the callee waits for, and what it does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptStep {
    pub cue: Cue,
    pub act: CalleeAction,
}

impl Persona {
    /// Draws the persona of `number` at its `attempt`-th call (from 1).
    pub fn draw(profile: &CarrierProfile, seed: u64, number: &str, attempt: u32) -> Self {
        let number = number.trim_start_matches('+');
        let mut chance = SeededDraws::about(seed, &["callee", number, &attempt.to_string()]);
        let weights: Vec<(CalleeBehavior, u32)> = profile
            .weights
            .iter()
            .map(|(one, weight)| (*one, *weight))
            .collect();
        let drawn_manner = chance.weighted(&weights).unwrap_or(CalleeBehavior::NoAnswer);
        let named = profile.speakers.get(number).copied();
        let manner = named.map_or(drawn_manner, |_| CalleeBehavior::Speaks);
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
                Some(place) => InviteOutcome::Answered {
                    ring_ms,
                    script: holds(profile, place),
                },
                None => taking(profile, &mut chance, manner, ring_ms),
            },
            voices: profile.clips.clone(),
        }
    }
}

fn drawn(chance: &mut SeededDraws, span: SpanMs) -> u64 {
    chance.between(span.min, span.max)
}

fn taking(
    profile: &CarrierProfile,
    chance: &mut SeededDraws,
    manner: CalleeBehavior,
    ring_ms: u64,
) -> InviteOutcome {
    let refused = |ring_ms, code, q850, text| InviteOutcome::Refused {
        ring_ms,
        refusal: FinalResponse { code, q850, text },
    };
    let answered = |script| InviteOutcome::Answered { ring_ms, script };
    match manner {
        CalleeBehavior::PressesKey => answered(presses_key(profile, chance)),
        CalleeBehavior::PressesWrongKey => answered(presses_wrong_key(profile, chance)),
        CalleeBehavior::Speaks => answered(speaks(profile, chance)),
        CalleeBehavior::SaysNothing => answered(vec![hello(chance), stays()]),
        CalleeBehavior::HangsUpMidway => answered(hangs_up_midway(profile, chance)),
        CalleeBehavior::AnswersAndGoes => answered(vec![step(
            Cue::After {
                ms: chance.between(100, 700),
            },
            CalleeAction::HangUp,
        )]),
        CalleeBehavior::Machine => answered(machine(chance)),
        CalleeBehavior::NoAnswer => InviteOutcome::Refused {
            ring_ms: Some(RING_MS_MAX),
            refusal: NO_ANSWER,
        },
        CalleeBehavior::Busy => refused(None, 486, 17, "user busy"),
        CalleeBehavior::Declines => refused(Some(ring_ms), 603, 21, "call rejected"),
        CalleeBehavior::Vacant => refused(None, 404, 1, "unallocated number"),
        CalleeBehavior::Unreachable => refused(None, 480, 20, "subscriber absent"),
        CalleeBehavior::Congestion => refused(None, 503, 34, "no circuit available"),
        CalleeBehavior::Silent => InviteOutcome::Unanswered { trying: false },
        CalleeBehavior::OnlyTrying => InviteOutcome::Unanswered { trying: true },
        CalleeBehavior::AnswersAcrossCancel => InviteOutcome::AcrossCancel,
    }
}

const fn step(cue: Cue, act: CalleeAction) -> ScriptStep {
    ScriptStep { cue, act }
}

fn hello(chance: &mut SeededDraws) -> ScriptStep {
    let cue = Cue::After {
        ms: chance.between(150, 500),
    };
    step(
        cue,
        CalleeAction::Speak {
            ms: chance.between(300, 800),
        },
    )
}

/// Returns the step of a listening callee who says a word 4 to 7 s after the robot began, so that a
/// recording has a voice on both sides.
fn attentive(chance: &mut SeededDraws) -> ScriptStep {
    let cue = Cue::Heard {
        ms: chance.between(4_000, 7_000),
    };
    let ms = chance.between(300, 800);
    step(cue, CalleeAction::Speak { ms })
}

const fn stays() -> ScriptStep {
    step(Cue::After { ms: STAYS_MS_MAX }, CalleeAction::HangUp)
}

fn press(chance: &mut SeededDraws, cue: Cue, digit: char) -> ScriptStep {
    let frames = u16::try_from(chance.between(4, 12)).unwrap_or(8);
    step(cue, CalleeAction::Press { digit, frames })
}

fn key(profile: &CarrierProfile, chance: &mut SeededDraws) -> char {
    let keys: Vec<(char, u32)> = profile.keys.iter().map(|(key, weight)| (*key, *weight)).collect();
    chance.weighted(&keys).unwrap_or('9')
}

/// Returns the cue after the robot's prompt and a moment of thought.
fn after_prompt(profile: &CarrierProfile, chance: &mut SeededDraws) -> Cue {
    Cue::RobotQuiet {
        heard_ms: HEARD_MS_MIN,
        quiet_ms: drawn(chance, profile.think_ms).max(ROBOT_DONE_MS),
    }
}

fn presses_key(profile: &CarrierProfile, chance: &mut SeededDraws) -> Vec<ScriptStep> {
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
        // They heard the menu again: some now decide, the others know enough and wait for the goodbye.
        let decided = chance
            .weighted(&[(Some('2'), 20), (Some('9'), 20), (None, 60)])
            .flatten();
        let cue = after_prompt(profile, chance);
        script.extend(decided.map(|digit| press(chance, cue, digit)));
    } else {
        // If the robot did not take the key (it was still speaking), the callee presses it again.
        let cue = Cue::RobotQuiet {
            heard_ms: 500,
            quiet_ms: UNHEARD_MS,
        };
        script.push(press(chance, cue, digit));
    }
    script.push(stays());
    script
}

fn presses_wrong_key(profile: &CarrierProfile, chance: &mut SeededDraws) -> Vec<ScriptStep> {
    let wrong = chance.weighted(&[('3', 1), ('5', 1), ('0', 1), ('*', 1), ('#', 1)]);
    let cue = after_prompt(profile, chance);
    let mut script = vec![
        hello(chance),
        attentive(chance),
        press(chance, cue, wrong.unwrap_or('3')),
    ];
    if chance.percent(60) {
        // The robot's answer to the wrong key may be short.
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

/// Returns the script of a randomly drawn conversation of the profile; without any, the callee says
/// nothing.
fn speaks(profile: &CarrierProfile, chance: &mut SeededDraws) -> Vec<ScriptStep> {
    let last = profile.conversations.len().saturating_sub(1);
    holds(
        profile,
        usize::try_from(chance.between(0, last as u64)).unwrap_or(0),
    )
}

/// Returns the script of the conversation at index `place`. After its last turn the callee stays on the
/// line; without that conversation, they only stay.
fn holds(profile: &CarrierProfile, place: usize) -> Vec<ScriptStep> {
    let turns = profile.conversations.get(place).map(Vec::as_slice);
    let mut script = conversation::steps(turns.unwrap_or_default(), &profile.clips);
    script.push(stays());
    script
}

fn hangs_up_midway(profile: &CarrierProfile, chance: &mut SeededDraws) -> Vec<ScriptStep> {
    let cue = Cue::Heard {
        ms: drawn(chance, profile.patience_ms),
    };
    vec![hello(chance), step(cue, CalleeAction::HangUp)]
}

fn machine(chance: &mut SeededDraws) -> Vec<ScriptStep> {
    let greeting_ms = chance.between(3_500, 5_500);
    let beep_ms = chance.between(300, 700);
    vec![
        step(Cue::After { ms: 200 }, CalleeAction::Speak { ms: greeting_ms }),
        step(
            Cue::After {
                ms: greeting_ms + 400,
            },
            CalleeAction::Beep { ms: beep_ms },
        ),
        // The machine records until 4 s of silence.
        step(
            Cue::RobotQuiet {
                heard_ms: 1_000,
                quiet_ms: 4_000,
            },
            CalleeAction::HangUp,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::CalleeTurn;
    use domain::call::progress::{derive_failure_disposition, disposition_of_code};
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
        let mut profile = CarrierProfile::only(CalleeBehavior::Busy);
        profile.conversations = vec![vec![CalleeTurn {
            press: Some('1'),
            ..CalleeTurn::default()
        }]];
        profile.speakers = BTreeMap::from([("8613800138000".to_owned(), 0)]);
        let other = Persona::draw(&profile, 7, "+8613800138001", 1);
        let named = Persona::draw(&profile, 7, "+8613800138000", 1);
        assert_eq!(
            (other.manner, named.manner),
            (CalleeBehavior::Busy, CalleeBehavior::Speaks)
        );
        let InviteOutcome::Answered { script, .. } = &named.taking else {
            panic!("{named:?}");
        };
        assert!(
            matches!(script[0].act, CalleeAction::Press { digit: '1', .. }),
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
        let mut seen: BTreeMap<CalleeBehavior, u32> = BTreeMap::new();
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
    fn no_call_rings_longer_than_the_carrier_allows() {
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
                InviteOutcome::Answered { ring_ms, .. } => ring_ms,
                InviteOutcome::Refused { ring_ms, refusal } if refusal != NO_ANSWER => ring_ms.unwrap_or(0),
                InviteOutcome::Refused { .. }
                | InviteOutcome::Unanswered { .. }
                | InviteOutcome::AcrossCancel => 0,
            };
            assert!(persona.post_dial_delay_ms + ring_ms <= RING_MS_MAX);
        }
    }

    #[test]
    fn refusals_carry_the_codes_of_their_table() {
        for (manner, code, q850) in [
            (CalleeBehavior::Busy, 486, 17),
            (CalleeBehavior::Declines, 603, 21),
            (CalleeBehavior::Vacant, 404, 1),
            (CalleeBehavior::Unreachable, 480, 20),
            (CalleeBehavior::NoAnswer, 480, 19),
            (CalleeBehavior::Congestion, 503, 34),
        ] {
            let persona = Persona::draw(&CarrierProfile::only(manner), 1, "+15550100", 1);
            let InviteOutcome::Refused { refusal, .. } = persona.taking else {
                panic!("{manner:?}")
            };
            assert_eq!((refusal.code, refusal.q850), (code, q850));
            // The dialing side's reading of the cause must equal the reconciler's reading of the code.
            let rang = matches!(manner, CalleeBehavior::Declines | CalleeBehavior::NoAnswer);
            let failure = LegFailure {
                sip_code: Some(code),
                q850: Some(q850),
                definite: true,
                rang,
                ..LegFailure::default()
            };
            let disposed = derive_failure_disposition(&failure).disposition;
            assert_eq!(disposed, disposition_of_code(code, rang), "{manner:?}");
        }
    }
}
