//! Speaks through espeak-ng as a process: text on stdin, WAV on stdout, resampled to 8 kHz. It is GPL-3 and
//! never linked.
//!
//! Prompts without personal values are cached by content, in memory and on disk; a personal prompt exists
//! only in the process's pipes and in the returned clip. At most a few processes run at once, each with a
//! time limit. It is a demonstration voice: intelligible, robotic.

use super::cache::PromptCache;
use super::chinese_readings::readings;
use super::prompt_queue::PromptQueue;
use super::prompt_text::text_of;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::speech::{Clip, Manner, Prompt, SpeechError, Synthesizer, Urgency};
use media::audio::resampling::to_telephone_rate;
use std::borrow::Cow;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// Default pace in words per minute; the bundled clips have the same.
pub const WORDS_PER_MINUTE: u32 = 220;
/// The pace in words per minute at which espeak-ng is intelligible; other values become the nearer end.
const WORDS_PER_MINUTE_RANGE: std::ops::RangeInclusive<u32> = 80..=450;
/// Most espeak-ng processes at once; further prompts wait. Synthesis takes 10 ms, and the processors are
/// needed for calls.
const PROCESSES_MAX: usize = 2;
/// Timeout of one synthesis, in milliseconds: a hundred times the time for the longest prompt.
const SYNTHESIS_MS_MAX: u64 = 5_000;
/// Most bytes of espeak-ng's output; more is an error. Ten minutes at 22,050 Hz, 16 bit.
const OUTPUT_BYTES_MAX: u64 = 600 * 22_050 * 2;
/// The espeak-ng voice for Chinese; it reads syllables with tones (pinyin).
const CHINESE_VOICE: &str = "cmn-latn-pinyin";
/// A part of the cache key: it changes when the readings of Chinese text change, so that old prompts are
/// not used.
const READINGS_VERSION: &str = "readings-1";
/// Bytes of the WAV header that espeak-ng writes, with lengths it does not know yet.
const HEADER_BYTES: usize = 44;

/// The pitch of espeak-ng's own voice, on its scale from 0 to 99.
const PITCH: u32 = 50;
/// The highest pitch that espeak-ng accepts.
const PITCH_MAX: u32 = 99;
/// The names of espeak-ng's voices that a campaign can choose. For any other name the default voice speaks.
pub const VARIANTS: [&str; 13] = [
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5",
];

/// The voice, pace and pitch for one synthesis, as arguments.
struct VoiceArguments {
    voice: String,
    pace: String,
    pitch: String,
}

/// The settings for running espeak-ng.
#[derive(Debug, Clone)]
pub struct EspeakSettings {
    /// The program, looked up in PATH if it has no slash.
    pub program: PathBuf,
    /// The folder in which prompts are cached, normally `DIR/prompts`; `None` keeps them in memory only.
    pub cache_dir: Option<PathBuf>,
    /// The pace, 80 to 450; other values are set to the nearer end.
    pub words_per_minute: u32,
}

impl Default for EspeakSettings {
    fn default() -> Self {
        Self {
            program: PathBuf::from("espeak-ng"),
            cache_dir: None,
            words_per_minute: WORDS_PER_MINUTE,
        }
    }
}

/// A synthesizer that speaks any text through espeak-ng.
pub struct EspeakSynthesizer {
    settings: EspeakSettings,
    /// The first line of `--version`: part of the cache key.
    version: String,
    clock: Arc<dyn Clock>,
    queue: PromptQueue,
    cache: PromptCache,
}

impl EspeakSynthesizer {
    /// Makes the synthesizer after asking the program for its version; `Missing` if the program cannot be
    /// run.
    pub async fn find(settings: EspeakSettings, clock: Arc<dyn Clock>) -> Result<Self, SpeechError> {
        let mut command = Command::new(&settings.program);
        command.arg("--version");
        let answer = within_limit(clock.as_ref(), run(command, "")).await;
        let version = match answer {
            Ok(output) => String::from_utf8_lossy(&output)
                .lines()
                .next()
                .unwrap_or("")
                .to_owned(),
            Err(error) => return Err(SpeechError::Missing(error.to_string())),
        };
        Ok(Self {
            cache: PromptCache::new(settings.cache_dir.clone()),
            settings,
            version,
            clock,
            queue: PromptQueue::before(PROCESSES_MAX),
        })
    }

