//! Chooses another delivery channel for the result. The law:
//! `libs/dossier/src/delivery/choose_channel.rs`.

use std::sync::Arc;

use dossier::Command;
use dossier::contract::DossierId;
use dossier::delivery::choose_channel::ChooseChannel;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{DeliveryRequest, Operation, Problem, Reply, Request};

use super::reply::{DeliveryReply, take_as};
use crate::App;

/// Another delivery channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseChannelRequest {
    /// Delivery channel, with the address for post.
    delivery: DeliveryRequest,
}

pub(super) fn operation() -> Operation<App> {
    Operation::post(
        "/v1/deliveries/{dossier}/channel",
        "choose_channel",
        "Choose the delivery channel of the result",
    )
    .describe("Possible until it is handed to a carrier or delivered.")
    .step(&ChooseChannel::STEP)
    .body::<ChooseChannelRequest>()
    .reply::<DeliveryReply>()
    .handle(handle)
}

async fn handle(app: Arc<App>, dossier: DossierId, request: Request) -> Result<Reply, Problem> {
    take_as(&app, dossier, &request, |body: ChooseChannelRequest| ChooseChannel {
        delivery: body.delivery.into(),
    })
    .await
}
