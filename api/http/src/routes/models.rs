//! Models over HTTP: published with their bytes, published again, listed; which versions there are.

use crate::body::Body;
use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{LONG, PAGED, Paged, Paging};
use crate::reply::Written;
use crate::uploads::receive;
use application::as_of::past::TRAINING_WITHIN_MS;
use application::models::training::{
    FOLDS_MAX, Keep, LABEL_BYTES_MAX, ModelDraftOrder, TrainingOrder, TrainingShown, keep, learn,
    position_of, publish_draft,
};
use application::models::{
    ModelChanged, ModelOrder, ModelVersions, Models, RollbackOrder, listed, publish, publish_again, versions,
};
use application::parameter::Parameter;
use domain::ids::{ApprovalId, ModelId};
use domain::model::{MODEL_FILE_BYTES_MAX, Training};
use domain::problem::{Kind, Problem};
use intake::encoding::EncodingChoice;

const NAME: Parameter = Parameter::text("name", "The model's name", "zh_outbound");
const TRAINING: Parameter = Parameter::text(
    "training",
    "What it was learned from, as a JSON object: rows, label, seed, and figures of rows held out",
    "{\"rows\":1200,\"label\":\"intent\",\"seed\":1,\"folds\":5,\"first_permille\":905}",
);
const APPROVALS: Parameter =
    Parameter::flag("approvals", "From this version on another person approves each");
const REASON: Parameter = Parameter::text(
    "reason",
    "For whoever is to approve it; nothing personal",
    "more rows",
);
const APPROVAL: Parameter = Parameter::uuid("approval", "The approval that another person gave");

const LABEL: Parameter = Parameter::text(
    "label",
    "The member of a line that is learned: intent, sentiment, interest; default: intent",
    "sentiment",
);
const SEED: Parameter = Parameter::number(
    "seed",
    "Orders rows and parts; equal seeds make equal bytes; default: 1",
    1,
);
const FOREIGN: Parameter = Parameter::text(
    "foreign",
    "The label of lines that belong to none; default: oos",
    "oos",
);
const FOLDS: Parameter = Parameter::number(
    "folds",
    "Parts that are held out one after the other, 2 to 10; 0: none, and no figures; default: 5",
    5,
);
const KEEP: Parameter = Parameter::one_of(
    "keep",
    "What becomes of it: nothing (its figures are told), a draft, or a version; default: nothing",
    Keep::CODES,
);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/models",
            "Publish a model: the file of `ledgerline nlu train` as the body; a version unless it is the current one",
            publish_one,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .query(const { &[NAME.needed(), TRAINING, APPROVALS, REASON, APPROVAL] })
        .takes_file(),
        Endpoint::get(
            "/api/v1/models",
            "Published models by name, with their current versions",
            list,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PAGED),
        Endpoint::get(
            "/api/v1/models/{name}",
            "One model: its versions, what each was learned from, and whether its file is here",
            show,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PAGED),
        Endpoint::get(
            "/api/v1/models/{name}/versions",
            "Every version of a model: when it was published, what it was learned from, who approved it",
            show,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PAGED),
        Endpoint::post(
            "/api/v1/models/{name}/train",
            "Learn a model from JSON lines {utterance, intent, sentiment} as the body: faulty lines, figures of rows \
             held out with their confusion matrix; kept as a draft or a version where that is wished",
            train,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .query(const { &[LABEL, SEED, FOREIGN, FOLDS, KEEP] })
        .takes_file(),
        Endpoint::post(
            "/api/v1/models/{name}/publish",
            "Publish a draft: what was learned here and kept, by its digest",
            publish_kept,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<ModelDraftOrder>(),
        Endpoint::post(
            "/api/v1/models/{name}/rollback",
            "Publish an earlier version's content again, as a further version",
            back,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<RollbackOrder>(),
    ]
}

async fn publish_one(ctx: Ctx, input: Input) -> Result<MadeOrChanged<ModelChanged>, Problem> {
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
    let order = ModelOrder {
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
        MadeOrChanged::Made(written)
    } else {
        MadeOrChanged::Changed(written)
    })
}

