//! Words a stored summary with a language model, once, if the campaign asks for it. Nothing waits for the
//! model. Its request, its text and the reason for a missing text are events of the summary.

use super::brief::{brief, mask_utterances};
use crate::environment::Environment;
use crate::error::AskError;
use crate::request_budget::RequestBudget;
use crate::system::ActorSystem;
use domain::customer::Erasure;
use domain::ids::{CallId, CustomerId, SummaryId};
use domain::personal::Personal;
use domain::ports::assistant::{AssistantFailure, AssistantPrompt};
use domain::ports::masking::Masking;
use domain::ports::writer::{Figures, Writer, WriterAnswer};
use domain::stored_event::Envelope;
use domain::summary::wording::{
    WordedFact, Wording, WordingAskedFact, WordingFailedFact, WordingFailure, parse_wording,
};
use domain::summary::{SummaryCommand, SummaryFact, SummaryRefusal};
use domain::transcript::TranscriptParent;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Most summaries that wait to be worded; further ones stay without. A minute of a hundred lines.
const WAITING_MAX: usize = 500;
/// Most requests to the model at once: a self-hosted model answers few at a time.
const AT_ONCE_MAX: usize = 4;
/// Timeout of a request to the model, in milliseconds; no caller waits for it.
const ANSWER_MS_MAX: u64 = 20_000;

/// The language model that words summaries, and the reader of figures by which its text is checked.
pub struct SummaryWriter {
    pub writer: Arc<dyn Writer>,
    pub figures: Arc<dyn Figures>,
}

/// Passes stored summaries to the task that words them.
pub(super) struct WordingQueue {
    owed: mpsc::Sender<PendingWording>,
    wording: Arc<WordingTask>,
}

/// A stored summary that waits to be worded.
struct PendingWording {
    call: CallId,
    ended: Arc<Envelope>,
    fact: Box<SummaryFact>,
    /// The callee's utterances, masked.
    heard: Vec<String>,
}

struct WordingTask {
    system: ActorSystem,
    environment: Environment,
    masking: Arc<dyn Masking>,
    writer: SummaryWriter,
    asked: RequestBudget,
}

impl WordingQueue {
    pub(super) fn start(
        system: &ActorSystem,
        environment: &Environment,
        masking: Arc<dyn Masking>,
        writer: SummaryWriter,
    ) -> Self {
        let (owed, waiting) = mpsc::channel(WAITING_MAX);
        let wording = Arc::new(WordingTask {
            system: system.clone(),
            environment: environment.clone(),
            masking,
            writer,
            asked: RequestBudget::default(),
        });
        let work = run(Arc::clone(&wording), waiting);
        environment.tasks.spawn("summary-wording", Box::pin(work));
        Self { owed, wording }
    }

    /// Queues the summary if its campaign asks for wording. Does not wait: if too many summaries wait, this
    /// one stays without.
    pub(super) async fn owe(&self, call: CallId, ended: &Envelope, fact: SummaryFact, heard: Vec<String>) {
        if self.wording.summaries_max(&fact).await == 0 {
            return;
        }
        let owed = PendingWording {
            call,
            ended: Arc::new(ended.clone()),
            heard: mask_utterances(&heard, self.wording.masking.as_ref()),
            fact: Box::new(fact),
        };
        if self.owed.try_send(owed).is_err() {
            tracing::warn!(%call, "a summary is not worded by the model: too many wait");
        }
    }
}

async fn run(wording: Arc<WordingTask>, mut waiting: mpsc::Receiver<PendingWording>) {
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
            // When the process stops, a request in progress is dropped and not repeated.
            let worded = tokio::select! {
                biased;
                () = stop.stopping() => Ok(()),
                worded = wording.word(owed) => worded,
            };
            if let Err(error) = worded {
                tracing::warn!(%call, %error, "a summary is not worded by the model");
            }
            drop(place);
        };
        tasks.spawn("summary-words", Box::pin(work));
    }
}

impl WordingTask {
    /// Returns how many summaries the campaign allows to be worded; 0 for none, and if the campaign cannot
    /// be read.
    async fn summaries_max(&self, fact: &SummaryFact) -> u32 {
        match self.system.campaigns.state(&fact.campaign).await {
            Ok(loaded) => {
                let plan = loaded.state.plan().and_then(|plan| plan.assist.as_deref());
                plan.map_or(0, |assist| assist.summaries_max)
            }
            Err(error) => {
                tracing::warn!(%error, "a campaign cannot be read: its summary is not worded by the model");
                0
            }
        }
    }

    /// Words one summary and stores the text. The request is stored before it is sent, so that a crash does
    /// not repeat it. Does nothing if the facts may not leave the installation or the budget is used up.
    async fn word(&self, owed: PendingWording) -> Result<(), AskError<SummaryRefusal>> {
        let PendingWording {
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
        let asking = SummaryCommand::AskWording(Box::new(asked));
        let began = summaries.ask_because(&of, asking, &ended, "ask_wording");
        if began.await?.repeated {
            return Ok(());
        }
        let asked_at = clock.now();
        let written = self.written(&prompt).await;
        let took_ms = clock.now().ms_since(asked_at);
        let (written, read) = match written {
            Ok(written) => {
                let read = parse_wording(&written.content, &fact, &heard, self.writer.figures.as_ref());
                (written, read)
            }
            Err(failure) => (WriterAnswer::default(), Err(WordingFailure::Unanswered(failure))),
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
        let answered = summaries.ask_because(&of, command, &ended, "answer_wording");
        match answered.await {
            Ok(_) => Ok(()),
            // The key was destroyed while the model wrote: its words cannot be sealed and are dropped.
            Err(AskError::Fault) if !self.may_leave(call, &fact.customer).await? => {
                let failed = failed(WordingFailure::Gone);
                summaries.ask_because(&of, failed, &ended, "fail_wording").await?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Returns true if the person and the words of this call still have their keys and no erasure is
    /// requested. Only then may the facts leave the installation.
    async fn may_leave(&self, call: CallId, customer: &CustomerId) -> Result<bool, AskError<SummaryRefusal>> {
        let Ok(person) = self.system.customers.state(customer).await else {
            return Err(AskError::Unavailable);
        };
        if !matches!(person.state.erasure(), Erasure::None) {
            return Ok(false);
        }
        let vault = self.environment.vault.as_ref();
        for key in [customer, &TranscriptParent::Call(call).key()] {
            match vault.existing_key(key).await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(false),
                Err(_unknown) => return Err(AskError::Unavailable),
            }
        }
        Ok(true)
    }

    /// Sends one request to the model and waits at most `ANSWER_MS_MAX`. Counts whether it was answered.
    async fn written(&self, prompt: &AssistantPrompt) -> Result<WriterAnswer, AssistantFailure> {
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
