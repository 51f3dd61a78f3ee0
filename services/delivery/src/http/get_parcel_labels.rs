//! Returns the labels of several parcels, as JSON with an outcome for each, or as one PDF. What
//! they say: `libs/dossier/src/papers/parcels.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use dossier::contract::DossierId;
use dossier::law::Text;
use dossier::papers::{Label, PRINT_LABELS, Paper, label};
use dossier::text::refused;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use web::{Operation, PDF, Problem, ProblemBody, Reply, Request, read};

use super::get_label::LabelReply;
use crate::App;

/// Labels of one request, at most.
const LABELS_MAX: usize = 100;

/// Whose labels are printed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParcelLabelsQuery {
    /// Ids of the dossiers, from 1 to 100, separated by commas.
    #[schema(value_type = String, example = "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    dossiers: Dossiers,
}

/// Different ids, in the order of the request.
#[derive(Debug)]
struct Dossiers(Vec<DossierId>);

impl<'de> Deserialize<'de> for Dossiers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ids: Option<Vec<DossierId>> =
            text.split(',').map(|id| id.trim().parse().ok().map(DossierId)).collect();
        let mut seen = BTreeSet::new();
        let different = |ids: &Vec<DossierId>| ids.iter().all(|id| seen.insert(*id));
        let fits = ids.filter(|ids| ids.len() <= LABELS_MAX).filter(different);
        fits.map(Self).ok_or_else(|| {
            refused(&Text::new(
                format!("phải là từ 1 đến {LABELS_MAX} mã (UUID) hồ sơ khác nhau, cách nhau bằng dấu phẩy"),
                format!("must be from 1 to {LABELS_MAX} different ids (UUIDs) of dossiers, separated by commas"),
            ))
        })
    }
}

/// The labels, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParcelLabelsReply {
    /// The number of dossiers with a label.
    succeeded: usize,
    /// The number of dossiers without one.
    refused: usize,
    outcomes: Vec<LabelOutcome>,
}

/// The outcome for one dossier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelOutcome {
    /// Id of the dossier.
    dossier: DossierId,
    /// The HTTP status that `get_label` would have.
    #[schema(example = 200)]
    status: u16,
    /// The label; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<LabelReply>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/deliveries/labels",
        "get_parcel_labels",
        "Print the labels of several parcels",
    )
    .describe(
        "As JSON, an outcome for each dossier. As a PDF with `Accept: application/pdf`, the \
             labels in the order of the request, one on each page; if a dossier has none, the \
             PDF is refused with the ids of these. 404 `not-found` if none of the dossiers has a \
             label.",
    )
    .roles(PRINT_LABELS)
    .query::<ParcelLabelsQuery>()
    .reply::<ParcelLabelsReply>()
    .or_bytes(&[PDF])
    .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let ParcelLabelsQuery { dossiers: Dossiers(ids) } = request.query()?;
    let (mut outcomes, mut papers, mut about) = (Vec::new(), Vec::new(), Vec::new());
    for dossier in ids {
        outcomes.push(match made(&app, dossier, &request).await {
            Ok((data, paper)) => {
                let label = LabelReply::of(data, &paper);
                papers.push(paper);
                about.push(dossier);
                LabelOutcome { dossier, status: 200, label: Some(label), problem: None }
            }
            // What a retry mends is not the outcome of one dossier.
            Err(problem) if problem.status().is_server_error() => return Err(problem),
            Err(problem) => {
                let status = problem.status().as_u16();
                let problem = Some(problem.body(request.language()));
                LabelOutcome { dossier, status, label: None, problem }
            }
        });
    }
    if papers.is_empty() {
        return Err(Problem::not_found());
    }
    let without = outcomes.iter().filter(|one| one.label.is_none());
    let without: Vec<String> = without.map(|one| one.dossier.to_string()).collect();
    let (succeeded, refused) = (papers.len(), without.len());
    let body = ParcelLabelsReply { succeeded, refused, outcomes };
    if refused > 0 && request.prefers(PDF) {
        let ids = without.join(", ");
        let vi = format!("hồ sơ không có nhãn bưu gửi, hãy bỏ ra khỏi yêu cầu: {ids}");
        let en = format!("these have no label, so leave them out: {ids}");
        return Err(Problem::parameter("dossiers", &vi, &en));
    }
    Ok(Reply::papers(&request, &body, &papers, "labels")?.about(about))
}

async fn made(app: &App, dossier: DossierId, request: &Request) -> Result<(Label, Paper), Problem> {
    let loaded = read(&app.results, PRINT_LABELS, &dossier.to_string(), request).await?;
    let engine = app.results.engine();
    let made = label(&loaded.state, engine.clock.now(), &engine.law());
    made.ok_or_else(Problem::not_found)
}
