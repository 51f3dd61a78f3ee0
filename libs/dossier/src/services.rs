//! The registry of services and of the streams in the log. Whatever lists services, modules,
//! categories of streams or sources of events takes them from here, or a test compares it with this
//! registry.

use std::fmt;

use crate::contract::{
    BookEvent, ComplaintEvent, CredentialEvent, DeliveryEvent, DirectoryEvent, EventSet,
    IntakeEvent, LawEvent, MandateEvent, NoteEvent, NumberEvent, PartnerRequestEvent, Payload,
    PaymentEvent, PaymentOrderEvent, RatingEvent, ReadEvent, ReceiptEvent, ReviewEvent,
    SubscriberEvent, UnmatchedEvent, Unreadable, WaybillEvent,
};
use crate::delivery::DossierResult;
use crate::feedback::Rating;
use crate::intake::Intake;
use crate::payment::Payment;
use crate::review::Review;
use crate::step::{State, Step, Subscription};
use crate::{
    books, delivery, directory, exchange, feedback, intake, mandates, notes, payment,
    payment_orders, review, rules,
};

/// A service, in the order of the procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceName {
    Intake,
    Payment,
    Review,
    Delivery,
    Feedback,
    Exchange,
    Register,
}

/// A module of the law: its steps are the files of its folder.
#[derive(Debug, Clone, Copy)]
pub struct Module {
    /// Name of the folder in this crate.
    pub name: &'static str,
    /// In the order of the procedure.
    pub steps: &'static [Step],
}

impl ServiceName {
    /// In the order of the procedure.
    pub const ALL: [Self; 7] = [
        Self::Intake,
        Self::Payment,
        Self::Review,
        Self::Delivery,
        Self::Feedback,
        Self::Exchange,
        Self::Register,
    ];

    /// The published name: on the command line, in the chart, metrics, traces and documents of the
    /// API, and as the actor of what the service does by itself. It is recorded in events and must
    /// not change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Payment => "payment",
            Self::Review => "review",
            Self::Delivery => "result-delivery",
            Self::Feedback => "feedback",
            Self::Exchange => "exchange",
            Self::Register => "register",
        }
    }

    /// The name in code: of its package and of its folder under `services`.
    #[must_use]
    pub const fn package(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Intake
            | Self::Payment
            | Self::Review
            | Self::Feedback
            | Self::Exchange
            | Self::Register => self.as_str(),
        }
    }

    /// The service with this published name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == name)
    }

    /// Its tasks, in a few words.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Intake => "Submission, acceptance, supplements, the statutory clock",
            Self::Payment => "Fees and receipts",
            Self::Review => "Officers' work and the decision",
            Self::Delivery => "Results and their delivery",
            Self::Feedback => "Ratings and complaints",
            Self::Exchange => "Changes, sent to subscribers",
            Self::Register => "Look-up, queues, statistics",
        }
    }

    /// The modules of the law whose steps it takes.
    #[must_use]
    pub const fn modules(self) -> &'static [Module] {
        match self {
            Self::Intake => &[
                Module { name: "intake", steps: intake::STEPS },
                Module { name: "notes", steps: notes::STEPS },
                Module { name: "rules", steps: rules::STEPS },
                Module { name: "directory", steps: directory::STEPS },
                Module { name: "mandates", steps: mandates::STEPS },
            ],
            Self::Payment => &[
                Module { name: "payment", steps: payment::STEPS },
                Module { name: "payment_orders", steps: payment_orders::STEPS },
                Module { name: "books", steps: books::STEPS },
            ],
            Self::Review => &[Module { name: "review", steps: review::STEPS }],
            Self::Delivery => &[Module { name: "delivery", steps: delivery::STEPS }],
            Self::Feedback => &[Module { name: "feedback", steps: feedback::STEPS }],
            Self::Exchange => &[Module { name: "exchange", steps: exchange::STEPS }],
            Self::Register => &[],
        }
    }

    /// All steps that it takes, in the order of the procedure.
    pub fn steps(self) -> impl Iterator<Item = &'static Step> {
        self.modules().iter().flat_map(|module| module.steps)
    }

    /// The first parts of the kinds of events that it publishes. On the bus, each has a NATS stream
    /// of its own. The dead letters of all services, `bus`, are published by intake.
    #[must_use]
    pub const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Intake => &["intake", "notes", "law", "directory", "mandate", "reads", "bus"],
            Self::Payment => &["payment", "books"],
            Self::Review => &["review"],
            Self::Delivery => &["delivery"],
            Self::Feedback => &["feedback"],
            Self::Exchange => &["exchange"],
            Self::Register => &[],
        }
    }

    /// The kinds of events that it reacts to.
    #[must_use]
    pub fn subscriptions(self) -> Vec<&'static str> {
        fn kinds<S: State>() -> Vec<&'static str> {
            S::SUBSCRIPTIONS.iter().map(Subscription::kind).collect()
        }
        match self {
            Self::Intake => kinds::<Intake>(),
            Self::Payment => kinds::<Payment>(),
            Self::Review => kinds::<Review>(),
            Self::Delivery => kinds::<DossierResult>(),
            Self::Feedback => kinds::<Rating>(),
            Self::Exchange | Self::Register => Vec::new(),
        }
    }

    /// The services with reactions.
    pub fn followers() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|service| !service.subscriptions().is_empty())
    }
}

