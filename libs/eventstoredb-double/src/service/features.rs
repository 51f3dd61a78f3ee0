//! `ServerFeatures`: release and supported methods of the server.

use tonic::server::UnaryService;
use tonic::{Request, Response};

use super::Reply;
use crate::wire::Empty;
use crate::wire::features::{SupportedMethod, SupportedMethods};

/// The release that it reports.
const VERSION: &str = "24.2.0";
/// Supported methods, in lower case as the server reports them.
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
