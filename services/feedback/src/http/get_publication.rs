//! The published answer to a complaint, for everybody: Decree 20/2008/NĐ-CP, art. 19.

use std::sync::Arc;

use dossier::contract::{ComplaintClass, ComplaintId};
use dossier::feedback::Complaint;
use jiff::Timestamp;
use serde::Serialize;
use service_kit::Streams;
use service_kit::http::{Access, Counts, Problem, Reply, Request, Route, endpoint1};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;

/// A published answer. It names nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicationReply {
    /// The complaint.
    complaint: Uuid,
    /// Which agency answered.
    agency: String,
    /// What it was about.
    #[schema(value_type = Option<String>)]
    class: Option<ComplaintClass>,
    /// The text.
    text: String,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Timestamp>,
}

/// The published answer to a complaint, for everybody.
#[utoipa::path(
    get,
    path = "/v1/complaints/{complaint}/publication",
    operation_id = "get_publication",
    tag = "public",
    params(("complaint" = Uuid, Path, description = "The complaint")),
    responses((status = 200, body = PublicationReply)),
)]
async fn handle(app: Arc<App>, complaint: ComplaintId, _: Request) -> Result<Reply, Problem> {
    let stream = Streams::<Complaint>::name(&complaint.to_string());
    let loaded = app.complaints.load(&stream.map_err(|_| Problem::not_found())?).await?;
    let state = &loaded.state;
    let (Some(text), Some(agency)) = (state.published.clone(), state.agency()) else {
        return Err(Problem::not_found());
    };
    let (complaint, agency, class) = (complaint.0, agency.to_string(), state.class);
    let published_at = state.published_at;
    Ok(Reply::ok(&PublicationReply { complaint, agency, class, text, published_at }))
}

pub(super) fn route(app: &Arc<App>) -> Route {
    let path = warp::path!("v1" / "complaints" / ComplaintId / "publication");
    endpoint1(app, Access::Open, path, handle).counted(Counts::LookUp)
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(handle))]
pub(super) struct Doc;