    /// Returns the program's own version text, for `doctor`.
    pub fn version(&self) -> &str {
        &self.version
    }

    fn words_per_minute(&self) -> u32 {
        let range = WORDS_PER_MINUTE_RANGE;
        self.settings.words_per_minute.clamp(*range.start(), *range.end())
    }

    /// Returns the program's arguments for voice, pace and pitch in this manner. The text is passed on
    /// stdin, never as an argument.
    fn asked(&self, voice: &str, manner: &Manner) -> VoiceArguments {
        let variant = manner.voice.as_deref().filter(|name| VARIANTS.contains(name));
        let percent = |usual: u32, percent: u16| usual * u32::from(percent) / 100;
        let range = WORDS_PER_MINUTE_RANGE;
        let pace = percent(self.words_per_minute(), manner.speed_percent).clamp(*range.start(), *range.end());
        VoiceArguments {
            voice: variant.map_or_else(|| voice.to_owned(), |variant| format!("{voice}+{variant}")),
            pace: pace.to_string(),
            pitch: percent(PITCH, manner.pitch_percent).min(PITCH_MAX).to_string(),
        }
    }

    async fn synthesized(&self, text: &str, asked: &VoiceArguments) -> Result<Clip, SpeechError> {
        let mut command = Command::new(&self.settings.program);
        command.args(["-v", &asked.voice, "-z", "-b", "1", "--stdin", "--stdout"]);
        command.args(["-s", &asked.pace, "-p", &asked.pitch]);
        let wav = within_limit(self.clock.as_ref(), run(command, &as_read(text, &asked.voice))).await?;
        clip_of_output(&wav)
    }

    async fn cached_or_synthesized(
        &self,
        text: &str,
        asked: &VoiceArguments,
        urgency: Urgency,
    ) -> Result<Arc<Clip>, SpeechError> {
        let key = self.key(text, asked);
        if let Some(clip) = self.cache.remembered(&key) {
            return Ok(clip);
        }
        let _turn = self.queue.turn(urgency).await?;
        // The same prompt may have been synthesized while this call waited in the queue.
        if let Some(clip) = self.cache.get(&key).await {
            return Ok(clip);
        }
        let clip = Arc::new(self.synthesized(text, asked).await?);
        self.cache.put(key, &clip).await;
        Ok(clip)
    }

    /// Returns the cache key: the hash of all that determines the audio.
    fn key(&self, text: &str, asked: &VoiceArguments) -> String {
        let VoiceArguments { voice, pace, pitch } = asked;
        PromptCache::key(&[
            "espeak",
            READINGS_VERSION,
            &self.version,
            voice,
            pace,
            pitch,
            text,
        ])
    }
}

#[async_trait]
impl Synthesizer for EspeakSynthesizer {
    fn name(&self) -> &'static str {
        "espeak"
    }

    fn speaks_any_text(&self) -> bool {
        true
    }

    fn is_elsewhere(&self) -> bool {
        false
    }

    fn speaks(&self, _: &str) -> bool {
        true
    }

    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        let text = text_of(prompt)?;
        let asked = self.asked(voice_of(&prompt.language)?, &prompt.manner);
        if !prompt.personal {
            return self.cached_or_synthesized(text, &asked, prompt.urgency).await;
        }
        let _turn = self.queue.turn(prompt.urgency).await?;
        self.synthesized(text, &asked).await.map(Arc::new)
    }
}

/// Returns the espeak-ng voice for a language, by its first subtag (`zh` or `en`); an error for another
/// language. For Chinese not `cmn`, which spells characters out in English.
fn voice_of(language: &str) -> Result<&'static str, SpeechError> {
    let primary = language.split(['-', '_']).next().unwrap_or("");
    match primary.to_ascii_lowercase().as_str() {
        "zh" => Ok(CHINESE_VOICE),
        "en" => Ok("en-us"),
        _ => Err(SpeechError::NoVoice(language.to_owned())),
    }
}