async fn file(mut body: Body) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.piece().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > MODEL_FILE_BYTES_MAX {
            return Err(Problem::new(
                Kind::TooLarge,
                "body-too-large",
                format!("a model can have at most {MODEL_FILE_BYTES_MAX} bytes"),
            ));
        }
    }
    Ok(bytes)
}

/// How a model is to be learned, as the address says it.
fn ordered(input: &Input) -> Result<TrainingOrder, Problem> {
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
        None => Keep::Nothing,
        Some(code) => Keep::of_code(code).ok_or_else(|| wrong(KEEP.name, "nothing, draft or version"))?,
    };
    Ok(TrainingOrder {
        label: label(&LABEL, "intent")?,
        seed: input.number(SEED.name)?.unwrap_or(1),
        foreign: label(&FOREIGN, "oos")?,
        folds,
        keep,
    })
}

async fn train(ctx: Ctx, mut input: Input) -> Result<Changed<TrainingShown>, Problem> {
    let model: ModelId = input.id(0, "this model")?;
    // Before the lines come: a wrong order takes none.
    let order = ordered(&input)?;
    let cause = input.cause(&ctx.installation, "models/train")?;
    let received = receive(&ctx.installation, &mut input.body).await?;
    received.turn.is_over();
    let spooled = received.spool.finish(EncodingChoice::Auto);
    drop(received.turn);
    let wished = order.keep;
    let past = &ctx.installation.past;
    let told = past.trained(&ctx.installation.environment, move |apart| {
        let hash = spooled.content_sha256.clone();
        learn(spooled.into_reader()?, hash, &order, apart.goes_on)
    });
    let Some(learned) = told.await?.transpose()?.flatten() else {
        return Err(Problem::unavailable(format!(
            "the server is shutting down, or training took more than {TRAINING_WITHIN_MS} ms: send fewer \
             lines, labels or folds"
        )));
    };
    let shown = keep(&ctx.installation, &input.caller, model, learned, wished, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: position_of(&shown),
        body: shown,
    }))
}

async fn publish_kept(ctx: Ctx, input: Input) -> Result<Changed<ModelChanged>, Problem> {
    let model: ModelId = input.id(0, "this model")?;
    let cause = input.cause(&ctx.installation, "models/publish")?;
    let caller = input.caller.clone();
    let order: ModelDraftOrder = input.order().await?;
    let done = publish_draft(&ctx.installation, &caller, model, order, cause).await?;
    Ok(Changed(written(done)))
}

async fn back(ctx: Ctx, input: Input) -> Result<Changed<ModelChanged>, Problem> {
    let model: ModelId = input.id(0, "this model")?;
    let cause = input.cause(&ctx.installation, "models/rollback")?;
    let caller = input.caller.clone();
    let order: RollbackOrder = input.order().await?;
    let done = publish_again(&ctx.installation, &caller, model, order, cause).await?;
    Ok(Changed(written(done)))
}

fn written(done: ModelChanged) -> Written<ModelChanged> {
    Written {
        version: None,
        position: Some(done.position),
        body: done,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<Models>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let behind: Option<ModelId> = paging.place()?;
    let items = listed(&ctx.installation, behind.as_ref(), paging.limit).await?;
    let last = items.last().filter(|_| items.len() == paging.limit);
    let next_cursor = last.map(|row| paging.cursor(&row.model)).transpose()?;
    Ok(Read(Paged {
        list: Models { items },
        next_cursor,
    }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<Paged<ModelVersions>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let model: ModelId = input.id(0, "this model")?;
    let mut list = versions(&ctx.installation, &model).await?;
    let (items, next_cursor) = paging.cut(list.items, |one| one.version)?;
    list.items = items;
    Ok(Read(Paged { list, next_cursor }))
}