/// A category of streams: the part of their names before the hyphen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// A dossier in intake.
    Intake,
    /// The versions of a file of rules.
    Law,
    /// An outage of the channels or of the offices.
    Outage,
    /// The units, officers and absences of an agency.
    Directory,
    /// A mandate of one party to act for another.
    Mandate,
    /// The credential of a program that acts for a firm.
    Credential,
    /// The money of a dossier.
    Payment,
    /// A payment of the fees of several dossiers at once.
    Order,
    /// The receipts of one book of an agency and year.
    Receipts,
    /// The notices of partners that fit nothing, by service; and the dossier to which one of them
    /// was assigned, by notice.
    Unmatched,
    /// A request to a partner: what operators did with it.
    Requests,
    /// An account on a day: its statements, and its closing.
    Books,
    /// The review of a dossier.
    Review,
    /// The result of a dossier.
    Delivery,
    /// The numbers of results in one register of an agency and year.
    Numbers,
    /// A waybill of a carrier.
    Waybill,
    /// The rating of a dossier.
    Rating,
    /// The labels, notes and messages of a dossier.
    Notes,
    Complaint,
    /// A program outside to which changes are sent.
    Subscriber,
    /// The reads of personal data through one process on a day.
    Reads,
    /// The codes of an agency's dossiers on a day.
    Codes,
    /// How far the reactions of a service are.
    Cursor,
    /// The dead letters of a service.
    Letters,
}

/// The set of events that the streams of a category have.
#[derive(Debug, Clone, Copy)]
pub struct Events {
    pub kinds: &'static [&'static str],
    /// The payload of each kind, in the order of `kinds`.
    pub payloads: &'static [Payload],
    decode: fn(&str, &str) -> Result<(), Unreadable>,
    rewrite: fn(&str, &str) -> Result<String, Unreadable>,
    /// The JSON schema of each kind.
    #[cfg(feature = "schema")]
    pub schemas: fn() -> Vec<(&'static str, serde_json::Value)>,
}

impl Events {
    fn of<E: EventSet>() -> Self {
        Self {
            kinds: E::KINDS,
            payloads: E::PAYLOADS,
            decode: |kind, data| E::decode(kind, data).map(drop),
            rewrite: |kind, data| E::decode(kind, data).map(|event| event.encode()),
            #[cfg(feature = "schema")]
            schemas: E::schemas,
        }
    }

    /// Decodes an event, as its service does.
    ///
    /// # Errors
    ///
    /// The kind is not in the set, or the payload has not its shape.
    pub fn decode(&self, kind: &str, data: &str) -> Result<(), Unreadable> {
        (self.decode)(kind, data)
    }

    /// Decodes an event and encodes it again.
    ///
    /// # Errors
    ///
    /// As [`Events::decode`].
    pub fn rewrite(&self, kind: &str, data: &str) -> Result<String, Unreadable> {
        (self.rewrite)(kind, data)
    }
}

impl Category {
    /// Those of the law first, then those of the engine.
    pub const ALL: [Self; 24] = [
        Self::Intake,
        Self::Law,
        Self::Outage,
        Self::Directory,
        Self::Mandate,
        Self::Credential,
        Self::Payment,
        Self::Order,
        Self::Receipts,
        Self::Unmatched,
        Self::Requests,
        Self::Books,
        Self::Review,
        Self::Delivery,
        Self::Numbers,
        Self::Waybill,
        Self::Rating,
        Self::Notes,
        Self::Complaint,
        Self::Subscriber,
        Self::Reads,
        Self::Codes,
        Self::Cursor,
        Self::Letters,
    ];

    /// The streams with the id of a dossier, in the order of the procedure. A complaint may name
    /// their events, as far as the complainant sees them.
    pub const OF_A_DOSSIER: [Self; 6] =
        [Self::Intake, Self::Payment, Self::Review, Self::Delivery, Self::Rating, Self::Notes];

    /// Those of them in which the authority handles the dossier: officers act there, and their
    /// events may meet the obligations of one another.
    pub const HANDLING: [Self; 4] = [Self::Intake, Self::Payment, Self::Review, Self::Delivery];