/// Returns the text in the form that the voice reads: syllables with tones for the Chinese voice, which
/// would give each character its commonest reading; otherwise unchanged.
fn as_read<'a>(text: &'a str, voice: &str) -> Cow<'a, str> {
    if voice.starts_with(CHINESE_VOICE) {
        return Cow::Owned(readings(text));
    }
    Cow::Borrowed(text)
}

async fn within_limit(
    clock: &dyn Clock,
    work: impl Future<Output = Result<Vec<u8>, SpeechError>>,
) -> Result<Vec<u8>, SpeechError> {
    let deadline = clock.now().plus_ms(SYNTHESIS_MS_MAX);
    tokio::select! {
        biased;
        () = clock.wait_until(deadline) => Err(SpeechError::Failed("it took too long".to_owned())),
        answer = work => answer,
    }
}

/// Runs one process with the text on stdin and returns its output; fails if its exit status is not 0.
/// Dropping the future kills the process.
async fn run(mut command: Command, text: &str) -> Result<Vec<u8>, SpeechError> {
    let failed = |error: std::io::Error| SpeechError::Failed(error.to_string());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(failed)?;
    let output = exchange(&mut child, text).await.map_err(failed)?;
    let status = child.wait().await.map_err(failed)?;
    if !status.success() {
        return Err(SpeechError::Failed(status.to_string()));
    }
    if output.len() as u64 > OUTPUT_BYTES_MAX {
        return Err(SpeechError::Failed("its answer is too long".to_owned()));
    }
    Ok(output)
}

/// Writes the text to the process, then reads its output, at most one byte more than allowed. The text fits
/// into a pipe, so writing never waits for reading.
async fn exchange(child: &mut Child, text: &str) -> std::io::Result<Vec<u8>> {
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(text.as_bytes()).await {
            // `--version` does not read its input.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error),
            Err(_) | Ok(()) => {}
        }
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let mut limited = stdout.take(OUTPUT_BYTES_MAX + 1);
        limited.read_to_end(&mut output).await?;
    }
    Ok(output)
}

