//! A model's words beside a summary that is recorded already: asked once, only where the campaign says so,
//! and never waited for. What it is asked, what it wrote and why it wrote nothing are events of the summary.

use super::brief::{brief, leaving};
use crate::asked::AskedSoFar;
use crate::environment::Environment;
use crate::error::AskError;
use crate::system::ActorSystem;
use domain::customer::Erasure;
use domain::ids::{CallId, CustomerId, SummaryId};
use domain::personal::Personal;
use domain::ports::assistant::{AssistantFailure, AssistantPrompt};
use domain::ports::masking::Masking;
use domain::ports::writer::{Figures, Writer, Written};
use domain::stored_event::{Cause, Envelope};
use domain::summary::wording::{
    WordedFact, Wording, WordingAskedFact, WordingFailedFact, WordingFailure, worded,
};
use domain::summary::{SummaryCommand, SummaryFact, SummaryRefusal};
use domain::transcript::TranscriptOf;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Summaries that wait for their words; beyond it they go without. A minute of a hundred lines.
const WAITING_MAX: usize = 500;
/// Asked at once: a model of one's own answers few at a time.
const AT_ONCE_MAX: usize = 4;
/// Longest wait for an answer; nobody waits for it on a line.
const ANSWER_MS_MAX: u64 = 20_000;

/// Who words summaries, and what their words are held against.
pub struct SummaryWriter {
    pub writer: Arc<dyn Writer>,
    pub figures: Arc<dyn Figures>,
}

/// The way to it.
pub(super) struct Worder {
    owed: mpsc::Sender<Owed>,
    wording: Arc<AtWork>,
}

/// A summary that is recorded.
struct Owed {
    call: CallId,
    ended: Arc<Envelope>,
    fact: Box<SummaryFact>,
    /// Masked.
    heard: Vec<String>,
}

struct AtWork {
    system: ActorSystem,
    environment: Environment,
    masking: Arc<dyn Masking>,
    writer: SummaryWriter,
    asked: AskedSoFar,
}

impl Worder {
    pub(super) fn start(
        system: &ActorSystem,
        environment: &Environment,
        masking: Arc<dyn Masking>,
        writer: SummaryWriter,
    ) -> Self {
        let (owed, waiting) = mpsc::channel(WAITING_MAX);
        let wording = Arc::new(AtWork {
            system: system.clone(),
            environment: environment.clone(),
            masking,
            writer,
            asked: AskedSoFar::default(),
        });
        let work = run(Arc::clone(&wording), waiting);
        environment.tasks.spawn("summary-wording", Box::pin(work));
        Self { owed, wording }
    }

    /// Hands it over where its campaign asks for words and there is room; it waits for nothing outside.
    pub(super) async fn owe(&self, call: CallId, ended: &Envelope, fact: SummaryFact, heard: Vec<String>) {
        if self.wording.summaries_max(&fact).await == 0 {
            return;
        }
        let owed = Owed {
            call,
            ended: Arc::new(ended.clone()),
            heard: leaving(&heard, self.wording.masking.as_ref()),
            fact: Box::new(fact),
        };
        if self.owed.try_send(owed).is_err() {
            tracing::warn!(%call, "a summary goes without a model's words: too many wait");
        }
    }
}