    /// The category in the names of streams. It is recorded and must not change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Law => "law",
            Self::Outage => "outage",
            Self::Directory => "directory",
            Self::Mandate => "mandate",
            Self::Credential => "credential",
            Self::Payment => "payment",
            Self::Order => "order",
            Self::Receipts => "receipts",
            Self::Unmatched => "unmatched",
            Self::Requests => "requests",
            Self::Books => "books",
            Self::Review => "review",
            Self::Delivery => "delivery",
            Self::Numbers => "numbers",
            Self::Waybill => "waybill",
            Self::Rating => "rating",
            Self::Notes => "notes",
            Self::Complaint => "complaint",
            Self::Subscriber => "subscriber",
            Self::Reads => "reads",
            Self::Codes => "codes",
            Self::Cursor => "cursor",
            Self::Letters => "letters",
        }
    }

    /// The category with this name; `None` if the streams are not ours.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == name)
    }

    /// The name of a stream of this category.
    #[must_use]
    pub fn stream(self, id: impl fmt::Display) -> String {
        format!("{}-{id}", self.as_str())
    }

    /// The events of the law; `None` for the streams that belong to the engine.
    #[must_use]
    pub fn events(self) -> Option<Events> {
        Some(match self {
            Self::Intake => Events::of::<IntakeEvent>(),
            Self::Law | Self::Outage => Events::of::<LawEvent>(),
            Self::Directory => Events::of::<DirectoryEvent>(),
            Self::Mandate => Events::of::<MandateEvent>(),
            Self::Credential => Events::of::<CredentialEvent>(),
            Self::Payment => Events::of::<PaymentEvent>(),
            Self::Order => Events::of::<PaymentOrderEvent>(),
            Self::Receipts => Events::of::<ReceiptEvent>(),
            Self::Unmatched => Events::of::<UnmatchedEvent>(),
            Self::Requests => Events::of::<PartnerRequestEvent>(),
            Self::Books => Events::of::<BookEvent>(),
            Self::Review => Events::of::<ReviewEvent>(),
            Self::Delivery => Events::of::<DeliveryEvent>(),
            Self::Numbers => Events::of::<NumberEvent>(),
            Self::Waybill => Events::of::<WaybillEvent>(),
            Self::Rating => Events::of::<RatingEvent>(),
            Self::Notes => Events::of::<NoteEvent>(),
            Self::Complaint => Events::of::<ComplaintEvent>(),
            Self::Subscriber => Events::of::<SubscriberEvent>(),
            Self::Reads => Events::of::<ReadEvent>(),
            Self::Codes | Self::Cursor | Self::Letters => return None,
        })
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn source(kind: &str) -> &str {
        kind.split('.').next().unwrap()
    }

    #[test]
    fn no_two_services_and_no_two_categories_have_the_same_name() {
        let services: BTreeSet<&str> = ServiceName::ALL.iter().map(|s| s.as_str()).collect();
        assert_eq!(services.len(), ServiceName::ALL.len());
        let categories: BTreeSet<&str> = Category::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(categories.len(), Category::ALL.len());
        // The part of a stream's name before the first hyphen.
        assert!(categories.iter().all(|name| !name.contains('-')));
    }

    #[test]
    fn every_kind_of_event_is_published_by_one_service() {
        let mut kinds = 0;
        let all = Category::ALL.into_iter().filter_map(Category::events);
        for kind in all.flat_map(|events| events.kinds) {
            let publish = |service: &ServiceName| service.sources().contains(&source(kind));
            assert_eq!(ServiceName::ALL.iter().filter(|s| publish(s)).count(), 1, "{kind}");
            kinds += 1;
        }
        assert!(kinds > 90, "{kinds}");
    }

    #[test]
    fn a_step_records_events_of_the_service_that_takes_it() {
        for service in ServiceName::ALL {
            for step in service.steps() {
                for kind in step.events {
                    assert!(service.sources().contains(&source(kind)), "{}: {kind}", step.name);
                }
            }
        }
    }

    #[test]
    fn a_service_reacts_to_kinds_of_events_that_there_are() {
        let mut followers = 0;
        for service in ServiceName::followers() {
            for kind in service.subscriptions() {
                let is_known = |category: &Category| {
                    category.events().is_some_and(|events| events.kinds.contains(&kind))
                };
                assert!(Category::ALL.iter().any(is_known), "{service}: {kind}");
            }
            followers += 1;
        }
        assert!(followers > 3, "{followers}");
    }

    #[test]
    fn the_streams_that_a_state_says_to_be_named_by_a_dossier_are_those_of_the_registry() {
        fn of<S: State>() -> (&'static str, bool) {
            (S::CATEGORY, S::IS_NAMED_BY_DOSSIER)
        }
        let states = [
            of::<Intake>(),
            of::<Payment>(),
            of::<Review>(),
            of::<DossierResult>(),
            of::<Rating>(),
            of::<notes::Notes>(),
            of::<feedback::Complaint>(),
            of::<rules::Rules>(),
            of::<rules::OutageRecord>(),
            of::<crate::law::Directory>(),
            of::<mandates::Mandate>(),
            of::<books::Book>(),
            of::<mandates::Credential>(),
            of::<exchange::Subscriber>(),
        ];
        for (category, is_of_dossier) in states {
            let category = Category::named(category).unwrap();
            assert_eq!(Category::OF_A_DOSSIER.contains(&category), is_of_dossier, "{category}");
        }
    }
}