/// Converts espeak-ng's output to a clip at 8 kHz. The WAV header has invented lengths; fails unless the
/// samples are mono, 16-bit PCM.
pub(crate) fn clip_of_output(wav: &[u8]) -> Result<Clip, SpeechError> {
    let unexpected = || SpeechError::Failed("its answer is not mono 16-bit PCM in WAV".to_owned());
    let (header, data) = wav.split_at_checked(HEADER_BYTES).ok_or_else(unexpected)?;
    let field = |at: usize| -> u16 {
        match header.get(at..at + 2) {
            Some([low, high]) => u16::from_le_bytes([*low, *high]),
            Some(_) | None => 0,
        }
    };
    let named = header.starts_with(b"RIFF") && header.get(36..40) == Some(b"data");
    if !named || field(20) != 1 || field(22) != 1 || field(34) != 16 {
        return Err(unexpected());
    }
    let rate_hz = u32::from(field(24)) | (u32::from(field(26)) << 16);
    let samples: Vec<i16> = data
        .chunks_exact(2)
        .map(|pair| {
            pair.iter()
                .rev()
                .fold(0_u16, |sum, byte| (sum << 8) | u16::from(*byte))
        })
        .map(u16::cast_signed)
        .collect();
    if samples.is_empty() {
        return Err(SpeechError::Failed("its answer contains no samples".to_owned()));
    }
    match to_telephone_rate(&samples, rate_hz) {
        Ok(samples) => Ok(Clip { samples }),
        Err(error) => Err(SpeechError::Failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::DISK_CLIPS_MAX;
    use crate::clips::{read_clip, write_clip};
    use crate::contract;
    use crate::prompt_text::TEXT_BYTES_MAX;
    use crate::testing::{ElapsedClock, StoppedClock};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn prompt(text: &str, language: &str, personal: bool) -> Prompt {
        Prompt {
            text: text.to_owned(),
            language: language.to_owned(),
            personal,
            ..Prompt::default()
        }
    }

    /// Returns espeak-ng with a disk cache; `None`, with a printed line, if it is not installed.
    async fn installed(cache_dir: &Path) -> Option<EspeakSynthesizer> {
        let settings = EspeakSettings {
            cache_dir: Some(cache_dir.to_owned()),
            ..EspeakSettings::default()
        };
        let found = EspeakSynthesizer::find(settings, Arc::new(StoppedClock::default())).await;
        if let Err(error) = &found {
            println!("SKIPPED espeak: {error}");
        }
        found.ok()
    }

    fn files(dir: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(dir) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn script(dir: &Path, body: &str) -> PathBuf {
        let path = dir.join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    #[tokio::test]
    async fn espeak_holds_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        let Some(espeak) = installed(dir.path()).await else {
            return;
        };
        contract::run_contract(&espeak).await;
    }

    #[tokio::test]
    async fn a_prompt_is_kept_on_disk_and_read_by_the_next_process() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("prompts");
        let Some(espeak) = installed(&cache).await else {
            return;
        };
        let first = espeak.speak(&prompt("您好。", "zh-CN", false)).await.unwrap();
        assert_eq!(files(&cache).len(), 1);
        let again = installed(&cache).await.unwrap();
        let second = again.speak(&prompt("您好。", "zh-CN", false)).await.unwrap();
        assert_eq!(first.samples, second.samples);
        assert_eq!(again.cache.files_written(), 0);
    }

    #[tokio::test]
    async fn a_personal_prompt_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("prompts");
        let Some(espeak) = installed(&cache).await else {
            return;
        };
        let clip = espeak.speak(&prompt("张三先生您好。", "zh", true)).await.unwrap();
        assert!(clip.duration_ms() > 500);
        assert!(files(&cache).is_empty());
        assert!(espeak.cache.remembered_count() == 0);
    }

    #[tokio::test]
    async fn a_full_disk_cache_takes_no_more_and_the_prompt_is_spoken_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let Some(espeak) = installed(dir.path()).await else {
            return;
        };
        for number in 0..DISK_CLIPS_MAX - 1 {
            std::fs::write(dir.path().join(number.to_string()), b"").unwrap();
        }
        assert!(espeak.speak(&prompt("您好。", "zh", false)).await.is_ok());
        assert_eq!(files(dir.path()).len(), DISK_CLIPS_MAX);
        assert!(espeak.speak(&prompt("再见。", "zh", false)).await.is_ok());
        assert_eq!(files(dir.path()).len(), DISK_CLIPS_MAX);
    }

    #[tokio::test]
    async fn a_torn_cache_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let Some(espeak) = installed(dir.path()).await else {
            return;
        };
        let key = espeak.key("您好。", &espeak.asked("cmn-latn-pinyin", &Manner::default()));
        let path = dir.path().join(format!("{key}.wav"));
        std::fs::write(&path, b"RIFF").unwrap();
        let clip = espeak.speak(&prompt("您好。", "zh", false)).await.unwrap();
        assert_eq!(read_clip(&std::fs::read(&path).unwrap()).unwrap(), *clip);
    }

    #[tokio::test]
    async fn english_has_a_voice_and_other_languages_say_that_they_have_none() {
        let dir = tempfile::tempdir().unwrap();
        let Some(espeak) = installed(dir.path()).await else {
            return;
        };
        assert!(espeak.speak(&prompt("hello there", "en-GB", false)).await.is_ok());
        assert!(espeak.speak(&prompt("bonjour", "fr", false)).await.is_err());
    }

    #[tokio::test]
    async fn the_longest_text_is_spoken_and_a_longer_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let Some(espeak) = installed(dir.path()).await else {
            return;
        };
        let longest = "a ".repeat(TEXT_BYTES_MAX / 2 - 1) + "ab";
        assert!(espeak.speak(&prompt(&longest, "en", true)).await.is_ok());
        let longer = longest + "c";
        assert!(espeak.speak(&prompt(&longer, "en", true)).await.is_err());
    }

    #[tokio::test]
    async fn a_voice_its_speed_and_its_pitch_can_be_asked_for_and_others_are_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let Some(espeak) = installed(dir.path()).await else {
            return;
        };
        let spoken = async |manner: Manner| {
            let prompt = Prompt {
                manner,
                ..prompt("您好，这里是信用卡中心。", "zh", false)
            };
            espeak.speak(&prompt).await.unwrap()
        };
        let usual = spoken(Manner::default()).await;
        let slower = spoken(Manner::default().slower()).await;
        let longer = slower.duration_ms() * 100 / usual.duration_ms();
        assert!((110..150).contains(&longer), "{longer} percent");
        let named = |name: &str| Manner {
            voice: Some(name.to_owned()),
            ..Manner::default()
        };
        assert_ne!(spoken(named("f2")).await.samples, usual.samples);
        assert_eq!(spoken(named("-w/tmp/x")).await.samples, usual.samples);
        let higher = Manner {
            pitch_percent: 150,
            ..Manner::default()
        };
        assert_ne!(spoken(higher).await.samples, usual.samples);
    }

    #[tokio::test]
    async fn text_is_never_an_argument() {
        let dir = tempfile::tempdir().unwrap();
        let seen = dir.path().join("arguments");
        let body = format!("echo \"$@\" >> {}; cat > /dev/null; exit 1", seen.display());
        let settings = EspeakSettings {
            program: script(dir.path(), &body),
            ..EspeakSettings::default()
        };
        let clock = Arc::new(StoppedClock::default());
        let espeak = EspeakSynthesizer {
            queue: PromptQueue::before(PROCESSES_MAX),
            version: "1".to_owned(),
            cache: PromptCache::new(None),
            settings,
            clock,
        };
        for (text, language) in [("-w /tmp/x $(id)", "en"), ("--help", "en -w /tmp/x")] {
            drop(espeak.speak(&prompt(text, language, true)).await);
        }
        let arguments = std::fs::read_to_string(seen).unwrap();
        assert_eq!(arguments, "-v en-us -z -b 1 --stdin --stdout -s 220 -p 50\n");
    }

    #[tokio::test]
    async fn a_missing_program_is_named_missing() {
        let settings = EspeakSettings {
            program: PathBuf::from("/nowhere/espeak-ng"),
            ..EspeakSettings::default()
        };
        let found = EspeakSynthesizer::find(settings, Arc::new(StoppedClock::default())).await;
        assert!(matches!(found.err(), Some(SpeechError::Missing(_))));
    }

    #[test]
    fn a_language_without_a_voice_is_not_a_failure_of_the_engine() {
        assert_eq!(voice_of("zh-CN"), Ok(CHINESE_VOICE));
        for language in ["", "fr", "zhx"] {
            assert_eq!(voice_of(language), Err(SpeechError::NoVoice(language.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let hanging = Command::new(script(dir.path(), "exec sleep 600"));
        let answer = within_limit(&ElapsedClock, run(hanging, "")).await;
        assert!(matches!(answer, Err(SpeechError::Failed(_))));
    }

    #[tokio::test]
    async fn a_program_that_fails_or_answers_without_end_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let failing = Command::new(script(dir.path(), "exit 3"));
        assert!(run(failing, "text").await.is_err());
        let endless = Command::new(script(dir.path(), "exec cat /dev/zero"));
        assert!(run(endless, "text").await.is_err());
    }

    #[test]
    fn only_mono_16_bit_pcm_is_taken_from_the_program() {
        let good = write_clip(&Clip { samples: vec![7; 80] }).unwrap();
        assert_eq!(clip_of_output(&good).unwrap().samples, vec![7; 80]);
        let mut stereo = good.clone();
        stereo[22] = 2;
        assert!(clip_of_output(&stereo).is_err());
        assert!(clip_of_output(&good[..HEADER_BYTES]).is_err());
        assert!(clip_of_output(&good[..20]).is_err());
        assert!(clip_of_output(&good[..HEADER_BYTES + 2]).is_ok());
    }
}
