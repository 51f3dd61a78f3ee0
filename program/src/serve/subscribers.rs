//! Which addresses of subscribers may be called.

use anyhow::Result;
use clap::Args;
use clap::builder::BoolishValueParser;
use ipnet::IpNet;

/// Subscribers to changes.
#[derive(Debug, Args)]
pub(super) struct SubscriberArguments {
    /// Block of addresses inside the installation in which subscribers may be, for example
    /// 10.1.0.0/16. Others must be public.
    #[arg(
        long = "subscriber-network",
        env = "DOSSIER_SUBSCRIBER_NETWORKS",
        value_name = "BLOCK",
        value_delimiter = ','
    )]
    networks: Vec<IpNet>,
    /// Permit addresses of subscribers without TLS, for trials.
    #[arg(
        long = "subscriber-http",
        env = "DOSSIER_SUBSCRIBER_HTTP",
        value_parser = BoolishValueParser::new()
    )]
    http: bool,
}

impl SubscriberArguments {
    pub(super) fn webhooks(self) -> Result<outbox::Webhooks> {
        exchange::webhooks(self.networks, self.http).map_err(anyhow::Error::msg)
    }
}
