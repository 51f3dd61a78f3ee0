//! The uploaded documents that an event names. A named document is never removed, and its content
//! is compared with the recorded digest.

use super::{
    Attachment, ComplaintEvent, DeliveryEvent, Document, DocumentDigest, DocumentName, EventSet,
    IntakeEvent, MandateEvent, MessageDocument, NoteEvent, Unreadable,
};

/// A document that an event names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDocument {
    pub name: DocumentName,
    /// The digest of the content; absent in older events.
    pub sha256: Option<DocumentDigest>,
}

/// The kinds of events that can name documents.
pub const KINDS_WITH_DOCUMENTS: &[&str] = &[
    "intake.DossierSubmitted.v1",
    "intake.SupplementSubmitted.v1",
    "delivery.ResultIssued.v1",
    "delivery.DutyMet.v1",
    "feedback.ComplaintFiled.v1",
    "feedback.ComplaintDocumentsAdded.v1",
    "feedback.ComplaintAnswered.v1",
    "notes.MessageSent.v1",
    "mandate.MandateGranted.v1",
];

/// The documents that a recorded event names; none for kinds outside [`KINDS_WITH_DOCUMENTS`].
pub fn documents_named(kind: &str, data: &str) -> Result<Vec<NamedDocument>, Unreadable> {
    if !KINDS_WITH_DOCUMENTS.contains(&kind) {
        return Ok(Vec::new());
    }
    if IntakeEvent::KINDS.contains(&kind) {
        let event = IntakeEvent::decode(kind, data)?;
        if let IntakeEvent::DossierSubmitted(submitted) = &event {
            return Ok(of_dossier(&submitted.documents));
        }
        if let IntakeEvent::SupplementSubmitted(supplement) = &event {
            return Ok(of_dossier(&supplement.documents));
        }
        return Ok(Vec::new());
    }
    if ComplaintEvent::KINDS.contains(&kind) {
        let event = ComplaintEvent::decode(kind, data)?;
        let documents = if let ComplaintEvent::ComplaintFiled(filed) = event {
            filed.documents
        } else if let ComplaintEvent::ComplaintDocumentsAdded(added) = event {
            added.documents
        } else if let ComplaintEvent::ComplaintAnswered(answered) = event {
            answered.documents
        } else {
            Vec::new()
        };
        return Ok(documents.iter().map(Attachment::named).collect());
    }
    if NoteEvent::KINDS.contains(&kind) {
        let NoteEvent::MessageSent(message) = NoteEvent::decode(kind, data)? else {
            return Ok(Vec::new());
        };
        return Ok(message.documents.iter().map(MessageDocument::named).collect());
    }
    if MandateEvent::KINDS.contains(&kind) {
        let MandateEvent::MandateGranted(granted) = MandateEvent::decode(kind, data)? else {
            return Ok(Vec::new());
        };
        return Ok(one(granted.document, granted.document_sha256));
    }
    let event = DeliveryEvent::decode(kind, data)?;
    if let DeliveryEvent::ResultIssued(issued) = event {
        return Ok(one(issued.document, issued.document_sha256));
    }
    if let DeliveryEvent::DutyMet(met) = event {
        return Ok(one(met.document, met.document_sha256));
    }
    Ok(Vec::new())
}

fn of_dossier(documents: &[Document]) -> Vec<NamedDocument> {
    let named = |document: &Document| NamedDocument {
        name: document.document.clone(),
        sha256: document.sha256.clone(),
    };
    documents.iter().map(named).collect()
}

impl Attachment {
    fn named(&self) -> NamedDocument {
        NamedDocument { name: self.document.clone(), sha256: Some(self.sha256.clone()) }
    }
}

impl MessageDocument {
    fn named(&self) -> NamedDocument {
        NamedDocument { name: self.document.clone(), sha256: Some(self.sha256.clone()) }
    }
}

fn one(name: Option<DocumentName>, sha256: Option<DocumentDigest>) -> Vec<NamedDocument> {
    name.into_iter().map(|name| NamedDocument { name, sha256: sha256.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! samples {
        ($($kind:literal),+) => {
            [$((
                $kind,
                include_str!(concat!("../../../../schemas/samples/", $kind, ".json")),
                include_str!(concat!("../../../../schemas/samples/", $kind, ".digest.json")),
            )),+]
        };
    }

    #[test]
    fn a_result_a_duty_a_submission_and_a_supplement_name_their_documents() {
        let samples = samples![
            "intake.DossierSubmitted.v1",
            "intake.SupplementSubmitted.v1",
            "delivery.ResultIssued.v1",
            "delivery.DutyMet.v1",
            "feedback.ComplaintFiled.v1",
            "feedback.ComplaintDocumentsAdded.v1",
            "feedback.ComplaintAnswered.v1",
            "notes.MessageSent.v1",
            "mandate.MandateGranted.v1"
        ];
        assert_eq!(samples.map(|(kind, ..)| kind), KINDS_WITH_DOCUMENTS);
        for (kind, oldest, digest) in samples {
            // The oldest sample of a result has no document: the field was added later.
            let named = documents_named(kind, oldest).unwrap();
            let later = [
                "delivery.ResultIssued.v1",
                "feedback.ComplaintFiled.v1",
                "feedback.ComplaintAnswered.v1",
                "notes.MessageSent.v1",
                "mandate.MandateGranted.v1",
            ];
            assert_eq!(named.is_empty(), later.contains(&kind), "{kind}");
            let always = kind == "feedback.ComplaintDocumentsAdded.v1";
            assert!(always || named.iter().all(|document| document.sha256.is_none()), "{kind}");
            let named = documents_named(kind, digest).unwrap();
            assert!(!named.is_empty(), "{kind}");
            assert!(named.iter().all(|document| document.sha256.is_some()), "{kind}");
        }
    }

    #[test]
    fn other_events_name_none() {
        let kind = "intake.DossierAccepted.v1";
        let sample = include_str!("../../../../schemas/samples/intake.DossierAccepted.v1.json");
        assert_eq!(documents_named(kind, sample).unwrap(), []);
    }
}
