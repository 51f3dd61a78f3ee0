//! Compares documents with their recorded digests.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use documents::{Documents, Examined, HomeError};
use dossier::contract::DocumentName;
use events::Recorded;
use futures_util::StreamExt;
use serde::Deserialize;

use super::finding::Findings;

/// Documents read concurrently.
const AT_ONCE: usize = 4;

/// Documents that events refer to.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<DocumentName, Vec<Mention>>);

/// Where a document is referred to, with its recorded digest.
#[derive(Debug, Clone)]
struct Mention {
    stream: String,
    position: u64,
    /// `None` in events of older versions.
    sha256: Option<String>,
}

/// The ways in which events refer to documents.
#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    documents: Vec<OneOf>,
    document: Option<DocumentName>,
    document_sha256: Option<String>,
}

#[derive(Deserialize)]
struct OneOf {
    document: DocumentName,
    sha256: Option<String>,
}

impl Named {
    /// Collects the documents that an event refers to.
    pub(super) fn look(&mut self, event: &Recorded) {
        if !event.data.contains("\"document") {
            return;
        }
        let Ok(names) = serde_json::from_str::<Names>(&event.data) else { return };
        let one = names.document.map(|document| (document, names.document_sha256));
        let several = names.documents.into_iter().map(|one| (one.document, one.sha256));
        for (name, sha256) in several.chain(one) {
            let (stream, position) = (event.stream.to_string(), event.position.0);
            self.0.entry(name).or_default().push(Mention { stream, position, sha256 });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads every document and compares it; returns their number.
    pub(super) async fn compare(&self, kept: &Documents, found: &mut Findings) -> Result<u64> {
        let read = |name: DocumentName| async move {
            let examined = kept.examine(&name).await;
            (name, examined)
        };
        let mut all =
            futures_util::stream::iter(self.0.keys().cloned().map(read)).buffered(AT_ONCE);
        let mut compared = 0;
        while let Some((name, examined)) = all.next().await {
            let examined: Result<Option<Examined>, HomeError> = examined;
            let examined = examined.with_context(|| format!("the document {name}"))?;
            for mention in self.0.get(&name).into_iter().flatten() {
                mention.compare(&name, examined.as_ref(), found);
            }
            compared += 1;
        }
        Ok(compared)
    }
}

impl Mention {
    fn compare(&self, name: &DocumentName, read: Option<&Examined>, found: &mut Findings) {
        let Self { stream, position, sha256 } = self;
        let Some(read) = read else {
            let what = format!("document {name} is missing");
            return found.at(stream, *position, "document-missing", what);
        };
        if sha256.as_ref().is_some_and(|recorded| recorded != read.sha256.as_str()) {
            let what = format!("the content of document {name} differs from the recorded digest");
            found.at(stream, *position, "document-changed", what);
        }
    }
}
