//! `ServerFeatures`: which version it is and what it can do.

use tonic::server::UnaryService;
use tonic::{Request, Response};

use super::Reply;
use crate::wire::Empty;
use crate::wire::features::{SupportedMethod, SupportedMethods};

/// Which version it says it is.
const VERSION: &str = "24.2.0";
/// What it can do, in the small letters that the server says it in.
const METHODS: [(&str, &str); 5] = [
    ("event_store.client.streams.streams", "read"),
    ("event_store.client.streams.streams", "append"),
    ("event_store.client.streams.streams", "batchappend"),
    ("event_store.client.gossip.gossip", "read"),
    ("event_store.client.server_features.serverfeatures", "getsupportedmethods"),
];

#[derive(Debug)]
pub(super) struct Features;

impl UnaryService<Empty> for Features {
    type Response = SupportedMethods;
    type Future = Reply<SupportedMethods>;

    fn call(&mut self, _: Request<Empty>) -> Self::Future {
        let methods = METHODS.map(|(service_name, method_name)| SupportedMethod {
            method_name: method_name.to_owned(),
            service_name: service_name.to_owned(),
            features: Vec::new(),
        });
        let (methods, event_store_server_version) = (methods.into(), VERSION.to_owned());
        Box::pin(async {
            Ok(Response::new(SupportedMethods { methods, event_store_server_version }))
        })
    }
}
