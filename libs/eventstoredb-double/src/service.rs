//! Dispatches requests by method.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use prost::Message;
use tonic::Status;
use tonic::body::Body;
use tonic::codec::ProstCodec;
use tonic::server::Grpc;

use crate::cluster::Node;

mod append;
mod batch_append;
mod features;
mod gossip;
mod message;
mod read;
mod subscribe;

/// Bytes of the largest request; the server's limit.
const REQUEST_BYTES_MAX: usize = 16 << 20;

#[cfg(test)]
pub(crate) use message::uuid;

type Reply<T> = BoxFuture<'static, Result<tonic::Response<T>, Status>>;

/// All services of a server.
#[derive(Debug, Clone)]
pub(crate) struct Api(pub(crate) Arc<Node>);

impl tower::Service<Request<Body>> for Api {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        answer(Arc::clone(&self.0), request).map(Ok).boxed()
    }
}

async fn answer(node: Arc<Node>, request: Request<Body>) -> Response<Body> {
    let caller = match node.cluster.users.caller(request.headers()) {
        Ok(caller) => caller,
        Err(refused) => return refused.into_http(),
    };
    match request.uri().path() {
        "/event_store.client.streams.Streams/Append" => {
            codec().client_streaming(append::Append { node, caller }, request).await
        }
        "/event_store.client.streams.Streams/BatchAppend" => {
            codec().streaming(batch_append::BatchAppend { node, caller }, request).await
        }
        "/event_store.client.streams.Streams/Read" => {
            codec().server_streaming(read::Read { node, caller }, request).await
        }
        "/event_store.client.gossip.Gossip/Read" => {
            codec().unary(gossip::Gossip(node), request).await
        }
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods" => {
            codec().unary(features::Features, request).await
        }
        _ => Status::unimplemented("not of this double").into_http(),
    }
}

fn codec<Out: Message + 'static, In: Message + Default + 'static>() -> Grpc<ProstCodec<Out, In>> {
    Grpc::new(ProstCodec::default())
        .apply_max_message_size_config(Some(REQUEST_BYTES_MAX), Some(usize::MAX))
}