async fn run(wording: Arc<AtWork>, mut waiting: mpsc::Receiver<Owed>) {
    let stop = wording.environment.tasks.stop_signal();
    let places = Arc::new(Semaphore::new(AT_ONCE_MAX));
    loop {
        let owed = tokio::select! {
            biased;
            () = stop.stopping() => return,
            owed = waiting.recv() => owed,
        };
        let Some(owed) = owed else { return };
        // The semaphore is never closed.
        let place = tokio::select! {
            biased;
            () = stop.stopping() => return,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let wording = Arc::clone(&wording);
        let tasks = Arc::clone(&wording.environment.tasks);
        let stop = tasks.stop_signal();
        let work = async move {
            let call = owed.call;
            // Nobody waits for words: what is asked when the process stops stays asked.
            let worded = tokio::select! {
                biased;
                () = stop.stopping() => Ok(()),
                worded = wording.word(owed) => worded,
            };
            if let Err(error) = worded {
                tracing::warn!(%call, %error, "a summary goes without a model's words");
            }
            drop(place);
        };
        tasks.spawn("summary-words", Box::pin(work));
    }
}

impl AtWork {
    /// How many summaries its campaign lets be worded.
    async fn summaries_max(&self, fact: &SummaryFact) -> u32 {
        match self.system.campaigns.state(&fact.campaign).await {
            Ok(loaded) => {
                let plan = loaded.state.plan().and_then(|plan| plan.assist.as_deref());
                plan.map_or(0, |assist| assist.summaries_max)
            }
            Err(error) => {
                tracing::warn!(%error, "a campaign does not say whether its summaries are worded");
                0
            }
        }
    }

    /// On record before anything is sent, so that a crash asks nobody again.
    async fn word(&self, owed: Owed) -> Result<(), AskError<SummaryRefusal>> {
        let Owed {
            call,
            ended,
            fact,
            heard,
        } = owed;
        let clock = self.environment.clock.as_ref();
        // It may have waited for minutes.
        if !self.may_leave(call, &fact.customer).await? {
            return Ok(());
        }
        let summaries_max = self.summaries_max(&fact).await;
        if !self.asked.admits(&fact.campaign, summaries_max, clock.now()) {
            return Ok(());
        }
        let prompt = self.writer.writer.prompt(&brief(&fact, &heard));
        let (model, prompt_sha256) = (self.writer.writer.model().to_owned(), prompt.sha256.clone());
        let asked = WordingAskedFact {
            model: model.clone(),
            prompt_sha256: prompt_sha256.clone(),
        };
        let (summaries, of) = (&self.system.summaries, SummaryId::from(call));
        let cause = Cause::follow(&ended, "ask_wording");
        let asking = SummaryCommand::AskWording(Box::new(asked));
        if summaries.ask(&of, asking, cause).await?.repeated {
            return Ok(());
        }
        let asked_at = clock.now();
        let written = self.written(&prompt).await;
        let took_ms = clock.now().ms_since(asked_at);
        let (written, read) = match written {
            Ok(written) => {
                let read = worded(&written.content, &fact, &heard, self.writer.figures.as_ref());
                (written, read)
            }
            Err(failure) => (Written::default(), Err(WordingFailure::Unanswered(failure))),
        };
        let failed = |failure: WordingFailure| {
            SummaryCommand::FailWording(Box::new(WordingFailedFact {
                model: model.clone(),
                prompt_sha256: prompt_sha256.clone(),
                took_ms,
                failure: failure.name().to_owned(),
                prompt_tokens: written.prompt_tokens,
                answer_tokens: written.answer_tokens,
            }))
        };
        let command = match read {
            Err(failure) => failed(failure),
            Ok(Wording { text, follow_up }) => SummaryCommand::KeepWording(Box::new(WordedFact {
                text: Personal::open(self.masking.masked(&text)),
                follow_up: Personal::open(self.masking.masked(&follow_up)),
                model: model.clone(),
                prompt_sha256: prompt_sha256.clone(),
                took_ms,
                prompt_tokens: written.prompt_tokens,
                answer_tokens: written.answer_tokens,
            })),
        };
        let cause = Cause::follow(&ended, "answer_wording");
        match summaries.ask(&of, command, cause).await {
            Ok(_) => Ok(()),
            // The key went while the model wrote: its words cannot be sealed, and are not kept.
            Err(AskError::Fault) if !self.may_leave(call, &fact.customer).await? => {
                let cause = Cause::follow(&ended, "fail_wording");
                summaries.ask(&of, failed(WordingFailure::Gone), cause).await?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether this person and what they said in this call are still there: of whoever is forgotten nothing
    /// leaves.
    async fn may_leave(&self, call: CallId, customer: &CustomerId) -> Result<bool, AskError<SummaryRefusal>> {
        let Ok(person) = self.system.customers.state(customer).await else {
            return Err(AskError::Unavailable);
        };
        if !matches!(person.state.erasure(), Erasure::None) {
            return Ok(false);
        }
        let vault = self.environment.vault.as_ref();
        for key in [customer, &TranscriptOf::Call(call).key()] {
            match vault.existing_key(key).await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(false),
                Err(_unknown) => return Err(AskError::Unavailable),
            }
        }
        Ok(true)
    }

    /// Asks once, and waits no longer than one does.
    async fn written(&self, prompt: &AssistantPrompt) -> Result<Written, AssistantFailure> {
        let clock = self.environment.clock.as_ref();
        let until = clock.now().plus_ms(ANSWER_MS_MAX);
        let written = tokio::select! {
            biased;
            () = clock.wait_until(until) => Err(AssistantFailure::Late),
            written = self.writer.writer.write(prompt, ANSWER_MS_MAX) => written,
        };
        self.asked.note(written.is_ok(), clock.now());
        written
    }
}
