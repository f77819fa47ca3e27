//! Routes of intent models: publish a file, train a model, publish a draft, roll back, and list models and
//! versions.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::body::Body;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use crate::uploads::receive;
use application::as_of::replays::TRAINING_WITHIN_MS;
use application::models::training::{
    FOLDS_MAX, LABEL_BYTES_MAX, ModelDraftRequest, TrainingRequest, TrainingResponse, TrainingStorage, keep,
    learn, position_of, publish_draft,
};
use application::models::{
    ModelChanged, ModelRequest, ModelVersions, Models, RollbackRequest, listed, publish, publish_again,
    versions,
};
use application::parameter::Parameter;
use domain::ids::{ApprovalId, ModelId};
use domain::model::{MODEL_FILE_BYTES_MAX, Training};
use domain::problem::{Problem, ProblemKind};
use intake::encoding::EncodingChoice;

const NAME: Parameter = Parameter::text("name", "Name of the model", "zh_outbound");
const TRAINING: Parameter = Parameter::text(
    "training",
    "Training facts as a JSON object: rows, label, seed, and figures of held-out rows",
    "{\"rows\":1200,\"label\":\"intent\",\"seed\":1,\"folds\":5,\"first_permille\":905}",
);
const APPROVALS: Parameter = Parameter::flag(
    "approvals",
    "true: from this version on, each version needs another user's approval",
);
const REASON: Parameter = Parameter::text("reason", "Reason for the approver; no personal data", "more rows");
const APPROVAL: Parameter = Parameter::uuid("approval", "The approval by another user");

const LABEL: Parameter = Parameter::text(
    "label",
    "Member of a line to be learned: intent, sentiment or interest; default: intent",
    "sentiment",
);
const SEED: Parameter = Parameter::number(
    "seed",
    "Seed for the order of rows and folds; equal seeds give identical files; default: 1",
    1,
);
const FOREIGN: Parameter =
    Parameter::text("foreign", "Label of lines without an intent; default: oos", "oos");
const FOLDS: Parameter = Parameter::number(
    "folds",
    "Folds of the cross-validation, 2 to 10; 0: no cross-validation and no figures; default: 5",
    5,
);
const KEEP: Parameter = Parameter::one_of(
    "keep",
    "Result to store: nothing (the reply has the figures), a draft, or a version; default: nothing",
    TrainingStorage::CODES,
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/models", "Publish a model file", publish_one)
            .describe(
                "The body is a file made by `ledgerline nlu train`. It becomes a new version unless it \
                 equals the current one.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .query(const { &[NAME.needed(), TRAINING, APPROVALS, REASON, APPROVAL] })
            .takes_file(),
        Endpoint::get("/api/v1/models", "List models", list)
            .describe("Returns published models by name with their current versions.")
            .needs(Permission::RulesRead, EndpointSubject::Everybody)
            .query(PAGED),
        Endpoint::get("/api/v1/models/{name}", "Get a model", show)
            .describe(
                "Returns its versions, what each was trained on, and whether its file is on this server.",
            )
            .needs(Permission::RulesRead, EndpointSubject::Everybody)
            .query(PAGED),
        Endpoint::get(
            "/api/v1/models/{name}/versions",
            "List the versions of a model",
            show,
        )
        .describe("Returns when each version was published, what it was trained on, and who approved it.")
        .needs(Permission::RulesRead, EndpointSubject::Everybody)
        .query(PAGED),
        Endpoint::post("/api/v1/models/{name}/train", "Train a model", train)
            .describe(
                "The body has JSON lines {utterance, intent, sentiment}. Returns faulty lines, and figures \
                 of held-out rows with their confusion matrix. `keep` stores the model as a draft or a \
                 version.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .query(const { &[LABEL, SEED, FOREIGN, FOLDS, KEEP] })
            .takes_file(),
        Endpoint::post(
            "/api/v1/models/{name}/publish",
            "Publish a draft of a model",
            publish_kept,
        )
        .describe("Publishes a model that was trained and stored on this server, named by its digest.")
        .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
        .takes::<ModelDraftRequest>(),
        Endpoint::post("/api/v1/models/{name}/rollback", "Roll back a model", back)
            .describe("Publishes the content of an earlier version again, as a new version.")
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .takes::<RollbackRequest>(),
    ]
}

async fn publish_one(ctx: Ctx, input: Input) -> Result<CreationReply<ModelChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "models")?;
    let wrong = |name: &str, why: String| Problem::invalid("query-invalid", format!("{name}: {why}"));
    let name = input.text(NAME.name).unwrap_or_default();
    let model: ModelId = name
        .parse()
        .map_err(|why: domain::ids::InvalidId| wrong(NAME.name, why.to_string()))?;
    let training = input.text(TRAINING.name).map(serde_json::from_str::<Training>);
    let training = training
        .transpose()
        .map_err(|why| wrong(TRAINING.name, why.to_string()))?;
    let approval = input.text(APPROVAL.name).map(str::parse::<ApprovalId>);
    let approval = approval
        .transpose()
        .map_err(|why| wrong(APPROVAL.name, why.to_string()))?;
    let approvals = input.flag(APPROVALS.name)?;
    let reason = input.text(REASON.name).map(str::to_owned);
    let Input { caller, body, .. } = input;
    let order = ModelRequest {
        model,
        bytes: file(body).await?,
        training,
        approvals,
        reason,
        approval,
    };
    let done = publish(&ctx.installation, &caller, order, cause).await?;
    let made = done.changed;
    let written = written(done);
    Ok(if made {
        CreationReply::Made(written)
    } else {
        CreationReply::Changed(written)
    })
}

