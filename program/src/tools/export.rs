//! `dossier export`: the log as NDJSON, one event per line, in commit order.

use std::io::{BufWriter, Write};

use anyhow::Result;
use clap::Parser;
use events::{Filter, Position};
use serde_json::json;
use serde_json::value::RawValue;

/// Export the log.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: crate::Data,
    /// Only events after this commit position.
    #[arg(long, default_value_t = 0)]
    after: u64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let store = arguments.data.existing()?.store_to_read().await?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut after = Position(arguments.after);
    loop {
        let page = store.read_all(after, &Filter::default(), 1_000).await?;
        if page.through == after {
            return Ok(out.flush()?);
        }
        after = page.through;
        for event in page.events {
            let (data, meta): (&RawValue, &RawValue) =
                (serde_json::from_str(&event.data)?, serde_json::from_str(&event.meta)?);
            let line = json!({
                "position": event.position.0, "stream": event.stream.as_str(), "version": event.version.0,
                "id": event.id, "kind": &*event.kind, "data": data, "meta": meta,
            });
            writeln!(out, "{line}")?;
        }
    }
}
