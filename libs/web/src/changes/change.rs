//! An event in the change feed, and its form as a CloudEvent.

use std::sync::Arc;

use dossier::changes::Topic;
use dossier::contract::{ComplaintId, DossierId, MandateId};
use dossier::services::Category;
use events::{Position, Recorded};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    Dossier(DossierId),
    Complaint(ComplaintId),
    Mandate(MandateId),
    /// The id of the stream of a file of rules.
    Rules(Arc<str>),
    Outage(Uuid),
}

impl Subject {
    fn of(recorded: &Recorded) -> Option<Self> {
        let (category, id) = (Category::named(recorded.stream.category())?, recorded.stream.id());
        Some(match Topic::of(category)? {
            Topic::Dossier => Self::Dossier(DossierId(id.parse().ok()?)),
            Topic::Complaint => Self::Complaint(ComplaintId(id.parse().ok()?)),
            Topic::Mandate => Self::Mandate(MandateId(id.parse().ok()?)),
            Topic::Law if category == Category::Outage => Self::Outage(id.parse().ok()?),
            Topic::Law => Self::Rules(id.into()),
        })
    }

    /// What the events of its streams are about.
    #[must_use]
    pub const fn topic(&self) -> Topic {
        match self {
            Self::Dossier(_) => Topic::Dossier,
            Self::Complaint(_) => Topic::Complaint,
            Self::Mandate(_) => Topic::Mandate,
            Self::Rules(_) | Self::Outage(_) => Topic::Law,
        }
    }

    /// The id in the feed.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Dossier(id) => id.to_string(),
            Self::Complaint(id) => id.to_string(),
            Self::Mandate(id) => id.to_string(),
            Self::Rules(id) => id.to_string(),
            Self::Outage(id) => id.to_string(),
        }
    }

    /// The address of the resource.
    fn address(&self) -> String {
        match self {
            Self::Dossier(id) => format!("/v1/dossiers/{id}"),
            Self::Complaint(id) => format!("/v1/complaints/{id}"),
            Self::Mandate(id) => format!("/v1/mandates/{id}"),
            Self::Rules(_) => "/v1/rules".to_owned(),
            Self::Outage(id) => format!("/v1/outages/{id}"),
        }
    }
}

/// An event, as far as the feed shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub position: Position,
    pub id: Uuid,
    pub kind: Arc<str>,
    pub at: Timestamp,
    pub subject: Subject,
}

impl Change {
    /// `None` if the feed leaves the event out, or if its envelope cannot be decoded, which the
    /// views have reported.
    #[must_use]
    pub fn of(recorded: &Recorded) -> Option<Self> {
        let subject = Subject::of(recorded)?;
        Some(Self {
            position: recorded.position,
            id: recorded.id,
            kind: Arc::clone(&recorded.kind),
            at: engine::time_of(recorded).ok()?,
            subject,
        })
    }

    /// As a CloudEvent of the store with this id.
    #[must_use]
    pub fn reply(&self, store: Uuid, cursor: String) -> ChangeReply {
        ChangeReply {
            specversion: "1.0",
            id: self.id,
            source: format!("urn:uuid:{store}"),
            kind: self.kind.to_string(),
            subject: self.subject.id(),
            time: self.at,
            dataref: self.subject.address(),
            cursor,
        }
    }
}

/// A change, as a CloudEvent (CloudEvents 1.0) without data.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeReply {
    /// Version of the CloudEvents specification.
    #[schema(example = "1.0")]
    specversion: &'static str,
    /// Id of the event.
    id: Uuid,
    /// The log in which it was recorded. `source` and `id` together are unique.
    #[schema(example = "urn:uuid:018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    source: String,
    /// Kind of event.
    #[serde(rename = "type")]
    #[schema(example = "intake.DossierAccepted.v1")]
    kind: String,
    /// Id of the dossier, complaint, mandate or outage, or kind and name of the file of rules.
    #[schema(example = "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    subject: String,
    /// Time at which it was recorded.
    time: Timestamp,
    /// Address of the resource.
    #[schema(example = "/v1/dossiers/018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e")]
    dataref: String,
    /// Cursor after this change.
    #[schema(example = "AUrz9…")]
    cursor: String,
}

impl ChangeReply {
    /// The cursor after this change.
    #[must_use]
    pub fn cursor(&self) -> &str {
        &self.cursor
    }
}

#[cfg(test)]
mod tests {
    use events::{StreamName, Version};

    use super::*;

    fn change(stream: &str) -> Option<Change> {
        Change::of(&Recorded {
            position: Position(7),
            stream: StreamName::new(stream).unwrap(),
            version: Version(1),
            id: Uuid::from_u128(9),
            kind: "x.Y.v1".into(),
            data: r#"{"secret":true}"#.to_owned(),
            meta: r#"{"at":"2026-11-20T02:00:00Z"}"#.to_owned(),
        })
    }

    #[test]
    fn a_change_is_a_cloud_event_without_data() {
        let id = "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e";
        let reply = change(&format!("review-{id}")).unwrap().reply(Uuid::nil(), "c".to_owned());
        let expected = serde_json::json!({
            "specversion": "1.0",
            "id": Uuid::from_u128(9),
            "source": "urn:uuid:00000000-0000-0000-0000-000000000000",
            "type": "x.Y.v1",
            "subject": id,
            "time": "2026-11-20T02:00:00Z",
            "dataref": format!("/v1/dossiers/{id}"),
            "cursor": "c",
        });
        assert_eq!(serde_json::to_value(reply).unwrap(), expected);
    }

    #[test]
    fn each_subject_has_its_address_and_the_streams_of_the_engine_have_none() {
        let id = "018fd2c4-6a3e-5b7a-9c41-2f0c3a1b5d6e";
        let address = |stream: &str| Some(change(stream)?.subject.address());
        assert_eq!(address(&format!("complaint-{id}")), Some(format!("/v1/complaints/{id}")));
        assert_eq!(address(&format!("mandate-{id}")), Some(format!("/v1/mandates/{id}")));
        assert_eq!(address(&format!("outage-{id}")), Some(format!("/v1/outages/{id}")));
        assert_eq!(address("law-procedure.energy"), Some("/v1/rules".to_owned()));
        for stream in [
            "cursor-review",
            "reads-x",
            "codes-G02",
            "waybill-x",
            "review-x",
            "other-1",
            "credential-x",
        ] {
            assert_eq!(address(stream), None, "{stream}");
        }
    }
}