async fn file(mut body: Body) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.piece().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > MODEL_FILE_BYTES_MAX {
            return Err(Problem::new(
                ProblemKind::TooLarge,
                "body-too-large",
                format!("a model can have at most {MODEL_FILE_BYTES_MAX} bytes"),
            ));
        }
    }
    Ok(bytes)
}

/// Reads the training parameters from the query.
fn ordered(input: &Input) -> Result<TrainingRequest, Problem> {
    let wrong = |name: &str, why: &str| Problem::invalid("query-invalid", format!("{name}: {why}"));
    let label = |parameter: &Parameter, otherwise: &str| {
        let label = input.text(parameter.name).unwrap_or(otherwise).to_owned();
        match label.is_empty() || label.len() > LABEL_BYTES_MAX {
            true => Err(wrong(parameter.name, "it is the name of a label, up to 64 bytes")),
            false => Ok(label),
        }
    };
    let folds = input.number::<u32>(FOLDS.name)?.unwrap_or(5);
    if folds == 1 || folds > FOLDS_MAX {
        return Err(wrong(FOLDS.name, "0, or from 2 to 10"));
    }
    let keep = match input.text(KEEP.name) {
        None => TrainingStorage::Nothing,
        Some(code) => {
            TrainingStorage::of_code(code).ok_or_else(|| wrong(KEEP.name, "nothing, draft or version"))?
        }
    };
    Ok(TrainingRequest {
        label: label(&LABEL, "intent")?,
        seed: input.number(SEED.name)?.unwrap_or(1),
        foreign: label(&FOREIGN, "oos")?,
        folds,
        keep,
    })
}

async fn train(ctx: Ctx, mut input: Input) -> Result<ChangeReply<TrainingResponse>, Problem> {
    let model: ModelId = input.id(0, "this model")?;
    // Checked before the lines are received: wrong parameters are refused without reading them.
    let order = ordered(&input)?;
    let cause = input.cause(&ctx.installation, "models/train")?;
    let received = receive(&ctx.installation, &mut input.body).await?;
    received.turn.is_over();
    let spooled = received.spool.finish(EncodingChoice::Auto);
    drop(received.turn);
    let wished = order.keep;
    let past = &ctx.installation.past;
    let learning = past.trained(&ctx.installation.environment, move |apart| {
        let hash = spooled.content_sha256.clone();
        learn(spooled.into_reader()?, hash, &order, apart.goes_on)
    });
    let Some(learned) = learning.await?.transpose()?.flatten() else {
        return Err(Problem::unavailable(format!(
            "the server is shutting down, or training took more than {TRAINING_WITHIN_MS} ms: send fewer \
             lines, labels or folds"
        )));
    };
    let shown = keep(&ctx.installation, &input.caller, model, learned, wished, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: position_of(&shown),
        body: shown,
    }))
}

async fn publish_kept(ctx: Ctx, input: Input) -> Result<ChangeReply<ModelChanged>, Problem> {
    let model: ModelId = input.id(0, "this model")?;
    let cause = input.cause(&ctx.installation, "models/publish")?;
    let caller = input.caller.clone();
    let order: ModelDraftRequest = input.order().await?;
    let done = publish_draft(&ctx.installation, &caller, model, order, cause).await?;
    Ok(ChangeReply(written(done)))
}

async fn back(ctx: Ctx, input: Input) -> Result<ChangeReply<ModelChanged>, Problem> {
    let model: ModelId = input.id(0, "this model")?;
    let cause = input.cause(&ctx.installation, "models/rollback")?;
    let caller = input.caller.clone();
    let order: RollbackRequest = input.order().await?;
    let done = publish_again(&ctx.installation, &caller, model, order, cause).await?;
    Ok(ChangeReply(written(done)))
}

fn written(done: ModelChanged) -> WriteResult<ModelChanged> {
    WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<Models>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let behind: Option<ModelId> = paging.place()?;
    let items = listed(&ctx.installation, behind.as_ref(), paging.limit).await?;
    let last = items.last().filter(|_| items.len() == paging.limit);
    let next_cursor = last.map(|row| paging.cursor(&row.model)).transpose()?;
    Ok(ReadReply(ListPage {
        list: Models { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<ModelVersions>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let model: ModelId = input.id(0, "this model")?;
    let mut list = versions(&ctx.installation, &model).await?;
    let (items, next_cursor) = paging.cut(list.items, |one| one.version)?;
    list.items = items;
    Ok(ReadReply(ListPage { list, next_cursor }))
}
